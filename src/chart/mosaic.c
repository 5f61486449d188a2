/* Draws slices, outlines, texts and marks into a picture by cairo, and writes it as PNG. */
#include "chart/mosaic.h"

#include "base/memory.h"
#include "base/text.h"
#include "chart/png.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dn_mosaic {
    cairo_surface_t *surface;
    cairo_t *cairo;
};

enum { OUTLINE = 4 }; /* thickness of an outline, in pixels of the label map */

static const double inks[][3] = {
    [DN_INK_WHITE] = {0.95, 0.95, 0.95}, [DN_INK_GREY] = {0.62, 0.64, 0.67}, [DN_INK_GREEN] = {0.42, 0.82, 0.50},
    [DN_INK_AMBER] = {0.98, 0.75, 0.28}, [DN_INK_RED] = {1.00, 0.42, 0.38},
};

static dn_status cairo_problem(cairo_status_t status)
{
    if (status == CAIRO_STATUS_SUCCESS) {
        return DN_OK;
    }
    if (status == CAIRO_STATUS_NO_MEMORY) {
        DN_FAIL(DN_ENOMEM, "not enough memory to draw the picture");
    }
    DN_FAIL(DN_EINTERNAL, "the picture cannot be drawn: cairo says %s", cairo_status_to_string(status));
}

dn_status dn_mosaic_create(int width, int height, dn_mosaic **out)
{
    dn_mosaic *m = NULL;
    DN_TRY(dn_alloc(&m, 1, sizeof *m, "the picture"));
    m->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    m->cairo = cairo_create(m->surface);
    dn_status status = cairo_problem(cairo_status(m->cairo));
    if (status != DN_OK) {
        dn_mosaic_destroy(m);
        return status;
    }
    cairo_set_source_rgb(m->cairo, 0.07, 0.075, 0.085);
    cairo_paint(m->cairo);
    *out = m;
    return DN_OK;
}

void dn_mosaic_destroy(dn_mosaic *mosaic)
{
    if (mosaic != NULL) {
        cairo_destroy(mosaic->cairo);
        cairo_surface_destroy(mosaic->surface);
        free(mosaic);
    }
}

/* Paints a w x h surface over the tile's rectangle. */
static void paint_scaled(dn_mosaic *m, cairo_surface_t *surface, const dn_mosaic_tile *tile, int64_t w, int64_t h)
{
    cairo_surface_mark_dirty(surface);
    cairo_save(m->cairo);
    cairo_rectangle(m->cairo, tile->x, tile->y, tile->width, tile->height);
    cairo_clip(m->cairo);
    cairo_translate(m->cairo, tile->x, tile->y);
    cairo_scale(m->cairo, tile->width / (double)w, tile->height / (double)h);
    cairo_set_source_surface(m->cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(m->cairo), CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(m->cairo), CAIRO_EXTEND_PAD);
    cairo_paint(m->cairo);
    cairo_restore(m->cairo);
}

static dn_status draw_grey(dn_mosaic *m, const dn_mosaic_tile *tile)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)tile->grey_width, (int)tile->grey_height);
    dn_status status = cairo_problem(cairo_surface_status(s));
    if (status == DN_OK) {
        unsigned char *bytes = cairo_image_surface_get_data(s);
        int stride = cairo_image_surface_get_stride(s);
        for (int64_t row = 0; row < tile->grey_height; ++row) {
            uint32_t *to = (uint32_t *)(void *)(bytes + row * stride);
            for (int64_t column = 0; column < tile->grey_width; ++column) {
                float v = tile->grey[row * tile->grey_width + column];
                uint32_t g = v > 0.0f ? v < 1.0f ? (uint32_t)(v * 255.0f + 0.5f) : 255U : 0U;
                to[column] = g << 16 | g << 8 | g;
            }
        }
        paint_scaled(m, s, tile, tile->grey_width, tile->grey_height);
    }
    cairo_surface_destroy(s);
    return status;
}

