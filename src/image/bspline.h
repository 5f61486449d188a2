/* Interpolation by cubic B-splines that go through the voxels (Unser, Aldroubi and Eden 1993): less blur and less ringing than linear or
 * Catmull-Rom interpolation. The image is continued past its edge as a mirror image about the outermost voxel centres. */
#ifndef DN_IMAGE_BSPLINE_H
#define DN_IMAGE_BSPLINE_H

#include "base/status.h"
#include "image/volume.h"

/* Replaces the voxels by the spline's coefficients. */
DN_CHECKED dn_status dn_bspline_prefilter(dn_volume *volume);
/* The value at a place (voxels) that is inside the volume or within half a voxel of it. */
float dn_bspline_at(const float *coefficients, const int64_t dim[3], const double at[3]);
/* Onto another grid: a voxel of grid at world p takes the value at world move(p) of the coefficients' volume (move NULL: the same world).
 * Places more than half a voxel outside get fill. *out: owned by the caller. DN_EGEOMETRY, DN_ENOMEM. */
DN_CHECKED dn_status dn_bspline_resample(const dn_volume *coefficients, const dn_grid *grid, const dn_affine *move, float fill,
                                         dn_volume **out);

#endif
