/* Arguments against a command's table. Everything a table promises (kind, range, choices, required) is checked here,
 * so that run functions get values they can use. */
#include "cli/options.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

struct dn_arguments {
    const dn_command *command;
    const char **positional; /* borrowed texts */
    size_t count;
    const char **values; /* per option of the command, then per common option; NULL: not given */
    char **joined;       /* owned; per option like values: of one that takes many values, all of them */
};

static size_t table_size(const dn_option *table)
{
    size_t n = 0;
    while (table != NULL && table[n].name != NULL) {
        ++n;
    }
    return n;
}

/* Option i of a command, common ones last; NULL past the end. */
static const dn_option *option_at(const dn_command *command, size_t i)
{
    size_t own = table_size(command->options);
    if (i < own) {
        return &command->options[i];
    }
    return i - own < table_size(dn_common_options) ? &dn_common_options[i - own] : NULL;
}

static size_t option_count(const dn_command *command)
{
    return table_size(command->options) + table_size(dn_common_options);
}

/* -1 when there is none. */
static long find_long(const dn_command *command, const char *name, size_t length)
{
    const dn_option *option;
    for (size_t i = 0; (option = option_at(command, i)) != NULL; ++i) {
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
            return (long)i;
        }
    }
    return -1;
}

static long find_letter(const dn_command *command, char letter)
{
    const dn_option *option;
    for (size_t i = 0; (option = option_at(command, i)) != NULL; ++i) {
        if (option->letter == letter) {
            return (long)i;
        }
    }
    return -1;
}

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
        if (kin && (name != NULL ? find_long(other, name, strlen(name)) : find_letter(other, letter)) >= 0) {
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
    size_t n = option_count(command) < LIMIT ? option_count(command) : LIMIT;
    for (size_t i = 0; i < n; ++i) {
        names[i] = option_at(command, i)->name;
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

static bool choice_matches(const char *choices, const char *word, size_t length)
{
    for (const char *p = choices; *p != '\0';) {
        size_t n = strcspn(p, "|");
        if (n == length && strncmp(p, word, n) == 0) {
            return true;
        }
        p += n + (p[n] == '|');
    }
    return false;
}

/* "a|b|c" -> "a, b or c". */
static void choices_as_words(const char *choices, const char *last, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (const char *p = choices; *p != '\0' && used + 1 < size;) {
        size_t n = strcspn(p, "|");
        bool first = p == choices;
        bool end = p[n] == '\0';
        int wrote = snprintf(out + used, size - used, "%s%s%s%.*s", first ? "" : (end ? " " : ", "), first || !end ? "" : last,
                             first || !end ? "" : " ", (int)n, p);
        used += wrote > 0 ? (size_t)wrote : 0;
        p += n + (p[n] == '|');
    }
}

static dn_status check_number(const dn_option *option, const char *text)
{
    char *end = NULL;
    double value;
    bool whole = option->kind == DN_OPTION_INTEGER;
    errno = 0;
    if (whole) {
        value = (double)strtoll(text, &end, 10);
    } else {
        value = dn_number_parse(text, &end);
    }
    bool wrong = end == text || *end != '\0' || isspace((unsigned char)text[0]) || errno == ERANGE || !isfinite(value);
    bool bounded = option->low != 0 || option->high != 0;
    if (wrong || (bounded && (value < option->low || value > option->high))) {
        if (bounded && isfinite(option->high)) {
            DN_FAIL(DN_EUSAGE, "--%s takes a %s from %.10g to %.10g, not '%s'", option->name, whole ? "whole number" : "number",
                    option->low, option->high, text);
        }
        if (bounded) {
            DN_FAIL(DN_EUSAGE, "--%s takes a %s of at least %.10g, not '%s'", option->name, whole ? "whole number" : "number", option->low,
                    text);
        }
        DN_FAIL(DN_EUSAGE, "--%s takes a %s, not '%s'", option->name, whole ? "whole number" : "number", text);
    }
    return DN_OK;
}

static dn_status check_choice(const dn_option *option, const char *text)
{
    char words[1024];
    for (const char *p = text;;) {
        size_t n = option->list ? strcspn(p, ",") : strlen(p);
        if (!choice_matches(option->choices, p, n)) {
            choices_as_words(option->choices, option->list ? "and" : "or", words, sizeof words);
            DN_FAIL(DN_EUSAGE, option->list ? "--%s takes a comma-separated list of %s, not '%.*s'" : "--%s takes %s, not '%.*s'",
                    option->name, words, (int)n, p);
        }
        if (p[n] == '\0') {
            return DN_OK;
        }
        p += n + 1;
    }
}

static dn_status check_value(const dn_option *option, const char *text)
{
    switch (option->kind) {
    case DN_OPTION_INTEGER:
    case DN_OPTION_REAL:
        return check_number(option, text);
    case DN_OPTION_CHOICE:
        return check_choice(option, text);
    case DN_OPTION_TEXT:
    case DN_OPTION_FILE:
    case DN_OPTION_FOLDER:
        if (*text == '\0') {
            DN_FAIL(DN_EUSAGE, "--%s needs a value; the value given is empty", option->name);
        }
        return DN_OK;
    case DN_OPTION_FLAG:
    default:
        return DN_OK;
    }
}

/* A value may start with a dash (-3.5), but not be the name of another option: then it was forgotten. */
static bool is_option_name(const dn_command *command, const char *text)
{
    if (strncmp(text, "--", 2) == 0 && text[2] != '\0') {
        return find_long(command, text + 2, strcspn(text + 2, "=")) >= 0;
    }
    return text[0] == '-' && text[1] != '\0' && text[2] == '\0' && find_letter(command, text[1]) >= 0;
}

/* One more value of an option that takes many. */
static dn_status join(dn_arguments *arguments, size_t index, const char *value)
{
    char *before = arguments->joined[index];
    DN_TRY(check_value(option_at(arguments->command, index), value));
    DN_TRY(dn_asprintf(&arguments->joined[index], "%s%s%s", before != NULL ? before : "", before != NULL ? "," : "", value));
    free(before);
    arguments->values[index] = arguments->joined[index];
    return DN_OK;
}

static dn_status take(dn_arguments *arguments, size_t index, const char *inline_value, int argc, char **argv, int *i)
{
    const dn_option *option = option_at(arguments->command, index);
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
    DN_TRY(check_value(option, value));
    arguments->values[index] = value;
    return DN_OK;
}

static dn_status take_letters(dn_arguments *arguments, const char *letters, int argc, char **argv, int *i)
{
    for (const char *p = letters; *p != '\0'; ++p) {
        long index = find_letter(arguments->command, *p);
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
        if (option_at(arguments->command, (size_t)index)->kind == DN_OPTION_FLAG) {
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
    for (size_t i = 0; (option = option_at(command, i)) != NULL; ++i) {
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
    DN_TRY_GOTO(status, dn_alloc(&arguments->values, option_count(command), sizeof *arguments->values, "arguments"), fail);
    DN_TRY_GOTO(status, dn_alloc(&arguments->joined, option_count(command), sizeof *arguments->joined, "arguments"), fail);
    bool only_positional = false;
    for (int i = 0; i < argc; ++i) {
        char *word = argv[i];
        if (only_positional || word[0] != '-' || word[1] == '\0') {
            arguments->positional[arguments->count++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_positional = true;
        } else if (word[1] == '-') {
            size_t length = strcspn(word + 2, "=");
            long index = find_long(command, word + 2, length);
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
    for (size_t i = 0; (option = option_at(arguments->command, i)) != NULL; ++i) {
        if (option->kind == DN_OPTION_FILE && !option->written && arguments->values[i] != NULL) {
            DN_TRY(dn_file_protect(arguments->values[i]));
        }
    }
    for (size_t i = 0; (option = option_at(arguments->command, i)) != NULL; ++i) {
        if (option->written && arguments->values[i] != NULL && !dn_path_is_folder(arguments->values[i])) {
            DN_TRY(dn_file_may_write(arguments->values[i])); /* now, and not when the work is done */
        }
    }
    return DN_OK;
}

void dn_arguments_destroy(dn_arguments *arguments)
{
    if (arguments != NULL) {
        for (size_t i = 0; arguments->joined != NULL && i < option_count(arguments->command); ++i) {
            free(arguments->joined[i]);
        }
        free(arguments->joined);
        free(arguments->positional);
        free(arguments->values);
        free(arguments);
    }
}

size_t dn_arguments_count(const dn_arguments *arguments)
{
    return arguments->count;
}

const char *dn_arguments_at(const dn_arguments *arguments, size_t i)
{
    return i < arguments->count ? arguments->positional[i] : NULL;
}

const char *const *dn_arguments_from(const dn_arguments *arguments, size_t i)
{
    return arguments->positional + (i < arguments->count ? i : arguments->count);
}

bool dn_arguments_given(const dn_arguments *arguments, const char *name)
{
    long index = find_long(arguments->command, name, strlen(name));
    return index >= 0 && arguments->values[index] != NULL;
}

bool dn_arguments_flag(const dn_arguments *arguments, const char *name)
{
    return dn_arguments_given(arguments, name);
}

const char *dn_arguments_text(const dn_arguments *arguments, const char *name)
{
    long index = find_long(arguments->command, name, strlen(name));
    if (index < 0) {
        return NULL;
    }
    const char *value = arguments->values[index];
    return value != NULL ? value : option_at(arguments->command, (size_t)index)->preset;
}

int64_t dn_arguments_integer(const dn_arguments *arguments, const char *name)
{
    const char *text = dn_arguments_text(arguments, name);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

double dn_arguments_real(const dn_arguments *arguments, const char *name)
{
    const char *text = dn_arguments_text(arguments, name);
    return text != NULL ? dn_number_parse(text, NULL) : 0.0;
}

static bool is_among(const char *name, const char *const *names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; ++i) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

dn_status dn_arguments_words(const dn_arguments *arguments, const char *const *except, char ***out)
{
    char **words = NULL;
    size_t n = 0;
    const dn_option *option;
    DN_TRY(dn_alloc(&words, option_count(arguments->command) + 1, sizeof *words, "the options"));
    for (size_t i = 0; (option = option_at(arguments->command, i)) != NULL; ++i) {
        const char *value = arguments->values[i];
        if (value == NULL || is_among(option->name, except)) {
            continue;
        }
        const bool flag = option->kind == DN_OPTION_FLAG;
        dn_status status = dn_asprintf(&words[n++], "--%s%s%s", option->name, flag ? "" : "=", flag ? "" : value);
        if (status != DN_OK) {
            dn_arguments_words_release(words);
            return status;
        }
    }
    *out = words;
    return DN_OK;
}

void dn_arguments_words_release(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; ++i) {
        free(words[i]);
    }
    free(words);
}

bool dn_arguments_has(const dn_arguments *arguments, const char *name, const char *choice)
{
    const char *text = dn_arguments_text(arguments, name);
    size_t length = strlen(choice);
    while (text != NULL && *text != '\0') {
        size_t n = strcspn(text, ",");
        if (n == length && strncmp(text, choice, n) == 0) {
            return true;
        }
        text += n + (text[n] == ',');
    }
    return false;
}
