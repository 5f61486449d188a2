/* A file read plane by plane onto a coarser grid: against sums by hand and against the label maps' own resampling. */
#define _GNU_SOURCE /* mkdtemp, truncate */
#include "base/memory.h"
#include "base/random.h"
#include "image/planes.h"
#include "image/resample.h"
#include "labelmap/stream.h"
#include "test.h"

#include <math.h>
#include <string.h>

static char folder[] = "/tmp/dien-test-stream-XXXXXX";
static char path[128];

static int make(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int clear(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/fine.nii.gz", folder);
    unlink(path);
    return rmdir(folder);
}

/* Voxels of 0.5 x 0.4 x 0.25 mm made into voxels of 1 mm: means of 2 x 2.5 x 4. */
static void means_by_hand(void **state)
{
    const dn_grid grid = {{8, 10, 12}, {{{0.5, 0, 0, 3}, {0, 0.4, 0, -2}, {0, 0, 0.25, 1}}}};
    dn_volume *fine = NULL, *coarse = NULL;
    dn_random random;
    double worst = 0.0;
    (void)state;
    dn_random_seed(&random, 3);
    assert_ok(dn_volume_create(&grid, &fine));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        fine->data[v] = (float)dn_random_uniform(&random, 0.0, 100.0);
    }
    snprintf(path, sizeof path, "%s/fine.nii.gz", folder);
    assert_ok(dn_volume_write(fine, path, NULL));
    assert_ok(dn_stream_volume(path, NULL, 1.0, "reading", &coarse));
    assert_int_equal(coarse->grid.dim[0], 4);
    assert_int_equal(coarse->grid.dim[1], 4);
    assert_int_equal(coarse->grid.dim[2], 3);
    for (int64_t k = 0; k < 3; ++k) {
        for (int64_t j = 0; j < 4; ++j) {
            for (int64_t i = 0; i < 4; ++i) {
                double sum = 0.0;
                for (int64_t c = 4 * k; c < 4 * k + 4; ++c) {
                    for (int64_t b = 0; b < 10; ++b) {
                        const double part = fmin((double)(j + 1) * 2.5, (double)(b + 1)) - fmax((double)j * 2.5, (double)b);
                        for (int64_t a = 2 * i; a < 2 * i + 2 && part > 0.0; ++a) {
                            sum += part * (double)fine->data[dn_grid_offset(&grid, a, b, c)];
                        }
                    }
                }
                worst = fmax(worst, fabs(sum / 20.0 - (double)coarse->data[dn_grid_offset(&coarse->grid, i, j, k)]));
            }
        }
    }
    printf("largest difference of a mean: %g\n", worst);
    assert_true(worst < 1e-3);
    dn_volume_destroy(fine);
    dn_volume_destroy(coarse);
}

