/* The inside of the skull, and whether there is a skull. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_ICV_H
#define DN_SEGMENT_HEAD_ICV_H

#include "segment/head/whole_head.h"

/* Share of a place (voxels of the oriented scan) that counts as above the foramen magnum, 0..1; the plane lies where the aligned
 * average head has it. */
float dn_head_above_neck(const dn_head *head, const double at[3]);

/* Fills stripped, skull_signal, icv_mm3 and icv_cut_mm3; where there is a skull, the pass's probability of lying inside it is
 * moved to where the scan shows its edge first (head/rim.h). scan: the one that the coarse pass was made from, scaled to 0..1;
 * start: of the pass's box in it. */
DN_CHECKED dn_status dn_head_measure_icv(dn_head *head, const dn_volume *scan, const int64_t start[3]);

#endif
