/* Which volumes the quality picture's table has room for, and in which order. */
#include "segment/head_clean.h"
#include "segment/picture_view.h"

#include <string.h>

/* What a reader looks for first; the deep structures that the picture outlines come before tissues, which it does not. */
typedef enum { OF_HYPOTHALAMUS, PARTS, THALAMUS, ICV, DEEP, OTHER, KINDS } kind;

static kind kind_of(const dn_volume_row *row)
{
    return !row->whole                                   ? PARTS
           : strcmp(row->structure, "hypothalamus") == 0 ? OF_HYPOTHALAMUS
           : strcmp(row->structure, "thalamus") == 0     ? THALAMUS
           : strcmp(row->structure, "icv") == 0          ? ICV
           : dn_clean_deep(row->structure)               ? DEEP
                                                         : OTHER;
}

static bool is_first(const dn_volume_rows *rows, size_t i)
{
    for (size_t k = 0; k < i; ++k) {
        if (strcmp(rows->row[k].structure, rows->row[i].structure) == 0) {
            return false;
        }
    }
    return true;
}

size_t dn_view_rows(const dn_volume_rows *rows, size_t limit, const dn_volume_row **out)
{
    size_t later = 0; /* thalamus and ICV, for which the parts leave room */
    size_t count = 0;
    for (size_t i = 0; i < rows->count; ++i) {
        kind k = kind_of(&rows->row[i]);
        later += (k == THALAMUS || k == ICV) && is_first(rows, i);
    }
    for (kind k = 0; k < KINDS; ++k) {
        for (size_t i = 0; i < rows->count; ++i) {
            if (kind_of(&rows->row[i]) == k && is_first(rows, i) && count + (k == PARTS ? later : 0) < limit) {
                out[count++] = &rows->row[i];
            }
        }
    }
    return count;
}
