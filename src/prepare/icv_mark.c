/* The steps of the marking: thresholds, one piece, the cut at the neck, smoothing, and the rim of fluid (Vernikouskaya et al. 2025). */
#include "prepare/icv_mark.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/components.h"
#include "image/filter.h"
#include "image/morphology.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The seed may lie in a ventricle or between lobes: the piece is the largest that comes this near to it, mm. */
#define SEED_REACH_MM 25.0

static double or_default(double value, double preset)
{
    return value > 0.0 ? value : preset;
}

static void place_of(const dn_grid *grid, int64_t v, double xyz[3])
{
    const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                           (double)(v / grid->dim[0] / grid->dim[1])};
    dn_affine_apply(&grid->affine, ijk, xyz);
}

/* Leaves the largest component that comes near the seed. */
static dn_status keep_at_seed(uint8_t *mask, const dn_grid *grid, const double seed[3])
{
    dn_components parts;
    const int64_t count = dn_grid_count(grid);
    int32_t best = 0; /* components are sorted by size: the smallest number is the largest */
    DN_TRY(dn_components_find(mask, grid->dim, 6, &parts));
    for (int64_t v = 0; v < count; ++v) {
        const int32_t c = parts.label[v];
        if (c == 0 || (best != 0 && c >= best)) {
            continue;
        }
        double p[3], d = 0.0;
        place_of(grid, v, p);
        for (int r = 0; r < 3; ++r) {
            d += (p[r] - seed[r]) * (p[r] - seed[r]);
        }
        best = d <= SEED_REACH_MM * SEED_REACH_MM ? c : best;
    }
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = best != 0 && parts.label[v] == best;
    }
    dn_components_release(&parts);
    if (best == 0) {
        DN_FAIL(DN_EDATA, "no tissue between the two thresholds lies within %.0f mm of the middle of the brain; choose other thresholds",
                SEED_REACH_MM);
    }
    return DN_OK;
}

/* Height of a voxel above the seed. */
static double height(const dn_grid *grid, int64_t v, const double seed[3], const double up[3])
{
    double p[3];
    place_of(grid, v, p);
    return (p[0] - seed[0]) * up[0] + (p[1] - seed[1]) * up[1] + (p[2] - seed[2]) * up[2];
}

/* Sections a millimetre thick from the seed downwards, 20 mm below it and on; below the first small one all is cleared. */
static dn_status cut_below(uint8_t *mask, const dn_grid *grid, const double seed[3], const double up[3], double opening_cm2, double *cut)
{
    enum { SECTIONS = 300, FIRST = 20 };
    double area[SECTIONS] = {0};
    const int64_t count = dn_grid_count(grid);
    const double voxel = dn_grid_voxel_volume(grid);
    *cut = -INFINITY;
    for (int64_t v = 0; v < count; ++v) {
        if (mask[v]) {
            const double h = -height(grid, v, seed, up);
            if (h >= 0.0 && h < SECTIONS) {
                area[(int)h] += voxel;
            }
        }
    }
    for (int s = FIRST; s + 2 < SECTIONS; ++s) {
        /* Over three sections: voxels may be thicker than one. */
        if ((area[s] + area[s + 1] + area[s + 2]) / 3.0 < 100.0 * opening_cm2) {
            const double rest = area[s] + area[s + 1] + area[s + 2];
            if (rest > 0.0) {
                *cut = -(double)s;
            }
            break;
        }
    }
    for (int64_t v = 0; v < count && isfinite(*cut); ++v) {
        mask[v] = mask[v] && height(grid, v, seed, up) >= *cut;
    }
    return DN_OK;
}

static dn_status smooth(uint8_t *mask, const dn_grid *grid, double sigma)
{
    dn_volume *soft = NULL;
    const int64_t count = dn_grid_count(grid);
    DN_TRY(dn_volume_create(grid, &soft));
    for (int64_t v = 0; v < count; ++v) {
        soft->data[v] = mask[v];
    }
    dn_status status = dn_filter_gaussian(soft, (const double[3]){sigma, sigma, sigma});
    for (int64_t v = 0; v < count && status == DN_OK; ++v) {
        mask[v] = soft->data[v] >= 0.5f;
    }
    dn_volume_destroy(soft);
    return status;
}

static bool reaches_edge(const uint8_t *mask, const dn_grid *grid, const double seed[3], const double up[3], double cut)
{
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        const int64_t ijk[3] = {v % grid->dim[0], v / grid->dim[0] % grid->dim[1], v / grid->dim[0] / grid->dim[1]};
        bool edge = false;
        for (int c = 0; c < 3; ++c) {
            edge = edge || ijk[c] == 0 || ijk[c] == grid->dim[c] - 1;
        }
        if (edge && mask[v] && !(isfinite(cut) && height(grid, v, seed, up) < cut + 3.0)) {
            return true;
        }
    }
    return false;
}

