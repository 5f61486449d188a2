/* Makes grids from grids, and exact copies of parts of scans and label maps. */
#include "image/resample.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

dn_status dn_grid_with_spacing(const dn_grid *grid, const double spacing[3], dn_grid *out)
{
    dn_grid result;
    double old[3];
    double shift[3]; /* of the new voxel 0,0,0, in old voxels */
    dn_grid_spacing(grid, old);
    for (int c = 0; c < 3; ++c) {
        if (!(spacing[c] > 0.0) || !isfinite(spacing[c])) {
            DN_FAIL(DN_EGEOMETRY, "a voxel spacing of %g mm is not possible", spacing[c]);
        }
        double wide = (double)grid->dim[c] * old[c] / spacing[c];
        if (!(wide < 1e6)) {
            DN_FAIL(DN_EGEOMETRY, "a voxel spacing of %g mm is too small for an image of %g mm", spacing[c], (double)grid->dim[c] * old[c]);
        }
        result.dim[c] = (int64_t)ceil(wide - 0.02);
        result.dim[c] = result.dim[c] > 0 ? result.dim[c] : 1;
        /* Same centre: old (dim - 1) / 2 is new (dim' - 1) / 2. */
        shift[c] = ((double)(grid->dim[c] - 1) - (double)(result.dim[c] - 1) * spacing[c] / old[c]) / 2.0;
    }
    for (int r = 0; r < 3; ++r) {
        result.affine.m[r][3] = grid->affine.m[r][3];
        for (int c = 0; c < 3; ++c) {
            result.affine.m[r][c] = grid->affine.m[r][c] * spacing[c] / old[c];
            result.affine.m[r][3] += grid->affine.m[r][c] * shift[c];
        }
    }
    *out = result;
    return DN_OK;
}

dn_status dn_grid_crop(const dn_grid *grid, const int64_t start[3], const int64_t dim[3], dn_grid *out)
{
    dn_grid result = *grid;
    int64_t count;
    if (dim[0] < 1 || dim[1] < 1 || dim[2] < 1 || !dn_mul_dims(dim, 3, &count)) {
        DN_FAIL(DN_EGEOMETRY, "a part of %lld x %lld x %lld voxels is not possible", (long long)dim[0], (long long)dim[1],
                (long long)dim[2]);
    }
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            result.affine.m[r][3] += grid->affine.m[r][c] * (double)start[c];
        }
    }
    memcpy(result.dim, dim, sizeof result.dim);
    *out = result;
    return DN_OK;
}

/* The overlap along an axis: new voxels first..last-1 have a source. */
static void overlap(int64_t start, int64_t dim, int64_t source, int64_t *first, int64_t *last)
{
    *first = start < 0 ? -start : 0;
    *last = source - start < dim ? source - start : dim;
    *first = *first < dim ? *first : dim;
    *last = *last > *first ? *last : *first;
}

/* Copies whole rows; new voxels outside keep what they have. */
static void copy_part(const void *from, const int64_t old[3], size_t each, const int64_t start[3], void *to, const int64_t dim[3])
{
    int64_t first[3];
    int64_t last[3];
    for (int d = 0; d < 3; ++d) {
        overlap(start[d], dim[d], old[d], &first[d], &last[d]);
    }
    if (last[0] == first[0]) {
        return;
    }
#pragma omp parallel for collapse(2)
    for (int64_t k = first[2]; k < last[2]; ++k) {
        for (int64_t j = first[1]; j < last[1]; ++j) {
            int64_t a = first[0] + start[0] + old[0] * (j + start[1] + old[1] * (k + start[2]));
            int64_t b = first[0] + dim[0] * (j + dim[1] * k);
            memcpy((char *)to + b * (int64_t)each, (const char *)from + a * (int64_t)each, (size_t)(last[0] - first[0]) * each);
        }
    }
}

dn_status dn_volume_crop(const dn_volume *volume, const int64_t start[3], const int64_t dim[3], float fill, dn_volume **out)
{
    dn_grid grid;
    dn_volume *result = NULL;
    DN_TRY(dn_grid_crop(&volume->grid, start, dim, &grid));
    DN_TRY(dn_volume_create(&grid, &result));
    if (fill != 0.0f) {
        int64_t count = dn_grid_count(&grid);
        for (int64_t i = 0; i < count; ++i) {
            result->data[i] = fill;
        }
    }
    copy_part(volume->data, volume->grid.dim, sizeof *volume->data, start, result->data, dim);
    *out = result;
    return DN_OK;
}

dn_status dn_labels_crop(const dn_labels *labels, const int64_t start[3], const int64_t dim[3], dn_labels **out)
{
    dn_grid grid;
    dn_labels *result = NULL;
    DN_TRY(dn_grid_crop(&labels->grid, start, dim, &grid));
    DN_TRY(dn_labels_create(&grid, &result));
    copy_part(labels->data, labels->grid.dim, sizeof *labels->data, start, result->data, dim);
    *out = result;
    return DN_OK;
}
