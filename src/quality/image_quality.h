/* How sharp and how noisy a scan is where the structures lie: two numbers that are measured without a network, because networks draw
 * plausible outlines in blurred and noisy scans, too.
 *
 * Both are measured on the scan's own voxels in a box of 30 mm to each side of a point, relative to the box's contrast (percentile 95
 * less percentile 10: tissue less fluid):
 *
 * edge_mm: contrast / percentile 97 of the gradient's length (central differences), the width over which the sharper borders rise. Over 40
 * of the project's scans 1.4 to 3.8 mm; five of them blurred to a full width at half maximum of 4.7 mm 5.1 to 7.5, of 7 mm 7 to 9.3.
 *
 * noise: the noise's SD / contrast. SD: median of the absolute third differences along an axis, over sqrt(20) and 0.6745; of the three axes
 * the median. Over those scans 0.01 to 0.08; with noise of 10 % of the intensities' range 0.10 to 0.14, of 20 % 0.18 to 0.22.
 *
 * A factor and an offset of the intensities change neither. */
#ifndef DN_QUALITY_IMAGE_QUALITY_H
#define DN_QUALITY_IMAGE_QUALITY_H

#include "image/volume.h"
#include "infer/conform.h"
#include "infer/postprocess.h"

typedef struct dn_image_quality {
    double edge_mm; /* NaN: not measured (nothing was found, or fewer than 8 voxels along an axis, or no contrast) */
    double noise;   /* of the contrast; NaN likewise */
} dn_image_quality;

/* middle: in voxels of scan. DN_ENOMEM. */
DN_CHECKED dn_status dn_image_quality_measure(const dn_volume *scan, const double middle[3], dn_image_quality *out);
/* Around what was found: groups (structures->group_count of them) in voxels of posteriors, which lie in conformed as its scale and offset
 * say; measured on conformed->oriented. */
DN_CHECKED dn_status dn_image_quality_around(const dn_conformed *conformed, const dn_posteriors *posteriors,
                                             const dn_structures *structures, const dn_group_result *groups, dn_image_quality *out);

#endif
