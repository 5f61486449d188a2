/* The bridge between voxels and tensors; nothing else in the program knows both layouts.
 * Voxels: x (i) fastest, in volumes and in posteriors (infer/posteriors.h). Tensors: [1, D, H, W, C] with D = i, H = j, W = k, channels
 * fastest. */
#ifndef DN_INFER_BRIDGE_H
#define DN_INFER_BRIDGE_H

#include "image/volume.h"
#include "infer/posteriors.h"

/* The part of volume from voxel start (may be negative) with the given dims into tensor [1, dim0, dim1, dim2, 1];
 * voxels outside the volume become fill. */
void dn_bridge_to_tensor(const dn_volume *volume, const int64_t start[3], const int64_t dim[3], float fill, float *tensor);

/* A part of tensor [1, dim0, dim1, dim2, box->channels], from voxel from with size part, into box, where it is placed at to. */
void dn_bridge_from_tensor(const float *tensor, const int64_t dim[3], const int64_t from[3], const int64_t part[3], dn_posteriors *box,
                           const int64_t to[3]);

/* The whole tensor becomes box, whose start stays; in its own memory where the first and the last dim are equal, else in new memory.
 * tensor: of malloc; it is the box's from here on, or freed, on failure too. DN_ENOMEM. */
DN_CHECKED dn_status dn_bridge_take(float *tensor, const int64_t dim[3], int64_t channels, dn_posteriors *box);

/* The whole tensor, each voxel times the product of its three weights (weight[axis][place along it]), is added to box, where it is placed
 * at to; the products are added to weights, by voxel of the box. Where a weight is 0 before, the voxel's values are set: they need not be
 * there yet. mirror: NULL, or each channel's partner: then the tensor is of the mirror
 * image (i runs backwards), and gives its partner's value to each channel. */
void dn_bridge_blend(const float *tensor, const int64_t dim[3], const float *const weight[3], const int64_t *mirror, dn_posteriors *box,
                     const int64_t to[3], float *weights);

/* A part as above into tensor [to_dim0, to_dim1, to_dim2, channels], placed at to. */
void dn_bridge_copy(const float *tensor, const int64_t dim[3], int64_t channels, const int64_t from[3], const int64_t part[3], float *out,
                    const int64_t to_dim[3], const int64_t to[3]);

/* The most probable channel of each voxel of the part becomes the label of the voxel of grid that lies at to; what lies outside grid is
 * left out. labels: of grid, i fastest. */
void dn_bridge_labels(const float *tensor, const int64_t dim[3], int64_t channels, const int64_t from[3], const int64_t part[3],
                      const dn_grid *grid, const int64_t to[3], uint8_t *labels);

/* Slices of a volume, which follow its first axis; rows its second, columns its third. */
typedef struct dn_slice_batch {
    int64_t first, batch;  /* slices first .. first + batch - 1 */
    int64_t rows, columns; /* of the tensor; not less than the volume's */
    int64_t channels;
} dn_slice_batch;

/* Tensor [batch, rows, columns, channels]: channel k of a slice is the slice (k - channels / 2) * step further on. Past the volume's end
 * its last slice again; voxels outside the volume become fill. */
void dn_bridge_slices(const dn_volume *volume, const dn_slice_batch *batch, int64_t step, float fill, float *tensor);

/* share times the values of tensor [batch, rows, columns, channels] is added to maps, one volume per channel; share times their squares to
 * squares, [channel][k][j][i] (NULL: not wanted). */
void dn_bridge_slices_add(const float *tensor, const dn_slice_batch *batch, float share, dn_volume *const *maps, float *squares);

#endif
