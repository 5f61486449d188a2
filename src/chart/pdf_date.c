/* The dates that cairo writes into PDF files, taken out, so that equal figures are equal files. */
#define _GNU_SOURCE
#include "chart/pdf_date.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEADER = 400, INFLATED = 1 << 24, ENTRY = 7 }; /* of a rewritten table: a byte, four for a place, two */

/* A stream object of cairo's: "10 0 obj\n<< ... >>\nstream\n" and its bytes. */
typedef struct stream {
    size_t object, data; /* places in the file */
    char header[HEADER];
} stream;

/* An entry of the table of objects. kind 1: an object at place; 2: object `index` within the stream object `place`. */
typedef struct entry {
    uint64_t kind, place, index;
} entry;

typedef struct pdf {
    const unsigned char *bytes;
    size_t size;
    stream table, objects; /* the table, and the stream that holds the date */
    entry *entries;
    size_t count;
    size_t length_object; /* place of the object that holds the length of `objects` */
    size_t length_end;    /* and where it ends */
    unsigned char *text;  /* what `objects` holds */
    size_t text_size;
} pdf;

/* Its digits become those of the year 2000. */
static bool take_out(unsigned char *text, size_t size)
{
    static const char *const names[] = {"/CreationDate (D:", "/ModDate (D:"};
    static const char date[] = "20000101000000";
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        unsigned char *at = memmem(text, size, names[i], strlen(names[i]));
        if (at != NULL) {
            at += strlen(names[i]);
            for (size_t d = 0; date[d] != 0 && at + d < text + size && at[d] >= '0' && at[d] <= '9'; ++d) {
                at[d] = (unsigned char)date[d];
            }
            found = true;
        }
    }
    return found;
}

static bool open_stream(const pdf *p, size_t at, const char *type, stream *out)
{
    static const char word[] = ">>\nstream\n";
    if (at >= p->size) {
        return false;
    }
    const size_t room = p->size - at < HEADER - 1 ? p->size - at : HEADER - 1;
    const unsigned char *end = memmem(p->bytes + at, room, word, strlen(word));
    if (end == NULL) {
        return false;
    }
    out->object = at;
    out->data = (size_t)(end - p->bytes) + strlen(word);
    memcpy(out->header, p->bytes + at, out->data - at);
    out->header[out->data - at] = 0;
    return strstr(out->header, type) != NULL && strstr(out->header, "/Filter /FlateDecode") != NULL &&
           strstr(out->header, "/DecodeParms") == NULL && strstr(out->header, "/Index") == NULL;
}

static bool number(const char *text, const char *name, unsigned long *out)
{
    const char *at = strstr(text, name);
    char *end = NULL;
    if (at == NULL) {
        return false;
    }
    *out = strtoul(at + strlen(name), &end, 10);
    return end != at + strlen(name);
}

/* *out: NULL when it is no zlib stream, or larger than INFLATED. */
static dn_status inflate_at(const pdf *p, size_t at, unsigned char **out, size_t *size)
{
    dn_status status = DN_OK;
    z_stream z = {0};
    unsigned char *block = NULL;
    size_t room = 0;
    int code = inflateInit(&z);
    *out = NULL;
    *size = 0;
    if (code != Z_OK) {
        DN_FAIL(DN_ENOMEM, "not enough memory to read a figure");
    }
    z.next_in = (unsigned char *)(uintptr_t)(p->bytes + at); /* zlib does not write to it */
    z.avail_in = (unsigned)(p->size - at);
    while (code == Z_OK && room < INFLATED) {
        room = room > 0 ? 2 * room : 4096;
        DN_TRY_GOTO(status, dn_realloc(&block, room, 1, "a figure"), done);
        z.next_out = block + z.total_out;
        z.avail_out = (unsigned)(room - z.total_out);
        code = inflate(&z, Z_NO_FLUSH);
    }
    if (code == Z_MEM_ERROR) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory to read a figure");
    }
    if (code == Z_STREAM_END) {
        *out = block;
        *size = z.total_out;
        block = NULL;
    }
done:
    inflateEnd(&z);
    free(block);
    return status;
}

