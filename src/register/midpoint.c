/* Brings scans of one head to the frame in their middle, from coarse to fine. */
#include "register/midpoint.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/bspline.h"
#include "image/filter.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "register/head_align.h"
#include "register/head_template.h"
#include "register/midpoint_step.h"
#include "register/rigid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lattice, smoothing before it, most rounds. */
typedef struct {
    double spacing, sigma;
    int rounds;
} level;
static const level levels[] = {{4.0, 2.5, 12}, {2.0, 1.2, 8}, {2.0, 0.7, 8}};
enum { LEVELS = sizeof levels / sizeof levels[0] };
/* A round that moves no scan further than this (mm, ARM from the middle) ends a level. */
#define STILL 0.002
#define ARM 50.0
/* Probability of brain of the average head, of 255; mm around it on the lattice. */
enum { BRAIN = 128 };
#define ROUND_ABOUT 12.0
/* Rounds of field and map per registration's round, and at the end. */
enum { ALIKE_ROUNDS = 3, ALIKE_LAST = 4 };
/* The lattice of the results, mm from the hypothalamus: no head reaches further. */
static const double reach[3][2] = {{-96, 96}, {-128, 108}, {-116, 112}};

/* One search. */
typedef struct {
    const dn_volume *const *scans;
    size_t count;
    dn_affine *start; /* as the aligned average head has them */
    dn_grid grid;     /* of the level */
    dn_volume **spline, **picture;
    uint8_t *mask;
    dn_head_template head;
    dn_midpoint *out;
} search;

/* ---- where the average head lies ---------------------------------------------------------------------------------- */

static dn_status align(const dn_volume *scan, dn_affine *motion, double *size)
{
    dn_volume *upright = NULL;
    dn_location location;
    dn_affine to_world;
    DN_TRY(dn_volume_reorient(scan, &DN_ORIENTATION_RAS, &upright));
    dn_status status = dn_head_align(upright, &location);
    dn_affine_compose(&upright->grid.affine, &location.to_volume, &to_world);
    dn_volume_destroy(upright);
    DN_TRY(status);
    if (!location.found) {
        DN_FAIL(DN_EDATA, "nothing like a head was found in the scan; check with a viewer that it shows one");
    }
    dn_rigid_of(&to_world, motion);
    *size = cbrt(location.scale[0] * location.scale[1] * location.scale[2]);
    return DN_OK;
}

static dn_status align_all(search *s)
{
    double sum = 0;
    for (size_t n = 0; n < s->count; ++n) {
        double size = 1;
        s->out->failed = n;
        DN_TRY(dn_cancel_check());
        DN_TRY(align(s->scans[n], &s->start[n], &size));
        sum += log(size);
    }
    s->out->size = exp(sum / (double)s->count);
    memcpy(s->out->to_scan, s->start, s->count * sizeof *s->start);
    return DN_OK;
}

/* ---- a level ------------------------------------------------------------------------------------------------------ */

static bool in_brain(const search *s, const double at[3])
{
    const dn_head_template *h = &s->head;
    int64_t v[3];
    for (int c = 0; c < 3; ++c) {
        v[c] = (int64_t)floor((at[c] / s->out->size - h->origin[c]) / h->spacing + 0.5);
        if (v[c] < 0 || v[c] >= h->dim[c]) {
            return false;
        }
    }
    return h->brain[v[0] + h->dim[0] * (v[1] + h->dim[1] * v[2])] >= BRAIN;
}

static void level_grid(search *s, double spacing)
{
    const dn_head_template *h = &s->head;
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {0, 0, 0};
    for (int64_t v = 0; v < h->dim[0] * h->dim[1] * h->dim[2]; ++v) {
        const int64_t at[3] = {v % h->dim[0], v / h->dim[0] % h->dim[1], v / h->dim[0] / h->dim[1]};
        for (int c = 0; c < 3 && h->brain[v] >= BRAIN; ++c) {
            low[c] = at[c] < low[c] ? at[c] : low[c];
            high[c] = at[c] > high[c] ? at[c] : high[c];
        }
    }
    memset(&s->grid, 0, sizeof s->grid);
    for (int c = 0; c < 3; ++c) {
        const double from = (h->origin[c] + h->spacing * (double)low[c]) * s->out->size - ROUND_ABOUT;
        const double to = (h->origin[c] + h->spacing * (double)high[c]) * s->out->size + ROUND_ABOUT;
        s->grid.dim[c] = (int64_t)ceil((to - from) / spacing) + 1;
        s->grid.affine.m[c][c] = spacing;
        s->grid.affine.m[c][3] = from;
    }
}

