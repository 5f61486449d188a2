/* Binary morphology on masks (one byte per voxel, 0: outside, any other value: inside; results are 0 and 1), in place.
 * Beyond the image is outside. */
#ifndef DN_IMAGE_MORPHOLOGY_H
#define DN_IMAGE_MORPHOLOGY_H

#include "base/status.h"

#include <stdint.h>

/* steps times with the neighbourhood 6, 18 or 26 (DN_EUSAGE otherwise). */
DN_CHECKED dn_status dn_mask_dilate(uint8_t *mask, const int64_t dim[3], int connectivity, int steps);

/* Grows by a voxel through faces, steps times (up to 254), into voxels where allowed is not 0. */
void dn_mask_grow_into(uint8_t *mask, const uint8_t *allowed, const int64_t dim[3], int steps);

/* With a ball of radius mm (centre to centre, <= radius), exact for anisotropic spacing (mm). */
DN_CHECKED dn_status dn_mask_dilate_ball(uint8_t *mask, const int64_t dim[3], const double spacing[3], double radius);
DN_CHECKED dn_status dn_mask_erode_ball(uint8_t *mask, const int64_t dim[3], const double spacing[3], double radius);
/* Dilation then erosion; the image is treated as continuing outside. */
DN_CHECKED dn_status dn_mask_close_ball(uint8_t *mask, const int64_t dim[3], const double spacing[3], double radius);

/* Fills cavities: background that is not joined to the image's border through faces. */
DN_CHECKED dn_status dn_mask_fill_holes(uint8_t *mask, const int64_t dim[3]);

#endif
