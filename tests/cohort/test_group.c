/* The group level's rules on made cohorts: which scan of a session is used, which session of a person comes first, robust z by hand, and
 * sentences without folders. */
#define _GNU_SOURCE
#include "cohort/group/choice.h"
#include "cohort/group/outliers.h"
#include "test.h"

#include <math.h>
#include <string.h>

/* ---- which scan --------------------------------------------------------------------------------------------------- */

typedef struct made {
    const char *key;
    dn_roster_state state;
    dn_scan_verdict verdict;
    double score;
} made;

static void check_choice(const made *scans, size_t count, const char *used, const char *why)
{
    dn_roster_scan list[4] = {{.key = NULL}};
    const char *found = "none", *choice = "";
    for (size_t i = 0; i < count; ++i) {
        list[i] = (dn_roster_scan){.key = (char *)scans[i].key, .state = scans[i].state, .score = scans[i].score};
        list[i].record.verdict = scans[i].verdict;
    }
    dn_roster_choose(list, count);
    size_t n = 0;
    for (size_t i = 0; i < count; ++i) {
        n += list[i].used ? 1 : 0;
        if (list[i].used) {
            found = list[i].key;
            choice = list[i].choice;
        } else if (list[i].state == DN_ROSTER_MEASURED) {
            assert_non_null(strstr(list[i].choice, "another scan of the session"));
        }
    }
    if (strcmp(found, used) != 0 || n != (strcmp(used, "none") == 0 ? 0 : 1) || strstr(choice, why) == NULL) {
        fail_msg("expected %s (%s), found %s (%s), %zu used", used, why, found, choice, n);
    }
}

static void test_choice(void **state)
{
    const dn_roster_state yes = DN_ROSTER_MEASURED, no = DN_ROSTER_FAILED;
    (void)state;
    check_choice((made[]){{"a", yes, DN_SCAN_ACCEPTED, 0.9}}, 1, "a", "the only scan of its session");
    check_choice((made[]){{"a", no, DN_SCAN_UNJUDGED, NAN}}, 1, "none", "");
    check_choice((made[]){{"a", no, DN_SCAN_UNJUDGED, NAN}, {"b", yes, DN_SCAN_REJECTED, 0.0}}, 2, "b", "that is measured");
    /* accepted before rejected, whatever the score */
    check_choice((made[]){{"a", yes, DN_SCAN_REJECTED, 1.0}, {"b", yes, DN_SCAN_ACCEPTED, 0.1}}, 2, "b", "only accepted");
    check_choice((made[]){{"a", yes, DN_SCAN_REJECTED, 1.0}, {"b", yes, DN_SCAN_BY_HAND, 0.0}}, 2, "b", "only accepted");
    /* then the score; one without comes last */
    check_choice((made[]){{"a", yes, DN_SCAN_ACCEPTED, 0.8}, {"b", yes, DN_SCAN_ACCEPTED, 0.9}, {"c", yes, DN_SCAN_ACCEPTED, 0.7}}, 3, "b",
                 "best quality score");
    check_choice((made[]){{"a", yes, DN_SCAN_ACCEPTED, NAN}, {"b", yes, DN_SCAN_ACCEPTED, 0.0}}, 2, "b", "best quality score");
    /* then the name */
    check_choice((made[]){{"a", yes, DN_SCAN_ACCEPTED, 0.9}, {"b", yes, DN_SCAN_ACCEPTED, 0.9}, {"c", yes, DN_SCAN_REJECTED, 1.0}}, 3, "a",
                 "first by name");
    check_choice((made[]){{"a", yes, DN_SCAN_REJECTED, 0.0}, {"b", yes, DN_SCAN_REJECTED, 0.0}}, 2, "a", "first by name");
}

/* A person's first session is the first with an accepted scan. */
static void test_first(void **state)
{
    dn_roster_scan scans[] = {{.participant = "sub-1", .session = "ses-1", .used = true},
                              {.participant = "sub-1", .session = "ses-2", .used = true},
                              {.participant = "sub-1", .session = "ses-10", .used = true},
                              {.participant = "sub-2", .used = true},
                              {.participant = "sub-3", .session = "ses-1"},
                              {.participant = "sub-3", .session = "ses-2", .used = true}};
    dn_roster cohort = {.dataset = "/nowhere", .scan = scans, .count = 6}; /* no tables of times: by name */
    (void)state;
    for (size_t i = 0; i < 6; ++i) {
        scans[i].inside = "";
    }
    scans[0].record.verdict = DN_SCAN_REJECTED;
    scans[3].record.verdict = DN_SCAN_REJECTED;
    assert_ok(dn_roster_choose_first(&cohort));
    const bool expected[] = {false, true, false, true, false, true};
    for (size_t i = 0; i < 6; ++i) {
        if (scans[i].first != expected[i]) {
            fail_msg("scan %zu: expected first %d, found %d", i, expected[i], scans[i].first);
        }
    }
    assert_int_equal(dn_roster_session_end(&cohort, 0), 1);
    assert_int_equal(dn_roster_session_end(&cohort, 3), 4);
}

