/* Names as BIDS has them: those of real data sets (bids-standard/bids-examples) in and out, the rules, and which scans are the same. */
#include "base/bids_name.h"
#include "base/memory.h"
#include "study/tables/join.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* Comes out as it went in. */
static void test_real_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "sub-100307_T1w.nii.gz",                               /* hcp_example_bids */
        "sub-100307_acq-forT1w_phasediff.json",                /* hcp_example_bids */
        "sub-04_ses-pre_T1w.nii.gz",                           /* ds006 */
        "sub-01_ses-test_T1w.nii.gz",                          /* ds114 */
        "sub-01_ses-1_run-1_phasediff.json",                   /* 7t_trt */
        "sub-01_ses-1_T1map.nii.gz",                           /* 7t_trt */
        "sub-01_inplaneT2.nii.gz",                             /* ds001 */
        "sub-01_ses-test_task-overtverbgeneration_events.tsv", /* ds114 */
        "sub-01_task-balloonanalogrisktask_run-01_events.tsv", /* ds001 */
        "sub-01_inv-1_part-mag_MP2RAGE.nii",                   /* qmri_mp2rage */
        "sub-01_UNIT1.nii",                                    /* qmri_mp2rage */
        "sub-01_mod-T1w_defacemask.nii.gz",
        "sub-01_ses-01_task-nback+whitebg_beh.tsv", /* synthetic */
        "sub-01_ses-1_sample-A_task-rest_acq-mb_ce-GAD_rec-norm_dir-AP_run-2_echo-3_space-ACPC_label-ICV_desc-brain_mask.nii.gz",
        "task-rest_acq-1400_bold.json",
        "T1w.json",
        "participants.tsv",
        "sub-01",
        "sub-01_run-2",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        dn_bids_name name;
        char *path = NULL;
        char *back = NULL;
        assert_ok(dn_asprintf(&path, "sub-99_x/%s", names[i]));
        assert_ok(dn_bids_check(path));
        assert_ok(dn_bids_parse(path, &name));
        assert_true(name.valid);
        assert_ok(dn_bids_write(&name, &back));
        assert_string_equal(back, names[i]);
        free(back);
        free(path);
        dn_bids_name_release(&name);
    }
}

static void test_parts(void **state)
{
    (void)state;
    dn_bids_name name;
    char *text = NULL;
    assert_ok(dn_bids_parse("a/sub-01_ses-pre_acq-highres_ce-GAD_run-02_T1w.nii.gz", &name));
    assert_string_equal(name.value[DN_BIDS_SUB], "01");
    assert_string_equal(name.value[DN_BIDS_SES], "pre");
    assert_string_equal(name.value[DN_BIDS_ACQ], "highres");
    assert_string_equal(name.value[DN_BIDS_CE], "GAD");
    assert_string_equal(name.value[DN_BIDS_RUN], "02");
    assert_null(name.value[DN_BIDS_REC]);
    assert_string_equal(name.suffix, "T1w");
    assert_string_equal(name.extension, ".nii.gz");
    assert_ok(dn_bids_write_entities(&name, DN_BIDS_SUB, DN_BIDS_SES, &text));
    assert_string_equal(text, "sub-01_ses-pre");
    free(text);
    dn_bids_name_release(&name);
    assert_ok(dn_bids_entity_of("sub-01_ses-2_run-1_volumes.tsv", DN_BIDS_SES, &text));
    assert_string_equal(text, "ses-2");
    free(text);
    assert_ok(dn_bids_entity_of("sub-01_volumes.tsv", DN_BIDS_SES, &text));
    assert_null(text);
}

