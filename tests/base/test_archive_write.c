/* Zip archives that we write: what is in them comes out again as it went in, names are UTF-8, and equal files give equal bytes. */
#define _GNU_SOURCE
#include "base/archive.h"
#include "base/archive_write.h"
#include "test.h"

#include "base/file.h"
#include "base/scratch.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 300000 };

static void write_zip(const char *path, const dn_archive_file *files, size_t count)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_ok(dn_archive_write(fd, files, count));
    close(fd);
}

static void test_round(void **state)
{
    (void)state;
    dn_scratch scratch = {0};
    char a[256], b[256], zip[256], again[256], out[256], first[256];
    static unsigned char bytes[SIZE];
    assert_ok(dn_scratch_create(&scratch));
    snprintf(a, sizeof a, "%s/a", scratch.path);
    snprintf(b, sizeof b, "%s/b", scratch.path);
    snprintf(zip, sizeof zip, "%s/x.zip", scratch.path);
    snprintf(again, sizeof again, "%s/y.zip", scratch.path);
    snprintf(out, sizeof out, "%s/out", scratch.path);
    snprintf(first, sizeof first, "%s/out/00000001", scratch.path);
    for (size_t i = 0; i < SIZE; ++i) {
        bytes[i] = (unsigned char)(i * i >> 7);
    }
    assert_ok(dn_file_write_all(a, bytes, SIZE));
    assert_ok(dn_file_write_all(b, "", 0));
    const dn_archive_file files[] = {{a, "volumes \xc3\xbc.tsv"}, {b, "folder/empty"}};
    write_zip(zip, files, 2);
    write_zip(again, files, 2);
    assert_true(dn_archive_is_one(zip));
    dn_archive_found found;
    const dn_archive_options how = {.limits = dn_archive_limits_usual()};
    assert_ok(dn_path_make_folder(out));
    assert_ok(dn_archive_unpack(zip, out, &how, &found));
    assert_int_equal(found.taken, 2);
    unsigned char *read = NULL, *one = NULL, *two = NULL;
    size_t size = 0, n = 0, m = 0;
    assert_ok(dn_file_read(first, 1 << 20, &read, &size));
    assert_int_equal(size, SIZE);
    assert_memory_equal(read, bytes, SIZE);
    assert_ok(dn_file_read(zip, 1 << 20, &one, &n));
    assert_ok(dn_file_read(again, 1 << 20, &two, &m));
    assert_int_equal(n, m);
    assert_memory_equal(one, two, n);
    assert_non_null(memmem(one, n, files[0].name, strlen(files[0].name)));
    free(read);
    free(one);
    free(two);
    const dn_archive_file missing = {"/no/such/file", "x"};
    const int fd = open(again, O_RDWR | O_TRUNC);
    assert_int_equal(dn_archive_write(fd, &missing, 1), DN_EINPUT);
    close(fd);
    dn_scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
