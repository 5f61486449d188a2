/* Grey pictures out of PNG files: 8 bits, one value per pixel (a grey file, or a colour file whose channels are equal, as many tools
 * write grey). Everything else is refused with a message, if possible from the header before pixels are decoded: 16 bits, transparency,
 * colours, sizes beyond DN_PICTURE_LIMIT, damage. */
#ifndef DN_CHART_PICTURE_H
#define DN_CHART_PICTURE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { DN_PICTURE_LIMIT = 8192 };

typedef struct dn_picture {
    int64_t rows, columns;
    uint8_t *grey; /* [row][column] from the top left; owned */
} dn_picture;

/* Header only: size, and whether dn_picture_read accepts it. DN_EINPUT, DN_EFORMAT. */
DN_CHECKED dn_status dn_picture_read_size(const char *path, int64_t *rows, int64_t *columns);
/* *out: release with dn_picture_release. DN_EINPUT, DN_EFORMAT, DN_ENOMEM name the file. */
DN_CHECKED dn_status dn_picture_read(const char *path, dn_picture *out);
/* From a file's bytes in memory; name: for messages. */
DN_CHECKED dn_status dn_picture_read_bytes(const unsigned char *bytes, size_t size, const char *name, dn_picture *out);
void dn_picture_release(dn_picture *picture);

#endif