/* Balls of labels in 0.1 mm at 0.3 mm: as dn_resample_labels has them, and as majorities counted by hand. */
static void labels_by_their_rule(void **state)
{
    const dn_grid grid = {{60, 54, 48}, {{{0.1, 0, 0, 0}, {0, 0, -0.1, 4}, {0, 0.1, 0, 0}}}};
    dn_labels *fine = NULL, *coarse = NULL, *other = NULL;
    int64_t differ = 0, wrong = 0;
    (void)state;
    assert_ok(dn_labels_create(&grid, &fine));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double x = (double)(v % 60) - 30.0, y = (double)(v / 60 % 54) - 26.0, z = (double)(v / 3240) - 24.0;
        const double r = sqrt(x * x + y * y + z * z);
        fine->data[v] = r > 22.0 ? 0 : x + 0.3 * y > 1.0 ? 803 : z > 4.0 ? 802 : 801;
    }
    snprintf(path, sizeof path, "%s/fine.nii.gz", folder);
    assert_ok(dn_labels_write(fine, path, NULL));
    assert_ok(dn_stream_labels(path, NULL, 0.3, "reading", &coarse));
    assert_int_equal(coarse->grid.dim[0], 20);
    assert_ok(dn_resample_labels(fine, &coarse->grid, NULL, &other));
    for (int64_t v = 0; v < dn_grid_count(&coarse->grid); ++v) {
        const int64_t i = v % 20, j = v / 20 % 18, k = v / 360;
        int most = 0, count[4] = {0};
        for (int n = 0; n < 27; ++n) {
            const uint16_t label = fine->data[dn_grid_offset(&grid, 3 * i + n % 3, 3 * j + n / 3 % 3, 3 * k + n / 9)];
            ++count[label == 0 ? 0 : label - 800];
        }
        for (int l = 1; l < 4; ++l) {
            most = count[l] > count[most] ? l : most;
        }
        const int found = coarse->data[v] == 0 ? 0 : coarse->data[v] - 800;
        wrong += count[found] != count[most];
        differ += coarse->data[v] != other->data[v];
    }
    printf("%lld voxels do not have the majority; %lld of %lld differ from dn_resample_labels\n", (long long)wrong, (long long)differ,
           (long long)dn_grid_count(&coarse->grid));
    assert_int_equal(wrong, 0);
    assert_true(differ < 20);
    dn_labels_destroy(fine);
    dn_labels_destroy(coarse);
    dn_labels_destroy(other);
}

/* Plane by plane gives what the whole gives; a file that ends early is found. */
static void planes_and_a_short_file(void **state)
{
    const dn_grid grid = {{7, 5, 9}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *volume = NULL, *out = NULL;
    dn_planes *planes = NULL;
    float plane[35];
    (void)state;
    assert_ok(dn_volume_create(&grid, &volume));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        volume->data[v] = (float)v;
    }
    volume->data[40] = NAN;
    snprintf(path, sizeof path, "%s/planes.nii", folder);
    assert_ok(dn_volume_write(volume, path, NULL));
    assert_ok(dn_planes_open(path, NULL, &planes));
    for (int64_t k = 0; k < 9; ++k) {
        assert_ok(dn_planes_read(planes, plane));
        for (int v = 0; v < 35; ++v) {
            assert_close(plane[v], k * 35 + v == 40 ? 0.0 : (double)volume->data[k * 35 + v], 0.0);
        }
    }
    assert_int_equal(dn_planes_read(planes, plane), DN_EUSAGE);
    dn_planes_close(planes);
    assert_int_equal(truncate(path, 352 + 35 * 4 * 6), 0);
    assert_int_equal(dn_stream_volume(path, NULL, 2.0, "reading", &out), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "shorter than its header says"));
    dn_volume_destroy(volume);
    unlink(path);
}

/* A header may say that voxels have nearly no thickness: the slice then lies in one new voxel. (Found by fuzz_planes.) */
static void voxels_without_thickness(void **state)
{
    const dn_grid grid = {{4, 4, 3}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1e-20, 0}}}};
    dn_volume *volume = NULL, *out = NULL;
    (void)state;
    assert_ok(dn_volume_create(&grid, &volume));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        volume->data[v] = (float)(v % 16 + 10 * (v / 16));
    }
    snprintf(path, sizeof path, "%s/thin.nii", folder);
    assert_ok(dn_volume_write(volume, path, NULL));
    assert_ok(dn_stream_volume(path, NULL, 1.0, "reading", &out));
    assert_int_equal(out->grid.dim[0] * out->grid.dim[1] * out->grid.dim[2], 16);
    for (int v = 0; v < 16; ++v) {
        assert_close(out->data[v], v + 10.0, 1e-4);
    }
    dn_volume_destroy(volume);
    dn_volume_destroy(out);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(means_by_hand), cmocka_unit_test(labels_by_their_rule),
                                       cmocka_unit_test(planes_and_a_short_file), cmocka_unit_test(voxels_without_thickness)};
    return cmocka_run_group_tests(tests, make, clear);
}
