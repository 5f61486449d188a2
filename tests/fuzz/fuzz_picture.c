/* Slices as PNG files of anybody: header, chunks and pixels, through the library alone. */
#include "fuzz.h"

#include "chart/picture.h"

#include <cairo.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dn_picture picture;
    dn_status status = dn_picture_read_bytes(bytes, size, "input.png", &picture);
    fuzz_check(status);
    if (status == DN_OK) {
        unsigned sum = 0;
        for (int64_t i = 0; i < picture.rows * picture.columns; ++i) {
            sum += picture.grey[i]; /* every pixel is there */
        }
        if (sum > 255u * (unsigned)(picture.rows * picture.columns)) {
            abort();
        }
    }
    dn_picture_release(&picture);
    return 0;
}

typedef struct {
    uint8_t *to;
    size_t used, capacity;
} sink;

static cairo_status_t take(void *user, const unsigned char *bytes, unsigned int length)
{
    sink *s = user;
    if (s->used + length > s->capacity) {
        return CAIRO_STATUS_WRITE_ERROR;
    }
    memcpy(s->to + s->used, bytes, length);
    s->used += length;
    return CAIRO_STATUS_SUCCESS;
}

/* Grey, transparent and coloured, 9 x 7. */
size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const uint32_t pixels[] = {0xff404040u, 0x80202020u, 0xff4080c0u};
    sink to = {out, 0, capacity};
    if (index >= sizeof pixels / sizeof *pixels) {
        return 0;
    }
    cairo_surface_t *surface = cairo_image_surface_create(index == 1 ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_RGB24, 9, 7);
    for (int i = 0; i < 63; ++i) {
        memcpy(cairo_image_surface_get_data(surface) + i / 9 * cairo_image_surface_get_stride(surface) + i % 9 * 4, &pixels[index], 4);
    }
    cairo_surface_mark_dirty(surface);
    cairo_status_t status = cairo_surface_write_to_png_stream(surface, take, &to);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ? to.used : 0;
}
