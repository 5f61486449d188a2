/* Arguments against a command's table. Everything a table promises (kind, range, choices, required) is checked here,
 * so that run functions get values they can use. */
#include "base/file.h"
#include "base/memory.h"
#include "cli/arguments/table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dn_arguments_ask_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; ++i) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

/* Commands of the same family ("stats groups", "stats power") that have an option, or of a command its subcommands: "stats groups and stats
 * power". "" : none. */
static void name_owners(const dn_command *command, const char *name, char letter, char *out, size_t size)
{
    const size_t family = strcspn(command->name, " ");
    const dn_command *other, *owners[16];
    size_t count = 0, used = 0;
    for (size_t i = 0; (other = dn_command_at(i)) != NULL && count < sizeof owners / sizeof *owners; ++i) {
        bool kin = other != command && strncmp(other->name, command->name, family) == 0 && other->name[family] == ' ';
        if (kin && (name != NULL ? dn_arguments_find_long(other, name, strlen(name)) : dn_arguments_find_letter(other, letter)) >= 0) {
            owners[count++] = other;
        }
    }
    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; ++i) {
        used += (size_t)snprintf(out + used, size - used, "%sdien %s", i == 0 ? "" : i + 1 == count ? " and " : ", ", owners[i]->name);
    }
}

static dn_status fail_unknown(const dn_command *command, const char *name)
{
    enum { LIMIT = 128 };
    const char *names[LIMIT + 1];
    size_t n = dn_arguments_option_count(command) < LIMIT ? dn_arguments_option_count(command) : LIMIT;
    for (size_t i = 0; i < n; ++i) {
        names[i] = dn_arguments_option_at(command, i)->name;
    }
    names[n] = NULL;
    char owners[256];
    name_owners(command, name, 0, owners, sizeof owners);
    if (*owners != '\0') {
        DN_FAIL(DN_EUSAGE, "%s has no option --%s; it is one of %s", command->name, name, owners);
    }
    const char *near = dn_nearest_name(name, names);
    if (near != NULL) {
        DN_FAIL(DN_EUSAGE, "%s has no option --%s; did you mean --%s?", command->name, name, near);
    }
    DN_FAIL(DN_EUSAGE, "%s has no option --%s; 'dien %s --help' lists its options", command->name, name, command->name);
}

/* A value may start with a dash (-3.5), but not be the name of another option: then it was forgotten. */
static bool is_option_name(const dn_command *command, const char *text)
{
    if (strncmp(text, "--", 2) == 0 && text[2] != '\0') {
        return dn_arguments_find_long(command, text + 2, strcspn(text + 2, "=")) >= 0;
    }
    return text[0] == '-' && text[1] != '\0' && text[2] == '\0' && dn_arguments_find_letter(command, text[1]) >= 0;
}

/* One more value of an option that takes many. */
static dn_status join(dn_arguments *arguments, size_t index, const char *value)
{
    char *before = arguments->joined[index];
    DN_TRY(dn_arguments_check_value(dn_arguments_option_at(arguments->command, index), value));
    DN_TRY(dn_asprintf(&arguments->joined[index], "%s%s%s", before != NULL ? before : "", before != NULL ? "," : "", value));
    free(before);
    arguments->values[index] = arguments->joined[index];
    return DN_OK;
}

static dn_status take(dn_arguments *arguments, size_t index, const char *inline_value, int argc, char **argv, int *i)
{
    const dn_option *option = dn_arguments_option_at(arguments->command, index);
    const char *value = inline_value;
    if (option->kind == DN_OPTION_FLAG) {
        if (inline_value != NULL) {
            DN_FAIL(DN_EUSAGE, "--%s takes no value; leave out '=%s'", option->name, inline_value);
        }
        arguments->values[index] = "";
        return DN_OK;
    }
    if (value == NULL) {
        if (*i + 1 >= argc || is_option_name(arguments->command, argv[*i + 1]) || strcmp(argv[*i + 1], "--") == 0) {
            DN_FAIL(DN_EUSAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value != NULL ? option->value : "VALUE");
        }
        value = argv[++*i];
    }
    if (option->many) {
        DN_TRY(join(arguments, index, value));
        while (inline_value == NULL && *i + 1 < argc && argv[*i + 1][0] != '-') {
            DN_TRY(join(arguments, index, argv[++*i]));
        }
        return DN_OK;
    }
    DN_TRY(dn_arguments_check_value(option, value));
    arguments->values[index] = value;
    return DN_OK;
}

static dn_status take_letters(dn_arguments *arguments, const char *letters, int argc, char **argv, int *i)
{
    for (const char *p = letters; *p != '\0'; ++p) {
        long index = dn_arguments_find_letter(arguments->command, *p);
        if (index < 0) {
            if (isdigit((unsigned char)*p) || *p == '.') {
                DN_FAIL(DN_EUSAGE, "'-%s' is read as an option; write 'dien %s -- -%s' if it is a value", letters, arguments->command->name,
                        letters);
            }
            char owners[256];
            name_owners(arguments->command, NULL, *p, owners, sizeof owners);
            if (*owners != '\0') {
                DN_FAIL(DN_EUSAGE, "%s has no option -%c; it is one of %s", arguments->command->name, *p, owners);
            }
            DN_FAIL(DN_EUSAGE, "%s has no option -%c; 'dien %s --help' lists its options", arguments->command->name, *p,
                    arguments->command->name);
        }
        if (dn_arguments_option_at(arguments->command, (size_t)index)->kind == DN_OPTION_FLAG) {
            DN_TRY(take(arguments, (size_t)index, NULL, argc, argv, i));
            continue;
        }
        /* -oDIR and -o DIR; -o=DIR is a slip that would write into a folder "=DIR". */
        const char *rest = p[1] == '=' ? p + 2 : p + 1;
        return take(arguments, (size_t)index, p[1] == '\0' ? NULL : rest, argc, argv, i);
    }
    return DN_OK;
}

