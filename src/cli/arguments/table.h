/* The parser's own view of a command's table: its options and the common ones as one list, by place. Not for commands. */
#ifndef DN_CLI_ARGUMENTS_TABLE_H
#define DN_CLI_ARGUMENTS_TABLE_H

#include "cli/arguments/options.h"

struct dn_arguments {
    const dn_command *command;
    const char **positional; /* borrowed texts */
    size_t count;
    const char **values; /* per option of the command, then per common option; NULL: not given */
    char **joined;       /* owned; per option like values: of one that takes many values, all of them */
};

/* Option i of a command, common ones last; NULL past the end. */
const dn_option *dn_arguments_option_at(const dn_command *command, size_t i);
size_t dn_arguments_option_count(const dn_command *command);
/* The place of an option by its name, of which length letters count, or by its letter; -1: there is none. */
long dn_arguments_find_long(const dn_command *command, const char *name, size_t length);
long dn_arguments_find_letter(const dn_command *command, char letter);

/* Whether a text is a value of the option: kind, range, choices. DN_EUSAGE: the sentence says what it takes. */
DN_CHECKED dn_status dn_arguments_check_value(const dn_option *option, const char *text);

#endif
