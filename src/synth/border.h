/* What scans show at the borders of structures, and label maps do not: fluid and grey matter that reach beyond their labels, and white
 * matter that is darker beside the ventricles. FreeSurfer's borders lie inside the middle between two intensities: on a real head (ecog)
 * the voxel just outside the label of a lateral ventricle is 36 % fluid, that outside a caudate 60 % grey. A network that learned from
 * pictures with borders in the middle draws ventricles too large on real scans. */
#ifndef DN_SYNTH_BORDER_H
#define DN_SYNTH_BORDER_H

#include "base/random.h"
#include "image/volume.h"
#include "register/tissues.h"

typedef struct dn_border_options {
    double share;           /* of each label's largest weight at borders (the table's column border), as a power from 0 to 1; 0: none */
    double rim_probability; /* of white matter that is darker beside the ventricles, in patches */
} dn_border_options;

/* Darkens white matter (tissue white_matter) within some millimetres of fluid inside the brain (tissue csf, region brain) by up to a third,
 * in patches. volume: on labels' grid. Nothing is drawn with rim_probability 0. DN_ENOMEM. */
DN_CHECKED dn_status dn_border_rim(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_border_options *options,
                                   dn_random *random);

/* Gaussian blur of sd_mm that makes partial volume. A voxel of a label with weight w counts w times, so that it shows beyond its border; w
 * is the label's weight to a power drawn for the picture from a quarter of share to all of it. With share 0 it is the plain blur and
 * nothing is drawn. DN_ENOMEM. */
DN_CHECKED dn_status dn_border_blur(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_border_options *options,
                                    double sd_mm, dn_random *random);

#endif
