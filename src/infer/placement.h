/* The same voxels with their axes in another order: where voxel (i, j, k) of one grid is stored in another's array. */
#ifndef DN_INFER_PLACEMENT_H
#define DN_INFER_PLACEMENT_H

#include "image/orientation.h"

typedef struct dn_placement {
    int64_t base, step[3];
} dn_placement;

/* Both grids hold the same voxels (dn_grid_reorient). */
static inline dn_placement dn_placement_of(const dn_grid *oriented, const dn_grid *scan)
{
    dn_orientation from = dn_orientation_of(&oriented->affine);
    dn_orientation to = dn_orientation_of(&scan->affine);
    const int64_t stride[3] = {1, scan->dim[0], scan->dim[0] * scan->dim[1]};
    dn_placement p = {0, {0, 0, 0}};
    for (int a = 0; a < 3; ++a) {
        for (int c = 0; c < 3; ++c) {
            if (to.axis[c] == from.axis[a]) {
                bool same = to.sign[c] == from.sign[a];
                p.step[a] = same ? stride[c] : -stride[c];
                p.base += same ? 0 : (scan->dim[c] - 1) * stride[c];
            }
        }
    }
    return p;
}

/* Place of voxel (i, j, k) in the tensor. */
static inline int64_t dn_placement_at(const dn_placement *p, int64_t i, int64_t j, int64_t k)
{
    return p->base + i * p->step[0] + j * p->step[1] + k * p->step[2];
}

#endif
