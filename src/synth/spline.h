/* Uniform cubic B-splines, for displacement and bias fields; and smooth random fields of one value. */
#ifndef DN_SYNTH_SPLINE_H
#define DN_SYNTH_SPLINE_H

#include "base/random.h"
#include "base/status.h"
#include "image/volume.h"

#include <math.h>
#include <stdint.h>

/* Weights of the four control points around position u (in control spacings); returns the first one's index. A line of n
 * positions step control spacings apart needs dn_spline_points control points. */
static inline int64_t dn_spline_weights(double u, double w[4])
{
    double whole = floor(u);
    double t = u - whole;
    w[0] = (1.0 - t) * (1.0 - t) * (1.0 - t) / 6.0;
    w[1] = (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0;
    w[2] = (-3.0 * t * t * t + 3.0 * t * t + 3.0 * t + 1.0) / 6.0;
    w[3] = t * t * t / 6.0;
    return (int64_t)whole;
}

/* How many control points n voxels need along an axis. */
static inline int64_t dn_spline_points(int64_t n, double voxels_between)
{
    return (int64_t)floor((double)(n - 1) / voxels_between) + 4;
}

/* A smooth random field on a grid. Release with dn_smooth_field_release; safe on a zeroed one. */
typedef struct dn_smooth_field {
    double voxels[3]; /* between control points */
    int64_t control[3];
    double *values; /* owned; [control2][control1][control0] */
    double *row;    /* owned; those of the line that was taken last, summed */
} dn_smooth_field;

/* Control points control_mm apart, each normal with this sd. DN_ENOMEM, which names what. */
DN_CHECKED dn_status dn_smooth_field_draw(const dn_grid *grid, double control_mm, double sd, dn_random *random, const char *what,
                                          dn_smooth_field *out);
void dn_smooth_field_release(dn_smooth_field *field);
/* The field is separable: for one line (j, k) the 16 rows of control points around it are summed once, so that a voxel costs 4 terms. */
void dn_smooth_field_line(dn_smooth_field *field, int64_t j, int64_t k);
/* At voxel i of the line that was taken last. */
static inline double dn_smooth_field_at(const dn_smooth_field *field, int64_t i)
{
    double w[4];
    const double *c = field->row + dn_spline_weights((double)i / field->voxels[0], w);
    return w[0] * c[0] + w[1] * c[1] + w[2] * c[2] + w[3] * c[3];
}

#endif
