/* A volume whose slices do not lie as a NIfTI header can say it. */
#include "cohort/dicom/restack.h"

#include "base/job.h"
#include "image/io.h"

#include <math.h>

#define MOST_LEAN 1.0 /* degrees */

bool dn_restack_needed(const dn_slices *slices)
{
    return slices->missing > 0 || slices->uneven || slices->lean > MOST_LEAN;
}

/* Where a stored slice lies, in voxels of the new grid. */
typedef struct stack {
    const dn_volume *from;
    const double (*place)[3];
    size_t count;
    bool descending; /* the file begins with the last place */
    double step[2];  /* mm per voxel in a slice, with the sign of the direction in which places are counted */
    const double *middle;
} stack;

static double cosine(const dn_affine *affine, int column, const double direction[3], double *length)
{
    double dot = 0.0, square = 0.0;
    for (int r = 0; r < 3; ++r) {
        const double x = affine->m[r][column];
        dot += x * direction[r];
        square += x * x;
    }
    *length = sqrt(square);
    return dot / *length;
}

/* Rows, columns and normal of the slices in RAS. */
static void directions_of(const double o[6], double out[3][3])
{
    for (int d = 0; d < 2; ++d) {
        out[d][0] = -o[3 * d];
        out[d][1] = -o[3 * d + 1];
        out[d][2] = o[3 * d + 2];
    }
    out[2][0] = -(o[1] * o[5] - o[2] * o[4]);
    out[2][1] = -(o[2] * o[3] - o[0] * o[5]);
    out[2][2] = o[0] * o[4] - o[1] * o[3];
}

static dn_status look(const double directions[3][3], stack *it)
{
    const dn_grid *grid = &it->from->grid;
    bool fits = grid->dim[2] == (int64_t)it->count;
    for (int c = 0; c < 3 && fits; ++c) {
        double length;
        const double along = cosine(&grid->affine, c, directions[c], &length);
        fits = fabs(along) > 0.9;
        if (c < 2) {
            it->step[c] = along < 0.0 ? -length : length;
        } else {
            it->descending = along < 0.0;
        }
    }
    if (!fits) {
        DN_FAIL(DN_EGEOMETRY,
                "the slices are not a regular stack, and the volume that dcm2niix made of them does not have the same slices");
    }
    it->middle = it->place[it->count / 2];
    return DN_OK;
}

/* Linear within a slice; x, y: voxels. */
static double sample(const float *slice, int64_t nx, int64_t ny, double x, double y)
{
    const double fx = floor(x), fy = floor(y);
    double sum = 0.0;
    if (!(x > -1.0 && x < (double)nx && y > -1.0 && y < (double)ny)) {
        return 0.0;
    }
    for (int b = 0; b < 2; ++b) {
        for (int a = 0; a < 2; ++a) {
            const int64_t i = (int64_t)fx + a, j = (int64_t)fy + b;
            const double w = (a ? x - fx : 1.0 - (x - fx)) * (b ? y - fy : 1.0 - (y - fy));
            if (w > 0.0 && i >= 0 && i < nx && j >= 0 && j < ny) {
                sum += w * (double)slice[j * nx + i];
            }
        }
    }
    return sum;
}

static void fill_slice(const stack *it, double at, float *out)
{
    const int64_t nx = it->from->grid.dim[0], ny = it->from->grid.dim[1];
    size_t s = 0;
    while (s + 2 < it->count && it->place[s + 1][0] <= at) {
        ++s;
    }
    const double gap = it->place[s + 1][0] - it->place[s][0];
    const double w = fmin(1.0, fmax(0.0, (at - it->place[s][0]) / gap));
    for (int64_t v = 0; v < nx * ny; ++v) {
        double value = 0.0;
        for (size_t n = 0; n < 2; ++n) {
            const size_t stored = it->descending ? it->count - 1 - (s + n) : s + n;
            const double *place = it->place[s + n];
            const double x = (double)(v % nx) + (it->middle[1] - place[1]) / it->step[0];
            const double y = (double)(v / nx) + (it->middle[2] - place[2]) / it->step[1];
            const double part = n == 0 ? 1.0 - w : w;
            value += part > 0.0 ? part * sample(it->from->data + (int64_t)stored * nx * ny, nx, ny, x, y) : 0.0;
        }
        out[v] = (float)value;
    }
}

/* The grid: as high as the stack, with the origin of its middle slice brought to the lowest one along the normal. */
static dn_grid grid_of(const stack *it, const dn_slices *slices, const double directions[3][3])
{
    dn_grid grid = it->from->grid;
    const double *lowest = it->place[0], *first = it->descending ? it->place[it->count - 1] : lowest;
    grid.dim[2] = (int64_t)floor((it->place[it->count - 1][0] - lowest[0]) / slices->spacing + 0.5) + 1;
    const double move[3] = {it->middle[1] - first[1], it->middle[2] - first[2], lowest[0] - first[0]};
    for (int r = 0; r < 3; ++r) {
        grid.affine.m[r][2] = slices->spacing * directions[2][r];
        grid.affine.m[r][3] += move[0] * directions[0][r] + move[1] * directions[1][r] + move[2] * directions[2][r];
    }
    return grid;
}

dn_status dn_restack(const char *path, const dn_slices *slices, const double (*place)[3], size_t count, const double orientation[6])
{
    double directions[3][3];
    dn_volume *from = NULL, *to = NULL;
    dn_status status = DN_OK;
    const dn_scan_read_options options = {.trust = DN_TRUST_SFORM};
    DN_TRY(dn_scan_read(path, &options, &from, NULL));
    stack it = {.from = from, .place = place, .count = count};
    directions_of(orientation, directions);
    DN_TRY_GOTO(status, look((const double(*)[3])directions, &it), done);
    const dn_grid grid = grid_of(&it, slices, (const double(*)[3])directions);
    DN_TRY_GOTO(status, dn_volume_create(&grid, &to), done);
    for (int64_t k = 0; k < grid.dim[2]; ++k) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        fill_slice(&it, place[0][0] + slices->spacing * (double)k, to->data + k * grid.dim[0] * grid.dim[1]);
    }
    status = dn_volume_write(to, path, NULL);
done:
    dn_volume_destroy(to);
    dn_volume_destroy(from);
    return status;
}
