/* What the parser, the help pages and the completion scripts share about option tables. */
#ifndef DN_CLI_ARGUMENTS_OPTIONS_H
#define DN_CLI_ARGUMENTS_OPTIONS_H

#include "base/words.h" /* dn_nearest_name */
#include "cli/command.h"

/* Options that every command takes: --threads, --quiet, --verbose, --help. NULL name ends the table. */
extern const dn_option dn_common_options[];

/* Whether --help or -h is among the arguments before a "--". */
bool dn_arguments_ask_help(int argc, char **argv);

#endif
