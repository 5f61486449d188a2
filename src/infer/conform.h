/* From a scan to what a network expects: orientation, spacing, intensities, as the model's input contract says.
 *
 * The scan's axes are first re-ordered exactly (no interpolation), so that the same scan stored in any of the 48
 * orientations gives the same voxels bit for bit. Then, when its voxel spacing differs from the model's by more than 0.05 mm (below 1 mm:
 * a twentieth) along any axis, it is resampled: linear, after a Gaussian of sigma 0.25 new voxels along axes that become coarser, the outer
 * corners of both grids in the same place (as the published hypothalamus network does it, lab2im resample_volume).
 * Then intensities: clipped at two percentiles of the whole volume and scaled to 0..1, or z-scored.
 *
 * Two types of scan are corrected first (all others follow the published network's contract bit for bit): scans whose axes are not
 * square (straighten.h) and scans with padding or wrapped values (outliers.h). */
#ifndef DN_INFER_CONFORM_H
#define DN_INFER_CONFORM_H

#include "base/status.h"
#include "image/axis_map.h"
#include "image/volume.h"
#include "infer/outliers.h"
#include "models/model.h"

#include <stdbool.h>

typedef struct dn_conformed {
    dn_volume *volume;   /* owned; axes as the model's orientation */
    dn_volume *oriented; /* owned; the scan's own voxels and values, axes re-ordered only */
    dn_grid scan_grid;   /* the scan as it came */
    dn_axis_map map;     /* a conformed voxel in voxels of `oriented` */
    bool resampled;
    double low, high; /* intensities of the scan that became 0 and 1 */
    double skew;      /* degrees by which the scan's axes missed right angles, so that it was resampled onto square ones (straighten.h) and
                         scan_grid and oriented are of that copy; 0: it was not */
    dn_outliers outliers; /* values that cannot be of the head, mended in `oriented` */
    bool ranged;          /* low and high were given, and are not the scan's own percentiles */
} dn_conformed;

/* scan: consumed (destroyed) on success and on failure, because a second copy of a large scan is a waste.
 * input: borrowed. *out: release with dn_conformed_release.
 * DN_EDATA when the intensities do not allow the scaling (nearly all voxels have one value); DN_EGEOMETRY (wider than
 * a metre, or voxels that no head has: its unit is wrong, too); DN_ENOMEM. */
DN_CHECKED dn_status dn_conform(dn_volume *scan, const dn_model_input *input, dn_conformed *out);
/* The same for one of several scans whose intensities are on a common scale: range[0] and range[1] become 0 and 1 where input asks for
 * percentiles, for this network and for those of dn_conform_sized, and no value is mended. */
DN_CHECKED dn_status dn_conform_ranged(dn_volume *scan, const dn_model_input *input, const double range[2], dn_conformed *out);
/* The same scan for another network: from its oriented voxels, without reading or re-ordering it again. done: borrowed; its orientation
 * must be that of input (DN_EUSAGE). out->oriented stays NULL: done has it. With voxels of `size` times the network's spacing: to the
 * network, the head has 1 / size of its own size. Grids, and what is measured on them, stay in the scan's own mm. */
DN_CHECKED dn_status dn_conform_sized(const dn_conformed *done, const dn_model_input *input, double size, dn_conformed *out);
/* *scan, whose axes may not be at right angles, is replaced by a copy on square ones, as conforming does (straighten.h); destroyed on
 * failure. *skew: dn_conformed.skew. */
DN_CHECKED dn_status dn_conform_square(dn_volume **scan, double *skew);
/* Whether both ask for the same voxels: orientation, spacing and intensities. */
bool dn_conform_same(const dn_model_input *a, const dn_model_input *b);
/* Sizes that a scan of this grid (its axes already in the model's order) gets for a model of these spacings. */
void dn_conform_dims(const dn_grid *oriented, const double spacing[3], int64_t dim[3]);
void dn_conformed_release(dn_conformed *conformed);

#endif
