/* A small picture of a PNG file. */
#ifndef DN_CHART_SHRINK_H
#define DN_CHART_SHRINK_H

#include "base/status.h"

/* part: x, y, width and height of what is shown, in pixels from the top left corner; a picture that does not hold it is shown as a whole.
 * width: of the new picture at most; its height follows. Each new pixel is the mean of the old ones that it covers. Atomic. DN_EINPUT,
 * DN_EFORMAT (no PNG, transparent, 16 bits, more than 8192 pixels along a side), DN_EIO, DN_ENOMEM. */
DN_CHECKED dn_status dn_png_shrink(const char *from, const int part[4], int width, const char *to);

#endif
