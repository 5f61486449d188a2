/* Finds the rightmost mode of the smoothed histogram inside a box: the intensity of white matter. */
#include "infer/white_matter.h"

#include "base/memory.h"
#include "register/head_template.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BRAIN 230 /* of 255 */
#define TOP_SHARE 0.995
#define SMOOTHING 0.015 /* of the range */
#define DARK 0.1
#define HIGH_ENOUGH 0.4
enum { FINER = 3, BINS = 256, LEAST_SAMPLES = 20000 };

static int by_value(const void *a, const void *b)
{
    float p = *(const float *)a;
    float q = *(const float *)b;
    return (p > q) - (p < q);
}

/* Values above 0 wherever the template is brain. */
static dn_status collect(const dn_volume *volume, const dn_location *location, float **out, size_t *count)
{
    dn_head_template head;
    size_t limit = 0;
    DN_TRY(dn_head_template_get(&head));
    int64_t voxels = head.dim[0] * head.dim[1] * head.dim[2];
    for (int64_t v = 0; v < voxels; ++v) {
        limit += head.brain[v] >= BRAIN;
    }
    limit *= FINER * FINER * FINER;
    DN_TRY(dn_alloc(out, limit > 0 ? limit : 1, sizeof **out, "samples of the brain"));
    *count = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        if (head.brain[v] < BRAIN) {
            continue;
        }
        const int64_t ijk[3] = {v % head.dim[0], v / head.dim[0] % head.dim[1], v / (head.dim[0] * head.dim[1])};
        for (int s = 0; s < FINER * FINER * FINER; ++s) {
            const int part[3] = {s % FINER, s / FINER % FINER, s / (FINER * FINER)};
            double world[3];
            double at[3];
            int64_t near[3];
            bool inside = true;
            for (int c = 0; c < 3; ++c) {
                world[c] = head.origin[c] + head.spacing * ((double)ijk[c] + ((double)part[c] - 1.0) / FINER);
            }
            dn_affine_apply(&location->to_volume, world, at);
            for (int c = 0; c < 3; ++c) {
                inside = inside && at[c] > -0.5 && at[c] < (double)volume->grid.dim[c] - 0.5;
                near[c] = inside ? (int64_t)(at[c] + 0.5) : 0;
            }
            float value = inside ? volume->data[dn_grid_offset(&volume->grid, near[0], near[1], near[2])] : 0.0f;
            if (value > 0.0f) {
                (*out)[(*count)++] = value;
            }
        }
    }
    return DN_OK;
}

static void smooth(const double *in, double *out)
{
    const double sd = SMOOTHING * BINS;
    const int reach = (int)(4.0 * sd);
    for (int b = 0; b < BINS; ++b) {
        double sum = 0.0;
        double weights = 0.0;
        for (int d = -reach; d <= reach; ++d) {
            double w = exp(-0.5 * d * d / (sd * sd));
            if (b + d >= 0 && b + d < BINS) {
                sum += w * in[b + d];
                weights += w;
            }
        }
        out[b] = sum / weights;
    }
}

/* Rightmost mode, in bins from the left edge of bin 0. */
static double rightmost_mode(const double *h)
{
    const int first = (int)(DARK * BINS);
    double highest = 0.0;
    int best = first;
    for (int b = first; b < BINS; ++b) {
        if (h[b] > highest) {
            highest = h[b];
            best = b;
        }
    }
    for (int b = BINS - 2; b > best; --b) {
        if (h[b] >= h[b - 1] && h[b] > h[b + 1] && h[b] >= HIGH_ENOUGH * highest) {
            best = b;
            break;
        }
    }
    double shift = 0.0;
    if (best > 0 && best < BINS - 1) {
        double bend = h[best - 1] - 2.0 * h[best] + h[best + 1];
        shift = bend < 0.0 ? 0.5 * (h[best - 1] - h[best + 1]) / bend : 0.0;
    }
    return (double)best + 0.5 + shift;
}

dn_status dn_white_matter_peak(const dn_volume *volume, const dn_location *location, double *peak)
{
    float *values = NULL;
    size_t count = 0;
    dn_status status = DN_OK;
    if (!location->found) {
        DN_FAIL(DN_EDATA, "no head was found in the scan, so its white matter cannot be found either");
    }
    DN_TRY(collect(volume, location, &values, &count));
    if (count < LEAST_SAMPLES) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "too little of the brain lies in the scan to find the intensity of its white matter");
    }
    qsort(values, count, sizeof *values, by_value);
    double top = (double)values[(size_t)(TOP_SHARE * (double)(count - 1))];
    double histogram[BINS] = {0};
    double even[BINS];
    for (size_t i = 0; i < count && (double)values[i] < top; ++i) {
        histogram[(int)((double)values[i] / top * BINS)] += 1.0;
    }
    smooth(histogram, even);
    *peak = rightmost_mode(even) * top / BINS;
done:
    free(values);
    return status;
}

void dn_white_matter_scale(dn_volume *volume, double peak, double wanted)
{
    const float gain = (float)(wanted / peak);
    const int64_t count = dn_grid_count(&volume->grid);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; ++i) {
        float v = gain * volume->data[i];
        volume->data[i] = v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
    }
}
