/* Smoothing and intensity statistics of volumes. */
#ifndef DN_IMAGE_FILTER_H
#define DN_IMAGE_FILTER_H

#include "base/status.h"
#include "image/volume.h"

/* Gaussian of standard deviation sigma (mm, along the voxel axes i, j, k; 0 leaves that axis alone) in place; cut at 4
 * sigma, weights normalised, edges continued with their own value. DN_EUSAGE for a negative or not finite sigma. */
DN_CHECKED dn_status dn_filter_gaussian(dn_volume *volume, const double sigma[3]);

/* The percents[i]-th percentiles (0..100) of the voxels where mask is not 0 (mask NULL: of all), exact, linear between
 * order statistics (as numpy's default). out[i] in the order asked. mask: borrowed, volume's voxel count.
 * DN_EDATA when no voxel is selected or one is NaN. */
DN_CHECKED dn_status dn_volume_percentiles(const dn_volume *volume, const uint8_t *mask, const double *percents, size_t count, double *out);

/* Mean, standard deviation (n - 1; 0 for one voxel), minimum and maximum in double. DN_EDATA when no voxel is selected. */
typedef struct dn_volume_summary {
    int64_t count;
    double mean, sd, minimum, maximum;
} dn_volume_summary;
DN_CHECKED dn_status dn_volume_summarise(const dn_volume *volume, const uint8_t *mask, dn_volume_summary *out);

#endif
