/* Dilation, erosion and closing by steps or by balls (through exact distances), and the filling of holes. */
#include "image/morphology.h"

#include "base/memory.h"
#include "image/components.h"
#include "image/distance.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Rounding room on "within radius" (distances are float32). */
static const double ROOM = 1e-5;

/* out |= row, or row widened by one voxel to either side. */
static void gather(const uint8_t *row, int64_t n, bool wide, uint8_t *out)
{
    for (int64_t i = 0; i < n; ++i) {
        out[i] |= row[i];
    }
    if (wide) {
        for (int64_t i = 1; i < n; ++i) {
            out[i] |= row[i - 1];
        }
        for (int64_t i = 0; i + 1 < n; ++i) {
            out[i] |= row[i + 1];
        }
    }
}

/* One step of dilation from -> to (0 and 1). */
static void dilate_step(const uint8_t *from, const int64_t dim[3], int connectivity, uint8_t *to)
{
#pragma omp parallel for collapse(2)
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            uint8_t *out = to + dim[0] * (j + dim[1] * k);
            memset(out, 0, (size_t)dim[0]);
            for (int dk = -1; dk <= 1; ++dk) {
                for (int dj = -1; dj <= 1; ++dj) {
                    int away = abs(dj) + abs(dk);
                    if ((away == 2 && connectivity == 6) || j + dj < 0 || j + dj >= dim[1] || k + dk < 0 || k + dk >= dim[2]) {
                        continue;
                    }
                    /* Neighbours along the row as well: always in one's own row, from 18 on in side rows, at 26 in corner rows. */
                    bool wide = away == 0 || connectivity == 26 || (away == 1 && connectivity == 18);
                    gather(from + dim[0] * (j + dj + dim[1] * (k + dk)), dim[0], wide, out);
                }
            }
        }
    }
}

dn_status dn_mask_dilate(uint8_t *mask, const int64_t dim[3], int connectivity, int steps)
{
    int64_t count;
    uint8_t *copy = NULL;
    if (connectivity != 6 && connectivity != 18 && connectivity != 26) {
        DN_FAIL(DN_EUSAGE, "voxels have 6, 18 or 26 neighbours, not %d", connectivity);
    }
    if (!dn_mul_dims(dim, 3, &count)) {
        DN_FAIL(DN_EGEOMETRY, "a mask of that size is not possible");
    }
    DN_TRY(dn_alloc(&copy, (size_t)count, 1, "a mask"));
#pragma omp parallel for
    for (int64_t i = 0; i < count; ++i) {
        mask[i] = mask[i] != 0;
    }
    for (int s = 0; s < steps; ++s) {
        memcpy(copy, mask, (size_t)count);
        dilate_step(copy, dim, connectivity, mask);
    }
    free(copy);
    return DN_OK;
}

void dn_mask_grow_into(uint8_t *mask, const uint8_t *allowed, const int64_t dim[3], int steps)
{
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    const int64_t count = dim[0] * dim[1] * dim[2];
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = mask[v] != 0;
    }
    for (int round = 1; round <= steps; ++round) {
        int64_t v = 0;
        for (int64_t k = 0; k < dim[2]; ++k) {
            for (int64_t j = 0; j < dim[1]; ++j) {
                for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                    if (mask[v] != 0 || allowed[v] == 0) {
                        continue;
                    }
                    const int64_t at[3] = {i, j, k};
                    for (int c = 0; c < 3; ++c) {
                        /* Marks of this round are round + 1: they do not carry the growth further yet. */
                        if ((at[c] > 0 && mask[v - step[c]] != 0 && mask[v - step[c]] <= round) ||
                            (at[c] + 1 < dim[c] && mask[v + step[c]] != 0 && mask[v + step[c]] <= round)) {
                            mask[v] = (uint8_t)(round + 1);
                            break;
                        }
                    }
                }
            }
        }
    }
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = mask[v] != 0;
    }
}

static dn_status measured(const int64_t dim[3], double radius, float **distance, int64_t *count)
{
    if (!(radius >= 0.0) || !isfinite(radius)) {
        DN_FAIL(DN_EUSAGE, "a ball of %g mm is not possible", radius);
    }
    if (!dn_mul_dims(dim, 3, count)) {
        DN_FAIL(DN_EGEOMETRY, "a mask of that size is not possible");
    }
    return dn_alloc(distance, (size_t)*count, sizeof **distance, "a distance map");
}

dn_status dn_mask_dilate_ball(uint8_t *mask, const int64_t dim[3], const double spacing[3], double radius)
{
    float *distance = NULL;
    int64_t count;
    DN_TRY(measured(dim, radius, &distance, &count));
    dn_status status = dn_distance_to(mask, dim, spacing, distance);
    if (status == DN_OK) {
        float limit = (float)(radius + ROOM);
#pragma omp parallel for
        for (int64_t i = 0; i < count; ++i) {
            mask[i] = distance[i] <= limit;
        }
    }
    free(distance);
    return status;
}

