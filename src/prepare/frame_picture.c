/* Draws the commissures, the mid-sagittal plane and the stack on slices of a scan. */
#include "prepare/frame_picture.h"

#include "chart/mosaic.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TILE = 420, GAP = 8, MARGIN = 20, TOP = 62, TITLE = 30, WIDTH = 2 * MARGIN + 3 * TILE + 2 * GAP };
#define FIELD_MM 210.0

static const uint8_t middle_color[3] = {255, 196, 61}; /* mid-sagittal plane */
static const uint8_t line_color[3] = {90, 200, 255};   /* AC-PC line and the axial plane through it */
static const uint8_t ac_color[3] = {255, 92, 92};
static const uint8_t across_color[3] = {125, 220, 130}; /* coronal plane through AC; the stack */

/* A slice: the world point in the tile's middle, and the directions to its right and down, unit length. */
typedef struct slice {
    double origin[3], right[3], down[3];
    double x, y; /* of the tile on the canvas */
} slice;

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void to_tile(const slice *s, const double p[3], double *x, double *y)
{
    const double d[3] = {p[0] - s->origin[0], p[1] - s->origin[1], p[2] - s->origin[2]};
    *x = s->x + TILE * (0.5 + dot(d, s->right) / FIELD_MM);
    *y = s->y + TILE * (0.5 + dot(d, s->down) / FIELD_MM);
}

/* Where the plane through `point` with this normal cuts the slice. Nothing where the two are nearly parallel. */
static void draw_plane(dn_mosaic *mosaic, const slice *s, const double point[3], const double normal[3], const uint8_t color[3])
{
    const double a = dot(normal, s->right), b = dot(normal, s->down);
    const double length = sqrt(a * a + b * b);
    if (length < 0.3) {
        return;
    }
    const double d[3] = {point[0] - s->origin[0], point[1] - s->origin[1], point[2] - s->origin[2]};
    const double off = dot(normal, d) / (length * length); /* foot of the perpendicular from the middle: off * (a, b) */
    const double far = 2.0 * FIELD_MM / length;
    double end[2][2];
    for (int e = 0; e < 2; ++e) {
        double t = e == 0 ? far : -far;
        double p[3];
        for (int c = 0; c < 3; ++c) {
            p[c] = s->origin[c] + (off * a - t * b) * s->right[c] + (off * b + t * a) * s->down[c];
        }
        to_tile(s, p, &end[e][0], &end[e][1]);
    }
    const double clip[4] = {s->x, s->y, TILE, TILE};
    dn_mosaic_line(mosaic, clip, end[0][0], end[0][1], end[1][0], end[1][1], 1.4, color);
}

static dn_status draw_slice(dn_mosaic *mosaic, const dn_volume *scan, const slice *s, double black, double white, bool sagittal, bool axial,
                            const char *caption)
{
    const double pixel = FIELD_MM / TILE;
    dn_grid grid = {.dim = {TILE, TILE, 1}};
    dn_volume *cut = NULL;
    const dn_resample_options how = {.method = DN_RESAMPLE_CUBIC, .fill = (float)black};
    for (int r = 0; r < 3; ++r) {
        const double normal = s->right[(r + 1) % 3] * s->down[(r + 2) % 3] - s->right[(r + 2) % 3] * s->down[(r + 1) % 3];
        grid.affine.m[r][0] = s->right[r] * pixel;
        grid.affine.m[r][1] = s->down[r] * pixel;
        grid.affine.m[r][2] = normal;
        grid.affine.m[r][3] = s->origin[r] - 0.5 * (TILE - 1) * pixel * (s->right[r] + s->down[r]);
    }
    DN_TRY(dn_resample_volume(scan, &grid, &how, &cut));
    for (int64_t v = 0; v < (int64_t)TILE * TILE; ++v) {
        cut->data[v] = (float)(((double)cut->data[v] - black) / (white - black));
    }
    const dn_mosaic_tile tile = {.x = s->x,
                                 .y = s->y,
                                 .width = TILE,
                                 .height = TILE,
                                 .grey_width = TILE,
                                 .grey_height = TILE,
                                 .grey = cut->data,
                                 .left = sagittal ? "A" : "R",
                                 .right = sagittal ? "P" : "L",
                                 .top = axial ? "A" : "S",
                                 .bottom = axial ? "P" : "I",
                                 .caption = caption};
    dn_status status = dn_mosaic_draw(mosaic, &tile);
    dn_volume_destroy(cut);
    return status;
}

static void draw_dot(dn_mosaic *mosaic, const slice *s, const double p[3], const uint8_t color[3])
{
    const double clip[4] = {s->x, s->y, TILE, TILE};
    double x, y;
    to_tile(s, p, &x, &y);
    dn_mosaic_dot(mosaic, clip, x, y, 3.2, color);
}

