/* Every scan and label map under DIEN_DATA against what nibabel reads (scans.tsv, made by tools/reference_scans.py). */
#include "test.h"

#include "image/filter.h"
#include "image/io.h"
#include "image/orientation.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* A row of scans.tsv. */
typedef struct row {
    char path[256];
    int64_t dim[3];
    double affine[3][4];
    double minimum, maximum, mean;
} row;

static bool read_row(FILE *f, row *r)
{
    long long dim[3];
    if (fscanf(f, "%255s %lld %lld %lld", r->path, &dim[0], &dim[1], &dim[2]) != 4) {
        return false;
    }
    for (int a = 0; a < 12; ++a) {
        assert_int_equal(fscanf(f, "%lf", &r->affine[a / 4][a % 4]), 1);
    }
    assert_int_equal(fscanf(f, "%lf %lf %lf", &r->minimum, &r->maximum, &r->mean), 3);
    for (int d = 0; d < 3; ++d) {
        r->dim[d] = dim[d];
    }
    return true;
}

static void check_geometry(const row *r, const dn_grid *grid)
{
    double spacing[3];
    dn_grid_spacing(grid, spacing);
    for (int d = 0; d < 3; ++d) {
        assert_int_equal(grid->dim[d], r->dim[d]);
        assert_true(spacing[d] > 0.6 && spacing[d] < 2.1);
        assert_true(spacing[d] * (double)grid->dim[d] > 120.0 && spacing[d] * (double)grid->dim[d] < 300.0);
        for (int c = 0; c < 4; ++c) {
            assert_close(grid->affine.m[d][c], r->affine[d][c], 2e-5);
        }
    }
}

static void check_labels(const row *r, const char *path)
{
    dn_labels *l = NULL;
    assert_ok(dn_labels_read(path, NULL, &l, NULL));
    check_geometry(r, &l->grid);
    double sum = 0.0;
    for (int64_t i = 0; i < dn_grid_count(&l->grid); ++i) {
        sum += l->data[i];
    }
    assert_close(sum / (double)dn_grid_count(&l->grid), r->mean, 1e-9 * (1.0 + r->mean));
    dn_labels_destroy(l);
}

static void all_scans_as_nibabel_reads_them(void **state)
{
    FILE *f = fopen(DIEN_TEST_FOLDER "/scans.tsv", "r");
    row r;
    char line[1024];
    int files = 0;
    double slowest = 0.0;
    (void)state;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (read_row(f, &r)) {
        char path[512];
        dn_volume *v = NULL;
        dn_scan_info info;
        dn_volume_summary s;
        struct timespec a;
        struct timespec b;
        snprintf(path, sizeof path, "%s/%s", test_data_folder(), r.path);
        clock_gettime(CLOCK_MONOTONIC, &a);
        assert_ok(dn_scan_read(path, NULL, &v, &info));
        clock_gettime(CLOCK_MONOTONIC, &b);
        slowest = fmax(slowest, (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec));
        check_geometry(&r, &v->grid);
        assert_ok(dn_volume_summarise(v, NULL, &s));
        assert_close(info.minimum, r.minimum, 1e-6 * fabs(r.maximum));
        assert_close(info.maximum, r.maximum, 1e-6 * fabs(r.maximum));
        assert_close(s.mean, r.mean, 1e-6 * fabs(r.mean));
        assert_int_equal(info.nan_count + info.infinity_count, 0);
        dn_volume_destroy(v);
        if (strstr(r.path, "_aseg") != NULL || strstr(r.path, "dlmuse") != NULL || strstr(r.path, "labelmaps") != NULL) {
            check_labels(&r, path);
        }
        ++files;
    }
    fclose(f);
    printf("%d files, the slowest read in %.2f s\n", files, slowest);
    assert_true(files >= 100);
}

/* A scan written in each orientation and read again: turned back, it is the scan. */
static void a_scan_in_48_orientations(void **state)
{
    char path[512];
    char name[64];
    dn_volume *v = NULL;
    dn_scan_info info;
    (void)state;
    snprintf(path, sizeof path, "%s/ixi_2mm/IXI252-HH-1693_T1w.nii.gz", test_data_folder());
    snprintf(name, sizeof name, "/tmp/dien-turned-%ld.nii", (long)getpid());
    assert_ok(dn_scan_read(path, NULL, &v, &info));
    dn_orientation original = dn_orientation_of(&v->grid.affine);
    dn_scan_write_options options = dn_scan_write_like(&info);
    for (int n = 0; n < DN_ORIENTATION_COUNT; ++n) {
        dn_orientation wanted = dn_orientation_at(n);
        dn_volume *turned = NULL;
        dn_volume *found = NULL;
        dn_volume *back = NULL;
        assert_ok(dn_volume_reorient(v, &wanted, &turned));
        assert_ok(dn_volume_write(turned, name, &options));
        assert_ok(dn_scan_read(name, NULL, &found, NULL));
        dn_orientation now = dn_orientation_of(&found->grid.affine);
        assert_true(dn_orientation_equal(&now, &wanted));
        assert_ok(dn_volume_reorient(found, &original, &back));
        assert_true(dn_grid_equal(&back->grid, &v->grid, 1e-4));
        assert_memory_equal(back->data, v->data, (size_t)dn_grid_count(&v->grid) * sizeof(float));
        dn_volume_destroy(back);
        dn_volume_destroy(found);
        dn_volume_destroy(turned);
    }
    unlink(name);
    dn_volume_destroy(v);
}

/* A DICOM slice is recognised. */
static void dicom_is_named(void **state)
{
    char path[512];
    dn_volume *v = NULL;
    (void)state;
    snprintf(path, sizeof path, "%s/dicom/sag-anon", test_data_folder());
    assert_int_equal(dn_scan_read(path, NULL, &v, NULL), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "folder of DICOM files"));
    snprintf(path, sizeof path, "%s/dicom/sag-anon/0001-1.3.12.2.1107.5.2.19.45152.2013030808110258929186035.dcm", test_data_folder());
    assert_int_equal(dn_scan_read(path, NULL, &v, NULL), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "DICOM file"));
}

int main(void)
{
    if (test_data_folder() == NULL) {
        printf("skipped: the real scans are not here (set DIEN_DATA)\n");
        return TEST_SKIP;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_scans_as_nibabel_reads_them), cmocka_unit_test(a_scan_in_48_orientations),
                                       cmocka_unit_test(dicom_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