/* The mask within the thresholds, grown from `core` by at most reach mm. */
static dn_status grow_back(uint8_t *core, const uint8_t *between, const dn_grid *grid, double reach)
{
    double spacing[3];
    dn_grid_spacing(grid, spacing);
    DN_TRY(dn_mask_dilate_ball(core, grid->dim, spacing, reach));
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        core[v] = core[v] && between[v];
    }
    return DN_OK;
}

/* Fluid between the brain's hull and the bone: dark, but not as dark as bone. Grows a voxel at a time, so that bone stops it. */
static dn_status add_rim(uint8_t *mask, const dn_volume *scan, const dn_icv_mark_options *options)
{
    uint8_t *wide = NULL;
    dn_status status = DN_OK;
    const int64_t count = dn_grid_count(&scan->grid);
    const int steps = (int)ceil(or_default(options->rim_mm, 4.0) / cbrt(dn_grid_voxel_volume(&scan->grid)));
    if (!(options->fluid > 0.0)) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&wide, (size_t)count, 1, "the marking"));
    for (int step = 0; step < steps && status == DN_OK; ++step) {
        memcpy(wide, mask, (size_t)count);
        status = dn_mask_dilate(wide, scan->grid.dim, 18, 1);
        for (int64_t v = 0; v < count && status == DN_OK; ++v) {
            const double value = (double)scan->data[v];
            mask[v] = mask[v] || (wide[v] && value >= options->fluid && value <= options->high);
        }
    }
    free(wide);
    return status;
}

dn_status dn_icv_mark_make(const dn_volume *scan, const dn_icv_mark_options *options, dn_icv_mark *out)
{
    dn_status status = DN_OK;
    uint8_t *between = NULL, *mask = NULL;
    const dn_grid *grid = &scan->grid;
    const int64_t count = dn_grid_count(grid);
    const double bridge = or_default(options->bridge_mm, 3.0), closing = or_default(options->close_mm, 8.0);
    double spacing[3], up[3] = {options->up[0], options->up[1], options->up[2]};
    memset(out, 0, sizeof *out);
    if (!(options->low < options->high)) {
        DN_FAIL(DN_EUSAGE, "the lower threshold (%g) must be below the upper threshold (%g)", options->low, options->high);
    }
    if (up[0] == 0.0 && up[1] == 0.0 && up[2] == 0.0) {
        up[2] = 1.0;
    }
    dn_grid_spacing(grid, spacing);
    DN_TRY_GOTO(status, dn_alloc(&between, (size_t)count, 1, "the marking"), done);
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)count, 1, "the marking"), done);
    for (int64_t v = 0; v < count; ++v) {
        between[v] = (double)scan->data[v] >= options->low && (double)scan->data[v] <= options->high;
    }
    memcpy(mask, between, (size_t)count);
    DN_TRY_GOTO(status, dn_mask_erode_ball(mask, grid->dim, spacing, bridge), done);
    DN_TRY_GOTO(status, keep_at_seed(mask, grid, options->seed), done);
    /* A voxel further than it was eroded: noise makes surfaces ragged, and erosion takes the raggedness as depth. */
    DN_TRY_GOTO(status, grow_back(mask, between, grid, bridge + cbrt(dn_grid_voxel_volume(grid))), done);
    DN_TRY_GOTO(status, dn_cancel_check(), done);
    DN_TRY_GOTO(status, dn_mask_close_ball(mask, grid->dim, spacing, closing), done);
    DN_TRY_GOTO(status, dn_mask_fill_holes(mask, grid->dim), done);
    DN_TRY_GOTO(status, add_rim(mask, scan, options), done);
    DN_TRY_GOTO(status, cut_below(mask, grid, options->seed, up, or_default(options->opening_cm2, 12.0), &out->cut_mm), done);
    DN_TRY_GOTO(status, smooth(mask, grid, or_default(options->smooth_mm, 1.0)), done);
    DN_TRY_GOTO(status, keep_at_seed(mask, grid, options->seed), done);
    DN_TRY_GOTO(status, dn_labels_create(grid, &out->mask), done);
    for (int64_t v = 0; v < count; ++v) {
        out->mask->data[v] = mask[v];
    }
    out->volume_mm3 = dn_grid_voxel_volume(grid) * (double)dn_mask_count(mask, grid->dim);
    out->touches_edge = reaches_edge(mask, grid, options->seed, up, out->cut_mm);
done:
    free(between);
    free(mask);
    return status;
}

void dn_icv_mark_release(dn_icv_mark *mark)
{
    dn_labels_destroy(mark->mask);
    mark->mask = NULL;
}
