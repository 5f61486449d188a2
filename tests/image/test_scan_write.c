/* What is written: read back equal, byte-identical for any number of threads, header fields as promised. */
#include "scan_maker.h"

#include "base/file.h"
#include "base/job.h"
#include "base/random.h"
#include "image/io.h"

#include <math.h>

static const dn_affine oblique = {{{0.9, -0.15, 0.30, -80.25}, {0.18, 0.98, -0.11, -110.5}, {-0.31, 0.13, 1.1, -60.0}}};
/* 30 degrees around z, 0.7 x 0.8 x 0.9 mm: a rotation with spacing, and left-handed. */
static const dn_affine rotated = {
    {{-0.7 * 0.86602540378443865, 0.8 * 0.5, 0.0, 10.0}, {0.7 * 0.5, 0.8 * 0.86602540378443865, 0.0, -20.0}, {0.0, 0.0, 0.9, 30.0}}};

static dn_volume *random_volume(const dn_affine *affine, int64_t a, int64_t b, int64_t c)
{
    dn_grid grid = {{a, b, c}, *affine};
    dn_volume *v = NULL;
    dn_random random;
    dn_random_seed(&random, 7);
    assert_ok(dn_volume_create(&grid, &v));
    for (int64_t i = 0; i < a * b * c; ++i) {
        v->data[i] = (float)dn_random_normal(&random, 100.0, 30.0);
    }
    return v;
}

static dn_labels *random_labels(const dn_affine *affine, int64_t a, int64_t b, int64_t c, uint64_t below)
{
    dn_grid grid = {{a, b, c}, *affine};
    dn_labels *l = NULL;
    dn_random random;
    dn_random_seed(&random, 8);
    assert_ok(dn_labels_create(&grid, &l));
    for (int64_t i = 0; i < a * b * c; ++i) {
        l->data[i] = (uint16_t)dn_random_below(&random, below);
    }
    return l;
}

static void volume_round_trip(void **state)
{
    static const dn_affine *const affines[] = {&oblique, &rotated};
    static const char *const names[] = {"v.nii", "v.nii.gz"};
    (void)state;
    for (int a = 0; a < 2; ++a) {
        for (int n = 0; n < 2; ++n) {
            dn_volume *v = random_volume(affines[a], 70, 61, 83);
            dn_volume *w = NULL;
            dn_scan_info info;
            assert_ok(dn_volume_write(v, maker_path(names[n]), NULL));
            assert_ok(dn_scan_read(maker_path(names[n]), NULL, &w, &info));
            assert_true(dn_grid_equal(&v->grid, &w->grid, 1e-4));
            assert_memory_equal(v->data, w->data, (size_t)dn_grid_count(&v->grid) * sizeof(float));
            assert_int_equal(info.warning_count, 0);
            assert_int_equal(info.sform_code, 1);
            assert_int_equal(info.qform_code, a == 0 ? 0 : 1); /* the sheared affine has no qform */
            dn_volume_destroy(w);
            dn_volume_destroy(v);
        }
    }
}

static void qform_says_the_same(void **state)
{
    dn_volume *v = random_volume(&rotated, 5, 6, 7);
    dn_volume *w = NULL;
    dn_scan_info info;
    dn_scan_read_options options = {DN_TRUST_QFORM};
    (void)state;
    assert_ok(dn_volume_write(v, maker_path("q.nii"), NULL));
    assert_ok(dn_scan_read(maker_path("q.nii"), &options, &w, &info));
    assert_int_equal(info.affine_source, DN_AFFINE_QFORM);
    assert_true(dn_grid_equal(&v->grid, &w->grid, 1e-4));
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

static void header_fields(void **state)
{
    dn_volume *v = random_volume(&rotated, 5, 6, 7);
    dn_scan_write_options options = {.sform_code = 4, .qform_code = 2};
    unsigned char *bytes = NULL;
    size_t size;
    float real;
    int16_t code;
    (void)state;
    assert_ok(dn_volume_write(v, maker_path("h.nii"), &options));
    assert_ok(dn_file_read(maker_path("h.nii"), 1 << 20, &bytes, &size));
    assert_int_equal(size, 352 + 5 * 6 * 7 * 4);
    memcpy(&real, bytes + 112, 4); /* slope */
    assert_close(real, 1.0, 0.0);
    memcpy(&real, bytes + 116, 4); /* intercept */
    assert_close(real, 0.0, 0.0);
    memcpy(&real, bytes + 108, 4); /* voxels' offset */
    assert_close(real, 352.0, 0.0);
    memcpy(&real, bytes + 76, 4); /* qfac: the affine is left-handed */
    assert_close(real, -1.0, 0.0);
    for (int d = 0; d < 3; ++d) {
        memcpy(&real, bytes + 80 + 4 * d, 4);
        assert_close(real, 0.7 + 0.1 * d, 1e-6);
    }
    memcpy(&code, bytes + 252, 2);
    assert_int_equal(code, 2);
    memcpy(&code, bytes + 254, 2);
    assert_int_equal(code, 4);
    assert_int_equal(bytes[123], 2); /* mm */
    free(bytes);
    dn_volume_destroy(v);
}

/* A scan without orientation gets labels without orientation, so that viewers lay them over each other. */
static void codes_are_kept(void **state)
{
    static maker m;
    static const int forms[][2] = {{0, 0}, {1, 0}, {4, 1}, {2, 2}};
    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; ++f) {
        dn_volume *v = NULL;
        dn_volume *w = NULL;
        dn_scan_info before;
        dn_scan_info after;
        maker_usual(&m);
        maker_srow(&m, ((const double[3][4]){{1, 0, 0, 1}, {0, 2, 0, 2}, {0, 0, 1.5, 3}}));
        maker_quatern(&m, 0, 0, 0, 1, 2, 3);
        maker_sform_code(&m, forms[f][0]);
        maker_qform_code(&m, forms[f][1]);
        assert_ok(dn_scan_read(maker_save(&m, "k.nii", false), NULL, &v, &before));
        dn_scan_write_options options = dn_scan_write_like(&before);
        assert_ok(dn_volume_write(v, maker_path("k2.nii.gz"), &options));
        assert_ok(dn_scan_read(maker_path("k2.nii.gz"), NULL, &w, &after));
        assert_int_equal(after.sform_code, forms[f][0]);
        assert_int_equal(after.qform_code, forms[f][1] != 0 ? forms[f][1] : forms[f][0]);
        assert_true(dn_grid_equal(&v->grid, &w->grid, 1e-5));
        dn_volume_destroy(v);
        dn_volume_destroy(w);
    }
}

