/* Files: what is left by killed runs is in nobody's way, what is no file is not replaced, inputs are not overwritten; one run a folder. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/job.h"
#include "base/lock.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[] = "/tmp/dien_test_file_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? 1 : 0;
}

static int remove_it(void **state)
{
    (void)state;
    return test_remove_tree(folder);
}

static char *in_folder(const char *name)
{
    char *path = NULL;
    assert_ok(dn_path_join(folder, name, &path));
    return path;
}

static void expect(dn_status found, dn_status expected, const char *part)
{
    if (found != expected || strstr(dn_error_message(), part) == NULL) {
        fail_msg("expected %s with \"%s\", found %s: %s", dn_status_name(expected), part, dn_status_name(found), dn_error_message());
    }
}

static void expect_content(const char *path, const char *content)
{
    unsigned char *bytes;
    size_t size;
    assert_ok(dn_file_read(path, 1 << 20, &bytes, &size));
    assert_string_equal((const char *)bytes, content);
    free(bytes);
}

/* In a container every run is process 1, and counts from 0. */
static void stale_temporaries_do_not_block(void **state)
{
    (void)state;
    char *path = in_folder("table.tsv");
    char *stale[40];
    for (int i = 0; i < 40; ++i) {
        assert_true(asprintf(&stale[i], "%s/.table.tsv.%ld-%d.tmp", folder, (long)getpid(), i) > 0);
        FILE *file = fopen(stale[i], "w");
        assert_non_null(file);
        fclose(file);
    }
    assert_ok(dn_file_write_all(path, "new", 3));
    expect_content(path, "new");
    for (int i = 0; i < 40; ++i) {
        assert_int_equal(unlink(stale[i]), 0); /* still there */
        free(stale[i]);
    }
    free(path);
}

/* What a killed process left goes, and nothing else. */
static void sweeping(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool goes;
    } files[] = {
        {".a.json.123-4.tmp", true}, {".a.json.b.1-2.tmp", false}, {".b.json.123-4.tmp", false}, {"a.json", false},
        {".a.json.tmp", false},      {".a.json.12-.tmp", false},   {".a.json.-3.tmp", false},    {"a.json.12-3.tmp", false},
        {".12-3.tmp", false},        {".a.json.12-3.tmpx", false},
    };
    enum { COUNT = sizeof files / sizeof *files };
    for (int i = 0; i < COUNT; ++i) {
        char *path = in_folder(files[i].name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
        free(path);
    }
    dn_folder_sweep(folder, "a.json", 3600.0);
    char *fresh = in_folder(files[0].name);
    assert_true(dn_path_exists(fresh)); /* another process may be writing it */
    free(fresh);
    dn_folder_sweep(folder, "a.json", 0.0);
    for (int i = 0; i < COUNT; ++i) {
        char *path = in_folder(files[i].name);
        if (dn_path_exists(path) == files[i].goes) {
            fail_msg("%s: expected it to %s", files[i].name, files[i].goes ? "go" : "stay");
        }
        if (!files[i].goes) {
            assert_int_equal(unlink(path), 0);
        }
        free(path);
    }
}

