/* Completion scripts for bash, zsh and fish from the command tables. Each is a complete script: nothing is asked of
 * the program at completion time. */
#include "cli/arguments/options.h"
#include "cli/help/help.h"

#include <string.h>

typedef void option_writer(FILE *to, const dn_command *command, const dn_option *option);

static void each_option(FILE *to, const dn_command *command, option_writer *write)
{
    for (const dn_option *option = command->options; option != NULL && option->name != NULL; ++option) {
        write(to, command, option);
    }
    for (const dn_option *option = dn_common_options; option->name != NULL; ++option) {
        write(to, command, option);
    }
}

static void put_choices(FILE *to, const char *choices, char between)
{
    for (const char *p = choices; *p != '\0'; ++p) {
        fputc(*p == '|' ? between : *p, to);
    }
}

/* Inside '...' of a shell. drop: characters that have a meaning to the completion function itself. */
static void put_quoted(FILE *to, const char *text, const char *drop)
{
    for (const char *p = text; *p != '\0'; ++p) {
        if (strchr(drop, *p) != NULL) {
            fputc(' ', to);
        } else if (*p == '\'') {
            fputs("'\\''", to);
        } else {
            fputc(*p, to);
        }
    }
}

/* How a shell asks for the values of an option. */
typedef struct value_texts {
    const char *file, *folder, *choices_before, *choices_after, *other, *flag;
} value_texts;

static void put_value(FILE *to, const dn_option *option, const value_texts *texts)
{
    switch (option->kind) {
    case DN_OPTION_FILE:
        fputs(texts->file, to);
        break;
    case DN_OPTION_FOLDER:
        fputs(texts->folder, to);
        break;
    case DN_OPTION_CHOICE:
        fputs(texts->choices_before, to);
        put_choices(to, option->choices, ' ');
        fputs(texts->choices_after, to);
        break;
    case DN_OPTION_FLAG:
        fputs(texts->flag, to);
        break;
    case DN_OPTION_TEXT:
    case DN_OPTION_INTEGER:
    case DN_OPTION_REAL:
    default:
        fputs(texts->other, to);
        break;
    }
}

static void put_subcommands(FILE *to, const dn_command *command)
{
    for (size_t i = 0; command->subcommands[i] != NULL; ++i) {
        fprintf(to, "%s%s", i == 0 ? "" : " ", dn_command_last_word(command->subcommands[i]));
    }
}

/* Options of every command that has some of its own: not of those with subcommands. */
static void each_command(FILE *to, option_writer *write)
{
    const dn_command *command;
    for (size_t i = 0; (command = dn_command_at(i)) != NULL; ++i) {
        if (command->subcommands == NULL) {
            each_option(to, command, write);
        }
    }
}

/* "a b c" */
static void put_commands(FILE *to)
{
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        fprintf(to, "%s%s", i == 0 ? "" : " ", dn_commands[i]->name);
    }
}

static void bash_word(FILE *to, const dn_command *command, const dn_option *option)
{
    (void)command;
    fprintf(to, " --%s", option->name);
    if (option->letter != 0) {
        fprintf(to, " -%c", option->letter);
    }
}

static void bash_value(FILE *to, const dn_command *command, const dn_option *option)
{
    static const value_texts texts = {.file = "mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); compopt -o filenames;;\n",
                                      .folder = "mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); compopt -o filenames;;\n",
                                      .choices_before = "COMPREPLY=($(compgen -W \"",
                                      .choices_after = "\" -- \"$word\"));;\n",
                                      .other = "COMPREPLY=();;\n",
                                      .flag = ""};
    if (option->kind == DN_OPTION_FLAG) {
        return;
    }
    fprintf(to, "        \"%s --%s\"", command->name, option->name);
    if (option->letter != 0) {
        fprintf(to, "|\"%s -%c\"", command->name, option->letter);
    }
    fputs(") ", to);
    put_value(to, option, &texts);
}

static void completion_bash(FILE *to)
{
    const dn_command *command;
    fputs("# bash completion of dien; written by 'dien help --completion bash'\n"
          "_dien() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options= subcommands=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"--help --version ",
          to);
    put_commands(to);
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case \"$command\" in\n", to);
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        if (dn_commands[i]->subcommands != NULL) {
            fprintf(to, "        %s) subcommands=\"", dn_commands[i]->name);
            put_subcommands(to, dn_commands[i]);
            fputs("\";;\n", to);
        }
    }
    fputs("    esac\n"
          "    if [ -n \"$subcommands\" ]; then\n"
          "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
          "            COMPREPLY=($(compgen -W \"--help $subcommands\" -- \"$word\"))\n"
          "            return\n"
          "        fi\n"
          "        command=\"$command ${COMP_WORDS[2]}\"\n"
          "    fi\n"
          "    case \"$command $before\" in\n",
          to);
    each_command(to, bash_value);
    fputs("        *)\n            case \"$command\" in\n", to);
    for (size_t i = 0; (command = dn_command_at(i)) != NULL; ++i) {
        if (command->subcommands == NULL) {
            fprintf(to, "                \"%s\") options=\"", command->name);
            each_option(to, command, bash_word);
            fputs("\";;\n", to);
        }
    }
    fputs("            esac\n"
          "            case \"$command $word\" in\n"
          "                *\" -\"*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\"));;\n"
          "                \"help \"*) COMPREPLY=($(compgen -W \"",
          to);
    put_commands(to);
    fputs("\" -- \"$word\"));;\n"
          "                *) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); compopt -o filenames;;\n"
          "            esac;;\n"
          "    esac\n"
          "}\n"
          "complete -F _dien dien\n",
          to);
}

