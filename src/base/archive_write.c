/* Zip archives, by libarchive. */
#define _GNU_SOURCE
#include "base/archive_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dn_status fail_write(struct archive *out)
{
    const char *text = archive_error_string(out);
    DN_FAIL(archive_errno(out) == ENOMEM ? DN_ENOMEM : DN_EIO, "cannot write the zip archive: %s", text != NULL ? text : "unknown reason");
}

static dn_status copy(struct archive *out, int fd, const char *path)
{
    enum { BLOCK = 1 << 16 };
    char bytes[BLOCK];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        if (archive_write_data(out, bytes, (size_t)n) < 0) {
            return fail_write(out);
        }
    }
    if (n < 0) {
        DN_FAIL(DN_EINPUT, "cannot read %s: %s", path, strerror(errno));
    }
    return DN_OK;
}

static dn_status add(struct archive *out, struct archive_entry *entry, const dn_archive_file *file)
{
    struct stat facts;
    const int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        const int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        DN_FAIL(DN_EINPUT, "cannot read %s: %s", file->path, strerror(error));
    }
    archive_entry_clear(entry);
    archive_entry_set_pathname_utf8(entry, file->name);
    archive_entry_set_size(entry, facts.st_size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 315532800, 0); /* 1980: the earliest that zip can say */
    dn_status status = archive_write_header(out, entry) == ARCHIVE_OK ? copy(out, fd, file->path) : fail_write(out);
    close(fd);
    return status;
}

dn_status dn_archive_write(int fd, const dn_archive_file *files, size_t count)
{
    struct archive *out = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    dn_status status = DN_OK;
    if (out == NULL || entry == NULL) {
        archive_entry_free(entry);
        archive_write_free(out);
        DN_FAIL(DN_ENOMEM, "not enough memory for a zip archive");
    }
    if (archive_write_set_format_zip(out) != ARCHIVE_OK ||
        archive_write_set_options(out, "zip:hdrcharset=UTF-8,zip:compression-level=1") < ARCHIVE_WARN ||
        archive_write_open_fd(out, fd) != ARCHIVE_OK) {
        status = fail_write(out);
    }
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        status = add(out, entry, &files[i]);
    }
    if (status == DN_OK && archive_write_close(out) != ARCHIVE_OK) {
        status = fail_write(out);
    }
    archive_entry_free(entry);
    archive_write_free(out);
    return status;
}
