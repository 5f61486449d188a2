/* Draws slices through the middle of what is there. */
#include "labelmap/picture.h"

#include "base/file.h"
#include "base/memory.h"
#include "chart/mosaic.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 240, COLUMNS = 5, GAP = 6, MARGIN = 16, TOP = 56, WIDTH = 2 * MARGIN + COLUMNS * TILE + (COLUMNS - 1) * GAP };

#define LEAST_FIELD_MM 10.0

typedef struct drawing {
    const dn_volume *volume; /* NULL: labels are painted */
    const dn_labels *labels; /* or NULL */
    uint8_t *index;          /* [65536] label to palette; owned */
    uint8_t palette[256][3];
    double low[3], high[3]; /* of what is shown, mm */
    double field;           /* side of a tile, mm */
    double window[2];
    bool mirror;
    dn_mosaic *mosaic;
} drawing;

/* The labels that are there get the entries of the palette in the order of their numbers. */
static void fill_palette(drawing *it)
{
    bool seen[65536] = {false};
    int n = 0;
    for (int64_t v = 0; v < dn_grid_count(&it->labels->grid); ++v) {
        seen[it->labels->data[v]] = true;
    }
    for (int label = 1; label < 65536; ++label) {
        if (seen[label]) {
            it->index[label] = (uint8_t)(1 + n++ % 255);
        }
    }
    dn_mosaic_hues(it->palette);
}

/* Whether a voxel counts for where the slices go. */
static bool there(const drawing *it, int64_t v)
{
    return it->labels != NULL ? it->labels->data[v] != 0 : (double)it->volume->data[v] > it->window[0];
}

static void find_bounds(drawing *it)
{
    const dn_grid *grid = it->labels != NULL ? &it->labels->grid : &it->volume->grid;
    double box_low[3] = {INFINITY, INFINITY, INFINITY}, box_high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (int64_t k = 0, v = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i, ++v) {
                if (there(it, v)) {
                    const double at[3] = {(double)i, (double)j, (double)k};
                    for (int c = 0; c < 3; ++c) {
                        box_low[c] = fmin(box_low[c], at[c]);
                        box_high[c] = fmax(box_high[c], at[c]);
                    }
                }
            }
        }
    }
    if (!(box_low[0] <= box_high[0])) { /* nothing is there: all of the grid */
        for (int c = 0; c < 3; ++c) {
            box_low[c] = 0.0;
            box_high[c] = (double)(grid->dim[c] - 1);
        }
    }
    dn_affine_bounds(&grid->affine, box_low, box_high, it->low, it->high);
    for (int c = 0; c < 3; ++c) {
        it->field = fmax(it->field, 1.06 * (it->high[c] - it->low[c]));
    }
    it->field = it->field > 0.0 ? it->field : LEAST_FIELD_MM; /* a single voxel has no extent */
}

/* A slice across `axis` of the world (0 sagittal, 1 coronal, 2 axial), n times as fine as a pixel of the tile. */
static dn_grid slice_grid(const drawing *it, int axis, const double centre[3], int n)
{
    dn_grid grid = {.dim = {(int64_t)n * TILE, (int64_t)n * TILE, 1}};
    const int right = axis == 0 ? 1 : 0, down = axis == 2 ? 1 : 2;
    const double step = it->field / (n * TILE);
    grid.affine.m[right][0] = axis == 0 ? -step : step; /* left of the picture: front, or the subject's left */
    grid.affine.m[down][1] = -step;
    grid.affine.m[axis][2] = 0.01; /* no thickness: labels are not averaged across */
    for (int c = 0; c < 3; ++c) {
        const double along = c == right ? grid.affine.m[right][0] : c == down ? grid.affine.m[down][1] : 0.0;
        grid.affine.m[c][3] = centre[c] - 0.5 * along * (double)(n * TILE - 1);
    }
    return grid;
}

