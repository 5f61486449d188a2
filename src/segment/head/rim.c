/* Finds the points of the edge of the skull's inside, and moves them along their normals to where the scan has the edge. */
#include "segment/head/rim.h"

#include "base/memory.h"
#include "base/select.h"
#include "image/distance.h"
#include "image/filter.h"
#include "image/resample.h"
#include "image/volume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far the edge may move, mm; along a normal it is looked for in steps. */
#define REACH 5.0
#define STEP 0.5
enum { SAMPLES = 37 }; /* REACH and 4 mm more on both sides */
/* What a millimetre away from the network's edge costs; a millimetre of plain fluid or bone on the wrong side costs 1. */
#define PRIOR 0.15
/* Threshold between bone (0) and fluid (1). */
#define LEVEL 0.65f
/* A run of so many dark samples is bone: nothing beyond it is inside. */
enum { BONE_RUN = 4 };
/* Normals are those of the probability smoothed by this, and shifts are averaged over this, mm. */
#define NORMAL_MM 3.0
#define AVERAGE_MM 6.0
/* Weight of "no shift" beside each point's own. */
#define REST 0.15
/* Fluid this deep is no mixture with bone, mm. Above ROOF the skull is bone and no air or muscle: there its brightness is taken. */
#define DEEP 3.0f
#define ROOF_MM 10.0
/* Below, towards the neck, nothing is moved. */
#define FLOOR_MM (-45.0)
enum { LEAST_FLUID = 200, LEAST_EDGE = 500 };
/* Fluid and bone differ by at least this share of what is bright inside. */
#define CONTRAST 0.1f

typedef struct point {
    int64_t voxel;
    double at[3], normal[3]; /* voxels; a millimetre outwards, in voxels */
    double height;
    float darkest; /* beyond the edge; INFINITY: not known */
    float shift;
} point;

static float quantile(float *values, size_t count, double share)
{
    return dn_select(values, count, (size_t)((double)(count - 1) * share));
}

static int64_t offset(const int64_t dim[3], int64_t i, int64_t j, int64_t k)
{
    return (i * dim[1] + j) * dim[2] + k;
}

/* The arrays' last axis is the fastest; dn_linear_at's first is. */
static float sample(const float *data, const int64_t dim[3], const double at[3])
{
    return dn_linear_at(data, (const int64_t[3]){dim[2], dim[1], dim[0]}, (const double[3]){at[2], at[1], at[0]});
}

/* A volume of the arrays' order: their last axis is its first. */
static dn_status volume_of(const dn_rim_input *in, dn_volume **out)
{
    dn_grid grid = {.dim = {in->dim[2], in->dim[1], in->dim[0]}};
    for (int c = 0; c < 3; ++c) {
        grid.affine.m[c][c] = in->mm[2 - c];
    }
    return dn_volume_create(&grid, out);
}

static dn_status blur(dn_volume *volume, double mm)
{
    return dn_filter_gaussian(volume, (const double[3]){mm, mm, mm});
}

/* Gradient of the smoothed probability at a voxel, as a direction outwards, a millimetre long, in voxels. false: none. */
static bool normal_at(const dn_rim_input *in, const float *smooth, const int64_t at[3], double normal[3])
{
    double length = 0;
    for (int c = 0; c < 3; ++c) {
        int64_t low[3] = {at[0], at[1], at[2]}, high[3] = {at[0], at[1], at[2]};
        low[c] -= low[c] > 0;
        high[c] += high[c] + 1 < in->dim[c];
        double rise = (double)(smooth[offset(in->dim, high[0], high[1], high[2])] - smooth[offset(in->dim, low[0], low[1], low[2])]);
        normal[c] = -rise / ((double)(high[c] - low[c] > 0 ? high[c] - low[c] : 1) * in->mm[c]);
        length += normal[c] * normal[c];
    }
    length = sqrt(length);
    for (int c = 0; c < 3 && length > 1e-9; ++c) {
        normal[c] /= length * in->mm[c];
    }
    return length > 1e-9;
}

