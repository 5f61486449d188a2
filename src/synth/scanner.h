/* Changes a real scan as if another scanner had made it: the head is the same, so that all changes in the measured volumes are the
 * variation of the method (the phantom study of the published thalamus method, simulated). */
#ifndef DN_SYNTH_SCANNER_H
#define DN_SYNTH_SCANNER_H

#include "image/volume.h"

#include <stdint.h>

typedef struct dn_scanner {
    double blur_mm;      /* sd of the point spread, 0..0.6 mm */
    double bias_sd;      /* sd of the log bias field's control points 60 mm apart, 0..0.3 */
    double thickness_mm; /* of slices across `axis`, 1..3 mm; no effect where the scan's own are thicker */
    int axis;            /* of the voxel grid */
    double power;        /* contrast: intensities (0..1) to this power, 0.75..1.33 */
    double noise_sd;     /* 0.005..0.04 of the intensity range */
    bool rician;
    uint64_t seed, number;
} dn_scanner;

/* Scanner `number` of the family `seed`: the same for every head. */
dn_scanner dn_scanner_draw(uint64_t seed, uint64_t number);
/* Changes volume in place; afterwards its intensities are clipped at the percentiles 0.5 and 99.5 and scaled to 0..1. The
 * noise is drawn from the scanner's and `scan`'s number, the bias field (a coil's) from the scanner's alone. */
DN_CHECKED dn_status dn_scanner_apply(const dn_scanner *scanner, uint64_t scan, dn_volume *volume);

#endif
