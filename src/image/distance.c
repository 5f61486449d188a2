/* Exact Euclidean distances by the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012), one axis after the other. */
#include "image/distance.h"

#include "base/job.h"
#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>

/* Lines that are copied out side by side, so that strided axes are read a cache line at a time. */
enum { LINES = 16 };

/* Squared distances along a row to the nearest inside voxel of the row. */
static void row_distance(const uint8_t *mask, bool inside, int64_t n, double spacing, float *out)
{
    int64_t last = -1;
    for (int64_t i = 0; i < n; ++i) {
        last = (mask[i] != 0) == inside ? i : last;
        double d = (double)(i - last) * spacing;
        out[i] = last < 0 ? INFINITY : (float)(d * d);
    }
    last = -1;
    for (int64_t i = n - 1; i >= 0; --i) {
        last = (mask[i] != 0) == inside ? i : last;
        double d = (double)(last - i) * spacing;
        if (last >= 0 && (float)(d * d) < out[i]) {
            out[i] = (float)(d * d);
        }
    }
}

typedef struct scratch {
    float *line;   /* [LINES, n] */
    double *start; /* n + 1: where each parabola of the envelope takes over */
    int64_t *at;   /* n: their vertices */
} scratch;

/* f[i] = min over q of f[q] + (spacing (i - q))^2, in place: the lower envelope of parabolas. */
static void envelope(float *f, int64_t n, double spacing, scratch *s)
{
    int64_t top = -1;
    double square = spacing * spacing;
    for (int64_t q = 0; q < n; ++q) {
        if (f[q] == INFINITY) {
            continue;
        }
        double from = -INFINITY;
        while (top >= 0) {
            int64_t v = s->at[top];
            from = (((double)f[q] - (double)f[v]) / square + (double)((q - v) * (q + v))) / (2.0 * (double)(q - v));
            if (from > s->start[top]) {
                break;
            }
            --top;
            from = -INFINITY;
        }
        ++top;
        s->at[top] = q;
        s->start[top] = from;
    }
    if (top < 0) {
        return;
    }
    /* The envelope is read while f is overwritten: keep the vertices' heights. */
    s->start[top + 1] = INFINITY;
    int64_t p = 0;
    for (int64_t v = 0; v <= top; ++v) {
        s->line[v] = f[s->at[v]];
    }
    for (int64_t i = 0; i < n; ++i) {
        while (s->start[p + 1] < (double)i) {
            ++p;
        }
        double d = (double)(i - s->at[p]) * spacing;
        f[i] = (float)((double)s->line[p] + d * d);
    }
}

/* Along axis 1 or 2. */
static dn_status pass(float *data, const int64_t dim[3], int axis, double spacing, bool last)
{
    int threads = dn_threads_get();
    int64_t n = dim[axis];
    int64_t stride = axis == 1 ? dim[0] : dim[0] * dim[1];
    int64_t outer = axis == 1 ? dim[2] : dim[1];
    int64_t outer_stride = axis == 1 ? dim[0] * dim[1] : dim[0];
    float *lines = NULL;
    double *starts = NULL;
    int64_t *vertices = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc_dims(&lines, DN_DIMS(threads, n, LINES + 1), sizeof *lines, "a distance map"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&starts, DN_DIMS(threads, n + 1), sizeof *starts, "a distance map"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&vertices, DN_DIMS(threads, n), sizeof *vertices, "a distance map"), done);
#pragma omp parallel for collapse(2) num_threads(threads)
    for (int64_t o = 0; o < outer; ++o) {
        for (int64_t x = 0; x < dim[0]; x += LINES) {
            int64_t t = omp_get_thread_num();
            float *copy = lines + t * n * (LINES + 1);
            scratch s = {copy + n * LINES, starts + t * (n + 1), vertices + t * n};
            int64_t width = x + LINES < dim[0] ? LINES : dim[0] - x;
            float *base = data + o * outer_stride + x;
            for (int64_t i = 0; i < n; ++i) {
                for (int64_t l = 0; l < width; ++l) {
                    copy[l * n + i] = base[i * stride + l];
                }
            }
            for (int64_t l = 0; l < width; ++l) {
                envelope(copy + l * n, n, spacing, &s);
            }
            for (int64_t i = 0; i < n; ++i) {
                for (int64_t l = 0; l < width; ++l) {
                    base[i * stride + l] = last ? sqrtf(copy[l * n + i]) : copy[l * n + i];
                }
            }
        }
    }
done:
    free(vertices);
    free(starts);
    free(lines);
    return status;
}

/* Distance to the voxels whose being inside the mask equals `inside`. */
static dn_status distance(const uint8_t *mask, bool inside, const int64_t dim[3], const double spacing[3], float *out)
{
    int64_t count;
    for (int d = 0; d < 3; ++d) {
        if (dim[d] < 1 || !(spacing[d] > 0.0) || !isfinite(spacing[d])) {
            DN_FAIL(DN_EGEOMETRY, "a distance map needs a size and a voxel spacing above 0, not %lld and %g mm", (long long)dim[d],
                    spacing[d]);
        }
    }
    if (!dn_mul_dims(dim, 3, &count)) {
        DN_FAIL(DN_EGEOMETRY, "a distance map of that size is not possible");
    }
#pragma omp parallel for
    for (int64_t row = 0; row < dim[1] * dim[2]; ++row) {
        row_distance(mask + row * dim[0], inside, dim[0], spacing[0], out + row * dim[0]);
    }
    DN_TRY(pass(out, dim, 1, spacing[1], false));
    return pass(out, dim, 2, spacing[2], true);
}

dn_status dn_distance_to(const uint8_t *mask, const int64_t dim[3], const double spacing[3], float *out)
{
    return distance(mask, true, dim, spacing, out);
}

dn_status dn_distance_signed(const uint8_t *mask, const int64_t dim[3], const double spacing[3], float *out)
{
    int64_t count = 0;
    float *inner = NULL;
    DN_TRY(distance(mask, true, dim, spacing, out));
    count = dim[0] * dim[1] * dim[2];
    DN_TRY(dn_alloc_dims(&inner, dim, 3, sizeof *inner, "a distance map"));
    dn_status status = distance(mask, false, dim, spacing, inner);
    if (status == DN_OK) {
#pragma omp parallel for
        for (int64_t i = 0; i < count; ++i) {
            out[i] = mask[i] ? -inner[i] : out[i];
        }
    }
    free(inner);
    return status;
}
