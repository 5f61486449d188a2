/* The intensity of white matter in a scan, and a scale on which it has the intensity that a network expects.
 *
 * Clipping at percentiles of the whole scan does not fix the scale of the brain: fat, a missing skull or a bright vein decide which
 * intensity becomes 1, and the white matter of ordinary scans gets any value between 0.46 and 0.97. The results of a network without
 * normalisation layers depend on this; the volumes of the published network fall by 40 % from one end to the other. */
#ifndef DN_INFER_WHITE_MATTER_H
#define DN_INFER_WHITE_MATTER_H

#include "base/status.h"
#include "image/volume.h"
#include "register/head_align.h"

/* The brightest mode of the brain's histogram, in the volume's own units.
 *
 * Samples lie 4/3 mm apart wherever the aligned average head is certainly brain (probability at least 0.9). The histogram
 * has 256 bins from 0 to their 99.5th percentile and is smoothed (Gaussian, sd 1.5 % of that range); voxels below a tenth of the range
 * (fluid, air of a stripped scan) do not count. The peak is the rightmost local maximum at least 0.4 times as high as the
 * highest one, refined by a parabola. All of it scales with the intensities.
 * volume: borrowed, axes as dn_head_align took them. DN_EDATA: the head was not located, or less than half a decilitre of
 * its brain lies in the volume. */
DN_CHECKED dn_status dn_white_matter_peak(const dn_volume *volume, const dn_location *location, double *peak);

/* Multiplies the volume so that `peak` comes to lie at `wanted`, and clips it at 0 and 1. */
void dn_white_matter_scale(dn_volume *volume, double peak, double wanted);

#endif
