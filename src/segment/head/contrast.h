/* Whether a scan is T1-weighted, by what it shows: the brightness of fluid, grey and white matter where the networks labelled them, and the
 * likeness of its brain to the average head in T1. */
#ifndef DN_SEGMENT_HEAD_CONTRAST_H
#define DN_SEGMENT_HEAD_CONTRAST_H

#include "segment/head/whole_head.h"

/* (white - grey) / (white - fluid) of T1-weighted scans, and the correlation with the average head inside the brain below which a scan is
 * of another contrast: docs/evidence/quality_limits.md. */
#define DN_CONTRAST_GREY_LOW 0.20
#define DN_CONTRAST_GREY_HIGH 0.95
#define DN_CONTRAST_INSIDE 0.20

typedef enum {
    DN_CONTRAST_T1,          /* or nothing speaks against it */
    DN_CONTRAST_UNEVEN,      /* tissues do not differ as in T1, but the brain as a whole is like T1: a coil, motion, a lesion */
    DN_CONTRAST_TISSUES,     /* another contrast, by fluid, grey and white matter */
    DN_CONTRAST_INSIDE_OTHER /* another contrast, by the likeness to the average head */
} dn_contrast;

/* What a scan's contrast is, and what says so. */
typedef struct dn_contrast_seen {
    dn_contrast contrast;
    bool tissues;              /* the networks of the whole head have seen the three tissues */
    double fluid, grey, white; /* their medians, in the scan's own units; not read without them */
    bool placed;               /* the average head was aligned */
    double match;              /* of the brain with it; not read otherwise */
} dn_contrast_seen;

/* head: what the networks for T1-weighted scans found; NULL: they did not run. location: of the average head; NULL: it was not aligned.
 * head_seen: location also uses the networks' labels. */
dn_contrast_seen dn_contrast_see(const dn_head *head, const dn_location *location, bool head_seen);

/* Whether it is another contrast than T1. */
static inline bool dn_contrast_is_other(dn_contrast contrast)
{
    return contrast == DN_CONTRAST_TISSUES || contrast == DN_CONTRAST_INSIDE_OTHER;
}

#endif