static void drop(dn_volume **volumes, size_t count)
{
    for (size_t n = 0; n < count; ++n) {
        dn_volume_destroy(volumes[n]);
        volumes[n] = NULL;
    }
}

/* A scan smoothed to sigma mm, of which its own voxels have some already, as spline coefficients. */
static dn_status make_spline(const dn_volume *scan, double sigma, dn_volume **out)
{
    double spacing[3];
    double more[3];
    dn_grid_spacing(&scan->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        more[c] = sqrt(fmax(0.0, sigma * sigma - 0.18 * spacing[c] * spacing[c]));
    }
    DN_TRY(dn_volume_create(&scan->grid, out));
    memcpy((*out)->data, scan->data, (size_t)dn_grid_count(&scan->grid) * sizeof *scan->data);
    DN_TRY(dn_filter_gaussian(*out, more));
    return dn_bspline_prefilter(*out);
}

/* All scans on the lattice, and the voxels of the brain that all of them show. */
static dn_status sample(search *s)
{
    enum { LEAST = 1000 };
    const int64_t voxels = dn_grid_count(&s->grid);
    int64_t shared = 0;
    drop(s->picture, s->count);
    for (size_t n = 0; n < s->count; ++n) {
        DN_TRY(dn_bspline_resample(s->spline[n], &s->grid, &s->out->to_scan[n], NAN, &s->picture[n]));
    }
    for (int64_t v = 0; v < voxels; ++v) {
        double at[3];
        const int64_t i = v % s->grid.dim[0], j = v / s->grid.dim[0] % s->grid.dim[1], k = v / s->grid.dim[0] / s->grid.dim[1];
        dn_affine_apply(&s->grid.affine, (const double[3]){(double)i, (double)j, (double)k}, at);
        s->mask[v] = in_brain(s, at);
        for (size_t n = 0; n < s->count; ++n) {
            float *value = &s->picture[n]->data[v];
            s->mask[v] = s->mask[v] && isfinite(*value);
            *value = isfinite(*value) ? *value : 0.0f;
        }
        shared += s->mask[v] != 0;
    }
    if (shared < LEAST) {
        DN_FAIL(DN_EDATA, "the scans do not show the same part of the brain");
    }
    return DN_OK;
}

static dn_status make_alike(search *s, int rounds)
{
    for (size_t n = 0; n < s->count; ++n) {
        dn_alike_release(&s->out->alike[n]);
    }
    DN_TRY(dn_alike_fit((const dn_volume *const *)s->picture, s->count, s->mask, rounds, s->out->alike, &s->out->failed));
    for (size_t n = 0; n < s->count; ++n) {
        dn_alike_apply(&s->out->alike[n], s->picture[n]);
    }
    return DN_OK;
}

static dn_status mean_picture(const search *s, dn_volume **out)
{
    DN_TRY(dn_volume_create(&s->grid, out));
    for (int64_t v = 0; v < dn_grid_count(&s->grid); ++v) {
        double sum = 0;
        for (size_t n = 0; n < s->count; ++n) {
            sum += (double)s->picture[n]->data[v];
        }
        (*out)->data[v] = (float)(sum / (double)s->count);
    }
    return DN_OK;
}

/* The frame goes back to the middle of where the aligned heads have it. */
static dn_status centre(search *s)
{
    dn_affine *moved = NULL;
    dn_affine back;
    DN_TRY(dn_alloc(&moved, s->count, sizeof *moved, "motions"));
    for (size_t n = 0; n < s->count; ++n) {
        dn_rigid_invert(&s->start[n], &moved[n]);
        dn_affine_compose(&moved[n], &s->out->to_scan[n], &moved[n]);
    }
    dn_rigid_centre(moved, s->count, &back);
    for (size_t n = 0; n < s->count; ++n) {
        dn_affine_compose(&s->out->to_scan[n], &back, &s->out->to_scan[n]);
    }
    free(moved);
    return DN_OK;
}

