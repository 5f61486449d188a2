/* Brings a scan to the orientation, spacing and intensities that a model's input contract names. */
#include "infer/conform.h"

#include "image/filter.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "infer/straighten.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The published network, of 1 mm, resamples when a spacing is further than this from its own, mm; finer ones keep the share. */
#define SPACING_TOLERANCE 0.05
/* No head, coil or scanner is wider: the spacing has another unit. */
#define WIDEST 1000.0
/* No head is seen in voxels so small, or is so small. */
#define SMALLEST_VOXEL 0.05
#define NARROWEST 20.0
/* Sigma of the smoothing before an axis is made coarser, in new voxels. */
#define SMOOTHING 0.25

/* Resampling happens in a frame of its own, whose origin and axes do not depend on the affine: so rounding in a flipped or
 * permuted affine cannot reach the voxels. Spacings are taken to 1e-5 mm for the same reason. */
static void plain_grid(const dn_grid *grid, dn_grid *out)
{
    double spacing[3];
    dn_grid_spacing(grid, spacing);
    memset(out, 0, sizeof *out);
    for (int c = 0; c < 3; ++c) {
        out->dim[c] = grid->dim[c];
        out->affine.m[c][c] = round(spacing[c] * 1e5) / 1e5;
    }
}

static bool near(double spacing, double wanted)
{
    return fabs(spacing - wanted) <= SPACING_TOLERANCE * fmin(1.0, wanted) + 1e-9;
}

static int64_t resampled_size(int64_t size, double scale)
{
    int64_t new = (int64_t)ceil((double)size / scale - 1e-4);
    return new < 1 ? 1 : new;
}

void dn_conform_dims(const dn_grid *oriented, const double spacing[3], int64_t dim[3])
{
    dn_grid plain;
    bool fits = true;
    plain_grid(oriented, &plain);
    for (int c = 0; c < 3; ++c) {
        fits = fits && near(plain.affine.m[c][c], spacing[c]);
    }
    for (int c = 0; c < 3; ++c) {
        dim[c] = fits ? plain.dim[c] : resampled_size(plain.dim[c], spacing[c] / plain.affine.m[c][c]);
    }
}

/* By all threads: fresh memory is dearer to touch than to copy to. */
static void copy_voxels(float *to, const float *from, int64_t count)
{
    enum { PART = 1 << 16 };
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < count; at += PART) {
        memcpy(to + at, from + at, (size_t)(count - at < PART ? count - at : PART) * sizeof *to);
    }
}

static dn_status resample(dn_conformed *out, const double wanted[3])
{
    dn_volume *oriented = out->oriented;
    dn_grid own = oriented->grid;
    dn_grid from;
    dn_grid to;
    plain_grid(&own, &from);
    memset(&to, 0, sizeof to);
    double sigma[3] = {0, 0, 0};
    bool smooth = false;
    for (int c = 0; c < 3; ++c) {
        double spacing = from.affine.m[c][c];
        out->map.scale[c] = wanted[c] / spacing;
        out->map.offset[c] = 0.5 * (out->map.scale[c] - 1.0);
        to.dim[c] = resampled_size(own.dim[c], out->map.scale[c]);
        to.affine.m[c][c] = wanted[c];
        to.affine.m[c][3] = out->map.offset[c] * spacing;
        if (out->map.scale[c] > 1.0) {
            sigma[c] = SMOOTHING * wanted[c];
            smooth = true;
        }
    }
    dn_volume source = {from, oriented->data};
    dn_volume *copy = NULL;
    if (smooth) {
        DN_TRY(dn_volume_create(&from, &copy));
        copy_voxels(copy->data, oriented->data, dn_grid_count(&from));
        dn_status status = dn_filter_gaussian(copy, sigma);
        if (status != DN_OK) {
            dn_volume_destroy(copy);
            return status;
        }
        source.data = copy->data;
    }
    /* The last voxel may reach a little past the scan's edge (dims are rounded up): it continues the edge's value. */
    dn_resample_options options = {.method = DN_RESAMPLE_LINEAR};
    dn_status status = dn_resample_volume(&source, &to, &options, &out->volume);
    dn_volume_destroy(copy);
    DN_TRY(status);
    for (int r = 0; r < 3; ++r) {
        double shift = 0;
        for (int c = 0; c < 3; ++c) {
            out->volume->grid.affine.m[r][c] = own.affine.m[r][c] * out->map.scale[c];
            shift += own.affine.m[r][c] * out->map.offset[c];
        }
        out->volume->grid.affine.m[r][3] = own.affine.m[r][3] + shift;
    }
    out->resampled = true;
    return DN_OK;
}

/* *low, *high: given where the range is not the volume's own (ranged). */
static dn_status normalise(dn_volume *volume, const dn_model_input *input, bool ranged, double *low, double *high)
{
    float *data = volume->data;
    int64_t count = dn_grid_count(&volume->grid);
    const bool own = !ranged || input->normalise != DN_NORMALISE_PERCENTILE;
    *low = own ? 0.0 : *low;
    *high = own ? 1.0 : *high;
    if (input->normalise == DN_NORMALISE_PERCENTILE && own) {
        double percents[2] = {input->low, input->high};
        double values[2];
        DN_TRY(dn_volume_percentiles(volume, NULL, percents, 2, values));
        *low = values[0];
        *high = values[1];
    } else if (input->normalise == DN_NORMALISE_ZSCORE) {
        dn_volume_summary summary;
        DN_TRY(dn_volume_summarise(volume, NULL, &summary));
        *low = summary.mean;
        *high = summary.mean + summary.sd;
    }
    if (!(*high > *low)) {
        DN_FAIL(DN_EDATA,
                "nearly all voxels of the scan have the value %g, so it has no contrast; check with a viewer that it shows a head", *low);
    }
    const float bottom = (float)*low;
    const float top = (float)*high;
    const bool clip = input->normalise == DN_NORMALISE_PERCENTILE;
    if (input->normalise != DN_NORMALISE_NONE) {
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < count; ++i) {
            float v = data[i];
            if (clip) {
                v = v < bottom ? bottom : v > top ? top : v;
            }
            data[i] = (v - bottom) / (top - bottom);
        }
    }
    return DN_OK;
}

