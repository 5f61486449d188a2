/* A cleft that opens: its volume by the closed form, that of what lies beside it as it was, and nothing folds. */
#include "test.h"

#include "synth/cleft.h"

#include <math.h>
#include <string.h>

#define STEP 0.2
#define HALF 1.5
#define REACH 8.0
#define RADIUS 9.0

static const dn_cleft cleft = {{3.0, -2.0, 5.0}, {0.6, 0.8, 0.0}, HALF, REACH, RADIUS};

/* Volumes, in the head whose walls have moved, of a box of fluid between the walls and of one beside it on each side. */
static void volumes(double opening, double *fluid, double *beside)
{
    *fluid = 0.0;
    *beside = 0.0;
    for (double u = -16.0 + 0.5 * STEP; u < 16.0; u += STEP) {
        for (double v = -6.0 + 0.5 * STEP; v < 6.0; v += STEP) {
            for (double w = -6.0 + 0.5 * STEP; w < 6.0; w += STEP) {
                /* across, and two directions along */
                double p[3] = {cleft.centre[0] + 0.6 * u - 0.8 * v, cleft.centre[1] + 0.8 * u + 0.6 * v, cleft.centre[2] + w};
                dn_cleft_source(&cleft, opening, p);
                double from = 0.6 * (p[0] - cleft.centre[0]) + 0.8 * (p[1] - cleft.centre[1]);
                *fluid += fabs(from) < HALF ? STEP * STEP * STEP : 0.0;
                *beside += fabs(from) > HALF && fabs(from) < REACH ? STEP * STEP * STEP : 0.0;
            }
        }
    }
}

static void closed_form(void **state)
{
    (void)state;
    const double openings[] = {-1.2, -0.7, 0.0, 0.8, 3.0};
    for (size_t n = 0; n < sizeof openings / sizeof *openings; ++n) {
        double fluid, beside;
        volumes(openings[n], &fluid, &beside);
        double expected = 2.0 * HALF * 144.0 * (HALF + openings[n]) / HALF;
        double kept = 2.0 * (REACH - HALF) * 144.0;
        print_message("opening %+.1f mm: fluid %.1f (expected %.1f), beside %.1f (expected %.1f)\n", openings[n], fluid, expected, beside,
                      kept);
        assert_close(fluid, expected, 0.03 * expected + 2.0 * STEP * 144.0);
        assert_close(beside, kept, 2.0 * STEP * 144.0);
    }
}

/* Along the way across, source places follow each other; further out than `still` they stay. */
static void follow(void (*source)(const dn_cleft *, double, double *), double opening, double most, double still, double tolerance)
{
    double before = -1e9;
    for (double u = -most; u < most; u += 0.05) {
        double p[3] = {cleft.centre[0] + 0.6 * u, cleft.centre[1] + 0.8 * u, cleft.centre[2]};
        source(&cleft, opening, p);
        double from = 0.6 * (p[0] - cleft.centre[0]) + 0.8 * (p[1] - cleft.centre[1]);
        assert_true(from > before);
        if (fabs(u) > still) {
            assert_close(from, u, tolerance);
        }
        before = from;
    }
}

/* Along the way across, source places follow each other, far away nothing moves, and the room is kept. */
static void smooth(void **state)
{
    (void)state;
    assert_close(dn_cleft_room(&cleft), 0.8 * HALF, 1e-12);
    for (double opening = -dn_cleft_room(&cleft); opening <= 4.0; opening += 0.4) {
        follow(dn_cleft_source, opening, 40.0, REACH + fmax(0.0, opening) + DN_CLEFT_FADE_MM, 1e-9);
        double p[3] = {cleft.centre[0] + 0.6 * 4.0, cleft.centre[1] + 0.8 * 4.0, cleft.centre[2] + RADIUS + DN_CLEFT_FADE_MM + 0.1};
        const double there[3] = {p[0], p[1], p[2]};
        dn_cleft_source(&cleft, opening, p);
        assert_memory_equal(p, there, sizeof there);
    }
}

/* Pressed: source places follow each other at every opening, the wall moves by tanh of its place, and far away nothing moves. */
static void pressed(void **state)
{
    (void)state;
    for (double opening = -6.0; opening <= 6.0; opening += 0.75) {
        follow(dn_cleft_pressed_source, opening, 60.0, 30.0, 1e-6);
        double p[3] = {cleft.centre[0] + 0.6 * 2.0, cleft.centre[1] + 0.8 * 2.0, cleft.centre[2]};
        dn_cleft_pressed_source(&cleft, opening, p);
        double from = 0.6 * (p[0] - cleft.centre[0]) + 0.8 * (p[1] - cleft.centre[1]);
        double expected = 2.0 - opening * tanh(2.0 / (0.8 + 1.3 * fabs(opening))) * exp(-pow(2.0 / 14.0, 4.0));
        print_message("opening %+.2f mm: from %.4f mm (expected %.4f)\n", opening, from, expected);
        assert_close(from, expected, 1e-9);
        double far[3] = {p[0], p[1], cleft.centre[2] + 60.0};
        const double there[3] = {far[0], far[1], far[2]};
        dn_cleft_pressed_source(&cleft, opening, far);
        assert_close(far[0], there[0], 1e-6);
    }
}

/* A ball of 4 mm in the middle of a side follows the change of its volume nearly; the other side's stays when only one
 * changes. */
static void sides_follow(void **state)
{
    (void)state;
    const double changes[][2] = {{-0.2, -0.2}, {-0.1, 0.0}, {0.2, 0.2}, {0.0, 0.15}};
    const double middle = 0.5 * (HALF + REACH);
    for (size_t n = 0; n < sizeof changes / sizeof *changes; ++n) {
        double found[2] = {0.0, 0.0};
        for (double u = -12.0 + 0.5 * STEP; u < 12.0; u += STEP) {
            for (double v = -8.0 + 0.5 * STEP; v < 8.0; v += STEP) {
                for (double w = -8.0 + 0.5 * STEP; w < 8.0; w += STEP) {
                    double p[3] = {cleft.centre[0] + 0.6 * u - 0.8 * v, cleft.centre[1] + 0.8 * u + 0.6 * v, cleft.centre[2] + w};
                    dn_cleft_sides_source(&cleft, changes[n], p);
                    const double d[3] = {p[0] - cleft.centre[0], p[1] - cleft.centre[1], p[2] - cleft.centre[2]};
                    for (int side = 0; side < 2; ++side) {
                        const double m = side == 0 ? -middle : middle;
                        const double at[3] = {d[0] - 0.6 * m, d[1] - 0.8 * m, d[2]};
                        found[side] += at[0] * at[0] + at[1] * at[1] + at[2] * at[2] < 16.0 ? STEP * STEP * STEP : 0.0;
                    }
                }
            }
        }
        for (int side = 0; side < 2; ++side) {
            const double change = found[side] / (4.0 / 3.0 * 3.14159265 * 64.0) - 1.0;
            print_message("side %d: %+.3f (expected %+.3f)\n", side, change, changes[n][side]);
            assert_close(change, changes[n][side], 0.04);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closed_form), cmocka_unit_test(smooth), cmocka_unit_test(pressed),
                                       cmocka_unit_test(sides_follow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
