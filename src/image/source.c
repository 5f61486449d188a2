/* Reads the bytes of a file or of memory, unpacks gzip on the way, and says why a file cannot be read. */
#define _GNU_SOURCE /* readlink */
#include "image/source.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { INPUT_SIZE = 1 << 18, SCRATCH_SIZE = 1 << 18 };

struct dn_source {
    const char *name;           /* borrowed */
    FILE *stream;               /* owned; NULL for bytes in memory */
    const unsigned char *bytes; /* borrowed; memory only */
    int64_t size;               /* stored bytes */
    int64_t consumed;           /* stored bytes handed to the reader or to zlib */
    int64_t position;
    bool compressed;
    bool ended; /* the last gzip member is done */
    bool inflating;
    z_stream zlib;
    unsigned char *input; /* owned, INPUT_SIZE */
};

/* Stored bytes as they lie; *got < size only at the end. */
static dn_status read_stored(dn_source *source, void *bytes, size_t size, size_t *got)
{
    if (source->stream == NULL) {
        int64_t left = source->size - source->consumed;
        size_t n = (int64_t)size < left ? size : (size_t)left;
        if (n > 0) {
            memcpy(bytes, source->bytes + source->consumed, n);
        }
        source->consumed += (int64_t)n;
        *got = n;
        return DN_OK;
    }
    size_t n = fread(bytes, 1, size, source->stream);
    if (n < size && ferror(source->stream)) {
        DN_FAIL(DN_EINPUT, "cannot read '%s': %s", source->name, strerror(errno));
    }
    source->consumed += (int64_t)n;
    *got = n;
    return DN_OK;
}

dn_status dn_source_rewind(dn_source *source)
{
    if (source->stream != NULL && fseek(source->stream, 0, SEEK_SET) != 0) {
        DN_FAIL(DN_EINPUT, "cannot read '%s' from its start: %s", source->name, strerror(errno));
    }
    source->consumed = 0;
    source->position = 0;
    source->ended = false;
    if (source->inflating) {
        source->zlib.avail_in = 0;
        if (inflateReset(&source->zlib) != Z_OK) {
            DN_FAIL(DN_EINTERNAL, "'%s' cannot be decompressed from its start again (zlib)", source->name);
        }
    }
    return DN_OK;
}

/* Looks at the first bytes and prepares zlib where they are gzip's. */
static dn_status start(dn_source *source)
{
    unsigned char magic[2] = {0, 0};
    size_t got = 0;
    if (source->size == 0) {
        DN_FAIL(DN_EINPUT, "'%s' is empty: copy or download it again", source->name);
    }
    DN_TRY(read_stored(source, magic, sizeof magic, &got));
    source->compressed = got == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    if (source->compressed) {
        DN_TRY(dn_alloc(&source->input, INPUT_SIZE, 1, "a read buffer"));
        if (inflateInit2(&source->zlib, 15 + 16) != Z_OK) {
            DN_FAIL(DN_ENOMEM, "not enough memory to unpack '%s'", source->name);
        }
        source->inflating = true;
    }
    return dn_source_rewind(source);
}

/* The sentence for a path at which there is nothing: a link that leads nowhere is named. Never returns DN_OK. */
static dn_status refuse_missing(const char *path)
{
    char target[512];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) {
        DN_FAIL(DN_EINPUT, "there is no file '%s'", path);
    }
    target[length] = '\0';
    if (strstr(target, ".git/annex/") != NULL) {
        DN_FAIL(DN_EINPUT,
                "'%s' is a DataLad (git-annex) link whose content was not fetched: 'datalad get' it in its data set, then try again", path);
    }
    DN_FAIL(DN_EINPUT, "'%s' is a link to '%s', where there is no file: fetch the file, or correct the link", path, target);
}

