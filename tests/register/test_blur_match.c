/* Resolution: a covariance that is added is there, in any direction; pictures of different resolution become alike. */
#include "test.h"

#include "base/random.h"
#include "register/blur_match.h"

#include <math.h>
#include <string.h>

enum { N = 41 };

/* A point becomes a spot of the wanted covariance, with the sum kept. */
static void adds_what_is_asked(void **state)
{
    (void)state;
    static const dn_blur blurs[] = {
        {{1.5, 0.3, 0.8, 0, 0, 0}}, {{0, 0, 2.0, 0, 0, 0}}, {{1.2, 1.5, 2.0, 0.6, -0.5, 0.9}}, {{0.02, 1.8, 0.02, 0.1, 0, -0.1}}, {{0}}};
    for (size_t b = 0; b < sizeof blurs / sizeof *blurs; ++b) {
        const dn_grid grid = {{N, N, N}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
        dn_volume *v = NULL;
        double sum = 0;
        double found[6] = {0};
        assert_ok(dn_volume_create(&grid, &v));
        v->data[dn_grid_offset(&grid, N / 2, N / 2, N / 2)] = 1000;
        assert_ok(dn_blur_add(v, &blurs[b]));
        for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
            const double x = (double)(n % N - N / 2), y = (double)(n / N % N - N / 2), z = (double)(n / N / N - N / 2);
            const double p = (double)v->data[n] / 1000;
            const double term[6] = {x * x, y * y, z * z, x * y, x * z, y * z};
            sum += p;
            for (int t = 0; t < 6; ++t) {
                found[t] += p * term[t];
            }
        }
        assert_close(sum, 1, 1e-5);
        for (int t = 0; t < 6; ++t) {
            assert_close(found[t], blurs[b].v[t], 1e-4);
        }
        dn_volume_destroy(v);
    }
}

/* Blobs of many sizes around the origin of the head. */
static dn_volume *pattern(uint64_t noise_seed)
{
    const dn_grid grid = {{112, 120, 100}, {{{1, 0, 0, -55.5}, {0, 1, 0, -75.5}, {0, 0, 1, -40.5}}}};
    dn_volume *v = NULL;
    dn_random random;
    dn_random noise;
    dn_random_seed(&noise, noise_seed);
    dn_random_seed(&random, 9);
    assert_ok(dn_volume_create(&grid, &v));
    for (int blob = 0; blob < 150; ++blob) {
        const double at[3] = {dn_random_uniform(&random, 5, 107), dn_random_uniform(&random, 5, 115), dn_random_uniform(&random, 5, 95)};
        const double radius = dn_random_uniform(&random, 3, 9);
        const double height = dn_random_uniform(&random, -0.3, 0.3);
        for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
            const double x = (double)(n % 112) - at[0], y = (double)(n / 112 % 120) - at[1], z = (double)(n / 13440) - at[2];
            if (fabs(x) < 12 && fabs(y) < 12 && fabs(z) < 12) {
                v->data[n] += (float)(height / (1.0 + exp(1.5 * (sqrt(x * x + y * y + z * z) - radius))));
            }
        }
    }
    for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
        v->data[n] += 0.5f + 0.01f * (float)dn_random_normal(&noise, 0, 1);
    }
    return v;
}

static void makes_alike(void **state)
{
    (void)state;
    static const dn_blur made[3] = {{{1.6, 0, 0, 0, 0, 0}}, {{0, 1.2, 0.4, 0, 0, 0}}, {{0, 0, 0, 0, 0, 0}}};
    /* What each lacks to a covariance that is below none of them, as far as it is unique: along x and y. */
    dn_volume *v[3];
    dn_blur added[3];
    for (size_t n = 0; n < 3; ++n) {
        v[n] = pattern(n + 1);
        assert_ok(dn_blur_add(v[n], &made[n]));
    }
    assert_ok(dn_blur_match(v, 3, NULL, added));
    for (size_t n = 0; n < 3; ++n) {
        print_message("added %.2f %.2f %.2f, %.2f %.2f %.2f mm2\n", added[n].v[0], added[n].v[1], added[n].v[2], added[n].v[3],
                      added[n].v[4], added[n].v[5]);
        assert_close(made[n].v[0] + added[n].v[0], 1.6, 0.25);
        assert_close(made[n].v[1] + added[n].v[1], 1.2, 0.25);
        assert_close(made[n].v[2] + added[n].v[2], 0.4, 0.25);
        dn_volume_destroy(v[n]);
    }
}

/* Slices that lie askew to the lattice: the covariances along the scans' own axes become alike, whatever that is along the lattice's. */
static void makes_oblique_alike(void **state)
{
    (void)state;
    static const double made[3][3] = {{0, 1.4, 0.2}, {0, 0.2, 1.4}, {0, 0, 0}};
    const double c = cos(0.4), s = sin(0.4);
    const dn_blur_axes own = {{{1, 0, 0}, {0, c, s}, {0, -s, c}}};
    const dn_blur_axes axes[3] = {own, own, own};
    dn_volume *v[3];
    dn_blur added[3];
    for (size_t n = 0; n < 3; ++n) {
        const double a = made[n][1], b = made[n][2];
        const dn_blur blur = {{0, a * c * c + b * s * s, a * s * s + b * c * c, 0, 0, (a - b) * c * s}};
        v[n] = pattern(n + 1);
        assert_ok(dn_blur_add(v[n], &blur));
    }
    assert_ok(dn_blur_match(v, 3, axes, added));
    for (size_t n = 0; n < 3; ++n) {
        const double *m = added[n].v; /* along the own axes: u' m u */
        const double along_1 = c * c * m[1] + s * s * m[2] + 2 * c * s * m[5], along_2 = s * s * m[1] + c * c * m[2] - 2 * c * s * m[5];
        print_message("added %.2f, %.2f and %.2f mm2 along the scan's axes\n", m[0], along_1, along_2);
        assert_close(made[n][1] + along_1, 1.4, 0.25);
        assert_close(made[n][2] + along_2, 1.4, 0.25);
        assert_close(m[0], 0, 0.2);
        dn_volume_destroy(v[n]);
    }
    static const dn_blur crossed[] = {{{0.8, 0.8, 0}}, {{0.7, 0.7, 0.1}}, {{0, 0.8, 0.8}}},
                         nested[] = {{{0.8, 0.8, 0}}, {{0.4, 0.4, 0}}, {{0}}};
    size_t pair[2];
    assert_true(dn_blur_crosses(crossed, 3, pair));
    assert_int_equal(pair[0], 0);
    assert_int_equal(pair[1], 2);
    assert_false(dn_blur_crosses(nested, 3, pair));
    double sd;
    assert_ok(dn_blur_largest(&(dn_blur){{1, 1, 0, 1, 0, 0}}, &sd));
    assert_close(sd, sqrt(2), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_what_is_asked),
        cmocka_unit_test(makes_alike),
        cmocka_unit_test(makes_oblique_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
