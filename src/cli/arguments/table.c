/* The options of a command and the common ones as one list. */
#include "cli/arguments/table.h"

#include <string.h>

const dn_option dn_common_options[] = {
    {.name = "threads",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "0",
     .help = "number of processor cores to use; 0: all that this process may use",
     .low = 0,
     .high = 4096},
    {.name = "quiet", .letter = 'q', .kind = DN_OPTION_FLAG, .help = "print only warnings and errors"},
    {.name = "verbose", .letter = 'v', .kind = DN_OPTION_FLAG, .help = "print more about the work"},
    {.name = "help", .letter = 'h', .kind = DN_OPTION_FLAG, .help = "show this help"},
    {0},
};

static size_t table_size(const dn_option *table)
{
    size_t n = 0;
    while (table != NULL && table[n].name != NULL) {
        ++n;
    }
    return n;
}

const dn_option *dn_arguments_option_at(const dn_command *command, size_t i)
{
    size_t own = table_size(command->options);
    if (i < own) {
        return &command->options[i];
    }
    return i - own < table_size(dn_common_options) ? &dn_common_options[i - own] : NULL;
}

size_t dn_arguments_option_count(const dn_command *command)
{
    return table_size(command->options) + table_size(dn_common_options);
}

long dn_arguments_find_long(const dn_command *command, const char *name, size_t length)
{
    const dn_option *option;
    for (size_t i = 0; (option = dn_arguments_option_at(command, i)) != NULL; ++i) {
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
            return (long)i;
        }
    }
    return -1;
}

long dn_arguments_find_letter(const dn_command *command, char letter)
{
    const dn_option *option;
    for (size_t i = 0; (option = dn_arguments_option_at(command, i)) != NULL; ++i) {
        if (option->letter == letter) {
            return (long)i;
        }
    }
    return -1;
}