/* Resampled where the spacing asks for it, then normalised: out->oriented -> out->volume. */
static dn_status fit(dn_conformed *out, const dn_model_input *input, double size)
{
    bool fits = size == 1.0;
    double wanted[3];
    dn_grid plain;
    plain_grid(&out->oriented->grid, &plain);
    for (int c = 0; c < 3; ++c) {
        double width = plain.affine.m[c][c] * (double)plain.dim[c];
        if (width > WIDEST) {
            DN_FAIL(DN_EGEOMETRY,
                    "the scan covers %.0f mm along an axis (%lld voxels of %g mm), more than any head; check the unit of its voxel size",
                    width, (long long)plain.dim[c], plain.affine.m[c][c]);
        }
        if (plain.affine.m[c][c] < SMALLEST_VOXEL && width < NARROWEST) {
            double spacing[3];
            dn_grid_spacing(&out->oriented->grid, spacing);
            DN_FAIL(DN_EGEOMETRY,
                    "the scan has voxels of %g x %g x %g mm and covers %.2g mm along an axis, too small for any head; check the unit of "
                    "its voxel size",
                    spacing[0], spacing[1], spacing[2], width);
        }
        out->map.scale[c] = 1.0;
        wanted[c] = size * input->spacing[c];
        fits = fits && near(plain.affine.m[c][c], input->spacing[c]);
    }
    if (fits) {
        DN_TRY(dn_volume_create(&out->oriented->grid, &out->volume));
        copy_voxels(out->volume->data, out->oriented->data, dn_grid_count(&out->oriented->grid));
    } else {
        DN_TRY(resample(out, wanted));
    }
    return normalise(out->volume, input, out->ranged, &out->low, &out->high);
}

dn_status dn_conform_square(dn_volume **scan, double *skew)
{
    const double found = dn_grid_skew(&(*scan)->grid);
    *skew = 0.0;
    if (found > DN_SKEW_SQUARE) {
        dn_volume *straight = NULL;
        const dn_status status = dn_volume_straighten(*scan, &straight);
        dn_volume_destroy(*scan);
        *scan = straight;
        *skew = found;
        return status;
    }
    return DN_OK;
}

/* range: NULL: the scan's own. */
static dn_status conform(dn_volume *scan, const dn_model_input *input, const double *range, dn_conformed *out)
{
    memset(out, 0, sizeof *out);
    if (range != NULL) {
        out->ranged = true;
        out->low = range[0];
        out->high = range[1];
    }
    dn_orientation wanted;
    dn_status status;
    DN_TRY_GOTO(status, dn_conform_square(&scan, &out->skew), fail);
    out->scan_grid = scan->grid;
    DN_TRY_GOTO(status, dn_orientation_parse(input->orientation, &wanted), fail);
    dn_orientation present = dn_orientation_of(&scan->grid.affine);
    if (dn_orientation_equal(&present, &wanted)) {
        out->oriented = scan;
    } else {
        DN_TRY_GOTO(status, dn_volume_reorient(scan, &wanted, &out->oriented), fail);
        dn_volume_destroy(scan);
    }
    scan = NULL;
    if (input->normalise == DN_NORMALISE_PERCENTILE && !out->ranged) { /* z-scores of a stack are negative without being padding */
        DN_TRY_GOTO(status, dn_outliers_mend(out->oriented, &out->outliers), fail);
    }
    DN_TRY_GOTO(status, fit(out, input, 1.0), fail);
    return DN_OK;
fail:
    dn_volume_destroy(scan);
    dn_conformed_release(out);
    return status;
}

dn_status dn_conform(dn_volume *scan, const dn_model_input *input, dn_conformed *out)
{
    return conform(scan, input, NULL, out);
}

dn_status dn_conform_ranged(dn_volume *scan, const dn_model_input *input, const double range[2], dn_conformed *out)
{
    return conform(scan, input, range, out);
}

dn_status dn_conform_sized(const dn_conformed *done, const dn_model_input *input, double size, dn_conformed *out)
{
    memset(out, 0, sizeof *out);
    dn_orientation wanted;
    DN_TRY(dn_orientation_parse(input->orientation, &wanted));
    dn_orientation present = dn_orientation_of(&done->oriented->grid.affine);
    if (!dn_orientation_equal(&present, &wanted)) {
        DN_FAIL(DN_EUSAGE, "networks used together must expect the same orientation; one of them expects %s", input->orientation);
    }
    out->scan_grid = done->scan_grid;
    out->oriented = done->oriented;
    out->ranged = done->ranged;
    out->low = done->low;
    out->high = done->high;
    dn_status status = fit(out, input, size);
    out->oriented = NULL;
    if (status != DN_OK) {
        dn_conformed_release(out);
    }
    return status;
}

bool dn_conform_same(const dn_model_input *a, const dn_model_input *b)
{
    bool same = strcmp(a->orientation, b->orientation) == 0 && a->normalise == b->normalise && a->low == b->low && a->high == b->high;
    for (int c = 0; c < 3; ++c) {
        same = same && a->spacing[c] == b->spacing[c];
    }
    return same;
}

void dn_conformed_release(dn_conformed *conformed)
{
    dn_volume_destroy(conformed->volume);
    dn_volume_destroy(conformed->oriented);
    memset(conformed, 0, sizeof *conformed);
}
