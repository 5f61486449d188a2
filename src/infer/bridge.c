/* Copies voxels into tensors and tensors into voxels. */
#include "infer/bridge.h"

#include "net/simd.h"

#include <stdlib.h>
#include <string.h>

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

void dn_bridge_from_tensor(const float *tensor, const int64_t dim[3], const int64_t from[3], const int64_t part[3], dn_posteriors *box,
                           const int64_t to[3])
{
    const int64_t channels = box->channels;
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < part[2]; ++k) {
        for (int64_t j = 0; j < part[1]; ++j) {
            float *target = dn_posteriors_at(box, to[0], to[1] + j, to[2] + k);
            for (int64_t i = 0; i < part[0]; ++i, target += channels) {
                const float *source = tensor + (((from[0] + i) * dim[1] + from[1] + j) * dim[2] + from[2] + k) * channels;
                memcpy(target, source, (size_t)channels * sizeof *target);
            }
        }
    }
}

/* Boxes and tensors lie across each other: neighbours in one are far apart in the other. Voxels of a square of this side are near in both.
 */
enum { SQUARE = 8 };

static int64_t side(int64_t first, int64_t dim)
{
    return dim - first < SQUARE ? dim - first : SQUARE;
}

static void swap_voxels(float *restrict a, float *restrict b, int64_t channels)
{
    for (int64_t c = 0; c < channels; ++c) {
        const float kept = a[c];
        a[c] = b[c];
        b[c] = kept;
    }
}

/* [i][j][k] into [k][j][i] where both are as long: each voxel changes places with one other. */
static void turn(float *data, const int64_t dim[3], int64_t channels)
{
    const int64_t n = dim[0];
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < dim[1]; ++j) {
        for (int64_t first = 0; first < n; first += SQUARE) {
            for (int64_t second = first; second < n; second += SQUARE) {
                for (int64_t i = first; i < first + side(first, n); ++i) {
                    for (int64_t k = second > i ? second : i + 1; k < second + side(second, n); ++k) {
                        swap_voxels(data + ((i * dim[1] + j) * n + k) * channels, data + ((k * dim[1] + j) * n + i) * channels, channels);
                    }
                }
            }
        }
    }
}

dn_status dn_bridge_take(float *tensor, const int64_t dim[3], int64_t channels, dn_posteriors *box)
{
    static const int64_t zero[3] = {0, 0, 0};
    if (dim[0] == dim[2]) {
        turn(tensor, dim, channels);
        memcpy(box->dim, dim, sizeof box->dim);
        box->channels = channels;
        box->data = tensor;
        return DN_OK;
    }
    const dn_status status = dn_posteriors_reserve(box, dim, channels);
    if (status == DN_OK) {
        dn_bridge_from_tensor(tensor, dim, zero, dim, box, zero);
    }
    free(tensor);
    return status;
}

/* A row of voxels, step apart in the tensor and side by side in the box. weight: of each, times others: of all. */
DN_SIMD static void blend_row(const float *restrict from, int64_t step, int64_t count, int64_t channels, const int64_t *mirror,
                              const float *restrict weight, const float others[2], float *restrict sum, float *restrict weights)
{
    for (int64_t i = 0; i < count; ++i, from += step, sum += channels) {
        const float w = weight[i] * others[0] * others[1];
        if (weights[i] == 0.0f) {
            for (int64_t c = 0; c < channels; ++c) {
                sum[c] = w * from[mirror == NULL ? c : mirror[c]];
            }
        } else if (mirror == NULL) {
            for (int64_t c = 0; c < channels; ++c) {
                sum[c] += w * from[c];
            }
        } else {
            for (int64_t c = 0; c < channels; ++c) {
                sum[c] += w * from[mirror[c]];
            }
        }
        weights[i] += w;
    }
}

