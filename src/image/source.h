/* Internal to image/: a file's bytes, unpacked on the way when they are gzipped (decided by content, not by name).
 * Reads forwards only. Nothing about images here. */
#ifndef DN_IMAGE_SOURCE_H
#define DN_IMAGE_SOURCE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dn_source dn_source;

/* DN_EINPUT with a sentence when path is missing, a folder, not a plain file, unreadable or empty. */
DN_CHECKED dn_status dn_source_open(const char *path, dn_source **out);
/* bytes and name: borrowed for the source's life. */
DN_CHECKED dn_status dn_source_open_bytes(const unsigned char *bytes, size_t size, const char *name, dn_source **out);
void dn_source_close(dn_source *source);

/* As it was opened, for messages; whether it is gzipped. */
const char *dn_source_name(const dn_source *source);
bool dn_source_compressed(const dn_source *source);
/* Unpacked bytes handed out so far. */
int64_t dn_source_position(const dn_source *source);

/* Reads up to size unpacked bytes; *got < size only at the end. DN_EFORMAT: broken gzip data (also when the file ends in
 * the middle of them or a checksum is wrong); DN_EINPUT: a read error. */
DN_CHECKED dn_status dn_source_read(dn_source *source, void *bytes, size_t size, size_t *got);
DN_CHECKED dn_status dn_source_rewind(dn_source *source);
/* Reads and drops up to size bytes. */
DN_CHECKED dn_status dn_source_skip(dn_source *source, int64_t size, int64_t *got);

/* Whether the file, unpacked, may have so many bytes: by its length alone. */
bool dn_source_can_hold(const dn_source *source, int64_t size);
/* Whether the whole unpacked file has at least `needed` bytes: from the file's length, or, for gzip, from the length
 * that the file ends with, the largest ratio deflate can reach, and a counting pass where these leave a doubt. *has: the
 * bytes there are (or can be at most). The source's position is unchanged. */
DN_CHECKED dn_status dn_source_check_length(dn_source *source, int64_t needed, bool *enough, int64_t *has);

/* Reads on to the end of the gzip data (at most `limit` bytes more), so that checksums are verified; *extra: unpacked
 * bytes that followed. Plain files: *extra is what is left, nothing is read. */
DN_CHECKED dn_status dn_source_finish(dn_source *source, int64_t limit, int64_t *extra);

#endif
