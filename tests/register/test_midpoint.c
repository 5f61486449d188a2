/* The midpoint of scans of one head: known motions are found again, other contrast and bias field notwithstanding; the frame lies in the
 * middle of two scans; the order of the scans has no influence when they are sorted; equal scans stay where they are. */
#include "sessions_maker.h"
#include "test.h"

#include "register/midpoint.h"

#include <math.h>
#include <string.h>

static const session_look looks[] = {
    {.twist = {{0, 0, 0}, {0, 0, 0}}, .power = 1.0, .bias = 0.0, .noise = 0.005, .gain = 1000, .seed = 1},
    {.twist = {{0.05, -0.03, 0.06}, {3, -4, 2}}, .power = 0.8, .bias = 0.12, .noise = 0.01, .gain = 30, .seed = 2},
    {.twist = {{-0.04, 0.05, 0.02}, {-2, 5, -3}}, .power = 1.25, .bias = -0.12, .noise = 0.01, .gain = 4000, .seed = 3},
};

/* mm between where two motions bring a point. */
static double apart(const dn_affine *a, const dn_affine *b, const double point[3])
{
    double p[3], q[3];
    dn_affine_apply(a, point, p);
    dn_affine_apply(b, point, q);
    return sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) + (p[2] - q[2]) * (p[2] - q[2]));
}

static double degrees_of(const dn_affine *motion)
{
    dn_twist twist;
    dn_rigid_log(motion, &twist);
    return 57.29577951308232 * sqrt(twist.turn[0] * twist.turn[0] + twist.turn[1] * twist.turn[1] + twist.turn[2] * twist.turn[2]);
}

/* The motion from scan a to scan b: as found less as made. */
static void assert_motion(const dn_midpoint *m, size_t a, size_t b)
{
    dn_affine made[2];
    dn_affine inverse;
    dn_affine found;
    dn_affine error;
    double worst = 0;
    dn_rigid_exp(&looks[a].twist, &made[0]);
    dn_rigid_exp(&looks[b].twist, &made[1]);
    dn_rigid_invert(&made[0], &inverse);
    dn_affine_compose(&made[1], &inverse, &made[1]); /* world of a -> world of b */
    dn_rigid_invert(&m->to_scan[a], &inverse);
    dn_affine_compose(&m->to_scan[b], &inverse, &found);
    static const double corner[][3] = {{0, 0, 0}, {40, 0, 0}, {-40, 0, 0}, {0, 50, 0}, {0, -60, 0}, {0, 0, 50}};
    for (size_t c = 0; c < sizeof corner / sizeof *corner; ++c) {
        worst = fmax(worst, apart(&found, &made[1], corner[c]));
    }
    dn_rigid_invert(&made[1], &inverse);
    dn_affine_compose(&inverse, &found, &error);
    print_message("scan %zu to %zu: off by %.3f mm and %.3f degrees\n", a, b, worst, degrees_of(&error));
    assert_close(worst, 0, 0.1);
    assert_close(degrees_of(&error), 0, 0.1);
}

static void finds_known_motions(void **state)
{
    (void)state;
    dn_volume *scan[3];
    dn_midpoint m;
    for (size_t n = 0; n < 3; ++n) {
        scan[n] = session_make(&looks[n]);
    }
    assert_ok(dn_midpoint_find((const dn_volume *const *)scan, 3, &m));
    print_message("last step %.4f mm, size %.3f\n", m.last_step_mm, m.size);
    assert_motion(&m, 0, 1);
    assert_motion(&m, 0, 2);
    assert_motion(&m, 1, 2);
    for (size_t n = 0; n < 3; ++n) {
        print_message("correlation %.4f\n", m.correlation[n]);
        assert_true(m.correlation[n] > 0.97);
    }
    dn_grid grid;
    dn_volume *picture[2] = {NULL, NULL};
    dn_midpoint_grid(&m, (const dn_volume *const *)scan, &grid);
    double sum = 0;
    double scale = 0;
    for (size_t n = 0; n < 2; ++n) { /* other contrast and field, and yet the same picture, in a cube of 6 cm in the middle of the brain */
        assert_ok(dn_midpoint_scan(&m, scan[n], n, &grid, &picture[n]));
    }
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double at[3] = {(double)(v % grid.dim[0]) + grid.affine.m[0][3],
                              (double)(v / grid.dim[0] % grid.dim[1]) + grid.affine.m[1][3],
                              (double)(v / grid.dim[0] / grid.dim[1]) + grid.affine.m[2][3]};
        if (fabs(at[0]) < 30 && fabs(at[1]) < 30 && fabs(at[2] - 15) < 30) {
            sum += pow((double)picture[0]->data[v] - (double)picture[1]->data[v], 2);
            scale += pow((double)picture[0]->data[v], 2);
        }
    }
    print_message("difference %.4f of the signal\n", sqrt(sum / scale));
    assert_true(sqrt(sum / scale) < 0.05);
    for (size_t n = 0; n < 3; ++n) {
        dn_volume_destroy(scan[n]);
    }
    dn_volume_destroy(picture[0]);
    dn_volume_destroy(picture[1]);
    dn_midpoint_release(&m);
}

/* The same file twice: no motion between them, and the same bytes. */
static void identity(void **state)
{
    (void)state;
    dn_volume *scan[2] = {session_make(&looks[1]), session_make(&looks[1])};
    dn_midpoint m;
    assert_ok(dn_midpoint_find((const dn_volume *const *)scan, 2, &m));
    assert_memory_equal(&m.to_scan[0], &m.to_scan[1], sizeof m.to_scan[0]);
    assert_close(m.correlation[0], 1, 1e-6);
    dn_midpoint_release(&m);
    dn_volume_destroy(scan[0]);
    dn_volume_destroy(scan[1]);
}

/* Neither of two scans is the reference: exchanged, the motions are exchanged. */
static void no_reference(void **state)
{
    (void)state;
    dn_volume *a = session_make(&looks[1]);
    dn_volume *b = session_make(&looks[2]);
    dn_midpoint one;
    dn_midpoint other;
    assert_ok(dn_midpoint_find((const dn_volume *const[]){a, b}, 2, &one));
    assert_ok(dn_midpoint_find((const dn_volume *const[]){b, a}, 2, &other));
    for (size_t n = 0; n < 2; ++n) {
        for (int i = 0; i < 3; ++i) {
            for (int j = 0; j < 4; ++j) {
                assert_close(one.to_scan[n].m[i][j], other.to_scan[1 - n].m[i][j], 1e-9);
            }
        }
    }
    dn_midpoint_release(&one);
    dn_midpoint_release(&other);
    dn_volume_destroy(a);
    dn_volume_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_known_motions),
        cmocka_unit_test(identity),
        cmocka_unit_test(no_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
