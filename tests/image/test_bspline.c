/* Cubic B-splines: go through the voxels, give polynomials of third degree back, and show the same image on another grid. */
#include "test.h"

#include "base/random.h"
#include "image/bspline.h"

#include <math.h>
#include <string.h>

enum { N = 20 };

static dn_volume *make(double (*f)(double, double, double))
{
    dn_grid grid = {{N, N + 1, N + 2}, {{{1.5, 0, 0, -10}, {0, 1, 0, 3}, {0, 0, 2, 5}}}};
    dn_volume *v = NULL;
    dn_random random;
    dn_random_seed(&random, 3);
    assert_ok(dn_volume_create(&grid, &v));
    for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
        const int64_t i = n % N, j = n / N % (N + 1), k = n / N / (N + 1);
        v->data[n] = f != NULL ? (float)f((double)i, (double)j, (double)k) : (float)dn_random_normal(&random, 100, 30);
    }
    return v;
}

static void goes_through_voxels(void **state)
{
    (void)state;
    dn_volume *v = make(NULL);
    dn_volume *c = make(NULL);
    assert_ok(dn_bspline_prefilter(c));
    for (int64_t n = 0; n < dn_grid_count(&v->grid); ++n) {
        const double at[3] = {(double)(n % N), (double)(n / N % (N + 1)), (double)(n / N / (N + 1))};
        assert_close(dn_bspline_at(c->data, c->grid.dim, at), v->data[n], 2e-3);
    }
    dn_volume_destroy(c);
    dn_volume_destroy(v);
}

static double wave(double x, double y, double z)
{
    return 10.0 + sin(0.6 * x) + cos(0.5 * y + 0.2 * z);
}

/* Between voxels; linear interpolation misses this wave by 0.05. */
static void follows_waves(void **state)
{
    (void)state;
    dn_volume *c = make(wave);
    assert_ok(dn_bspline_prefilter(c));
    for (double x = 4.0; x < 15.0; x += 0.37) {
        const double at[3] = {x, 0.9 * x + 0.3, x + 1.1};
        assert_close(dn_bspline_at(c->data, c->grid.dim, at), wave(at[0], at[1], at[2]), 1.5e-3);
    }
    dn_volume_destroy(c);
}

static void moves_onto_grids(void **state)
{
    (void)state;
    dn_volume *c = make(wave);
    dn_volume *out = NULL;
    const dn_grid grid = {{9, 9, 9}, {{{0, 1, 0, -4}, {0.8, 0, 0, 8}, {0, 0, 1.3, 15}}}};
    const dn_affine move = {{{1, 0, 0, 2}, {0, 1, 0, -1}, {0, 0, 1, 4}}};
    assert_ok(dn_bspline_prefilter(c));
    assert_ok(dn_bspline_resample(c, &grid, &move, NAN, &out));
    for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
        double w[3];
        dn_affine_apply(&grid.affine, (const double[3]){(double)(n % 9), (double)(n / 9 % 9), (double)(n / 81)}, w);
        const double at[3] = {(w[0] + 2 + 10) / 1.5, w[1] - 1 - 3, (w[2] + 4 - 5) / 2};
        const bool in = at[0] >= -0.5 && at[0] <= N - 0.5 && at[1] >= -0.5 && at[1] <= N + 0.5 && at[2] >= -0.5 && at[2] <= N + 1.5;
        assert_int_equal(isfinite(out->data[n]) != 0, in);
        if (in && at[0] > 3 && at[0] < N - 4 && at[1] > 3 && at[1] < N - 3 && at[2] > 3 && at[2] < N - 2) {
            assert_close(out->data[n], wave(at[0], at[1], at[2]), 2e-3);
        }
    }
    dn_volume_destroy(out);
    dn_volume_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_through_voxels),
        cmocka_unit_test(follows_waves),
        cmocka_unit_test(moves_onto_grids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
