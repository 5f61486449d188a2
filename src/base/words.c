/* The known word that is nearest to a mistyped one (edit distance of Damerau and Levenshtein), one of several words, and lists with
 * commas. */
#define _GNU_SOURCE
#include "base/words.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance (insert, delete, replace, swap of neighbours) without regard to case, for words of up to 63 letters. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LIMIT = 64 };
    size_t before[LIMIT], above[LIMIT], row[LIMIT];
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n >= LIMIT || m >= LIMIT) {
        return LIMIT;
    }
    for (size_t j = 0; j <= m; ++j) {
        above[j] = j;
        before[j] = j;
    }
    for (size_t i = 1; i <= n; ++i) {
        row[0] = i;
        for (size_t j = 1; j <= m; ++j) {
            size_t best = above[j - 1] + !same(a[i - 1], b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            row[j] = best;
        }
        memcpy(before, above, sizeof before);
        memcpy(above, row, sizeof above);
    }
    return above[m];
}

const char *dn_nearest_name(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = 64;
    size_t length = strlen(word);
    for (size_t i = 0; names[i] != NULL; ++i) {
        size_t distance = edit_distance(word, names[i]);
        size_t shorter = strlen(names[i]) < length ? strlen(names[i]) : length;
        /* "post" for "posteriors", "volume_mm3" for "volume": one is the beginning of the other. */
        if (shorter >= 3 && distance > 1 && strncasecmp(word, names[i], shorter) == 0) {
            distance = 1;
        }
        if (distance < best_distance) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best_distance <= 1 + length / 4 ? best : NULL;
}

bool dn_is_among(const char *word, const char *const *words)
{
    while (words != NULL && *words != NULL) {
        if (strcmp(word, *words++) == 0) {
            return true;
        }
    }
    return false;
}

dn_status dn_choice_of(const char *what, const char *text, const char *const *words, int *out)
{
    char all[512] = "";
    size_t used = 0;
    for (int i = 0; words[i] != NULL; ++i) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return DN_OK;
        }
        const char *between = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";
        int wrote = used < sizeof all ? snprintf(all + used, sizeof all - used, "%s%s", between, words[i]) : 0;
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    DN_FAIL(DN_EUSAGE, "%s must be one of %s, not '%s'", what, all, text);
}

dn_status dn_split_list(const char *text, char ***items, size_t *count)
{
    size_t most = 1;
    size_t length = text != NULL ? strlen(text) : 0;
    *items = NULL;
    *count = 0;
    for (const char *p = text; p != NULL && *p != '\0'; ++p) {
        most += *p == ',';
    }
    /* The pointers, and behind them the texts. */
    DN_TRY(dn_alloc(items, 1, most * sizeof(char *) + length + 1, "a list"));
    char *copy = (char *)(*items + most);
    memcpy(copy, text != NULL ? text : "", length + 1);
    for (char *part = copy, *next; part != NULL; part = next) {
        next = strchr(part, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        part += strspn(part, " ");
        for (size_t n = strlen(part); n > 0 && part[n - 1] == ' '; --n) {
            part[n - 1] = '\0';
        }
        if (*part != '\0') {
            (*items)[(*count)++] = part;
        }
    }
    return DN_OK;
}

dn_status dn_split_numbers(const char *what, const char *text, double **out, size_t *count)
{
    char **items = NULL;
    dn_status status = DN_OK;
    *out = NULL;
    DN_TRY(dn_split_list(text, &items, count));
    if (*count > 0) {
        DN_TRY_GOTO(status, dn_alloc(out, *count, sizeof **out, "numbers"), done);
    }
    for (size_t i = 0; i < *count; ++i) {
        char *end = NULL;
        (*out)[i] = dn_number_parse(items[i], &end);
        if (end == items[i] || *end != '\0' || !isfinite((*out)[i])) {
            DN_FAIL_GOTO(status, done, DN_EUSAGE, "%s \"%s\" is not a number", what, items[i]);
        }
    }
done:
    if (status != DN_OK) {
        free(*out);
        *out = NULL;
    }
    free(items);
    return status;
}