static void bytes_do_not_depend_on_threads(void **state)
{
    dn_labels *l = random_labels(&rotated, 130, 120, 110, 5); /* several blocks */
    unsigned char *first = NULL;
    size_t size;
    dn_job job;
    (void)state;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    for (int t = 1; t <= 4; ++t) {
        unsigned char *bytes = NULL;
        size_t n;
        dn_job_set_threads(&job, t);
        assert_ok(dn_labels_write(l, maker_path("t.nii.gz"), NULL));
        assert_ok(dn_file_read(maker_path("t.nii.gz"), 1 << 26, &bytes, &n));
        if (first == NULL) {
            first = bytes;
            size = n;
            /* gzip header: no flags (so no name), no time */
            for (int i = 3; i < 8; ++i) {
                assert_int_equal(bytes[i], 0);
            }
        } else {
            assert_int_equal(n, size);
            assert_memory_equal(bytes, first, n);
            free(bytes);
        }
    }
    dn_job_leave(NULL);
    dn_job_release(&job);
    free(first);
    dn_labels_destroy(l);
}

static void labels_round_trip(void **state)
{
    (void)state;
    for (int n = 0; n < 2; ++n) {
        for (int big = 0; big < 2; ++big) {
            dn_labels *l = random_labels(&rotated, 40, 50, 60, big ? 65536 : 256);
            dn_labels *m = NULL;
            dn_scan_info info;
            dn_scan_write_options options = {.narrow = n == 1};
            assert_ok(dn_labels_write(l, maker_path("l.nii.gz"), &options));
            assert_ok(dn_labels_read(maker_path("l.nii.gz"), NULL, &m, &info));
            assert_string_equal(info.type_name, n == 1 && !big ? "uint8" : "uint16");
            assert_true(dn_grid_equal(&l->grid, &m->grid, 1e-4));
            assert_memory_equal(l->data, m->data, (size_t)dn_grid_count(&l->grid) * sizeof *l->data);
            dn_labels_destroy(m);
            dn_labels_destroy(l);
        }
    }
}

static void series_round_trip(void **state)
{
    dn_volume *volumes[3];
    dn_volume **found = NULL;
    size_t count;
    (void)state;
    for (int v = 0; v < 3; ++v) {
        volumes[v] = random_volume(&oblique, 20, 21, 22);
        volumes[v]->data[5] = (float)v;
    }
    assert_ok(dn_volumes_write_4d((const dn_volume *const *)volumes, 3, maker_path("s.nii.gz"), NULL));
    assert_ok(dn_volumes_read_4d(maker_path("s.nii.gz"), NULL, &found, &count, NULL));
    assert_int_equal(count, 3);
    for (int v = 0; v < 3; ++v) {
        assert_memory_equal(volumes[v]->data, found[v]->data, 20 * 21 * 22 * sizeof(float));
    }
    dn_volumes_destroy(found, count);
    volumes[2]->grid.affine.m[0][3] += 1.0;
    assert_int_equal(dn_volumes_write_4d((const dn_volume *const *)volumes, 3, maker_path("s2.nii.gz"), NULL), DN_ESHAPE);
    assert_false(dn_path_exists(maker_path("s2.nii.gz")));
    for (int v = 0; v < 3; ++v) {
        dn_volume_destroy(volumes[v]);
    }
}

/* Wider than NIfTI-1 can say. */
static void long_axis_is_nifti2(void **state)
{
    dn_volume *v = random_volume(&rotated, 40000, 1, 2);
    dn_volume *w = NULL;
    dn_scan_info info;
    (void)state;
    assert_ok(dn_volume_write(v, maker_path("w.nii"), NULL));
    assert_ok(dn_scan_read(maker_path("w.nii"), NULL, &w, &info));
    assert_string_equal(info.format_name, "NIfTI-2");
    assert_true(dn_grid_equal(&v->grid, &w->grid, 1e-9)); /* doubles */
    assert_memory_equal(v->data, w->data, 80000 * sizeof(float));
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

static void refusals(void **state)
{
    dn_volume *v = random_volume(&rotated, 3, 3, 3);
    (void)state;
    assert_int_equal(dn_volume_write(v, maker_path("a.mgz"), NULL), DN_EUSAGE);
    assert_int_equal(dn_volume_write(v, maker_path("no/such/folder.nii.gz"), NULL), DN_EIO);
    dn_volume_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(volume_round_trip),
        cmocka_unit_test(qform_says_the_same),
        cmocka_unit_test(header_fields),
        cmocka_unit_test(codes_are_kept),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(labels_round_trip),
        cmocka_unit_test(series_round_trip),
        cmocka_unit_test(long_axis_is_nifti2),
        cmocka_unit_test(refusals),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0) {
        maker_remove_folder();
    }
    return failed;
}
