/* The table of commands, in the order in which help lists them. A new command is its file command_<name>.c, which
 * defines `const dn_command dn_command_<name>`, and one line here. */
#define _POSIX_C_SOURCE 200809L
#include "cli/arguments/options.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMMANDS(X)                                                                                                                        \
    X(segment)                                                                                                                             \
    X(longitudinal)                                                                                                                        \
    X(run)                                                                                                                                 \
    X(serve)                                                                                                                               \
    X(prepare)                                                                                                                             \
    X(icv)                                                                                                                                 \
    X(synth)                                                                                                                               \
    X(labelmap)                                                                                                                            \
    X(train)                                                                                                                               \
    X(crossval)                                                                                                                            \
    X(evaluate)                                                                                                                            \
    X(stats)                                                                                                                               \
    X(diff)                                                                                                                                \
    X(stability)                                                                                                                           \
    X(normative)                                                                                                                           \
    X(surface)                                                                                                                             \
    X(selftest)                                                                                                                            \
    X(models)                                                                                                                              \
    X(help)

#define X(name) extern const dn_command dn_command_##name;
COMMANDS(X)
#undef X

extern const dn_command dn_command_worker; /* not in the table: programs start it, people do not */

const dn_command *const dn_commands[] = {
#define X(name) &dn_command_##name,
    COMMANDS(X)
#undef X
        NULL,
};

const dn_command *dn_command_at(size_t i)
{
    for (size_t c = 0; dn_commands[c] != NULL; ++c) {
        if (i-- == 0) {
            return dn_commands[c];
        }
        for (size_t k = 0; dn_commands[c]->subcommands != NULL && dn_commands[c]->subcommands[k] != NULL; ++k) {
            if (i-- == 0) {
                return dn_commands[c]->subcommands[k];
            }
        }
    }
    return NULL;
}

static const dn_command *find(const char *name)
{
    const dn_command *command;
    for (size_t i = 0; (command = dn_command_at(i)) != NULL; ++i) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return strcmp(name, dn_command_worker.name) == 0 ? &dn_command_worker : NULL;
}

const char *dn_command_last_word(const dn_command *command)
{
    const char *blank = strrchr(command->name, ' ');
    return blank != NULL ? blank + 1 : command->name;
}

dn_status dn_subcommand_find_near(const dn_command *parent, const char *word, const dn_command **out)
{
    enum { MOST = 16 };
    const char *names[MOST + 1] = {NULL};
    char all[256] = "";
    size_t used = 0;
    for (size_t i = 0; parent->subcommands[i] != NULL && i < MOST && used < sizeof all; ++i) {
        names[i] = dn_command_last_word(parent->subcommands[i]);
        if (word != NULL && strcmp(names[i], word) == 0) {
            *out = parent->subcommands[i];
            return DN_OK;
        }
        const char *between = i == 0 ? "" : parent->subcommands[i + 1] == NULL ? " or " : ", ";
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", between, names[i]);
    }
    if (word == NULL || *word == '-') {
        DN_FAIL(DN_EUSAGE, "'dien %s' needs a subcommand: type dien %s and then %s; 'dien %s --help' explains them", parent->name,
                parent->name, all, parent->name);
    }
    const char *near = dn_nearest_name(word, names);
    if (near != NULL) {
        DN_FAIL(DN_EUSAGE, "there is no 'dien %s %s'; did you mean 'dien %s %s'?", parent->name, word, parent->name, near);
    }
    DN_FAIL(DN_EUSAGE, "there is no 'dien %s %s'; type %s", parent->name, word, all);
}

dn_status dn_command_find_near(const char *name, const dn_command **out)
{
    *out = find(name);
    if (*out != NULL) {
        return DN_OK;
    }
    const char *names[sizeof dn_commands / sizeof *dn_commands] = {NULL};
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        names[i] = dn_commands[i]->name;
    }
    const char *near = dn_nearest_name(name, names);
    if (near != NULL) {
        DN_FAIL(DN_EUSAGE, "there is no command '%s'; did you mean '%s'?", name, near);
    }
    if (strpbrk(name, "./") != NULL && access(name, F_OK) == 0) {
        DN_FAIL(DN_EUSAGE, "'%s' is a file, not a command; to measure a scan: dien segment %s -o DIR", name, name);
    }
    DN_FAIL(DN_EUSAGE, "there is no command '%s'; 'dien --help' lists the commands", name);
}
