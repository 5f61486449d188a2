/* Chooses the slices of the quality picture and lays them out. */
#include "report/picture.h"

#include "base/file.h"
#include "chart/shrink.h"
#include "models/label_table.h"
#include "report/picture_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Centre and extent of the hypothalamus, mm. */
static void extent(view *v, double low[3], double high[3])
{
    const dn_hypothalamus *h = v->r->hypothalamus;
    int64_t first[3], end[3];
    if (v->hand != NULL) {
        (void)dn_view_hand_bounds(v, OUTLINE_PARTS, low, high);
    } else {
        bool found = dn_groups_bounds(&v->r->structures, h->groups, first, end);
        for (int c = 0; c < 3; ++c) {
            low[c] = found ? v->mm[c] * (double)(first[c] + h->posteriors.start[c]) : INFINITY;
            high[c] = found ? v->mm[c] * (double)(end[c] - 1 + h->posteriors.start[c]) : -INFINITY;
        }
    }
    for (int c = 0; c < 3; ++c) {
        v->centre[c] = 0.5 * (low[c] + high[c]);
    }
}

/* The same for the thalamus; without one, some room around the middle of the scan. */
static void deep_extent(view *v, double low[3], double high[3])
{
    bool found = dn_view_thalamus(v, low, high);
    for (int c = 0; c < 3; ++c) {
        const dn_conformed *conformed = &v->r->conformed;
        double middle = 0.5 * ((double)conformed->oriented->grid.dim[c] / v->map.scale[c] - 1.0) * v->mm[c];
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
        dn_mosaic_tile tile = {.x = MARGIN + n * (TILE_W + GAP), .y = y, .width = TILE_W, .height = TILE_H, .letter_size = TEXT};
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
        size[c] = (double)conformed->oriented->grid.dim[c] / v.map.scale[c] * v.mm[c];
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
        dn_mosaic_tile tile = {
            .x = MARGIN + n * (OVERVIEW + GAP), .y = y, .width = OVERVIEW, .height = OVERVIEW, .letter_size = TEXT, .mark = mark};
        letters(planes[n], &tile);
        DN_TRY(dn_view_draw(&v, mosaic, &f, dn_view_has_head(&v) ? OUTLINE_HEAD : OUTLINE_NONE, &tile));
    }
    return DN_OK;
}

/* A row of the picture. */
typedef struct row {
    plane plane;
    outline what;
    const char *title; /* after the name of what it shows */
} row;

static const row part_rows[] = {
    {CORONAL, OUTLINE_PARTS, ", coronal, from front to back"},
    {CORONAL, OUTLINE_NONE, ": the same slices without outlines"},
    {SAGITTAL, OUTLINE_PARTS, ", sagittal, from the patient's left to the right"},
    {AXIAL, OUTLINE_PARTS, ", axial, from bottom to top"},
};
static const row deep_rows[] = {
    {CORONAL, OUTLINE_DEEP, ", coronal, from front to back"},
    {AXIAL, OUTLINE_DEEP, ", axial, from bottom to top"},
};
enum { TOP = 46, BETWEEN = 8 };

/* A part of the picture: a legend, and rows of slices. */
typedef struct section {
    const view *view;
    char name[64]; /* "Hypothalamus" */
    const row *rows;
    int count;
    double field;           /* mm across a tile */
    double low[3], high[3]; /* of what it shows, mm */
    const dn_volume_line *lines[DN_LINE_LIMIT];
    size_t line_count;
} section;

static double section_height(const section *it)
{
    return dn_view_legend_height(it->line_count) + it->count * (TITLE + TILE_H + BETWEEN);
}

static dn_status draw_section(const section *it, dn_mosaic *mosaic, double *y)
{
    *y = dn_view_legend(it->view, mosaic, it->lines, it->line_count, *y);
    for (int n = 0; n < it->count; ++n) {
        char title[160];
        snprintf(title, sizeof title, "%s%s", it->name, it->rows[n].title);
        dn_mosaic_text(mosaic, MARGIN, *y + 19, TEXT, true, DN_INK_GREY, DN_TEXT_LEFT, title);
        DN_TRY(draw_row(it->view, mosaic, it->rows[n].plane, it->rows[n].what, it->field, it->low, it->high, *y + TITLE));
        *y += TITLE + TILE_H + BETWEEN;
    }
    return DN_OK;
}

static void set_palettes(view *v)
{
    const dn_segment_result *r = v->r;
    dn_label_entry entry;
    for (int64_t c = 0; c < r->structures.channels; ++c) {
        if (r->structures.label_of[c] != NULL) {
            dn_label_color(r->structures.label_of[c], v->palette[c]);
        }
    }
    for (int64_t c = 0; r->head != NULL && c < r->head->found.structures.channels; ++c) {
        if (r->head->found.structures.label_of[c] != NULL) {
            dn_label_color(r->head->found.structures.label_of[c], v->head_palette[c]);
        }
    }
    if (v->hand != NULL) { /* one table for both */
        memcpy(v->head_palette, v->palette, sizeof v->palette);
    }
    if (dn_label_table_structure("icv", 'B', &entry)) {
        memcpy(v->head_palette[DN_CHANNEL_LIMIT - 1], entry.color, 3);
    }
}

