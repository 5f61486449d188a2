/* A picture as a PNG file, packed by all threads (the bytes do not depend on how many there are), and back. Internal to chart/. */
#ifndef DN_CHART_PNG_H
#define DN_CHART_PNG_H

#include "base/status.h"

#include <cairo.h>
#include <stddef.h>
#include <stdint.h>

/* pixels: 0x00RRGGBB, rows `stride` bytes apart. Written beside path and renamed. DN_EIO, DN_ENOMEM. */
DN_CHECKED dn_status dn_png_write(const char *path, const unsigned char *pixels, int width, int height, int stride);
/* What cairo makes of a PNG file's bytes: cairo_surface_status says whether it could. Owned by the caller (cairo_surface_destroy). */
cairo_surface_t *dn_png_decode(const unsigned char *bytes, size_t size);

#endif
