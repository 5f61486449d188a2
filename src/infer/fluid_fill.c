/* Finds the tissue of a brain without skull, and paints fluid with noise and a bright shell around it. */
#include "infer/fluid_fill.h"

#include "base/memory.h"
#include "base/random.h"
#include "image/distance.h"
#include "image/filter.h"
#include "image/morphology.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOSING_MM 2.0
#define FLUID_SHARE 0.8  /* of the ventricles' median: fluid around the brain is thin, and the brain's pulse and vessels darken it */
#define NOISE_SHARE 0.1  /* of the white matter's median, before it is smoothed */
#define NOISE_MM 0.7     /* sd of the smoothing; it leaves a quarter of the noise's sd */
#define SHELL_SHARE 1.1  /* of the white matter's median */
#define LEAST_VOXELS 100 /* of a label, for its median */
static const uint64_t seed = UINT64_C(0x666c756964);

enum { FLUID_LABEL = 24 };

/* The part of the volume that is filled, and arrays on it, x fastest. */
typedef struct box {
    int64_t start[3], dim[3];
    uint8_t *tissue;
    float *distance; /* mm from tissue */
    dn_volume *noise;
} box;

static bool is_tissue(const dn_labels *labels, int64_t v)
{
    return labels->data[v] != 0 && labels->data[v] != FLUID_LABEL;
}

/* Median of the voxels that have a value and one of two labels. */
static dn_status median_of(const dn_volume *volume, const dn_labels *labels, const uint16_t label[2], const char *what, double *out)
{
    const double half = 50.0;
    const int64_t count = dn_grid_count(&volume->grid);
    int64_t found = 0;
    uint8_t *mask = NULL;
    DN_TRY(dn_alloc(&mask, (size_t)count, 1, "a mask"));
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = (labels->data[v] == label[0] || labels->data[v] == label[1]) && volume->data[v] > 0.0f;
        found += mask[v];
    }
    dn_status status = found < LEAST_VOXELS ? dn_error_set(DN_EDATA, "too few of its voxels are labelled as %s", what)
                                            : dn_volume_percentiles(volume, mask, &half, 1, out);
    free(mask);
    return status;
}

/* The tissue's bounds, wide enough for fluid and shell, within the volume. */
static dn_status find_box(const dn_volume *volume, const dn_labels *labels, const double spacing[3], box *b)
{
    const int64_t *dim = volume->grid.dim;
    int64_t low[3] = {dim[0], dim[1], dim[2]};
    int64_t high[3] = {-1, -1, -1};
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                if (is_tissue(labels, dn_grid_offset(&volume->grid, i, j, k))) {
                    const int64_t at[3] = {i, j, k};
                    for (int c = 0; c < 3; ++c) {
                        low[c] = at[c] < low[c] ? at[c] : low[c];
                        high[c] = at[c] > high[c] ? at[c] : high[c];
                    }
                }
            }
        }
    }
    if (high[0] < 0) {
        DN_FAIL(DN_EDATA, "no tissue is labelled in it");
    }
    for (int c = 0; c < 3; ++c) {
        int64_t room = (int64_t)ceil((DN_FLUID_FILL_SHELL_MM + CLOSING_MM) / spacing[c]);
        b->start[c] = low[c] > room ? low[c] - room : 0;
        int64_t end = high[c] + room + 1 < dim[c] ? high[c] + room + 1 : dim[c];
        b->dim[c] = end - b->start[c];
    }
    return DN_OK;
}

/* Offset in the volume of the box's voxel n. */
static int64_t volume_offset(const box *b, const dn_grid *grid, int64_t n)
{
    return dn_grid_offset(grid, b->start[0] + n % b->dim[0], b->start[1] + n / b->dim[0] % b->dim[1],
                          b->start[2] + n / (b->dim[0] * b->dim[1]));
}

