/* Zip archives for people: plain files, all in one folder. */
#ifndef DN_BASE_ARCHIVE_WRITE_H
#define DN_BASE_ARCHIVE_WRITE_H

#include "base/status.h"

#include <stddef.h>

/* One file of the archive. Borrowed. */
typedef struct dn_archive_file {
    const char *path; /* where it is */
    const char *name; /* what it is called in the archive: a plain name, or with folders before it */
} dn_archive_file;

/* Writes a zip archive to the open file fd, from its present place on; names are UTF-8. Equal files give equal bytes: times and owners are
 * left out. DN_EINPUT: a file cannot be read; DN_EIO: no room. */
DN_CHECKED dn_status dn_archive_write(int fd, const dn_archive_file *files, size_t count);

#endif
