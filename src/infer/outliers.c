/* Finds values that cannot be of the head in a sorted sample of the scan, and replaces them. */
#include "infer/outliers.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 1 << 18 };
#define LEAST_SHARE 0.002
#define LOW_MOST 0.95
#define SPREAD_MOST 0.20 /* of a group that has several values */
#define HIGH_MOST 0.05
#define GAP_LOW 0.1
#define GAP_HIGH 0.5
/* Air of its own: so much of the rest lies in the lowest tenth of its range. */
#define AIR_SHARE 0.15
#define AIR_RANGE 0.1
/* What 16 bits hold, and how near to its ends the values must come. */
#define WRAP 65536.0f
#define WRAP_TOP 32767.0f
#define WRAP_NEAR 0.9f

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* An odd step, so that no axis of even length is seen at a few places only. */
static dn_status sorted_sample(const dn_volume *volume, float **out, int64_t *count)
{
    const int64_t voxels = dn_grid_count(&volume->grid);
    const int64_t step = voxels / SAMPLES | 1;
    int64_t n = 0;
    DN_TRY(dn_alloc(out, (size_t)(voxels / step + 1), sizeof **out, "a sample of the intensities"));
    for (int64_t v = 0; v < voxels; v += step) {
        (*out)[n++] = volume->data[v];
    }
    qsort(*out, (size_t)n, sizeof **out, by_value);
    *count = n;
    return DN_OK;
}

static bool has_air(const float *s, int64_t from, int64_t count)
{
    const int64_t rest = count - from;
    const float low = s[from + (int64_t)(0.005 * (double)(rest - 1))];
    const float high = s[from + (int64_t)(0.995 * (double)(rest - 1))];
    const float limit = low + (float)AIR_RANGE * (high - low);
    int64_t n = from;
    for (; n < count && s[n] <= limit; ++n) {
    }
    return (double)(n - from) >= AIR_SHARE * (double)rest;
}

/* First of the values that belong to the rest; 0: all. */
static int64_t find_low(const float *s, int64_t count)
{
    const int64_t first = (int64_t)(LEAST_SHARE * (double)count);
    const int64_t last = (int64_t)(LOW_MOST * (double)count);
    double widest = 0.0;
    int64_t found = 0;
    for (int64_t n = first > 1 ? first : 1; n < last && s[n - 1] < 0.0f; ++n) {
        const double gap = (double)s[n] - (double)s[n - 1];
        if (!(gap > 0.0) || (s[0] < s[n - 1] && (double)n > SPREAD_MOST * (double)count)) {
            continue;
        }
        const double range = (double)s[n + (int64_t)(0.995 * (double)(count - n - 1))] - (double)s[n];
        if (gap >= GAP_LOW * range && range > 0.0 && gap > widest && has_air(s, n, count)) {
            widest = gap;
            found = n;
        }
    }
    return found;
}

/* One past the last of the rest; count: all. */
static int64_t find_high(const float *s, int64_t low, int64_t count)
{
    const int64_t most = (int64_t)(HIGH_MOST * (double)count);
    const int64_t least = (int64_t)(LEAST_SHARE * (double)count);
    for (int64_t n = count - most > low + 1 ? count - most : low + 1; n < count - least; ++n) {
        const double gap = (double)s[n] - (double)s[n - 1];
        const double range = (double)s[n - 1] - (double)s[low];
        if (range > 0.0 && gap >= GAP_HIGH * range) {
            return n;
        }
    }
    return count;
}

static bool is_wrapped(const float *s, int64_t low, int64_t count)
{
    const float top = s[low + (int64_t)(0.999 * (double)(count - low - 1))];
    return low > 0 && s[0] >= -WRAP_TOP - 1.0f && s[0] < -0.5f * WRAP_TOP && s[0] < s[low - 1] && top > WRAP_NEAR * WRAP_TOP &&
           s[count - 1] <= WRAP_TOP;
}

dn_status dn_outliers_mend(dn_volume *volume, dn_outliers *out)
{
    float *s = NULL;
    int64_t count = 0;
    const int64_t voxels = dn_grid_count(&volume->grid);
    memset(out, 0, sizeof *out);
    DN_TRY(sorted_sample(volume, &s, &count));
    const int64_t low = find_low(s, count);
    const int64_t high = find_high(s, low, count);
    if (low > 0 || high < count) {
        const bool wrapped = is_wrapped(s, low, count);
        const float bottom = s[low];
        const float top = s[high - 1];
        /* Between two values of the sample there may be others of the scan: the middle of the gap parts them. */
        const float below = low > 0 ? 0.5f * (s[low - 1] + s[low]) : -INFINITY;
        const float above = high < count ? 0.5f * (s[high - 1] + s[high]) : INFINITY;
        for (int64_t v = 0; v < voxels; ++v) {
            float *x = &volume->data[v];
            if (*x < below) {
                out->low_value = fmin(out->low_value, (double)*x);
                *x = wrapped ? *x + WRAP : bottom;
                out->low_share += 1.0;
            } else if (*x > above) {
                out->high_value = fmax(out->high_value, (double)*x);
                *x = top;
                out->high_share += 1.0;
            }
        }
        out->low_share /= (double)voxels;
        out->high_share /= (double)voxels;
        out->wrapped_share = wrapped ? out->low_share : 0.0;
        out->low_share = wrapped ? 0.0 : out->low_share;
    }
    free(s);
    return DN_OK;
}
