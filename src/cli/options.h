/* What the parser, the help pages and the completion scripts share about option tables. */
#ifndef DN_CLI_OPTIONS_H
#define DN_CLI_OPTIONS_H

#include "cli/command.h"

/* Options that every command takes: --threads, --quiet, --verbose, --help. NULL name ends the table. */
extern const dn_option dn_common_options[];

/* The name nearest to `word` by edit distance, or NULL when none is near enough to be meant. names: NULL-terminated. */
const char *dn_nearest_name(const char *word, const char *const *names);

/* Whether --help or -h is among the arguments before a "--". */
bool dn_arguments_ask_help(int argc, char **argv);

#endif