static void long_names_are_written(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', sizeof name - 1);
    name[255] = '\0'; /* the longest there is */
    char *path = in_folder(name);
    assert_ok(dn_file_write_all(path, "x", 1));
    expect_content(path, "x");
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void what_is_no_file_is_not_replaced(void **state)
{
    (void)state;
    struct stat info;
    char *pipe = in_folder("pipe");
    char *inner = in_folder("inner");
    char *link = in_folder("link");
    char *full = in_folder("full");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    assert_int_equal(symlink("/dev/null", link), 0);
    expect(dn_file_write_all(pipe, "x", 1), DN_EIO, "pipe: it is a device or pipe");
    expect(dn_file_write_all("/dev/null", "x", 1), DN_EIO, "/dev/null: it is a device");
    expect(dn_file_write_all(link, "x", 1), DN_EIO, "it is a device");
    expect(dn_file_write_all(inner, "x", 1), DN_EIO, "there is a folder of that name");
    expect(dn_file_may_write(inner), DN_EIO, "there is a folder of that name");
    /* Those who write by themselves, too. */
    assert_ok(dn_file_write_all(full, "x", 1));
    expect(dn_file_adopt(full, "/dev/null"), DN_EIO, "it is a device");
    assert_false(dn_path_exists(full));
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(lstat(pipe, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    unlink(pipe);
    unlink(link);
    rmdir(inner);
    free(pipe);
    free(inner);
    free(link);
    free(full);
}

static void inputs_are_not_overwritten(void **state)
{
    (void)state;
    char *input = in_folder("input.tsv");
    char *link = in_folder("other.tsv");
    char *free_one = in_folder("free.tsv");
    assert_ok(dn_file_write_all(input, "mine", 4));
    assert_int_equal(symlink("input.tsv", link), 0);
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    assert_ok(dn_file_protect(input));
    assert_ok(dn_file_protect("no such file"));
    expect(dn_file_write_all(input, "x", 1), DN_EUSAGE, "is an input of this command");
    expect(dn_file_write_all(link, "x", 1), DN_EUSAGE, "is an input of this command");
    expect(dn_file_may_write(link), DN_EUSAGE, "other.tsv");
    assert_ok(dn_file_may_write(free_one));
    assert_ok(dn_file_write_all(free_one, "x", 1));
    expect_content(input, "mine");
    dn_job_leave(NULL);
    dn_job_release(&job);
    assert_ok(dn_file_write_all(input, "new", 3));
    expect_content(input, "new");
    unlink(input);
    unlink(link);
    unlink(free_one);
    free(input);
    free(link);
    free(free_one);
}

static void names_from_files_stay_in_the_folder(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", "a/b", "../evil", "/evil"};
    static const char *const good[] = {"a", ".a", "..a", "a b", "ü", "a\\b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        expect(dn_path_check_name(bad[i], "m.json"), DN_EFORMAT, "m.json: the name");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i) {
        assert_ok(dn_path_check_name(good[i], "m.json"));
    }
}

static void a_folder_to_be_made(void **state)
{
    (void)state;
    char *deep = in_folder("a/b/c");
    char *file = in_folder("file");
    char *below = in_folder("file/b");
    assert_ok(dn_path_may_make_folder(deep));
    assert_false(dn_path_exists(deep));
    assert_ok(dn_path_may_make_folder(folder));
    assert_ok(dn_path_may_make_folder("relative/path"));
    assert_ok(dn_file_write_all(file, "x", 1));
    expect(dn_path_may_make_folder(below), DN_EIO, "there is a file of the name");
    expect(dn_path_may_make_folder("/proc/nowhere/x"), geteuid() == 0 ? DN_OK : DN_EIO, "");
    unlink(file);
    free(deep);
    free(file);
    free(below);
}

/* 0: taken and released; 1: refused as it should be. */
static int try_in_child(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dn_folder_lock lock = {0};
        dn_status status = dn_folder_lock_take(&lock, folder, "a training run");
        bool named =
            strstr(dn_error_message(), "a training run is in progress in") != NULL && strstr(dn_error_message(), "process ") != NULL;
        dn_folder_lock_release(&lock);
        _exit(status == DN_OK ? 0 : status == DN_EUSAGE && named ? 1 : 2);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static void one_run_a_folder(void **state)
{
    (void)state;
    dn_folder_lock lock = {0};
    char *path = in_folder(".lock");
    assert_ok(dn_folder_lock_take(&lock, folder, "a training run"));
    assert_int_equal(try_in_child(), 1);
    dn_folder_lock_release(&lock);
    dn_folder_lock_release(&lock);
    assert_false(dn_path_exists(path));
    assert_int_equal(try_in_child(), 0);
    /* What a killed run has left. */
    assert_ok(dn_file_write_all(path, "process 1 on nowhere\n", 21));
    assert_int_equal(try_in_child(), 0);
    assert_false(dn_path_exists(path));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stale_temporaries_do_not_block),
        cmocka_unit_test(sweeping),
        cmocka_unit_test(long_names_are_written),
        cmocka_unit_test(what_is_no_file_is_not_replaced),
        cmocka_unit_test(inputs_are_not_overwritten),
        cmocka_unit_test(names_from_files_stay_in_the_folder),
        cmocka_unit_test(a_folder_to_be_made),
        cmocka_unit_test(one_run_a_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_it);
}
