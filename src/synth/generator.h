/* A scan and its truth from a label map: shape, appearance, and which part of the head is in the picture. */
#ifndef DN_SYNTH_GENERATOR_H
#define DN_SYNTH_GENERATOR_H

#include "synth/appearance.h"
#include "synth/deform.h"

typedef struct dn_synth_options {
    dn_deform_options shape;
    dn_appearance_options appearance;
} dn_synth_options;

/* Shape and appearance on which the shipped networks were trained. */
dn_synth_options dn_synth_defaults(void);
/* The map as it stands, T1 contrast with each tissue at its prior mean: partial volume and a little noise, no artefacts. */
dn_synth_options dn_synth_plain(void);

/* map: a label map; target: grid of the sample; centre: world point of map for the target's middle.
 * *scan: intensities 0..1; *truth: labels as in map (side names right after a mirror; the truth stays whole where the
 * skull was stripped or the field of view ends). Both on target, owned by the caller. Same random state, same sample. */
DN_CHECKED dn_status dn_synth_sample(const dn_labels *map, const dn_tissues *tissues, const dn_grid *target, const double centre[3],
                                     const dn_synth_options *options, dn_random *random, dn_volume **scan, dn_labels **truth);

#endif
