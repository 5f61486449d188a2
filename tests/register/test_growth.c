/* A ball that shrinks by a known share is found to have shrunk by that share, with and without noise and when it has moved; equal pictures
 * give no growth. */
#include "test.h"

#include "base/random.h"
#include "register/growth.h"

#include <math.h>
#include <stdlib.h>

enum { SIZE = 64 };
#define RADIUS 12.0

/* Bright ball with an edge of about a millimetre in a darker one, on a lattice of 1 mm. */
static dn_volume *ball(double radius, const double middle[3], double noise, uint64_t seed)
{
    const dn_grid grid = {{SIZE, SIZE, SIZE}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *v = NULL;
    dn_random random;
    dn_random_seed(&random, seed);
    assert_ok(dn_volume_create(&grid, &v));
    for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
        const double at[3] = {(double)(n % SIZE), (double)(n / SIZE % SIZE), (double)(n / (SIZE * SIZE))};
        double r = 0.0;
        for (int a = 0; a < 3; ++a) {
            r += (at[a] - middle[a]) * (at[a] - middle[a]);
        }
        r = sqrt(r);
        const double inner = 0.5 * (1.0 - tanh((r - radius) / 0.8));
        const double outer = 0.5 * (1.0 - tanh((r - 2.0 * RADIUS) / 0.8));
        v->data[n] = (float)(100.0 * (0.2 + 0.3 * outer + 0.3 * inner + noise * dn_random_normal(&random, 0.0, 1.0)));
    }
    return v;
}

/* Change of the ball's volume, %. */
static double found(const dn_volume *from, const dn_volume *to)
{
    static const int64_t first[3] = {8, 8, 8}, dim[3] = {48, 48, 48};
    dn_volume *growth = NULL;
    double sum = 0.0;
    int64_t voxels = 0;
    assert_ok(dn_growth_find(from, to, first, dim, 80.0, &growth));
    for (int64_t n = 0; n < dn_grid_count(&growth->grid); ++n) {
        const double x = (double)(n % 48) - 23.5, y = (double)(n / 48 % 48) - 23.5, z = (double)(n / (48 * 48)) - 23.5;
        if (x * x + y * y + z * z < RADIUS * RADIUS) {
            sum += (double)growth->data[n];
            ++voxels;
        }
    }
    dn_volume_destroy(growth);
    return 100.0 * (sum / (double)voxels - 1.0);
}

static const double middle[3] = {31.5, 31.5, 31.5};

static void equal_pictures(void **state)
{
    (void)state;
    dn_volume *v = ball(RADIUS, middle, 0.02, 3);
    const double change = found(v, v);
    if (!(fabs(change) < 1e-3)) {
        fail_msg("equal pictures: expected no growth, found %g %%", change);
    }
    dn_volume_destroy(v);
}

static void known_shares(void **state)
{
    (void)state;
    static const double shares[] = {-4.0, -2.0, -1.0, 1.0};
    static const double moved[3] = {31.8, 31.4, 31.6};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; ++i) {
        for (int noisy = 0; noisy < 2; ++noisy) {
            const double radius = RADIUS * cbrt(1.0 + 0.01 * shares[i]);
            dn_volume *from = ball(RADIUS, middle, noisy ? 0.005 : 0.0, 3);
            dn_volume *to = ball(radius, noisy ? moved : middle, noisy ? 0.005 : 0.0, 4);
            const double change = found(from, to);
            if (!(fabs(change - shares[i]) < 0.05 * fabs(shares[i]) + (noisy ? 0.1 : 0.02))) {
                fail_msg("%s: expected %+.2f %%, found %+.2f %%", noisy ? "noise, moved" : "clean", shares[i], change);
            }
            dn_volume_destroy(from);
            dn_volume_destroy(to);
        }
    }
}

static void refused(void **state)
{
    (void)state;
    static const int64_t first[3] = {0, 0, 0}, dim[3] = {48, 48, 48};
    dn_volume *a = ball(RADIUS, middle, 0.0, 3), *b = ball(RADIUS, middle, 0.0, 3), *growth = NULL;
    b->grid.affine.m[0][3] = 1.0;
    assert_int_equal(dn_growth_find(a, b, first, dim, 80.0, &growth), DN_EGEOMETRY);
    dn_volume_destroy(a);
    dn_volume_destroy(b);
}

static void no_bright_tissue(void **state)
{
    (void)state;
    static const int64_t first[3] = {0, 0, 0}, dim[3] = {8, 8, 8};
    dn_volume *v = ball(RADIUS, middle, 0.0, 1), *out = NULL;
    assert_int_equal(dn_growth_find(v, v, first, dim, 0.0, &out), DN_EDATA);
    assert_null(out);
    dn_volume_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_pictures), cmocka_unit_test(no_bright_tissue), cmocka_unit_test(known_shares),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
