/* Bias field and intensity map of each scan, fitted in turn onto the mean of all. */
#include "register/alike.h"

#include "base/memory.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* mm: of the smoothing before values are compared, and of the field. */
#define SMOOTH_MM 2.0
#define FIELD_MM 20.0
/* Percentiles of the first and the last knot; the slope beyond them is that of a sixth of the knots. */
#define FIRST_PERCENT 1.0
#define LAST_PERCENT 99.0
enum { SLOPE_KNOTS = DN_ALIKE_KNOTS / 6 };
/* The median of the brain on the common scale, and the part of it that is added before a ratio is taken (fluid is nearly 0). */
#define MIDDLE 0.5
#define FLOOR 0.1

static double interpolate(const double *x, const double *y, double below, double above, double at)
{
    size_t low = 0;
    size_t high = DN_ALIKE_KNOTS - 1;
    if (at <= x[low]) {
        return y[low] + below * (at - x[low]);
    }
    if (at >= x[high]) {
        return y[high] + above * (at - x[high]);
    }
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (x[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return y[low] + (y[high] - y[low]) * (at - x[low]) / (x[high] - x[low]);
}

static double mapped(const dn_alike *a, double value)
{
    const double out = interpolate(a->from, a->onto, a->at_low, a->at_high, value);
    return out > 0 ? out : 0;
}

static double unmapped(const dn_alike *a, double value)
{
    return interpolate(a->onto, a->from, 1.0 / a->at_low, 1.0 / a->at_high, value);
}

static void set_slopes(dn_alike *a)
{
    enum { LAST = DN_ALIKE_KNOTS - 1 };
    a->at_low = (a->onto[SLOPE_KNOTS] - a->onto[0]) / (a->from[SLOPE_KNOTS] - a->from[0]);
    a->at_high = (a->onto[LAST] - a->onto[LAST - SLOPE_KNOTS]) / (a->from[LAST] - a->from[LAST - SLOPE_KNOTS]);
}

static dn_status smoothed(const dn_volume *scan, dn_volume **out)
{
    double spacing[3];
    double sigma[3];
    dn_grid_spacing(&scan->grid, spacing);
    for (int c = 0; c < 3; ++c) { /* what the lattice itself has smoothed already */
        sigma[c] = sqrt(fmax(0.0, SMOOTH_MM * SMOOTH_MM - 0.18 * spacing[c] * spacing[c]));
    }
    DN_TRY(dn_volume_create(&scan->grid, out));
    memcpy((*out)->data, scan->data, (size_t)dn_grid_count(&scan->grid) * sizeof *scan->data);
    return dn_filter_gaussian(*out, sigma);
}

/* Rising values: equal quantiles are moved apart by a hair. */
static dn_status quantiles(const dn_volume *scan, const uint8_t *mask, double out[DN_ALIKE_KNOTS])
{
    double percents[DN_ALIKE_KNOTS];
    for (int i = 0; i < DN_ALIKE_KNOTS; ++i) {
        percents[i] = FIRST_PERCENT + (LAST_PERCENT - FIRST_PERCENT) * (double)i / (double)(DN_ALIKE_KNOTS - 1);
    }
    DN_TRY(dn_volume_percentiles(scan, mask, percents, DN_ALIKE_KNOTS, out));
    const double width = out[DN_ALIKE_KNOTS - 1] - out[0];
    if (!(width > 0)) {
        DN_FAIL(DN_EDATA, "the brain has nearly the same value everywhere, so the scan has no contrast");
    }
    for (int i = 1; i < DN_ALIKE_KNOTS; ++i) {
        out[i] = fmax(out[i], out[i - 1] + 1e-6 * width);
    }
    return DN_OK;
}

/* Only a scale, so that the median of the brain is the same. */
static dn_status begin(const dn_volume *scan, const uint8_t *mask, dn_alike *a)
{
    double knots[DN_ALIKE_KNOTS];
    DN_TRY(dn_volume_create(&scan->grid, &a->bias));
    DN_TRY(quantiles(scan, mask, knots));
    const double middle = knots[DN_ALIKE_KNOTS / 2];
    if (!(middle > 0)) {
        DN_FAIL(DN_EDATA, "more than half of the brain has no signal; check with a viewer that the scan shows a head");
    }
    for (int i = 0; i < DN_ALIKE_KNOTS; ++i) {
        a->from[i] = knots[i];
        a->onto[i] = knots[i] * MIDDLE / middle;
    }
    set_slopes(a);
    return DN_OK;
}

void dn_alike_apply(const dn_alike *alike, dn_volume *scan)
{
    dn_affine to_voxel;
    dn_affine map = scan->grid.affine;
    if (dn_affine_invert(&alike->bias->grid.affine, &to_voxel) != DN_OK) { /* the lattice was checked when it was made */
        return;
    }
    dn_affine_compose(&to_voxel, &map, &map);
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < scan->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < scan->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < scan->grid.dim[0]; ++i) {
                double at[3];
                dn_affine_apply(&map, (const double[3]){(double)i, (double)j, (double)k}, at);
                float *value = &scan->data[dn_grid_offset(&scan->grid, i, j, k)];
                const double field = (double)dn_linear_at(alike->bias->data, alike->bias->grid.dim, at);
                *value = (float)mapped(alike, (double)*value * exp(-field));
            }
        }
    }
}

