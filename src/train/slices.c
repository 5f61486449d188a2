#include "train/slices.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "chart/picture.h"
#include "image/filter.h"
#include "image/io.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "prepare/conform.h"
#include "synth/appearance.h"
#include "train/sources.h"
#include "train/translate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* So many values, evenly spaced in rank, stand for a stack's distribution. */
enum { RANKS = 1024 };

typedef struct {
    const dn_train_pair *pair; /* borrowed */
    const char *name;          /* points into pair */
    int64_t first, count;      /* numbers of its slices in the set */
    dn_volume *scan;           /* i columns, j rows, k slices; the origin in the middle, axes along the grid; NULL: a picture */
    dn_labels *labels;
    /* scan holds (value - low) / (high - low), so that augmentation finds a scale of about 0..1. */
    float low, high;
    float darkest;   /* in scan: what lies outside it */
    float *ranks;    /* RANKS values of the middle of scan */
    double mean, sd; /* of the middle of scan, exact */
} source;

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

/* Column, row and slice axes along x, y and z, the middle at 0: a deformation then acts in the plane. */
static void plain_affine(const dn_train_config *config, dn_grid *grid)
{
    for (int d = 0; d < 3; ++d) {
        for (int c = 0; c < 4; ++c) {
            grid->affine.m[d][c] = 0.0;
        }
        grid->affine.m[d][d] = config->spacing[2 - d];
        grid->affine.m[d][3] = -0.5 * config->spacing[2 - d] * (double)(grid->dim[d] - 1);
    }
}

/* What `dien segment` sees of a stack that it cuts itself: the patch in the middle of each slice. A training stack may be wider, so that
 * bending finds tissue around it. */
static dn_status middle(const dn_train_config *config, const source *s, dn_volume **out)
{
    const int64_t *dim = s->scan->grid.dim;
    const int64_t patch[3] = {config->patch[2], config->patch[1], dim[2]};
    int64_t start[3], size[3];
    for (int d = 0; d < 3; ++d) {
        size[d] = patch[d] < dim[d] ? patch[d] : dim[d];
        start[d] = (dim[d] - size[d]) / 2;
    }
    return dn_volume_crop(s->scan, start, size, 0.0f, out);
}

/* From the scale of 0..1 by percentiles to the source's values and back: where does the contract put them? */
static dn_status scale(const dn_train_config *config, source *s)
{
    dn_status status = DN_OK;
    const double percents[2] = {0.5, 99.5};
    double range[2], ranks[RANKS], values[RANKS];
    dn_volume *seen = NULL;
    DN_TRY(middle(config, s, &seen));
    int64_t count = dn_grid_count(&seen->grid);
    DN_TRY_GOTO(status, dn_volume_percentiles(seen, NULL, percents, 2, range), done);
    if (!(range[1] > range[0])) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "nearly all of its voxels have one value");
    }
    s->low = (float)range[0];
    s->high = (float)range[1];
    s->darkest = INFINITY;
    float by = 1.0f / (s->high - s->low);
    for (int64_t v = 0; v < dn_grid_count(&s->scan->grid); ++v) {
        s->scan->data[v] = (s->scan->data[v] - s->low) * by;
        s->darkest = s->scan->data[v] < s->darkest ? s->scan->data[v] : s->darkest;
    }
    double squares = 0.0;
    for (int64_t v = 0; v < count; ++v) {
        double value = (double)((seen->data[v] - s->low) * by);
        seen->data[v] = (float)value;
        s->mean += value;
        squares += value * value;
    }
    s->mean /= (double)count;
    s->sd = sqrt(fmax(1e-12, (squares - (double)count * s->mean * s->mean) / (double)(count > 1 ? count - 1 : 1)));
    for (int r = 0; r < RANKS; ++r) {
        ranks[r] = 100.0 * (r + 0.5) / RANKS;
    }
    DN_TRY_GOTO(status, dn_volume_percentiles(seen, NULL, ranks, RANKS, values), done);
    DN_TRY_GOTO(status, dn_alloc(&s->ranks, RANKS, sizeof *s->ranks, "a stack's values"), done);
    for (int r = 0; r < RANKS; ++r) {
        s->ranks[r] = (float)values[r];
    }
done:
    dn_volume_destroy(seen);
    return status;
}

