/* Draws slices of a scan with the outline of a mask. */
#include "prepare/mask_picture.h"

#include "base/memory.h"
#include "chart/mosaic.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 240, COLUMNS = 5, GAP = 6, MARGIN = 20, TOP = 64, WIDTH = 2 * MARGIN + COLUMNS * TILE + (COLUMNS - 1) * GAP };
#define FIELD_MM 220.0

/* The world box around what is marked. */
static bool bounds(const dn_labels *mask, double low[3], double high[3])
{
    const dn_grid *grid = &mask->grid;
    bool any = false;
    for (int c = 0; c < 3; ++c) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
    }
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        if (mask->data[v] == 0) {
            continue;
        }
        const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                               (double)(v / grid->dim[0] / grid->dim[1])};
        double p[3];
        dn_affine_apply(&grid->affine, ijk, p);
        for (int c = 0; c < 3; ++c) {
            low[c] = fmin(low[c], p[c]);
            high[c] = fmax(high[c], p[c]);
        }
        any = true;
    }
    return any;
}

/* A slice across `axis` of the world (0 sagittal, 1 coronal, 2 axial), n times as fine as a pixel of the tile. */
static dn_grid slice_grid(int axis, const double centre[3], int n)
{
    dn_grid grid = {.dim = {(int64_t)n * TILE, (int64_t)n * TILE, 1}};
    const int right = axis == 0 ? 1 : 0, down = axis == 2 ? 1 : 2;
    const double step = FIELD_MM / (n * TILE);
    memset(&grid.affine, 0, sizeof grid.affine);
    grid.affine.m[right][0] = -step;
    grid.affine.m[down][1] = -step;
    grid.affine.m[axis][2] = 1.0;
    for (int c = 0; c < 3; ++c) {
        grid.affine.m[c][3] = centre[c] + (c == axis ? 0.0 : 0.5 * step * (double)(n * TILE - 1));
    }
    return grid;
}

static dn_status draw(dn_mosaic *mosaic, const dn_volume *scan, const dn_labels *mask, int axis, const double centre[3],
                      const double window[2], double x, double y, const char *caption)
{
    static const uint8_t palette[2][3] = {{0, 0, 0}, {255, 196, 61}};
    dn_status status = DN_OK;
    dn_volume *grey = NULL;
    dn_labels *outline = NULL;
    uint8_t *label = NULL;
    const dn_grid coarse = slice_grid(axis, centre, 1), fine = slice_grid(axis, centre, 2);
    const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .fill = (float)window[0]};
    DN_TRY_GOTO(status, dn_resample_volume(scan, &coarse, &how, &grey), done);
    DN_TRY_GOTO(status, dn_resample_labels(mask, &fine, NULL, &outline), done);
    DN_TRY_GOTO(status, dn_alloc(&label, (size_t)dn_grid_count(&fine), 1, "the picture"), done);
    for (int64_t v = 0; v < dn_grid_count(&coarse); ++v) {
        grey->data[v] = (float)(((double)grey->data[v] - window[0]) / (window[1] - window[0]));
    }
    for (int64_t v = 0; v < dn_grid_count(&fine); ++v) {
        label[v] = outline->data[v] != 0;
    }
    const dn_mosaic_tile tile = {.x = x,
                                 .y = y,
                                 .width = TILE,
                                 .height = TILE,
                                 .grey_width = TILE,
                                 .grey_height = TILE,
                                 .grey = grey->data,
                                 .label_width = fine.dim[0],
                                 .label_height = fine.dim[1],
                                 .label = label,
                                 .palette = palette,
                                 .left = axis == 0 ? "A" : "R",
                                 .right = axis == 0 ? "P" : "L",
                                 .caption = caption};
    status = dn_mosaic_draw(mosaic, &tile);
done:
    dn_volume_destroy(grey);
    dn_labels_destroy(outline);
    free(label);
    return status;
}

dn_status dn_mask_picture(const dn_volume *scan, const dn_labels *mask, const char *title, const char *text, const char *path)
{
    static const double percents[2] = {1.0, 99.5};
    dn_status status = DN_OK;
    dn_mosaic *mosaic = NULL;
    double low[3], high[3], window[2];
    if (!bounds(mask, low, high)) {
        DN_FAIL(DN_EDATA, "nothing is marked, so there is nothing to draw");
    }
    DN_TRY(dn_volume_percentiles(scan, NULL, percents, 2, window));
    window[1] = window[1] > window[0] ? window[1] : window[0] + 1.0;
    DN_TRY(dn_mosaic_create(WIDTH, TOP + 3 * (TILE + GAP) + MARGIN, &mosaic));
    dn_mosaic_text(mosaic, MARGIN, 30, 18, true, DN_INK_WHITE, DN_TEXT_LEFT, title);
    dn_mosaic_text(mosaic, MARGIN, 52, 13, false, DN_INK_GREY, DN_TEXT_LEFT, text);
    for (int axis = 0; axis < 3; ++axis) {
        for (int n = 0; n < COLUMNS; ++n) {
            double centre[3];
            char caption[32];
            for (int c = 0; c < 3; ++c) {
                centre[c] = 0.5 * (low[c] + high[c]);
            }
            const double share = 0.12 + 0.76 * n / (COLUMNS - 1);
            centre[axis] = axis == 2 ? low[2] + share * (high[2] - low[2]) : high[axis] - share * (high[axis] - low[axis]);
            snprintf(caption, sizeof caption, "%c = %.0f mm", "xyz"[axis], centre[axis]);
            DN_TRY_GOTO(status,
                        draw(mosaic, scan, mask, axis, centre, window, MARGIN + n * (TILE + GAP), TOP + axis * (TILE + GAP), caption),
                        done);
        }
    }
    status = dn_mosaic_write(mosaic, path);
done:
    dn_mosaic_destroy(mosaic);
    return status;
}
