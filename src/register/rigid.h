/* Rigid motions and their logarithms: a motion is the exponential of a twist (three rotations in radians, three shifts in mm), so that the
 * mean of several motions favours none of them (Arsigny et al. 2006; Alexa 2002). */
#ifndef DN_REGISTER_RIGID_H
#define DN_REGISTER_RIGID_H

#include "image/volume.h"

#include <stddef.h>

typedef struct dn_twist {
    double turn[3];  /* axis times angle, radians */
    double shift[3]; /* mm; of the screw, not of the origin */
} dn_twist;

void dn_rigid_exp(const dn_twist *twist, dn_affine *out);
/* motion: rotation and translation only, turned by less than 180 degrees. */
void dn_rigid_log(const dn_affine *motion, dn_twist *out);
/* The inverse of a rotation and translation. out may be motion. */
void dn_rigid_invert(const dn_affine *motion, dn_affine *out);
/* The motion R for which the logarithms of motions[i] after R have the mean 0, so that R is the inverse of the motions' mean. The same for
 * any order of the motions up to rounding; the caller gives them in an order of its own. */
void dn_rigid_centre(const dn_affine *motions, size_t count, dn_affine *out);
/* The rotation next to the affine's own axes (by Gram-Schmidt in the order of the columns), and its translation. */
void dn_rigid_of(const dn_affine *affine, dn_affine *out);

#endif
