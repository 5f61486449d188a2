/* Archives that are hostile or broken: nothing is written outside, limits hold, and only what is wanted is taken. */
#define _GNU_SOURCE
#include "base/archive.h"
#include "base/file.h"
#include "base/memory.h"
#include "test.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char home[] = "/tmp/dien-archive-XXXXXX";
static char archive_path[64], folder[64];

typedef struct entry {
    const char *name;
    size_t size; /* bytes 'x'; of SIZE_LINK: a link to /etc/passwd */
} entry;
#define SIZE_LINK SIZE_MAX

static void make(const char *format, const entry *entries, size_t count)
{
    struct archive *to = archive_write_new();
    assert_int_equal(strcmp(format, "zip") == 0 ? archive_write_set_format_zip(to) : archive_write_set_format_ustar(to), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(to, archive_path), ARCHIVE_OK);
    for (size_t i = 0; i < count; ++i) {
        struct archive_entry *it = archive_entry_new();
        const bool is_link = entries[i].size == SIZE_LINK;
        char *bytes = NULL;
        assert_ok(dn_alloc(&bytes, is_link ? 1 : entries[i].size, 1, "x"));
        memset(bytes, 'x', is_link ? 0 : entries[i].size);
        archive_entry_set_pathname(it, entries[i].name);
        archive_entry_set_filetype(it, is_link ? AE_IFLNK : AE_IFREG);
        archive_entry_set_perm(it, 0644);
        if (is_link) {
            archive_entry_set_symlink(it, "/etc/passwd");
        } else {
            archive_entry_set_size(it, (la_int64_t)entries[i].size);
        }
        assert_int_equal(archive_write_header(to, it), ARCHIVE_OK);
        if (!is_link) {
            assert_int_equal(archive_write_data(to, bytes, entries[i].size), (la_ssize_t)entries[i].size);
        }
        archive_entry_free(it);
        free(bytes);
    }
    archive_write_close(to);
    archive_write_free(to);
}

static size_t files_in(const char *where, size_t *bytes)
{
    DIR *listing = opendir(where);
    size_t n = 0;
    *bytes = 0;
    assert_non_null(listing);
    for (const struct dirent *it; (it = readdir(listing)) != NULL;) {
        struct stat info;
        if (it->d_name[0] != '.') {
            assert_int_equal(fstatat(dirfd(listing), it->d_name, &info, AT_SYMLINK_NOFOLLOW), 0);
            assert_true(S_ISREG(info.st_mode));
            *bytes += (size_t)info.st_size;
            ++n;
        }
    }
    closedir(listing);
    return n;
}

static void empty(void)
{
    for (int i = 1; i < 100; ++i) {
        char path[128];
        snprintf(path, sizeof path, "%s/%08d", folder, i);
        unlink(path);
    }
}

static int begin(void **state)
{
    (void)state;
    if (mkdtemp(home) == NULL) {
        return 1;
    }
    snprintf(archive_path, sizeof archive_path, "%s/a.zip", home);
    snprintf(folder, sizeof folder, "%s/in", home);
    return mkdir(folder, 0700);
}

static int end(void **state)
{
    (void)state;
    empty();
    rmdir(folder);
    unlink(archive_path);
    return rmdir(home);
}

static void takes_plain_files(void **state)
{
    static const entry entries[] = {{"a/Name of a person.dcm", 1000}, {"a/Name of a person", 0}, {"b/link", SIZE_LINK}, {"c", 300000}};
    (void)state;
    for (int f = 0; f < 2; ++f) {
        dn_archive_options options = {.limits = dn_archive_limits_usual()};
        dn_archive_found found;
        size_t bytes;
        make(f == 0 ? "zip" : "tar", entries, 4);
        assert_true(dn_archive_is_one(archive_path));
        assert_ok(dn_archive_unpack(archive_path, folder, &options, &found));
        assert_int_equal(found.taken, 3);
        assert_int_equal(files_in(folder, &bytes), 3);
        assert_int_equal(bytes, 301000);
        empty();
    }
}

static bool is_long(void *user, const char *name, const unsigned char *start, size_t size)
{
    (void)start;
    *(int *)user += strcmp(name, "c") == 0;
    return size >= 512;
}

static void takes_what_is_wanted(void **state)
{
    static const entry entries[] = {{"a", 511}, {"b", 512}, {"c", 100}, {"d", 513}};
    int asked = 0;
    dn_archive_options options = {.limits = dn_archive_limits_usual(), .wanted = is_long, .user = &asked};
    dn_archive_found found;
    size_t bytes;
    (void)state;
    make("zip", entries, 4);
    assert_ok(dn_archive_unpack(archive_path, folder, &options, &found));
    assert_int_equal(asked, 1);
    assert_int_equal(found.taken, 2);
    assert_int_equal(found.others, 2);
    assert_int_equal(files_in(folder, &bytes), 2);
    assert_int_equal(bytes, 1025);
    empty();
}

static void refuses(const entry *entries, size_t count, const dn_archive_limits *limits, const char *part)
{
    dn_archive_options options = {.limits = limits != NULL ? *limits : dn_archive_limits_usual()};
    dn_archive_found found;
    make("zip", entries, count);
    assert_int_equal(dn_archive_unpack(archive_path, folder, &options, &found), DN_EDATA);
    if (strstr(dn_error_message(), part) == NULL) {
        fail_msg("expected '%s' in '%s'", part, dn_error_message());
    }
    empty();
}

static void leaves_no_folder(void **state)
{
    static const char *const names[] = {"../out", "a/../../out", "/tmp/out", "a/..", "..\\out", "C:\\out", "\\out"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        const entry bad[] = {{"good", 10}, {names[i], 10}};
        refuses(bad, 2, NULL, "leads out of the folder");
    }
    const entry fine[] = {{"a..b/..c", 10}};
    dn_archive_options options = {.limits = dn_archive_limits_usual()};
    dn_archive_found found;
    make("zip", fine, 1);
    assert_ok(dn_archive_unpack(archive_path, folder, &options, &found));
    empty();
}

static void keeps_limits(void **state)
{
    static const entry many[] = {{"a", 1}, {"b", 1}, {"c", 1}}, large[] = {{"a", 6000}, {"b", 6000}}, bomb[] = {{"a", 80 << 20}};
    dn_archive_limits limits = dn_archive_limits_usual();
    (void)state;
    limits.files = 2;
    refuses(many, 3, &limits, "more than the 2 files");
    limits.files = 3;
    limits.bytes = 10000;
    refuses(large, 2, &limits, "MB that are allowed");
    refuses(bomb, 1, NULL, "which images never do");
}

static void damaged(void **state)
{
    static const entry entries[] = {{"a", 100000}, {"b", 100000}};
    dn_archive_options options = {.limits = dn_archive_limits_usual()};
    dn_archive_found found;
    (void)state;
    make("zip", entries, 2);
    assert_int_equal(truncate(archive_path, 200), 0);
    const dn_status status = dn_archive_unpack(archive_path, folder, &options, &found);
    assert_int_equal(status, DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "cannot be unpacked"));
    empty();
    assert_ok(dn_file_write_all(archive_path, "no archive at all", 17));
    assert_false(dn_archive_is_one(archive_path));
    assert_false(dn_archive_is_one(home));
    assert_false(dn_archive_is_one("/nowhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_plain_files), cmocka_unit_test(takes_what_is_wanted),
                                       cmocka_unit_test(leaves_no_folder), cmocka_unit_test(keeps_limits), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, begin, end);
}