static void test_rules(void **state)
{
    (void)state;
    const struct {
        const char *name, *message;
    } bad[] = {
        {"sub-01_run-1_ses-2_T1w.nii.gz", "\"ses-2\" comes too late in the name"},
        {"sub-01_sub-02_T1w.nii.gz", "\"sub-02\" occurs twice"},
        {"sub-01_foo-2_T1w.nii.gz", "\"foo-2\" has a key that BIDS does not have"},
        {"sub-01_left_T1w.nii.gz", "\"left\" is not a key and a value"},
        {"sub-01__T1w.nii.gz", "\"\" is not a key and a value"},
        {"sub-01_", "\"\" is not a key and a value"},
        {"sub-01_run-first_T1w.nii.gz", "\"run-first\" should have a number as its value"},
        {"sub-0.1_T1w.nii.gz", "\"sub-0.1\" should have letters and digits as its value"},
        {"sub-0 1_T1w.nii.gz", "\"sub-0 1\" should have letters and digits as its value"},
        {"sub-_T1w.nii.gz", "\"sub-\" should have letters and digits as its value"},
        {"sub-a-b_T1w.nii.gz", "\"sub-a-b\" should have letters and digits as its value"},
        {"sub-01_T1 w.nii.gz", "\"T1 w\" should have letters and digits only"},
        {"SUB-01_T1w.nii.gz", "\"SUB-01\" has a key that BIDS does not have"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        assert_int_equal(dn_bids_check(bad[i].name), DN_EFORMAT);
        if (strstr(dn_error_message(), bad[i].message) == NULL) {
            fail_msg("expected \"%s\", found \"%s\"", bad[i].message, dn_error_message());
        }
    }
    assert_true(dn_bids_is_label("Pre2+x"));
    assert_false(dn_bids_is_label(""));
    assert_false(dn_bids_is_label("a_b"));
    assert_false(dn_bids_is_label("\xc3\xbc"));
    assert_true(dn_bids_same(DN_BIDS_SUB, "01", "sub-01"));
    assert_false(dn_bids_same(DN_BIDS_SUB, "1", "sub-01"));
    assert_string_equal(dn_bids_bare(DN_BIDS_SES, "ses-2"), "2");
    assert_string_equal(dn_bids_bare(DN_BIDS_SES, "session2"), "session2");
}

static void test_scan_keys(void **state)
{
    (void)state;
    const struct {
        const char *path, *key;
    } cases[] = {
        {"a/sub-01_T1w.nii.gz", "sub-01"},
        {"sub-01_run-2_T1w.nii.gz", "sub-01_run-2"},
        {"out/sub-01_run-02_desc-thresholds_volumes.tsv", "sub-01_run-2"},
        {"sub-01_run-0_volumes.tsv", "sub-01_run-0"},
        {"sub-01_volumes.tsv", "sub-01"},
        {"sub-01_ses-2_ce-GAD_dseg.nii.gz", "sub-01_ses-2_ce-GAD"},
        {"sub-01_ses-2_dseg.nii.gz", "sub-01_ses-2"},
        {"sub-01_acq-mprage_rec-norm_space-ACPC_desc-hypothalamus_T1w.nii.gz", "sub-01_acq-mprage_rec-norm"},
        {"sub-01", "sub-01"},
        {"patient 7_T1w.nii", "patient 7"},
        {"T1w.nii.gz", "T1w"},
        {"sub-01_left_T1w.nii.gz", "sub-01_left"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *key = NULL;
        assert_ok(dn_bids_scan_key(cases[i].path, &key));
        assert_string_equal(key, cases[i].key);
        free(key);
    }
}

static void test_derived_names(void **state)
{
    (void)state;
    static const dn_bids_added added[] = {{DN_BIDS_SPACE, "ACPC"}, {DN_BIDS_DESC, "hypothalamus"}};
    const struct {
        const char *path, *name;
    } cases[] = {
        {"a/sub-01_T1w.nii.gz", "sub-01_space-ACPC_desc-hypothalamus_T1w.nii.gz"},
        {"sub-01_ses-2_ce-GAD_run-1_T1w.nii", "sub-01_ses-2_ce-GAD_run-1_space-ACPC_desc-hypothalamus_T1w.nii.gz"},
        {"sub-01_desc-brain_T1w.mgz", "sub-01_space-ACPC_desc-brain+hypothalamus_T1w.nii.gz"},
        {"sub-01_res-1mm_T1w.nii", "sub-01_space-ACPC_res-1mm_desc-hypothalamus_T1w.nii.gz"},
        {"sub-01_T2w.nii.gz", "sub-01_T2w_space-ACPC_desc-hypothalamus_T1w.nii.gz"},
        {"head.nii.gz", "head_space-ACPC_desc-hypothalamus_T1w.nii.gz"},
        {"my-head_T1w.nii", "my-head_space-ACPC_desc-hypothalamus_T1w.nii.gz"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *name = NULL;
        assert_ok(dn_bids_derive(cases[i].path, added, 2, "T1w", ".nii.gz", &name));
        assert_string_equal(name, cases[i].name);
        free(name);
    }
}

static dn_table *table_of(const char *name, const char *const *ids, size_t count, const char *column)
{
    dn_table *table = NULL;
    assert_ok(dn_table_create(name, &table));
    for (size_t i = 0; i < count; ++i) {
        size_t row = 0;
        assert_ok(dn_table_add_row(table, &row));
        assert_ok(dn_table_put_text(table, "participant_id", ids[i]));
        assert_ok(dn_table_put_number(table, column, (double)i + 1.0));
    }
    return table;
}

/* A second run is no partner of the first, written with "sub-" or without, and not alike either. */
static void test_runs_do_not_join(void **state)
{
    (void)state;
    const char *const left_ids[] = {"sub-01", "sub-01_run-2", "sub-02"}, *const right_ids[] = {"01", "02"};
    dn_table *left = table_of("volumes", left_ids, 3, "icv"), *right = table_of("people", right_ids, 2, "age");
    for (int how = DN_JOIN_ASK; how <= DN_JOIN_ALIKE; ++how) {
        dn_table *both = NULL;
        dn_join_loss loss;
        assert_ok(dn_join(left, right, "participant_id", (dn_join_how)how, &both, &loss));
        assert_int_equal(dn_table_rows(both), 2);
        assert_int_equal(loss.left_count, 1);
        assert_string_equal(loss.left[0], "sub-01_run-2");
        assert_int_equal(loss.right_count, 0);
        dn_join_loss_release(&loss);
        dn_table_destroy(both);
    }
    dn_table_destroy(left);
    dn_table_destroy(right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_names), cmocka_unit_test(test_parts),         cmocka_unit_test(test_rules),
        cmocka_unit_test(test_scan_keys),  cmocka_unit_test(test_derived_names), cmocka_unit_test(test_runs_do_not_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
