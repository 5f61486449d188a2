#include "infer/bridge.h"

void dn_bridge_to_tensor(const dn_volume *volume, const int64_t start[3], const int64_t dim[3], float fill, float *tensor)
{
    const int64_t *n = volume->grid.dim;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < dim[0]; ++i) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            float *row = tensor + (i * dim[1] + j) * dim[2];
            int64_t x = start[0] + i;
            int64_t y = start[1] + j;
            for (int64_t k = 0; k < dim[2]; ++k) {
                int64_t z = start[2] + k;
                bool inside = x >= 0 && y >= 0 && z >= 0 && x < n[0] && y < n[1] && z < n[2];
                row[k] = inside ? volume->data[dn_grid_offset(&volume->grid, x, y, z)] : fill;
            }
        }
    }
}

void dn_bridge_from_tensor(const float *tensor, const int64_t dim[3], int64_t channels, const int64_t from[3], const int64_t part[3],
                           float *maps, const int64_t to_dim[3], const int64_t to[3])
{
    int64_t stride = to_dim[0] * to_dim[1] * to_dim[2];
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < part[2]; ++k) {
        for (int64_t j = 0; j < part[1]; ++j) {
            int64_t row = to_dim[0] * (to[1] + j + to_dim[1] * (to[2] + k)) + to[0];
            for (int64_t i = 0; i < part[0]; ++i) {
                const float *values = tensor + (((from[0] + i) * dim[1] + from[1] + j) * dim[2] + from[2] + k) * channels;
                for (int64_t c = 0; c < channels; ++c) {
                    maps[c * stride + row + i] = values[c];
                }
            }
        }
    }
}
