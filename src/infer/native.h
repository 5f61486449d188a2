/* Posteriors back on the scan's own grid: each voxel of the scan takes the posteriors at its own position (linear between
 * the conformed voxels, one composed transform), then the most probable label, tidied (label_tidy.h). */
#ifndef DN_INFER_NATIVE_H
#define DN_INFER_NATIVE_H

#include "base/status.h"
#include "image/volume.h"
#include "infer/conform.h"
#include "infer/posteriors.h"
#include "infer/structures.h"

typedef struct dn_native {
    dn_labels *labels;                      /* owned; on the scan's own grid, the model's numbers */
    int64_t count[DN_CHANNEL_LIMIT];        /* voxels with the label, by channel */
    double posterior_sum[DN_CHANNEL_LIMIT]; /* over these voxels, of the label's own posterior, by channel */
    double group_sum[DN_GROUP_LIMIT];       /* over the voxels of a group, of the group's whole posterior */
    double voxel_volume;                    /* mm3 */
} dn_native;

/* Release with dn_native_release. DN_ENOMEM. */
DN_CHECKED dn_status dn_native_labels(const dn_conformed *conformed, const dn_posteriors *posteriors, const dn_structures *structures,
                                      dn_native *out);
void dn_native_release(dn_native *native);

/* One channel's posterior on the scan's own grid. *out: owned by the caller. */
DN_CHECKED dn_status dn_native_posterior(const dn_conformed *conformed, const dn_posteriors *posteriors, int64_t channel, dn_volume **out);

#endif
