/* The brightness of the scan inside the structures of a network's posteriors (the hypothalamus): a network outlines a lesion as if it were
 * not there, and with high probability; the brightness shows it.
 *
 * Brightness is measured on the scan's own voxels, of the contrast of a box of 30 mm around the structures: 0 is its percentile 10 (fluid),
 * 1 its percentile 95 (white matter). Over the project's 57 heads with first labels (docs/evidence/quality_limits.md) a side's median lies
 * at 0.58 to 0.80, both differ by at most 0.05, and at most 5 % of a side lies further than 0.35 from the other side's median. */
#ifndef DN_QUALITY_PART_EVIDENCE_H
#define DN_QUALITY_PART_EVIDENCE_H

#include "infer/conform.h"
#include "infer/postprocess.h"

/* Of one group. */
typedef struct dn_part_picture {
    double median; /* NaN: too few voxels, no contrast, or no partner */
    double odd;    /* share of its voxels further than DN_PART_ODD from the partner's median */
} dn_part_picture;

#define DN_PART_ODD 0.35

/* out: structures->group_count of them. posteriors: cleaned, a box of what conformed->oriented shows, as its scale and offset say.
 * DN_ENOMEM. */
DN_CHECKED dn_status dn_parts_see(const dn_conformed *conformed, const dn_posteriors *posteriors, const dn_structures *structures,
                                  const dn_group_result *groups, dn_part_picture *out);

#endif
