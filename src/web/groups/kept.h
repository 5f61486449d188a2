/* What was read of measured scans, kept in memory for the next request: the row of volumes, the verdict, the remarks and the review. A scan
 * is read again when one of its three files (STEM_volumes.tsv, STEM_volumes.json, STEM_review.json) has another time, size or inode. */
#ifndef DN_WEB_KEPT_H
#define DN_WEB_KEPT_H

#include "study/tables/gather.h"
#include "study/tables/review.h"

#include <jansson.h>

typedef struct dn_kept dn_kept;

/* One scan, as it was read; nobody changes it. */
typedef struct dn_kept_scan {
    dn_gathered values; /* one row; no table where reason is set */
    char *reason;       /* why its volumes cannot be used; NULL: they can */
    json_t *flags;      /* as results.h has them */
    dn_review review;
    bool reviewed;
} dn_kept_scan;

/* *out: owned (dn_kept_destroy, when no scan is held any more). */
DN_CHECKED dn_status dn_kept_create(dn_kept **out);
void dn_kept_destroy(dn_kept *kept);

/* The scan of a table of volumes. *out: to be given back by dn_kept_put. Any thread may call. A table that cannot be read has a reason, and
 * is no failure. DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_kept_get(dn_kept *kept, const char *table, const dn_kept_scan **out);
void dn_kept_put(dn_kept *kept, const dn_kept_scan *scan);

/* Forgets what nobody holds and nobody asked for in the last `seconds`. */
void dn_kept_forget(dn_kept *kept, double seconds);

#endif