/* Voxels inside that touch the outside. */
static dn_status find_points(const dn_rim_input *in, const float *smooth, point **out, size_t *count)
{
    const int64_t *dim = in->dim;
    const int64_t step[3] = {dim[1] * dim[2], dim[2], 1};
    size_t room = 0, n = 0;
    for (int64_t v = 0; v < dim[0] * dim[1] * dim[2]; ++v) {
        room += in->inside[v] > 0.5f;
    }
    DN_TRY(dn_alloc(out, room > 0 ? room : 1, sizeof **out, "the edge of the skull's inside"));
    for (int64_t i = 1; i + 1 < dim[0]; ++i) {
        for (int64_t j = 1; j + 1 < dim[1]; ++j) {
            for (int64_t k = 1; k + 1 < dim[2]; ++k) {
                const int64_t at[3] = {i, j, k};
                int64_t v = offset(dim, i, j, k);
                bool edge = false;
                for (int c = 0; c < 3; ++c) {
                    edge = edge || in->inside[v - step[c]] <= 0.5f || in->inside[v + step[c]] <= 0.5f;
                }
                point *p = &(*out)[n];
                if (in->inside[v] > 0.5f && edge && normal_at(in, smooth, at, p->normal)) {
                    p->voxel = v;
                    p->height = in->up[3];
                    for (int c = 0; c < 3; ++c) {
                        p->at[c] = (double)at[c];
                        p->height += in->up[c] * p->at[c];
                    }
                    ++n;
                }
            }
        }
    }
    *count = n;
    return DN_OK;
}

/* Intensities along the normal, and where on it the network's own edge lies (mm from the point). */
static double look_along(const dn_rim_input *in, const point *p, float values[SAMPLES])
{
    const double start = -REACH - 4.0;
    double edge = 0;
    bool found = false;
    for (int n = 0; n < SAMPLES; ++n) {
        const double t = start + STEP * n;
        const double at[3] = {p->at[0] + t * p->normal[0], p->at[1] + t * p->normal[1], p->at[2] + t * p->normal[2]};
        values[n] = sample(in->scan, in->dim, at);
        if (!found && t >= -1.0 && sample(in->inside, in->dim, at) < 0.5f) {
            edge = t;
            found = true;
        }
    }
    return edge;
}

static void find_darkest(const dn_rim_input *in, point *p)
{
    float values[SAMPLES];
    double edge = look_along(in, p, values);
    p->darkest = INFINITY;
    for (int n = 0; n < SAMPLES; ++n) {
        double from_edge = -REACH - 4.0 + STEP * n - edge;
        if (from_edge > 0.5 && from_edge < REACH + 2.0 && values[n] < p->darkest) {
            p->darkest = values[n];
        }
    }
}

/* The shift after which most of what is bright lies inside and most of what is dark outside. */
static void find_shift(const dn_rim_input *in, float threshold, float half, point *p)
{
    float values[SAMPLES];
    double edge = look_along(in, p, values);
    double sum = 0, best = -INFINITY;
    bool bone = false;
    for (int n = 0; n < SAMPLES; ++n) {
        double from_edge = -REACH - 4.0 + STEP * n - edge;
        if (from_edge < -REACH) {
            continue;
        }
        if (!bone) { /* a run counts from its first sample, so it is looked for ahead */
            int dark;
            for (dark = 0; dark < BONE_RUN && n + dark < SAMPLES && values[n + dark] < threshold; ++dark) {
            }
            bone = dark == BONE_RUN;
        }
        float gain = fmaxf(-1.0f, fminf(1.0f, (values[n] - threshold) / half));
        sum += STEP * (double)(bone ? -fabsf(gain) : gain);
        double score = sum - PRIOR * from_edge * from_edge;
        if (from_edge <= REACH && score > best) {
            best = score;
            p->shift = (float)(from_edge + 0.5 * STEP);
        }
    }
}

/* Averages of the shifts around each voxel, in field. */
static dn_status spread(const dn_rim_input *in, const point *points, size_t count, float threshold, float *field)
{
    dn_volume *part[3] = {NULL};
    dn_status status = DN_OK;
    int64_t voxels = in->dim[0] * in->dim[1] * in->dim[2];
    for (int n = 0; n < 3; ++n) {
        DN_TRY_GOTO(status, volume_of(in, &part[n]), done);
    }
    for (size_t n = 0; n < count; ++n) {
        const point *p = &points[n];
        bool seen = p->darkest < threshold && p->height > FLOOR_MM;
        part[0]->data[p->voxel] = seen ? p->shift : 0.0f;
        part[1]->data[p->voxel] = seen ? 1.0f : 0.0f;
        part[2]->data[p->voxel] = 1.0f;
    }
    for (int n = 0; n < 3; ++n) {
        DN_TRY_GOTO(status, blur(part[n], AVERAGE_MM), done);
    }
    for (int64_t v = 0; v < voxels; ++v) {
        double weight = (double)part[1]->data[v] + REST * (double)part[2]->data[v];
        field[v] = weight > 1e-6 ? (float)((double)part[0]->data[v] / weight) : 0.0f;
    }
done:
    for (int n = 0; n < 3; ++n) {
        dn_volume_destroy(part[n]);
    }
    return status;
}

