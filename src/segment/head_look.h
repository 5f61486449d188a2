/* Looking up the mixed posteriors of a head at a place of the scan. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_LOOK_H
#define DN_SEGMENT_HEAD_LOOK_H

#include "segment/whole_head.h"

/* The share that the fine look has at a place (voxels of the oriented scan): 1 inside its box, fading to 0 over the last millimetres
 * before its faces, 0 outside and without a fine look. */
float dn_head_fine_share(const dn_head *head, const double at[3]);

/* Posteriors of all channels at a place (voxels of the oriented scan), linear between the looks' voxels: values gets
 * head->structures.channels numbers. false: outside both looks (values untouched). *outside: certainly outside the head; then values
 * is untouched, too. */
bool dn_head_at(const dn_head *head, const double at[3], float *values, bool *outside);

/* The coarse look's alone. */
bool dn_head_coarse_at(const dn_head *head, const double at[3], float *values);

/* Place of a box voxel in the oriented scan. */
static inline void dn_head_look_place(const dn_head_look *look, int64_t i, int64_t j, int64_t k, double at[3])
{
    at[0] = look->scale[0] * (double)i + look->offset[0];
    at[1] = look->scale[1] * (double)j + look->offset[1];
    at[2] = look->scale[2] * (double)k + look->offset[2];
}

static inline int64_t dn_head_look_voxels(const dn_head_look *look)
{
    return look->grid.dim[0] * look->grid.dim[1] * look->grid.dim[2];
}

#endif
