/* Writes plain or gzipped; blocks are packed by all threads and written in order. */
#include "image/gzip.h"

#include "base/job.h"
#include "base/memory.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BLOCK_SIZE = 1 << 18, WINDOW = 1 << 15 };

/* One block of a piece, and where its packed bytes go. */
typedef struct block {
    const unsigned char *bytes;
    size_t size;
    size_t before; /* bytes of the same piece in front of it, for the dictionary */
    unsigned char *packed;
    size_t packed_size;
    unsigned long crc;
    int code; /* zlib's */
} block;

static void pack(block *b, z_stream *zlib, size_t capacity)
{
    b->code = deflateReset(zlib);
    if (b->code == Z_OK && b->before > 0) {
        size_t n = b->before < WINDOW ? b->before : WINDOW;
        b->code = deflateSetDictionary(zlib, b->bytes - n, (uInt)n);
    }
    if (b->code != Z_OK) {
        return;
    }
    zlib->next_in = (Bytef *)(uintptr_t)b->bytes; /* zlib reads it only */
    zlib->avail_in = (uInt)b->size;
    zlib->next_out = b->packed;
    zlib->avail_out = (uInt)capacity;
    /* A sync flush ends every block on a byte; the stream is closed by an empty last block. */
    b->code = deflate(zlib, Z_SYNC_FLUSH);
    b->packed_size = capacity - zlib->avail_out;
    if (b->code == Z_OK && (zlib->avail_in != 0 || zlib->avail_out == 0)) {
        b->code = Z_BUF_ERROR;
    }
    b->crc = crc32(crc32(0, NULL, 0), b->bytes, (uInt)b->size);
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; ++i) {
        p[i] = (unsigned char)(v >> (8 * i) & 0xff);
    }
}

typedef struct packer {
    z_stream *zlib; /* one per thread, owned */
    unsigned char *packed;
    block *blocks;
    int threads;
    int ready; /* streams that were initialised */
    size_t slots;
    size_t capacity;
    unsigned long crc;
    uint64_t length;
} packer;

static void packer_release(packer *p)
{
    for (int t = 0; t < p->ready; ++t) {
        deflateEnd(&p->zlib[t]);
    }
    free(p->blocks);
    free(p->packed);
    free(p->zlib);
}

static dn_status packer_init(packer *p, int level)
{
    memset(p, 0, sizeof *p);
    p->threads = dn_threads_get();
    p->slots = (size_t)p->threads * 4;
    p->capacity = (size_t)compressBound(BLOCK_SIZE) + 64;
    p->crc = crc32(0, NULL, 0);
    DN_TRY(dn_alloc(&p->zlib, (size_t)p->threads, sizeof *p->zlib, "packing a file"));
    DN_TRY(dn_alloc(&p->packed, p->slots, p->capacity, "packing a file"));
    DN_TRY(dn_alloc(&p->blocks, p->slots, sizeof *p->blocks, "packing a file"));
    for (; p->ready < p->threads; ++p->ready) {
        if (deflateInit2(&p->zlib[p->ready], level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
            DN_FAIL(DN_ENOMEM, "not enough memory to pack a file");
        }
    }
    return DN_OK;
}

/* Packs the n blocks that were prepared and writes them in order. */
static dn_status packer_flush(packer *p, dn_file_writer *writer, size_t n)
{
#pragma omp parallel num_threads(p->threads)
    {
        int thread = omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < n; ++i) {
            p->blocks[i].packed = p->packed + i * p->capacity;
            pack(&p->blocks[i], &p->zlib[thread], p->capacity);
        }
    }
    for (size_t i = 0; i < n; ++i) {
        const block *b = &p->blocks[i];
        if (b->code != Z_OK) {
            DN_FAIL(DN_EINTERNAL, "zlib cannot pack '%s' (code %d)", writer->path, b->code);
        }
        DN_TRY(dn_file_write(writer, b->packed, b->packed_size));
        p->crc = crc32_combine(p->crc, b->crc, (z_off_t)b->size);
        p->length += b->size;
    }
    return DN_OK;
}

static dn_status write_packed(packer *p, dn_file_writer *writer, const dn_piece *pieces, size_t count)
{
    /* Magic, deflate, no flags, no time, no extra flags, Unix. */
    static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    static const unsigned char last[2] = {3, 0}; /* an empty block of fixed codes with the final bit */
    unsigned char tail[8];
    size_t n = 0;
    DN_TRY(dn_file_write(writer, head, sizeof head));
    for (size_t c = 0; c < count; ++c) {
        for (size_t at = 0; at < pieces[c].size; at += BLOCK_SIZE) {
            size_t left = pieces[c].size - at;
            p->blocks[n] =
                (block){.bytes = (const unsigned char *)pieces[c].bytes + at, .size = left < BLOCK_SIZE ? left : BLOCK_SIZE, .before = at};
            if (++n == p->slots) {
                DN_TRY(packer_flush(p, writer, n));
                n = 0;
            }
        }
    }
    DN_TRY(packer_flush(p, writer, n));
    put32(tail, (uint32_t)p->crc);
    put32(tail + 4, (uint32_t)(p->length & 0xffffffffu));
    DN_TRY(dn_file_write(writer, last, sizeof last));
    return dn_file_write(writer, tail, sizeof tail);
}

dn_status dn_pieces_write(dn_file_writer *writer, const dn_piece *pieces, size_t count, int level)
{
    if (level <= 0) {
        for (size_t c = 0; c < count; ++c) {
            DN_TRY(dn_file_write(writer, pieces[c].bytes, pieces[c].size));
        }
        return DN_OK;
    }
    packer p;
    dn_status status = packer_init(&p, level);
    if (status == DN_OK) {
        status = write_packed(&p, writer, pieces, count);
    }
    packer_release(&p);
    return status;
}
