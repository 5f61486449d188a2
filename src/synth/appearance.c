/* Intensities per label, bias field, noise, gamma, thick slices, ghosts and crops. */
#include "synth/appearance.h"

#include "base/memory.h"
#include "image/filter.h"
#include "synth/spline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_appearance_paint(const dn_labels *labels, const dn_tissues *tissues, const dn_appearance_options *options, dn_random *random,
                              dn_volume **out)
{
    dn_volume *volume = NULL;
    double *mean = NULL;
    double *sd = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_volume_create(&labels->grid, &volume), done);
    DN_TRY_GOTO(status, dn_alloc(&mean, tissues->count, sizeof *mean, "tissue intensities"), done);
    DN_TRY_GOTO(status, dn_alloc(&sd, tissues->count, sizeof *sd, "tissue intensities"), done);

    bool free_contrast = dn_random_unit(random) < options->free_contrast_probability;
    for (size_t t = 0; t < tissues->count; ++t) {
        const dn_tissue *tissue = &tissues->tissues[t];
        if (free_contrast) {
            mean[t] = dn_random_uniform(random, 0.0, 255.0);
            sd[t] = dn_random_uniform(random, 0.0, 35.0);
        } else {
            mean[t] = dn_random_normal(random, tissue->mean, tissue->mean_sd * options->prior_width);
            sd[t] = fabs(dn_random_normal(random, tissue->sd, tissue->sd_sd * options->prior_width));
        }
    }
    /* Air is dark in every contrast. */
    for (int label = 0; label <= UINT16_MAX; ++label) {
        int t = tissues->tissue[label];
        if (t >= 0 && tissues->region[label] == DN_REGION_AIR && free_contrast) {
            mean[t] = dn_random_uniform(random, 0.0, 15.0);
            sd[t] = dn_random_uniform(random, 0.0, 6.0);
        }
    }
    int64_t count = dn_grid_count(&labels->grid);
    for (int64_t v = 0; v < count; ++v) {
        int t = tissues->tissue[labels->data[v]];
        if (t < 0) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "label %u of the label map is not in the tissue table; add a row for it",
                         (unsigned)labels->data[v]);
        }
        volume->data[v] = (float)fmax(0.0, dn_random_normal(random, mean[t], sd[t] * (1.0 - options->less_spread)));
    }
    *out = volume;
    volume = NULL;
done:
    free(sd);
    free(mean);
    dn_volume_destroy(volume);
    return status;
}

/* Lines of a volume along one axis: start of line n, and the distance between neighbours. */
typedef struct {
    int64_t length, stride, lines;
} line_set;

static line_set lines_along(const dn_grid *grid, int axis)
{
    line_set set = {.length = grid->dim[axis], .stride = 1, .lines = 1};
    for (int d = 0; d < axis; ++d) {
        set.stride *= grid->dim[d];
    }
    set.lines = dn_grid_count(grid) / set.length;
    return set;
}

static int64_t line_start(const line_set *set, int64_t line)
{
    return line / set->stride * set->stride * set->length + line % set->stride;
}

dn_status dn_appearance_bias_field(dn_volume *volume, double sd, double control_mm, dn_random *random)
{
    const dn_grid *grid = &volume->grid;
    dn_smooth_field field;
    DN_TRY(dn_smooth_field_draw(grid, control_mm, sd, random, "a bias field", &field));
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            float *line = volume->data + dn_grid_offset(grid, 0, j, k);
            dn_smooth_field_line(&field, j, k);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                line[i] *= expf((float)dn_smooth_field_at(&field, i));
            }
        }
    }
    dn_smooth_field_release(&field);
    return DN_OK;
}

static dn_status bias(dn_volume *volume, const dn_appearance_options *options, dn_random *random)
{
    double sd = dn_random_uniform(random, 0.0, options->bias_sd);
    return dn_appearance_bias_field(volume, sd, options->bias_control_mm, random);
}

void dn_appearance_add_noise(dn_volume *volume, double sd, bool rician, dn_random *random)
{
    int64_t count = dn_grid_count(&volume->grid);
    if (!(sd > 0.0)) {
        return;
    }
    for (int64_t v = 0; v < count; ++v) {
        double a = (double)volume->data[v] + dn_random_normal(random, 0.0, sd);
        if (rician) {
            double b = dn_random_normal(random, 0.0, sd);
            a = sqrt(a * a + b * b);
        }
        volume->data[v] = (float)a;
    }
}

void dn_appearance_noise(dn_volume *volume, const dn_appearance_options *options, dn_random *random)
{
    double sd = dn_random_uniform(random, 0.0, options->noise_sd);
    bool rician = dn_random_unit(random) < 0.5;
    dn_appearance_add_noise(volume, sd, rician, random);
}

void dn_appearance_power(dn_volume *volume, double power)
{
    float gamma = (float)power;
    int64_t count = dn_grid_count(&volume->grid);
    for (int64_t v = 0; v < count; ++v) {
        volume->data[v] = volume->data[v] > 0.0f ? powf(volume->data[v], gamma) : 0.0f;
    }
}

void dn_appearance_gamma(dn_volume *volume, const dn_appearance_options *options, dn_random *random)
{
    dn_appearance_power(volume, exp(dn_random_normal(random, 0.0, options->gamma_sd)));
}

