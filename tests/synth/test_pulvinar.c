/* Thalami that are brighter at their sides and backs: nothing unless asked for, mirrored, within the limits that the header names, and
 * nowhere else. */
#include "test.h"

#include "synth/pulvinar.h"

#include <math.h>

enum { N = 64 };

typedef struct brain {
    dn_labels *labels;
    dn_tissues *tissues;
    dn_volume *volume;
} brain;

/* Thalami 10 | 49 of value 120: boxes of 20 x 28 x 16 mm whose middles lie 12 mm beside the midline, in white matter of value 160. */
static void begin(brain *it)
{
    const double half = 0.5 * (N - 1);
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, -half}, {0, 1, 0, -half}, {0, 0, 1, -half}}}};
    assert_ok(dn_labels_create(&grid, &it->labels));
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &it->tissues));
    assert_ok(dn_volume_create(&grid, &it->volume));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double x = (double)(v % N) - half, y = (double)(v / N % N) - half, z = (double)(v / N / N) - half;
        const bool inside = fabs(fabs(x) - 12.0) < 10.0 && fabs(y) < 14.0 && fabs(z) < 8.0;
        it->labels->data[v] = (uint16_t)(inside ? (x < 0.0 ? 10 : 49) : (x < 0.0 ? 2 : 41));
        it->volume->data[v] = inside ? 120.0f : 160.0f;
    }
}

static void end(brain *it)
{
    dn_volume_destroy(it->volume);
    dn_tissues_destroy(it->tissues);
    dn_labels_destroy(it->labels);
}

static double at(const brain *it, int64_t i, int64_t j)
{
    return (double)it->volume->data[dn_grid_offset(&it->volume->grid, i, j, N / 2)];
}

static void none_draws_nothing(void **state)
{
    (void)state;
    brain it;
    dn_random random, same;
    begin(&it);
    dn_random_seed(&random, 3);
    dn_random_seed(&same, 3);
    dn_pulvinar_paint(it.volume, it.labels, it.tissues, 0.0, &random);
    assert_close(at(&it, N / 2 + 20, N / 2), 120.0, 0.0);
    assert_true(dn_random_unit(&random) == dn_random_unit(&same)); /* NOLINT: the same state */
    end(&it);
}

/* In front and towards the midline the thalamus stays; its outer back corner goes up to 0.9 of the way to white matter, or 0.3 away from
 * it. */
static void sides_and_backs_change(void **state)
{
    (void)state;
    dn_random random;
    double least = 1.0, most = -1.0, mean = 0.0;
    enum { RUNS = 100 };
    dn_random_seed(&random, 5);
    for (int n = 0; n < RUNS; ++n) {
        brain it;
        begin(&it);
        dn_pulvinar_paint(it.volume, it.labels, it.tissues, 1.0, &random);
        const int64_t inner = N / 2 + 3, outer = N / 2 + 20, front = N / 2 + 12, back = N / 2 - 13;
        assert_close(at(&it, inner, front), 120.0, 1e-3);
        assert_close(at(&it, N - 1 - outer, back), at(&it, outer, back), 1e-3); /* mirrored */
        assert_close(at(&it, N / 2 + 30, back), 160.0, 0.0);                    /* white matter */
        const double share = (at(&it, outer, back) - 120.0) / 40.0;
        least = fmin(least, share);
        most = fmax(most, share);
        mean += share / RUNS;
        end(&it);
    }
    printf("share of the way to white matter: %.2f to %.2f, mean %.2f, expected within -0.30 to 0.90, near 0.48\n", least, most, mean);
    assert_true(least >= -0.3 - 1e-4 && least < 0.0);
    assert_true(most <= 0.9 + 1e-4 && most > 0.85);
    assert_close(mean, 0.48, 0.1); /* (0.35 + 0.15), less what the limits cut */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_draws_nothing), cmocka_unit_test(sides_and_backs_change)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