static dn_status check_complete(const dn_arguments *arguments)
{
    const dn_command *command = arguments->command;
    const char *wanted = command->positional != NULL ? command->positional : "";
    if (arguments->count < (size_t)command->positional_min) {
        DN_FAIL(DN_EUSAGE, "%s needs %s%s; usage: dien %s %s%s", command->name, arguments->count == 0 ? "" : "all of ", wanted,
                command->name, wanted, command->options != NULL ? " [OPTION]..." : "");
    }
    if (command->positional_max >= 0 && arguments->count > (size_t)command->positional_max) {
        const char *extra = arguments->positional[command->positional_max];
        if (command->positional_max == 0) {
            DN_FAIL(DN_EUSAGE, "%s takes options only; leave out '%s'", command->name, extra);
        }
        DN_FAIL(DN_EUSAGE, "%s takes %s and nothing more; leave out '%s'", command->name, wanted, extra);
    }
    for (size_t i = 0; i < arguments->count; ++i) {
        if (*arguments->positional[i] == '\0') {
            DN_FAIL(DN_EUSAGE, "argument %zu of %s is empty", i + 1, command->name);
        }
    }
    const dn_option *option;
    for (size_t i = 0; (option = dn_arguments_option_at(command, i)) != NULL; ++i) {
        if (option->required && arguments->values[i] == NULL && option->preset == NULL) {
            char letter[8] = "";
            if (option->letter != 0) {
                snprintf(letter, sizeof letter, "-%c or ", option->letter);
            }
            DN_FAIL(DN_EUSAGE, "%s needs %s--%s %s: %s", command->name, letter, option->name, option->value != NULL ? option->value : "",
                    option->help);
        }
    }
    return DN_OK;
}

dn_status dn_arguments_parse(const dn_command *command, int argc, char **argv, dn_arguments **out)
{
    dn_status status = DN_OK;
    dn_arguments *arguments = NULL;
    DN_TRY(dn_alloc(&arguments, 1, sizeof *arguments, "arguments"));
    arguments->command = command;
    DN_TRY_GOTO(status, dn_alloc(&arguments->positional, (size_t)argc + 1, sizeof *arguments->positional, "arguments"), fail);
    DN_TRY_GOTO(status, dn_alloc(&arguments->values, dn_arguments_option_count(command), sizeof *arguments->values, "arguments"), fail);
    DN_TRY_GOTO(status, dn_alloc(&arguments->joined, dn_arguments_option_count(command), sizeof *arguments->joined, "arguments"), fail);
    bool only_positional = false;
    for (int i = 0; i < argc; ++i) {
        char *word = argv[i];
        if (only_positional || word[0] != '-' || word[1] == '\0') {
            arguments->positional[arguments->count++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_positional = true;
        } else if (word[1] == '-') {
            size_t length = strcspn(word + 2, "=");
            long index = dn_arguments_find_long(command, word + 2, length);
            if (index < 0) {
                char name[64];
                snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), word + 2);
                status = fail_unknown(command, name);
                goto fail;
            }
            DN_TRY_GOTO(status, take(arguments, (size_t)index, word[2 + length] == '=' ? word + 3 + length : NULL, argc, argv, &i), fail);
        } else {
            DN_TRY_GOTO(status, take_letters(arguments, word + 1, argc, argv, &i), fail);
        }
    }
    DN_TRY_GOTO(status, check_complete(arguments), fail);
    *out = arguments;
    return DN_OK;
fail:
    dn_arguments_destroy(arguments);
    return status;
}

dn_status dn_arguments_protect(const dn_arguments *arguments)
{
    const dn_option *option;
    for (size_t i = 0; i < arguments->count; ++i) {
        DN_TRY(dn_file_protect(arguments->positional[i]));
    }
    for (size_t i = 0; (option = dn_arguments_option_at(arguments->command, i)) != NULL; ++i) {
        if (option->kind == DN_OPTION_FILE && !option->written && arguments->values[i] != NULL) {
            DN_TRY(dn_file_protect(arguments->values[i]));
        }
    }
    for (size_t i = 0; (option = dn_arguments_option_at(arguments->command, i)) != NULL; ++i) {
        if (option->written && arguments->values[i] != NULL && !dn_path_is_folder(arguments->values[i])) {
            DN_TRY(dn_file_may_write(arguments->values[i])); /* now, and not when the work is done */
        }
    }
    return DN_OK;
}

void dn_arguments_destroy(dn_arguments *arguments)
{
    if (arguments != NULL) {
        for (size_t i = 0; arguments->joined != NULL && i < dn_arguments_option_count(arguments->command); ++i) {
            free(arguments->joined[i]);
        }
        free(arguments->joined);
        free(arguments->positional);
        free(arguments->values);
        free(arguments);
    }
}
