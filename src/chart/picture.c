/* Reads grey PNG files by cairo, after a check of the header. */
#include "chart/picture.h"

#include "base/file.h"
#include "base/memory.h"
#include "chart/png.h"

#include <cairo.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 33, FILE_LIMIT = 256 << 20 };

static int64_t number(const unsigned char *p)
{
    return ((int64_t)p[0] << 24) | ((int64_t)p[1] << 16) | ((int64_t)p[2] << 8) | (int64_t)p[3];
}

/* Signature and IHDR are the first 33 bytes of every PNG. */
static dn_status check_header(const unsigned char *bytes, size_t size, const char *name, int64_t *rows, int64_t *columns)
{
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size < HEADER || memcmp(bytes, signature, sizeof signature) != 0 || memcmp(bytes + 12, "IHDR", 4) != 0) {
        DN_FAIL(DN_EFORMAT, "%s is not a PNG picture", name);
    }
    *columns = number(bytes + 16);
    *rows = number(bytes + 20);
    int depth = bytes[24];
    int colour = bytes[25];
    if (*rows < 1 || *columns < 1 || *rows > DN_PICTURE_LIMIT || *columns > DN_PICTURE_LIMIT) {
        DN_FAIL(DN_EFORMAT, "%s has %lld x %lld pixels; a slice has 1 to %d along each side", name, (long long)*rows, (long long)*columns,
                DN_PICTURE_LIMIT);
    }
    if (depth == 16) {
        DN_FAIL(DN_EFORMAT, "%s has 16 bits per pixel; save it with 8 bits per pixel", name);
    }
    if (colour == 4 || colour == 6) {
        DN_FAIL(DN_EFORMAT, "%s has an alpha channel; save it without transparency", name);
    }
    return DN_OK;
}

dn_status dn_picture_read_size(const char *path, int64_t *rows, int64_t *columns)
{
    unsigned char bytes[HEADER];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read %s: %s", path, strerror(errno));
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return check_header(bytes, size, path, rows, columns);
}

static dn_status take_grey(cairo_surface_t *surface, const char *name, dn_picture *out)
{
    int columns = cairo_image_surface_get_width(surface);
    int rows = cairo_image_surface_get_height(surface);
    int stride = cairo_image_surface_get_stride(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    if (cairo_image_surface_get_format(surface) != CAIRO_FORMAT_RGB24) {
        DN_FAIL(DN_EFORMAT, "%s has transparent pixels; save it without transparency", name);
    }
    DN_TRY(dn_alloc_dims(&out->grey, DN_DIMS(rows, columns), 1, "a picture"));
    out->rows = rows;
    out->columns = columns;
    for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < columns; ++c) {
            uint32_t pixel;
            memcpy(&pixel, data + (ptrdiff_t)r * stride + 4 * (ptrdiff_t)c, sizeof pixel);
            uint8_t blue = (uint8_t)pixel;
            if (blue != (uint8_t)(pixel >> 8) || blue != (uint8_t)(pixel >> 16)) {
                DN_FAIL(DN_EFORMAT, "%s is a colour picture (row %d, column %d); slices and their masks must be grey", name, r, c);
            }
            out->grey[(size_t)r * (size_t)columns + (size_t)c] = blue;
        }
    }
    return DN_OK;
}

dn_status dn_picture_read_bytes(const unsigned char *bytes, size_t size, const char *name, dn_picture *out)
{
    int64_t rows, columns;
    *out = (dn_picture){0};
    DN_TRY(check_header(bytes, size, name, &rows, &columns));
    cairo_surface_t *surface = dn_png_decode(bytes, size);
    cairo_status_t problem = cairo_surface_status(surface);
    dn_status status = problem == CAIRO_STATUS_SUCCESS     ? take_grey(surface, name, out)
                       : problem == CAIRO_STATUS_NO_MEMORY ? dn_error_set(DN_ENOMEM, "not enough memory to read %s, or it is damaged", name)
                                                           : dn_error_set(DN_EFORMAT, "%s is damaged: its pixels cannot be read", name);
    cairo_surface_destroy(surface);
    if (status != DN_OK) {
        dn_picture_release(out);
    }
    return status;
}

dn_status dn_picture_read(const char *path, dn_picture *out)
{
    unsigned char *bytes = NULL;
    size_t size;
    *out = (dn_picture){0};
    DN_TRY(dn_file_read(path, FILE_LIMIT, &bytes, &size));
    dn_status status = dn_picture_read_bytes(bytes, size, path, out);
    free(bytes);
    return status;
}

void dn_picture_release(dn_picture *picture)
{
    free(picture->grey);
    *picture = (dn_picture){0};
}
