/* The edge of the skull's inside on a ball in layers, where the true volume is known. */
#include "segment/head/rim.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIZE = 64, VOXELS = SIZE * SIZE * SIZE };
#define MM 2.0
#define TRUE_RADIUS 45.0

static float scan[VOXELS], inside[VOXELS], fluid[VOXELS], moved[VOXELS];

static double share_within(double distance, double radius) /* of a voxel, across a flat edge */
{
    return fmin(fmax((radius - distance) / MM + 0.5, 0.0), 1.0);
}

/* Tissue, 10 mm of fluid, bone of some thickness, scalp, air. The network believes the inside to end at `believed`. */
static void draw(double believed, double bone_mm, float fluid_is, float bone_is)
{
    for (int v = 0; v < VOXELS; ++v) {
        const int at[3] = {v / (SIZE * SIZE), v / SIZE % SIZE, v % SIZE};
        double d = 0;
        for (int c = 0; c < 3; ++c) {
            d += pow(MM * (at[c] - 0.5 * (SIZE - 1)), 2);
        }
        d = sqrt(d);
        const double edges[4] = {TRUE_RADIUS - 10, TRUE_RADIUS, TRUE_RADIUS + bone_mm, TRUE_RADIUS + bone_mm + 5};
        const double values[5] = {0.8, (double)fluid_is, (double)bone_is, 0.7, 0.0};
        double value = values[4];
        for (int e = 3; e >= 0; --e) {
            double share = share_within(d, edges[e]);
            value = share * values[e] + (1 - share) * value;
        }
        scan[v] = (float)value;
        inside[v] = (float)(1 / (1 + exp((d - believed) / 0.5)));
        fluid[v] = d > TRUE_RADIUS - 10 && d < believed ? 0.9f : 0.0f;
    }
}

static double volume(const float *probability)
{
    double sum = 0;
    for (int v = 0; v < VOXELS; ++v) {
        sum += (double)probability[v];
    }
    return sum * MM * MM * MM;
}

static dn_rim fit(void)
{
    dn_rim rim;
    dn_rim_input in = {.dim = {SIZE, SIZE, SIZE}, .mm = {MM, MM, MM}, .scan = scan, .inside = inside, .fluid = fluid};
    in.up[2] = MM;
    in.up[3] = -MM * 0.5 * (SIZE - 1) + 20.0;
    assert_int_equal(dn_rim_fit(&in, moved, &rim), DN_OK);
    return rim;
}

static double error_percent(const float *probability)
{
    const double truth = 4.0 / 3.0 * 3.14159265358979 * pow(TRUE_RADIUS, 3);
    return 100 * (volume(probability) / truth - 1);
}

static void test_finds_the_edge(void **state)
{
    (void)state;
    const double believed[] = {TRUE_RADIUS - 2, TRUE_RADIUS - 1, TRUE_RADIUS, TRUE_RADIUS + 1, TRUE_RADIUS + 2};
    const double bones[] = {6, 10};
    for (size_t b = 0; b < 2; ++b) {
        double least[2] = {INFINITY, INFINITY}, most[2] = {-INFINITY, -INFINITY};
        for (size_t n = 0; n < 5; ++n) {
            draw(believed[n], bones[b], 0.35f, 0.05f);
            dn_rim rim = fit();
            double before = error_percent(inside), after = error_percent(moved);
            print_message("bone %2.0f mm, edge believed %+.0f mm off: error before %+5.1f %%, after %+5.1f %% (moved %+.2f mm)\n", bones[b],
                          believed[n] - TRUE_RADIUS, before, after, rim.shift_mm);
            assert_true(rim.fitted);
            assert_float_equal(rim.fluid, 0.35, 0.1);
            assert_float_equal(rim.bone, 0.05, 0.05);
            least[0] = fmin(least[0], before);
            most[0] = fmax(most[0], before);
            least[1] = fmin(least[1], after);
            most[1] = fmax(most[1], after);
            /* The prior and the high threshold keep a part of the error, more of it where the edge has to move outwards. */
            assert_true(fabs(after) < 2.5 + 0.5 * fabs(before));
        }
        print_message("from %.1f to %.1f %% before, from %.1f to %.1f %% after\n", least[0], most[0], least[1], most[1]);
        assert_true(most[1] - least[1] < 0.5 * (most[0] - least[0]));
    }
}

static void test_leaves_what_it_cannot_see(void **state)
{
    (void)state;
    draw(TRUE_RADIUS + 2, 8, 0.10f, 0.05f); /* fluid as dark as bone */
    assert_false(fit().fitted);
    assert_memory_equal(moved, inside, sizeof moved);
    draw(TRUE_RADIUS + 2, 8, 0.35f, 0.05f);
    for (int v = 0; v < VOXELS; ++v) {
        fluid[v] = 0; /* no fluid known */
    }
    assert_false(fit().fitted);
    assert_memory_equal(moved, inside, sizeof moved);
    for (int v = 0; v < VOXELS; ++v) {
        inside[v] = 0; /* nothing inside */
    }
    assert_false(fit().fitted);
    assert_memory_equal(moved, inside, sizeof moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_edge),
        cmocka_unit_test(test_leaves_what_it_cannot_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