void dn_bridge_blend(const float *tensor, const int64_t dim[3], const float *const weight[3], const int64_t *mirror, dn_posteriors *box,
                     const int64_t to[3], float *weights)
{
    const int64_t channels = box->channels;
    const int64_t step = dim[1] * dim[2] * channels;
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < dim[1]; ++j) {
        for (int64_t first = 0; first < dim[2]; first += SQUARE) {
            for (int64_t i = 0; i < dim[0]; i += SQUARE) {
                const int64_t x = mirror != NULL ? dim[0] - 1 - i : i;
                for (int64_t k = first; k < first + side(first, dim[2]); ++k) {
                    const int64_t v = dn_posteriors_voxel(box, to[0] + i, to[1] + j, to[2] + k);
                    blend_row(tensor + x * step + (j * dim[2] + k) * channels, mirror != NULL ? -step : step, side(i, dim[0]), channels,
                              mirror, weight[0] + i, (const float[2]){weight[1][j], weight[2][k]}, dn_posteriors_of(box, v), weights + v);
                }
            }
        }
    }
}

void dn_bridge_copy(const float *tensor, const int64_t dim[3], int64_t channels, const int64_t from[3], const int64_t part[3], float *out,
                    const int64_t to_dim[3], const int64_t to[3])
{
    for (int64_t i = 0; i < part[0]; ++i) {
        for (int64_t j = 0; j < part[1]; ++j) {
            const float *source = tensor + (((from[0] + i) * dim[1] + from[1] + j) * dim[2] + from[2]) * channels;
            float *target = out + (((to[0] + i) * to_dim[1] + to[1] + j) * to_dim[2] + to[2]) * channels;
            memcpy(target, source, (size_t)(part[2] * channels) * sizeof *target);
        }
    }
}

void dn_bridge_labels(const float *tensor, const int64_t dim[3], int64_t channels, const int64_t from[3], const int64_t part[3],
                      const dn_grid *grid, const int64_t to[3], uint8_t *labels)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < part[0]; ++i) {
        for (int64_t j = 0; j < part[1]; ++j) {
            for (int64_t k = 0; k < part[2]; ++k) {
                const int64_t x = to[0] + i;
                const int64_t y = to[1] + j;
                const int64_t z = to[2] + k;
                if (x >= grid->dim[0] || y >= grid->dim[1] || z >= grid->dim[2]) {
                    continue;
                }
                const float *values = tensor + (((from[0] + i) * dim[1] + from[1] + j) * dim[2] + from[2] + k) * channels;
                labels[dn_grid_offset(grid, x, y, z)] = (uint8_t)dn_most_probable(values, channels);
            }
        }
    }
}

void dn_bridge_slices(const dn_volume *volume, const dn_slice_batch *batch, int64_t step, float fill, float *tensor)
{
    const int64_t *dim = volume->grid.dim;
    const int64_t channels = batch->channels;
#pragma omp parallel for
    for (int64_t b = 0; b < batch->batch; ++b) {
        const int64_t slice = batch->first + b < dim[0] ? batch->first + b : dim[0] - 1;
        float *to = tensor + b * batch->rows * batch->columns * channels;
        for (int64_t k = 0; k < channels; ++k) {
            const int64_t seen = slice + (k - channels / 2) * step;
            for (int64_t r = 0; r < batch->rows; ++r) {
                for (int64_t c = 0; c < batch->columns; ++c) {
                    const bool inside = r < dim[1] && c < dim[2] && seen >= 0 && seen < dim[0];
                    to[(r * batch->columns + c) * channels + k] = inside ? volume->data[dn_grid_offset(&volume->grid, seen, r, c)] : fill;
                }
            }
        }
    }
}

void dn_bridge_slices_add(const float *tensor, const dn_slice_batch *batch, float share, dn_volume *const *maps, float *squares)
{
    const dn_grid *grid = &maps[0]->grid;
    const int64_t count = dn_grid_count(grid);
#pragma omp parallel for
    for (int64_t c = 0; c < batch->channels; ++c) {
        float *map = maps[c]->data;
        for (int64_t b = 0; b < batch->batch && batch->first + b < grid->dim[0]; ++b) {
            for (int64_t r = 0; r < grid->dim[1]; ++r) {
                const float *from = tensor + ((b * batch->rows + r) * batch->columns) * batch->channels + c;
                for (int64_t w = 0; w < grid->dim[2]; ++w) {
                    const int64_t at = dn_grid_offset(grid, batch->first + b, r, w);
                    const float p = from[w * batch->channels];
                    map[at] += share * p;
                    if (squares != NULL) {
                        squares[c * count + at] += share * p * p;
                    }
                }
            }
        }
    }
}
