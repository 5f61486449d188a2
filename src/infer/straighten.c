/* Measures how far the axes of a grid are from right angles, and resamples onto the nearest square axes (polar decomposition: Higham
 * 1986). */
#include "infer/straighten.h"

#include "image/orientation.h"
#include "image/resample.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 30 };
#define DEGREES 57.29577951308232

double dn_grid_skew(const dn_grid *grid)
{
    double spacing[3];
    double most = 0.0;
    dn_grid_spacing(grid, spacing);
    for (int a = 0; a < 3; ++a) {
        for (int b = a + 1; b < 3; ++b) {
            double dot = 0.0;
            for (int r = 0; r < 3; ++r) {
                dot += grid->affine.m[r][a] * grid->affine.m[r][b];
            }
            most = fmax(most, asin(fmin(1.0, fabs(dot) / (spacing[a] * spacing[b]))) * DEGREES);
        }
    }
    return most;
}

/* The orthogonal matrix nearest to the axes' directions: Newton's iteration for the polar decomposition (Higham 1986). */
static dn_status nearest_rotation(const dn_grid *grid, const double spacing[3], dn_affine *out)
{
    memset(out, 0, sizeof *out);
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            out->m[r][c] = grid->affine.m[r][c] / spacing[c];
        }
    }
    for (int n = 0; n < ROUNDS; ++n) {
        dn_affine inverse;
        DN_TRY(dn_affine_invert(out, &inverse));
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) {
                inverse.m[r][c] = 0.5 * inverse.m[r][c];
            }
        }
        dn_affine before = *out;
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) {
                out->m[r][c] = 0.5 * before.m[r][c] + inverse.m[c][r];
            }
        }
    }
    return DN_OK;
}

/* The world's axes instead, where a shear alone can be what turns these from them: a registration or a tilted gantry leaves the head
 * upright in the world. Otherwise the slices were laid obliquely, along the head, and stay so. skew: degrees. */
static void prefer_world(const dn_grid *grid, double skew, dn_affine *axes)
{
    const dn_orientation o = dn_orientation_of(&grid->affine);
    dn_affine world = {{{0}}};
    double trace = 0.0;
    for (int c = 0; c < 3; ++c) {
        world.m[o.axis[c]][c] = (double)o.sign[c];
        trace += (double)o.sign[c] * axes->m[o.axis[c]][c];
    }
    const double turned = acos(fmin(1.0, fmax(-1.0, 0.5 * (trace - 1.0)))) * DEGREES;
    if (turned <= 0.5 * skew + DN_SKEW_SQUARE) {
        *axes = world;
    }
}

/* Distances of the lattice's planes: less than the voxels' lengths, and no detail is lost in voxels of these sides. */
static dn_status plane_distances(const dn_grid *grid, double out[3])
{
    dn_affine inverse;
    DN_TRY(dn_affine_invert(&grid->affine, &inverse));
    for (int c = 0; c < 3; ++c) {
        out[c] = 1.0 / sqrt(inverse.m[c][0] * inverse.m[c][0] + inverse.m[c][1] * inverse.m[c][1] + inverse.m[c][2] * inverse.m[c][2]);
    }
    return DN_OK;
}

static dn_status square_grid(const dn_grid *grid, dn_grid *out)
{
    dn_affine axes, to_axes, to_square;
    double spacing[3], low[3], high[3], last[3];
    const double first[3] = {-0.5, -0.5, -0.5};
    const double skew = dn_grid_skew(grid);
    if (!(skew <= DN_SKEW_MOST)) {
        DN_FAIL_OFFER(DN_EGEOMETRY, DN_REMEDY_TRUST_QFORM,
                      "the axes of the scan differ from right angles by %.0f degrees; no scanner does this, so its sform is wrong. Convert "
                      "the original files again",
                      skew);
    }
    dn_grid_spacing(grid, spacing);
    DN_TRY(nearest_rotation(grid, spacing, &axes));
    DN_TRY(plane_distances(grid, spacing));
    prefer_world(grid, skew, &axes);
    for (int c = 0; c < 3; ++c) {
        for (int r = 0; r < 3; ++r) {
            axes.m[r][c] *= spacing[c];
        }
        last[c] = (double)grid->dim[c] - 0.5;
    }
    /* In voxels of the square axes through the world's origin. */
    DN_TRY(dn_affine_invert(&axes, &to_axes));
    dn_affine_compose(&to_axes, &grid->affine, &to_square);
    dn_affine_bounds(&to_square, first, last, low, high);
    out->affine = axes;
    for (int c = 0; c < 3; ++c) {
        out->dim[c] = (int64_t)fmax(1.0, ceil(high[c] - low[c] - 0.02));
    }
    for (int r = 0; r < 3; ++r) {
        out->affine.m[r][3] = 0.0;
        for (int c = 0; c < 3; ++c) {
            double middle = 0.5 * (low[c] + high[c]);
            out->affine.m[r][3] += axes.m[r][c] * (middle - 0.5 * (double)(out->dim[c] - 1));
        }
    }
    return DN_OK;
}

dn_status dn_volume_straighten(const dn_volume *scan, dn_volume **out)
{
    dn_grid grid;
    float darkest = INFINITY;
    float brightest = -INFINITY;
    const int64_t count = dn_grid_count(&scan->grid);
    DN_TRY(square_grid(&scan->grid, &grid));
    for (int64_t v = 0; v < count; ++v) {
        darkest = fminf(darkest, scan->data[v]);
        brightest = fmaxf(brightest, scan->data[v]);
    }
    const dn_resample_options how = {.method = DN_RESAMPLE_CUBIC, .fill = darkest};
    DN_TRY(dn_resample_volume(scan, &grid, &how, out));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        (*out)->data[v] = fminf(fmaxf((*out)->data[v], darkest), brightest); /* cubic interpolation overshoots at edges */
    }
    return DN_OK;
}
