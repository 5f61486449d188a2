/* A scan resampled as if the head had lain otherwise in the scanner. */
#ifndef DN_TURNED_SCAN_H
#define DN_TURNED_SCAN_H

#include "image/filter.h"
#include "image/resample.h"
#include "test.h"

#include <math.h>
#include <string.h>

#define TURN_RADIAN 0.017453292519943295

/* Turned world to the scan's world, about the middle of the scan. */
static inline void turn_about(const double angle[3], const double middle[3], dn_affine *out)
{
    const double cp = cos(TURN_RADIAN * angle[0]), sp = sin(TURN_RADIAN * angle[0]), cr = cos(TURN_RADIAN * angle[1]),
                 sr = sin(TURN_RADIAN * angle[1]);
    const double cy = cos(TURN_RADIAN * angle[2]), sy = sin(TURN_RADIAN * angle[2]);
    const double m[3][3] = {{cy * cr, cy * sr * sp - sy * cp, cy * sr * cp + sy * sp},
                            {sy * cr, sy * sr * sp + cy * cp, sy * sr * cp - cy * sp},
                            {-sr, cr * sp, cr * cp}};
    for (int r = 0; r < 3; ++r) {
        out->m[r][3] = middle[r];
        for (int c = 0; c < 3; ++c) {
            out->m[r][c] = m[r][c];
            out->m[r][3] -= m[r][c] * middle[c];
        }
    }
}

/* The scan as a scanner would have it with the head lying otherwise: its own spacing, nothing cut off. */
static inline dn_volume *turned_scan(const dn_volume *scan, const dn_affine *move)
{
    double spacing[3], middle[3], half[3], reach = 0.0;
    dn_grid grid;
    dn_volume *out = NULL;
    memset(&grid, 0, sizeof grid);
    dn_grid_spacing(&scan->grid, spacing);
    const double step = cbrt(spacing[0] * spacing[1] * spacing[2]);
    for (int c = 0; c < 3; ++c) {
        half[c] = 0.5 * (double)(scan->grid.dim[c] - 1);
        reach = fmax(reach, spacing[c] * (double)scan->grid.dim[c]);
    }
    dn_affine_apply(&scan->grid.affine, half, middle);
    for (int c = 0; c < 3; ++c) {
        grid.dim[c] = (int64_t)(1.15 * reach / step);
        grid.affine.m[c][c] = step;
        grid.affine.m[c][3] = middle[c] - 0.5 * step * (double)(grid.dim[c] - 1);
    }
    const dn_resample_options how = {.method = DN_RESAMPLE_CUBIC, .move = move};
    assert_ok(dn_resample_volume(scan, &grid, &how, &out));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        out->data[v] = fmaxf(out->data[v], 0.0f);
    }
    return out;
}

#endif
