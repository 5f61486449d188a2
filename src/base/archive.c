/* Archives that somebody sent. */
#define _GNU_SOURCE
#include "base/archive.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, START = 512 };
#define MIB (INT64_C(1) << 20)

dn_archive_limits dn_archive_limits_usual(void)
{
    return (dn_archive_limits){.files = 1000000, .bytes = 65536 * MIB, .ratio = 100.0};
}

bool dn_archive_is_one(const char *path)
{
    static const char *const names[] = {".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    unsigned char bytes[START] = {0};
    struct stat info;
    FILE *file = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rbe") : NULL;
    if (file == NULL) {
        return false;
    }
    const size_t got = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bool is_one = got >= 4 && (memcmp(bytes, "PK\x03\x04", 4) == 0 || memcmp(bytes, "PK\x05\x06", 4) == 0);
    is_one = is_one || memcmp(bytes + 257, "ustar", 5) == 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        is_one = is_one || dn_path_has_extension(path, names[i]);
    }
    return is_one;
}

/* One archive being read. */
typedef struct reader {
    const char *path, *folder;
    const dn_archive_options *options;
    struct archive *archive;
    int64_t packed; /* bytes of the archive */
    int64_t entries, bytes;
    unsigned char *block;
    dn_archive_found *found;
} reader;

/* The sentence for what libarchive says. Never DN_OK. */
static dn_status fail_read(const reader *it)
{
    const int error = archive_errno(it->archive);
    const char *text = archive_error_string(it->archive);
    if (error == ENOMEM) {
        DN_FAIL(DN_ENOMEM, "not enough memory to unpack %s", it->path);
    }
    if (text != NULL && (strcasestr(text, "passphrase") != NULL || strcasestr(text, "encrypt") != NULL)) {
        DN_FAIL(DN_EDATA, "%s is protected by a password: unpack it yourself, and give the folder", it->path);
    }
    DN_FAIL(DN_EFORMAT, "%s cannot be unpacked: %s; copy or download it again", it->path, text != NULL ? text : "it is damaged");
}

/* An archive that names such places is broken or hostile. Backslashes: what Windows takes for '/'. */
static bool leads_out(const char *name)
{
    if (*name == '/' || *name == '\\' || (*name != '\0' && name[1] == ':')) {
        return true;
    }
    while (*name != '\0') {
        const size_t length = strcspn(name, "/\\");
        if (length == 2 && name[0] == '.' && name[1] == '.') {
            return true;
        }
        name += length + (name[length] != '\0');
    }
    return false;
}

static dn_status count(reader *it, int64_t more)
{
    const dn_archive_limits *limits = &it->options->limits;
    it->bytes += more;
    if (it->bytes > limits->bytes) {
        DN_FAIL(DN_EDATA, "%s holds more than the %.0f MB that are allowed; unpack it yourself, and give the folder", it->path,
                (double)limits->bytes / 1e6);
    }
    if (it->bytes > 64 * MIB && (double)it->bytes > limits->ratio * (double)it->packed) {
        DN_FAIL(DN_EDATA, "%s is not unpacked: it has %.1f MB and would become more than %.0f times as much, which images never do",
                it->path, (double)it->packed / 1e6, limits->ratio);
    }
    return DN_OK;
}

static dn_status fail_write(const reader *it)
{
    DN_FAIL(dn_error_of(errno, DN_EIO), "cannot unpack %s into %s: %s; set TMPDIR to a folder with more room", it->path, it->folder,
            strerror(errno));
}

/* *got < size only at the end of the file. */
static dn_status read_block(reader *it, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        const la_ssize_t n = archive_read_data(it->archive, it->block + *got, size - *got);
        if (n < 0 && n != ARCHIVE_RETRY) {
            return fail_read(it);
        }
        if (n == 0) {
            break;
        }
        *got += n > 0 ? (size_t)n : 0;
    }
    return count(it, (int64_t)*got);
}

