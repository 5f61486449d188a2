/* The scans of a person: the order in which they are given has no influence; times come from the user, from dates, from ages, or are
 * numbers. */
#define _DEFAULT_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "cohort/longitudinal/sessions.h"
#include "image/io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

static char *in_folder(const char *name)
{
    char *path = NULL;
    assert_ok(dn_asprintf(&path, "%s/%s", folder, name));
    return path;
}

static char *scan(const char *name, float value)
{
    const dn_grid grid = {{5, 4, 3}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *v = NULL;
    char *path = in_folder(name);
    assert_ok(dn_volume_create(&grid, &v));
    for (int n = 0; n < 60; ++n) {
        v->data[n] = (float)n * value;
    }
    assert_ok(dn_volume_write(v, path, NULL));
    dn_volume_destroy(v);
    return path;
}

static void text(const char *name, const char *words)
{
    char *path = in_folder(name);
    assert_ok(dn_file_write_all(path, words, strlen(words)));
    free(path);
}

static int setup(void **state)
{
    (void)state;
    char template[] = "/tmp/dn_sessions_XXXXXX";
    assert_non_null(mkdtemp(template));
    assert_ok(dn_strdup(template, &folder));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(test_remove_tree(folder), 0);
    free(folder);
    return 0;
}

static void any_order(void **state)
{
    (void)state;
    char *path[3] = {scan("sub-1_ses-a_T1w.nii.gz", 1), scan("sub-1_ses-b_T1w.nii.gz", 2), scan("sub-1_ses-c_T1w.nii.gz", 3)};
    static const size_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    static const double years[3] = {0, 2.5, 1};
    dn_sessions first;
    for (int o = 0; o < 3; ++o) {
        const char *given[3];
        double times[3];
        size_t by_time[3];
        dn_sessions s;
        for (int n = 0; n < 3; ++n) {
            given[n] = path[orders[o][n]];
            times[n] = years[orders[o][n]];
        }
        assert_ok(dn_sessions_read(given, 3, times, NULL, &s));
        dn_sessions_by_time(&s, by_time);
        assert_string_equal(s.at[by_time[0]].stem, "sub-1_ses-a");
        assert_string_equal(s.at[by_time[1]].stem, "sub-1_ses-c");
        assert_string_equal(s.at[by_time[2]].stem, "sub-1_ses-b");
        assert_string_equal(s.unit, "year");
        for (int n = 0; n < 3 && o > 0; ++n) {
            assert_string_equal(s.at[n].stem, first.at[n].stem);
            assert_string_equal(s.at[n].hash, first.at[n].hash);
            assert_true(s.at[n].time == first.at[n].time);
        }
        if (o == 0) {
            first = s;
        } else {
            dn_sessions_release(&s);
        }
    }
    dn_sessions_release(&first);
    for (int n = 0; n < 3; ++n) {
        free(path[n]);
    }
}

static void times_of_files(void **state)
{
    (void)state;
    char *path[2] = {scan("sub-2_ses-x_T1w.nii.gz", 1), scan("sub-2_ses-y_T1w.nii.gz", 2)};
    dn_sessions s;
    /* nothing is known */
    assert_ok(dn_sessions_read((const char *const[]){path[1], path[0]}, 2, NULL, NULL, &s));
    assert_string_equal(s.unit, "session");
    for (int n = 0; n < 2; ++n) {
        assert_true(s.at[n].time == (strcmp(s.at[n].stem, "sub-2_ses-x") == 0 ? 1 : 2));
    }
    dn_sessions_release(&s);
    /* Ten and more: by their numbers, not letter by letter. */
    char *ten = scan("sub-2_ses-10_T1w.nii.gz", 3), *two = scan("sub-2_ses-2_T1w.nii.gz", 4);
    assert_ok(dn_sessions_read((const char *const[]){ten, two}, 2, NULL, NULL, &s));
    for (int n = 0; n < 2; ++n) {
        assert_true(s.at[n].time == (strcmp(s.at[n].stem, "sub-2_ses-2") == 0 ? 1 : 2));
    }
    dn_sessions_release(&s);
    /* Whole years: said to be so; where two are equal, they are no times. */
    text("participants.tsv", "participant_id\tsession_id\tage\nsub-2\tses-2\t60\nsub-2\tses-10\t61\nsub-2\tses-x\t60\n");
    assert_ok(dn_sessions_read((const char *const[]){ten, two}, 2, NULL, NULL, &s));
    assert_string_equal(s.unit, "year");
    assert_non_null(strstr(s.time_from, "whole years"));
    dn_sessions_release(&s);
    assert_ok(dn_sessions_read((const char *const[]){ten, two, path[0]}, 3, NULL, NULL, &s));
    assert_string_equal(s.unit, "session");
    dn_sessions_release(&s);
    free(ten);
    free(two);
    /* ages */
    text("participants.tsv", "participant_id\tsession_id\tage\nsub-2\tses-x\t61.5\nsub-2\tses-y\t60\n");
    assert_ok(dn_sessions_read((const char *const[]){path[1], path[0]}, 2, NULL, NULL, &s));
    assert_string_equal(s.unit, "year");
    for (int n = 0; n < 2; ++n) {
        assert_close(s.at[n].time, strcmp(s.at[n].stem, "sub-2_ses-x") == 0 ? 1.5 : 0, 1e-12);
    }
    dn_sessions_release(&s);
    /* days go before ages: 2020-02-28 to 2021-03-01 are 367 days */
    text("sub-2_ses-x_T1w.json", "{\"AcquisitionDateTime\": \"2020-02-28T10:00:00\"}");
    text("sub-2_ses-y_T1w.json", "{\"AcquisitionDateTime\": \"2021-03-01T10:00:00\"}");
    assert_ok(dn_sessions_read((const char *const[]){path[1], path[0]}, 2, NULL, NULL, &s));
    assert_string_equal(s.unit, "year");
    for (int n = 0; n < 2; ++n) {
        assert_close(s.at[n].time, strcmp(s.at[n].stem, "sub-2_ses-x") == 0 ? 0 : 367 / 365.25, 1e-12);
    }
    dn_sessions_release(&s);
    free(path[0]);
    free(path[1]);
}

/* Results would be lost. */
static void one_name(void **state)
{
    (void)state;
    char *path[2] = {scan("sub-3_ses-1_T1w.nii.gz", 1), scan("sub-3_ses-1_T1w.nii", 2)};
    dn_sessions s;
    assert_int_equal(dn_sessions_read((const char *const[]){path[0], path[1]}, 2, NULL, NULL, &s), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "would have one name, sub-3_ses-1; rename one of them"));
    dn_sessions_release(&s);
    free(path[0]);
    free(path[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order),
        cmocka_unit_test(times_of_files),
        cmocka_unit_test(one_name),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
