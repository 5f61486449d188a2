/* Scans of one head on one lattice brought to one resolution: that of the least sharp along each direction.
 *
 * How much blurrier a scan is than the others along each of its own axes (a slice is thick along one of them, however the head lies in the
 * scanner) is a variance (mm2): to first order, a blurred picture is the picture plus half the variance times its second derivative along
 * the axis, so three numbers per scan follow by least squares from the deep brain, where the scans differ in nothing else than noise. The
 * missing variance is then added by a Gaussian, and what is left is found again, three times.
 *
 * Sharpening the others instead would amplify their noise. Thick slices move the borders of small structures by more than disease does:
 * this is most of the difference between scanners (docs/evidence/longitudinal.md). */
#ifndef DN_REGISTER_BLUR_MATCH_H
#define DN_REGISTER_BLUR_MATCH_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>
#include <stddef.h>

/* A covariance, mm2: xx, yy, zz, xy, xz, yz. */
typedef struct dn_blur {
    double v[6];
} dn_blur;

/* The axes of a scan's voxels in the lattice that it was brought to: unit vectors. */
typedef struct dn_blur_axes {
    double unit[3][3];
} dn_blur_axes;

/* pictures: count >= 2 of them, changed in place; one lattice of isotropic voxels along the head's axes, origin in the hypothalamus,
 * intensities alike (register/alike.h). axes: [count]; NULL: those of the lattice. added: [count], what was added to each. DN_EDATA: the
 * lattice does not hold the deep brain, or shows no structure there; DN_ENOMEM. */
DN_CHECKED dn_status dn_blur_match(dn_volume *const *pictures, size_t count, const dn_blur_axes *axes, dn_blur *added);
/* *sd: the largest of a covariance along any direction, mm. DN_ENOMEM. */
DN_CHECKED dn_status dn_blur_largest(const dn_blur *blur, double *sd);
/* Whether some are sharper than others along one axis of the lattice and less sharp along another one: their slices are thick along
 * different directions. *pair: two of them. */
bool dn_blur_crosses(const dn_blur *added, size_t count, size_t pair[2]);
/* Adds a covariance (not negative) to a picture of isotropic voxels: a filter of three places along each eigenvector, as often as needed.
 * The places are on neighbouring planes of voxels, so that the blur is near where it belongs. (Selling's decomposition needs lattice
 * directions only, but for slices that lie askew they are many voxels long.) DN_ENOMEM. */
DN_CHECKED dn_status dn_blur_add(dn_volume *picture, const dn_blur *blur);

#endif
