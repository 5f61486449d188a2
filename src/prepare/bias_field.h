/* The bias field of a mixture (prepare/mixture.h) as a sum of cosines, and scans corrected by it. */
#ifndef DN_PREPARE_BIAS_FIELD_H
#define DN_PREPARE_BIAS_FIELD_H

#include "prepare/mixture.h"

/* Which terms the field on grid's box has: half waves not shorter than wave_mm along an axis (0: none), and together not more than the
 * longest axis allows; coefficients 0. The first term is the constant. DN_EGEOMETRY: grid is singular. */
DN_CHECKED dn_status dn_bias_field_plan(const dn_grid *grid, double wave_mm, dn_bias_field *out);
/* Values of the terms at a place of the world, mm. */
void dn_bias_basis(const dn_bias_field *field, const double world[3], float *values);
/* The field itself (not its logarithm) on a grid that is parallel to the box's. *out: owned by the caller. */
DN_CHECKED dn_status dn_bias_field_draw(const dn_bias_field *field, const dn_grid *grid, dn_volume **out);
/* Divides a scan by the field, in place. DN_EGEOMETRY: its grid is turned against the box. */
DN_CHECKED dn_status dn_bias_field_remove(const dn_bias_field *field, dn_volume *volume);

/* Settings of a correction. */
typedef struct dn_bias_options {
    int classes;    /* of tissue; 0: 4 */
    double wave_mm; /* shortest half wave; 0: 60 */
    uint64_t seed;
} dn_bias_options;
/* Finds the field in the voxels of the mask (NULL: those with a signal, more than a tenth of the 98th percentile), through a copy of the
 * scan of 1.5 mm. *field: owned by nobody. Errors of dn_mixture_fit. */
DN_CHECKED dn_status dn_bias_find(const dn_volume *volume, const uint8_t *mask, const dn_bias_options *options, dn_bias_field *field);

#endif
