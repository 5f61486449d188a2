/* Reads stacks and pictures and stores their slices as networks get them. */
#include "train/slice_read.h"

#include "base/memory.h"
#include "chart/picture.h"
#include "image/filter.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "train/pair_read.h"
#include "train/slices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dn_slice_affine(const dn_train_config *config, dn_grid *grid)
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
static dn_status middle(const dn_train_config *config, const dn_slice_source *s, dn_volume **out)
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
static dn_status scale(const dn_train_config *config, dn_slice_source *s)
{
    dn_status status = DN_OK;
    const double percents[2] = {0.5, 99.5};
    double range[2], ranks[DN_SLICE_RANKS], values[DN_SLICE_RANKS];
    dn_volume *seen = NULL;
    DN_TRY(middle(config, s, &seen));
    int64_t count = dn_grid_count(&seen->grid);
    DN_TRY_GOTO(status, dn_volume_percentiles(seen, NULL, percents, 2, range), done);
    if (!(range[1] > range[0])) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "nearly all of its voxels have the same value");
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
    for (int r = 0; r < DN_SLICE_RANKS; ++r) {
        ranks[r] = 100.0 * (r + 0.5) / DN_SLICE_RANKS;
    }
    DN_TRY_GOTO(status, dn_volume_percentiles(seen, NULL, ranks, DN_SLICE_RANKS, values), done);
    DN_TRY_GOTO(status, dn_alloc(&s->ranks, DN_SLICE_RANKS, sizeof *s->ranks, "a stack's values"), done);
    for (int r = 0; r < DN_SLICE_RANKS; ++r) {
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
            DN_FAIL(DN_EDATA, "its label %d belongs to no class; add it to `from` of a class or to `ignore_labels`", (int)labels->data[v]);
        }
    }
    return DN_OK;
}

/* The stack in the order of memory in which its slices are the network's: columns fastest, slices last. */
static dn_status turn(const dn_train_config *config, dn_conformed *conformed, dn_labels *labels, dn_slice_source *s)
{
    const char *letters = config->slices.orientation;
    const char reversed[4] = {letters[2], letters[1], letters[0], '\0'};
    dn_orientation wanted;
    dn_labels *fitted = NULL;
    DN_TRY(dn_orientation_parse(reversed, &wanted));
    DN_TRY(dn_volume_reorient(conformed->volume, &wanted, &s->scan));
    DN_TRY(dn_resample_labels(labels, &conformed->volume->grid, NULL, &fitted));
    dn_status status = dn_labels_reorient(fitted, &wanted, &s->labels);
    dn_labels_destroy(fitted);
    return status;
}

/* What was read, in the network's order and scale. */
static dn_status fit(const dn_train_config *config, dn_conformed *conformed, dn_labels *labels, dn_slice_source *s)
{
    DN_TRY(turn(config, conformed, labels, s));
    DN_TRY(dn_error_in_file(check_labels(config, s->labels), s->pair->labels));
    dn_slice_affine(config, &s->scan->grid);
    s->labels->grid = s->scan->grid;
    s->count = s->scan->grid.dim[2];
    return dn_error_in_file(scale(config, s), s->pair->scan);
}

dn_status dn_slice_read_stack(const dn_train_config *config, dn_slice_source *s)
{
    dn_labels *labels = NULL;
    dn_conformed conformed = {0};
    dn_model_input input = {.spacing = {config->spacing[0], config->spacing[1], config->spacing[2]},
                            .multiple = 1,
                            .channels = 1,
                            .normalise = DN_NORMALISE_NONE};
    memcpy(input.orientation, config->slices.orientation, sizeof input.orientation);
    dn_status status = dn_train_pair_read(s->pair, &input, &conformed, &labels);
    if (status == DN_OK) {
        status = fit(config, &conformed, labels, s);
    }
    dn_conformed_release(&conformed);
    dn_labels_destroy(labels);
    return status;
}

/* How many times larger than the patch a picture is. */
static dn_status picture_factor(const dn_train_config *config, const char *path, int64_t rows, int64_t columns, int64_t *factor)
{
    *factor = rows / config->patch[1];
    if (*factor < 1 || rows != *factor * config->patch[1] || columns != *factor * config->patch[2]) {
        DN_FAIL(DN_EFORMAT, "%s has %lld x %lld pixels; it must have the size of the patch, %lld x %lld, or a whole multiple of it", path,
                (long long)rows, (long long)columns, (long long)config->patch[1], (long long)config->patch[2]);
    }
    return DN_OK;
}

dn_status dn_slice_check_pictures(const dn_train_config *config, dn_slice_source *s)
{
    int64_t rows[2], columns[2], factor;
    if (!dn_slice_is_picture(s->pair->labels)) {
        DN_FAIL(DN_EFORMAT, "%s is a picture, but its labels %s are not; a slice and its mask must both be PNG", s->pair->scan,
                s->pair->labels);
    }
    DN_TRY(dn_picture_read_size(s->pair->scan, &rows[0], &columns[0]));
    DN_TRY(dn_picture_read_size(s->pair->labels, &rows[1], &columns[1]));
    if (rows[0] != rows[1] || columns[0] != columns[1]) {
        DN_FAIL(DN_EFORMAT, "%s has %lld x %lld pixels, but its mask %s has %lld x %lld", s->pair->scan, (long long)rows[0],
                (long long)columns[0], s->pair->labels, (long long)rows[1], (long long)columns[1]);
    }
    DN_TRY(picture_factor(config, s->pair->scan, rows[0], columns[0], &factor));
    s->count = 1;
    s->low = 0.0f;
    s->high = 1.0f;
    return DN_OK;
}

/* A picture pair as a stack of one slice; every factor-th pixel, from the first. */
dn_status dn_slice_read_pictures(const dn_train_config *config, const dn_slice_source *s, dn_slice_source *out)
{
    dn_status status = DN_OK;
    dn_picture scan = {0};
    dn_picture mask = {0};
    dn_grid grid = {.dim = {config->patch[2], config->patch[1], 1}};
    int64_t factor = 1;
    *out = *s;
    dn_slice_affine(config, &grid);
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
    status = dn_error_in_file(check_labels(config, out->labels), s->pair->labels); /* the subject's name alone would not find it */
done:
    dn_picture_release(&scan);
    dn_picture_release(&mask);
    if (status != DN_OK) {
        dn_volume_destroy(out->scan);
        dn_labels_destroy(out->labels);
    }
    return status;
}