static dn_status write_block(const reader *it, int to, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(to, it->block + done, size - done);
        if (n < 0 && errno != EINTR) {
            return fail_write(it);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return DN_OK;
}

/* The rest of a file, whose first `got` bytes are in the block; to < 0: it is only counted. */
static dn_status copy(reader *it, int to, size_t got, size_t size)
{
    while (got > 0) {
        DN_TRY(dn_cancel_check());
        if (to >= 0) {
            DN_TRY(write_block(it, to, got));
        }
        if (got < size) {
            return DN_OK;
        }
        size = BLOCK;
        DN_TRY(read_block(it, size, &got));
    }
    return DN_OK;
}

static dn_status take_file(reader *it, const char *name)
{
    size_t got;
    DN_TRY(read_block(it, START, &got));
    if (it->options->wanted != NULL && !it->options->wanted(it->options->user, name, it->block, got)) {
        ++it->found->others;
        return copy(it, -1, got, START);
    }
    char *path = NULL;
    DN_TRY(dn_asprintf(&path, "%s/%08lld", it->folder, (long long)it->found->taken + 1));
    const int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(path);
    if (to < 0) {
        return fail_write(it);
    }
    ++it->found->taken;
    dn_status status = copy(it, to, got, START);
    if (close(to) != 0 && status == DN_OK) {
        status = fail_write(it);
    }
    return status;
}

static dn_status read_entries(reader *it)
{
    for (;;) {
        struct archive_entry *entry = NULL;
        DN_TRY(dn_cancel_check());
        const int code = archive_read_next_header(it->archive, &entry);
        if (code == ARCHIVE_EOF) {
            return DN_OK;
        }
        if (code == ARCHIVE_RETRY) {
            continue;
        }
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
            return fail_read(it);
        }
        const char *name = archive_entry_pathname(entry);
        name = name != NULL ? name : archive_entry_pathname_utf8(entry);
        name = name != NULL ? name : "";
        if (++it->entries > it->options->limits.files) {
            DN_FAIL(DN_EDATA, "%s holds more than the %lld files that are allowed; unpack it yourself, and give the folder", it->path,
                    (long long)it->options->limits.files);
        }
        if (leads_out(name)) {
            DN_FAIL(DN_EDATA,
                    "%s is not unpacked: an entry in it leads out of the folder (its name begins with '/' or has '..' in it), which is the "
                    "mark of a damaged or hostile archive",
                    it->path);
        }
        if (archive_entry_is_encrypted(entry) > 0) {
            DN_FAIL(DN_EDATA, "%s is protected by a password: unpack it yourself, and give the folder", it->path);
        }
        /* Links, devices and folders are passed over. */
        if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL) {
            DN_TRY(take_file(it, name));
            if (it->options->most > 0 && it->found->taken >= it->options->most) {
                return DN_OK;
            }
        }
    }
}

dn_status dn_archive_unpack(const char *path, const char *folder, const dn_archive_options *options, dn_archive_found *out)
{
    struct stat info;
    dn_status status = DN_OK;
    reader it = {.path = path, .folder = folder, .options = options, .found = out};
    *out = (dn_archive_found){0};
    if (stat(path, &info) != 0) {
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read %s: %s", path, strerror(errno));
    }
    it.packed = (int64_t)info.st_size;
    it.archive = archive_read_new();
    if (it.archive == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory to unpack %s", path);
    }
    DN_TRY_GOTO(status, dn_alloc(&it.block, BLOCK, 1, "a read buffer"), done);
    /* Filters inside libarchive only: with support_filter_all it would start programs for the others. */
    if (archive_read_support_format_zip(it.archive) != ARCHIVE_OK || archive_read_support_format_tar(it.archive) != ARCHIVE_OK) {
        status = fail_read(&it);
        goto done;
    }
    archive_read_support_filter_gzip(it.archive);
    archive_read_support_filter_bzip2(it.archive);
    archive_read_support_filter_xz(it.archive);
    archive_read_support_filter_zstd(it.archive);
    if (archive_read_open_filename(it.archive, path, BLOCK) != ARCHIVE_OK) {
        status = fail_read(&it);
        goto done;
    }
    status = read_entries(&it);
done:
    free(it.block);
    archive_read_free(it.archive);
    return status;
}
