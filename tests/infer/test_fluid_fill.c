/* What is put around the brain of a scan without skull: a round brain whose layers are known. */
#include "test.h"

#include "base/job.h"
#include "infer/fluid_fill.h"

#include <math.h>
#include <string.h>

enum { N = 100 };
#define BRAIN_MM 22.0
#define FLUID_MM 24.0 /* labelled as fluid up to here, and bright: left by who took the skull off */
#define WHITE 0.7
#define DARK 0.25

static double radius(int64_t v)
{
    double x = (double)(v % N) - 49.5;
    double y = (double)(v / N % N) - 49.5;
    double z = (double)(v / (N * N)) - 49.5;
    return sqrt(x * x + y * y + z * z);
}

static void make(dn_volume **scan, dn_labels **labels)
{
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    assert_ok(dn_volume_create(&grid, scan));
    assert_ok(dn_labels_create(&grid, labels));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        double r = radius(v);
        bool left = v % N < N / 2;
        (*labels)->data[v] = (uint16_t)(r < 6 ? (left ? 4 : 43) : r < BRAIN_MM ? (left ? 2 : 41) : r < FLUID_MM ? 24 : 0);
        (*scan)->data[v] = (float)(r < 6 ? DARK : r < BRAIN_MM ? WHITE : r < FLUID_MM ? 0.5 : 0.0);
    }
}

/* A sum of the squares of the smoothing's weights, along one axis: what it leaves of the noise's variance. */
static double kept_variance(void)
{
    double sum = 0.0;
    double squares = 0.0;
    for (int d = -3; d <= 3; ++d) {
        double w = exp(-0.5 * d * d / (0.7 * 0.7));
        sum += w;
        squares += w * w;
    }
    return squares / (sum * sum);
}

static void layers(void **state)
{
    (void)state;
    dn_volume *scan, *filled;
    dn_labels *labels;
    dn_fluid_fill report;
    make(&scan, &labels);
    assert_ok(dn_fluid_fill_around(scan, labels, &filled, &report));
    assert_true(report.done);
    assert_close(report.white_matter, WHITE, 1e-6);
    assert_close(report.fluid, DARK, 1e-6);
    double sum = 0.0;
    double squares = 0.0;
    int64_t count = 0;
    for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
        double r = radius(v);
        double value = (double)filled->data[v];
        if (r < BRAIN_MM) {
            assert_true(filled->data[v] == scan->data[v]);
        } else if (r > BRAIN_MM + 2.0 && r < BRAIN_MM + 9.0) { /* so, too, where fluid was labelled and bright */
            sum += value;
            squares += value * value;
            ++count;
        } else if (r > BRAIN_MM + 11.0 && r < BRAIN_MM + 14.0) {
            assert_close(value, 1.1 * WHITE, 1e-6);
        } else if (r > BRAIN_MM + 16.0) {
            assert_true(filled->data[v] == 0.0f);
        }
    }
    double mean = sum / (double)count;
    double sd = sqrt(squares / (double)count - mean * mean);
    double expected = 0.1 * WHITE * pow(kept_variance(), 1.5);
    print_message("fluid: mean %.4f (expected %.4f), sd %.4f (expected %.4f), %lld voxels\n", mean, 0.8 * DARK, sd, expected,
                  (long long)count);
    assert_close(mean, 0.8 * DARK, 0.002);
    assert_close(sd, expected, 0.03 * expected);
    dn_volume_destroy(scan);
    dn_volume_destroy(filled);
    dn_labels_destroy(labels);
}

static void same_again(void **state)
{
    (void)state;
    dn_volume *scan, *filled[2];
    dn_labels *labels;
    dn_fluid_fill report;
    make(&scan, &labels);
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    for (int n = 0; n < 2; ++n) {
        dn_job_set_threads(&job, n == 0 ? 1 : 4);
        assert_ok(dn_fluid_fill_around(scan, labels, &filled[n], &report));
    }
    dn_job_leave(NULL);
    dn_job_release(&job);
    assert_memory_equal(filled[0]->data, filled[1]->data, (size_t)dn_grid_count(&scan->grid) * sizeof(float));
    for (int n = 0; n < 2; ++n) {
        dn_volume_destroy(filled[n]);
    }
    dn_volume_destroy(scan);
    dn_labels_destroy(labels);
}

static void refused(void **state)
{
    (void)state;
    dn_volume *scan, *filled = NULL;
    dn_labels *labels;
    dn_fluid_fill report;
    make(&scan, &labels);
    for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
        scan->data[v] = scan->data[v] > 0.0f ? 0.9f - scan->data[v] : 0.0f; /* as T2-weighted scans are */
    }
    assert_int_equal(dn_fluid_fill_around(scan, labels, &filled, &report), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "ventricles"));
    for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
        labels->data[v] = labels->data[v] == 4 || labels->data[v] == 43 ? 0 : labels->data[v];
    }
    assert_int_equal(dn_fluid_fill_around(scan, labels, &filled, &report), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "ventricle"));
    assert_null(filled);
    assert_false(report.done);
    dn_volume_destroy(scan);
    dn_labels_destroy(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(layers), cmocka_unit_test(same_again), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