/* Whether a pixel of label c lies within OUTLINE pixels of another label: the outline runs inside the region, so that
 * neighbours do not hide each other's. */
static bool on_outline(const dn_mosaic_tile *t, int64_t row, int64_t column, uint8_t c)
{
    for (int64_t a = -OUTLINE; a <= OUTLINE; ++a) {
        for (int64_t b = -OUTLINE; b <= OUTLINE; ++b) {
            int64_t y = row + a;
            int64_t x = column + b;
            if (a * a + b * b <= OUTLINE * OUTLINE && y >= 0 && x >= 0 && y < t->label_height && x < t->label_width &&
                t->label[y * t->label_width + x] != c) {
                return true;
            }
        }
    }
    return false;
}

static dn_status draw_outlines(dn_mosaic *m, const dn_mosaic_tile *tile)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)tile->label_width, (int)tile->label_height);
    dn_status status = cairo_problem(cairo_surface_status(s));
    if (status == DN_OK) {
        unsigned char *bytes = cairo_image_surface_get_data(s);
        int stride = cairo_image_surface_get_stride(s);
        for (int64_t row = 0; row < tile->label_height; ++row) {
            uint32_t *to = (uint32_t *)(void *)(bytes + row * stride);
            for (int64_t column = 0; column < tile->label_width; ++column) {
                uint8_t c = tile->label[row * tile->label_width + column];
                if (c != 0 && on_outline(tile, row, column, c)) {
                    const uint8_t *p = tile->palette[c];
                    to[column] = 0xff000000U | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | (uint32_t)p[2];
                }
            }
        }
        paint_scaled(m, s, tile, tile->label_width, tile->label_height);
    }
    cairo_surface_destroy(s);
    return status;
}