/* Edges of the stack's box, seen along the slice's normal. */
static void draw_stack(dn_mosaic *mosaic, const slice *s, const dn_frame *frame, const dn_stack_geometry *g)
{
    const double half[3] = {0.5 * g->pixel * (double)g->pixels, 0.5 * g->thickness * (double)g->slices, 0.5 * g->pixel * (double)g->pixels};
    const double clip[4] = {s->x, s->y, TILE, TILE};
    double corner[8][2];
    for (int n = 0; n < 8; ++n) {
        double p[3], world[3];
        for (int c = 0; c < 3; ++c) {
            p[c] = g->centre[c] + (n >> c & 1 ? half[c] : -half[c]);
        }
        dn_affine_apply(&frame->to_scan, p, world);
        to_tile(s, world, &corner[n][0], &corner[n][1]);
    }
    for (int n = 0; n < 8; ++n) {
        for (int c = 0; c < 3; ++c) {
            if ((n >> c & 1) == 0) {
                const double *a = corner[n], *b = corner[n | 1 << c];
                dn_mosaic_line(mosaic, clip, a[0], a[1], b[0], b[1], 1.2, across_color);
            }
        }
    }
}

static dn_status draw_row(dn_mosaic *mosaic, const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *stack,
                          const double axes[3][3], const double centre[3], const double window[2], double y)
{
    static const char *const names[3] = {"sagittal", "coronal", "axial"};
    double normal[3][3]; /* of the frame's planes, scan world */
    for (int c = 0; c < 3; ++c) {
        for (int r = 0; r < 3; ++r) {
            normal[c][r] = frame->to_scan.m[r][c];
        }
    }
    for (int n = 0; n < 3; ++n) {
        slice s = {.x = MARGIN + n * (TILE + GAP), .y = y};
        for (int c = 0; c < 3; ++c) {
            s.origin[c] = centre[c];
            s.right[c] = n == 0 ? -axes[1][c] : -axes[0][c];
            s.down[c] = n == 2 ? -axes[1][c] : -axes[2][c];
        }
        DN_TRY(draw_slice(mosaic, scan, &s, window[0], window[1], n == 0, n == 2, names[n]));
        if (stack == NULL) {
            draw_plane(mosaic, &s, frame->ac, normal[0], middle_color);
            draw_plane(mosaic, &s, frame->ac, normal[1], across_color);
            draw_plane(mosaic, &s, frame->ac, normal[2], line_color);
        } else {
            draw_plane(mosaic, &s, frame->ac, normal[0], middle_color);
            draw_stack(mosaic, &s, frame, stack);
        }
        draw_dot(mosaic, &s, frame->ac, ac_color);
        draw_dot(mosaic, &s, frame->pc, line_color);
    }
    return DN_OK;
}

static void draw_legend(dn_mosaic *mosaic, double y)
{
    static const struct {
        const uint8_t *color;
        const char *text;
    } keys[] = {{ac_color, "anterior commissure"},
                {line_color, "posterior commissure; plane of the AC-PC line"},
                {middle_color, "mid-sagittal plane"},
                {across_color, "coronal plane through AC; below: the stack"}};
    double x = MARGIN;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; ++k) {
        dn_mosaic_swatch(mosaic, x, y - 11, 12, keys[k].color);
        x += 18;
        x += dn_mosaic_text(mosaic, x, y, 13, false, DN_INK_GREY, DN_TEXT_LEFT, keys[k].text) + 22;
    }
}

dn_status dn_frame_picture(const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *stack, const char *title,
                           const char *path)
{
    static const double percents[2] = {1.0, 99.5};
    static const double scan_axes[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    dn_status status = DN_OK;
    double window[2], turned[3][3], centre[3];
    char text[200];
    dn_mosaic *mosaic = NULL;
    DN_TRY(dn_volume_percentiles(scan, NULL, percents, 2, window));
    window[1] = window[1] > window[0] ? window[1] : window[0] + 1.0;
    for (int r = 0; r < 3; ++r) {
        centre[r] = 0.5 * (frame->ac[r] + frame->pc[r]);
        for (int c = 0; c < 3; ++c) {
            turned[c][r] = frame->to_scan.m[r][c];
        }
    }
    const double second = TOP + TITLE + TILE + GAP;
    DN_TRY(dn_mosaic_create(WIDTH, (int)second + TITLE + TILE + 40, &mosaic));
    dn_mosaic_text(mosaic, MARGIN, 30, 19, true, DN_INK_WHITE, DN_TEXT_LEFT, title);
    snprintf(text, sizeof text,
             "pitch %+.1f\xc2\xb0, roll %+.1f\xc2\xb0, yaw %+.1f\xc2\xb0; AC to PC %.1f mm; expected error %.1f mm and %.1f\xc2\xb0",
             frame->pitch, frame->roll, frame->yaw, frame->ac_pc_mm, frame->error_mm, frame->error_degrees);
    dn_mosaic_text(mosaic, MARGIN, 52, 14, false, DN_INK_GREY, DN_TEXT_LEFT, text);
    dn_mosaic_text(mosaic, MARGIN, TOP + 20, 14, true, DN_INK_GREY, DN_TEXT_LEFT, "Scan as it is");
    dn_mosaic_text(mosaic, MARGIN, second + 20, 14, true, DN_INK_GREY, DN_TEXT_LEFT, "In the AC-PC frame");
    DN_TRY_GOTO(status, draw_row(mosaic, scan, frame, NULL, scan_axes, centre, window, TOP + TITLE), done);
    DN_TRY_GOTO(status, draw_row(mosaic, scan, frame, stack, (const double(*)[3])turned, centre, window, second + TITLE), done);
    draw_legend(mosaic, second + TITLE + TILE + 26);
    status = dn_mosaic_write(mosaic, path);
done:
    dn_mosaic_destroy(mosaic);
    return status;
}
