/* Who was scanned, when and how: from files beside the scan and in the folders of BIDS above it. */
#define _GNU_SOURCE
#include "test.h"

#include "report/scan_about.h"

#include <math.h>
#include <string.h>

static char folder[] = "/tmp/dien-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return test_remove_tree(folder);
}

/* Writes FOLDER/name; its folder is made. */
static void put(const char *name, const char *text)
{
    char command[512], path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", path);
    assert_int_equal(system(command), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static dn_scan_about about(const char *scan)
{
    char path[256];
    dn_scan_about found;
    snprintf(path, sizeof path, "%s/%s", folder, scan);
    assert_ok(dn_scan_about_read(path, NAN, DN_SEX_UNKNOWN, &found));
    return found;
}

static void of_a_bids_data_set(void **state)
{
    (void)state;
    put("bids/participants.tsv", "participant_id\tAge\tsex\nsub-01\t44\tf\n02\t30.5\tMale\nsub-03\t90+\t1\n");
    put("bids/T1w.json", "{\"Manufacturer\": \"Siemens\", \"ManufacturersModelName\": \"Prisma\", \"MagneticFieldStrength\": 3, "
                         "\"FlipAngle\": 7}");
    put("bids/sub-01/ses-2/anat/sub-01_ses-2_T1w.json", "{\"SeriesDescription\": \"t1_mprage\", \"RepetitionTime\": 2.3, \"EchoTime\": "
                                                        "0.00298, \"InversionTime\": 0.9, \"FlipAngle\": 9}");
    put("bids/sub-01/ses-2/sub-01_ses-2_scans.tsv", "filename\tacq_time\nanat/sub-01_ses-2_T1w.nii.gz\t2021-03-05T10:11:12\n");
    put("bids/sub-02/anat/sub-02_T1w.json", "{}");
    put("bids/sub-03/anat/sub-03_T1w.json", "[1, 2]"); /* no object: a warning, and the rest */
    dn_scan_about found = about("bids/sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz");
    assert_close(found.age, 44, 0);
    assert_int_equal(found.sex, DN_SEX_FEMALE);
    assert_string_equal(found.person_from, "participants.tsv");
    assert_string_equal(found.date, "2021-03-05");
    assert_string_equal(found.sequence, "t1_mprage; Siemens Prisma, 3 T; TR 2300 ms, TE 2.98 ms, TI 900 ms, flip angle 9\xc2\xb0");
    assert_null(found.contrast);
    dn_scan_about_release(&found);
    found = about("bids/sub-02/anat/sub-02_T1w.nii.gz");
    assert_close(found.age, 30.5, 0);
    assert_int_equal(found.sex, DN_SEX_MALE);
    assert_string_equal(found.date, "");
    assert_string_equal(found.sequence, "Siemens Prisma, 3 T, flip angle 7\xc2\xb0");
    dn_scan_about_release(&found);
    found = about("bids/sub-03/anat/sub-03_T1w.nii.gz"); /* "90+" is no number, and nobody knows what sex 1 is */
    assert_true(isnan(found.age));
    assert_int_equal(found.sex, DN_SEX_UNKNOWN);
    assert_null(found.person_from);
    dn_scan_about_release(&found);
}

static void of_scans_in_a_folder(void **state)
{
    (void)state;
    put("study/participants.tsv", "participant_id\tage\tsex\nIXI014-HH-1236\t34.24\tF\nIXI014\t20\tM\nIXI020\t21\tM\nIXI020\t23\tM\n");
    put("study/scans/IXI014-HH-1236_T1w.json",
        "{\"AcquisitionDateTime\": \"20190302T101112\", \"ContrastBolusIngredient\": \"GADOLINIUM\", \"RepetitionTime\": 2300}");
    put("study/scans/old_T1w.json", "{\"AcquisitionDate\": \"18000302\", \"PatientAge\": \"034Y\", \"PatientSex\": \"M\"}");
    put("study/deep/er/one_T1w.json", "{\"StudyDate\": \"2019-13-40\", \"PatientAge\": \"006M\", \"EchoTime\": \"fast\"}");
    dn_scan_about found = about("study/scans/IXI014-HH-1236_T1w.nii.gz");
    assert_close(found.age, 34.24, 0);
    assert_string_equal(found.date, "2019-03-02");
    assert_string_equal(found.contrast, "GADOLINIUM");
    assert_string_equal(found.sequence, "TR 2300 ms"); /* milliseconds, where BIDS has seconds */
    dn_scan_about_release(&found);
    found = about("study/scans/old_T1w.nii"); /* before 1925: moved, so that nobody is recognised */
    assert_string_equal(found.date, "");
    assert_close(found.age, 34, 0);
    assert_int_equal(found.sex, DN_SEX_MALE);
    assert_string_equal(found.person_from, "the scan's JSON file");
    dn_scan_about_release(&found);
    found = about("study/deep/er/one_T1w.nii"); /* participants.tsv two folders up is not this study's for sure */
    assert_string_equal(found.date, "");
    assert_close(found.age, 0.5, 1e-9);
    assert_null(found.sequence);
    dn_scan_about_release(&found);
    found = about("study/scans/IXI020_T1w.nii.gz"); /* there twice: nobody can tell which age */
    assert_true(isnan(found.age));
    dn_scan_about_release(&found);
}

static void sessions_have_their_own_row(void **state)
{
    (void)state;
    put("long/participants.tsv", "participant_id\tsession_id\tage\nsub-01\tses-1\t40\nsub-01\tses-2\t45\n");
    put("long/sub-01/ses-2/anat/empty", "");
    dn_scan_about found = about("long/sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz");
    assert_close(found.age, 45, 0);
    dn_scan_about_release(&found);
    /* The only row is of another session: its age is not that of this scan, its sex is. */
    put("one/participants.tsv", "participant_id\tsession_id\tage\tsex\nsub-01\tses-1\t40\tF\n");
    put("one/sub-01/ses-2/anat/empty", "");
    found = about("one/sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz");
    assert_true(isnan(found.age));
    assert_int_equal(found.sex, DN_SEX_FEMALE);
    dn_scan_about_release(&found);
}

/* What the caller says counts; what cannot be read is left out. */
static void given_and_broken(void **state)
{
    (void)state;
    char path[256];
    dn_scan_about found;
    put("bad/participants.tsv", "participant_id\tage\nsub-01\t44\textra\n");
    put("bad/sub-01_T1w.json", "{\"RepetitionTime\": ");
    found = about("bad/sub-01_T1w.nii.gz");
    assert_true(isnan(found.age));
    assert_null(found.sequence);
    dn_scan_about_release(&found);
    snprintf(path, sizeof path, "%s/bids/sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz", folder);
    assert_ok(dn_scan_about_read(path, 50, DN_SEX_MALE, &found));
    assert_close(found.age, 50, 0);
    assert_int_equal(found.sex, DN_SEX_MALE);
    assert_string_equal(found.person_from, "given");
    dn_scan_about_release(&found);
    found = about("nowhere/sub-01_T1w.nii.gz");
    assert_true(isnan(found.age));
    dn_scan_about_release(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_bids_data_set),
        cmocka_unit_test(of_scans_in_a_folder),
        cmocka_unit_test(sessions_have_their_own_row),
        cmocka_unit_test(given_and_broken),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
