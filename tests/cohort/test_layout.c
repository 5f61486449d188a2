/* The scans of a BIDS data set, found by folders and names alone: made folders whose contents are known. */
#define _GNU_SOURCE
#include "base/file.h"
#include "cohort/bids/filter.h"
#include "cohort/bids/layout.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char room[] = "/tmp/dien-layout.XXXXXX";

static void put(const char *path)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", room, path);
    for (char *p = whole + strlen(room) + 1; (p = strchr(p, '/')) != NULL; ++p) {
        *p = '\0';
        assert_int_equal(dn_path_make_folder(whole), DN_OK);
        *p = '/';
    }
    assert_int_equal(dn_file_write_all(whole, "x", 1), DN_OK);
}

static const char *in_room(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", room, name);
    return path;
}

static void check_keys(const dn_bids_layout *found, const char *const *keys)
{
    size_t n = 0;
    while (keys[n] != NULL) {
        ++n;
    }
    assert_int_equal(found->count, n);
    for (size_t i = 0; i < n; ++i) {
        assert_string_equal(found->scan[i].key, keys[i]);
    }
}

static void make_set(void)
{
    put("set/sub-01/ses-pre/anat/sub-01_ses-pre_run-2_T1w.nii.gz");
    put("set/sub-01/ses-pre/anat/sub-01_ses-pre_run-10_T1w.nii.gz");
    put("set/sub-01/ses-pre/anat/sub-01_ses-pre_run-2_T1w.json");
    put("set/sub-01/ses-pre/anat/sub-01_ses-pre_T2w.nii.gz");
    put("set/sub-01/ses-post/anat/sub-01_ses-post_acq-spgr_ce-gad_T1w.nii");
    put("set/sub-02/anat/sub-02_T1w.nii");
    put("set/sub-02/anat/sub-02_T1w.nii.gz"); /* which of the two? */
    put("set/sub-03/anat/sub-03_UNIT1.nii.gz");
    put("set/sub-04/func/sub-04_bold.nii.gz");
    put("set/sub-05/ses-1/anat/sub-05_ses-2_T1w.nii.gz"); /* which session? */
    put("set/sub-06/anat/sub-06_run-1_acq-x_T1w.nii.gz"); /* wrong order */
    put("set/derivatives/other/sub-07/anat/sub-07_T1w.nii.gz");
    put("set/.git/annex/sub-08_T1w.nii.gz");
    put("set/participants.tsv");
}

static void test_all(void **state)
{
    (void)state;
    dn_bids_layout found;
    static const char *const keys[] = {"sub-01_ses-post_acq-spgr_ce-gad",
                                       "sub-01_ses-pre_run-10",
                                       "sub-01_ses-pre_run-2",
                                       "sub-02",
                                       "sub-02",
                                       "sub-05_ses-2",
                                       "sub-06_run-1_acq-x",
                                       NULL};
    assert_int_equal(dn_bids_find_scans(in_room("set"), NULL, &found), DN_OK);
    check_keys(&found, keys);
    assert_string_equal(found.scan[0].folder, "sub-01/ses-post/anat");
    assert_string_equal(found.scan[0].inside, "sub-01/ses-post/anat/sub-01_ses-post_acq-spgr_ce-gad_T1w.nii");
    assert_string_equal(found.scan[0].stem, "sub-01_ses-post_acq-spgr_ce-gad");
    assert_string_equal(found.scan[0].session, "post");
    assert_null(found.scan[3].session);
    for (size_t i = 0; i < 3; ++i) {
        assert_null(found.scan[i].unusable);
    }
    assert_non_null(strstr(found.scan[3].unusable, "sub-02_T1w.nii.gz beside it has the same name"));
    assert_non_null(strstr(found.scan[4].unusable, "sub-02_T1w.nii beside it has the same name"));
    assert_non_null(strstr(found.scan[5].unusable, "its name says ses-2, its folder ses-1"));
    assert_non_null(found.scan[6].unusable);
    assert_int_equal(found.remark_count, 2);
    assert_string_equal(found.remark[0], "sub-03: no T1w image (there is UNIT1)");
    assert_string_equal(found.remark[1], "sub-04: no folder anat, or nothing in it");
    dn_bids_layout_release(&found);
}

static void test_wanted(void **state)
{
    (void)state;
    static const char *const people[] = {"sub-02", "01"}, *const sessions[] = {"ses-pre"}, *const absent[] = {"1"},
                             *const no_session[] = {"x"};
    static const char *const keys[] = {"sub-01_ses-pre_run-10", "sub-01_ses-pre_run-2", NULL};
    dn_bids_layout found;
    dn_bids_wanted wanted = {.participants = people, .participant_count = 2, .sessions = sessions, .session_count = 1};
    assert_int_equal(dn_bids_find_scans(in_room("set"), &wanted, &found), DN_OK);
    check_keys(&found, keys);
    assert_string_equal(found.remark[0], "sub-02: has no sessions, and some were asked for");
    dn_bids_layout_release(&found);
    wanted = (dn_bids_wanted){.participants = absent, .participant_count = 1};
    assert_int_equal(dn_bids_find_scans(in_room("set"), &wanted, &found), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "has no sub-1; is sub-01 meant?"));
    wanted = (dn_bids_wanted){.sessions = no_session, .session_count = 1};
    assert_int_equal(dn_bids_find_scans(in_room("set"), &wanted, &found), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "has no ses-x"));
}

