#include "segment/picture.h"

#include "base/file.h"
#include "base/memory.h"
#include "chart/mosaic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Layout, pixels. */
enum {
    WIDTH = 1640,
    MARGIN = 20,
    GAP = 6,
    COLUMNS = 7,
    TILE_W = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS,
    TILE_H = 186,
    OVERVIEW = 250, /* size of the three pictures of the whole head */
    TITLE = 26,     /* height of a row's title */
    OVERSAMPLE = 2  /* label pixels a picture pixel */
};
#define FIELD_MM 38.0 /* width of a zoomed tile */
#define OVERVIEW_MM 230.0

typedef enum { CORONAL, SAGITTAL, AXIAL } plane;

/* The world of the picture: millimetres along the conformed axes (x right, y front, z up), from conformed voxel 0. */
typedef struct view {
    const dn_segment_result *r;
    double mm[3];     /* of a conformed voxel */
    double centre[3]; /* of the structures, mm */
    double black, white;
    uint8_t palette[DN_CHANNEL_LIMIT][3];
} view;

typedef struct frame {
    plane plane;
    double centre[3];     /* mm */
    double width, height; /* mm */
} frame;

/* Position in mm of a point of the frame: u, v in 0..1 from the top left. The patient's left is on the right (radiological);
 * sagittal slices look from the left, nose to the left. */
static void frame_point(const frame *f, double u, double v, double mm[3])
{
    double across = (u - 0.5) * f->width;
    double down = (v - 0.5) * f->height;
    memcpy(mm, f->centre, sizeof f->centre);
    switch (f->plane) {
    case CORONAL:
        mm[0] -= across;
        mm[2] -= down;
        break;
    case SAGITTAL:
        mm[1] -= across;
        mm[2] -= down;
        break;
    case AXIAL:
        mm[0] -= across;
        mm[1] -= down;
        break;
    }
}

/* Weights of four neighbours (Catmull-Rom). */
static void cubic(float t, float w[4])
{
    w[0] = t * (-0.5f + t * (1.0f - 0.5f * t));
    w[1] = 1.0f + t * t * (-2.5f + 1.5f * t);
    w[2] = t * (0.5f + t * (2.0f - 1.5f * t));
    w[3] = t * t * (-0.5f + 0.5f * t);
}

static float scan_at(const view *v, const double mm[3])
{
    const dn_conformed *conformed = &v->r->conformed;
    const dn_volume *scan = conformed->oriented;
    int64_t first[3];
    float w[3][4];
    for (int c = 0; c < 3; ++c) {
        double at = conformed->scale[c] * mm[c] / v->mm[c] + conformed->offset[c];
        if (!(at > -0.5 && at < (double)scan->grid.dim[c] - 0.5)) {
            return (float)v->black;
        }
        first[c] = (int64_t)floor(at);
        cubic((float)(at - (double)first[c]), w[c]);
    }
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k) {
        for (int j = 0; j < 4; ++j) {
            float wjk = w[1][j] * w[2][k];
            if (wjk == 0.0f) {
                continue;
            }
            for (int i = 0; i < 4; ++i) {
                int64_t at[3] = {first[0] - 1 + i, first[1] - 1 + j, first[2] - 1 + k};
                for (int c = 0; c < 3; ++c) {
                    at[c] = at[c] < 0 ? 0 : at[c] >= scan->grid.dim[c] ? scan->grid.dim[c] - 1 : at[c];
                }
                sum += w[0][i] * wjk * scan->data[dn_grid_offset(&scan->grid, at[0], at[1], at[2])];
            }
        }
    }
    return sum;
}

