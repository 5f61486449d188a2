/* Pages written from the command tables: help on the terminal, man pages, shell completion. */
#ifndef DN_CLI_HELP_HELP_H
#define DN_CLI_HELP_HELP_H

#include "cli/command.h"

#include <stdio.h>

/* "dien --help". */
void dn_help_program(FILE *to);
/* "dien help segment", "dien segment --help". */
void dn_help_command(FILE *to, const dn_command *command);
/* Section 1 in roff; command NULL: the page of dien itself. */
void dn_help_man(FILE *to, const dn_command *command);

typedef enum { DN_SHELL_BASH, DN_SHELL_ZSH, DN_SHELL_FISH } dn_shell;
void dn_help_completion(FILE *to, dn_shell shell);

/* The Boutiques descriptor (JSON, schema 0.5) of `dien run`: every option of its table is an input. DN_ENOMEM, DN_EIO. */
DN_CHECKED dn_status dn_help_boutiques(FILE *to);

/* Exit codes and what they mean, in order; NULL meaning ends the list. */
typedef struct dn_exit_code {
    int code;
    const char *meaning;
} dn_exit_code;
extern const dn_exit_code dn_exit_codes[];

#endif
