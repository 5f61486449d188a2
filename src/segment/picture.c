#include "segment/picture.h"

#include "base/file.h"
#include "segment/label_color.h"
#include "segment/picture_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Centre and extent of the hypothalamus, mm. */
static void extent(view *v, double low[3], double high[3])
{
    const dn_segment_result *r = v->r;
    int64_t first[3], end[3];
    bool found = dn_groups_bounds(&r->structures, r->groups, first, end);
    for (int c = 0; c < 3; ++c) {
        low[c] = found ? v->mm[c] * (double)(first[c] + r->posteriors.start[c]) : INFINITY;
        high[c] = found ? v->mm[c] * (double)(end[c] - 1 + r->posteriors.start[c]) : -INFINITY;
        v->centre[c] = 0.5 * (low[c] + high[c]);
    }
}

/* The same for the thalamus; without one, some room around the middle of the scan. */
static void deep_extent(view *v, double low[3], double high[3])
{
    bool found = dn_view_thalamus(v, low, high);
    for (int c = 0; c < 3; ++c) {
        const dn_conformed *conformed = &v->r->conformed;
        double middle = 0.5 * ((double)conformed->oriented->grid.dim[c] / v->scale[c] - 1.0) * v->mm[c];
        low[c] = found ? low[c] : middle - 15;
        high[c] = found ? high[c] : middle + 15;
        v->centre[c] = 0.5 * (low[c] + high[c]);
    }
}

static void letters(plane p, dn_mosaic_tile *tile)
{
    /* Radiological: what is on the left of the picture is the patient's right. */
    tile->left = p == SAGITTAL ? "A" : "R";
    tile->right = p == SAGITTAL ? "P" : "L";
    tile->top = p == AXIAL ? "A" : "S";
    tile->bottom = p == AXIAL ? "P" : "I";
}

static dn_status draw_row(const view *v, dn_mosaic *mosaic, plane p, outline what, double field, const double low[3], const double high[3],
                          double y)
{
    static const int axis_of[] = {1, 0, 2};
    int axis = axis_of[p];
    for (int n = 0; n < COLUMNS; ++n) {
        frame f = {p, {v->centre[0], v->centre[1], v->centre[2]}, field, field * (double)TILE_H / (double)TILE_W};
        /* The outermost slices hold next to nothing: stay a little inside. */
        double share = 0.05 + 0.9 * (double)n / (double)(COLUMNS - 1);
        /* Coronal from the front, sagittal from the patient's left, axial from below; on voxel centres, so that nothing is
         * blurred across the slice. */
        double at = axis == 1 ? high[1] + share * (low[1] - high[1]) : high[axis] + (1 - share) * (low[axis] - high[axis]);
        f.centre[axis] = round(at / v->mm[axis]) * v->mm[axis];
        char caption[32];
        double from_middle = round(f.centre[axis] - v->centre[axis]);
        if (from_middle == 0) {
            snprintf(caption, sizeof caption, "0 mm");
        } else {
            snprintf(caption, sizeof caption, "%+.0f mm", from_middle);
        }
        dn_mosaic_tile tile = {.x = MARGIN + n * (TILE_W + GAP), .y = y, .width = TILE_W, .height = TILE_H};
        tile.caption = caption;
        letters(p, &tile);
        if (n > 0) {
            tile.top = NULL;
            tile.bottom = NULL;
        }
        DN_TRY(dn_view_draw(v, mosaic, &f, what, &tile));
    }
    return DN_OK;
}

static dn_status draw_overview(const view *zoomed, dn_mosaic *mosaic, double field, double y)
{
    view v = *zoomed;
    double middle[3];
    double size[3];
    const dn_conformed *conformed = &v.r->conformed;
    for (int c = 0; c < 3; ++c) {
        size[c] = (double)conformed->oriented->grid.dim[c] / v.scale[c] * v.mm[c];
        middle[c] = 0.5 * (size[c] - v.mm[c]);
    }
    /* A wide field of view is cut to the head: a window around the brain, which sits above and behind the structure. */
    double wanted[3] = {v.centre[0], v.centre[1] - 12, v.centre[2] + 12};
    for (int c = 0; c < 3; ++c) {
        double slack = fmax(0.0, 0.5 * (size[c] - OVERVIEW_MM));
        middle[c] = fmin(fmax(wanted[c], middle[c] - slack), middle[c] + slack);
    }
    dn_view_window(&v, v.centre, 36);
    static const plane planes[] = {CORONAL, SAGITTAL, AXIAL};
    for (int n = 0; n < 3; ++n) {
        frame f = {planes[n], {middle[0], middle[1], middle[2]}, OVERVIEW_MM, OVERVIEW_MM};
        int axis = planes[n] == CORONAL ? 1 : planes[n] == SAGITTAL ? 0 : 2;
        f.centre[axis] = round(v.centre[axis] / v.mm[axis]) * v.mm[axis];
        /* The zoomed field's rectangle in this frame. */
        double across = planes[n] == SAGITTAL ? middle[1] - v.centre[1] : middle[0] - v.centre[0];
        double down = planes[n] == AXIAL ? middle[1] - v.centre[1] : middle[2] - v.centre[2];
        double w = field / OVERVIEW_MM;
        double h = w * (double)TILE_H / (double)TILE_W;
        double mark[4] = {0.5 + across / OVERVIEW_MM - 0.5 * w, 0.5 + down / OVERVIEW_MM - 0.5 * h, w, h};
        dn_mosaic_tile tile = {.x = MARGIN + n * (OVERVIEW + GAP), .y = y, .width = OVERVIEW, .height = OVERVIEW, .mark = mark};
        letters(planes[n], &tile);
        DN_TRY(dn_view_draw(&v, mosaic, &f, v.r->has_head ? OUTLINE_HEAD : OUTLINE_NONE, &tile));
    }
    return DN_OK;
}

