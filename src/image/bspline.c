/* The prefilter (a causal and an anticausal recursive pass along each axis) and the evaluation of cubic B-splines. */
#include "image/bspline.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* The pole of the cubic B-spline, sqrt(3) - 2, and after how many voxels its powers no longer count in float. */
#define POLE (-0.26794919243112270647)
enum { HORIZON = 16 };

/* One line of n values, stride apart. */
static void filter_line(float *data, int64_t n, int64_t stride, double *line)
{
    if (n < 2) {
        return;
    }
    for (int64_t i = 0; i < n; ++i) {
        line[i] = 6.0 * (double)data[i * stride];
    }
    double sum = line[0];
    double power = POLE;
    for (int64_t i = 1; i <= HORIZON; ++i) { /* the mirror image before the first voxel */
        const int64_t period = 2 * n - 2;
        const int64_t k = i % period;
        sum += power * line[k < n ? k : period - k];
        power *= POLE;
    }
    line[0] = sum;
    for (int64_t i = 1; i < n; ++i) {
        line[i] += POLE * line[i - 1];
    }
    line[n - 1] = POLE / (POLE * POLE - 1.0) * (line[n - 1] + POLE * line[n - 2]);
    for (int64_t i = n - 2; i >= 0; --i) {
        line[i] = POLE * (line[i + 1] - line[i]);
    }
    for (int64_t i = 0; i < n; ++i) {
        data[i * stride] = (float)line[i];
    }
}

dn_status dn_bspline_prefilter(dn_volume *volume)
{
    const int64_t *dim = volume->grid.dim;
    const int64_t stride[3] = {1, dim[0], dim[0] * dim[1]};
    int64_t longest = dim[0] > dim[1] ? dim[0] : dim[1];
    longest = longest > dim[2] ? longest : dim[2];
    bool starved = false;
    for (int axis = 0; axis < 3; ++axis) {
        const int64_t a = (axis + 1) % 3;
        const int64_t b = (axis + 2) % 3;
#pragma omp parallel
        {
            double *line = malloc((size_t)longest * sizeof *line);
#pragma omp for schedule(static) collapse(2)
            for (int64_t i = 0; i < dim[a]; ++i) {
                for (int64_t j = 0; j < dim[b]; ++j) {
                    if (line != NULL) {
                        filter_line(volume->data + i * stride[a] + j * stride[b], dim[axis], stride[axis], line);
                    }
                }
            }
            if (line == NULL) {
#pragma omp atomic write
                starved = true;
            }
            free(line);
        }
    }
    if (starved) {
        DN_FAIL(DN_ENOMEM, "not enough memory to interpolate a scan");
    }
    return DN_OK;
}

/* Weights of the four coefficients around u along one axis, and their places. */
static void weigh(double u, int64_t n, double w[4], int64_t at[4])
{
    const double whole = floor(u);
    const double t = u - whole;
    const double s = 1.0 - t;
    const int64_t period = n > 1 ? 2 * n - 2 : 1;
    w[0] = s * s * s / 6.0;
    w[1] = 2.0 / 3.0 - 0.5 * t * t * (2.0 - t);
    w[2] = 2.0 / 3.0 - 0.5 * s * s * (2.0 - s);
    w[3] = t * t * t / 6.0;
    for (int c = 0; c < 4; ++c) {
        int64_t k = (int64_t)whole - 1 + c;
        k = (k < 0 ? -k : k) % period;
        at[c] = k < n ? k : period - k;
    }
}

float dn_bspline_at(const float *coefficients, const int64_t dim[3], const double at[3])
{
    double w[3][4];
    int64_t place[3][4];
    for (int c = 0; c < 3; ++c) {
        weigh(at[c], dim[c], w[c], place[c]);
    }
    double sum = 0;
    for (int c = 0; c < 4; ++c) {
        double plane = 0;
        for (int b = 0; b < 4; ++b) {
            const float *row = coefficients + dim[0] * (place[1][b] + dim[1] * place[2][c]);
            double line = 0;
            for (int a = 0; a < 4; ++a) {
                line += w[0][a] * (double)row[place[0][a]];
            }
            plane += w[1][b] * line;
        }
        sum += w[2][c] * plane;
    }
    return (float)sum;
}

dn_status dn_bspline_resample(const dn_volume *coefficients, const dn_grid *grid, const dn_affine *move, float fill, dn_volume **out)
{
    dn_affine to_voxel;
    dn_affine map = grid->affine;
    const int64_t *dim = coefficients->grid.dim;
    DN_TRY(dn_affine_invert(&coefficients->grid.affine, &to_voxel));
    if (move != NULL) {
        dn_affine_compose(move, &map, &map);
    }
    dn_affine_compose(&to_voxel, &map, &map);
    DN_TRY(dn_volume_create(grid, out));
    float *data = (*out)->data;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double at[3];
                bool in = true;
                dn_affine_apply(&map, (const double[3]){(double)i, (double)j, (double)k}, at);
                for (int c = 0; c < 3; ++c) {
                    in = in && at[c] >= -0.5 && at[c] <= (double)dim[c] - 0.5;
                }
                data[dn_grid_offset(grid, i, j, k)] = in ? dn_bspline_at(coefficients->data, dim, at) : fill;
            }
        }
    }
    return DN_OK;
}
