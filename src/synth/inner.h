/* What varies inside a structure: real thalami are brighter at one end than at the other, and no tissue is of one kind. */
#ifndef DN_SYNTH_INNER_H
#define DN_SYNTH_INNER_H

#include "base/random.h"
#include "image/volume.h"
#include "register/tissues.h"

typedef struct dn_inner_options {
    double gradient;   /* largest change along a random direction over a structure's radius (root mean square distance from its middle) */
    double texture;    /* largest SD of a smooth pattern, drawn for each tissue */
    double texture_mm; /* distance of the pattern's control points */
} dn_inner_options;

/* Adds to volume, painted from labels on the same grid, all of which the table names; changes are in shares of 255, and no voxel falls
 * below 0. Tissues draw how much and in which direction; the two sides of a structure are mirror images. With gradient and texture 0
 * nothing is changed and nothing drawn. DN_ENOMEM. */
DN_CHECKED dn_status dn_inner_paint(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_inner_options *options,
                                    dn_random *random);

#endif
