/* Width of borders and noise of a scan: ramps, waves and noise whose answers are closed forms; the limits; what is too small to measure. */
#include "test.h"

#include "base/random.h"
#include "quality/image_quality.h"
#include "quality/score.h"

#include <math.h>
#include <string.h>

enum { N = 48 };

static dn_grid grid_of(int64_t n, double spacing)
{
    return (dn_grid){{n, n, n}, {{{spacing, 0, 0, 0}, {0, spacing, 0, 0}, {0, 0, spacing, 0}}}};
}

/* The wave sin(2 pi (x + y + z) / (sqrt(3) length)), x in mm, plus noise. */
static dn_volume *wave(double length, double spacing, double sd)
{
    const dn_grid grid = grid_of(N, spacing);
    const double pi = acos(-1.0);
    dn_volume *v = NULL;
    dn_random random;
    dn_random_seed(&random, 7);
    assert_ok(dn_volume_create(&grid, &v));
    for (int64_t k = 0; k < N; ++k) {
        for (int64_t j = 0; j < N; ++j) {
            for (int64_t i = 0; i < N; ++i) {
                double along = (double)(i + j + k) * spacing / sqrt(3.0);
                v->data[dn_grid_offset(&grid, i, j, k)] = (float)(sin(2 * pi * along / length) + dn_random_normal(&random, 0, sd));
            }
        }
    }
    return v;
}

static dn_image_quality measure(const dn_volume *v)
{
    dn_image_quality q;
    const double middle[3] = {0.5 * (double)v->grid.dim[0], 0.5 * (double)v->grid.dim[1], 0.5 * (double)v->grid.dim[2]};
    assert_ok(dn_image_quality_measure(v, middle, &q));
    return q;
}

/* A sine of even phase: 95th less 10th percentile sin(0.45 pi) + sin(0.4 pi), 97th of |cos| cos(0.015 pi); central differences see
 * a slope of k sin(k h) / (k h) along each axis. */
static void borders(void **state)
{
    static const struct {
        double length, spacing;
    } cases[] = {{13.7, 1}, {21.3, 1}, {13.7, 0.7}, {31, 1.25}};
    const double pi = acos(-1.0);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_volume *v = wave(cases[i].length, cases[i].spacing, 0);
        double k = 2 * pi / (cases[i].length * sqrt(3.0));
        double steepest = sqrt(3.0) * sin(k * cases[i].spacing) / cases[i].spacing * cos(0.015 * pi);
        double expected = (sin(0.45 * pi) + sin(0.40 * pi)) / steepest;
        dn_image_quality q = measure(v);
        print_message("a wave of %g mm in voxels of %g mm: %.3f mm, expected %.3f\n", cases[i].length, cases[i].spacing, q.edge_mm,
                      expected);
        assert_close(q.edge_mm, expected, 0.03 * expected);
        dn_volume_destroy(v);
    }
}

static void noise(void **state)
{
    (void)state;
    for (double sd = 0.02; sd < 0.3; sd *= 2) {
        dn_volume *v = wave(40, 1, sd);
        dn_image_quality q = measure(v);
        /* of the contrast of the wave, which noise widens by its variance */
        double contrast = 1.9387 * sqrt(1 + 2 * sd * sd);
        print_message("noise of %.2f: %.4f of the contrast, expected %.4f\n", sd, q.noise, sd / contrast);
        assert_close(q.noise, sd / contrast, 0.05 * sd / contrast);
        dn_volume_destroy(v);
    }
}

static void scale_does_not_matter(void **state)
{
    (void)state;
    dn_volume *v = wave(20, 1, 0.05);
    dn_image_quality before = measure(v);
    for (int64_t i = 0; i < dn_grid_count(&v->grid); ++i) {
        v->data[i] = 300.0f * v->data[i] + 1000.0f;
    }
    dn_image_quality after = measure(v);
    assert_close(after.edge_mm, before.edge_mm, 1e-3 * before.edge_mm);
    assert_close(after.noise, before.noise, 1e-3 * before.noise);
    dn_volume_destroy(v);
}

static void nothing_to_measure(void **state)
{
    (void)state;
    const dn_grid flat = grid_of(20, 1), small = grid_of(7, 1);
    dn_volume *v = NULL;
    assert_ok(dn_volume_create(&flat, &v));
    dn_image_quality q = measure(v); /* all zero: no contrast */
    assert_true(isnan(q.edge_mm) && isnan(q.noise));
    dn_volume_destroy(v);
    assert_ok(dn_volume_create(&small, &v));
    q = measure(v);
    assert_true(isnan(q.edge_mm) && isnan(q.noise));
    const double outside[3] = {500, -500, NAN};
    assert_ok(dn_image_quality_measure(v, outside, &q));
    assert_true(isnan(q.edge_mm) && isnan(q.noise));
    dn_volume_destroy(v);
}

/* The marks of docs/evidence/quality_limits.md: full up to 4.0 mm, none from 5.5 mm on; noise full up to 12 % and none from 20 % on (32 %
 * on stacks). */
static void limits(void **state)
{
    static const struct {
        dn_mark mark;
        double measure, expected[3]; /* volumes, slices, stacks */
    } cases[] = {
        {DN_MARK_SHARPNESS, 1.0, {1, 1, 1}},    {DN_MARK_SHARPNESS, 4.0, {1, 1, 1}}, {DN_MARK_SHARPNESS, 4.75, {0.5, 0.5, 0.5}},
        {DN_MARK_SHARPNESS, 5.5, {0, 0, 0}},    {DN_MARK_SHARPNESS, 9.0, {0, 0, 0}}, {DN_MARK_NOISE, 0.12, {1, 1, 1}},
        {DN_MARK_NOISE, 0.16, {0.5, 0.5, 0.8}}, {DN_MARK_NOISE, 0.20, {0, 0, 0.6}},  {DN_MARK_NOISE, 0.32, {0, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        for (int kind = DN_LIMITS_VOLUMES; kind <= (int)DN_LIMITS_STACKS; ++kind) {
            assert_close(dn_score_mark(cases[i].mark, (dn_limits_kind)kind, cases[i].measure), cases[i].expected[kind], 1e-9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders), cmocka_unit_test(noise), cmocka_unit_test(scale_does_not_matter), cmocka_unit_test(nothing_to_measure),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
