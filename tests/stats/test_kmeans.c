/* k-means against SciPy's from the same start, its seeded start, and what it refuses. */
#include "kmeans_reference.h"
#include "stats/kmeans.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { N = 5000 };
static float values[N];
static dn_kmeans_data data;

/* The numbers of tools/reference_kmeans.py. */
static int make(void **state)
{
    int64_t s = 12345;
    (void)state;
    for (int i = 0; i < N; ++i) {
        int64_t total = 0;
        for (int n = 0; n < 6; ++n) {
            s = s * 16807 % 2147483647;
            total += s % 1000;
        }
        values[i] = (float)(40.0 * (1 + i % 5) + (double)total / 100.0);
    }
    return dn_kmeans_prepare(values, N, &data) == DN_OK ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    dn_kmeans_release(&data);
    return 0;
}

static void as_scipy(void **state)
{
    double worst = 0.0;
    (void)state;
    for (size_t r = 0; r < sizeof references / sizeof *references; ++r) {
        const int k = references[r].k;
        const double low = (double)data.value[0], high = (double)data.value[N - 1];
        double start[9];
        dn_kmeans run;
        for (int c = 0; c < k; ++c) {
            start[c] = low + (high - low) * (c + 1) / (k + 1);
        }
        assert_ok(dn_kmeans_run(&data, k, start, 300, &run));
        for (int c = 0; c < k; ++c) {
            worst = fmax(worst, fabs(run.centre[c] - references[r].centre[c]));
            assert_int_equal(run.size[c], references[r].size[c]);
        }
    }
    printf("largest difference from SciPy's centres: %.3g\n", worst);
    assert_true(worst < 1e-8);
}

static void labels_are_the_nearest(void **state)
{
    dn_kmeans run;
    (void)state;
    assert_ok(dn_kmeans_best(&data, 6, 1, 4, 300, &run));
    for (int i = 0; i < N; i += 7) {
        const int c = dn_kmeans_nearest(&run, (double)values[i]);
        for (int other = 0; other < 6; ++other) {
            assert_true(fabs((double)values[i] - run.centre[c]) <= fabs((double)values[i] - run.centre[other]));
        }
    }
}

/* The same seed gives the same; of several starts the best is taken. */
static void seeds(void **state)
{
    dn_kmeans a, b, one;
    double best = INFINITY;
    (void)state;
    assert_ok(dn_kmeans_best(&data, 5, 9, 4, 300, &a));
    assert_ok(dn_kmeans_best(&data, 5, 9, 4, 300, &b));
    assert_memory_equal(a.centre, b.centre, sizeof a.centre);
    for (int s = 0; s < 4; ++s) {
        assert_ok(dn_kmeans_best(&data, 5, (uint64_t)(100 + s), 1, 300, &one));
        best = fmin(best, one.within);
    }
    assert_true(a.within <= best * 1.5);
    /* Five heaps of a thousand each, 40 apart. */
    for (int c = 0; c < 5; ++c) {
        assert_close(a.size[c], 1000, 60);
        assert_close(a.centre[c], 40.0 * (c + 1) + 29.97, 1.0);
    }
}

static void refusals(void **state)
{
    static const float same[4] = {3, 3, 3, 3}, bad[2] = {1, NAN};
    dn_kmeans_data few = {0};
    double centre[DN_KMEANS_MOST];
    (void)state;
    assert_int_equal(dn_kmeans_start(&data, 1, 1, centre), DN_EUSAGE);
    assert_int_equal(dn_kmeans_start(&data, 40, 1, centre), DN_EUSAGE);
    assert_ok(dn_kmeans_prepare(same, 4, &few));
    assert_int_equal(dn_kmeans_start(&few, 2, 1, centre), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "only 1 different intensities"));
    dn_kmeans_release(&few);
    assert_int_equal(dn_kmeans_prepare(bad, 2, &few), DN_EDATA);
    dn_kmeans_release(&few);
    assert_int_equal(dn_kmeans_prepare(bad, 0, &few), DN_EDATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_scipy), cmocka_unit_test(labels_are_the_nearest), cmocka_unit_test(seeds),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, make, clear);
}