static void set_views(const dn_segment_result *result, const dn_judgement *judgement, const dn_picture_hand *hand, view *parts, view *deep)
{
    const dn_axis_map map = hand != NULL ? result->conformed.map : dn_segment_result_place(result).map;
    double spacing[3];
    dn_grid_spacing(&result->conformed.oriented->grid, spacing);
    *parts = (view){.r = result, .judgement = judgement, .map = map};
    dn_view_set_hand(parts, hand);
    set_palettes(parts);
    *deep = *parts;
    deep->map = result->conformed.map;
    for (int c = 0; c < 3; ++c) {
        parts->mm[c] = round(spacing[c] * parts->map.scale[c] * 1e5) / 1e5;
        deep->mm[c] = round(spacing[c] * deep->map.scale[c] * 1e5) / 1e5;
    }
}

/* The hypothalamus with its parts, and the deep structures with the ICV: what is outlined has a line, tissues are in the report. */
static size_t set_sections(const dn_segment_result *r, view *parts, view *deep, const dn_volume_line *lines, size_t count, section out[2])
{
    size_t sections = 0;
    section *first = NULL;
    if (dn_view_has_parts(parts)) {
        first = &out[sections++];
        *first = (section){.view = parts, .rows = part_rows, .count = sizeof part_rows / sizeof *part_rows, .field = FIELD_MM};
        snprintf(first->name, sizeof first->name, "%s", r->structures.group[0].structure);
        first->name[0] = (char)(first->name[0] >= 'a' && first->name[0] <= 'z' ? first->name[0] - 'a' + 'A' : first->name[0]);
        extent(parts, first->low, first->high);
        dn_view_window(parts, parts->centre, 24);
    }
    if (dn_view_has_head(deep)) {
        section *second = &out[sections++];
        *second = (section){.view = deep,
                            .name = "Deep structures",
                            .rows = deep_rows,
                            .count = sizeof deep_rows / sizeof *deep_rows,
                            .field = DEEP_FIELD_MM};
        deep_extent(deep, second->low, second->high);
        dn_view_window(deep, deep->centre, 36);
    }
    for (size_t i = 0; i < count && sections > 0; ++i) {
        const dn_line_kind kind = lines[i].kind;
        section *to = first != NULL && (kind == DN_LINE_HYPOTHALAMUS || kind == DN_LINE_PART) ? first : &out[sections - 1];
        if (kind != DN_LINE_TISSUE) {
            to->lines[to->line_count++] = &lines[i];
        }
    }
    return sections;
}

/* The title: the scan's name, and that of its file where there is room. */
static void draw_title(const dn_segment_result *result, dn_mosaic *mosaic)
{
    double used = dn_mosaic_text_within(mosaic, MARGIN, 31, WIDTH - 2 * MARGIN, 22, true, DN_INK_WHITE, result->stem);
    if (used < WIDTH / 2) {
        dn_mosaic_text_within(mosaic, MARGIN + used + 16, 31, WIDTH - 2 * MARGIN - used - 16, TEXT, false, DN_INK_GREY,
                              dn_path_name(result->path));
    }
}

dn_status dn_picture_write_hand(const dn_segment_result *result, const dn_judgement *judgement, const dn_picture_hand *hand,
                                const char *path)
{
    view parts, deep;
    section sections[2];
    dn_volume_line lines[DN_LINE_LIMIT];
    dn_mosaic *mosaic = NULL;
    dn_head_digests digests;
    dn_status status;
    memset(&digests, 0, sizeof digests);
    set_views(result, judgement, hand, &parts, &deep);
    const size_t line_count = dn_volume_lines(&result->volumes, lines);
    const size_t count = set_sections(result, &parts, &deep, lines, line_count, sections);
    const bool has_parts = dn_view_has_parts(&parts);
    double height = TOP + OVERVIEW + BETWEEN + FOOT;
    for (size_t s = 0; s < count; ++s) {
        height += section_height(&sections[s]);
    }
    if (result->head != NULL) {
        parts.digests = deep.digests = &digests;
        DN_TRY_GOTO(status, dn_head_digests_make(&result->head->found, true, &digests), done);
    }
    DN_TRY_GOTO(status, dn_mosaic_create(WIDTH, (int)ceil(height), &mosaic), done);
    draw_title(result, mosaic);
    if (count == 0) { /* nothing but an ICV: some room around the middle of the scan */
        double low[3], high[3];
        deep_extent(&deep, low, high);
    }
    DN_TRY_GOTO(status, draw_overview(has_parts ? &parts : &deep, mosaic, has_parts ? FIELD_MM : DEEP_FIELD_MM, TOP), done);
    dn_view_verdict(&parts, mosaic, TOP);
    double y = TOP + OVERVIEW + BETWEEN;
    for (size_t s = 0; s < count; ++s) {
        DN_TRY_GOTO(status, draw_section(&sections[s], mosaic, &y), done);
    }
    dn_view_foot(&parts, mosaic, y);
    status = dn_mosaic_write(mosaic, path);
done:
    dn_head_digests_release(&digests);
    dn_mosaic_destroy(mosaic);
    return status;
}

dn_status dn_picture_write(const dn_segment_result *result, const dn_judgement *judgement, const char *path)
{
    return dn_picture_write_hand(result, judgement, NULL, path);
}

dn_status dn_picture_thumbnail(const char *picture, const char *path)
{
    const int overview[4] = {MARGIN, TOP, 3 * OVERVIEW + 2 * GAP, OVERVIEW};
    return dn_png_shrink(picture, overview, DN_THUMBNAIL_WIDTH, path);
}