/* ---- outliers ----------------------------------------------------------------------------------------------------- */

enum { MOST = 64, COLUMNS = 5 };

typedef struct made_cohort {
    dn_roster roster;
    dn_roster_scan scan[MOST];
    double value[MOST][COLUMNS]; /* thalamus, _L, _R, icv, third_ventricle; NaN: none */
} made_cohort;

static void make(made_cohort *it, size_t count)
{
    static const char *const names[COLUMNS] = {"thalamus", "thalamus_L", "thalamus_R", "icv", "third_ventricle"};
    size_t ignored;
    memset(it, 0, sizeof *it);
    assert_ok(dn_table_create("made", &it->roster.columns));
    for (size_t c = 0; c < (size_t)COLUMNS; ++c) {
        assert_ok(dn_table_add_column(it->roster.columns, names[c], &ignored));
    }
    for (size_t i = 0; i < count; ++i) {
        it->scan[i] = (dn_roster_scan){.state = DN_ROSTER_MEASURED, .used = true, .values = it->value[i], .value_count = COLUMNS};
        it->scan[i].record.verdict = DN_SCAN_ACCEPTED;
        for (size_t c = 0; c < (size_t)COLUMNS; ++c) {
            it->value[i][c] = NAN;
        }
    }
    it->roster.scan = it->scan;
    it->roster.count = count;
}

/* Logarithms of -0.05, -0.04, ... 0.04 and 0.20: median 0, deviations 0 .01 .01 .02 .02 .03 .03 .04 .04 .05 .20, MAD 0.03. */
static void test_z_by_hand(void **state)
{
    made_cohort it;
    dn_roster_outliers found;
    (void)state;
    make(&it, 12);
    for (int i = 0; i < 11; ++i) {
        it.value[i][4] = 1000.0 * exp(i < 10 ? 0.01 * (i - 5) : 0.20);
    }
    it.value[11][4] = 9000.0; /* rejected: neither compared nor counted */
    it.scan[11].record.verdict = DN_SCAN_REJECTED;
    assert_ok(dn_roster_find_outliers(&it.roster, false, &found));
    assert_int_equal(found.n, 11);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.found[0].scan, 10);
    assert_string_equal(found.measure[found.found[0].measure].structure, "third_ventricle");
    assert_close(found.found[0].z, 0.20 / (1.4826 * 0.03), 1e-9);
    assert_close(found.found[0].expected, 1000.0, 1e-6);
    assert_false(found.found[0].head_size);
    assert_int_equal(it.scan[10].outliers, 1);
    assert_true(it.scan[0].tested && !it.scan[11].tested);
    dn_roster_outliers_release(&found);
    /* with the rejected one counted the median moves, and both are outliers */
    assert_ok(dn_roster_find_outliers(&it.roster, true, &found));
    assert_int_equal(found.n, 12);
    assert_int_equal(found.count, 2);
    dn_roster_outliers_release(&found);
    /* nine are too few */
    it.value[0][4] = it.value[1][4] = NAN;
    assert_ok(dn_roster_find_outliers(&it.roster, false, &found));
    assert_int_equal(found.count, 0);
    assert_false(it.scan[2].tested);
    dn_roster_outliers_release(&found);
    dn_table_destroy(it.roster.columns);
}

/* Volumes as the root of head size, and 1 % to either side: the scan with a head of twice the size has the volume of such a head, and is
 * an outlier only where its head size is not known. */