static uint8_t label_at(const view *v, const double mm[3])
{
    const dn_posteriors *p = &v->r->posteriors;
    int64_t first[3];
    float share[3];
    for (int c = 0; c < 3; ++c) {
        double at = mm[c] / v->mm[c] - (double)p->start[c];
        if (!(at >= 0 && at < (double)(p->dim[c] - 1))) {
            return 0;
        }
        first[c] = (int64_t)at;
        share[c] = (float)(at - (double)first[c]);
    }
    int64_t voxels = dn_posteriors_voxels(p);
    int64_t base = first[0] + p->dim[0] * (first[1] + p->dim[1] * first[2]);
    float weight[8];
    int64_t offset[8];
    for (int n = 0; n < 8; ++n) {
        weight[n] = (n & 1 ? share[0] : 1 - share[0]) * (n & 2 ? share[1] : 1 - share[1]) * (n & 4 ? share[2] : 1 - share[2]);
        offset[n] = base + (n & 1) + p->dim[0] * ((n >> 1 & 1) + p->dim[1] * (n >> 2 & 1));
    }
    float best_value = -1.0f;
    int64_t best = 0;
    for (int64_t c = 0; c < p->channels; ++c) {
        float value = 0.0f;
        for (int n = 0; n < 8; ++n) {
            value += weight[n] * p->data[c * voxels + offset[n]];
        }
        if (value > best_value) {
            best_value = value;
            best = c;
        }
        if (c == 0 && value > 0.5f) {
            break;
        }
    }
    return v->r->structures.group_of[best] == DN_NO_GROUP ? 0 : (uint8_t)best;
}

/* Brightness for the zoomed tiles: what lies around the structures, from its 1st to its 99.5th percentile. */
static int by_value(const void *a, const void *b)
{
    float p = *(const float *)a;
    float q = *(const float *)b;
    return (p > q) - (p < q);
}

static void set_window(view *v, const double centre[3], double radius)
{
    enum { N = 24 };
    static const double low_share = 0.01;
    static const double high_share = 0.995;
    float values[N * N * N];
    v->black = 0;
    for (int n = 0; n < N * N * N; ++n) {
        double mm[3] = {centre[0] + radius * (2.0 * (n % N) / (N - 1) - 1), centre[1] + radius * (2.0 * (n / N % N) / (N - 1) - 1),
                        centre[2] + radius * (2.0 * (n / N / N) / (N - 1) - 1)};
        values[n] = scan_at(v, mm);
    }
    qsort(values, N * N * N, sizeof *values, by_value);
    v->black = (double)values[(int)(low_share * (N * N * N - 1))];
    v->white = (double)values[(int)(high_share * (N * N * N - 1))];
    v->white += 0.06 * (v->white - v->black); /* room above: a plateau of white matter is not pure white */
    if (!(v->white > v->black)) {
        v->white = v->black + 1;
    }
}

/* Samples the scan, and the labels when wanted, over the frame and draws them. */
static dn_status draw(const view *v, dn_mosaic *mosaic, const frame *f, bool outlines, dn_mosaic_tile *tile)
{
    int64_t w = (int64_t)tile->width;
    int64_t h = (int64_t)tile->height;
    int64_t lw = OVERSAMPLE * w;
    int64_t lh = OVERSAMPLE * h;
    float *grey = NULL;
    uint8_t *label = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&grey, (size_t)(w * h), sizeof *grey, "the picture"), done);
    DN_TRY_GOTO(status, dn_alloc(&label, (size_t)(lw * lh), 1, "the picture"), done);
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t row = 0; row < h; ++row) {
        for (int64_t column = 0; column < w; ++column) {
            double mm[3];
            frame_point(f, ((double)column + 0.5) / (double)w, ((double)row + 0.5) / (double)h, mm);
            grey[row * w + column] = (float)(((double)scan_at(v, mm) - v->black) / (v->white - v->black));
        }
    }
    if (outlines) {
#pragma omp parallel for schedule(dynamic, 8)
        for (int64_t row = 0; row < lh; ++row) {
            for (int64_t column = 0; column < lw; ++column) {
                double mm[3];
                frame_point(f, ((double)column + 0.5) / (double)lw, ((double)row + 0.5) / (double)lh, mm);
                label[row * lw + column] = label_at(v, mm);
            }
        }
        tile->label = label;
        tile->label_width = lw;
        tile->label_height = lh;
        tile->palette = v->palette;
    }
    tile->grey = grey;
    tile->grey_width = w;
    tile->grey_height = h;
    status = dn_mosaic_draw(mosaic, tile);
