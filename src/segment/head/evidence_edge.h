/* Where what is inside the skull ends too early: at nothing, or at the scan's faces. Internal to segment/head/. */
#ifndef DN_SEGMENT_HEAD_EVIDENCE_EDGE_H
#define DN_SEGMENT_HEAD_EVIDENCE_EDGE_H

#include "segment/head/whole_head.h"

/* A place, in voxels of the grid, lies in it. */
static inline bool dn_within(const dn_grid *grid, const double at[3])
{
    bool in = true;
    for (int c = 0; c < 3; ++c) {
        in = in && at[c] >= -0.5 && at[c] <= (double)grid->dim[c] - 0.5;
    }
    return in;
}

/* Fills picture.bare. picture.fluid and picture.grey are there. */
void dn_head_see_bare(const dn_volume *scan, dn_head *head);
/* Fills edge_mm3 of the parts and of the picture. */
DN_CHECKED dn_status dn_head_see_edges(dn_head *head);

#endif
