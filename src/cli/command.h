/* A command and its options: one table gives parsing, `--help`, the man page and shell completion.
 *
 * A command is one file, command_<name>.c, with one `const dn_command`, listed in commands.c. Its run function gets
 * values already checked against the table, and returns a status; main prints the message and sets the exit code.
 *
 * A command with subcommands ("stats") has no arguments, options and run function of its own; each subcommand is a command with its own
 * table whose name is the whole of it ("stats groups"). */
#ifndef DN_CLI_COMMAND_H
#define DN_CLI_COMMAND_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    DN_OPTION_FLAG,    /* no value */
    DN_OPTION_TEXT,    /* any text */
    DN_OPTION_FILE,    /* a path (completion) */
    DN_OPTION_FOLDER,  /* a path (completion) */
    DN_OPTION_INTEGER, /* low <= value <= high */
    DN_OPTION_REAL,    /* low <= value <= high */
    DN_OPTION_CHOICE   /* one of choices, or with `list` a comma-separated list of them */
} dn_option_kind;

typedef struct dn_option {
    const char *name; /* "threads" for --threads; NULL ends a table */
    char letter;      /* 'o' for -o, or 0 */
    dn_option_kind kind;
    const char *value;   /* what help calls the value: "N", "FILE"; NULL for a flag */
    const char *preset;  /* value when absent, as text; NULL: absent */
    const char *help;    /* one sentence, lower case, no full stop */
    const char *choices; /* DN_OPTION_CHOICE: "sform|qform" */
    double low, high;    /* numbers; low == high == 0: any */
    bool list;           /* a comma-separated list of choices */
    bool many; /* a text: takes all arguments up to the next option, as BIDS Apps do, and may be given again; they are joined by commas */
    bool required;
    bool written; /* a file that the command writes, and not an input of it */
} dn_option;

typedef struct dn_arguments dn_arguments;

typedef struct dn_command {
    const char *name;       /* "segment", of a subcommand "stats groups" */
    const char *summary;    /* "label and measure scans" */
    const char *positional; /* "IMAGE..." , "PRED TRUTH", NULL: none */
    int positional_min;
    int positional_max; /* -1: no limit */
    const dn_option *options;
    const char *description; /* paragraphs for --help and the man page, separated by blank lines */
    const char *examples;    /* lines "dien ...", or NULL */
    dn_status (*run)(const dn_arguments *arguments);
    const struct dn_command *const *subcommands; /* NULL-terminated; NULL: none */
} dn_command;

/* Without subcommands; NULL-terminated. */
extern const dn_command *const dn_commands[];
/* All, each followed by its subcommands; NULL past the end. */
const dn_command *dn_command_at(size_t i);
/* "stats" or "stats groups". DN_EUSAGE, with the nearest name where one is near, when there is no such command. */
DN_CHECKED dn_status dn_command_find_near(const char *name, const dn_command **out);
/* The subcommand that a word names. DN_EUSAGE: none; the sentence names those that there are. */
DN_CHECKED dn_status dn_subcommand_find_near(const dn_command *parent, const char *word, const dn_command **out);
/* "groups" of "stats groups"; the name itself of a command. */
const char *dn_command_last_word(const dn_command *command);

/* Parses argv[0..argc) (without program and command name). DN_EUSAGE with a sentence that says what to type.
 * *out is owned by the caller (dn_arguments_destroy); argv must outlive it. */
DN_CHECKED dn_status dn_arguments_parse(const dn_command *command, int argc, char **argv, dn_arguments **out);
/* What the command reads, its positional arguments and files, is not replaced by what it writes (dn_file_protect); files to be written are
 * seen to be none of them, and no devices (DN_EUSAGE, DN_EIO). */
DN_CHECKED dn_status dn_arguments_protect(const dn_arguments *arguments);
void dn_arguments_destroy(dn_arguments *arguments);

size_t dn_arguments_count(const dn_arguments *arguments); /* positional */
const char *dn_arguments_at(const dn_arguments *arguments, size_t i);
/* The positional arguments i, i + 1, ... as an array; borrowed. */
const char *const *dn_arguments_from(const dn_arguments *arguments, size_t i);
/* Value of --name: text as typed or the preset, NULL when absent without preset. name must be in the table. */
const char *dn_arguments_text(const dn_arguments *arguments, const char *name);
bool dn_arguments_flag(const dn_arguments *arguments, const char *name);
bool dn_arguments_given(const dn_arguments *arguments, const char *name);
int64_t dn_arguments_integer(const dn_arguments *arguments, const char *name); /* 0 when absent */
double dn_arguments_real(const dn_arguments *arguments, const char *name);     /* 0 when absent */
/* The options that were given, but for those of a list of names (NULL-terminated), as words that give them again ("--jobs=2"): an array
 * of *count that ends in NULL, released with dn_arguments_words_release. */
DN_CHECKED dn_status dn_arguments_words(const dn_arguments *arguments, const char *const *except, char ***out, size_t *count);
void dn_arguments_words_release(char **words);
/* Whether a choice is in a list value. */
bool dn_arguments_has(const dn_arguments *arguments, const char *name, const char *choice);

#endif
