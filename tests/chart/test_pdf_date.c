/* The date in a PDF: equal figures of other days have equal bytes, whether cairo writes it as text (1.16) or into a compressed stream
 * (1.18), and every object is where the table says. */
#define _GNU_SOURCE
#include "test.h"

#include "chart/pdf_date.h"

#include <string.h>
#include <zlib.h>

static size_t add_stream(unsigned char *pdf, size_t n, const char *dictionary, const void *bytes, size_t size, size_t *packed)
{
    uLongf room = 4096;
    n += (size_t)sprintf((char *)pdf + n, "%s\n   /Filter /FlateDecode\n>>\nstream\n", dictionary);
    assert_int_equal(compress(pdf + n, &room, bytes, size), Z_OK);
    *packed = room;
    return n + room + (size_t)sprintf((char *)pdf + n + room, "\nendstream\nendobj\n");
}

static void put_row(unsigned char *row, unsigned kind, size_t place, unsigned index)
{
    const unsigned char bytes[5] = {(unsigned char)kind, (unsigned char)(place >> 8), (unsigned char)place, 0, (unsigned char)index};
    memcpy(row, bytes, sizeof bytes);
}

/* As cairo 1.18.4 writes it: 1 the catalogue and 2 the information, in stream 3 of length 4; object 5 after it; 6 the table. */
static unsigned char *packed_pdf(const char *date, size_t *size)
{
    unsigned char *pdf = calloc(1, 16384);
    unsigned char rows[7 * 5] = {0};
    char text[512], dictionary[128];
    size_t packed = 0, n = (size_t)sprintf((char *)pdf, "%%PDF-1.7\n");
    const int text_size =
        sprintf(text, "1 0\n2 22\n<< /Type /Catalog >>\n<< /Producer (cairo 1.18.4)\n   /CreationDate (D:%s)\n>>\n", date);
    const size_t stream = n;
    n = add_stream(pdf, n, "3 0 obj\n<< /Type /ObjStm\n   /Length 4 0 R\n   /N 2\n   /First 9", text, (size_t)text_size, &packed);
    const size_t length = n;
    n += (size_t)sprintf((char *)pdf + n, "4 0 obj\n   %zu\nendobj\n", packed);
    const size_t other = n;
    n += (size_t)sprintf((char *)pdf + n, "5 0 obj\n(another)\nendobj\n");
    const size_t table = n;
    put_row(rows, 0, 0, 255);
    put_row(rows + 5, 2, 3, 0);
    put_row(rows + 10, 2, 3, 1);
    put_row(rows + 15, 1, stream, 0);
    put_row(rows + 20, 1, length, 0);
    put_row(rows + 25, 1, other, 0);
    put_row(rows + 30, 1, table, 0);
    sprintf(dictionary, "6 0 obj\n<< /Type /XRef\n   /Length %d\n   /Size 7\n   /W [1 2 2]\n   /Root 1 0 R\n   /Info 2 0 R", 30);
    n = add_stream(pdf, n, dictionary, rows, sizeof rows, &packed);
    n += (size_t)sprintf((char *)pdf + n, "startxref\n%zu\n%%%%EOF\n", table);
    *size = n;
    return pdf;
}

static void a_packed_date_goes(void **state)
{
    (void)state;
    size_t size[2];
    unsigned char *pdf[2] = {packed_pdf("20261130015012Z", &size[0]), packed_pdf("20270101111111Z", &size[1])};
    for (int i = 0; i < 2; ++i) {
        bool changed = false;
        assert_ok(dn_pdf_date_out(&pdf[i], &size[i], &changed));
        assert_true(changed);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(pdf[0], pdf[1], size[0] + 1);
    assert_non_null(memmem(pdf[0], size[0], "/CreationDate (D:20000101000000Z)", 33));
    /* The table: seven rows of 1, 4 and 2 bytes. */
    const char *start = memmem(pdf[0] + size[0] - 64, 64, "startxref\n", 10);
    assert_non_null(start);
    const unsigned char *table = pdf[0] + strtoul(start + 10, NULL, 10);
    assert_memory_equal(table, "6 0 obj\n<< /Type /XRef\n", 23);
    const unsigned char *rows = memmem(table, 200, "stream\n", 7);
    assert_non_null(rows);
    static const char *const begin[7] = {NULL, NULL, NULL, "3 0 obj\n<< /Type /ObjStm", "4 0 obj\n   ", "5 0 obj\n(another)", "6 0 obj\n"};
    for (int i = 3; i < 7; ++i) {
        const unsigned char *row = rows + 7 + (ptrdiff_t)i * 7;
        const size_t place = (size_t)row[1] << 24 | (size_t)row[2] << 16 | (size_t)row[3] << 8 | row[4];
        assert_int_equal(row[0], 1);
        assert_true(place < size[0]);
        assert_memory_equal(pdf[0] + place, begin[i], strlen(begin[i]));
    }
    assert_memory_equal(rows + 7 + 14, "\x02\x00\x00\x00\x03\x00\x01", 7);
    free(pdf[0]);
    free(pdf[1]);
}

static void a_plain_date_goes(void **state)
{
    (void)state;
    static const char text[] = "%PDF-1.5\n1 0 obj\n<< /CreationDate (D:20261130015012Z)\n/ModDate (D:20261130015012Z) >>\nendobj\n%%EOF\n";
    size_t size = strlen(text);
    bool changed = false;
    unsigned char *pdf = (unsigned char *)strdup(text);
    assert_ok(dn_pdf_date_out(&pdf, &size, &changed));
    assert_true(changed);
    assert_int_equal(size, strlen(text));
    assert_non_null(memmem(pdf, size, "/CreationDate (D:20000101000000Z)", 33));
    assert_non_null(memmem(pdf, size, "/ModDate (D:20000101000000Z)", 28));
    free(pdf);
}

/* Other layouts, and what a fault left of one, stay as they are. */
static void all_else_stays(void **state)
{
    (void)state;
    size_t size = 0;
    unsigned char *whole = packed_pdf("20261130015012Z", &size);
    for (size_t cut = 0; cut < size; ++cut) {
        for (int kind = 0; kind < 2; ++kind) { /* the end lost; a byte changed */
            size_t n = kind == 0 ? cut : size, before = n;
            bool changed = false;
            unsigned char *pdf = calloc(1, n + 1);
            memcpy(pdf, whole, n);
            if (kind == 1) {
                pdf[cut] ^= 0x55;
            }
            unsigned char *copy = calloc(1, n + 1);
            memcpy(copy, pdf, n);
            assert_ok(dn_pdf_date_out(&pdf, &n, &changed));
            assert_true(changed || (n == before && memcmp(pdf, copy, n) == 0));
            free(copy);
            free(pdf);
        }
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_date_goes),
        cmocka_unit_test(a_plain_date_goes),
        cmocka_unit_test(all_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
