/* Demons between two pictures that are nearly alike, and the Jacobian of what they find. */
#include "register/growth.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/bspline.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Found on shrinkages that are known (docs/evidence/longitudinal.md): more smoothing of the whole hides change, less lets noise in. */
#define STEPS 30
#define STEP_MM 1.5  /* SD of the Gaussian over each step */
#define WHOLE_MM 0.5 /* ... and over the sum of all */

typedef struct {
    int64_t dim[3];
    dn_volume *from, *to; /* in the box, in units; of `to` the coefficients of a spline */
    dn_volume *shift[3];  /* voxels along each axis: the place in `to` of a voxel of `from` */
    dn_volume *step[3];
    dn_volume *shown; /* `to` at the shifted places */
} work;

/* Per voxel, by differences of the neighbours (one-sided at the edges). */
static float slope(const float *data, const int64_t dim[3], const int64_t at[3], int axis)
{
    const int64_t stride = axis == 0 ? 1 : axis == 1 ? dim[0] : dim[0] * dim[1];
    const float *p = data + at[0] + dim[0] * (at[1] + dim[1] * at[2]);
    const int64_t before = at[axis] > 0 ? stride : 0, after = at[axis] < dim[axis] - 1 ? stride : 0;
    const int64_t width = (before + after) / stride;
    return width > 0 ? (p[after] - p[-before]) / (float)width : 0.0f;
}

static void show_shifted(work *w)
{
#pragma omp parallel for num_threads(dn_threads_get())
    for (int64_t k = 0; k < w->dim[2]; ++k) {
        for (int64_t j = 0; j < w->dim[1]; ++j) {
            for (int64_t i = 0; i < w->dim[0]; ++i) {
                const int64_t v = i + w->dim[0] * (j + w->dim[1] * k);
                const double at[3] = {(double)i + (double)w->shift[0]->data[v], (double)j + (double)w->shift[1]->data[v],
                                      (double)k + (double)w->shift[2]->data[v]};
                w->shown->data[v] = dn_bspline_at(w->to->data, w->dim, at);
            }
        }
    }
}

/* One step of each voxel towards its own intensity, by the mean of both gradients. */
static void find_step(work *w)
{
#pragma omp parallel for num_threads(dn_threads_get())
    for (int64_t k = 0; k < w->dim[2]; ++k) {
        for (int64_t j = 0; j < w->dim[1]; ++j) {
            for (int64_t i = 0; i < w->dim[0]; ++i) {
                const int64_t at[3] = {i, j, k};
                const int64_t v = i + w->dim[0] * (j + w->dim[1] * k);
                const float off = w->from->data[v] - w->shown->data[v];
                float gradient[3];
                float square = 1e-5f + off * off;
                for (int a = 0; a < 3; ++a) {
                    gradient[a] = 0.5f * (slope(w->from->data, w->dim, at, a) + slope(w->shown->data, w->dim, at, a));
                    square += gradient[a] * gradient[a];
                }
                for (int a = 0; a < 3; ++a) {
                    w->step[a]->data[v] = off * gradient[a] / square;
                }
            }
        }
    }
}

static dn_status take_step(work *w)
{
    static const double step[3] = {STEP_MM, STEP_MM, STEP_MM}, whole[3] = {WHOLE_MM, WHOLE_MM, WHOLE_MM};
    const int64_t count = w->dim[0] * w->dim[1] * w->dim[2];
    for (int a = 0; a < 3; ++a) {
        DN_TRY(dn_filter_gaussian(w->step[a], step));
        for (int64_t v = 0; v < count; ++v) {
            w->shift[a]->data[v] += w->step[a]->data[v];
        }
        DN_TRY(dn_filter_gaussian(w->shift[a], whole));
    }
    return DN_OK;
}

/* Into w->shown. */
static void determinants(work *w)
{
#pragma omp parallel for num_threads(dn_threads_get())
    for (int64_t k = 0; k < w->dim[2]; ++k) {
        for (int64_t j = 0; j < w->dim[1]; ++j) {
            for (int64_t i = 0; i < w->dim[0]; ++i) {
                const int64_t at[3] = {i, j, k};
                double m[3][3];
                for (int a = 0; a < 3; ++a) {
                    for (int b = 0; b < 3; ++b) {
                        m[a][b] = (a == b ? 1.0 : 0.0) + (double)slope(w->shift[a]->data, w->dim, at, b);
                    }
                }
                w->shown->data[i + w->dim[0] * (j + w->dim[1] * k)] =
                    (float)(m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                            m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]));
            }
        }
    }
}

static dn_status prepare(work *w, const dn_volume *from, const dn_volume *to, const int64_t first[3], double unit)
{
    const int64_t count = w->dim[0] * w->dim[1] * w->dim[2];
    DN_TRY(dn_volume_crop(from, first, w->dim, 0.0f, &w->from));
    DN_TRY(dn_volume_crop(to, first, w->dim, 0.0f, &w->to));
    DN_TRY(dn_volume_create(&w->from->grid, &w->shown));
    for (int a = 0; a < 3; ++a) {
        DN_TRY(dn_volume_create(&w->from->grid, &w->shift[a]));
        DN_TRY(dn_volume_create(&w->from->grid, &w->step[a]));
    }
    for (int64_t v = 0; v < count; ++v) {
        w->from->data[v] /= (float)unit;
        w->to->data[v] /= (float)unit;
    }
    return dn_bspline_prefilter(w->to);
}

dn_status dn_growth_find(const dn_volume *from, const dn_volume *to, const int64_t first[3], const int64_t dim[3], double unit,
                         dn_volume **out)
{
    work w = {.dim = {dim[0], dim[1], dim[2]}};
    dn_status status;
    *out = NULL;
    if (!(unit > 0.0)) {
        DN_FAIL(DN_EDATA, "the mean of the sessions has no bright tissue");
    }
    if (memcmp(&from->grid, &to->grid, sizeof from->grid) != 0) {
        DN_FAIL(DN_EGEOMETRY, "two pictures that are to be compared are not on one lattice");
    }
    DN_TRY_GOTO(status, prepare(&w, from, to, first, unit), done);
    for (int n = 0; n < STEPS; ++n) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        show_shifted(&w);
        find_step(&w);
        DN_TRY_GOTO(status, take_step(&w), done);
    }
    determinants(&w);
    *out = w.shown;
    w.shown = NULL;
done:
    dn_volume_destroy(w.from);
    dn_volume_destroy(w.to);
    dn_volume_destroy(w.shown);
    for (int a = 0; a < 3; ++a) {
        dn_volume_destroy(w.shift[a]);
        dn_volume_destroy(w.step[a]);
    }
    return status;
}