done:
    free(grey);
    free(label);
    return status;
}

/* Centre and extent of all structures, mm. */
static void extent(view *v, double low[3], double high[3])
{
    const dn_segment_result *r = v->r;
    for (int c = 0; c < 3; ++c) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
        for (size_t g = 0; g < r->structures.group_count; ++g) {
            if (r->groups[g].core_voxels > 0) {
                low[c] = fmin(low[c], v->mm[c] * (double)(r->groups[g].low[c] + r->posteriors.start[c]));
                high[c] = fmax(high[c], v->mm[c] * (double)(r->groups[g].high[c] - 1 + r->posteriors.start[c]));
            }
        }
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

static dn_status draw_row(const view *v, dn_mosaic *mosaic, plane p, bool outlines, const double low[3], const double high[3], double y)
{
    static const int axis_of[] = {1, 0, 2};
    int axis = axis_of[p];
    for (int n = 0; n < COLUMNS; ++n) {
        frame f = {p, {v->centre[0], v->centre[1], v->centre[2]}, FIELD_MM, FIELD_MM * (double)TILE_H / (double)TILE_W};
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
        DN_TRY(draw(v, mosaic, &f, outlines, &tile));
    }
    return DN_OK;
}

static dn_status draw_overview(const view *zoomed, dn_mosaic *mosaic, double y)
{
    view v = *zoomed;
    double middle[3];
    double size[3];
    const dn_conformed *conformed = &v.r->conformed;
    for (int c = 0; c < 3; ++c) {
        size[c] = (double)conformed->oriented->grid.dim[c] / conformed->scale[c] * v.mm[c];
        middle[c] = 0.5 * (size[c] - v.mm[c]);
    }
    /* A wide field of view is cut to the head: a window around the brain, which sits above and behind the structure. */
    double wanted[3] = {v.centre[0], v.centre[1] - 12, v.centre[2] + 12};
    for (int c = 0; c < 3; ++c) {
        double slack = fmax(0.0, 0.5 * (size[c] - OVERVIEW_MM));
        middle[c] = fmin(fmax(wanted[c], middle[c] - slack), middle[c] + slack);
    }
    set_window(&v, v.centre, 36);
    static const plane planes[] = {CORONAL, SAGITTAL, AXIAL};
    for (int n = 0; n < 3; ++n) {
        frame f = {planes[n], {middle[0], middle[1], middle[2]}, OVERVIEW_MM, OVERVIEW_MM};
        int axis = planes[n] == CORONAL ? 1 : planes[n] == SAGITTAL ? 0 : 2;
        f.centre[axis] = round(v.centre[axis] / v.mm[axis]) * v.mm[axis];
        /* The zoomed field's rectangle in this frame. */
        double across = planes[n] == SAGITTAL ? middle[1] - v.centre[1] : middle[0] - v.centre[0];
        double down = planes[n] == AXIAL ? middle[1] - v.centre[1] : middle[2] - v.centre[2];
        double w = FIELD_MM / OVERVIEW_MM;
        double h = w * (double)TILE_H / (double)TILE_W;
        double mark[4] = {0.5 + across / OVERVIEW_MM - 0.5 * w, 0.5 + down / OVERVIEW_MM - 0.5 * h, w, h};
        dn_mosaic_tile tile = {.x = MARGIN + n * (OVERVIEW + GAP), .y = y, .width = OVERVIEW, .height = OVERVIEW, .mark = mark};
        letters(planes[n], &tile);
        DN_TRY(draw(&v, mosaic, &f, false, &tile));
    }
    return DN_OK;
}

/* "anterior superior" from "hypothalamus_anterior_superior". */
static void part_name(const char *structure, char out[64])
{
    const char *from = strchr(structure, '_');
    snprintf(out, 64, "%s", from != NULL ? from + 1 : structure);
    for (char *c = out; *c != 0; ++c) {
        *c = *c == '_' ? ' ' : *c;
    }
}

static void number(dn_mosaic *m, double x, double y, const dn_volume_row *row, bool bold)
{
    char text[32] = "n/a";
    if (row != NULL) {
        snprintf(text, sizeof text, "%.0f", row->volume_mm3);
    }
    dn_mosaic_text(m, x, y, 14, bold, DN_INK_WHITE, DN_TEXT_RIGHT, text);
}

/* Name, colours and volumes of each structure and part. Returns the next baseline. */
static double draw_table(const view *v, dn_mosaic *m, double x, double y)
{
    const dn_volume_rows *rows = &v->r->volumes;
    const double right = x + 300;
    const double left = x + 375;
    const double both = x + 450;
    dn_mosaic_text(m, x, y, 13, false, DN_INK_GREY, DN_TEXT_LEFT, "volume, mm\xc2\xb3");
    dn_mosaic_text(m, right, y, 13, false, DN_INK_GREY, DN_TEXT_RIGHT, "right");
    dn_mosaic_text(m, left, y, 13, false, DN_INK_GREY, DN_TEXT_RIGHT, "left");
    dn_mosaic_text(m, both, y, 13, false, DN_INK_GREY, DN_TEXT_RIGHT, "both");
    dn_mosaic_rule(m, x, y + 6, both);
    y += 24;
    for (size_t i = 0; i < rows->count; ++i) {
        const dn_volume_row *row = &rows->row[i];
        bool earlier = false;
        for (size_t k = 0; k < i && !earlier; ++k) {
            earlier = strcmp(rows->row[k].structure, row->structure) == 0;
        }
        if (earlier) {
            continue;
        }
        char name[64];
        if (row->whole) {
            snprintf(name, sizeof name, "%s", row->structure);
            name[0] = (char)(name[0] >= 'a' && name[0] <= 'z' ? name[0] - 'a' + 'A' : name[0]);
        } else {
            part_name(row->structure, name);
            for (int64_t c = 1; c < v->r->structures.channels; ++c) {
                if (v->r->structures.label_of[c] != NULL && strcmp(v->r->structures.label_of[c]->structure, row->structure) == 0) {
                    dn_mosaic_swatch(m, x, y - 11, 12, v->palette[c]);
                    break;
                }
            }
        }
        const dn_volume_row *r_row = dn_volume_rows_find(rows, row->structure, 'R');
        const dn_volume_row *l_row = dn_volume_rows_find(rows, row->structure, 'L');
        dn_mosaic_text(m, row->whole ? x : x + 20, y, 14, row->whole, DN_INK_WHITE, DN_TEXT_LEFT, name);
        number(m, right, y, r_row, row->whole);
        number(m, left, y, l_row, row->whole);
        if (row->whole) {
            number(m, both, y, dn_volume_rows_find(rows, row->structure, 'B'), true);
        } else if (r_row != NULL && l_row != NULL) {
            dn_volume_row sum = {.volume_mm3 = r_row->volume_mm3 + l_row->volume_mm3};
            number(m, both, y, &sum, false);
        }
        y += 21;
    }
    return y;
}

static void draw_caption(const view *v, dn_mosaic *m, double y)
{
    const dn_segment_result *r = v->r;
    const double x = MARGIN + 3 * (OVERVIEW + GAP) + 24;
    const double x2 = x + 490;
    const double width = WIDTH - MARGIN - x2;
    double spacing[3];
    char text[256];
    dn_grid_spacing(&r->conformed.scan_grid, spacing);
    draw_table(v, m, x, y + 14);
    double line = y + 14;
    dn_ink ink = r->quality.failed ? DN_INK_RED : DN_INK_GREEN;
    size_t warnings = 0;
    for (size_t i = 0; i < r->quality.count; ++i) {
        warnings += r->quality.flag[i].level == DN_FLAG_WARNING;
    }
    if (!r->quality.failed && warnings > 0) {
        ink = DN_INK_AMBER;
    }
    dn_mosaic_text(m, x2, line, 15, true, ink, DN_TEXT_LEFT,
                   r->quality.failed ? "Failed quality control"
                   : warnings > 0    ? "Please check the outlines"
                                     : "No quality flags");
    line += 22;
    int shown = 0;
    for (int level = DN_FLAG_FAILED; level >= DN_FLAG_WARNING; --level) {
        for (size_t i = 0; i < r->quality.count && line < y + OVERVIEW - 70; ++i) {
            if ((int)r->quality.flag[i].level == level) {
                line = dn_mosaic_paragraph(m, x2, line, width, 4, 13, level == DN_FLAG_FAILED ? DN_INK_RED : DN_INK_AMBER,
                                           r->quality.flag[i].text) +
                       5;
                ++shown;
            }
        }
    }
    if (shown == 0) {
        line = dn_mosaic_paragraph(m, x2, line, width, 4, 13, DN_INK_GREY,
                                   "The automatic checks found nothing unusual. They do not replace a look at the outlines.");
    }
    snprintf(text, sizeof text, "Voxels %.2f x %.2f x %.2f mm; model %s; dien %s.", spacing[0], spacing[1], spacing[2],
             r->structures.model->name, DIEN_VERSION);
    dn_mosaic_paragraph(m, x2, y + OVERVIEW - 40, width, 2, 12, DN_INK_GREY, text);
    dn_mosaic_paragraph(m, x, y + OVERVIEW - 22, 460, 2, 12, DN_INK_GREY,
                        "Radiological view: the patient's left is on the right of the picture. Volumes are sums of probabilities. For "
                        "research; not for diagnosis.");
}

dn_status dn_picture_write(const dn_segment_result *result, const char *path)
{
    view v = {.r = result};
    double low[3];
    double high[3];
    double spacing[3];
    dn_grid_spacing(&result->conformed.oriented->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        v.mm[c] = round(spacing[c] * result->conformed.scale[c] * 1e5) / 1e5;
    }
    for (int64_t c = 0; c < result->structures.channels; ++c) {
        if (result->structures.label_of[c] != NULL) {
            memcpy(v.palette[c], result->structures.label_of[c]->color, 3);
        }
    }
    extent(&v, low, high);
    set_window(&v, v.centre, 24);
    static const struct {
        plane plane;
        bool outlines;
        const char *title;
    } rows[] = {
        {CORONAL, true, "Coronal, from front to back"},
        {CORONAL, false, "The same slices without outlines"},
        {SAGITTAL, true, "Sagittal, from the patient's left to the right"},
        {AXIAL, true, "Axial, from bottom to top"},
    };
    enum { ROWS = sizeof rows / sizeof *rows, TOP = 46 };
    const int height = TOP + OVERVIEW + 14 + ROWS * (TITLE + TILE_H + 8) + 8;
    dn_mosaic *mosaic = NULL;
    dn_status status;
    DN_TRY(dn_mosaic_create(WIDTH, height, &mosaic));
    double used = dn_mosaic_text(mosaic, MARGIN, 31, 20, true, DN_INK_WHITE, DN_TEXT_LEFT, result->stem);
    dn_mosaic_text(mosaic, MARGIN + used + 16, 31, 14, false, DN_INK_GREY, DN_TEXT_LEFT, dn_path_name(result->path));
    DN_TRY_GOTO(status, draw_overview(&v, mosaic, TOP), done);
    draw_caption(&v, mosaic, TOP);
    double y = TOP + OVERVIEW + 14;
    for (int n = 0; n < ROWS; ++n) {
        dn_mosaic_text(mosaic, MARGIN, y + 18, 14, true, DN_INK_GREY, DN_TEXT_LEFT, rows[n].title);
        DN_TRY_GOTO(status, draw_row(&v, mosaic, rows[n].plane, rows[n].outlines, low, high, y + TITLE), done);
        y += TITLE + TILE_H + 8;
    }
    status = dn_mosaic_write(mosaic, path);
done:
    dn_mosaic_destroy(mosaic);
    return status;
}
