/* Whether the brain's own contrast is that of a T1-weighted scan, where the average head was aligned with it.
 *
 * The alignment itself finds heads of other contrasts, too, by their outline. So only the brain is compared here, at 4 mm: smooth trends (a
 * polynomial of third degree in place: coils are brighter near the skin) are taken out of scan and template, and what is left is
 * correlated by ranks (Spearman). Real T1-weighted scans have 0.6 to 0.8, copies of them with the contrast of T2, FLAIR, PD, CT or of a
 * negative -0.35 to 0.16 (docs/evidence/quality_limits.md). */
#ifndef DN_REGISTER_HEAD_ALIGN_MATCH_H
#define DN_REGISTER_HEAD_ALIGN_MATCH_H

#include "register/head_align.h"
#include "register/head_align_samples.h"

/* volume: what location was found in. *out: NaN where less than half of the brain lies in the volume, or it has one value. DN_ENOMEM. */
DN_CHECKED dn_status dn_location_match(const dn_volume *volume, const dn_location *location, double *out);
/* The same of a small copy of the volume that is there already (4 mm; it may be tamed, which changes the answer by little). */
DN_CHECKED dn_status dn_location_match_picture(const dn_grid *grid, const dn_align_picture *picture, const dn_location *location,
                                               double *out);

#endif
