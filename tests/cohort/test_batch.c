/* The one loop over scans: a bad one is named and never stops the others, and the exit code says how many there were. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cohort/batch.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names say what happens to a scan. */
typedef struct ledger {
    int done, warnings;
    const char *folder; /* a file for each good one; NULL: none */
    char warned[512];
    char lines[512];
} ledger;

static dn_status work(void *user, const char *path, bool *doubtful)
{
    ledger *it = user;
    char *file = NULL;
    if (strstr(path, "bad") != NULL) {
        DN_FAIL(DN_EFORMAT, "%s is no scan", path);
    }
    if (strstr(path, "full") != NULL) {
        DN_FAIL(DN_EIO, "%s: the disk is full", path);
    }
    if (strstr(path, "stop") != NULL) {
        DN_FAIL(DN_ECANCELLED, "stopped");
    }
    *doubtful = strstr(path, "odd") != NULL;
    ++it->done;
    DN_TRY(dn_asprintf(&file, "%s/%s.tsv", it->folder, path));
    dn_status status = dn_file_write_all(file, "x", 1);
    free(file);
    return status;
}

static void listen(void *user, dn_log_level level, const char *text)
{
    ledger *it = user;
    if (level == DN_LOG_WARNING) {
        ++it->warnings;
        snprintf(it->warned, sizeof it->warned, "%s", text);
    }
}

typedef struct expectation {
    const char *scans[4];
    dn_status status;
    int done, warnings;
    bool folder; /* is there afterwards */
    const char *message;
} expectation;

static void check(const expectation *e, const char *folder)
{
    ledger it = {.folder = folder};
    const dn_job_sink sink = {.user = &it, .message = listen};
    dn_batch batch = {.paths = e->scans, .done = "scans could be drawn", .folder = folder, .reasons = "here", .reasons_of_one = "there"};
    dn_job job;
    while (batch.count < 4 && e->scans[batch.count] != NULL) {
        ++batch.count;
    }
    dn_job_init(&job, &sink);
    dn_job *before = dn_job_enter(&job);
    const dn_status status = dn_batch_run(&batch, work, &it);
    dn_job_leave(before);
    dn_job_release(&job);
    if (status != e->status || it.done != e->done || it.warnings != e->warnings || dn_path_exists(folder) != e->folder) {
        fail_msg("%s...: expected %s, %d done, %d warnings, folder %d; found %s, %d, %d, %d", e->scans[0], dn_status_name(e->status),
                 e->done, e->warnings, e->folder, dn_status_name(status), it.done, it.warnings, dn_path_exists(folder));
    }
    if (e->message != NULL && strstr(dn_error_message(), e->message) == NULL) {
        fail_msg("%s...: expected \"%s\", found \"%s\"", e->scans[0], e->message, dn_error_message());
    }
    if (it.warnings > 0) {
        assert_non_null(strstr(it.warned, " is no scan") != NULL ? it.warned : strstr(it.warned, "disk"));
    }
    for (size_t i = 0; i < batch.count; ++i) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.tsv", folder, e->scans[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void test_policy(void **state)
{
    (void)state;
    const expectation cases[] = {
        {{"a", "b", "c"}, DN_OK, 3, 0, true, NULL},
        {{"a", "bad", "c"},
         DN_EPARTIAL,
         2,
         1,
         true,
         "2 of 3 scans could be drawn; the reasons for the others are above, the results are in "},
        {{"bad", "full", "c"}, DN_EPARTIAL, 1, 2, true, "1 of 3 scans"},
        {{"bad", "full"}, DN_EIO, 0, 2, false, "none of the 2 scans could be drawn; the reasons are above"},
        {{"full", "bad"}, DN_EFORMAT, 0, 2, false, "none of the 2"},
        {{"bad"}, DN_EFORMAT, 0, 0, false, "bad is no scan"},
        {{"odd"}, DN_EQUALITY, 1, 0, true, "the reasons are above and there"},
        {{"odd", "b"}, DN_EQUALITY, 2, 0, true, "1 of 2 scans failed quality control; the reasons are above and here"},
        {{"odd", "bad"}, DN_EPARTIAL, 1, 1, true, NULL},
        {{"a", "stop", "c"}, DN_ECANCELLED, 1, 0, true, "stopped"},
    };
    char folder[] = "/tmp/dien-batch-XXXXXX";
    char *target = NULL;
    assert_non_null(mkdtemp(folder));
    assert_ok(dn_path_join(folder, "out", &target));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        check(&cases[i], target);
    }
    free(target);
    rmdir(folder);
}

/* A folder that was there stays, empty or not. */
static void test_folder_stays(void **state)
{
    (void)state;
    char folder[] = "/tmp/dien-batch-XXXXXX";
    const char *const scans[] = {"bad"};
    ledger it = {.folder = folder};
    const dn_batch batch = {.paths = scans, .count = 1, .done = "scans could be drawn", .folder = folder};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(dn_batch_run(&batch, work, &it), DN_EFORMAT);
    assert_true(dn_path_is_folder(folder));
    rmdir(folder);
}

static void keep_line(void *user, const char *text)
{
    ledger *it = user;
    strncat(it->lines, text, sizeof it->lines - strlen(it->lines) - 1);
    strncat(it->lines, "|", sizeof it->lines - strlen(it->lines) - 1);
}

static void test_lines(void **state)
{
    (void)state;
    ledger it = {.folder = NULL};
    const dn_line_sink sink = {.line = keep_line, .user = &it}, none = {.line = NULL};
    assert_ok(dn_line_say(&sink, "%s\t%d mm3", "sub-01", 12));
    assert_ok(dn_line_say(&sink, "out"));
    assert_ok(dn_line_say(&none, "nobody hears"));
    assert_ok(dn_line_say(NULL, "nobody hears"));
    assert_string_equal(it.lines, "sub-01\t12 mm3|out|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_folder_stays),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
