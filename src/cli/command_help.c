/* dien help: the pages of help.h on stdout. make install writes its man pages and completion with it. */
#include "cli/help/help.h"

#include <string.h>

static dn_status run(const dn_arguments *arguments)
{
    const dn_command *command = NULL;
    const char *shell = dn_arguments_text(arguments, "completion");
    if (dn_arguments_count(arguments) > 0 && !(dn_arguments_flag(arguments, "man") && strcmp(dn_arguments_at(arguments, 0), "dien") == 0)) {
        DN_TRY(dn_command_find_near(dn_arguments_at(arguments, 0), &command));
        if (dn_arguments_count(arguments) == 2 && command->subcommands == NULL) {
            DN_FAIL(DN_EUSAGE, "dien %s has no subcommands; leave out '%s'", command->name, dn_arguments_at(arguments, 1));
        }
        if (dn_arguments_count(arguments) == 2) {
            DN_TRY(dn_subcommand_find_near(command, dn_arguments_at(arguments, 1), &command));
        }
    }
    if (shell != NULL) {
        dn_help_completion(stdout, strcmp(shell, "bash") == 0 ? DN_SHELL_BASH : strcmp(shell, "zsh") == 0 ? DN_SHELL_ZSH : DN_SHELL_FISH);
    } else if (dn_arguments_flag(arguments, "boutiques")) {
        return dn_help_boutiques(stdout);
    } else if (dn_arguments_flag(arguments, "man")) {
        dn_help_man(stdout, command);
    } else if (dn_arguments_flag(arguments, "commands")) {
        for (size_t i = 0; (command = dn_command_at(i)) != NULL; ++i) {
            puts(command->name);
        }
    } else if (command != NULL) {
        dn_help_command(stdout, command);
    } else {
        dn_help_program(stdout);
    }
    return DN_OK;
}

static const dn_option options[] = {
    {.name = "man", .kind = DN_OPTION_FLAG, .help = "print the man page instead (roff); without COMMAND, the page of dien itself"},
    {.name = "completion",
     .kind = DN_OPTION_CHOICE,
     .value = "SHELL",
     .choices = "bash|zsh|fish",
     .help = "print a completion script for a shell"},
    {.name = "boutiques",
     .kind = DN_OPTION_FLAG,
     .help = "print the Boutiques descriptor of 'dien run' (JSON), for platforms that run BIDS Apps"},
    {.name = "commands", .kind = DN_OPTION_FLAG, .help = "print the names of the commands and subcommands, one per line"},
    {0},
};

const dn_command dn_command_help = {
    .name = "help",
    .summary = "explain a command and its options",
    .positional = "[COMMAND [SUBCOMMAND]]",
    .positional_min = 0,
    .positional_max = 2,
    .options = options,
    .description = "Prints what a command does, its options and examples; without COMMAND, the list of commands.\n\n"
                   "Man pages and shell completion come from the same tables. 'make install' installs them for man and the shells. If the "
                   "program was not installed, use 'source <(dien help --completion bash)'.",
    .examples = "dien help segment\ndien help stats groups\ndien help --man segment | man -l -\ndien help --completion bash > "
                "~/.local/share/bash-completion/"
                "completions/dien",
    .run = run,
};
