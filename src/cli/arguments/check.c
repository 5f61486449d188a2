/* A value against its option: what the table promises of it. */
#include "base/text.h"
#include "cli/arguments/table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

dn_status dn_arguments_check_value(const dn_option *option, const char *text)
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
