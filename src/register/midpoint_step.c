/* The normal equations of a rigid step, summed by planes so that the number of threads has no influence. */
#include "register/midpoint_step.h"

#include "base/memory.h"
#include "image/filter.h"

#include <math.h>
#include <stdlib.h>

enum { UNKNOWNS = 6, SUMS = UNKNOWNS * (UNKNOWNS + 1) / 2 + UNKNOWNS };
/* Differences count with a weight of 1 / (1 + (r / (WIDTH * sd))^2). */
#define WIDTH 2.0

/* a: lower triangle, row by row. false: not positive definite. */
static bool solve(const double *a, const double *b, double x[UNKNOWNS])
{
    double l[UNKNOWNS][UNKNOWNS] = {{0}};
    for (int i = 0; i < UNKNOWNS; ++i) {
        for (int j = 0; j <= i; ++j) {
            double sum = a[i * (i + 1) / 2 + j];
            for (int k = 0; k < j; ++k) {
                sum -= l[i][k] * l[j][k];
            }
            if (i == j && !(sum > 0)) {
                return false;
            }
            l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
        }
    }
    for (int i = 0; i < UNKNOWNS; ++i) {
        x[i] = b[i];
        for (int k = 0; k < i; ++k) {
            x[i] -= l[i][k] * x[k];
        }
        x[i] /= l[i][i];
    }
    for (int i = UNKNOWNS - 1; i >= 0; --i) {
        for (int k = i + 1; k < UNKNOWNS; ++k) {
            x[i] -= l[k][i] * x[k];
        }
        x[i] /= l[i][i];
    }
    return true;
}

/* Mean gradient of both pictures per mm, by central differences; the lattice's axes are those of its world. */
static void gradient(const dn_volume *a, const dn_volume *b, int64_t at, const int64_t stride[3], double out[3])
{
    for (int c = 0; c < 3; ++c) {
        const double step = 2.0 * a->grid.affine.m[c][c];
        const int64_t up = at + stride[c];
        const int64_t down = at - stride[c];
        out[c] = 0.5 * ((double)a->data[up] - (double)a->data[down] + (double)b->data[up] - (double)b->data[down]) / step;
    }
}

static void add_plane(const dn_volume *moving, const dn_volume *fixed, const uint8_t *mask, int64_t k, double width, double *sums)
{
    const int64_t *dim = moving->grid.dim;
    const int64_t stride[3] = {1, dim[0], dim[0] * dim[1]};
    for (int64_t j = 1; j < dim[1] - 1; ++j) {
        for (int64_t i = 1; i < dim[0] - 1; ++i) {
            const int64_t v = dn_grid_offset(&moving->grid, i, j, k);
            if (!mask[v]) {
                continue;
            }
            double p[3];
            double g[3];
            dn_affine_apply(&moving->grid.affine, (const double[3]){(double)i, (double)j, (double)k}, p);
            gradient(moving, fixed, v, stride, g);
            const double row[UNKNOWNS] = {
                p[1] * g[2] - p[2] * g[1], p[2] * g[0] - p[0] * g[2], p[0] * g[1] - p[1] * g[0], g[0], g[1], g[2]};
            const double r = (double)fixed->data[v] - (double)moving->data[v];
            const double w = 1.0 / (1.0 + (r / width) * (r / width));
            int n = 0;
            for (int a = 0; a < UNKNOWNS; ++a) {
                for (int b = 0; b <= a; ++b) {
                    sums[n++] += w * row[a] * row[b];
                }
            }
            for (int a = 0; a < UNKNOWNS; ++a) {
                sums[n++] += w * r * row[a];
            }
        }
    }
}

/* Robust sd of the difference. */
static dn_status spread(const dn_volume *moving, const dn_volume *fixed, const uint8_t *mask, double *out)
{
    static const double half = 50.0;
    dn_volume *difference = NULL;
    DN_TRY(dn_volume_create(&moving->grid, &difference));
    for (int64_t v = 0; v < dn_grid_count(&moving->grid); ++v) {
        difference->data[v] = fabsf(fixed->data[v] - moving->data[v]);
    }
    dn_status status = dn_volume_percentiles(difference, mask, &half, 1, out);
    dn_volume_destroy(difference);
    *out *= 1.4826;
    return status;
}

dn_status dn_midpoint_step(const dn_volume *moving, const dn_volume *fixed, const uint8_t *mask, dn_twist *out)
{
    const int64_t planes = moving->grid.dim[2];
    double total[SUMS] = {0};
    double sd;
    double x[UNKNOWNS];
    double *sums = NULL;
    DN_TRY(spread(moving, fixed, mask, &sd));
    *out = (dn_twist){{0}, {0}};
    if (!(sd > 0)) {
        return DN_OK; /* they are the same */
    }
    DN_TRY(dn_alloc_dims(&sums, DN_DIMS(planes, SUMS), sizeof *sums, "a registration"));
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = 1; k < planes - 1; ++k) {
        add_plane(moving, fixed, mask, k, WIDTH * sd, sums + k * SUMS);
    }
    for (int64_t k = 1; k < planes - 1; ++k) {
        for (int n = 0; n < SUMS; ++n) {
            total[n] += sums[k * SUMS + n];
        }
    }
    free(sums);
    if (!solve(total, total + SUMS - UNKNOWNS, x)) {
        DN_FAIL(DN_EDATA, "the brain shows too little structure to be aligned with the other scans");
    }
    for (int c = 0; c < 3; ++c) {
        out->turn[c] = x[c];
        out->shift[c] = x[3 + c];
    }
    return DN_OK;
}