static void move(const dn_rim_input *in, const float *smooth, const float *field, const float *far_out, float *moved)
{
    const int64_t *dim = in->dim;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < dim[0]; ++i) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t k = 0; k < dim[2]; ++k) {
                const int64_t at[3] = {i, j, k};
                int64_t v = offset(dim, i, j, k);
                double normal[3];
                moved[v] = in->inside[v];
                if (far_out[v] <= (float)REACH + 3.0f && fabsf(field[v]) > 1e-3f && normal_at(in, smooth, at, normal)) {
                    double from[3];
                    for (int c = 0; c < 3; ++c) {
                        from[c] = (double)at[c] - (double)field[v] * normal[c];
                    }
                    moved[v] = sample(in->inside, dim, from);
                }
            }
        }
    }
}

/* Brightness of fluid, away from bone, and of what is bright inside. values: room for all voxels. false: too little fluid. */
static bool measure_fluid(const dn_rim_input *in, const float *depth, float *values, float *fluid, float *bright)
{
    int64_t voxels = in->dim[0] * in->dim[1] * in->dim[2];
    size_t wet = 0, all = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        if (in->fluid[v] > 0.5f && depth[v] < -DEEP) {
            values[wet++] = in->scan[v];
        }
    }
    if (wet < LEAST_FLUID) {
        return false;
    }
    *fluid = quantile(values, wet, 0.5);
    for (int64_t v = 0; v < voxels; ++v) {
        if (in->inside[v] > 0.5f) {
            values[all++] = in->scan[v];
        }
    }
    *bright = quantile(values, all, 0.9); /* the fluid is inside, so there is some */
    return true;
}

/* Brightness of bone at the roof of the skull. values: room for all points. false: too little of it, or not darker than fluid. */
static bool measure_bone(const point *points, size_t count, float bright, float *values, dn_rim *out)
{
    size_t roof = 0;
    for (size_t n = 0; n < count; ++n) {
        if (points[n].height > ROOF_MM && isfinite(points[n].darkest)) {
            values[roof++] = points[n].darkest;
        }
    }
    if (roof < LEAST_EDGE) {
        return false;
    }
    out->bone = quantile(values, roof, 0.5);
    return out->fluid - out->bone >= CONTRAST * bright;
}

dn_status dn_rim_fit(const dn_rim_input *in, float *moved, dn_rim *out)
{
    const int64_t reversed[3] = {in->dim[2], in->dim[1], in->dim[0]};
    const double turned[3] = {in->mm[2], in->mm[1], in->mm[0]};
    const size_t voxels = (size_t)(in->dim[0] * in->dim[1] * in->dim[2]);
    dn_volume *smooth = NULL;
    point *points = NULL;
    uint8_t *mask = NULL;
    float *depth = NULL, *values = NULL;
    size_t count = 0, seen = 0;
    float bright = 0;
    dn_status status;
    memset(out, 0, sizeof *out);
    memcpy(moved, in->inside, voxels * sizeof *moved);
    DN_TRY_GOTO(status, dn_alloc_dims(&mask, in->dim, 3, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&depth, in->dim, 3, sizeof *depth, "a distance map"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&values, in->dim, 3, sizeof *values, "intensities"), done);
    for (size_t v = 0; v < voxels; ++v) {
        mask[v] = in->inside[v] > 0.5f;
    }
    DN_TRY_GOTO(status, dn_distance_signed(mask, reversed, turned, depth), done);
    if (!measure_fluid(in, depth, values, &out->fluid, &bright)) {
        goto done;
    }
    DN_TRY_GOTO(status, volume_of(in, &smooth), done);
    memcpy(smooth->data, in->inside, voxels * sizeof(float));
    DN_TRY_GOTO(status, blur(smooth, NORMAL_MM), done);
    DN_TRY_GOTO(status, find_points(in, smooth->data, &points, &count), done);
#pragma omp parallel for schedule(static)
    for (size_t n = 0; n < count; ++n) {
        find_darkest(in, &points[n]);
    }
    if (!measure_bone(points, count, bright, values, out)) {
        goto done;
    }
    const float threshold = out->bone + LEVEL * (out->fluid - out->bone);
#pragma omp parallel for schedule(static)
    for (size_t n = 0; n < count; ++n) {
        find_shift(in, threshold, 0.5f * (out->fluid - out->bone), &points[n]);
    }
    DN_TRY_GOTO(status, spread(in, points, count, threshold, values), done);
    for (size_t n = 0; n < count; ++n) {
        seen += points[n].height > FLOOR_MM;
        out->dark += points[n].height > FLOOR_MM && points[n].darkest < threshold;
        out->shift_mm += points[n].height > FLOOR_MM ? (double)values[points[n].voxel] : 0.0;
    }
    out->shift_mm /= seen > 0 ? (double)seen : 1.0;
    out->dark /= seen > 0 ? (double)seen : 1.0;
    move(in, smooth->data, values, depth, moved);
    out->fitted = true;
done:
    dn_volume_destroy(smooth);
    free(points);
    free(mask);
    free(depth);
    free(values);
    return status;
}
