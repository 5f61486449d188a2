/* acq_time of scans and sessions: which table counts, what is no date, and the calendar. */
#define _DEFAULT_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "cohort/bids/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/dn_when_XXXXXX";

static void text(const char *name, const char *words)
{
    char *path = NULL;
    assert_ok(dn_asprintf(&path, "%s/%s", folder, name));
    assert_ok(dn_file_write_all(path, words, strlen(words)));
    free(path);
}

static void made(const char *name)
{
    char *path = NULL;
    assert_ok(dn_asprintf(&path, "%s/%s", folder, name));
    assert_ok(dn_path_make_folder(path));
    free(path);
}

static const char *when(const char *session, const char *inside)
{
    static char out[DN_BIDS_WHEN];
    assert_ok(dn_bids_when(folder, "sub-1", session, inside, out));
    return out;
}

static void calendar(void **state)
{
    (void)state;
    assert_true(dn_bids_days("2000-03-01") - dn_bids_days("2000-02-28") == 2.0); /* a leap year */
    assert_true(dn_bids_days("1900-03-01") - dn_bids_days("1900-02-28") == 1.0); /* none */
    assert_true(dn_bids_days("2021-01-01") - dn_bids_days("2020-01-01") == 366.0);
    assert_true(fabs(dn_bids_days("2020-01-01T18:00:00") - dn_bids_days("2020-01-01") - 0.75) < 1e-9);
    assert_true(isnan(dn_bids_days("n/a")));
    assert_true(isnan(dn_bids_days("2020-13-01")));
    assert_true(isnan(dn_bids_days("")));
}

static void tables(void **state)
{
    (void)state;
    assert_string_equal(when("ses-a", "sub-1/ses-a/anat/sub-1_ses-a_T1w.nii.gz"), "");
    made("sub-1/ses-a");
    text("sub-1/sub-1_sessions.tsv", "session_id\tacq_time\nses-a\t2001-02-03T04:05:06\nses-b\tn/a\n");
    assert_string_equal(when("ses-a", "sub-1/ses-a/anat/sub-1_ses-a_T1w.nii.gz"), "2001-02-03T04:05:06");
    assert_string_equal(when("ses-b", "sub-1/ses-b/anat/sub-1_ses-b_T1w.nii.gz"), "");
    /* The scan's own time goes before that of the session; another scan's does not count. */
    text("sub-1/ses-a/sub-1_ses-a_scans.tsv",
         "acq_time\tfilename\n1999-01-01T00:00:00\tanat/sub-1_ses-a_run-2_T1w.nii.gz\n1902-06-01T10:00:00\tanat/sub-1_ses-a_T1w.nii.gz\n");
    assert_string_equal(when("ses-a", "sub-1/ses-a/anat/sub-1_ses-a_T1w.nii.gz"), "1902-06-01T10:00:00");
    assert_string_equal(when("ses-a", "sub-1/ses-a/anat/sub-1_ses-a_acq-x_T1w.nii.gz"), "2001-02-03T04:05:06");
    /* Without sessions: the person's table of scans. */
    text("sub-1/sub-1_scans.tsv", "filename\tacq_time\nanat/sub-1_T1w.nii.gz\t2010-01-01\n");
    assert_string_equal(when(NULL, "sub-1/anat/sub-1_T1w.nii.gz"), "2010-01-01");
    /* A damaged table is no reason to stop. */
    text("sub-1/ses-a/sub-1_ses-a_scans.tsv", "filename\tacq_time\n\"open\n");
    assert_string_equal(when("ses-a", "sub-1/ses-a/anat/sub-1_ses-a_T1w.nii.gz"), "2001-02-03T04:05:06");
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(test_remove_tree(folder), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calendar), cmocka_unit_test(tables)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