static dn_status draw_tile(const drawing *it, int axis, const double centre[3], double x, double y)
{
    dn_status status = DN_OK;
    dn_volume *grey = NULL;
    dn_labels *slice = NULL;
    uint8_t *label = NULL;
    char caption[32];
    const dn_grid coarse = slice_grid(it, axis, centre, 1), fine = slice_grid(it, axis, centre, 2);
    const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .fill = (float)it->window[0]};
    snprintf(caption, sizeof caption, "%c = %.0f mm", "xyz"[axis], centre[axis]);
    dn_mosaic_tile tile = {.x = x, .y = y, .width = TILE, .height = TILE, .caption = caption, .palette = it->palette};
    tile.left = axis == 0 ? "A" : "L";
    tile.right = axis == 0 ? "P" : "R";
    if (it->labels != NULL) {
        DN_TRY_GOTO(status, dn_resample_labels(it->labels, &fine, NULL, &slice), done);
        DN_TRY_GOTO(status, dn_alloc(&label, (size_t)dn_grid_count(&fine), 1, "a picture"), done);
        for (int64_t v = 0; v < dn_grid_count(&fine); ++v) {
            label[v] = it->index[slice->data[v]];
        }
        tile.label = label;
        tile.label_width = fine.dim[0];
        tile.label_height = fine.dim[1];
    }
    if (it->volume != NULL) {
        DN_TRY_GOTO(status, dn_resample_volume(it->volume, &coarse, &how, &grey), done);
    } else { /* classes as greys, dark to bright */
        DN_TRY_GOTO(status, dn_volume_create(&coarse, &grey), done);
        for (int64_t v = 0; v < dn_grid_count(&coarse); ++v) {
            grey->data[v] = (float)label[(v / TILE) * 4 * TILE + 2 * (v % TILE)];
        }
    }
    for (int64_t v = 0; v < dn_grid_count(&coarse); ++v) {
        grey->data[v] = (float)(((double)grey->data[v] - it->window[0]) / (it->window[1] - it->window[0]));
    }
    tile.grey = grey->data;
    tile.grey_width = tile.grey_height = TILE;
    DN_TRY_GOTO(status, dn_mosaic_draw(it->mosaic, &tile), done);
    if (it->mirror && axis != 0) {
        static const uint8_t white[3] = {255, 255, 255};
        const double clip[4] = {x, y, TILE, TILE}, at = x + TILE * (0.5 - centre[0] / it->field);
        dn_mosaic_line(it->mosaic, clip, at, y, at, y + TILE, 1.0, white);
    }
done:
    dn_volume_destroy(grey);
    dn_labels_destroy(slice);
    free(label);
    return status;
}

static dn_status draw_all(const drawing *it)
{
    for (int axis = 0; axis < 3; ++axis) {
        for (int n = 0; n < COLUMNS; ++n) {
            double centre[3];
            for (int c = 0; c < 3; ++c) {
                centre[c] = 0.5 * (it->low[c] + it->high[c]);
            }
            const double share = 0.12 + 0.76 * n / (COLUMNS - 1);
            centre[axis] = it->low[axis] + share * (it->high[axis] - it->low[axis]);
            DN_TRY(draw_tile(it, axis, centre, MARGIN + n * (TILE + GAP), TOP + axis * (TILE + GAP)));
        }
    }
    return DN_OK;
}

static dn_status set_window(drawing *it)
{
    static const double percents[2] = {2.0, 99.7};
    it->window[0] = 0.0;
    it->window[1] = 24.0; /* of painted labels: their index */
    if (it->volume != NULL) {
        DN_TRY(dn_volume_percentiles(it->volume, NULL, percents, 2, it->window));
        it->window[1] = it->window[1] > it->window[0] ? it->window[1] : it->window[0] + 1.0;
    }
    return DN_OK;
}

static dn_status draw(drawing *it, const char *title, const char *output)
{
    dn_status status = DN_OK;
    char *path = NULL;
    DN_TRY_GOTO(status, dn_asprintf(&path, "%.*s.png", (int)dn_path_scan_length(output), output), done);
    DN_TRY_GOTO(status, dn_alloc(&it->index, 65536, 1, "a picture"), done);
    DN_TRY_GOTO(status, set_window(it), done);
    if (it->labels != NULL) {
        fill_palette(it);
    }
    find_bounds(it);
    DN_TRY_GOTO(status, dn_mosaic_create(WIDTH, TOP + 3 * (TILE + GAP) + MARGIN, &it->mosaic), done);
    dn_mosaic_text(it->mosaic, MARGIN, 32, 18, true, DN_INK_WHITE, DN_TEXT_LEFT, title);
    dn_mosaic_text_within(it->mosaic, MARGIN + 420, 32, WIDTH - 2 * MARGIN - 420, 13, false, DN_INK_GREY, dn_path_name(output));
    DN_TRY_GOTO(status, draw_all(it), done);
    status = dn_mosaic_write(it->mosaic, path);
done:
    dn_mosaic_destroy(it->mosaic);
    free(it->index);
    free(path);
    return status;
}

dn_status dn_labelmap_picture(const dn_volume *volume, const dn_labels *labels, const char *title, const char *output)
{
    drawing it = {.volume = volume, .labels = labels};
    return draw(&it, title, output);
}

dn_status dn_labelmap_picture_mirror(const dn_labels *labels, const char *title, const char *output)
{
    drawing it = {.labels = labels, .mirror = true};
    return draw(&it, title, output);
}

dn_status dn_labelmap_may_write(const char *output)
{
    if (!dn_path_has_extension(output, ".nii.gz") && !dn_path_has_extension(output, ".nii")) {
        DN_FAIL(DN_EUSAGE, "cannot write '%s': images are written as .nii.gz or .nii", output);
    }
    return dn_file_may_write(output);
}