static uint64_t big_endian(const unsigned char *bytes, unsigned long count)
{
    uint64_t value = 0;
    for (unsigned long i = 0; i < count; ++i) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* p->entries stays NULL where the file has no such table. */
static dn_status read_table(pdf *p)
{
    static const char word[] = "startxref\n";
    dn_status status = DN_OK;
    unsigned char *table = NULL;
    size_t size = 0;
    unsigned long w[3], count = 0;
    const size_t tail = p->size < 64 ? p->size : 64;
    const unsigned char *start = memmem(p->bytes + p->size - tail, tail, word, strlen(word));
    if (start == NULL || !open_stream(p, strtoul((const char *)start + strlen(word), NULL, 10), "/Type /XRef", &p->table)) {
        return DN_OK;
    }
    const char *widths = strstr(p->table.header, "/W [");
    if (widths == NULL || sscanf(widths, "/W [%2lu %2lu %2lu]", &w[0], &w[1], &w[2]) != 3 || w[0] > 8 || w[1] > 8 || w[2] > 8 ||
        !number(p->table.header, "/Size ", &count)) {
        return DN_OK;
    }
    DN_TRY(inflate_at(p, p->table.data, &table, &size));
    const size_t row = w[0] + w[1] + w[2];
    if (table != NULL && row > 0 && size % row == 0 && size / row == count && count > 0) {
        DN_TRY_GOTO(status, dn_alloc(&p->entries, count, sizeof *p->entries, "a figure"), done);
        p->count = count;
        for (size_t i = 0; i < count; ++i) {
            const unsigned char *at = table + i * row;
            p->entries[i] = (entry){big_endian(at, w[0]), big_endian(at + w[0], w[1]), big_endian(at + w[0] + w[1], w[2])};
        }
    }
done:
    free(table);
    return status;
}

/* The stream of objects in which the document's information is, and the object after it that holds its length. */
static bool find_objects(pdf *p)
{
    static const char ending[] = "endobj\n";
    unsigned long information = 0, length = 0;
    if (!number(p->table.header, "/Info ", &information) || information >= p->count || p->entries[information].kind != 2) {
        return false;
    }
    const uint64_t holder = p->entries[information].place;
    if (holder >= p->count || p->entries[holder].kind != 1 || !open_stream(p, p->entries[holder].place, "/Type /ObjStm", &p->objects)) {
        return false;
    }
    if (!number(p->objects.header, "/Length ", &length) || length >= p->count || p->entries[length].kind != 1) {
        return false;
    }
    p->length_object = p->entries[length].place;
    if (p->length_object <= p->objects.data || p->length_object >= p->table.object) {
        return false;
    }
    const unsigned char *end = memmem(p->bytes + p->length_object, p->table.object - p->length_object, ending, strlen(ending));
    p->length_end = end != NULL ? (size_t)(end - p->bytes) + strlen(ending) : 0;
    return end != NULL;
}

/* Where what begins at `place` begins in the rewritten file. */
typedef struct moved {
    size_t length_object, rest, table;
} moved;

static uint64_t moved_place(const pdf *p, const moved *m, uint64_t place)
{
    return place >= p->table.object    ? place - p->table.object + m->table
           : place >= p->length_end    ? place - p->length_end + m->rest
           : place == p->length_object ? m->length_object
                                       : place;
}

static size_t rewrite_table(const pdf *p, const moved *m, unsigned char *out)
{
    unsigned long table = 0, root = 0, information = 0;
    (void)number(p->table.header, "", &table);
    (void)number(p->table.header, "/Root ", &root);
    (void)number(p->table.header, "/Info ", &information);
    size_t n =
        (size_t)sprintf((char *)out,
                        "%lu 0 obj\n<< /Type /XRef\n   /Length %zu\n   /Size %zu\n   /W [1 4 2]\n   /Root %lu 0 R\n   /Info %lu 0 R\n"
                        ">>\nstream\n",
                        table, p->count * ENTRY, p->count, root, information);
    for (size_t i = 0; i < p->count; ++i) {
        const entry *e = &p->entries[i];
        const uint64_t place = e->kind == 1 ? moved_place(p, m, e->place) : e->place;
        out[n++] = (unsigned char)e->kind;
        for (int shift = 24; shift >= 0; shift -= 8) {
            out[n++] = (unsigned char)(place >> shift);
        }
        out[n++] = (unsigned char)(e->index >> 8);
        out[n++] = (unsigned char)e->index;
    }
    return n + (size_t)sprintf((char *)out + n, "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n", m->table);
}

/* The file again; from the stream of objects on it is another. out has room for it. */
static size_t rewrite(const pdf *p, unsigned char *out)
{
    unsigned long objects = 0, count = 0, first = 0, length = 0;
    moved m;
    (void)number(p->objects.header, "", &objects);
    (void)number(p->objects.header, "/Length ", &length);
    (void)number(p->objects.header, "/N ", &count);
    (void)number(p->objects.header, "/First ", &first);
    memcpy(out, p->bytes, p->objects.object);
    size_t n = p->objects.object;
    n += (size_t)sprintf((char *)out + n, "%lu 0 obj\n<< /Type /ObjStm\n   /Length %lu 0 R\n   /N %lu\n   /First %lu\n>>\nstream\n",
                         objects, length, count, first);
    memcpy(out + n, p->text, p->text_size);
    n += p->text_size;
    n += (size_t)sprintf((char *)out + n, "\nendstream\nendobj\n");
    m.length_object = n;
    n += (size_t)sprintf((char *)out + n, "%lu 0 obj\n   %zu\nendobj\n", length, p->text_size);
    m.rest = n; /* what lay between the length and the table */
    memcpy(out + n, p->bytes + p->length_end, p->table.object - p->length_end);
    n += p->table.object - p->length_end;
    m.table = n;
    return n + rewrite_table(p, &m, out + n);
}

static dn_status in_a_stream(unsigned char **bytes, size_t *size, bool *changed)
{
    dn_status status = DN_OK;
    unsigned char *out = NULL;
    pdf p = {.bytes = *bytes, .size = *size};
    DN_TRY_GOTO(status, read_table(&p), done);
    if (p.entries == NULL || !find_objects(&p)) {
        goto done;
    }
    DN_TRY_GOTO(status, inflate_at(&p, p.objects.data, &p.text, &p.text_size), done);
    if (p.text == NULL || !take_out(p.text, p.text_size)) {
        goto done;
    }
    DN_TRY_GOTO(status, dn_alloc(&out, p.size + p.text_size + p.count * ENTRY + 2 * (size_t)HEADER, 1, "a figure"), done);
    *size = rewrite(&p, out);
    out[*size] = 0;
    free(*bytes);
    *bytes = out;
    *changed = true;
done:
    free(p.entries);
    free(p.text);
    return status;
}

dn_status dn_pdf_date_out(unsigned char **bytes, size_t *size, bool *changed)
{
    *changed = take_out(*bytes, *size);
    return *changed ? DN_OK : in_a_stream(bytes, size, changed);
}
