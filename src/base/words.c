#define _GNU_SOURCE
#include "base/words.h"

#include <ctype.h>
#include <stdbool.h>
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