static dn_status find_tissue(const dn_volume *volume, const dn_labels *labels, const double spacing[3], box *b)
{
    const int64_t count = b->dim[0] * b->dim[1] * b->dim[2];
    DN_TRY(dn_alloc_dims(&b->tissue, b->dim, 3, 1, "the tissue's mask"));
    DN_TRY(dn_alloc_dims(&b->distance, b->dim, 3, sizeof *b->distance, "the distance from tissue"));
    for (int64_t n = 0; n < count; ++n) {
        b->tissue[n] = is_tissue(labels, volume_offset(b, &volume->grid, n));
    }
    DN_TRY(dn_mask_close_ball(b->tissue, b->dim, spacing, CLOSING_MM));
    for (int64_t n = 0; n < count; ++n) {
        b->tissue[n] = b->tissue[n] != 0 && volume->data[volume_offset(b, &volume->grid, n)] > 0.0f;
    }
    return dn_distance_to(b->tissue, b->dim, spacing, b->distance);
}

/* White noise of sd 1, drawn in the order of the voxels, smoothed. */
static dn_status make_noise(const double spacing[3], box *b)
{
    const dn_grid grid = {{b->dim[0], b->dim[1], b->dim[2]}, {{{spacing[0], 0, 0, 0}, {0, spacing[1], 0, 0}, {0, 0, spacing[2], 0}}}};
    const double sigma[3] = {NOISE_MM, NOISE_MM, NOISE_MM};
    dn_random random;
    DN_TRY(dn_volume_create(&grid, &b->noise));
    dn_random_seed(&random, seed);
    for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
        b->noise->data[n] = (float)dn_random_normal(&random, 0.0, 1.0);
    }
    return dn_filter_gaussian(b->noise, sigma);
}

static void paint(const dn_volume *volume, const box *b, const dn_fluid_fill *report, dn_volume *out)
{
    const int64_t count = b->dim[0] * b->dim[1] * b->dim[2];
    memset(out->data, 0, (size_t)dn_grid_count(&out->grid) * sizeof *out->data);
    for (int64_t n = 0; n < count; ++n) {
        int64_t v = volume_offset(b, &volume->grid, n);
        double value = 0.0;
        if (b->tissue[n]) {
            value = (double)volume->data[v];
        } else if (b->distance[n] <= (float)DN_FLUID_FILL_FLUID_MM) {
            value = fmax(0.0, FLUID_SHARE * report->fluid + NOISE_SHARE * report->white_matter * (double)b->noise->data[n]);
        } else if (b->distance[n] <= (float)DN_FLUID_FILL_SHELL_MM) {
            value = SHELL_SHARE * report->white_matter;
        }
        out->data[v] = (float)value;
    }
}

dn_status dn_fluid_fill_around(const dn_volume *volume, const dn_labels *labels, dn_volume **out, dn_fluid_fill *report)
{
    static const uint16_t ventricles[2] = {4, 43};
    static const uint16_t third[2] = {14, 14};
    static const uint16_t white_matter[2] = {2, 41};
    dn_status status = DN_OK;
    double spacing[3];
    box b = {.tissue = NULL};
    dn_volume *filled = NULL;
    memset(report, 0, sizeof *report);
    dn_grid_spacing(&volume->grid, spacing);
    DN_TRY(median_of(volume, labels, white_matter, "white matter", &report->white_matter));
    status = median_of(volume, labels, ventricles, "ventricle", &report->fluid);
    if (status == DN_EDATA) { /* narrow ones */
        dn_error_clear();
        status = median_of(volume, labels, third, "ventricle", &report->fluid);
    }
    DN_TRY(status);
    if (report->fluid >= report->white_matter) {
        DN_FAIL(DN_EDATA, "its ventricles are not darker than its white matter, as they are in T1-weighted scans");
    }
    DN_TRY_GOTO(status, find_box(volume, labels, spacing, &b), done);
    DN_TRY_GOTO(status, find_tissue(volume, labels, spacing, &b), done);
    DN_TRY_GOTO(status, make_noise(spacing, &b), done);
    DN_TRY_GOTO(status, dn_volume_create(&volume->grid, &filled), done);
    paint(volume, &b, report, filled);
    report->done = true;
    *out = filled;
done:
    free(b.tissue);
    free(b.distance);
    dn_volume_destroy(b.noise);
    return status;
}