static double step_size(const dn_twist *t)
{
    double turn = 0;
    double shift = 0;
    for (int c = 0; c < 3; ++c) {
        turn += t->turn[c] * t->turn[c];
        shift += t->shift[c] * t->shift[c];
    }
    return ARM * sqrt(turn) + sqrt(shift);
}

static dn_status move_once(search *s, double *largest)
{
    dn_volume *mean = NULL;
    dn_status status;
    DN_TRY(dn_cancel_check());
    s->out->failed = s->count;
    DN_TRY(sample(s));
    DN_TRY(make_alike(s, ALIKE_ROUNDS));
    DN_TRY(mean_picture(s, &mean));
    *largest = 0;
    s->out->failed = s->count;
    for (size_t n = 0; n < s->count; ++n) {
        dn_twist twist;
        dn_affine step;
        s->out->failed = n;
        DN_TRY_GOTO(status, dn_midpoint_step(s->picture[n], mean, s->mask, &twist), done);
        dn_rigid_exp(&twist, &step);
        dn_affine_compose(&s->out->to_scan[n], &step, &s->out->to_scan[n]);
        *largest = fmax(*largest, step_size(&twist));
    }
    status = centre(s);
done:
    dn_volume_destroy(mean);
    return status;
}

static dn_status run_level(search *s, const level *l)
{
    level_grid(s, l->spacing);
    free(s->mask);
    s->mask = NULL;
    DN_TRY(dn_alloc(&s->mask, (size_t)dn_grid_count(&s->grid), 1, "a mask"));
    drop(s->spline, s->count);
    for (size_t n = 0; n < s->count; ++n) {
        DN_TRY(make_spline(s->scans[n], l->sigma, &s->spline[n]));
    }
    for (int round = 0; round < l->rounds; ++round) {
        DN_TRY(move_once(s, &s->out->last_step_mm));
        dn_log(DN_LOG_DEBUG, "midpoint: voxels of %g mm, round %d: a scan moved by %.4f mm", l->spacing, round + 1, s->out->last_step_mm);
        if (s->out->last_step_mm < STILL) {
            break;
        }
    }
    return DN_OK;
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

/* Each picture with the mean of the others. */
static void correlate(search *s, const dn_volume *mean)
{
    const double others = (double)(s->count - 1);
    for (size_t n = 0; n < s->count; ++n) {
        double sum[6] = {0};
        for (int64_t v = 0; v < dn_grid_count(&s->grid); ++v) {
            if (s->mask[v]) {
                const double a = (double)s->picture[n]->data[v];
                const double b = ((double)mean->data[v] * (double)s->count - a) / others;
                const double term[6] = {1, a, b, a * a, b * b, a * b};
                for (int i = 0; i < 6; ++i) {
                    sum[i] += term[i];
                }
            }
        }
        const double voxels = fmax(1.0, sum[0]); /* none: no correlation */
        const double cov = sum[5] - sum[1] * sum[2] / voxels;
        const double var = (sum[3] - sum[1] * sum[1] / voxels) * (sum[4] - sum[2] * sum[2] / voxels);
        s->out->correlation[n] = var > 0 ? cov / sqrt(var) : 0;
    }
}

static dn_status finish(search *s)
{
    dn_volume *mean = NULL;
    DN_TRY(sample(s));
    DN_TRY(make_alike(s, ALIKE_LAST));
    DN_TRY(mean_picture(s, &mean));
    correlate(s, mean);
    dn_volume_destroy(mean);
    return DN_OK;
}

static dn_status find(search *s)
{
    DN_TRY(dn_head_template_get(&s->head));
    DN_TRY(dn_alloc(&s->start, s->count, sizeof *s->start, "motions"));
    DN_TRY(dn_alloc(&s->spline, s->count, sizeof(dn_volume *), "scans"));
    DN_TRY(dn_alloc(&s->picture, s->count, sizeof(dn_volume *), "scans"));
    DN_TRY(align_all(s));
    for (int l = 0; l < (int)LEVELS; ++l) {
        DN_TRY(run_level(s, &levels[l]));
    }
    return finish(s);
}

dn_status dn_midpoint_find(const dn_volume *const *scans, size_t count, dn_midpoint *out)
{
    search s = {.scans = scans, .count = count, .out = out};
    memset(out, 0, sizeof *out);
    out->count = count;
    DN_TRY(dn_alloc(&out->to_scan, count, sizeof *out->to_scan, "motions"));
    DN_TRY(dn_alloc(&out->alike, count, sizeof *out->alike, "intensity maps"));
    DN_TRY(dn_alloc(&out->correlation, count, sizeof *out->correlation, "correlations"));
    dn_status status = find(&s);
    if (s.spline != NULL) {
        drop(s.spline, count);
    }
    if (s.picture != NULL) {
        drop(s.picture, count);
    }
    free((void *)s.spline);
    free((void *)s.picture);
    free(s.mask);
    free(s.start);
    return status;
}

void dn_midpoint_release(dn_midpoint *midpoint)
{
    for (size_t n = 0; n < midpoint->count && midpoint->alike != NULL; ++n) {
        dn_alike_release(&midpoint->alike[n]);
    }
    free(midpoint->to_scan);
    free(midpoint->alike);
    free(midpoint->correlation);
    memset(midpoint, 0, sizeof *midpoint);
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

void dn_midpoint_grid(const dn_midpoint *midpoint, const dn_volume *const *scans, dn_grid *out)
{
    double low[3] = {INFINITY, INFINITY, INFINITY};
    double high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (size_t n = 0; n < midpoint->count; ++n) {
        const int64_t *dim = scans[n]->grid.dim;
        const double last[3] = {(double)dim[0] - 0.5, (double)dim[1] - 0.5, (double)dim[2] - 0.5};
        dn_affine back;
        double from[3];
        double to[3];
        dn_rigid_invert(&midpoint->to_scan[n], &back);
        dn_affine_compose(&back, &scans[n]->grid.affine, &back);
        dn_affine_bounds(&back, (const double[3]){-0.5, -0.5, -0.5}, last, from, to);
        for (int c = 0; c < 3; ++c) {
            low[c] = fmin(low[c], from[c]);
            high[c] = fmax(high[c], to[c]);
        }
    }
    memset(out, 0, sizeof *out);
    for (int c = 0; c < 3; ++c) {
        const double from = floor(fmax(low[c], reach[c][0]));
        const double to = ceil(fmin(high[c], reach[c][1]));
        out->dim[c] = to - from < 8 ? 8 : (int64_t)(to - from);
        out->affine.m[c][c] = 1.0;
        out->affine.m[c][3] = from + 0.5;
    }
}

dn_status dn_midpoint_scan(const dn_midpoint *midpoint, const dn_volume *scan, size_t n, const dn_grid *grid, dn_volume **out)
{
    double spacing[3];
    double sigma[3];
    dn_volume *spline = NULL;
    dn_grid_spacing(&scan->grid, spacing);
    for (int c = 0; c < 3; ++c) { /* finer voxels are smoothed to those of the lattice: a full width at half maximum of a voxel */
        sigma[c] = spacing[c] < 0.95 ? sqrt(0.18 * (1.0 - spacing[c] * spacing[c])) : 0.0;
    }
    DN_TRY(dn_volume_create(&scan->grid, &spline));
    memcpy(spline->data, scan->data, (size_t)dn_grid_count(&scan->grid) * sizeof *scan->data);
    dn_status status = dn_filter_gaussian(spline, sigma);
    status = status == DN_OK ? dn_bspline_prefilter(spline) : status;
    status = status == DN_OK ? dn_bspline_resample(spline, grid, &midpoint->to_scan[n], 0.0f, out) : status;
    dn_volume_destroy(spline);
    if (status == DN_OK) {
        dn_alike_apply(&midpoint->alike[n], *out);
    }
    return status;
}
