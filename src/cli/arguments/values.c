/* The values of parsed arguments, as text, numbers and words. */
#include "base/memory.h"
#include "base/text.h"
#include "cli/arguments/table.h"

#include <stdlib.h>
#include <string.h>

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
    long index = dn_arguments_find_long(arguments->command, name, strlen(name));
    return index >= 0 && arguments->values[index] != NULL;
}

bool dn_arguments_flag(const dn_arguments *arguments, const char *name)
{
    return dn_arguments_given(arguments, name);
}

const char *dn_arguments_text(const dn_arguments *arguments, const char *name)
{
    long index = dn_arguments_find_long(arguments->command, name, strlen(name));
    if (index < 0) {
        return NULL;
    }
    const char *value = arguments->values[index];
    return value != NULL ? value : dn_arguments_option_at(arguments->command, (size_t)index)->preset;
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

dn_status dn_arguments_words(const dn_arguments *arguments, const char *const *except, char ***out, size_t *count)
{
    char **words = NULL;
    size_t n = 0;
    const dn_option *option;
    DN_TRY(dn_alloc(&words, dn_arguments_option_count(arguments->command) + 1, sizeof *words, "the options"));
    for (size_t i = 0; (option = dn_arguments_option_at(arguments->command, i)) != NULL; ++i) {
        const char *value = arguments->values[i];
        if (value == NULL || dn_is_among(option->name, except)) {
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
    *count = n;
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