/* A row of the picture. */
typedef struct row {
    plane plane;
    outline what;
    const char *title;
} row;

static const row part_rows[] = {
    {CORONAL, OUTLINE_PARTS, "Hypothalamus, coronal, from front to back"},
    {CORONAL, OUTLINE_NONE, "The same slices without outlines"},
    {SAGITTAL, OUTLINE_PARTS, "Hypothalamus, sagittal, from the patient's left to the right"},
    {AXIAL, OUTLINE_PARTS, "Hypothalamus, axial, from bottom to top"},
};
static const row deep_rows[] = {
    {CORONAL, OUTLINE_DEEP, "Deep structures, coronal, from front to back"},
    {AXIAL, OUTLINE_DEEP, "Deep structures, axial, from bottom to top"},
};
enum { PART_ROWS = sizeof part_rows / sizeof *part_rows, DEEP_ROWS = sizeof deep_rows / sizeof *deep_rows, TOP = 46 };

static dn_status draw_rows(const view *v, dn_mosaic *mosaic, const row *rows, int count, double field, const double low[3],
                           const double high[3], double *y)
{
    for (int n = 0; n < count; ++n) {
        dn_mosaic_text(mosaic, MARGIN, *y + 18, 14, true, DN_INK_GREY, DN_TEXT_LEFT, rows[n].title);
        DN_TRY(draw_row(v, mosaic, rows[n].plane, rows[n].what, field, low, high, *y + TITLE));
        *y += TITLE + TILE_H + 8;
    }
    return DN_OK;
}

static void set_palettes(view *v)
{
    static const uint8_t inside[3] = {80, 220, 255};
    const dn_segment_result *r = v->r;
    for (int64_t c = 0; c < r->structures.channels; ++c) {
        if (r->structures.label_of[c] != NULL) {
            memcpy(v->palette[c], r->structures.label_of[c]->color, 3);
        }
    }
    for (int64_t c = 0; r->has_head && c < r->head.structures.channels; ++c) {
        if (r->head.structures.label_of[c] != NULL) {
            memcpy(v->head_palette[c], dn_label_color(r->head.structures.label_of[c]), 3);
        }
    }
    memcpy(v->head_palette[DN_CHANNEL_LIMIT - 1], inside, 3);
}

dn_status dn_picture_write(const dn_segment_result *result, const char *path)
{
    view parts = {.r = result};
    double low[3];
    double high[3];
    double deep_low[3];
    double deep_high[3];
    double spacing[3];
    dn_grid_spacing(&result->conformed.oriented->grid, spacing);
    set_palettes(&parts);
    view deep = parts;
    for (int c = 0; c < 3; ++c) {
        parts.scale[c] = result->place.scale[c];
        parts.offset[c] = result->place.offset[c];
        parts.mm[c] = round(spacing[c] * parts.scale[c] * 1e5) / 1e5;
        deep.scale[c] = result->conformed.scale[c];
        deep.offset[c] = result->conformed.offset[c];
        deep.mm[c] = round(spacing[c] * deep.scale[c] * 1e5) / 1e5;
    }
    deep_extent(&deep, deep_low, deep_high);
    dn_view_window(&deep, deep.centre, 36);
    if (result->has_parts) {
        extent(&parts, low, high);
        dn_view_window(&parts, parts.centre, 24);
    }
    const int rows = (result->has_parts ? PART_ROWS : 0) + (result->has_head ? DEEP_ROWS : 0);
    const int height = TOP + OVERVIEW + 14 + rows * (TITLE + TILE_H + 8) + 8;
    dn_mosaic *mosaic = NULL;
    dn_status status;
    DN_TRY(dn_mosaic_create(WIDTH, height, &mosaic));
    double used = dn_mosaic_text(mosaic, MARGIN, 31, 20, true, DN_INK_WHITE, DN_TEXT_LEFT, result->stem);
    dn_mosaic_text(mosaic, MARGIN + used + 16, 31, 14, false, DN_INK_GREY, DN_TEXT_LEFT, dn_path_name(result->path));
    const view *first = result->has_parts ? &parts : &deep;
    DN_TRY_GOTO(status, draw_overview(first, mosaic, result->has_parts ? FIELD_MM : DEEP_FIELD_MM, TOP), done);
    dn_view_caption(first, mosaic, TOP);
    double y = TOP + OVERVIEW + 14;
    if (result->has_parts) {
        DN_TRY_GOTO(status, draw_rows(&parts, mosaic, part_rows, PART_ROWS, FIELD_MM, low, high, &y), done);
    }
    if (result->has_head) {
        DN_TRY_GOTO(status, draw_rows(&deep, mosaic, deep_rows, DEEP_ROWS, DEEP_FIELD_MM, deep_low, deep_high, &y), done);
    }
    status = dn_mosaic_write(mosaic, path);
done:
    dn_mosaic_destroy(mosaic);
    return status;
}
