/* Borders: nothing unless asked for; with a weight, the share of a structure in the voxel beyond its label is that of the formula; rims
 * darken white matter beside the ventricles, and nothing else. */
#include "test.h"

#include "synth/border.h"

#include <math.h>

enum { N = 40, WALL = 20 };

typedef struct border_case {
    dn_labels *labels;
    dn_tissues *tissues;
    dn_volume *volume;
} border_case;

/* Ventricle 4 (value 45) up to the wall, white matter 2 (value 160) beyond it. */
static void begin(border_case *it)
{
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    assert_ok(dn_labels_create(&grid, &it->labels));
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &it->tissues));
    assert_ok(dn_volume_create(&grid, &it->volume));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        it->labels->data[v] = (uint16_t)(v % N < WALL ? 4 : 2);
        it->volume->data[v] = v % N < WALL ? 45.0f : 160.0f;
    }
}

static void end(border_case *it)
{
    dn_volume_destroy(it->volume);
    dn_tissues_destroy(it->tissues);
    dn_labels_destroy(it->labels);
}

static double at(const border_case *it, int64_t i)
{
    return (double)it->volume->data[dn_grid_offset(&it->volume->grid, i, N / 2, N / 2)];
}

static void none_is_the_plain_blur(void **state)
{
    (void)state;
    border_case it;
    dn_random random, same;
    const dn_border_options none = {.share = 0.0};
    begin(&it);
    dn_random_seed(&random, 3);
    dn_random_seed(&same, 3);
    assert_ok(dn_border_rim(it.volume, it.labels, it.tissues, &none, &random));
    assert_close(at(&it, WALL), 160.0, 0.0);
    assert_ok(dn_border_blur(it.volume, it.labels, it.tissues, &none, 0.7, &random));
    assert_close(at(&it, WALL) + at(&it, WALL - 1), 205.0, 1e-3);  /* as much on one side as on the other */
    assert_true(dn_random_unit(&random) == dn_random_unit(&same)); /* NOLINT: the same state */
    end(&it);
}

/* With share 1 the weight is 2.7 to a power p from 0.25 to 1: where fluid has the share s without it, it has w s / (w s + 1 - s) with w
 * = 2.7^p. */
static void fluid_shows_beyond_its_label(void **state)
{
    (void)state;
    border_case plain, it;
    dn_random random;
    const dn_border_options none = {.share = 0.0}, full = {.share = 1.0};
    begin(&plain);
    dn_random_seed(&random, 1);
    assert_ok(dn_border_blur(plain.volume, plain.labels, plain.tissues, &none, 0.7, &random));
    const double s = (160.0 - at(&plain, WALL)) / 115.0;
    double least = 2.7, most = 0.0;
    for (int n = 0; n < 40; ++n) {
        begin(&it);
        assert_ok(dn_border_blur(it.volume, it.labels, it.tissues, &full, 0.7, &random));
        const double beyond = (160.0 - at(&it, WALL)) / 115.0, within = (160.0 - at(&it, WALL - 1)) / 115.0;
        const double w = beyond * (1.0 - s) / (s * (1.0 - beyond));
        assert_close(within, w * (1.0 - s) / (w * (1.0 - s) + s), 1e-4); /* the same weight on the other side */
        assert_close(at(&it, 3), 45.0, 1e-3);
        assert_close(at(&it, N - 3), 160.0, 1e-3);
        least = fmin(least, w);
        most = fmax(most, w);
        end(&it);
    }
    printf("share beyond the label %.3f without weight; weights %.2f to %.2f, expected from %.2f to %.2f\n", s, least, most, pow(2.7, 0.25),
           2.7);
    assert_true(least >= pow(2.7, 0.25) - 1e-3 && least < 1.6);
    assert_true(most <= 2.7 + 1e-3 && most > 2.2);
    end(&plain);
}

static void rims_are_of_white_matter(void **state)
{
    (void)state;
    border_case it;
    dn_random random;
    const dn_border_options rim = {.rim_probability = 1.0};
    double darkest = 160.0;
    begin(&it);
    dn_random_seed(&random, 5);
    assert_ok(dn_border_rim(it.volume, it.labels, it.tissues, &rim, &random));
    for (int64_t v = 0; v < dn_grid_count(&it.volume->grid); ++v) {
        const int64_t i = v % N;
        const double value = (double)it.volume->data[v];
        if (i < WALL) {
            assert_close(value, 45.0, 0.0);
        } else if (i >= WALL + 11) {
            assert_close(value, 160.0, 1e-3);
        } else {
            assert_true(value >= 160.0 * 0.67 - 1e-3 && value <= 160.0);
            darkest = fmin(darkest, value);
        }
    }
    printf("darkest white matter %.1f of 160\n", darkest);
    assert_true(darkest < 150.0);
    end(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_is_the_plain_blur), cmocka_unit_test(fluid_shows_beyond_its_label),
                                       cmocka_unit_test(rims_are_of_white_matter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
