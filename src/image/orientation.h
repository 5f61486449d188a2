/* Axis orientation of a grid: which way each voxel axis runs, and exact re-orientation by permuting and flipping axes
 * (no interpolation: every voxel keeps its value and its world position).
 *
 * An orientation is written with three letters, one per voxel axis, for the direction in which its index grows: "RAS" means
 * i to the right, j to the front, k up. There are 48. */
#ifndef DN_IMAGE_ORIENTATION_H
#define DN_IMAGE_ORIENTATION_H

#include "base/status.h"
#include "image/volume.h"

typedef struct dn_orientation {
    int axis[3]; /* voxel axis c runs along world axis axis[c]: 0 = x (right-left), 1 = y (front-back), 2 = z (up-down) */
    int sign[3]; /* +1: towards R, A or S; -1: towards L, P or I */
} dn_orientation;

enum { DN_ORIENTATION_COUNT = 48 };
static const dn_orientation DN_ORIENTATION_RAS = {{0, 1, 2}, {1, 1, 1}};

/* The nearest orientation of an affine: the assignment of voxel axes to world axes with the largest sum of |cosines|
 * (so that an oblique affine never uses one world axis twice). Columns must not be zero. */
dn_orientation dn_orientation_of(const dn_affine *affine);
/* The index-th of the 48, 0..47; 0 is RAS. */
dn_orientation dn_orientation_at(int index);
/* From "RAS"; letters in either case. DN_EUSAGE for anything but three letters of three different axes. */
DN_CHECKED dn_status dn_orientation_parse(const char *code, dn_orientation *out);
bool dn_orientation_equal(const dn_orientation *a, const dn_orientation *b);

/* The grid whose nearest orientation is wanted and whose voxels lie exactly where grid's voxels lie. */
void dn_grid_reorient(const dn_grid *grid, const dn_orientation *wanted, dn_grid *out);
/* *out: owned by the caller. A copy when the orientation is already the wanted one. */
DN_CHECKED dn_status dn_volume_reorient(const dn_volume *volume, const dn_orientation *wanted, dn_volume **out);
DN_CHECKED dn_status dn_labels_reorient(const dn_labels *labels, const dn_orientation *wanted, dn_labels **out);

#endif
