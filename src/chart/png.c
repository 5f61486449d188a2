/* Filters and packs rows of a picture in strips, each on its own, and joins them to one PNG file. */
#include "chart/png.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Rows that are packed together, by one thread. */
enum { STRIP = 64, LEVEL = 6 };

typedef struct image {
    const unsigned char *pixels;
    int width, height, stride;
} image;

typedef struct strip {
    unsigned char *packed; /* owned */
    size_t size, length;   /* packed, and not */
    unsigned long sum;     /* Adler-32 of the rows */
    int code;              /* zlib's */
} strip;

static void row_bytes(const image *m, int row, unsigned char *out)
{
    const uint32_t *from = (const uint32_t *)(const void *)(m->pixels + (ptrdiff_t)row * m->stride);
    for (int x = 0; x < m->width; ++x) {
        out[3 * x] = (unsigned char)(from[x] >> 16 & 0xff);
        out[3 * x + 1] = (unsigned char)(from[x] >> 8 & 0xff);
        out[3 * x + 2] = (unsigned char)(from[x] & 0xff);
    }
}

/* Differences to what lies to the left (filter 1), above (2), or to the mean of both (3); the smallest in sum is taken. */
static void filter_row(const unsigned char *row, const unsigned char *above, int bytes, unsigned char *out, unsigned char *work)
{
    long best = -1;
    for (int kind = 1; kind <= 3; ++kind) {
        long sum = 0;
        for (int x = 0; x < bytes; ++x) {
            const int left = x >= 3 ? row[x - 3] : 0;
            const int up = above[x];
            const int guess = kind == 1 ? left : kind == 2 ? up : (left + up) / 2;
            work[x] = (unsigned char)((row[x] - guess) & 0xff);
        }
        for (int x = 0; x < bytes; ++x) {
            sum += work[x] < 128 ? work[x] : 256 - work[x];
        }
        if (best < 0 || sum < best) {
            best = sum;
            out[0] = (unsigned char)kind;
            memcpy(out + 1, work, (size_t)bytes);
        }
    }
}

/* room: two rows, the filtered rows of a strip, and a row to work in. */
static void pack(const image *m, int first, unsigned char *room, size_t capacity, strip *s)
{
    const int bytes = 3 * m->width;
    const int rows = m->height - first < STRIP ? m->height - first : STRIP;
    unsigned char *above = room, *row = room + bytes, *work = room + 2 * bytes, *filtered = room + 3 * bytes;
    z_stream zlib = {0};
    memset(above, 0, (size_t)bytes);
    if (first > 0) {
        row_bytes(m, first - 1, above);
    }
    for (int r = 0; r < rows; ++r) {
        row_bytes(m, first + r, row);
        filter_row(row, above, bytes, filtered + (size_t)r * (size_t)(bytes + 1), work);
        unsigned char *kept = above;
        above = row;
        row = kept;
    }
    s->length = (size_t)rows * (size_t)(bytes + 1);
    s->sum = adler32(adler32(0, NULL, 0), filtered, (uInt)s->length);
    s->code = deflateInit2(&zlib, LEVEL, Z_DEFLATED, -15, 9, Z_FILTERED);
    if (s->code != Z_OK) {
        return;
    }
    zlib.next_in = filtered;
    zlib.avail_in = (uInt)s->length;
    zlib.next_out = s->packed;
    zlib.avail_out = (uInt)capacity;
    /* All but the last end on a byte, and go on. */
    const bool last = first + rows == m->height;
    s->code = deflate(&zlib, last ? Z_FINISH : Z_SYNC_FLUSH);
    s->code = last && s->code == Z_STREAM_END ? Z_OK : s->code;
    s->size = capacity - zlib.avail_out;
    deflateEnd(&zlib);
}

static void put32(unsigned char *p, unsigned long v)
{
    for (int i = 0; i < 4; ++i) {
        p[i] = (unsigned char)(v >> (24 - 8 * i) & 0xff);
    }
}

