/* Scans of one head on one lattice brought to one resolution: that of the least sharp along each direction.
 *
 * How much blurrier a scan is than the others along each axis is a variance (mm2): to first order, a blurred picture is the picture plus
 * half the variance times its second derivative, so three numbers per scan follow by least squares from the deep brain, where the scans
 * differ in nothing else than noise. The missing variance is then added by a Gaussian, and what is left is found again, three times.
 *
 * Sharpening the others instead would amplify their noise. Thick slices move the borders of small structures by more than disease does:
 * this is most of the difference between scanners (docs/evidence/longitudinal.md). */
#ifndef DN_REGISTER_BLUR_MATCH_H
#define DN_REGISTER_BLUR_MATCH_H

#include "base/status.h"
#include "image/volume.h"

#include <stddef.h>

/* A covariance, mm2: xx, yy, zz, xy, xz, yz. dn_blur_match gives the first three. */
typedef struct dn_blur {
    double v[6];
} dn_blur;

/* pictures: count >= 2 of them, changed in place; one lattice of isotropic voxels along the head's axes, origin in the hypothalamus,
 * intensities alike (register/alike.h). added: [count], what was added to each. DN_EDATA: the lattice does not hold the deep brain, or
 * shows no structure there; DN_ENOMEM. */
DN_CHECKED dn_status dn_blur_match(dn_volume *const *pictures, size_t count, dn_blur *added);
/* Adds a covariance (not negative) to a picture of isotropic voxels, split into filters along lattice directions (Selling's decomposition;
 * Fehrenbach and Mirebeau 2014). */
DN_CHECKED dn_status dn_blur_add(dn_volume *picture, const dn_blur *blur);

#endif
