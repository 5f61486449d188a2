/* Painting a head's labels into a map that may hold others already. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_MAP_H
#define DN_SEGMENT_HEAD_MAP_H

#include "segment/head/whole_head.h"

typedef struct dn_head_tally {
    int64_t count[DN_CHANNEL_LIMIT];        /* voxels that got the label, by channel */
    double posterior_sum[DN_CHANNEL_LIMIT]; /* over these, of the label's own posterior */
} dn_head_tally;

/* Gives every voxel of labels that is 0 its most probable label, where that is one of the wanted channels (NULL: all).
 * labels: on any grid of the scan's world. tally: added to; NULL: not counted. */
DN_CHECKED dn_status dn_head_paint(const dn_head *head, const bool wanted[DN_CHANNEL_LIMIT], dn_labels *labels, dn_head_tally *tally);

#endif
