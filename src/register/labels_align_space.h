/* Where label maps lie in their mean space (register/labels_align.h), and their values between voxels. */
#ifndef DN_REGISTER_LABELS_ALIGN_SPACE_H
#define DN_REGISTER_LABELS_ALIGN_SPACE_H

#include "register/labels_align.h"

/* The labels of the eight voxels around a point of the map's voxel space, and their linear weights; 0 outside the map. */
void dn_labels_corners(const dn_labels *map, const double voxel[3], uint16_t label[8], double weight[8]);

/* The box in mean space, mm, around what is inside the skull of all maps by their affines, of which every so-manieth voxel is looked at.
 * Without any such voxel low is above high. DN_EGEOMETRY. */
DN_CHECKED dn_status dn_align_extent(const dn_labels *const *maps, const dn_alignment *alignments, size_t count, const dn_tissues *tissues,
                                     int64_t every, double low[3], double high[3]);

#endif
