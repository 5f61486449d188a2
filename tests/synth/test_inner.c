/* What varies inside a structure: nothing unless asked for, mirrored on the other side, as strong as its options say. */
#include "test.h"

#include "synth/inner.h"

#include <math.h>

enum { N = 48 };

/* Thalamus 10 | 49: two boxes beside the midline, mirror images of each other, in white matter 2 | 41. */
static dn_labels *two_sides(void)
{
    const double half = 0.5 * (N - 1);
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, -half}, {0, 1, 0, -half}, {0, 0, 1, -half}}}};
    dn_labels *labels = NULL;
    assert_ok(dn_labels_create(&grid, &labels));
    for (int64_t k = 0; k < N; ++k) {
        for (int64_t j = 0; j < N; ++j) {
            for (int64_t i = 0; i < N; ++i) {
                const double x = (double)i - half;
                const bool inside = fabs(fabs(x) - 10.0) < 7.0 && j > 12 && j < 36 && k > 16 && k < 32;
                labels->data[dn_grid_offset(&grid, i, j, k)] = (uint16_t)(inside ? (x < 0.0 ? 10 : 49) : (x < 0.0 ? 2 : 41));
            }
        }
    }
    return labels;
}

typedef struct inner_case {
    dn_labels *labels;
    dn_tissues *tissues;
    dn_volume *volume;
} inner_case;

static void begin(inner_case *it)
{
    it->labels = two_sides();
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &it->tissues));
    assert_ok(dn_volume_create(&it->labels->grid, &it->volume));
    for (int64_t v = 0; v < dn_grid_count(&it->volume->grid); ++v) {
        it->volume->data[v] = 128.0f;
    }
}

static void end(inner_case *it)
{
    dn_volume_destroy(it->volume);
    dn_tissues_destroy(it->tissues);
    dn_labels_destroy(it->labels);
}

static void none_draws_nothing(void **state)
{
    (void)state;
    inner_case it;
    dn_random random, same;
    const dn_inner_options none = {.texture_mm = 6.0};
    begin(&it);
    dn_random_seed(&random, 3);
    dn_random_seed(&same, 3);
    assert_ok(dn_inner_paint(it.volume, it.labels, it.tissues, &none, &random));
    assert_true(it.volume->data[1000] == 128.0f);                  /* NOLINT: nothing was added */
    assert_true(dn_random_unit(&random) == dn_random_unit(&same)); /* NOLINT: the same state */
    end(&it);
}

static void sides_are_mirrored(void **state)
{
    (void)state;
    inner_case it;
    dn_random random;
    const dn_inner_options slope = {.gradient = 0.2, .texture_mm = 6.0};
    double steepest = 0.0, apart = 0.0, most = 0.0;
    begin(&it);
    dn_random_seed(&random, 5);
    assert_ok(dn_inner_paint(it.volume, it.labels, it.tissues, &slope, &random));
    for (int64_t k = 17; k < 32; ++k) {
        for (int64_t j = 13; j < 36; ++j) {
            for (int64_t i = 0; i < N / 2; ++i) {
                const float left = it.volume->data[dn_grid_offset(&it.volume->grid, i, j, k)];
                const float right = it.volume->data[dn_grid_offset(&it.volume->grid, N - 1 - i, j, k)];
                if (it.labels->data[dn_grid_offset(&it.volume->grid, i, j, k)] == 10) {
                    apart = fmax(apart, fabs((double)left - (double)right));
                    steepest = fmax(steepest, fabs((double)left - 128.0));
                }
                most = fmax(most, fabs((double)left - 128.0));
            }
        }
    }
    printf("largest change in the thalamus %.2f, anywhere %.2f; left against mirrored right %.2g\n", steepest, most, apart);
    assert_true(steepest > 1.0);
    assert_close(apart, 0.0, 1e-4);
    assert_true(most <= 2.0 * 0.2 * 255.0); /* two radii */
    end(&it);
}

/* Over many draws of the field the pattern's SD is what its tissue drew: uniform up to 0.1 of 255, so a root mean square of that over the
 * root of 3. */
static void texture_has_its_spread(void **state)
{
    (void)state;
    dn_random random;
    const dn_inner_options patches = {.texture = 0.1, .texture_mm = 4.0};
    double squares = 0.0;
    enum { RUNS = 60 };
    dn_random_seed(&random, 6);
    for (int n = 0; n < RUNS; ++n) {
        inner_case it;
        double own = 0.0;
        int64_t voxels = 0;
        begin(&it);
        assert_ok(dn_inner_paint(it.volume, it.labels, it.tissues, &patches, &random));
        for (int64_t v = 0; v < dn_grid_count(&it.volume->grid); ++v) {
            if (it.labels->data[v] == 2) {
                own += ((double)it.volume->data[v] - 128.0) * ((double)it.volume->data[v] - 128.0);
                ++voxels;
            }
        }
        squares += own / (double)voxels / RUNS;
        end(&it);
    }
    const double expected = 0.1 * 255.0 / sqrt(3.0);
    printf("root mean square of the pattern %.2f, expected %.2f\n", sqrt(squares), expected);
    assert_close(sqrt(squares) / expected, 1.0, 0.12); /* 60 draws: 5.8 % is one standard error */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_draws_nothing), cmocka_unit_test(sides_are_mirrored),
                                       cmocka_unit_test(texture_has_its_spread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
