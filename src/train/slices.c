/* Lists the slices of all sources, and makes samples from them. */
#include "train/slices.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "synth/appearance.h"
#include "train/slice_read.h"
#include "train/sources.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS = DN_SLICE_RANKS };

typedef dn_slice_source source;

struct dn_slice_set {
    const dn_train_config *config;
    source *items;
    size_t count;
    int64_t slices;
    uint8_t mirror[256]; /* class -> class of the other side */
};

bool dn_slice_is_picture(const char *path)
{
    return dn_path_has_extension(path, ".png");
}

static dn_status check_mirror(const dn_train_config *config)
{
    dn_orientation orientation;
    DN_TRY(dn_orientation_parse(config->slices.orientation, &orientation));
    if (orientation.axis[2] != 0 && config->synth.shape.mirror_probability > 0.0) {
        DN_FAIL(DN_EFORMAT,
                "%s: the columns of %s slices do not run from left to right, so they cannot be mirrored; set "
                "augmentation.mirror_probability to 0",
                config->path, config->slices.orientation);
    }
    return DN_OK;
}

dn_status dn_slice_set_create(const dn_train_config *config, const dn_train_sources *sources, dn_slice_set **out)
{
    dn_status status = DN_OK;
    dn_slice_set *set = NULL;
    DN_TRY(dn_alloc(&set, 1, sizeof *set, "slices"));
    set->config = config;
    DN_TRY_GOTO(status, dn_train_config_mirror(config, set->mirror), fail);
    DN_TRY_GOTO(status, check_mirror(config), fail);
    DN_TRY_GOTO(status, dn_alloc(&set->items, sources->pair_count + 1, sizeof *set->items, "slices"), fail);
    for (size_t i = 0; i < sources->pair_count; ++i) {
        source *s = &set->items[i];
        DN_TRY_GOTO(status, dn_cancel_check(), fail);
        set->count = i + 1;
        s->pair = &sources->pairs[i];
        s->name = dn_path_name(s->pair->labels);
        s->first = set->slices;
        DN_TRY_GOTO(status, dn_slice_is_picture(s->pair->scan) ? dn_slice_check_pictures(config, s) : dn_slice_read_stack(config, s), fail);
        set->slices += s->count;
        dn_progress("reading slices", (int64_t)i + 1, (int64_t)sources->pair_count);
    }
    *out = set;
    return DN_OK;
fail:
    dn_slice_set_destroy(set);
    return status;
}

void dn_slice_set_destroy(dn_slice_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; ++i) {
        dn_volume_destroy(set->items[i].scan);
        dn_labels_destroy(set->items[i].labels);
        free(set->items[i].ranks);
    }
    free(set->items);
    free(set);
}

int64_t dn_slice_set_count(const dn_slice_set *set)
{
    return set->slices;
}

static const source *find(const dn_slice_set *set, int64_t n)
{
    size_t low = 0;
    size_t high = set->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(set->items[middle].first <= n ? &low : &high) = middle;
    }
    return &set->items[low];
}

const char *dn_slice_set_name(const dn_slice_set *set, int64_t n, int64_t *slice)
{
    const source *s = find(set, n);
    *slice = n - s->first;
    return s->scan == NULL ? s->pair->subject : s->name;
}

const dn_train_pair *dn_slice_set_pair(const dn_slice_set *set, int64_t n)
{
    return find(set, n)->pair;
}

