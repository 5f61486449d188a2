/* Reads a PNG file by cairo, and writes a part of it with fewer pixels. */
#include "chart/shrink.h"

#include "base/file.h"
#include "base/memory.h"
#include "chart/picture.h"
#include "chart/png.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { FILE_LIMIT = 64 << 20 };

/* *out: owned (cairo_surface_destroy); pixels 0x..RRGGBB. */
static dn_status open_picture(const char *path, cairo_surface_t **out)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    int64_t rows, columns;
    DN_TRY(dn_picture_read_size(path, &rows, &columns));
    DN_TRY(dn_file_read(path, FILE_LIMIT, &bytes, &size));
    cairo_surface_t *surface = dn_png_decode(bytes, size);
    const cairo_status_t found = cairo_surface_status(surface);
    free(bytes);
    if (found != CAIRO_STATUS_SUCCESS || cairo_image_surface_get_format(surface) != CAIRO_FORMAT_RGB24) {
        cairo_surface_destroy(surface);
        DN_FAIL(found == CAIRO_STATUS_NO_MEMORY ? DN_ENOMEM : DN_EFORMAT, "%s is not a picture that can be read", path);
    }
    *out = surface;
    return DN_OK;
}

/* The mean colour of the pixels from (x0, y0) to (x1, y1), which count by how much of them lies inside. */
static uint32_t mean_of(const unsigned char *pixels, int stride, double x0, double y0, double x1, double y1)
{
    double sum[3] = {0}, weight = 0;
    for (int y = (int)y0; y < (int)ceil(y1); ++y) {
        const uint32_t *row = (const uint32_t *)(const void *)(pixels + (ptrdiff_t)y * stride);
        const double high = fmin(y1, y + 1) - fmax(y0, y);
        for (int x = (int)x0; x < (int)ceil(x1); ++x) {
            const double part = high * (fmin(x1, x + 1) - fmax(x0, x));
            for (int c = 0; c < 3; ++c) {
                sum[c] += part * (double)(row[x] >> (16 - 8 * c) & 0xff);
            }
            weight += part;
        }
    }
    uint32_t out = 0;
    for (int c = 0; c < 3; ++c) {
        out = out << 8 | (uint32_t)lround(sum[c] / weight);
    }
    return out;
}

static dn_status shrink(cairo_surface_t *from, const int part[4], int width, const char *to)
{
    const int columns = cairo_image_surface_get_width(from), rows = cairo_image_surface_get_height(from);
    const int stride = cairo_image_surface_get_stride(from);
    const bool holds = part[0] + part[2] <= columns && part[1] + part[3] <= rows;
    const int whole[4] = {0, 0, columns, rows};
    const int *shown = holds ? part : whole;
    const int w = shown[2] < width ? shown[2] : width;
    const double step = (double)shown[2] / w;
    const int h = (int)fmax(1.0, floor(shown[3] / step));
    const unsigned char *pixels = cairo_image_surface_get_data(from);
    uint32_t *out = NULL;
    DN_TRY(dn_alloc_dims(&out, DN_DIMS(w, h), sizeof *out, "a small picture"));
    for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
            out[(ptrdiff_t)y * w + x] = mean_of(pixels, stride, shown[0] + x * step, shown[1] + y * step,
                                                fmin(shown[0] + (x + 1) * step, columns), fmin(shown[1] + (y + 1) * step, rows));
        }
    }
    dn_status status = dn_png_write(to, (const unsigned char *)out, w, h, 4 * w);
    free(out);
    return status;
}

dn_status dn_png_shrink(const char *from, const int part[4], int width, const char *to)
{
    cairo_surface_t *surface = NULL;
    DN_TRY(open_picture(from, &surface));
    dn_status status = shrink(surface, part, width, to);
    cairo_surface_destroy(surface);
    return status;
}
