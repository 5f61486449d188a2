/* Draws samples with the outline of their target. */
#include "train/sample_picture.h"

#include "base/memory.h"
#include "chart/mosaic.h"
#include "train/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3, COLUMNS = 3, TILE = 320, GAP = 6, TOP = 34, FINE = 2 * TILE };

/* One plane of a sample, rows from the top. */
typedef struct {
    int64_t rows, columns;
    double height, width; /* mm */
    const char *left, *right;
    const float *grey; /* first pixel */
    const uint8_t *class;
    int64_t down, across; /* steps in memory */
} plane;

typedef struct {
    const dn_train_config *config;
    dn_mosaic *mosaic;
    float *input, *grey; /* a sample; a plane of it */
    uint8_t *targets, *label;
    uint8_t palette[256][3];
    float low, high; /* of the sample */
} preview;

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Black and white at the percentiles 0.5 and 99.5. */
static dn_status find_range(preview *p, int64_t voxels)
{
    float *sorted;
    DN_TRY(dn_alloc(&sorted, (size_t)voxels, sizeof *sorted, "a picture of samples"));
    memcpy(sorted, p->input, (size_t)voxels * sizeof *sorted);
    qsort(sorted, (size_t)voxels, sizeof *sorted, by_value);
    p->low = sorted[voxels / 200];
    p->high = sorted[voxels - 1 - voxels / 200];
    free(sorted);
    return DN_OK;
}

static dn_status draw(preview *p, const plane *from, double x, double y, const char *caption)
{
    float by = p->high > p->low ? 1.0f / (p->high - p->low) : 0.0f;
    for (int64_t r = 0; r < from->rows; ++r) {
        for (int64_t c = 0; c < from->columns; ++c) {
            float value = (from->grey[r * from->down + c * from->across] - p->low) * by;
            p->grey[r * from->columns + c] = value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
        }
    }
    for (int64_t r = 0; r < FINE; ++r) {
        for (int64_t c = 0; c < FINE; ++c) {
            uint8_t class = from->class[r * from->rows / FINE * from->down + c * from->columns / FINE * from->across];
            p->label[r * FINE + c] = class == DN_CLASS_IGNORE ? 0 : class;
        }
    }
    double larger = from->height > from->width ? from->height : from->width;
    double height = TILE * from->height / larger;
    double width = TILE * from->width / larger;
    const dn_mosaic_tile tile = {.x = x + 0.5 * (TILE - width),
                                 .y = y + 0.5 * (TILE - height),
                                 .width = width,
                                 .height = height,
                                 .grey_width = from->columns,
                                 .grey_height = from->rows,
                                 .grey = p->grey,
                                 .label_width = FINE,
                                 .label_height = FINE,
                                 .label = p->label,
                                 .palette = (const uint8_t(*)[3])p->palette,
                                 .left = from->left,
                                 .right = from->right,
                                 .caption = caption};
    return dn_mosaic_draw(p->mosaic, &tile);
}

/* The opposite of each letter: what lies at the beginning of an axis. */
static const char *letter(char axis, bool begin)
{
    static const char *const pairs[] = {"L", "R", "P", "A", "I", "S"};
    for (int i = 0; i < 6; ++i) {
        if (pairs[i][0] == axis) {
            return pairs[begin ? i ^ 1 : i];
        }
    }
    return NULL;
}

static dn_status draw_slice(preview *p, int64_t number, const char *name)
{
    const dn_train_config *config = p->config;
    const plane whole = {.rows = config->patch[1],
                         .columns = config->patch[2],
                         .height = (double)config->patch[1] * config->spacing[1],
                         .width = (double)config->patch[2] * config->spacing[2],
                         .left = letter(config->slices.orientation[2], true),
                         .right = letter(config->slices.orientation[2], false),
                         .grey = p->input,
                         .class = p->targets,
                         .down = config->patch[2],
                         .across = 1};
    return draw(p, &whole, GAP + (double)(number % COLUMNS) * (TILE + GAP), TOP + (double)(number / COLUMNS) * (TILE + GAP), name);
}

