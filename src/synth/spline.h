/* Uniform cubic B-splines, for displacement and bias fields. */
#ifndef DN_SYNTH_SPLINE_H
#define DN_SYNTH_SPLINE_H

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

static inline int64_t dn_spline_points(int64_t n, double voxels_between)
{
    return (int64_t)floor((double)(n - 1) / voxels_between) + 4;
}

#endif