/* The mean of all scans as they are alike so far. */
static dn_status mean_of(const dn_volume *const *scans, size_t count, const dn_alike *alike, dn_volume **out)
{
    const int64_t voxels = dn_grid_count(&scans[0]->grid);
    double *sum = NULL;
    DN_TRY(dn_alloc(&sum, (size_t)voxels, sizeof *sum, "the mean of the scans"));
    for (size_t n = 0; n < count; ++n) {
        for (int64_t v = 0; v < voxels; ++v) {
            sum[v] += mapped(&alike[n], (double)scans[n]->data[v] * exp(-(double)alike[n].bias->data[v]));
        }
    }
    dn_status status = dn_volume_create(&scans[0]->grid, out);
    for (int64_t v = 0; v < voxels && status == DN_OK; ++v) {
        (*out)->data[v] = (float)(sum[v] / (double)count);
    }
    free(sum);
    return status;
}

/* The field of one scan whose smoothed copy is `own`, against the smoothed common mean: what the field so far has left is smoothed and
 * added, because one smoothing alone misses a slope at the brain's edge. weight: the smoothed mask. */
static dn_status fit_field(const dn_volume *own, const dn_volume *common, const uint8_t *mask, const dn_volume *weight, dn_alike *a)
{
    static const double sigma[3] = {FIELD_MM, FIELD_MM, FIELD_MM};
    const int64_t voxels = dn_grid_count(&own->grid);
    const double least = FLOOR * unmapped(a, MIDDLE);
    float *field = a->bias->data;
    dn_volume *left = NULL;
    DN_TRY(dn_volume_create(&own->grid, &left));
    for (int64_t v = 0; v < voxels; ++v) {
        const double mine = fmax(0.0, (double)own->data[v] * exp(-(double)field[v]));
        const double other = fmax(0.0, unmapped(a, (double)common->data[v]));
        left->data[v] = mask[v] ? (float)log((mine + least) / (other + least)) : 0.0f;
    }
    dn_status status = dn_filter_gaussian(left, sigma);
    for (int64_t v = 0; v < voxels && status == DN_OK; ++v) {
        field[v] += left->data[v] / (weight->data[v] + 1e-4f);
    }
    dn_volume_destroy(left);
    return status;
}

/* The fields' mean belongs to the common scale. */
static void centre_fields(size_t count, dn_alike *alike)
{
    const int64_t voxels = dn_grid_count(&alike[0].bias->grid);
    for (int64_t v = 0; v < voxels; ++v) {
        double mean = 0;
        for (size_t n = 0; n < count; ++n) {
            mean += (double)alike[n].bias->data[v] / (double)count;
        }
        for (size_t n = 0; n < count; ++n) {
            alike[n].bias->data[v] -= (float)mean;
        }
    }
}

/* own: the smoothed scan, of which the field is taken out here. */
static dn_status fit_map(dn_volume *own, const double onto[DN_ALIKE_KNOTS], const uint8_t *mask, dn_alike *a)
{
    const int64_t voxels = dn_grid_count(&own->grid);
    for (int64_t v = 0; v < voxels; ++v) {
        own->data[v] *= expf(-a->bias->data[v]);
    }
    DN_TRY(quantiles(own, mask, a->from));
    memcpy(a->onto, onto, sizeof a->onto);
    set_slopes(a);
    return DN_OK;
}

static dn_status fit_once(const dn_volume *const *scans, size_t count, const uint8_t *mask, const dn_volume *weight, dn_alike *out,
                          size_t *failed)
{
    double onto[DN_ALIKE_KNOTS];
    dn_volume *mean = NULL;
    dn_volume *common = NULL;
    dn_volume *own = NULL;
    dn_status status;
    *failed = count;
    DN_TRY_GOTO(status, mean_of(scans, count, out, &mean), done);
    DN_TRY_GOTO(status, smoothed(mean, &common), done);
    DN_TRY_GOTO(status, quantiles(common, mask, onto), done);
    for (int pass = 0; pass < 2; ++pass) { /* all fields, then all maps */
        for (size_t n = 0; n < count; ++n) {
            *failed = n;
            DN_TRY_GOTO(status, smoothed(scans[n], &own), done);
            status = pass == 0 ? fit_field(own, common, mask, weight, &out[n]) : fit_map(own, onto, mask, &out[n]);
            dn_volume_destroy(own);
            own = NULL;
            DN_TRY_GOTO(status, status, done);
        }
        if (pass == 0) {
            centre_fields(count, out);
        }
    }
done:
    dn_volume_destroy(own);
    dn_volume_destroy(common);
    dn_volume_destroy(mean);
    return status;
}

dn_status dn_alike_fit(const dn_volume *const *scans, size_t count, const uint8_t *mask, int rounds, dn_alike *out, size_t *failed)
{
    static const double sigma[3] = {FIELD_MM, FIELD_MM, FIELD_MM};
    dn_volume *weight = NULL;
    dn_status status;
    memset(out, 0, count * sizeof *out);
    *failed = count;
    DN_TRY(dn_volume_create(&scans[0]->grid, &weight));
    for (int64_t v = 0; v < dn_grid_count(&weight->grid); ++v) {
        weight->data[v] = mask[v] ? 1.0f : 0.0f;
    }
    DN_TRY_GOTO(status, dn_filter_gaussian(weight, sigma), done);
    for (size_t n = 0; n < count; ++n) {
        *failed = n;
        DN_TRY_GOTO(status, begin(scans[n], mask, &out[n]), done);
    }
    for (int round = 0; round < rounds; ++round) {
        DN_TRY_GOTO(status, fit_once(scans, count, mask, weight, out, failed), done);
    }
done:
    dn_volume_destroy(weight);
    return status;
}

void dn_alike_release(dn_alike *alike)
{
    dn_volume_destroy(alike->bias);
    alike->bias = NULL;
}