/* The keys that a filter file lets pass, joined by blanks. */
static void check_filter(const char *text, const char *expected)
{
    char keys[512] = "";
    dn_bids_filter *filter = NULL;
    dn_bids_layout found;
    assert_int_equal(dn_file_write_all(in_room("filter.json"), text, strlen(text)), DN_OK);
    assert_int_equal(dn_bids_filter_read(in_room("filter.json"), &filter), DN_OK);
    const dn_bids_wanted wanted = {.filter = filter};
    dn_status status = dn_bids_find_scans(in_room("set"), &wanted, &found);
    if (status == DN_OK) {
        for (size_t i = 0; i < found.count; ++i) {
            snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "%s%s", i > 0 ? " " : "", found.scan[i].key);
        }
        dn_bids_layout_release(&found);
    } else {
        assert_int_equal(status, DN_EDATA); /* nothing is left */
    }
    assert_string_equal(keys, expected);
    dn_bids_filter_destroy(filter);
}

static void test_filters(void **state)
{
    (void)state;
    check_filter("{\"t1w\": {\"run\": 2}}", "sub-01_ses-pre_run-2");
    check_filter("{\"t1w\": {\"run\": [2, \"10\"], \"session\": \"pre\"}}", "sub-01_ses-pre_run-10 sub-01_ses-pre_run-2");
    check_filter("{\"t1w\": {\"ceagent\": null, \"session\": \"*\", \"run\": 2}}", "sub-01_ses-pre_run-2");
    check_filter("{\"t1w\": {\"ce\": \"*\"}}", "sub-01_ses-post_acq-spgr_ce-gad");
    check_filter("{\"t1w\": {\"acquisition\": \"acq-spgr\"}}", "sub-01_ses-post_acq-spgr_ce-gad");
    check_filter("{\"t1w\": {\"suffix\": \"UNIT1\"}, \"bold\": {\"task\": \"rest\"}}", "sub-03");
    check_filter("{\"t1w\": {\"run\": 3}}", "");
}

static void test_bad_filters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"{\"t1w\": ", "is not valid JSON (line 1: "},
        {"{\"T1w\": {}}", "has an object \"t1w\""},
        {"{\"t1w\": {\"aquisition\": \"x\"}}", "is \"acquisition\" meant?"},
        {"{\"t1w\": {\"run\": 1.5}}", "\"run\" must be a text, a whole number, null, or a list"},
        {"{\"t1w\": {\"run\": [{}]}}", "the list of \"run\""},
        {"{\"t1w\": {\"datatype\": \"func\"}}", "in anat only"},
        {"{\"t1w\": {\"suffix\": null}}", "\"suffix\" must be one text"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        dn_bids_filter *filter = NULL;
        assert_int_equal(dn_file_write_all(in_room("filter.json"), bad[i].text, strlen(bad[i].text)), DN_OK);
        assert_int_equal(dn_bids_filter_read(in_room("filter.json"), &filter), DN_EFORMAT);
        if (strstr(dn_error_message(), bad[i].part) == NULL) {
            fail_msg("%s: expected \"%s\", found: %s", bad[i].text, bad[i].part, dn_error_message());
        }
    }
}

static void test_no_set(void **state)
{
    (void)state;
    dn_bids_layout found;
    put("plain/file");
    put("void/sub-01/anat/sub-01_T2w.nii.gz");
    assert_int_equal(dn_bids_find_scans(in_room("absent"), NULL, &found), DN_EINPUT);
    assert_int_equal(dn_bids_find_scans(in_room("plain"), NULL, &found), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "has no folder sub-..."));
    assert_int_equal(dn_bids_find_scans(in_room("void"), NULL, &found), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "no T1w image (there is T2w)"));
}

/* What a stranger names instead of a data set. */
static void test_other_folders(void **state)
{
    (void)state;
    dn_bids_layout found;
    put("flat/sub-01_T1w.nii.gz");
    put("flat/other.mgz");
    put("flat/participants.tsv");
    assert_int_equal(dn_bids_find_scans(in_room("flat"), NULL, &found), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "is no BIDS data set: it has no folder sub-..., but 2 files named like scans in it"));
    assert_int_equal(dn_bids_find_scans(in_room("set/sub-01"), NULL, &found), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "is the folder of one person, not a data set"));
    assert_int_equal(dn_bids_find_scans(in_room("set/sub-01/"), NULL, &found), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "is the folder of one person, not a data set"));
    put("results/sub-01/anat/sub-01_dseg.nii.gz");
    assert_int_equal(dn_bids_find_scans(in_room("results"), NULL, &found), DN_EDATA);
    static const char description[] = "{\"Name\": \"x\", \"DatasetType\": \"derivative\"}";
    assert_ok(dn_file_write_all(in_room("results/dataset_description.json"), description, strlen(description)));
    assert_int_equal(dn_bids_find_scans(in_room("results"), NULL, &found), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "holds results (a BIDS derivative), not scans"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),     cmocka_unit_test(test_wanted),
                                       cmocka_unit_test(test_filters), cmocka_unit_test(test_bad_filters),
                                       cmocka_unit_test(test_no_set),  cmocka_unit_test(test_other_folders)};
    if (mkdtemp(room) == NULL) {
        return 1;
    }
    make_set();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return test_remove_tree(room) != 0 || failed;
}
