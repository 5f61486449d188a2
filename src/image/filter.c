/* Gaussian smoothing along the axes, and percentiles and sums of the voxels. */
#include "image/filter.h"

#include "base/job.h"
#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Voxels that are filtered side by side along axes 1 and 2: 16 cache lines. */
enum { WIDTH = 256 };

/* Weights of a Gaussian of sigma voxels, cut at 4 sigma, sum 1; owned by the caller. */
static dn_status gaussian_weights(double sigma, float **weights, int64_t *radius)
{
    int64_t r = (int64_t)ceil(4.0 * sigma);
    double sum = 0.0;
    float *w = NULL;
    for (int64_t i = -r; i <= r; ++i) {
        sum += exp(-0.5 * (double)(i * i) / (sigma * sigma));
    }
    DN_TRY(dn_alloc(&w, (size_t)(2 * r + 1), sizeof *w, "a filter"));
    for (int64_t i = -r; i <= r; ++i) {
        w[i + r] = (float)(exp(-0.5 * (double)(i * i) / (sigma * sigma)) / sum);
    }
    *weights = w;
    *radius = r;
    return DN_OK;
}

/* width lines side by side: line x is data[x + stride * 0..n-1]. scratch: (n + 2 r) * width. */
static void filter_lines(float *data, int64_t n, int64_t stride, int64_t width, const float *w, int64_t r, float *scratch)
{
    for (int64_t i = -r; i < n + r; ++i) {
        int64_t from = i < 0 ? 0 : i >= n ? n - 1 : i;
        memcpy(scratch + (i + r) * width, data + from * stride, (size_t)width * sizeof *data);
    }
    for (int64_t i = 0; i < n; ++i) {
        float *out = data + i * stride;
        memset(out, 0, (size_t)width * sizeof *out);
        for (int64_t k = 0; k <= 2 * r; ++k) {
            const float *in = scratch + (i + k) * width;
            float weight = w[k];
            for (int64_t x = 0; x < width; ++x) {
                out[x] += weight * in[x];
            }
        }
    }
}

/* One line along the first axis. scratch: n + 2 r. */
static void filter_row(float *data, int64_t n, const float *w, int64_t r, float *scratch)
{
    for (int64_t i = -r; i < n + r; ++i) {
        scratch[i + r] = data[i < 0 ? 0 : i >= n ? n - 1 : i];
    }
    memset(data, 0, (size_t)n * sizeof *data);
    for (int64_t k = 0; k <= 2 * r; ++k) {
        float weight = w[k];
        for (int64_t i = 0; i < n; ++i) {
            data[i] += weight * scratch[i + k];
        }
    }
}

static dn_status filter_axis(dn_volume *volume, int axis, double sigma)
{
    const int64_t *dim = volume->grid.dim;
    int threads = dn_threads_get();
    int64_t radius;
    float *weights = NULL;
    float *scratch = NULL;
    DN_TRY(gaussian_weights(sigma, &weights, &radius));
    int64_t width = axis == 0 ? 1 : dim[0] < WIDTH ? dim[0] : WIDTH;
    int64_t each = (dim[axis] + 2 * radius) * width;
    dn_status status = dn_alloc_dims(&scratch, DN_DIMS(dim[axis] + 2 * radius, width, threads), sizeof *scratch, "a filter");
    if (status == DN_OK && axis == 0) {
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < dim[1] * dim[2]; ++row) {
            filter_row(volume->data + row * dim[0], dim[0], weights, radius, scratch + omp_get_thread_num() * each);
        }
    } else if (status == DN_OK) {
        int64_t stride = axis == 1 ? dim[0] : dim[0] * dim[1];
        int64_t outer_stride = axis == 1 ? dim[0] * dim[1] : dim[0];
        int64_t outer = axis == 1 ? dim[2] : dim[1];
#pragma omp parallel for collapse(2) num_threads(threads)
        for (int64_t o = 0; o < outer; ++o) {
            for (int64_t x = 0; x < dim[0]; x += width) {
                int64_t w = x + width < dim[0] ? width : dim[0] - x;
                filter_lines(volume->data + o * outer_stride + x, dim[axis], stride, w, weights, radius,
                             scratch + omp_get_thread_num() * each);
            }
        }
    }
    free(scratch);
    free(weights);
    return status;
}

