/* Exact Euclidean distances on anisotropic grids (lower envelope of parabolas: Felzenszwalb and Huttenlocher, Theory of
 * Computing 2012), O(voxels). */
#ifndef DN_IMAGE_DISTANCE_H
#define DN_IMAGE_DISTANCE_H

#include "base/status.h"

#include <stdint.h>

/* out[v]: mm from voxel v's centre to the centre of the nearest voxel where mask is not 0 (0 there); INFINITY everywhere
 * when the mask is empty. spacing: mm, each > 0 (DN_EGEOMETRY). out: the caller's, dim's voxel count. */
DN_CHECKED dn_status dn_distance_to(const uint8_t *mask, const int64_t dim[3], const double spacing[3], float *out);

/* Signed distance to the boundary: negative inside, positive outside; magnitude is the distance to the nearest voxel of
 * the other kind, so that no voxel is 0. Empty mask: +INFINITY; full mask: -INFINITY. */
DN_CHECKED dn_status dn_distance_signed(const uint8_t *mask, const int64_t dim[3], const double spacing[3], float *out);

#endif
