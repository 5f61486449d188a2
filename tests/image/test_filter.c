/* Smoothing against the closed form, percentiles and sums against sorting. */
#include "test.h"

#include "base/job.h"
#include "base/random.h"
#include "image/filter.h"

#include <math.h>
#include <string.h>

static const dn_grid grid = {{41, 33, 37}, {{{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 0.5, 0}}}};

/* A point spreads to the product of three Gaussians with the asked widths in mm. */
static void point_spread(void **state)
{
    static const double sigma[3] = {2.0, 3.0, 1.2};
    static const double spacing[3] = {1.0, 2.0, 0.5};
    dn_volume *v = NULL;
    double norm[3] = {0, 0, 0};
    double sum = 0.0;
    (void)state;
    assert_ok(dn_volume_create(&grid, &v));
    v->data[dn_grid_offset(&grid, 20, 16, 18)] = 1000.0f;
    assert_ok(dn_filter_gaussian(v, sigma));
    for (int d = 0; d < 3; ++d) {
        int r = (int)ceil(4.0 * sigma[d] / spacing[d]);
        for (int i = -r; i <= r; ++i) {
            norm[d] += exp(-0.5 * pow(i * spacing[d] / sigma[d], 2));
        }
    }
    for (int64_t k = 0; k < grid.dim[2]; ++k) {
        for (int64_t j = 0; j < grid.dim[1]; ++j) {
            for (int64_t i = 0; i < grid.dim[0]; ++i) {
                double d[3] = {(double)(i - 20), (double)(j - 16) * 2.0, (double)(k - 18) * 0.5};
                double expected = 1000.0;
                for (int a = 0; a < 3; ++a) {
                    double steps = fabs(d[a]) / spacing[a];
                    expected *= steps > ceil(4.0 * sigma[a] / spacing[a]) ? 0.0 : exp(-0.5 * pow(d[a] / sigma[a], 2)) / norm[a];
                }
                double found = (double)v->data[dn_grid_offset(&grid, i, j, k)];
                sum += found;
                assert_close(found, expected, 1e-5);
            }
        }
    }
    (void)sum;
    dn_volume_destroy(v);
}

static void constant_stays(void **state)
{
    dn_volume *v = NULL;
    (void)state;
    assert_ok(dn_volume_create(&grid, &v));
    for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
        v->data[i] = 123.0f;
    }
    assert_ok(dn_filter_gaussian(v, (double[3]){30.0, 30.0, 30.0})); /* wider than the image */
    for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
        assert_close(v->data[i], 123.0, 1e-3);
    }
    assert_int_equal(dn_filter_gaussian(v, (double[3]){-1.0, 0, 0}), DN_EUSAGE);
    assert_int_equal(dn_filter_gaussian(v, (double[3]){NAN, 0, 0}), DN_EUSAGE);
    dn_volume_destroy(v);
}

static int ascending(const void *a, const void *b)
{
    float p = *(const float *)a;
    float q = *(const float *)b;
    return p < q ? -1 : p > q;
}

static void percentiles(void **state)
{
    static const double percents[] = {0, 0.5, 1, 25, 50, 63.7, 99.5, 100};
    enum { N = sizeof percents / sizeof percents[0] };
    dn_volume *v = NULL;
    dn_random random;
    double found[N];
    (void)state;
    dn_random_seed(&random, 11);
    assert_ok(dn_volume_create(&grid, &v));
    int64_t count = dn_grid_count(&grid);
    uint8_t *mask = malloc((size_t)count);
    float *sorted = malloc((size_t)count * sizeof *sorted);
    for (int masked = 0; masked < 2; ++masked) {
        int64_t n = 0;
        for (int64_t i = 0; i < count; ++i) {
            /* Negative, positive, many equal values, both zeros. */
            double u = dn_random_unit(&random);
            v->data[i] = u < 0.3 ? 0.0f : u < 0.35 ? -0.0f : (float)dn_random_normal(&random, 5.0, 100.0);
            mask[i] = dn_random_unit(&random) < 0.4;
            if (!masked || mask[i]) {
                sorted[n++] = v->data[i];
            }
        }
        qsort(sorted, (size_t)n, sizeof *sorted, ascending);
        assert_ok(dn_volume_percentiles(v, masked ? mask : NULL, percents, N, found));
        for (int p = 0; p < N; ++p) {
            double at = percents[p] / 100.0 * (double)(n - 1);
            int64_t low = (int64_t)at;
            int64_t high = low + 1 < n ? low + 1 : low;
            double expected = (double)sorted[low] + ((double)sorted[high] - (double)sorted[low]) * (at - (double)low);
            assert_close(found[p], expected, 1e-9);
        }
        dn_volume_summary s;
        double mean = 0.0;
        double square = 0.0;
        for (int64_t i = 0; i < n; ++i) {
            mean += (double)sorted[i] / (double)n;
        }
        for (int64_t i = 0; i < n; ++i) {
            square += ((double)sorted[i] - mean) * ((double)sorted[i] - mean);
        }
        assert_ok(dn_volume_summarise(v, masked ? mask : NULL, &s));
        assert_int_equal(s.count, n);
        assert_close(s.mean, mean, 1e-9);
        assert_close(s.sd, sqrt(square / (double)(n - 1)), 1e-9);
        assert_close(s.minimum, sorted[0], 0.0);
        assert_close(s.maximum, sorted[n - 1], 0.0);
    }
    memset(mask, 0, (size_t)count);
    assert_int_equal(dn_volume_percentiles(v, mask, percents, N, found), DN_EDATA);
    v->data[3] = NAN;
    assert_int_equal(dn_volume_percentiles(v, NULL, percents, N, found), DN_EDATA);
    free(sorted);
    free(mask);
    dn_volume_destroy(v);
}

/* The same bits whatever the number of threads. */
static void sums_do_not_depend_on_threads(void **state)
{
    dn_grid large = {{80, 90, 100}, grid.affine};
    dn_volume *v = NULL;
    dn_random random;
    dn_volume_summary first = {0};
    dn_job job;
    (void)state;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    dn_random_seed(&random, 12);
    assert_ok(dn_volume_create(&large, &v));
    for (int64_t i = 0; i < dn_grid_count(&large); ++i) {
        v->data[i] = (float)dn_random_normal(&random, 1.0, 1000.0);
    }
    for (int t = 1; t <= 4; ++t) {
        dn_volume_summary s;
        dn_job_set_threads(&job, t);
        assert_ok(dn_volume_summarise(v, NULL, &s));
        if (t == 1) {
            first = s;
        }
        assert_close(s.mean, first.mean, 0.0);
        assert_close(s.sd, first.sd, 0.0);
    }
    dn_job_leave(NULL);
    dn_job_release(&job);
    dn_volume_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(point_spread), cmocka_unit_test(constant_stays), cmocka_unit_test(percentiles),
                                       cmocka_unit_test(sums_do_not_depend_on_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
