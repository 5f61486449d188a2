/* Grids, scans and label maps in memory. Every image has its grid: shape and affine; spacing and orientation are
 * derived from the affine, never stored.
 *
 * Voxel order: x (i) fastest, as in NIfTI: offset = i + dim[0] * (j + dim[1] * k).
 * World: RAS+ millimetres: x to the right, y to the front, z up. affine maps (i, j, k, 1) to (x, y, z). */
#ifndef DN_IMAGE_VOLUME_H
#define DN_IMAGE_VOLUME_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dn_affine {
    double m[3][4]; /* rows x, y, z; columns i, j, k, translation; mm */
} dn_affine;

typedef struct dn_grid {
    int64_t dim[3]; /* voxels along i, j, k; each >= 1 */
    dn_affine affine;
} dn_grid;

/* A scan or any real-valued map. */
typedef struct dn_volume {
    dn_grid grid;
    float *data; /* owned, grid's voxel count */
} dn_volume;

/* A label map with FreeSurfer numbers; 0 is background. */
typedef struct dn_labels {
    dn_grid grid;
    uint16_t *data; /* owned, grid's voxel count */
} dn_labels;

int64_t dn_grid_count(const dn_grid *grid);
static inline int64_t dn_grid_offset(const dn_grid *grid, int64_t i, int64_t j, int64_t k)
{
    return i + grid->dim[0] * (j + grid->dim[1] * k);
}
/* Column lengths of the affine, mm. */
void dn_grid_spacing(const dn_grid *grid, double spacing[3]);
/* |determinant| of the affine's 3x3 part, mm3. */
double dn_grid_voxel_volume(const dn_grid *grid);
/* Same dims, affines equal within tolerance mm at the corners of the grid. */
bool dn_grid_equal(const dn_grid *a, const dn_grid *b, double tolerance);
void dn_affine_apply(const dn_affine *affine, const double ijk[3], double xyz[3]);
/* The smallest box along the axes that holds the image of a box: of its eight corners. low and high may be the box's own. */
void dn_affine_bounds(const dn_affine *affine, const double box_low[3], const double box_high[3], double low[3], double high[3]);
/* out = a after b (out(x) = a(b(x))). out may be a or b. */
void dn_affine_compose(const dn_affine *a, const dn_affine *b, dn_affine *out);
/* DN_EGEOMETRY when singular or not finite. */
DN_CHECKED dn_status dn_affine_invert(const dn_affine *affine, dn_affine *out);

/* Zeroed; owned by the caller (dn_volume_destroy). DN_EGEOMETRY for a dim < 1 or an overflow; DN_ENOMEM. */
DN_CHECKED dn_status dn_volume_create(const dn_grid *grid, dn_volume **out);
void dn_volume_destroy(dn_volume *volume);
DN_CHECKED dn_status dn_labels_create(const dn_grid *grid, dn_labels **out);
void dn_labels_destroy(dn_labels *labels);

#endif
