/* The appearance of a label map in a scanner: an intensity per label, then the effects of scanners and people on the picture.
 *
 * Each function changes a volume in place, draws from the caller's random stream and is not parallel inside. The same
 * functions degrade real scans. Intensities are on a scale of 0..1 after dn_appearance_normalise. */
#ifndef DN_SYNTH_APPEARANCE_H
#define DN_SYNTH_APPEARANCE_H

#include "base/random.h"
#include "image/volume.h"
#include "register/tissues.h"
#include "synth/border.h"
#include "synth/inner.h"

typedef struct dn_appearance_options {
    double free_contrast_probability; /* else the T1 priors of the tissue table */
    double prior_width;               /* multiplies the priors' spread between people; 1: as measured */
    double less_spread;       /* share of a tissue's own sd that is left out: the priors' hold the coil's unevenness, too; 0: none */
    dn_inner_options inner;   /* what varies inside a structure; generator only */
    double pulvinar;          /* share of the brightness of the thalami's sides and backs (synth/pulvinar.h); generator only */
    dn_border_options border; /* what borders show; generator only */
    double texture_mm;        /* largest sd of the blur that makes partial volume, mm */
    double bias_sd;           /* largest sd of the log bias field's control values */
    double bias_control_mm;   /* distance of its control points */
    double noise_sd;          /* largest sd of the noise, scale 0..1; half of the samples get Rician noise */
    double gamma_sd;          /* sd of log gamma */
    double blur_mm;           /* largest sd of an isotropic blur, mm */
    double thick_probability; /* of thick slices in a random direction */
    double thick_mm;          /* thickest slices */
    double ghost_probability;
    double ghost_strength;     /* largest amplitude */
    double strip_probability;  /* of a skull-stripped scan; generator only */
    double deface_probability; /* of a face cut away; generator only */
    double crop_probability;   /* of a field of view that ends inside the head */
} dn_appearance_options;

/* Gaussian mixture: every label's tissue gets a mean and an sd. *out: owned by the caller, on labels' grid. DN_EDATA: a label that the
 * table does not name. */
DN_CHECKED dn_status dn_appearance_paint(const dn_labels *labels, const dn_tissues *tissues, const dn_appearance_options *options,
                                         dn_random *random, dn_volume **out);
void dn_appearance_noise(dn_volume *volume, const dn_appearance_options *options, dn_random *random);
void dn_appearance_gamma(dn_volume *volume, const dn_appearance_options *options, dn_random *random);
/* Effects with their strength given: sd of the control values of a smooth log field that the volume is multiplied by; of the noise (rician:
 * magnitude of a complex signal); the power that values above 0 are raised to. */
DN_CHECKED dn_status dn_appearance_bias_field(dn_volume *volume, double sd, double control_mm, dn_random *random);
void dn_appearance_add_noise(dn_volume *volume, double sd, bool rician, dn_random *random);
void dn_appearance_power(dn_volume *volume, double power);
/* Averages over slices of thickness_mm along axis and reads them back linearly. */
DN_CHECKED dn_status dn_appearance_thick(dn_volume *volume, int axis, double thickness_mm);
/* Clips at the low and high percentile (0..100) and scales to 0..1; a constant volume becomes 0. */
DN_CHECKED dn_status dn_appearance_normalise(dn_volume *volume, double low, double high);

/* What scanner and subject do before anyone scales the picture: blur, bias, thick slices, ghost, crop. */
DN_CHECKED dn_status dn_appearance_acquire(dn_volume *volume, const dn_appearance_options *options, dn_random *random);

/* Everything that is done to a picture after painting, in the order of physics: blur, bias, thick slices, ghost, crop,
 * normalisation, gamma, noise, normalisation. For real scans too. */
DN_CHECKED dn_status dn_appearance_degrade(dn_volume *volume, const dn_appearance_options *options, dn_random *random);

#endif
