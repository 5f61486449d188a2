/* Internal to image/: writes buffers to an open file, plain or as one gzip member without name and time. Blocks of a
 * fixed size are packed by all threads, so the bytes do not depend on how many there are. */
#ifndef DN_IMAGE_GZIP_H
#define DN_IMAGE_GZIP_H

#include "base/file.h"
#include "base/status.h"

#include <stddef.h>

typedef struct dn_piece {
    const void *bytes; /* borrowed */
    size_t size;
} dn_piece;

/* Writes the pieces one after the other. level: 1..9, or 0 to write them as they are. DN_EIO, DN_ENOMEM. */
DN_CHECKED dn_status dn_pieces_write(dn_file_writer *writer, const dn_piece *pieces, size_t count, int level);

#endif
