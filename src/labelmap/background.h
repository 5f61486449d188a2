/* What is brain in the scan of one hemisphere: background and packing removed by a mixture of Gaussians with a bias field
 * (prepare/mixture.h), on any contrast.
 *
 *  1. The mixture is fitted to a copy of 2 mm: `classes` intensities, which nobody has to know before.
 *  2. Which of them lie outside? The class that fills the edge of the scan does. The others are taken in the order in which they lie
 *     from there (fluid, the bag, then tissue): outside are the first n of them, so that what is left (its largest piece) has the volume of
 * a hemisphere. The prior of the volume is log-normal around 500 mL (SD of the logarithm 0.3).
 *  3. Each voxel of the scan gets its probability of being brain from the mixture, and from its six neighbours by a Markov random field
 *     (mean field). Bridges thinner than 2 mm are broken, the largest piece is kept, cavities are filled. */
#ifndef DN_LABELMAP_BACKGROUND_H
#define DN_LABELMAP_BACKGROUND_H

#include "image/volume.h"

#include <stdbool.h>

typedef struct dn_background_options {
    int classes;   /* 0: 5 */
    int outside;   /* how many of them are outside; 0: found by the volume */
    bool any_size; /* no limits of the volume: another species, a block of tissue */
    uint64_t seed;
} dn_background_options;

typedef struct dn_background {
    double volume_ml;
    int outside;    /* classes outside */
    double mean[2]; /* intensities: of the outside and of the brain */
} dn_background;

/* Above this, mL, it is no single hemisphere; below the other, no adult's. */
#define DN_HEMISPHERE_MOST_ML 850.0
#define DN_HEMISPHERE_LEAST_ML 200.0

/* *mask: 1 inside, on volume's grid; owned by the caller. DN_EUSAGE: classes, or as many of them outside as there are. DN_EDATA: what is
 * left is larger than a hemisphere (a whole head?), or nothing is. */
DN_CHECKED dn_status dn_background_find(const dn_volume *volume, const dn_background_options *options, dn_labels **mask,
                                        dn_background *out);

/* From file to file, with a picture beside it. out: may be NULL. */
DN_CHECKED dn_status dn_labelmap_background(const char *scan, const dn_background_options *options, const char *output, dn_background *out);

#endif