/* Sagittal, coronal and axial planes of [x, y, z], upwards and forwards on top, the patient's left on the right. */
static dn_status draw_volume(preview *p, int64_t number, const char *name)
{
    const int64_t *n = p->config->patch;
    const double *mm = p->config->spacing;
    const int64_t step[3] = {n[1] * n[2], n[2], 1};
    int64_t sum[3] = {0, 0, 0};
    int64_t count = 0;
    int64_t at[3] = {n[0] / 2, n[1] / 2, n[2] / 2};
    for (int64_t v = 0; v < n[0] * n[1] * n[2]; ++v) {
        if (p->targets[v] != 0 && p->targets[v] != DN_CLASS_IGNORE) {
            sum[0] += v / step[0];
            sum[1] += v / step[1] % n[1];
            sum[2] += v % n[2];
            ++count;
        }
    }
    for (int d = 0; count > 0 && d < 3; ++d) {
        at[d] = sum[d] / count;
    }
    for (int axis = 0; axis < 3; ++axis) {
        int up = axis == 2 ? 1 : 2;
        int across = axis == 0 ? 1 : 0;
        int64_t first = at[axis] * step[axis] + (n[up] - 1) * step[up] + (n[across] - 1) * step[across];
        const plane cut = {.rows = n[up],
                           .columns = n[across],
                           .height = (double)n[up] * mm[up],
                           .width = (double)n[across] * mm[across],
                           .left = axis == 0 ? "A" : "R",
                           .right = axis == 0 ? "P" : "L",
                           .grey = p->input + first,
                           .class = p->targets + first,
                           .down = -step[up],
                           .across = -step[across]};
        DN_TRY(draw(p, &cut, GAP + (double)axis * (TILE + GAP), TOP + (double)number * (TILE + GAP), axis == 0 ? name : NULL));
    }
    return DN_OK;
}

static void fill_palette(preview *p)
{
    for (int64_t c = 0; c < p->config->class_count; ++c) {
        unsigned int rgb[3] = {255, 255, 255};
        sscanf(p->config->classes[c].color, "#%2x%2x%2x", &rgb[0], &rgb[1], &rgb[2]);
        for (int i = 0; i < 3; ++i) {
            p->palette[c][i] = (uint8_t)rgb[i];
        }
    }
}

dn_status dn_sample_picture_write(const dn_train_config *config, const char *path)
{
    dn_status status = DN_OK;
    dn_dataset *dataset = NULL;
    preview p = {.config = config};
    char title[256];
    int64_t samples = config->dims == 2 ? ROWS * COLUMNS : ROWS;
    DN_TRY_GOTO(status, dn_dataset_create(config, DN_DATASET_TRAINING, &dataset), done);
    int64_t voxels = dn_dataset_voxels(dataset);
    int64_t channels = config->slices.channels;
    DN_TRY_GOTO(status, dn_alloc_dims(&p.input, DN_DIMS(voxels, channels), sizeof *p.input, "a picture of samples"), done);
    DN_TRY_GOTO(status, dn_alloc(&p.grey, (size_t)voxels, sizeof *p.grey, "a picture of samples"), done);
    DN_TRY_GOTO(status, dn_alloc(&p.targets, (size_t)voxels, 1, "a picture of samples"), done);
    DN_TRY_GOTO(status, dn_alloc(&p.label, FINE * FINE, 1, "a picture of samples"), done);
    DN_TRY_GOTO(status, dn_mosaic_create(GAP + COLUMNS * (TILE + GAP), TOP + ROWS * (TILE + GAP), &p.mosaic), done);
    fill_palette(&p);
    snprintf(title, sizeof title, "%.100s: the first training samples, truth outlined", config->name);
    dn_mosaic_text(p.mosaic, GAP, 23, 15, true, DN_INK_WHITE, DN_TEXT_LEFT, title);
    for (int64_t i = 0; i < samples; ++i) {
        const char *name = dn_dataset_source(dataset, i);
        DN_TRY_GOTO(status, dn_dataset_sample(dataset, i, p.input, p.targets), done);
        for (int64_t v = 0; v < voxels; ++v) {
            p.input[v] = p.input[v * channels + channels / 2]; /* the middle one's slice is the truth's */
        }
        DN_TRY_GOTO(status, find_range(&p, voxels), done);
        DN_TRY_GOTO(status, config->dims == 2 ? draw_slice(&p, i, name) : draw_volume(&p, i, name), done);
    }
    status = dn_mosaic_write(p.mosaic, path);
done:
    dn_mosaic_destroy(p.mosaic);
    dn_dataset_destroy(dataset);
    free(p.input);
    free(p.grey);
    free(p.targets);
    free(p.label);
    return status;
}
