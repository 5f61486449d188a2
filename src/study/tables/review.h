/* A person's word about a measured scan, beside its table of volumes: STEM_review.json for STEM_volumes.tsv. It stands above quality
 * control: whoever gathers tables counts a rejected scan that was accepted, and leaves out an accepted one that was rejected.
 *
 *     {"Accepted": false, "Reason": "the thalamus reaches into the ventricle", "Who": "AB", "When": "2026-11-30T07:00:00Z", "SHA256":
 * "..."}
 *
 * SHA256 is that of the table: a review is about the volumes that the person saw, and does not hold for those of a later run. */
#ifndef DN_STUDY_TABLES_REVIEW_H
#define DN_STUDY_TABLES_REVIEW_H

#include "base/status.h"

#include <stdbool.h>

/* Texts are owned when it was read. */
typedef struct dn_review {
    bool accepted;
    char *reason, *who, *when;
} dn_review;
void dn_review_release(dn_review *review);

/* table: path of STEM_volumes.tsv. *there: false: nobody has reviewed these volumes (a review that is damaged or of other volumes is none).
 * DN_ENOMEM. */
DN_CHECKED dn_status dn_review_read(const char *table, dn_review *out, bool *there);
/* DN_EIO, DN_EINPUT. */
DN_CHECKED dn_status dn_review_write(const char *table, const dn_review *review);

#endif
