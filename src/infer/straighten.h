/* Scans whose voxel axes do not meet at right angles: a sheared sform, as an affine registration or a tilted gantry leaves it.
 *
 * All later steps work along the axes of a scan and need axes at right angles. Therefore such a scan is resampled once, by its whole
 * affine, onto the world's axes (or, if the scan lies obliquely in the world, the nearest square ones: the rotation of its polar
 * decomposition) in voxels of the distances of its planes, over the box that holds all of it; what is outside the scan is its darkest
 * value. Cubic, within the scan's own range. */
#ifndef DN_INFER_STRAIGHTEN_H
#define DN_INFER_STRAIGHTEN_H

#include "base/status.h"
#include "image/volume.h"

/* A scan whose axes differ from right angles by up to this many degrees is used unchanged: this is 1 mm over the 30 mm of a structure. */
#define DN_SKEW_SQUARE 2.0
/* Beyond this, the header is wrong and it is not a shear. */
#define DN_SKEW_MOST 60.0

/* Largest angle by which two axes miss the right angle, degrees. */
double dn_grid_skew(const dn_grid *grid);
/* scan: borrowed. *out: owned by the caller, on the square grid. DN_EGEOMETRY: singular, or skewed by more than DN_SKEW_MOST;
 * DN_ENOMEM. */
DN_CHECKED dn_status dn_volume_straighten(const dn_volume *scan, dn_volume **out);

#endif