static void test_head_size(void **state)
{
    enum { N = 40 };
    made_cohort it;
    dn_roster_outliers found;
    char *text = NULL;
    (void)state;
    make(&it, N);
    for (size_t i = 0; i < (size_t)N; ++i) {
        const double head = i + 1 == (size_t)N ? 2.0 : 1.0 + 0.01 * (double)(i / 2);
        it.value[i][3] = 1.4e6 * head;
        it.value[i][0] = 15000.0 * sqrt(head) * exp(i % 2 == 0 ? 0.01 : -0.01);
    }
    it.value[3][0] *= 0.8; /* a fifth too small */
    assert_ok(dn_roster_find_outliers(&it.roster, false, &found));
    size_t of_icv = 0, of_thalamus = 0;
    for (size_t i = 0; i < found.count; ++i) {
        const bool icv = strcmp(found.measure[found.found[i].measure].structure, "icv") == 0;
        of_icv += icv ? 1 : 0;
        if (icv) {
            assert_int_equal(found.found[i].scan, N - 1);
            continue;
        }
        ++of_thalamus;
        assert_int_equal(found.found[i].scan, 3);
        assert_true(found.found[i].head_size);
        assert_close(found.found[i].expected, 15000.0 * sqrt(1.01), 200.0);
        assert_true(found.found[i].z < -10.0);
        assert_ok(dn_roster_outlier_say(&found, &found.found[i], &text));
        assert_non_null(strstr(text, "Thalamus: 11.94 mL, 2"));
        assert_non_null(strstr(text, "% below the 15."));
        assert_non_null(strstr(text, "mL that others have at this head size (z "));
        free(text);
    }
    assert_int_equal(of_icv, 1);
    assert_int_equal(of_thalamus, 1);
    dn_roster_outliers_release(&found);
    it.value[N - 1][3] = NAN;
    assert_ok(dn_roster_find_outliers(&it.roster, false, &found));
    bool seen = false;
    for (size_t i = 0; i < found.count; ++i) {
        seen |= found.found[i].scan == (size_t)N - 1 && !found.found[i].head_size && found.found[i].z > 3.5;
    }
    assert_true(seen);
    dn_roster_outliers_release(&found);
    dn_table_destroy(it.roster.columns);
}

/* Sides that are changed against each other, and a volume of 0. */
static void test_sides(void **state)
{
    enum { N = 20 };
    made_cohort it;
    dn_roster_outliers found;
    char *text = NULL;
    bool asymmetry = false, zero = false;
    (void)state;
    make(&it, N);
    for (size_t i = 0; i < (size_t)N; ++i) {
        it.value[i][1] = 7000.0 + 20.0 * (double)(i * 7 % 11);
        it.value[i][2] = 7000.0 + 20.0 * (double)(i * 5 % 11);
        it.value[i][4] = 1000.0 + 30.0 * (double)(i * 3 % 7);
    }
    it.value[5][1] = 7700.0;
    it.value[5][2] = 6300.0; /* +20 %, the sum is as usual */
    it.value[8][4] = 0.0;
    for (size_t i = 0; i < (size_t)N; ++i) {
        it.value[i][0] = it.value[i][1] + it.value[i][2];
    }
    assert_ok(dn_roster_find_outliers(&it.roster, false, &found));
    for (size_t i = 0; i < found.count; ++i) {
        const dn_roster_outlier *one = &found.found[i];
        const dn_roster_measure *m = &found.measure[one->measure];
        assert_false(one->scan == 5 && m->side == 'B' && !m->asymmetry);
        assert_true(one->scan == 5 || one->scan == 8);
        if (m->asymmetry) {
            asymmetry = true;
            assert_close(one->value, 0.2, 1e-12);
            assert_ok(dn_roster_outlier_say(&found, one, &text));
            assert_non_null(strstr(text, "Thalamus, left against right: +20 %, of the others "));
            free(text);
        }
        if (one->scan == 8) {
            zero = true;
            assert_true(isinf(one->z) && one->z < 0.0);
            assert_ok(dn_roster_outlier_say(&found, one, &text));
            assert_non_null(strstr(text, "(no volume)"));
            free(text);
        }
    }
    assert_true(asymmetry && zero);
    dn_roster_outliers_release(&found);
    dn_table_destroy(it.roster.columns);
}

/* ---- sentences ---------------------------------------------------------------------------------------------------- */

static void test_folders(void **state)
{
    const dn_roster cohort = {.dataset = "my data/bids", .output = "my data/bids/derivatives/dien"};
    static const char *const cases[][2] = {
        {"'my data/bids/sub-01/anat/x.nii' is empty", "'sub-01/anat/x.nii' is empty"},
        {"cannot read my data/bids/sub-01/anat/x.nii: no", "cannot read sub-01/anat/x.nii: no"},
        {"my data/bids/derivatives/dien/sub-01/anat/x.tsv is missing", "sub-01/anat/x.tsv is missing"},
        {"'/elsewhere/then/sub-01/anat/x.nii' is empty", "'sub-01/anat/x.nii' is empty"},
        {"cannot read /elsewhere/sub-01/anat/x.nii: no", "cannot read sub-01/anat/x.nii: no"},
        {"nothing\tto cut", "nothing?to cut"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *text = NULL;
        assert_ok(dn_roster_without_folders(&cohort, cases[i][0], "sub-01/anat/x.nii", &text));
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choice),    cmocka_unit_test(test_first), cmocka_unit_test(test_z_by_hand),
                                       cmocka_unit_test(test_head_size), cmocka_unit_test(test_sides), cmocka_unit_test(test_folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