static dn_status write_chunk(dn_file_writer *writer, const char *name, const unsigned char *bytes, size_t size)
{
    unsigned char head[8], tail[4];
    put32(head, size);
    memcpy(head + 4, name, 4);
    unsigned long sum = crc32(crc32(0, NULL, 0), head + 4, 4);
    sum = size > 0 ? crc32(sum, bytes, (uInt)size) : sum; /* zlib begins anew where it is given nothing */
    put32(tail, sum);
    DN_TRY(dn_file_write(writer, head, sizeof head));
    DN_TRY(dn_file_write(writer, bytes, size));
    return dn_file_write(writer, tail, sizeof tail);
}

static dn_status write_strips(dn_file_writer *writer, const image *m, const strip *strips, int count)
{
    static const unsigned char magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const unsigned char zlib_head[2] = {0x78, 0x9c};
    unsigned char header[13] = {0}, sum[4];
    unsigned long adler = adler32(0, NULL, 0);
    put32(header, (unsigned long)m->width);
    put32(header + 4, (unsigned long)m->height);
    header[8] = 8; /* bits */
    header[9] = 2; /* red, green, blue */
    DN_TRY(dn_file_write(writer, magic, sizeof magic));
    DN_TRY(write_chunk(writer, "IHDR", header, sizeof header));
    DN_TRY(write_chunk(writer, "IDAT", zlib_head, sizeof zlib_head));
    for (int i = 0; i < count; ++i) {
        DN_TRY(write_chunk(writer, "IDAT", strips[i].packed, strips[i].size));
        adler = adler32_combine(adler, strips[i].sum, (z_off_t)strips[i].length);
    }
    put32(sum, adler);
    DN_TRY(write_chunk(writer, "IDAT", sum, sizeof sum));
    return write_chunk(writer, "IEND", NULL, 0);
}

static dn_status write_file(const char *path, const image *m, const strip *strips, int count)
{
    dn_file_writer writer = {0};
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = write_strips(&writer, m, strips, count);
    return dn_file_end(&writer, status);
}

dn_status dn_png_write(const char *path, const unsigned char *pixels, int width, int height, int stride)
{
    const image m = {pixels, width, height, stride};
    const int count = (height + STRIP - 1) / STRIP;
    const size_t bytes = 3 * (size_t)width;
    const size_t capacity = (size_t)compressBound((uLong)(STRIP * (bytes + 1))) + 64;
    const size_t room = 3 * bytes + STRIP * (bytes + 1);
    dn_status status;
    strip *strips = NULL;
    unsigned char *packed = NULL, *rooms = NULL;
    const int threads = dn_threads_get();
    DN_TRY_GOTO(status, dn_alloc(&strips, (size_t)count, sizeof *strips, "a picture"), done);
    DN_TRY_GOTO(status, dn_alloc(&packed, (size_t)count, capacity, "a picture"), done);
    DN_TRY_GOTO(status, dn_alloc(&rooms, (size_t)count, room, "a picture"), done);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int i = 0; i < count; ++i) {
        strips[i].packed = packed + (size_t)i * capacity;
        pack(&m, i * STRIP, rooms + (size_t)i * room, capacity, &strips[i]);
    }
    for (int i = 0; i < count; ++i) {
        if (strips[i].code != Z_OK) {
            DN_FAIL_GOTO(status, done, strips[i].code == Z_MEM_ERROR ? DN_ENOMEM : DN_EINTERNAL, "zlib cannot pack '%s' (code %d)", path,
                         strips[i].code);
        }
    }
    status = write_file(path, &m, strips, count);
done:
    free(strips);
    free(packed);
    free(rooms);
    return status;
}

typedef struct source {
    const unsigned char *bytes;
    size_t left;
} source;

static cairo_status_t give(void *user, unsigned char *to, unsigned int length)
{
    source *from = user;
    if (length > from->left) {
        return CAIRO_STATUS_READ_ERROR;
    }
    memcpy(to, from->bytes, length);
    from->bytes += length;
    from->left -= length;
    return CAIRO_STATUS_SUCCESS;
}

cairo_surface_t *dn_png_decode(const unsigned char *bytes, size_t size)
{
    source from = {bytes, size};
    return cairo_image_surface_create_from_png_stream(give, &from);
}