dn_status dn_filter_gaussian(dn_volume *volume, const double sigma[3])
{
    double spacing[3];
    dn_grid_spacing(&volume->grid, spacing);
    for (int d = 0; d < 3; ++d) {
        if (!(sigma[d] >= 0.0) || !(sigma[d] / spacing[d] < 1e6)) {
            DN_FAIL(DN_EUSAGE, "a Gaussian filter of %g mm is not possible", sigma[d]);
        }
    }
    for (int d = 0; d < 3; ++d) {
        double voxels = sigma[d] / spacing[d];
        if (voxels >= 0.01 && volume->grid.dim[d] > 1) { /* below, the neighbour's weight is 0 in float32 */
            DN_TRY(filter_axis(volume, d, voxels));
        }
    }
    return DN_OK;
}

/* Bits whose order as unsigned numbers is the order of the floats. */
static inline uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline double value_of(uint32_t key)
{
    uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

enum { HALF = 1 << 16 };

/* Counts of the keys' upper halves; *nans: voxels that are not numbers. */
static dn_status count_upper(const dn_volume *volume, const uint8_t *mask, int64_t *counts, int64_t *nans)
{
    int64_t count = dn_grid_count(&volume->grid);
    int threads = dn_threads_get();
    int64_t *all = NULL;
    int64_t bad = 0;
    DN_TRY(dn_alloc_dims(&all, DN_DIMS(threads, HALF), sizeof *all, "a histogram"));
#pragma omp parallel num_threads(threads) reduction(+ : bad)
    {
        int64_t *mine = all + (size_t)omp_get_thread_num() * HALF;
#pragma omp for
        for (int64_t i = 0; i < count; ++i) {
            if (mask == NULL || mask[i]) {
                bad += volume->data[i] != volume->data[i];
                ++mine[key_of(volume->data[i]) >> 16];
            }
        }
    }
    memset(counts, 0, HALF * sizeof *counts);
    for (int t = 0; t < threads; ++t) {
        for (int b = 0; b < HALF; ++b) {
            counts[b] += all[(size_t)t * HALF + (size_t)b];
        }
    }
    free(all);
    *nans = bad;
    return DN_OK;
}

/* A rank that is wanted (0-based order statistic) and how it is found. */
typedef struct wanted {
    int64_t rank;
    int upper;      /* its key's upper half */
    int64_t within; /* rank among the voxels with that upper half */
    double value;
} wanted;

static void find_upper(const int64_t *counts, wanted *w)
{
    int64_t before = 0;
    int b = 0;
    while (before + counts[b] <= w->rank) {
        before += counts[b++];
    }
    w->upper = b;
    w->within = w->rank - before;
}

/* Second pass: lower halves of the buckets that hold a wanted rank. */
static dn_status find_lower(const dn_volume *volume, const uint8_t *mask, wanted *list, size_t n)
{
    int64_t count = dn_grid_count(&volume->grid);
    int threads = dn_threads_get();
    int32_t *slot = NULL;  /* upper half -> 1 + number of its histogram */
    int64_t *lower = NULL; /* [threads, slots, HALF]: a common background value would make threads queue for one counter */
    size_t slots = 0;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&slot, HALF, sizeof *slot, "a histogram"));
    for (size_t w = 0; w < n; ++w) {
        if (slot[list[w].upper] == 0) {
            slot[list[w].upper] = (int32_t)++slots;
        }
    }
    DN_TRY_GOTO(status, dn_alloc_dims(&lower, DN_DIMS(threads, (int64_t)slots, HALF), sizeof *lower, "a histogram"), done);
#pragma omp parallel num_threads(threads)
    {
        int64_t *mine = lower + (size_t)omp_get_thread_num() * slots * HALF;
#pragma omp for
        for (int64_t i = 0; i < count; ++i) {
            if (mask == NULL || mask[i]) {
                uint32_t key = key_of(volume->data[i]);
                int32_t s = slot[key >> 16];
                if (s > 0) {
                    ++mine[(size_t)(s - 1) * HALF + (key & 0xffffu)];
                }
            }
        }
    }
    for (size_t w = 0; w < n; ++w) {
        const int64_t *histogram = lower + (size_t)(slot[list[w].upper] - 1) * HALF;
        int64_t before = 0;
        uint32_t b = 0;
        for (;; ++b) {
            int64_t here = 0;
            for (int t = 0; t < threads; ++t) {
                here += histogram[(size_t)t * slots * HALF + b];
            }
            if (before + here > list[w].within) {
                break;
            }
            before += here;
        }
        list[w].value = value_of((uint32_t)list[w].upper << 16 | b);
    }