static void zsh_option(FILE *to, const dn_command *command, const dn_option *option)
{
    static const value_texts texts = {"_files", "_files -/", "(", ")", "", ""};
    (void)command;
    fputs("                ", to);
    if (option->letter != 0) {
        fprintf(to, "{-%c,--%s}", option->letter, option->name);
    } else {
        fprintf(to, "--%s", option->name);
    }
    fputs("'[", to);
    put_quoted(to, option->help, "[]:");
    fputc(']', to);
    if (option->kind != DN_OPTION_FLAG) {
        fputc(':', to);
        put_quoted(to, option->value != NULL ? option->value : "value", "[]:");
        fputc(':', to);
    }
    put_value(to, option, &texts);
    fputs("' \\\n", to);
}

/* "'stats:compare groups ...'", a line per command; of a subcommand its last word. */
static void zsh_descriptions(FILE *to, const dn_command *const *commands, const char *indent)
{
    for (size_t i = 0; commands[i] != NULL; ++i) {
        fprintf(to, "%s'%s:", indent, dn_command_last_word(commands[i]));
        put_quoted(to, commands[i]->summary, ":");
        fputs("'\n", to);
    }
}

/* After "dien stats": the subcommand is offered, or becomes part of the command. */
static void zsh_subcommands(FILE *to)
{
    fputs("    commands=()\n    case $command in\n", to);
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        if (dn_commands[i]->subcommands != NULL) {
            fprintf(to, "        %s) commands=(\n", dn_commands[i]->name);
            zsh_descriptions(to, dn_commands[i]->subcommands, "            ");
            fputs("        );;\n", to);
        }
    }
    fputs("    esac\n"
          "    if (( $#commands )); then\n"
          "        if (( CURRENT == 2 )); then\n"
          "            _describe subcommand commands\n"
          "            _arguments '--help[show help]'\n"
          "            return\n"
          "        fi\n"
          "        command=\"$command $words[2]\"\n"
          "        shift words\n"
          "        (( CURRENT-- ))\n"
          "    fi\n",
          to);
}

static void completion_zsh(FILE *to)
{
    const dn_command *command;
    fputs("#compdef dien\n"
          "# zsh completion of dien; written by 'dien help --completion zsh'\n"
          "_dien() {\n"
          "    local -a commands\n"
          "    commands=(\n",
          to);
    zsh_descriptions(to, dn_commands, "        ");
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        _arguments '--help[show help]' '--version[print the version]'\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n",
          to);
    zsh_subcommands(to);
    fputs("    case $command in\n", to);
    for (size_t i = 0; (command = dn_command_at(i)) != NULL; ++i) {
        if (command->subcommands != NULL) {
            continue;
        }
        fprintf(to, "        \"%s\")\n            _arguments -s \\\n", command->name);
        each_option(to, command, zsh_option);
        if (strcmp(command->name, "help") == 0) {
            fputs("                '*:command:(", to);
            put_commands(to);
            fputs(")';;\n", to);
        } else {
            fputs("                '*:file:_files';;\n", to);
        }
    }
    fputs("    esac\n"
          "}\n"
          "_dien \"$@\"\n",
          to);
}

/* "stats; and __fish_seen_subcommand_from groups" */
static void fish_seen(FILE *to, const dn_command *command)
{
    const size_t first = strcspn(command->name, " ");
    fprintf(to, "__fish_seen_subcommand_from %.*s", (int)first, command->name);
    if (command->name[first] != '\0') {
        fprintf(to, "; and __fish_seen_subcommand_from %s", command->name + first + 1);
    }
}

static void fish_option(FILE *to, const dn_command *command, const dn_option *option)
{
    static const value_texts texts = {" -r -F", " -x -a '(__fish_complete_directories)'", " -x -a '", "'", " -x", ""};
    fputs("complete -c dien -n '", to);
    fish_seen(to, command);
    fprintf(to, "' -l %s", option->name);
    if (option->letter != 0) {
        fprintf(to, " -s %c", option->letter);
    }
    put_value(to, option, &texts);
    fputs(" -d '", to);
    put_quoted(to, option->help, "");
    fputs("'\n", to);
}

static void completion_fish(FILE *to)
{
    fputs("# fish completion of dien; written by 'dien help --completion fish'\n"
          "complete -c dien -n __fish_use_subcommand -l version -d 'print the version'\n"
          "complete -c dien -n __fish_use_subcommand -l help -s h -d 'show help'\n",
          to);
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        fprintf(to, "complete -c dien -n __fish_use_subcommand -f -a %s -d '", dn_commands[i]->name);
        put_quoted(to, dn_commands[i]->summary, "");
        fputs("'\n", to);
    }
    fputs("complete -c dien -n '__fish_seen_subcommand_from help' -f -a '", to);
    put_commands(to);
    fputs("'\n", to);
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        for (size_t k = 0; dn_commands[i]->subcommands != NULL && dn_commands[i]->subcommands[k] != NULL; ++k) {
            fprintf(to, "complete -c dien -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from ", dn_commands[i]->name);
            put_subcommands(to, dn_commands[i]);
            fprintf(to, "' -f -a %s -d '", dn_command_last_word(dn_commands[i]->subcommands[k]));
            put_quoted(to, dn_commands[i]->subcommands[k]->summary, "");
            fputs("'\n", to);
        }
    }
    each_command(to, fish_option);
}

void dn_help_completion(FILE *to, dn_shell shell)
{
    switch (shell) {
    case DN_SHELL_BASH:
        completion_bash(to);
        break;
    case DN_SHELL_ZSH:
        completion_zsh(to);
        break;
    case DN_SHELL_FISH:
        completion_fish(to);
        break;
    default:
        break;
    }
}