dn_status dn_appearance_thick(dn_volume *volume, int axis, double thickness_mm)
{
    double spacing[3];
    double sd[3] = {0.0, 0.0, 0.0};
    dn_grid_spacing(&volume->grid, spacing);
    double step = thickness_mm / spacing[axis]; /* voxels per slice */
    if (!(step > 1.0)) {
        return DN_OK;
    }
    /* A slice profile close to a Gaussian whose full width at half maximum is the slice's thickness. */
    sd[axis] = thickness_mm / 2.3548;
    DN_TRY(dn_filter_gaussian(volume, sd));

    line_set set = lines_along(&volume->grid, axis);
    int64_t slices = (int64_t)floor((double)(set.length - 1) / step) + 1;
    float *slice = NULL;
    DN_TRY(dn_alloc(&slice, (size_t)slices, sizeof *slice, "thick slices"));
    for (int64_t n = 0; n < set.lines; ++n) {
        float *data = volume->data + line_start(&set, n);
        for (int64_t s = 0; s < slices; ++s) {
            double at = (double)s * step;
            int64_t low = (int64_t)at;
            int64_t high = low + 1 < set.length ? low + 1 : low;
            float f = (float)(at - (double)low);
            slice[s] = (1.0f - f) * data[low * set.stride] + f * data[high * set.stride];
        }
        for (int64_t i = 0; i < set.length; ++i) {
            double at = (double)i / step;
            int64_t low = (int64_t)at;
            low = low >= slices ? slices - 1 : low;
            int64_t high = low + 1 < slices ? low + 1 : low;
            float f = (float)fmin(1.0, at - (double)low);
            data[i * set.stride] = (1.0f - f) * slice[low] + f * slice[high];
        }
    }
    free(slice);
    return DN_OK;
}

static dn_status ghost(dn_volume *volume, const dn_appearance_options *options, dn_random *random)
{
    int axis = (int)dn_random_below(random, 3);
    int64_t copies = 2 + (int64_t)dn_random_below(random, 4);
    float strength = (float)dn_random_uniform(random, 0.0, options->ghost_strength);
    line_set set = lines_along(&volume->grid, axis);
    float *line = NULL;
    DN_TRY(dn_alloc(&line, (size_t)set.length, sizeof *line, "a ghost"));
    for (int64_t n = 0; n < set.lines; ++n) {
        float *data = volume->data + line_start(&set, n);
        for (int64_t i = 0; i < set.length; ++i) {
            line[i] = data[i * set.stride];
        }
        for (int64_t i = 0; i < set.length; ++i) {
            float sum = 0.0f;
            for (int64_t c = 1; c < copies; ++c) {
                int64_t from = (i + c * set.length / copies) % set.length;
                sum += c % 2 ? line[from] : -line[from];
            }
            data[i * set.stride] = fabsf(line[i] + strength * sum);
        }
    }
    free(line);
    return DN_OK;
}

dn_status dn_appearance_normalise(dn_volume *volume, double low, double high)
{
    double range[2];
    int64_t count = dn_grid_count(&volume->grid);
    DN_TRY(dn_volume_percentiles(volume, NULL, (const double[2]){low, high}, 2, range));
    float from = (float)range[0];
    float scale = range[1] > range[0] ? (float)(1.0 / (range[1] - range[0])) : 0.0f;
    for (int64_t v = 0; v < count; ++v) {
        float x = (volume->data[v] - from) * scale;
        volume->data[v] = x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x;
    }
    return DN_OK;
}

/* Blanks everything beyond a plane across one end of the grid: a field of view that stops short. */
static void crop(dn_volume *volume, dn_random *random)
{
    const dn_grid *grid = &volume->grid;
    int axis = (int)dn_random_below(random, 3);
    bool upper = dn_random_unit(random) < 0.5;
    int64_t cut = (int64_t)(dn_random_uniform(random, 0.05, 0.25) * (double)grid->dim[axis]);
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                int64_t at = axis == 0 ? i : axis == 1 ? j : k;
                if (upper ? at >= grid->dim[axis] - cut : at < cut) {
                    volume->data[dn_grid_offset(grid, i, j, k)] = 0.0f;
                }
            }
        }
    }
}

dn_status dn_appearance_acquire(dn_volume *volume, const dn_appearance_options *options, dn_random *random)
{
    double sd = dn_random_uniform(random, 0.0, options->blur_mm);
    DN_TRY(dn_filter_gaussian(volume, (const double[3]){sd, sd, sd}));
    if (options->bias_sd > 0.0) {
        DN_TRY(bias(volume, options, random));
    }
    if (dn_random_unit(random) < options->thick_probability) {
        int axis = (int)dn_random_below(random, 3);
        DN_TRY(dn_appearance_thick(volume, axis, dn_random_uniform(random, 1.0, options->thick_mm)));
    }
    if (dn_random_unit(random) < options->ghost_probability) {
        DN_TRY(ghost(volume, options, random));
    }
    if (dn_random_unit(random) < options->crop_probability) {
        crop(volume, random);
    }
    return DN_OK;
}

dn_status dn_appearance_degrade(dn_volume *volume, const dn_appearance_options *options, dn_random *random)
{
    DN_TRY(dn_appearance_acquire(volume, options, random));
    DN_TRY(dn_appearance_normalise(volume, 0.5, 99.5));
    dn_appearance_gamma(volume, options, random);
    dn_appearance_noise(volume, options, random);
    return dn_appearance_normalise(volume, 0.5, 99.5);
}