/* Pointwise changes, the same for the slice and for the values that stand for its stack. */
static dn_status change_values(const dn_train_config *config, dn_random *random, dn_volume *volume)
{
    const dn_train_slices *slices = &config->slices;
    const dn_appearance_options *look = &config->synth.appearance;
    int64_t count = dn_grid_count(&volume->grid);
    bool factored = dn_random_unit(random) < slices->contrast_probability;
    double draw = dn_random_unit(random);
    if (slices->contrast_count > 0 && factored) {
        float factor = (float)slices->contrast[(size_t)(draw * (double)slices->contrast_count)];
        for (int64_t v = 0; v < count; ++v) {
            volume->data[v] = fminf(1.0f, factor * volume->data[v]);
        }
    }
    if (look->gamma_sd > 0.0) {
        dn_appearance_gamma(volume, look, random);
    }
    dn_appearance_noise(volume, look, random);
    return DN_OK;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* What the contract takes off and divides by, on the scale that ranks have. */
static void contract_of(const dn_train_config *config, const source *s, float *values, int64_t count, dn_random *random, float *low,
                        float *high)
{
    double sum = 0.0;
    double squares = 0.0;
    switch (config->slices.normalise) {
    case DN_NORMALISE_PERCENTILE:
        qsort(values, (size_t)count, sizeof *values, by_value);
        *low = values[(int64_t)(0.005 * (double)(count - 1) + 0.5)];
        *high = values[(int64_t)(0.995 * (double)(count - 1) + 0.5)];
        return;
    case DN_NORMALISE_ZSCORE:
        for (int64_t v = 0; v < count; ++v) {
            sum += (double)values[v];
            squares += (double)values[v] * (double)values[v];
        }
        sum /= (double)count;
        squares = sqrt(fmax(1e-12, squares / (double)count - sum * sum));
        if (random == NULL && s->ranks != NULL) {
            sum = s->mean;
            squares = s->sd;
        }
        if (random != NULL && config->slices.jitter > 0.0) {
            sum += squares * dn_random_normal(random, 0.0, config->slices.jitter);
            squares *= exp(dn_random_normal(random, 0.0, config->slices.jitter));
        }
        *low = (float)sum;
        *high = (float)(sum + squares);
        return;
    case DN_NORMALISE_NONE:
        break;
    }
    /* Back to the values of the file. */
    *low = -s->low / (s->high - s->low);
    *high = (1.0f - s->low) / (s->high - s->low);
}

/* Values of the slice as the network's contract has them: by the distribution of the whole stack, changed as the slice was. */
static dn_status finish(const dn_train_config *config, const source *s, dn_random *random, dn_volume *slice)
{
    dn_status status = DN_OK;
    dn_volume *values = NULL;
    float low, high;
    int64_t count = dn_grid_count(&slice->grid);
    dn_grid grid = {.dim = {s->ranks != NULL ? RANKS : count, 1, 1}};
    for (int d = 0; d < 3; ++d) {
        grid.affine.m[d][d] = 1.0;
    }
    DN_TRY(dn_volume_create(&grid, &values));
    memcpy(values->data, s->ranks != NULL ? s->ranks : slice->data, (size_t)grid.dim[0] * sizeof *values->data);
    if (random != NULL) {
        dn_random same = *random;
        DN_TRY_GOTO(status, change_values(config, &same, values), done);
        DN_TRY_GOTO(status, change_values(config, random, slice), done);
    }
    contract_of(config, s, values->data, grid.dim[0], random, &low, &high);
    float by = high > low ? 1.0f / (high - low) : 0.0f;
    bool clip = config->slices.normalise == DN_NORMALISE_PERCENTILE;
    for (int64_t v = 0; v < count; ++v) {
        float x = (slice->data[v] - low) * by;
        slice->data[v] = clip ? fminf(1.0f, fmaxf(0.0f, x)) : x;
    }
done:
    dn_volume_destroy(values);
    return status;
}

/* Slices from the first channel's to the last's. */
static int64_t channel_span(const dn_train_config *config)
{
    return config->slices.step > 0 ? (config->slices.channels - 1) * config->slices.step + 1 : 1;
}

/* The patch around the middle of slice k: cut out, or bent out. scan: a plane for each channel that differs, the slice's own in the middle.
 */
static dn_status take(const dn_train_config *config, const source *s, int64_t k, dn_random *random, dn_volume **scan, dn_labels **truth,
                      bool *mirrored)
{
    dn_status status = DN_OK;
    dn_deform *deform = NULL;
    const dn_grid *grid = &s->scan->grid;
    const int64_t dim[3] = {config->patch[2], config->patch[1], 1};
    int64_t planes = config->slices.step > 0 ? config->slices.channels : 1;
    *mirrored = false;
    if (random == NULL) {
        int64_t start[3] = {(grid->dim[0] - dim[0]) / 2, (grid->dim[1] - dim[1]) / 2, k};
        DN_TRY(dn_labels_crop(s->labels, start, dim, truth));
        const int64_t span[3] = {dim[0], dim[1], channel_span(config)};
        start[2] = k - span[2] / 2;
        return dn_volume_crop(s->scan, start, span, s->darkest, scan);
    }
    dn_grid target = {.dim = {dim[0], dim[1], planes}};
    dn_deform_options shape = config->synth.shape;
    shape.tilt_degrees = s->count > 1 ? shape.tilt_degrees : 0.0;
    shape.slip_mm = s->count > 1 ? shape.slip_mm : 0.0;
    dn_slice_affine(config, &target);
    if (planes > 1) {
        double apart = config->spacing[0] * (double)config->slices.step;
        target.affine.m[2][2] = apart;
        target.affine.m[2][3] = -0.5 * apart * (double)(planes - 1);
    }
    /* Where patch and slice differ by an odd number of pixels, the cut of validation lies half a pixel off the middle: so does this. */
    const double centre[3] = {0.5 * config->spacing[2] * (double)((grid->dim[0] - dim[0]) % 2) * -1.0,
                              0.5 * config->spacing[1] * (double)((grid->dim[1] - dim[1]) % 2) * -1.0,
                              config->spacing[0] * ((double)k - 0.5 * (double)(grid->dim[2] - 1))};
    DN_TRY(dn_deform_random(&target, centre, &shape, random, &deform));
    *mirrored = dn_deform_mirrors(deform);
    dn_labels *all = NULL;
    const int64_t own[3] = {0, 0, planes / 2};
    DN_TRY_GOTO(status, dn_deform_labels(s->labels, deform, NULL, &all), done);
    status = dn_labels_crop(all, own, dim, truth);
    dn_labels_destroy(all);
    DN_TRY_GOTO(status, status, done);
    DN_TRY_GOTO(status, dn_deform_volume(s->scan, deform, s->darkest, scan), done);
    DN_TRY_GOTO(status, dn_appearance_acquire(*scan, &config->synth.appearance, random), done);
done:
    dn_deform_destroy(deform);
    return status;
}

dn_status dn_slice_set_sample(const dn_slice_set *set, int64_t n, dn_random *random, float *input, uint8_t *targets)
{
    const dn_train_config *config = set->config;
    const source *s = find(set, n);
    dn_status status = DN_OK;
    source picture = {0};
    dn_volume *scan = NULL;
    dn_labels *truth = NULL;
    bool mirrored;
    const source *from = s;
    if (s->scan == NULL) {
        DN_TRY(dn_slice_read_pictures(config, s, &picture));
        from = &picture;
    }
    DN_TRY_GOTO(status, take(config, from, n - s->first, random, &scan, &truth, &mirrored), done);
    DN_TRY_GOTO(status, finish(config, from, random, scan), done);
    int64_t count = dn_grid_count(&truth->grid);
    int64_t channels = config->slices.channels;
    /* Planes of scan from one channel to the next: cut out with those between, or bent out without. */
    int64_t apart = config->slices.step == 0 ? 0 : random == NULL ? config->slices.step : 1;
    for (int64_t v = 0; v < count; ++v) {
        for (int64_t c = 0; c < channels; ++c) {
            input[v * channels + c] = scan->data[c * apart * count + v];
        }
        int16_t class = config->class_of[truth->data[v]];
        uint8_t target = (uint8_t)(class == DN_CLASS_NONE ? DN_CLASS_IGNORE : class);
        targets[v] = mirrored ? set->mirror[target] : target;
    }
done:
    dn_volume_destroy(scan);
    dn_labels_destroy(truth);
    dn_volume_destroy(picture.scan);
    dn_labels_destroy(picture.labels);
    return status;
}
