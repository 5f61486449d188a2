/* The bridge between voxels and tensors; nothing else in the program knows both layouts.
 * Voxels: x (i) fastest. Tensors: [1, D, H, W, C] with D = i, H = j, W = k, channels fastest. */
#ifndef DN_INFER_BRIDGE_H
#define DN_INFER_BRIDGE_H

#include "image/volume.h"

/* The part of volume from voxel start (may be negative) with the given dims into tensor [1, dim0, dim1, dim2, 1];
 * voxels outside the volume become fill. */
void dn_bridge_to_tensor(const dn_volume *volume, const int64_t start[3], const int64_t dim[3], float fill, float *tensor);

/* A part of tensor [1, dim0, dim1, dim2, channels], from voxel from with size part, into planar maps: channel c of voxel
 * (i, j, k) of the part goes to maps[c * stride + at(i, j, k)], where at is the voxel's offset in a box of dims to_dim into
 * which the part is placed at to. */
void dn_bridge_from_tensor(const float *tensor, const int64_t dim[3], int64_t channels, const int64_t from[3], const int64_t part[3],
                           float *maps, const int64_t to_dim[3], const int64_t to[3]);

#endif
