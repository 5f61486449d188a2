/* The volumes of a person's sessions by how much the structures of the mean picture have grown in each (register/growth.h). */
#ifndef DN_COHORT_LONGITUDINAL_GROWTH_VOLUMES_H
#define DN_COHORT_LONGITUDINAL_GROWTH_VOLUMES_H

#include "register/blur_match.h"
#include "segment/result.h"

/* *suits: the sessions are so alike in resolution that the borders of their pictures can be compared: what was added to each is at most
 * half a millimetre (SD) along any direction, as in scans of one protocol. Scans of other protocols are measured better by the networks
 * (docs/evidence/longitudinal.md). */
DN_CHECKED dn_status dn_growth_suits(const dn_blur *added, size_t count, bool *suits);

/* Only hypothalamus and thalamus with their parts are measured so. mean: the mean picture, on the lattice of all; pictures: [count], one of
 * the sessions each. like: what was measured on the mean. unit: an intensity of bright tissue. *ratios: [count][like->volumes.count], the
 * volume in the session by that in the mean; NaN for rows that are not measured so, in all sessions; owned by the caller. DN_ENOMEM,
 * DN_ECANCELLED. */
DN_CHECKED dn_status dn_growth_ratios(const dn_volume *mean, dn_volume *const *pictures, size_t count, const dn_segment_result *like,
                                      double unit, double **ratios);
/* Sets the volumes of one session that have a ratio. like: of the mean; ratios: of the session. */
void dn_growth_apply(const dn_volume_rows *like, const double *ratios, dn_volume_rows *session);

#endif