/* White letters with a dark rim, readable on any image. */
static void letter(dn_mosaic *m, double x, double y, double size, const char *text, double anchor_x, double anchor_y)
{
    cairo_text_extents_t extents;
    cairo_select_font_face(m->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(m->cairo, size);
    cairo_text_extents(m->cairo, text, &extents);
    cairo_move_to(m->cairo, x - anchor_x * extents.width - extents.x_bearing, y - anchor_y * extents.height - extents.y_bearing);
    cairo_text_path(m->cairo, text);
    cairo_set_source_rgba(m->cairo, 0, 0, 0, 0.75);
    cairo_set_line_width(m->cairo, size * 0.24);
    cairo_set_line_join(m->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke_preserve(m->cairo);
    cairo_set_source_rgb(m->cairo, 0.93, 0.93, 0.93);
    cairo_fill(m->cairo);
}

dn_status dn_mosaic_draw(dn_mosaic *mosaic, const dn_mosaic_tile *tile)
{
    DN_TRY(draw_grey(mosaic, tile));
    if (tile->label != NULL) {
        DN_TRY(draw_outlines(mosaic, tile));
    }
    if (tile->mark != NULL) {
        cairo_rectangle(mosaic->cairo, tile->x + tile->mark[0] * tile->width, tile->y + tile->mark[1] * tile->height,
                        tile->mark[2] * tile->width, tile->mark[3] * tile->height);
        cairo_set_source_rgb(mosaic->cairo, 0.98, 0.75, 0.28);
        cairo_set_line_width(mosaic->cairo, 1.5);
        cairo_stroke(mosaic->cairo);
    }
    const double pad = 5;
    const double size = tile->letter_size > 0.0 ? tile->letter_size : 13;
    double middle_x = tile->x + 0.5 * tile->width;
    double middle_y = tile->y + 0.5 * tile->height;
    if (tile->left != NULL) {
        letter(mosaic, tile->x + pad, middle_y, size, tile->left, 0, 0.5);
    }
    if (tile->right != NULL) {
        letter(mosaic, tile->x + tile->width - pad, middle_y, size, tile->right, 1, 0.5);
    }
    if (tile->top != NULL) {
        letter(mosaic, middle_x, tile->y + pad, size, tile->top, 0.5, 0);
    }
    if (tile->bottom != NULL) {
        letter(mosaic, middle_x, tile->y + tile->height - pad, size, tile->bottom, 0.5, 1);
    }
    if (tile->caption != NULL) {
        letter(mosaic, tile->x + pad, tile->y + tile->height - pad, size * 11 / 13, tile->caption, 0, 1);
    }
    return cairo_problem(cairo_status(mosaic->cairo));
}

enum { TEXT = 1024 };

/* cairo stops for good at a text that is not UTF-8, and draws control characters as boxes. */
static void clean(const char *text, char out[TEXT])
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = 0;
    while (*p != 0 && n + 5 < TEXT) {
        size_t length = *p < 0x20 || *p == 0x7f ? 0 : dn_text_character((const char *)p, SIZE_MAX);
        if (length == 0) {
            out[n++] = '?';
            ++p;
        } else {
            memcpy(out + n, p, length);
            n += length;
            p += length;
        }
    }
    out[n] = 0;
}

static double text_width(dn_mosaic *m, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(m->cairo, text, &extents);
    return extents.x_advance;
}

static void font(dn_mosaic *m, double size, bool bold, dn_ink ink)
{
    cairo_select_font_face(m->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(m->cairo, size);
    cairo_set_source_rgb(m->cairo, inks[ink][0], inks[ink][1], inks[ink][2]);
}

double dn_mosaic_text(dn_mosaic *mosaic, double x, double y, double size, bool bold, dn_ink ink, dn_text_side side, const char *text)
{
    char safe[TEXT];
    clean(text, safe);
    font(mosaic, size, bold, ink);
    double width = text_width(mosaic, safe);
    cairo_move_to(mosaic->cairo, side == DN_TEXT_RIGHT ? x - width : x, y);
    cairo_show_text(mosaic->cairo, safe);
    return width;
}

double dn_mosaic_text_within(dn_mosaic *mosaic, double x, double y, double width, double size, bool bold, dn_ink ink, const char *text)
{
    char safe[TEXT + 4];
    clean(text, safe);
    font(mosaic, size, bold, ink);
    size_t n = strlen(safe);
    while (n > 0 && text_width(mosaic, safe) > width) {
        do {
            --n;
        } while (n > 0 && ((unsigned char)safe[n] & 0xc0U) == 0x80U);
        memcpy(safe + n, "\xe2\x80\xa6", 4);
    }
    double used = text_width(mosaic, safe);
    cairo_move_to(mosaic->cairo, x, y);
    cairo_show_text(mosaic->cairo, safe);
    return used;
}

/* The longest run of whole words that fits; a single word that does not is shown as it is. */
static size_t words_within(dn_mosaic *mosaic, char *text, double width)
{
    const size_t end = strlen(text);
    size_t fit = 0;
    for (size_t i = 1; i <= end; ++i) {
        if (text[i] == ' ' || text[i] == 0) {
            char kept = text[i];
            text[i] = 0;
            double w = text_width(mosaic, text);
            text[i] = kept;
            if (w > width && fit > 0) {
                break;
            }
            fit = i;
        }
    }
    return fit;
}

double dn_mosaic_paragraph(dn_mosaic *mosaic, double x, double y, double width, int lines, double size, dn_ink ink, const char *text)
{
    char safe[TEXT];
    clean(text, safe);
    font(mosaic, size, false, ink);
    char *rest = safe;
    for (int line = 0; line < lines && *rest != 0; ++line, y += size * 1.35) {
        size_t fit = words_within(mosaic, rest, width);
        char piece[TEXT + 4];
        snprintf(piece, sizeof piece, "%.*s%s", (int)fit, rest, line + 1 == lines && rest[fit] != 0 ? " \xe2\x80\xa6" : "");
        cairo_move_to(mosaic->cairo, x, y);
        cairo_show_text(mosaic->cairo, piece);
        rest += fit;
        while (*rest == ' ') {
            ++rest;
        }
    }
    return y;
}

int dn_mosaic_paragraph_lines(dn_mosaic *mosaic, double width, double size, const char *text)
{
    char safe[TEXT];
    int lines = 0;
    clean(text, safe);
    font(mosaic, size, false, DN_INK_WHITE);
    for (char *rest = safe; *rest != 0; ++lines) {
        rest += words_within(mosaic, rest, width);
        while (*rest == ' ') {
            ++rest;
        }
    }
    return lines;
}

void dn_mosaic_swatch(dn_mosaic *mosaic, double x, double y, double size, const uint8_t color[3])
{
    cairo_rectangle(mosaic->cairo, x, y, size, size);
    cairo_set_source_rgb(mosaic->cairo, color[0] / 255.0, color[1] / 255.0, color[2] / 255.0);
    cairo_fill(mosaic->cairo);
}

void dn_mosaic_rule(dn_mosaic *mosaic, double x0, double y, double x1)
{
    cairo_rectangle(mosaic->cairo, x0, y, x1 - x0, 1);
    cairo_set_source_rgb(mosaic->cairo, 0.22, 0.23, 0.26);
    cairo_fill(mosaic->cairo);
}

void dn_mosaic_strike(dn_mosaic *mosaic, double x0, double y, double x1, double size)
{
    cairo_rectangle(mosaic->cairo, x0, y - 0.36 * size - 1.0, x1 - x0, 2);
    cairo_set_source_rgb(mosaic->cairo, inks[DN_INK_RED][0], inks[DN_INK_RED][1], inks[DN_INK_RED][2]);
    cairo_fill(mosaic->cairo);
}

static void begin_mark(cairo_t *c, const double clip[4], const uint8_t color[3])
{
    cairo_save(c);
    if (clip != NULL) {
        cairo_rectangle(c, clip[0], clip[1], clip[2], clip[3]);
        cairo_clip(c);
    }
    cairo_set_source_rgb(c, color[0] / 255.0, color[1] / 255.0, color[2] / 255.0);
}

void dn_mosaic_line(dn_mosaic *mosaic, const double clip[4], double x0, double y0, double x1, double y1, double width,
                    const uint8_t color[3])
{
    begin_mark(mosaic->cairo, clip, color);
    cairo_set_line_width(mosaic->cairo, width);
    cairo_move_to(mosaic->cairo, x0, y0);
    cairo_line_to(mosaic->cairo, x1, y1);
    cairo_stroke(mosaic->cairo);
    cairo_restore(mosaic->cairo);
}

void dn_mosaic_dot(dn_mosaic *mosaic, const double clip[4], double x, double y, double radius, const uint8_t color[3])
{
    begin_mark(mosaic->cairo, clip, color);
    cairo_arc(mosaic->cairo, x, y, radius, 0.0, 6.283185307179586);
    cairo_fill(mosaic->cairo);
    cairo_restore(mosaic->cairo);
}

dn_status dn_mosaic_write(const dn_mosaic *mosaic, const char *path)
{
    DN_TRY(cairo_problem(cairo_status(mosaic->cairo)));
    cairo_surface_flush(mosaic->surface);
    return dn_png_write(path, cairo_image_surface_get_data(mosaic->surface), cairo_image_surface_get_width(mosaic->surface),
                        cairo_image_surface_get_height(mosaic->surface), cairo_image_surface_get_stride(mosaic->surface));
}

void dn_mosaic_hues(uint8_t palette[256][3])
{
    for (int n = 1; n < 256; ++n) {
        const double hue = fmod(0.61803398875 * n, 1.0) * 6.0, x = 1.0 - fabs(fmod(hue, 2.0) - 1.0);
        const double rgb[6][3] = {{1, x, 0}, {x, 1, 0}, {0, 1, x}, {0, x, 1}, {x, 0, 1}, {1, 0, x}};
        for (int c = 0; c < 3; ++c) {
            palette[n][c] = (uint8_t)(55.0 + 200.0 * rgb[(int)hue % 6][c]);
        }
    }
}
