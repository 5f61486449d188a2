/* The table of commands, in the order in which help lists them. A new command is its file command_<name>.c, which
 * defines `const dn_command dn_command_<name>`, and one line here. */
#define _POSIX_C_SOURCE 200809L
#include "cli/command.h"
#include "cli/options.h"

#include <string.h>
#include <unistd.h>

#define COMMANDS(X)                                                                                                                        \
    X(segment)                                                                                                                             \
    X(prepare)                                                                                                                             \
    X(icv)                                                                                                                                 \
    X(synth)                                                                                                                               \
    X(labelmap)                                                                                                                            \
    X(train)                                                                                                                               \
    X(crossval)                                                                                                                            \
    X(evaluate)                                                                                                                            \
    X(stats)                                                                                                                               \
    X(stability)                                                                                                                           \
    X(normative)                                                                                                                           \
    X(surface)                                                                                                                             \
    X(models)                                                                                                                              \
    X(help)

#define X(name) extern const dn_command dn_command_##name;
COMMANDS(X)
#undef X

const dn_command *const dn_commands[] = {
#define X(name) &dn_command_##name,
    COMMANDS(X)
#undef X
        NULL,
};

const dn_command *dn_command_find(const char *name)
{
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        if (strcmp(dn_commands[i]->name, name) == 0) {
            return dn_commands[i];
        }
    }
    return NULL;
}

dn_status dn_command_find_near(const char *name, const dn_command **out)
{
    *out = dn_command_find(name);
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
