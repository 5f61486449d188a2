/* k-means in one dimension on sorted numbers with their running sums (Lloyd 1982; Arthur and Vassilvitskii 2007). */
#include "stats/kmeans.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Order of floats as unsigned keys. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* Ascending, by two passes of 16 bits: ten times as fast as qsort on the voxels of a brain. */
static dn_status sort(float *value, size_t count)
{
    enum { KEYS = 1 << 16 };
    float *other = NULL;
    size_t *at = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&other, count, sizeof *other, "numbers to be sorted"), done);
    DN_TRY_GOTO(status, dn_alloc(&at, KEYS + 1, sizeof *at, "numbers to be sorted"), done);
    for (int pass = 0; pass < 2; ++pass) {
        const float *from = pass == 0 ? value : other;
        float *to = pass == 0 ? other : value;
        memset(at, 0, (KEYS + 1) * sizeof *at);
        for (size_t i = 0; i < count; ++i) {
            ++at[((key_of(from[i]) >> (16 * pass)) & 0xffffu) + 1];
        }
        for (size_t k = 0; k < KEYS; ++k) {
            at[k + 1] += at[k];
        }
        for (size_t i = 0; i < count; ++i) {
            to[at[(key_of(from[i]) >> (16 * pass)) & 0xffffu]++] = from[i];
        }
    }
done:
    free(other);
    free(at);
    return status;
}

dn_status dn_kmeans_prepare(const float *values, size_t count, dn_kmeans_data *out)
{
    *out = (dn_kmeans_data){0};
    if (count == 0) {
        DN_FAIL(DN_EDATA, "there are no numbers to be divided into classes");
    }
    DN_TRY(dn_alloc(&out->value, count, sizeof *out->value, "numbers to be divided into classes"));
    DN_TRY(dn_alloc(&out->sum, count + 1, sizeof *out->sum, "numbers to be divided into classes"));
    out->count = count;
    for (size_t i = 0; i < count; ++i) {
        if (!isfinite(values[i])) {
            DN_FAIL(DN_EDATA, "a number to be divided into classes is not finite");
        }
        out->value[i] = values[i];
    }
    DN_TRY(sort(out->value, count));
    for (size_t i = 0; i < count; ++i) {
        out->sum[i + 1] = out->sum[i] + (double)out->value[i];
    }
    return DN_OK;
}

void dn_kmeans_release(dn_kmeans_data *data)
{
    free(data->value);
    free(data->sum);
    *data = (dn_kmeans_data){0};
}

/* How many numbers are at most `limit`. */
static size_t up_to(const dn_kmeans_data *data, double limit)
{
    size_t low = 0, high = data->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if ((double)data->value[middle] <= limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static dn_status check_k(int k)
{
    if (k < 2 || k > DN_KMEANS_MOST) {
        DN_FAIL(DN_EUSAGE, "%d classes are not possible; give a number from 2 to %d", k, DN_KMEANS_MOST);
    }
    return DN_OK;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* k-means++ draws from so many of the sorted numbers at most, evenly chosen: the same distribution. */
#define SAMPLES ((size_t)100000)

/* Squared distance of number i to the nearest of the first n centres. */
static double apart(const dn_kmeans_data *data, size_t i, const double *centre, int n)
{
    double least = INFINITY;
    for (int c = 0; c < n; ++c) {
        const double d = (double)data->value[i] - centre[c];
        least = fmin(least, d * d);
    }
    return least;
}

dn_status dn_kmeans_start(const dn_kmeans_data *data, int k, uint64_t seed, double *centre)
{
    dn_random random;
    const size_t every = 1 + data->count / SAMPLES;
    DN_TRY(check_k(k));
    dn_random_seed(&random, seed);
    centre[0] = (double)data->value[dn_random_below(&random, data->count)];
    for (int c = 1; c < k; ++c) {
        double total = 0.0;
        for (size_t i = 0; i < data->count; i += every) {
            total += apart(data, i, centre, c);
        }
        if (!(total > 0.0)) {
            DN_FAIL(DN_EDATA, "the tissue has only %d different intensities, so that it cannot be divided into %d classes", c, k);
        }
        const double wanted = dn_random_unit(&random) * total;
        double passed = 0.0;
        size_t chosen = data->count;
        for (size_t i = 0; i < data->count; i += every) {
            const double d = apart(data, i, centre, c);
            passed += d;
            if (d > 0.0) {
                chosen = i;
                if (passed > wanted) {
                    break;
                }
            }
        }
        centre[c] = (double)data->value[chosen];
    }
    qsort(centre, (size_t)k, sizeof *centre, compare);
    return DN_OK;
}

/* Ends of the classes: class c has the numbers end[c - 1]..end[c] - 1. */
static void divide(const dn_kmeans_data *data, const double *centre, int k, size_t *end)
{
    for (int c = 0; c + 1 < k; ++c) {
        end[c] = up_to(data, 0.5 * (centre[c] + centre[c + 1]));
    }
    end[k - 1] = data->count;
}

dn_status dn_kmeans_run(const dn_kmeans_data *data, int k, const double *start, int steps, dn_kmeans *out)
{
    size_t end[DN_KMEANS_MOST];
    DN_TRY(check_k(k));
    *out = (dn_kmeans){.k = k};
    memcpy(out->centre, start, (size_t)k * sizeof *start);
    for (bool moved = true; moved && out->steps < steps; ++out->steps) {
        moved = false;
        divide(data, out->centre, k, end);
        for (int c = 0; c < k; ++c) {
            const size_t from = c > 0 ? end[c - 1] : 0;
            if (end[c] > from) {
                const double mean = (data->sum[end[c]] - data->sum[from]) / (double)(end[c] - from);
                moved = moved || mean != out->centre[c];
                out->centre[c] = mean;
            }
        }
    }
    divide(data, out->centre, k, end);
    for (int c = 0; c < k; ++c) {
        const size_t from = c > 0 ? end[c - 1] : 0;
        out->size[c] = (int64_t)(end[c] - from);
        for (size_t i = from; i < end[c]; ++i) {
            const double d = (double)data->value[i] - out->centre[c];
            out->within += d * d;
        }
    }
    return DN_OK;
}

dn_status dn_kmeans_best(const dn_kmeans_data *data, int k, uint64_t seed, int starts, int steps, dn_kmeans *out)
{
    for (int s = 0; s < starts; ++s) {
        double centre[DN_KMEANS_MOST];
        dn_kmeans run;
        dn_random stream;
        dn_random_seed_stream(&stream, seed, (uint64_t)s);
        DN_TRY(dn_kmeans_start(data, k, dn_random_u64(&stream), centre));
        DN_TRY(dn_kmeans_run(data, k, centre, steps, &run));
        if (s == 0 || run.within < out->within) {
            *out = run;
        }
    }
    return DN_OK;
}

int dn_kmeans_nearest(const dn_kmeans *run, double value)
{
    int c = 0;
    while (c + 1 < run->k && value > 0.5 * (run->centre[c] + run->centre[c + 1])) {
        ++c;
    }
    return c;
}