static dn_status check_labels(const dn_train_config *config, const dn_labels *labels)
{
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        if (config->class_of[labels->data[v]] == DN_CLASS_NONE) {
            DN_FAIL(DN_EDATA, "its label %d belongs to no class; add it to the `from` of a class or to `ignore_labels`",
                    (int)labels->data[v]);
        }
    }
    return DN_OK;
}

/* The stack in the order of memory in which its slices are the network's: columns fastest, slices last. */
static dn_status turn(const dn_train_config *config, dn_conformed *conformed, dn_labels *labels, source *s)
{
    const char *letters = config->slices.orientation;
    const char reversed[4] = {letters[2], letters[1], letters[0], '\0'};
    dn_orientation wanted;
    dn_labels *fitted = NULL;
    DN_TRY(dn_orientation_parse(reversed, &wanted));
    DN_TRY(dn_volume_reorient(conformed->volume, &wanted, &s->scan));
    DN_TRY(dn_resample_labels(labels, &conformed->volume->grid, DN_RESAMPLE_LABELS_VOTE, NULL, &fitted));
    dn_status status = dn_labels_reorient(fitted, &wanted, &s->labels);
    dn_labels_destroy(fitted);
    return status;
}

static dn_status read_stack(const dn_train_config *config, source *s)
{
    const dn_train_pair *pair = s->pair;
    dn_status status = DN_OK;
    dn_volume *scan = NULL;
    dn_labels *labels = NULL;
    dn_conformed conformed = {0};
    dn_model_input input = {.spacing = {config->spacing[0], config->spacing[1], config->spacing[2]},
                            .multiple = 1,
                            .channels = 1,
                            .normalise = DN_NORMALISE_NONE};
    memcpy(input.orientation, config->slices.orientation, sizeof input.orientation);
    DN_TRY_GOTO(status, dn_labels_read(pair->labels, NULL, &labels, NULL), done);
    if (pair->translate != NULL) {
        DN_TRY_GOTO(status, dn_labels_translate(labels, pair->translate), done);
    }
    DN_TRY_GOTO(status, dn_scan_read(pair->scan, NULL, &scan, NULL), done);
    dn_volume *given = scan;
    scan = NULL;
    status = dn_conform(given, &input, &conformed);
    if (status == DN_OK) {
        status = turn(config, &conformed, labels, s);
    }
    if (status == DN_OK) {
        status = check_labels(config, s->labels);
    }
    if (status == DN_OK) {
        plain_affine(config, &s->scan->grid);
        s->labels->grid = s->scan->grid;
        s->count = s->scan->grid.dim[2];
        status = scale(config, s);
    }
    if (status != DN_OK) {
        status = dn_error_context(status, "%s", pair->labels);
    }
done:
    dn_conformed_release(&conformed);
    dn_volume_destroy(scan);
    dn_labels_destroy(labels);
    return status;
}

/* How many times larger than the patch a picture is. */
static dn_status picture_factor(const dn_train_config *config, const char *path, int64_t rows, int64_t columns, int64_t *factor)
{
    *factor = rows / config->patch[1];
    if (*factor < 1 || rows != *factor * config->patch[1] || columns != *factor * config->patch[2]) {
        DN_FAIL(DN_EFORMAT, "%s has %lld x %lld pixels; the patch of %lld x %lld takes that size, or a whole multiple of it", path,
                (long long)rows, (long long)columns, (long long)config->patch[1], (long long)config->patch[2]);
    }
    return DN_OK;
}

static dn_status check_pictures(const dn_train_config *config, source *s)
{
    int64_t rows[2], columns[2], factor;
    if (!dn_slice_is_picture(s->pair->labels)) {
        DN_FAIL(DN_EFORMAT, "%s is a picture, and its labels %s are none; a slice and its mask are both PNG", s->pair->scan,
                s->pair->labels);
    }
    DN_TRY(dn_picture_read_size(s->pair->scan, &rows[0], &columns[0]));
    DN_TRY(dn_picture_read_size(s->pair->labels, &rows[1], &columns[1]));
    if (rows[0] != rows[1] || columns[0] != columns[1]) {
        DN_FAIL(DN_EFORMAT, "%s has %lld x %lld pixels, its mask %s %lld x %lld", s->pair->scan, (long long)rows[0], (long long)columns[0],
                s->pair->labels, (long long)rows[1], (long long)columns[1]);
    }
    DN_TRY(picture_factor(config, s->pair->scan, rows[0], columns[0], &factor));
    s->count = 1;
    s->low = 0.0f;
    s->high = 1.0f;
    return DN_OK;
}

