/* The extent of aligned label maps, and corners of the voxels that lie around a place. */
#include "register/labels_align_space.h"

#include <math.h>

void dn_labels_corners(const dn_labels *map, const double voxel[3], uint16_t label[8], double weight[8])
{
    int64_t at[3];
    double t[3];
    for (int c = 0; c < 3; ++c) {
        double whole = floor(voxel[c]);
        at[c] = (int64_t)whole;
        t[c] = voxel[c] - whole;
    }
    for (int corner = 0; corner < 8; ++corner) {
        int64_t ijk[3];
        bool inside = true;
        weight[corner] = 1.0;
        for (int c = 0; c < 3; ++c) {
            int far = (corner >> c) & 1;
            weight[corner] *= far ? t[c] : 1.0 - t[c];
            ijk[c] = at[c] + far;
            inside = inside && ijk[c] >= 0 && ijk[c] < map->grid.dim[c];
        }
        label[corner] = inside ? map->data[dn_grid_offset(&map->grid, ijk[0], ijk[1], ijk[2])] : 0;
    }
}

dn_status dn_align_extent(const dn_labels *const *maps, const dn_alignment *alignments, size_t count, const dn_tissues *tissues,
                          int64_t every, double low[3], double high[3])
{
    for (int c = 0; c < 3; ++c) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
    }
    for (size_t m = 0; m < count; ++m) {
        const dn_grid *grid = &maps[m]->grid;
        dn_affine to_mean;
        DN_TRY(dn_affine_invert(&alignments[m].affine, &to_mean));
        dn_affine_compose(&to_mean, &grid->affine, &to_mean);
        for (int64_t k = 0; k < grid->dim[2]; k += every) {
            for (int64_t j = 0; j < grid->dim[1]; j += every) {
                for (int64_t i = 0; i < grid->dim[0]; i += every) {
                    if (tissues->region[maps[m]->data[dn_grid_offset(grid, i, j, k)]] >= DN_REGION_CSF) {
                        double p[3];
                        dn_affine_apply(&to_mean, (const double[3]){(double)i, (double)j, (double)k}, p);
                        for (int c = 0; c < 3; ++c) {
                            low[c] = fmin(low[c], p[c]);
                            high[c] = fmax(high[c], p[c]);
                        }
                    }
                }
            }
        }
    }
    return DN_OK;
}
