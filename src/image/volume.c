/* Grids and affines, and the memory of scans and label maps. */
#include "image/volume.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

int64_t dn_grid_count(const dn_grid *grid)
{
    return grid->dim[0] * grid->dim[1] * grid->dim[2];
}

void dn_grid_spacing(const dn_grid *grid, double spacing[3])
{
    for (int c = 0; c < 3; ++c) {
        spacing[c] = sqrt(grid->affine.m[0][c] * grid->affine.m[0][c] + grid->affine.m[1][c] * grid->affine.m[1][c] +
                          grid->affine.m[2][c] * grid->affine.m[2][c]);
    }
}

static double determinant(const dn_affine *a)
{
    return a->m[0][0] * (a->m[1][1] * a->m[2][2] - a->m[1][2] * a->m[2][1]) -
           a->m[0][1] * (a->m[1][0] * a->m[2][2] - a->m[1][2] * a->m[2][0]) +
           a->m[0][2] * (a->m[1][0] * a->m[2][1] - a->m[1][1] * a->m[2][0]);
}

double dn_grid_voxel_volume(const dn_grid *grid)
{
    return fabs(determinant(&grid->affine));
}

void dn_affine_apply(const dn_affine *affine, const double ijk[3], double xyz[3])
{
    double v[3] = {ijk[0], ijk[1], ijk[2]};
    for (int r = 0; r < 3; ++r) {
        xyz[r] = affine->m[r][0] * v[0] + affine->m[r][1] * v[1] + affine->m[r][2] * v[2] + affine->m[r][3];
    }
}

void dn_affine_bounds(const dn_affine *affine, const double box_low[3], const double box_high[3], double low[3], double high[3])
{
    double least[3] = {INFINITY, INFINITY, INFINITY};
    double most[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (int corner = 0; corner < 8; ++corner) {
        double at[3];
        for (int c = 0; c < 3; ++c) {
            at[c] = (corner >> c) & 1 ? box_high[c] : box_low[c];
        }
        dn_affine_apply(affine, at, at);
        for (int c = 0; c < 3; ++c) {
            least[c] = fmin(least[c], at[c]);
            most[c] = fmax(most[c], at[c]);
        }
    }
    for (int c = 0; c < 3; ++c) {
        low[c] = least[c];
        high[c] = most[c];
    }
}

bool dn_grid_equal(const dn_grid *a, const dn_grid *b, double tolerance)
{
    for (int d = 0; d < 3; ++d) {
        if (a->dim[d] != b->dim[d]) {
            return false;
        }
    }
    for (int corner = 0; corner < 8; ++corner) {
        double ijk[3];
        double p[3];
        double q[3];
        for (int d = 0; d < 3; ++d) {
            ijk[d] = (corner >> d) & 1 ? (double)(a->dim[d] - 1) : 0.0;
        }
        dn_affine_apply(&a->affine, ijk, p);
        dn_affine_apply(&b->affine, ijk, q);
        for (int d = 0; d < 3; ++d) {
            if (!(fabs(p[d] - q[d]) <= tolerance)) {
                return false;
            }
        }
    }
    return true;
}

void dn_affine_compose(const dn_affine *a, const dn_affine *b, dn_affine *out)
{
    dn_affine result;
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            result.m[r][c] = a->m[r][0] * b->m[0][c] + a->m[r][1] * b->m[1][c] + a->m[r][2] * b->m[2][c] + (c == 3 ? a->m[r][3] : 0.0);
        }
    }
    *out = result;
}

dn_status dn_affine_invert(const dn_affine *affine, dn_affine *out)
{
    double scale = 1.0;
    for (int c = 0; c < 3; ++c) {
        scale *= sqrt(affine->m[0][c] * affine->m[0][c] + affine->m[1][c] * affine->m[1][c] + affine->m[2][c] * affine->m[2][c]);
    }
    double det = determinant(affine);
    /* |det| / product of column lengths is the volume of the unit parallelepiped: near 0, the axes are in a plane. */
    if (!isfinite(det) || !(scale > 0.0) || !(fabs(det) > 1e-6 * scale)) {
        DN_FAIL(DN_EGEOMETRY, "the image's affine cannot be inverted: its axes lie in a plane or are not finite");
    }
    dn_affine inverse;
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            int r1 = (c + 1) % 3;
            int r2 = (c + 2) % 3;
            int c1 = (r + 1) % 3;
            int c2 = (r + 2) % 3;
            inverse.m[r][c] = (affine->m[r1][c1] * affine->m[r2][c2] - affine->m[r1][c2] * affine->m[r2][c1]) / det;
        }
    }
    for (int r = 0; r < 3; ++r) {
        inverse.m[r][3] = -(inverse.m[r][0] * affine->m[0][3] + inverse.m[r][1] * affine->m[1][3] + inverse.m[r][2] * affine->m[2][3]);
    }
    *out = inverse;
    return DN_OK;
}

static dn_status check_grid(const dn_grid *grid, int64_t *count)
{
    if (grid->dim[0] < 1 || grid->dim[1] < 1 || grid->dim[2] < 1 || !dn_mul_dims(grid->dim, 3, count)) {
        DN_FAIL(DN_EGEOMETRY, "an image of %lld x %lld x %lld voxels is not possible", (long long)grid->dim[0], (long long)grid->dim[1],
                (long long)grid->dim[2]);
    }
    return DN_OK;
}

dn_status dn_volume_create(const dn_grid *grid, dn_volume **out)
{
    int64_t count;
    dn_volume *volume = NULL;
    DN_TRY(check_grid(grid, &count));
    DN_TRY(dn_alloc(&volume, 1, sizeof *volume, "an image"));
    volume->grid = *grid;
    dn_status status = dn_alloc(&volume->data, (size_t)count, sizeof *volume->data, "an image");
    if (status != DN_OK) {
        free(volume);
        return status;
    }
    *out = volume;
    return DN_OK;
}

void dn_volume_destroy(dn_volume *volume)
{
    if (volume != NULL) {
        free(volume->data);
        free(volume);
    }
}

dn_status dn_labels_create(const dn_grid *grid, dn_labels **out)
{
    int64_t count;
    dn_labels *labels = NULL;
    DN_TRY(check_grid(grid, &count));
    DN_TRY(dn_alloc(&labels, 1, sizeof *labels, "a label map"));
    labels->grid = *grid;
    dn_status status = dn_alloc(&labels->data, (size_t)count, sizeof *labels->data, "a label map");
    if (status != DN_OK) {
        free(labels);
        return status;
    }
    *out = labels;
    return DN_OK;
}

void dn_labels_destroy(dn_labels *labels)
{
    if (labels != NULL) {
        free(labels->data);
        free(labels);
    }
}
