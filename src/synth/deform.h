/* Random smooth changes of shape: an affine and a cubic B-spline displacement field.
 *
 * A deform maps the voxels of a target grid to world points of a source image:
 *     x = f(c + A (T(i, j, k) - t) + u(i, j, k))
 * with T the target's affine, t the middle of the target grid, c the point of the source that comes to lie there, A
 * rotation, scaling, shear and (perhaps) a mirror in x, u the displacement in mm, and f a cleft that opens or closes (cleft.h).
 * The spline's coefficients are held below 0.4 control spacings, where such a field cannot fold (Choi and Lee 2000:
 * 1 / 2.48), so a label map keeps its topology.
 * Not parallel inside: the caller runs one sample per thread. */
#ifndef DN_SYNTH_DEFORM_H
#define DN_SYNTH_DEFORM_H

#include "base/random.h"
#include "image/volume.h"
#include "synth/cleft.h"

#include <stdbool.h>

typedef struct dn_deform_options {
    double rotation_degrees;   /* each angle uniform in +-this */
    double scaling;            /* each factor uniform in 1 +- this */
    double shear;              /* each uniform in +-this */
    double translation_mm;     /* each uniform in +-this */
    double displacement_mm;    /* largest standard deviation of the spline's coefficients; a sample's is uniform below it */
    double control_mm;         /* distance of the spline's control points; 0: no displacement */
    double mirror_probability; /* left-right flip */
    /* The third axis of the target is a stack's: rotation about it only, scaling, shear, translation and displacement across it only.
     * tilt_degrees and slip_mm then say how far the plane itself may turn and move, uniform in +-. */
    bool flat;
    double tilt_degrees, slip_mm;
    /* Each wall of a cleft of the source (which the caller describes) moves outward by up to this, or inward by up to this as far as the
     * cleft is wide; 0: not at all, and nothing is drawn for it. */
    double cleft_mm;
    double cleft_pressed; /* share of samples whose movement presses what is beside it (dn_cleft_pressed_source); 0: nothing is drawn */
    double sides_change;  /* of the volume of what lies on the cleft's sides, uniform in +-, each side a quarter of it apart; 0: likewise */
    dn_cleft cleft;
} dn_deform_options;

typedef struct dn_deform dn_deform;

/* target: copied. centre: world point of the source for the target's middle. *out: owned by the caller. */
DN_CHECKED dn_status dn_deform_random(const dn_grid *target, const double centre[3], const dn_deform_options *options, dn_random *random,
                                      dn_deform **out);
void dn_deform_destroy(dn_deform *deform);
bool dn_deform_mirrors(const dn_deform *deform);
/* World point of the source for a voxel of the target. */
void dn_deform_point(const dn_deform *deform, const int64_t ijk[3], double xyz[3]);

/* out: nearest labels on the target grid, 0 outside the source. Mirrored deforms swap sides through swap (65536
 * entries, label -> label of the other side), NULL: labels have no side. *out: owned by the caller. */
DN_CHECKED dn_status dn_deform_labels(const dn_labels *source, const dn_deform *deform, const uint16_t *swap, dn_labels **out);
/* Several values per voxel of grid, [k][j][i][channel], linear and 0 outside, into out, [k][j][i][channel] on the target; the caller's. */
DN_CHECKED dn_status dn_deform_channels(const dn_grid *grid, const float *values, int64_t channels, const dn_deform *deform, float *out);
/* Linear, fill outside. *out: owned by the caller. */
DN_CHECKED dn_status dn_deform_volume(const dn_volume *source, const dn_deform *deform, float fill, dn_volume **out);

#endif
