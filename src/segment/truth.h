/* Measured and true volumes, for scans whose labels are known: synthetic heads, phantoms, manual labels. */
#ifndef DN_SEGMENT_TRUTH_H
#define DN_SEGMENT_TRUTH_H

#include "register/tissues.h"
#include "segment/scan.h"

/* Fills result->truth from a label map with FreeSurfer numbers in the scan's world (any grid): for each row of volumes whose
 * structure it labels, voxels times their size. Finer labels count for the structure they are part of: 5, 136 and 137 for the lateral
 * ventricle 4, the hypothalamus (801-810) and mammillary bodies (843, 844) also for the ventral diencephalon. The ICV is all that tissues
 * calls brain or csf, above the plane at which the measured one ends, too.
 * DN_EDATA when the map has none of the structures, as one that is not in the scan's world. */
DN_CHECKED dn_status dn_truth_compare(dn_segment_result *result, const dn_labels *truth, const dn_tissues *tissues);
/* Columns structure, hemi, measured_mm3, true_mm3, difference_percent. Atomic. */
DN_CHECKED dn_status dn_truth_write(const dn_segment_result *result, const char *path);

#endif
