/* Corrects labels of structures with two sides where they contradict anatomy: one piece per side, no cavity inside, and no left voxel that
 * touches a right voxel. Only labels change; volume_mm3, a sum of probabilities, does not. */
#ifndef DN_INFER_LABEL_TIDY_H
#define DN_INFER_LABEL_TIDY_H

#include "base/status.h"
#include "infer/structures.h"

#include <stdint.h>

/* channel: [k][j][i], i fastest, 0 background; changed in place. probability: of the voxel's whole group, as long.
 * Per group the largest piece (joined by faces) stays and its cavities get the channel of most of their neighbours. separate: of two
 * voxels of one structure's two sides that touch by a face, the less probable becomes background (both where they are equal). DN_ENOMEM. */
DN_CHECKED dn_status dn_label_tidy(uint8_t *channel, const float *probability, const int64_t dim[3], const dn_structures *structures,
                                   bool separate);

#endif
