/* The agreement of two label maps: overlap, distance of the surfaces, volume.
 *
 * The surface of a mask are its voxels that have a face in common with a voxel outside (beyond the image is outside), which is
 * the mask minus its erosion by the 6-neighbourhood, as MedPy and the tools after it define it. Distances are exact, from
 * centre to centre in mm, along the grid's own (perhaps unequal) spacing. With AB the distances of A's surface voxels to the
 * nearest surface voxel of B, and BA likewise:
 *   Hausdorff           max over AB and BA
 *   95th percentile     of AB and BA put together, linear between ranks (MedPy's hd95, NumPy's percentile)
 *   average surface distance   (mean AB + mean BA) / 2 (MedPy's assd)
 * DeepMind's surface-distance, which that paper used for its 95th percentile, weighs surface elements by area and takes the larger of
 * the two directions' percentiles: near to ours, not equal. (Its script also gives the spacing of slices to the columns.) */
#ifndef DN_STUDY_EVALUATE_COMPARE_H
#define DN_STUDY_EVALUATE_COMPARE_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>

#include <stddef.h>
#include <stdint.h>

typedef struct dn_evaluation {
    int64_t both, predicted, truth;      /* voxels */
    double dice, iou;                    /* NaN when both are empty */
    double mean_iou;                     /* mean of iou and of the IoU of everything else, over the whole image, as Keras's MeanIoU of two
                                            classes: the "IoU" of Vernikouskaya et al. 2023; NaN when both are empty */
    double precision, recall;            /* both / predicted, both / truth; NaN when that is empty */
    double hausdorff, hausdorff95, mean; /* mm; NaN when either is empty */
    double volume, truth_volume;         /* mm3 */
} dn_evaluation;

/* The structure are the voxels that have one of the count labels. predicted and truth: on one grid (DN_ESHAPE otherwise). */
DN_CHECKED dn_status dn_evaluate_labels(const dn_labels *predicted, const dn_labels *truth, const uint16_t *labels, size_t count,
                                        dn_evaluation *out);

/* Brings truth and prediction onto one grid without interpolation: both with axes nearest RAS. When they then differ: DN_EGEOMETRY, or
 * with resample the prediction goes onto the truth's grid (labels by vote). *predicted may be replaced, as may *truth. */
DN_CHECKED dn_status dn_evaluate_match(dn_labels **predicted, dn_labels **truth, bool resample);

#endif
