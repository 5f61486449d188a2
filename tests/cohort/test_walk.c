/* The walk over folders of DICOM files: order, names and links that are passed over, depth; and that all who use it see the same files. */
#define _GNU_SOURCE
#include "cohort/dicom/walk.h"

#include "base/file.h"
#include "base/job.h"
#include "cohort/dicom/peek.h"
#include "cohort/dicom/study.h"
#include "cohort/run/scan_input.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char home[] = "/tmp/dien-walk-XXXXXX";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(home) == NULL;
}

static int end(void **state)
{
    (void)state;
    return test_remove_tree(home);
}

static void put(const char *name)
{
    char path[1024], folder[1024];
    snprintf(path, sizeof path, "%s/%s", home, name);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_ok(dn_path_make_folder(folder));
    assert_ok(dn_file_write_all(path, "x", 1));
}

typedef struct seen {
    char names[1024]; /* below home, a space after each */
    int count, most;
} seen;

static dn_status note(void *user, const char *path, const struct stat *facts, bool *stop)
{
    seen *it = user;
    const size_t used = strlen(it->names);
    assert_int_equal(facts->st_size, 1);
    snprintf(it->names + used, sizeof it->names - used, "%s ", path + strlen(home) + 1);
    *stop = ++it->count == it->most;
    return DN_OK;
}

static const char all[] = "a/1 a/2 a/b/3 b/_ link-to-file z ";

static void make_tree(void)
{
    char target[64], link[64];
    put("b/_");
    put("z");
    put("a/2");
    put("a/b/3");
    put("a/1");
    put(".DS_Store");
    put("a/._1");
    put(".hidden/4");
    snprintf(target, sizeof target, "%s/a", home);
    snprintf(link, sizeof link, "%s/link-to-folder", home);
    assert_int_equal(symlink(target, link), 0);
    snprintf(target, sizeof target, "%s/z", home);
    snprintf(link, sizeof link, "%s/link-to-file", home);
    assert_int_equal(symlink(target, link), 0);
    snprintf(link, sizeof link, "%s/link-to-nothing", home);
    assert_int_equal(symlink("/nowhere/at/all", link), 0);
}

static void test_order_and_what_is_passed_over(void **state)
{
    (void)state;
    seen it = {.most = -1};
    dn_dicom_walk walk = {.visit = note, .user = &it};
    make_tree();
    assert_ok(dn_dicom_walk_folder(&walk, home));
    assert_string_equal(it.names, all);
    assert_int_equal(walk.entries, 11); /* 6 files, 3 folders, 2 links that lead to no file */
    assert_int_equal(walk.unreadable, 0);
}

static void test_stop(void **state)
{
    (void)state;
    seen it = {.most = 3};
    dn_dicom_walk walk = {.visit = note, .user = &it};
    assert_ok(dn_dicom_walk_folder(&walk, home));
    assert_string_equal(it.names, "a/1 a/2 a/b/3 ");
}

static dn_status refuse(void *user, const char *path, const struct stat *facts, bool *stop)
{
    (void)path;
    (void)facts;
    (void)stop;
    ++*(int *)user;
    DN_FAIL(DN_EIO, "refused");
}

static void test_failures(void **state)
{
    (void)state;
    int calls = 0;
    dn_dicom_walk walk = {.visit = refuse, .user = &calls};
    char absent[64];
    assert_int_equal(dn_dicom_walk_folder(&walk, home), DN_EIO);
    assert_int_equal(calls, 1);
    snprintf(absent, sizeof absent, "%s/absent", home);
    assert_int_equal(dn_dicom_walk_folder(&walk, absent), DN_EINPUT);
    assert_null(strstr(dn_error_message(), "absent")); /* it may be a person's name */
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job *outer = dn_job_enter(&job);
    dn_job_cancel(&job);
    assert_int_equal(dn_dicom_walk_folder(&walk, home), DN_ECANCELLED);
    dn_job_leave(outer);
    dn_job_release(&job);
    assert_int_equal(calls, 1);
}

/* Everyone counts the same six files. */
static void test_users(void **state)
{
    (void)state;
    dn_dicom_study study = {.images = NULL};
    dn_dicom_header header;
    dn_scan_input input;
    bool found = true, there = false;
    assert_ok(dn_dicom_study_read(home, &study));
    assert_int_equal(study.others, 6);
    dn_dicom_study_release(&study);
    assert_ok(dn_dicom_peek(home, &header, &found));
    assert_false(found);
    assert_ok(dn_scan_input_look(home, &input, &there));
    assert_true(there);
    assert_int_equal(input.bytes, 6);
    /* What a viewer of folders leaves behind is no change of the scan. */
    char before[65], after[65];
    assert_ok(dn_scan_input_hash(home, before));
    put("a/.DS_Store");
    assert_ok(dn_scan_input_hash(home, after));
    assert_string_equal(before, after);
    put("a/5");
    assert_ok(dn_scan_input_hash(home, after));
    assert_string_not_equal(before, after);
}

static void test_depth(void **state)
{
    (void)state;
    char deep[256] = "deep";
    seen it = {.most = -1};
    dn_dicom_walk walk = {.visit = note, .user = &it};
    for (int i = 1; i < DN_DICOM_DEEPEST; ++i) {
        strcat(deep, "/d");
    }
    strcat(deep, "/last");
    put(deep); /* in the folder of level DN_DICOM_DEEPEST */
    *strrchr(deep, '/') = '\0';
    strcat(deep, "/d/too-deep");
    put(deep);
    assert_ok(dn_dicom_walk_folder(&walk, home));
    assert_non_null(strstr(it.names, "/last "));
    assert_null(strstr(it.names, "too-deep"));
    assert_int_equal(walk.unreadable, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_and_what_is_passed_over), cmocka_unit_test(test_stop),
                                       cmocka_unit_test(test_failures), cmocka_unit_test(test_users), cmocka_unit_test(test_depth)};
    return cmocka_run_group_tests(tests, begin, end);
}
