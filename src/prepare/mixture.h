/* Intensities as a mixture of Gaussians under a smooth bias field, both found together by expectation maximisation (Wells et al. 1996;
 * Van Leemput et al. 1999; Puonti et al. 2016). It works on logarithms, where a field that multiplies the scan is a sum:
 *
 *     log(v + offset) = mean of the class + field(place) + noise of the class,   field = sum of c[t] cos(pi a x) cos(pi b y) cos(pi c z)
 *
 * No class has an intensity that is known before: whatever contrast a scan has, its classes are found in it. A class whose logarithms vary
 * much (noise in air) hardly counts for the field, because each voxel counts by the inverse of its class's variance. */
#ifndef DN_PREPARE_MIXTURE_H
#define DN_PREPARE_MIXTURE_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>

enum { DN_MIXTURE_MOST = 12, DN_BIAS_MOST = 84 };

/* The field's logarithm on the box of a grid. */
typedef struct dn_bias_field {
    int terms;
    int order[DN_BIAS_MOST][3]; /* half waves along i, j, k */
    double coefficient[DN_BIAS_MOST];
    dn_affine to_box; /* world mm to 0..1 along each axis of the box */
} dn_bias_field;

typedef struct dn_mixture {
    int classes;
    double share[DN_MIXTURE_MOST], mean[DN_MIXTURE_MOST], variance[DN_MIXTURE_MOST]; /* of the logarithms; means ascend */
    double offset;                                                                   /* intensity added before the logarithm */
    dn_bias_field field;
    int steps;
    double likelihood; /* mean log likelihood per voxel */
} dn_mixture;

typedef struct dn_mixture_options {
    int classes;       /* 2..DN_MIXTURE_MOST */
    double wave_mm;    /* shortest half wave of the field; 0: no field */
    uint64_t seed;     /* of the starting classes */
    int most_steps;    /* 0: 60 */
    double least_sd;   /* of a class, in logarithms: no class is narrower; 0: 0.005 */
    const char *doing; /* what progress is called; NULL: none is shown */
} dn_mixture_options;

/* Fits voxels of volume where mask is not 0 (NULL: all; at most a few hundred thousand of them, evenly chosen). DN_EDATA: too few voxels
 * or intensities for the classes. DN_EUSAGE: classes. */
DN_CHECKED dn_status dn_mixture_fit(const dn_volume *volume, const uint8_t *mask, const dn_mixture_options *options, dn_mixture *out);

/* Values of the field's cosines along one axis of a grid that is parallel to the box's grid. */
typedef struct dn_bias_axes {
    float *cosine[3]; /* owned; [dim][waves + 1] */
    int waves[3];
} dn_bias_axes;
/* DN_EGEOMETRY: grid is turned against the box. Release it also after a failure. */
DN_CHECKED dn_status dn_bias_axes_init(const dn_bias_field *field, const dn_grid *grid, dn_bias_axes *out);
void dn_bias_axes_release(dn_bias_axes *axes);
/* The field's logarithm along row (j, k) of that grid: to has dim[0] values. */
void dn_bias_row(const dn_bias_field *field, const dn_bias_axes *axes, int64_t dim0, int64_t j, int64_t k, float *to);

#endif