dn_status dn_mask_erode_ball(uint8_t *mask, const int64_t dim[3], const double spacing[3], double radius)
{
    float *distance = NULL;
    int64_t count;
    DN_TRY(measured(dim, radius, &distance, &count));
    dn_status status = dn_distance_signed(mask, dim, spacing, distance);
    if (status == DN_OK) {
        double limit = radius + ROOM;
#pragma omp parallel for collapse(2)
        for (int64_t k = 0; k < dim[2]; ++k) {
            for (int64_t j = 0; j < dim[1]; ++j) {
                /* The nearest voxel beyond the image lies straight along an axis. */
                double side = fmin(fmin((double)(j + 1), (double)(dim[1] - j)) * spacing[1],
                                   fmin((double)(k + 1), (double)(dim[2] - k)) * spacing[2]);
                int64_t row = dim[0] * (j + dim[1] * k);
                for (int64_t i = 0; i < dim[0]; ++i) {
                    double edge = fmin(side, fmin((double)(i + 1), (double)(dim[0] - i)) * spacing[0]);
                    mask[row + i] = mask[row + i] && -(double)distance[row + i] > limit && edge > limit;
                }
            }
        }
    }
    free(distance);
    return status;
}

dn_status dn_mask_close_ball(uint8_t *mask, const int64_t dim[3], const double spacing[3], double radius)
{
    /* In a larger image: what is dilated beyond the border counts. */
    int64_t margin[3];
    int64_t wide[3];
    int64_t count;
    uint8_t *large = NULL;
    for (int d = 0; d < 3; ++d) {
        if (!(radius >= 0.0) || !(spacing[d] > 0.0) || !(radius / spacing[d] < 1e6)) {
            DN_FAIL(DN_EUSAGE, "a ball of %g mm is not possible", radius);
        }
        margin[d] = (int64_t)ceil(radius / spacing[d]) + 1;
        wide[d] = dim[d] + 2 * margin[d];
    }
    if (!dn_mul_dims(wide, 3, &count)) {
        DN_FAIL(DN_EGEOMETRY, "a mask of that size is not possible");
    }
    DN_TRY(dn_alloc(&large, (size_t)count, 1, "a mask"));
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            memcpy(large + margin[0] + wide[0] * (j + margin[1] + wide[1] * (k + margin[2])), mask + dim[0] * (j + dim[1] * k),
                   (size_t)dim[0]);
        }
    }
    dn_status status = dn_mask_dilate_ball(large, wide, spacing, radius);
    if (status == DN_OK) {
        status = dn_mask_erode_ball(large, wide, spacing, radius);
    }
    if (status == DN_OK) {
        for (int64_t k = 0; k < dim[2]; ++k) {
            for (int64_t j = 0; j < dim[1]; ++j) {
                memcpy(mask + dim[0] * (j + dim[1] * k), large + margin[0] + wide[0] * (j + margin[1] + wide[1] * (k + margin[2])),
                       (size_t)dim[0]);
            }
        }
    }
    free(large);
    return status;
}

dn_status dn_mask_fill_holes(uint8_t *mask, const int64_t dim[3])
{
    int64_t count;
    uint8_t *outside = NULL;
    uint8_t *open = NULL; /* by component of the outside: it reaches the border */
    dn_components c = {0};
    dn_status status = DN_OK;
    if (!dn_mul_dims(dim, 3, &count)) {
        DN_FAIL(DN_EGEOMETRY, "a mask of that size is not possible");
    }
    DN_TRY(dn_alloc(&outside, (size_t)count, 1, "a mask"));
    for (int64_t i = 0; i < count; ++i) {
        outside[i] = !mask[i];
    }
    DN_TRY_GOTO(status, dn_components_find(outside, dim, 6, &c), done);
    DN_TRY_GOTO(status, dn_alloc(&open, (size_t)c.count + 1, 1, "a mask"), done);
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            int64_t row = dim[0] * (j + dim[1] * k);
            bool side = j == 0 || k == 0 || j == dim[1] - 1 || k == dim[2] - 1;
            int64_t by = side || dim[0] == 1 ? 1 : dim[0] - 1; /* the whole row, or its two ends */
            for (int64_t i = 0; i < dim[0]; i += by) {
                open[c.label[row + i]] = 1;
            }
        }
    }
    open[0] = 0; /* number 0 is the mask itself */
    for (int64_t i = 0; i < count; ++i) {
        mask[i] = !open[c.label[i]];
    }
done:
    free(open);
    dn_components_release(&c);
    free(outside);
    return status;
}