dn_status dn_source_open(const char *path, dn_source **out)
{
    struct stat about;
    dn_source *source = NULL;
    dn_status status = DN_OK;
    if (stat(path, &about) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return refuse_missing(path);
        }
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read '%s': %s", path, strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        DN_FAIL_OFFER(DN_EINPUT, DN_REMEDY_DICOM,
                      "'%s' is a folder, not a scan: name a file; convert a folder of DICOM files to NIfTI first (dcm2niix)", path);
    }
    if (!S_ISREG(about.st_mode)) {
        DN_FAIL(DN_EINPUT, "'%s' is a device or pipe, not a file: save the scan as a file first", path);
    }
    DN_TRY(dn_alloc(&source, 1, sizeof *source, "a file"));
    source->name = path;
    source->size = (int64_t)about.st_size;
    source->stream = fopen(path, "rb");
    if (source->stream == NULL) {
        DN_FAIL_GOTO(status, fail, dn_error_of(errno, DN_EINPUT), "cannot open '%s': %s", path, strerror(errno));
    }
    setvbuf(source->stream, NULL, _IONBF, 0); /* we read in large pieces ourselves */
    DN_TRY_GOTO(status, start(source), fail);
    *out = source;
    return DN_OK;
fail:
    dn_source_close(source);
    return status;
}

dn_status dn_source_open_bytes(const unsigned char *bytes, size_t size, const char *name, dn_source **out)
{
    dn_source *source = NULL;
    DN_TRY(dn_alloc(&source, 1, sizeof *source, "a file"));
    source->name = name;
    source->bytes = bytes;
    source->size = (int64_t)size;
    dn_status status = start(source);
    if (status != DN_OK) {
        dn_source_close(source);
        return status;
    }
    *out = source;
    return DN_OK;
}

void dn_source_close(dn_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->inflating) {
        inflateEnd(&source->zlib);
    }
    if (source->stream != NULL) {
        fclose(source->stream);
    }
    free(source->input);
    free(source);
}

const char *dn_source_name(const dn_source *source)
{
    return source->name;
}

bool dn_source_compressed(const dn_source *source)
{
    return source->compressed;
}

int64_t dn_source_position(const dn_source *source)
{
    return source->position;
}

static dn_status refill(dn_source *source)
{
    size_t got = 0;
    DN_TRY(read_stored(source, source->input, INPUT_SIZE, &got));
    source->zlib.next_in = source->input;
    source->zlib.avail_in = (uInt)got;
    return DN_OK;
}

/* After a member's end: is there another one? Anything else after it is ignored, as gzip does. */
static dn_status next_member(dn_source *source)
{
    if (source->zlib.avail_in < 2) {
        unsigned char first = source->zlib.avail_in == 1 ? *source->zlib.next_in : 0;
        size_t kept = source->zlib.avail_in;
        size_t got;
        source->input[0] = first;
        DN_TRY(read_stored(source, source->input + kept, INPUT_SIZE - kept, &got));
        source->zlib.next_in = source->input;
        source->zlib.avail_in = (uInt)(kept + got);
    }
    if (source->zlib.avail_in < 2 || source->zlib.next_in[0] != 0x1f || source->zlib.next_in[1] != 0x8b) {
        source->ended = true;
        return DN_OK;
    }
    if (inflateReset(&source->zlib) != Z_OK) {
        DN_FAIL(DN_EINTERNAL, "'%s' cannot be decompressed further (zlib)", source->name);
    }
    return DN_OK;
}

static dn_status read_inflated(dn_source *source, unsigned char *bytes, size_t size, size_t *got)
{
    size_t done = 0;
    while (done < size && !source->ended) {
        if (source->zlib.avail_in == 0) {
            DN_TRY(refill(source));
            if (source->zlib.avail_in == 0) {
                DN_FAIL(DN_EFORMAT, "'%s' is cut short: its gzip data end after %lld decompressed bytes; copy or download the file again",
                        source->name, (long long)(source->position + (int64_t)done));
            }
        }
        size_t piece = size - done < (1u << 30) ? size - done : (1u << 30);
        source->zlib.next_out = bytes + done;
        source->zlib.avail_out = (uInt)piece;
        int code = inflate(&source->zlib, Z_NO_FLUSH);
        done += piece - source->zlib.avail_out;
        if (code == Z_STREAM_END) {
            DN_TRY(next_member(source));
        } else if (code == Z_MEM_ERROR) {
            DN_FAIL(DN_ENOMEM, "not enough memory to unpack '%s'", source->name);
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            DN_FAIL(DN_EFORMAT,
                    "'%s' is damaged: its gzip data are wrong after %lld decompressed bytes (%s); copy or download the file again",
                    source->name, (long long)(source->position + (int64_t)done),
                    source->zlib.msg != NULL ? source->zlib.msg : "not gzip data");
        }
    }
    *got = done;
    return DN_OK;
}