/* A picture pair as a stack of one slice; every factor-th pixel, from the first. */
static dn_status read_pictures(const dn_train_config *config, const source *s, source *out)
{
    dn_status status = DN_OK;
    dn_picture scan = {0};
    dn_picture mask = {0};
    dn_grid grid = {.dim = {config->patch[2], config->patch[1], 1}};
    int64_t factor = 1;
    *out = *s;
    plain_affine(config, &grid);
    DN_TRY_GOTO(status, dn_picture_read(s->pair->scan, &scan), done);
    DN_TRY_GOTO(status, dn_picture_read(s->pair->labels, &mask), done);
    DN_TRY_GOTO(status, picture_factor(config, s->pair->scan, scan.rows, scan.columns, &factor), done);
    if (mask.rows != scan.rows || mask.columns != scan.columns) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s and its mask have different sizes", s->pair->scan);
    }
    DN_TRY_GOTO(status, dn_volume_create(&grid, &out->scan), done);
    DN_TRY_GOTO(status, dn_labels_create(&grid, &out->labels), done);
    for (int64_t r = 0; r < grid.dim[1]; ++r) {
        for (int64_t c = 0; c < grid.dim[0]; ++c) {
            size_t from = (size_t)(r * factor * scan.columns + c * factor);
            size_t to = (size_t)(r * grid.dim[0] + c);
            out->scan->data[to] = (float)scan.grey[from] / 255.0f;
            out->labels->data[to] = mask.grey[from];
        }
    }
    status = check_labels(config, out->labels);
    if (status != DN_OK) {
        status = dn_error_context(status, "%s", s->pair->labels); /* the subject's name alone would not find it */
    }
done:
    dn_picture_release(&scan);
    dn_picture_release(&mask);
    if (status != DN_OK) {
        dn_volume_destroy(out->scan);
        dn_labels_destroy(out->labels);
    }
    return status;
}

/* The class of the same structure on the other side. */
static dn_status find_mirror(const dn_train_config *config, uint8_t mirror[256])
{
    mirror[DN_CLASS_IGNORE] = DN_CLASS_IGNORE;
    for (int64_t c = 0; c < config->class_count; ++c) {
        const dn_train_class *one = &config->classes[c];
        mirror[c] = (uint8_t)c;
        bool found = one->hemi == 'B';
        for (int64_t o = 0; o < config->class_count && !found; ++o) {
            const dn_train_class *other = &config->classes[o];
            if (other->hemi == (one->hemi == 'L' ? 'R' : 'L') && strcmp(one->structure, other->structure) == 0) {
                mirror[c] = (uint8_t)o;
                found = true;
            }
        }
        if (!found && config->synth.shape.mirror_probability > 0.0) {
            DN_FAIL(DN_EFORMAT,
                    "%s: class %s has no partner of structure %s on the other side, which a mirror needs; set "
                    "augmentation.mirror_probability to 0",
                    config->path, one->name, one->structure);
        }
    }
    dn_orientation orientation;
    DN_TRY(dn_orientation_parse(config->slices.orientation, &orientation));
    if (orientation.axis[2] != 0 && config->synth.shape.mirror_probability > 0.0) {
        DN_FAIL(
            DN_EFORMAT,
            "%s: columns of %s slices do not run from side to side, so they cannot be mirrored; set augmentation.mirror_probability to 0",
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
    DN_TRY_GOTO(status, find_mirror(config, set->mirror), fail);
    DN_TRY_GOTO(status, dn_alloc(&set->items, sources->pair_count + 1, sizeof *set->items, "slices"), fail);
    for (size_t i = 0; i < sources->pair_count; ++i) {
        source *s = &set->items[i];
        DN_TRY_GOTO(status, dn_cancel_check(), fail);
        set->count = i + 1;
        s->pair = &sources->pairs[i];
        s->name = dn_path_name(s->pair->labels);
        s->first = set->slices;
        DN_TRY_GOTO(status, dn_slice_is_picture(s->pair->scan) ? check_pictures(config, s) : read_stack(config, s), fail);
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
    return dn_appearance_noise(volume, look, random);
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
    plain_affine(config, &target);
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
        DN_TRY(read_pictures(config, s, &picture));
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
