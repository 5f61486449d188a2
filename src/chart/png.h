/* A picture as a PNG file, packed by all threads; the bytes do not depend on how many there are. Internal to chart/. */
#ifndef DN_CHART_PNG_H
#define DN_CHART_PNG_H

#include "base/status.h"

#include <stdint.h>

/* pixels: 0x00RRGGBB, rows `stride` bytes apart. Written beside path and renamed. DN_EIO, DN_ENOMEM. */
DN_CHECKED dn_status dn_png_write(const char *path, const unsigned char *pixels, int width, int height, int stride);

#endif