done:
    free(lower);
    free(slot);
    return status;
}

dn_status dn_volume_percentiles(const dn_volume *volume, const uint8_t *mask, const double *percents, size_t count, double *out)
{
    int64_t *counts = NULL;
    wanted *list = NULL;
    int64_t nans;
    int64_t n = 0;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&counts, HALF, sizeof *counts, "a histogram"));
    DN_TRY_GOTO(status, dn_alloc(&list, 2 * count, sizeof *list, "percentiles"), done);
    DN_TRY_GOTO(status, count_upper(volume, mask, counts, &nans), done);
    for (int b = 0; b < HALF; ++b) {
        n += counts[b];
    }
    if (n == 0 || nans > 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, n == 0 ? "no voxel is selected: there are no percentiles" : "some voxels are not numbers");
    }
    for (size_t p = 0; p < count; ++p) {
        if (!(percents[p] >= 0.0 && percents[p] <= 100.0)) {
            DN_FAIL_GOTO(status, done, DN_EUSAGE, "a percentile must lie between 0 and 100; %g does not", percents[p]);
        }
        int64_t rank = (int64_t)floor(percents[p] / 100.0 * (double)(n - 1));
        list[2 * p].rank = rank;
        list[2 * p + 1].rank = rank + 1 < n ? rank + 1 : rank;
        find_upper(counts, &list[2 * p]);
        find_upper(counts, &list[2 * p + 1]);
    }
    DN_TRY_GOTO(status, find_lower(volume, mask, list, 2 * count), done);
    for (size_t p = 0; p < count; ++p) {
        double at = percents[p] / 100.0 * (double)(n - 1);
        out[p] = list[2 * p].value + (list[2 * p + 1].value - list[2 * p].value) * (at - floor(at));
    }
done:
    free(list);
    free(counts);
    return status;
}

/* Sums are taken over blocks of fixed size and added in order, so that they do not depend on the number of threads. */
enum { SUM_BLOCK = 1 << 15 };

typedef struct partial {
    int64_t count;
    double sum, minimum, maximum;
} partial;

dn_status dn_volume_summarise(const dn_volume *volume, const uint8_t *mask, dn_volume_summary *out)
{
    int64_t count = dn_grid_count(&volume->grid);
    int64_t blocks = (count + SUM_BLOCK - 1) / SUM_BLOCK;
    partial *parts = NULL;
    dn_volume_summary s = {0, 0.0, 0.0, INFINITY, -INFINITY};
    DN_TRY(dn_alloc(&parts, (size_t)blocks, sizeof *parts, "a summary"));
    for (int pass = 0; pass < 2; ++pass) { /* the mean, then squares around it */
        double mean = s.mean;
#pragma omp parallel for
        for (int64_t b = 0; b < blocks; ++b) {
            partial p = {0, 0.0, INFINITY, -INFINITY};
            int64_t end = (b + 1) * SUM_BLOCK < count ? (b + 1) * SUM_BLOCK : count;
            for (int64_t i = b * SUM_BLOCK; i < end; ++i) {
                if (mask == NULL || mask[i]) {
                    double v = (double)volume->data[i];
                    ++p.count;
                    p.sum += pass == 0 ? v : (v - mean) * (v - mean);
                    p.minimum = v < p.minimum ? v : p.minimum;
                    p.maximum = v > p.maximum ? v : p.maximum;
                }
            }
            parts[b] = p;
        }
        double sum = 0.0;
        s.count = 0;
        for (int64_t b = 0; b < blocks; ++b) {
            s.count += parts[b].count;
            sum += parts[b].sum;
            s.minimum = parts[b].minimum < s.minimum ? parts[b].minimum : s.minimum;
            s.maximum = parts[b].maximum > s.maximum ? parts[b].maximum : s.maximum;
        }
        if (s.count == 0) {
            free(parts);
            DN_FAIL(DN_EDATA, "no voxel is selected: there is nothing to summarise");
        }
        if (pass == 0) {
            s.mean = sum / (double)s.count;
        } else {
            s.sd = s.count > 1 ? sqrt(sum / (double)(s.count - 1)) : 0.0;
        }
    }
    free(parts);
    *out = s;
    return DN_OK;
}