dn_status dn_source_read(dn_source *source, void *bytes, size_t size, size_t *got)
{
    if (source->compressed) {
        DN_TRY(read_inflated(source, bytes, size, got));
    } else {
        DN_TRY(read_stored(source, bytes, size, got));
    }
    source->position += (int64_t)*got;
    return DN_OK;
}

dn_status dn_source_skip(dn_source *source, int64_t size, int64_t *got)
{
    int64_t done = 0;
    if (!source->compressed) { /* a seek, so that a hostile offset costs nothing */
        int64_t left = source->size - source->consumed;
        done = size < left ? size : left;
        if (source->stream != NULL && fseek(source->stream, (long)(source->consumed + done), SEEK_SET) != 0) {
            DN_FAIL(DN_EINPUT, "cannot read '%s': %s", source->name, strerror(errno));
        }
        source->consumed += done;
        source->position += done;
        *got = done;
        return DN_OK;
    }
    unsigned char *scratch = NULL;
    dn_status status = dn_alloc(&scratch, SCRATCH_SIZE, 1, "a read buffer");
    while (status == DN_OK && done < size) {
        size_t n;
        int64_t left = size - done;
        status = dn_source_read(source, scratch, left < SCRATCH_SIZE ? (size_t)left : SCRATCH_SIZE, &n);
        if (status != DN_OK || n == 0) {
            break;
        }
        done += (int64_t)n;
    }
    free(scratch);
    *got = done;
    return status;
}

/* The unpacked length (modulo 2^32) that a gzip file of one member ends with. */
static dn_status stored_length(dn_source *source, uint32_t *length)
{
    unsigned char tail[4] = {0, 0, 0, 0};
    if (source->stream == NULL) {
        memcpy(tail, source->bytes + source->size - 4, 4);
    } else {
        if (fseek(source->stream, -4, SEEK_END) != 0 || fread(tail, 1, 4, source->stream) != 4 ||
            fseek(source->stream, (long)source->consumed, SEEK_SET) != 0) {
            DN_FAIL(DN_EINPUT, "cannot read the end of '%s'", source->name);
        }
    }
    *length = (uint32_t)tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 | (uint32_t)tail[3] << 24;
    return DN_OK;
}

/* Deflate cannot pack better than 1032 to 1. */
bool dn_source_can_hold(const dn_source *source, int64_t size)
{
    return !source->compressed ? source->size >= size : source->size >= INT64_MAX / 1032 || source->size * 1032 >= size;
}

dn_status dn_source_check_length(dn_source *source, int64_t needed, bool *enough, int64_t *has)
{
    *enough = true;
    *has = source->size;
    if (!source->compressed) {
        *enough = source->size >= needed;
        return DN_OK;
    }
    if (!dn_source_can_hold(source, needed)) {
        *has = source->size * 1032;
        *enough = false;
        return DN_OK;
    }
    uint32_t length = 0;
    if (source->size >= 18) {
        DN_TRY(stored_length(source, &length));
    }
    if (needed <= (int64_t)UINT32_MAX ? (int64_t)length >= needed : length == (uint32_t)((uint64_t)needed & 0xffffffffu)) {
        return DN_OK;
    }
    /* Several members, or cut short: count. */
    int64_t position = source->position;
    int64_t got;
    DN_TRY(dn_source_rewind(source));
    DN_TRY(dn_source_skip(source, needed, &got));
    *enough = got >= needed;
    *has = got;
    DN_TRY(dn_source_rewind(source));
    return dn_source_skip(source, position, &got);
}

dn_status dn_source_finish(dn_source *source, int64_t limit, int64_t *extra)
{
    if (!source->compressed) {
        *extra = source->size - source->consumed;
        return DN_OK;
    }
    return dn_source_skip(source, limit, extra);
}
