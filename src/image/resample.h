/* Resampling onto another grid through one composed transform, so that values are interpolated once.
 *
 * A voxel of the new grid at world position p takes the source's value at world position move(p); move is the optional
 * extra affine from the new grid's world to the source's world (NULL: the same world). Outside the source, values are
 * `fill`; a position within half a voxel of the outermost voxel centres still belongs to the source (edge value). */
#ifndef DN_IMAGE_RESAMPLE_H
#define DN_IMAGE_RESAMPLE_H

#include "base/status.h"
#include "image/volume.h"

typedef enum {
    DN_RESAMPLE_LINEAR,
    DN_RESAMPLE_NEAREST,
    DN_RESAMPLE_CUBIC, /* Catmull-Rom (Keys 1981, a = -1/2); may overshoot */
} dn_resample_method;

typedef struct dn_resample_options {
    dn_resample_method method;
    const dn_affine *move; /* borrowed; NULL: identity */
    float fill;
    bool antialias; /* smooth the source first along axes on which the new grid is coarser: Gaussian whose variance is
                       the difference of the two grids' variances, FWHM = spacing */
} dn_resample_options;

/* options: NULL for linear, no move, fill 0, no smoothing. *out: owned by the caller, on *grid.
 * DN_EGEOMETRY when an affine is singular; DN_ENOMEM. */
DN_CHECKED dn_status dn_resample_volume(const dn_volume *source, const dn_grid *grid, const dn_resample_options *options, dn_volume **out);

/* Linear between the eight voxels around a place (voxels; dim[0] is fastest); outside, the nearest place of the edge. */
float dn_linear_at(const float *data, const int64_t dim[3], const double at[3]);

/* Each label's linear (trilinear) share of the new voxel; the largest wins, ties to the nearest voxel's label, then the smaller number.
 * Where the new grid is coarser the share is taken over the whole new voxel. Outside the source: 0. move as above. */
DN_CHECKED dn_status dn_resample_labels(const dn_labels *source, const dn_grid *grid, const dn_affine *move, dn_labels **out);

/* The same for a map in which every label but 0 is tissue: a voxel is background where more than half of it is, and else takes the label
 * with the largest share. In dn_resample_labels background wins already where it has more than each label alone, which moves the surface of
 * tissue inward wherever several labels meet at it. */
DN_CHECKED dn_status dn_resample_tissue(const dn_labels *source, const dn_grid *grid, const dn_affine *move, dn_labels **out);

/* A grid with the given spacing (mm) and grid's axis directions around the same centre; dims rounded up (by two hundredths of a voxel and
 * more), so that it covers grid. */
DN_CHECKED dn_status dn_grid_with_spacing(const dn_grid *grid, const double spacing[3], dn_grid *out);
/* The part of grid from voxel start (may be negative: padding) with the given dims. */
DN_CHECKED dn_status dn_grid_crop(const dn_grid *grid, const int64_t start[3], const int64_t dim[3], dn_grid *out);
/* Copies of the part; voxels outside the source are fill (0 for labels). *out: owned by the caller. */
DN_CHECKED dn_status dn_volume_crop(const dn_volume *volume, const int64_t start[3], const int64_t dim[3], float fill, dn_volume **out);
DN_CHECKED dn_status dn_labels_crop(const dn_labels *labels, const int64_t start[3], const int64_t dim[3], dn_labels **out);

#endif
