/* Bias fields: found again in a head with skull and air on three contrasts, and removed; the algebra of a field on other grids. */
#include "base/memory.h"
#include "base/random.h"
#include "image/io.h"
#include "image/resample.h"
#include "prepare/bias_field.h"
#include "test.h"

#include <math.h>

static const char head[] = DIEN_SOURCE_FOLDER "/share/template/head.nii.gz";
static dn_labels *labels; /* at 2.5 mm */

static int make(void **state)
{
    dn_labels *fine = NULL;
    dn_grid grid;
    (void)state;
    assert_ok(dn_labels_read(head, NULL, &fine, NULL));
    assert_ok(dn_grid_with_spacing(&fine->grid, (const double[3]){2.5, 2.5, 2.5}, &grid));
    assert_ok(dn_resample_labels(fine, &grid, NULL, &labels));
    dn_labels_destroy(fine);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    dn_labels_destroy(labels);
    return 0;
}

/* White, grey, fluid, soft tissue and bone, air: T1-like, T2-like, FLAIR-like. */
static double level(uint16_t label, int contrast)
{
    static const double table[3][5] = {{160, 100, 40, 120, 12}, {70, 110, 250, 90, 15}, {100, 130, 20, 90, 10}};
    switch (label) {
    case 0:
        return 1.0;
    case 2:
    case 41:
    case 7:
    case 46:
    case 16:
        return table[contrast][0];
    case 4:
    case 5:
    case 43:
    case 44:
    case 14:
    case 15:
    case 24:
        return table[contrast][2];
    case 515:
    case 516:
        return table[contrast][4];
    default:
        return label >= 502 && label <= 530 ? table[contrast][3] : table[contrast][1];
    }
}

static double truth(const double p[3])
{
    return exp(0.3 * sin(p[0] / 60.0 + 0.4) + 0.2 * cos(p[1] / 50.0) + 0.15 * sin(p[2] / 45.0));
}

static void found_again(void **state)
{
    static const char *const names[3] = {"T1-like", "T2-like", "FLAIR-like"};
    static const dn_bias_options usual = {.seed = 1};
    (void)state;
    for (int contrast = 0; contrast < 3; ++contrast) {
        dn_volume *scan = NULL, *field = NULL;
        dn_bias_field found;
        dn_random random;
        double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        dn_random_seed(&random, 5);
        assert_ok(dn_volume_create(&labels->grid, &scan));
        for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
            const int64_t *dim = labels->grid.dim;
            double p[3];
            dn_affine_apply(&labels->grid.affine,
                            (const double[3]){(double)(v % dim[0]), (double)(v / dim[0] % dim[1]), (double)(v / dim[0] / dim[1])}, p);
            scan->data[v] = (float)fabs(level(labels->data[v], contrast) * truth(p) + dn_random_normal(&random, 0.0, 3.0));
        }
        assert_ok(dn_bias_find(scan, NULL, &usual, &found));
        assert_ok(dn_bias_field_draw(&found, &scan->grid, &field));
        for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
            const int64_t *dim = labels->grid.dim;
            double p[3];
            if (labels->data[v] == 0 || labels->data[v] >= 502) {
                continue; /* the brain and its fluid */
            }
            dn_affine_apply(&labels->grid.affine,
                            (const double[3]){(double)(v % dim[0]), (double)(v / dim[0] % dim[1]), (double)(v / dim[0] / dim[1])}, p);
            const double a = log(truth(p)), b = log((double)field->data[v]);
            n += 1;
            x += a;
            y += b;
            xx += a * a;
            yy += b * b;
            xy += a * b;
        }
        const double r = (xy - x * y / n) / sqrt((xx - x * x / n) * (yy - y * y / n));
        printf("%s: correlation of the fields in the brain %.4f\n", names[contrast], r);
        assert_true(r > 0.95);
        dn_volume_destroy(field);
        dn_volume_destroy(scan);
    }
}

/* A field on a finer grid is the same field, and what was multiplied by it comes back. */
static void on_other_grids(void **state)
{
    dn_grid grid = {{20, 24, 16}, {{{4, 0, 0, -40}, {0, 4, 0, -50}, {0, 0, 4, -30}}}}, fine;
    dn_bias_field field;
    dn_volume *a = NULL, *b = NULL;
    (void)state;
    assert_ok(dn_bias_field_plan(&grid, 20.0, &field));
    assert_true(field.terms > 10);
    for (int t = 0; t < field.terms; ++t) {
        field.coefficient[t] = 0.05 * sin(3.0 * t);
    }
    assert_ok(dn_grid_with_spacing(&grid, (const double[3]){2.0, 2.0, 2.0}, &fine));
    assert_ok(dn_bias_field_draw(&field, &grid, &a));
    assert_ok(dn_bias_field_draw(&field, &fine, &b));
    for (int64_t v = 0; v < dn_grid_count(&grid); v += 37) {
        const double at[3] = {(double)(v % 20), (double)(v / 20 % 24), (double)(v / 480)};
        double world[3], sum = 0.0;
        float basis[DN_BIAS_MOST];
        dn_affine_apply(&grid.affine, at, world);
        dn_bias_basis(&field, world, basis);
        for (int t = 0; t < field.terms; ++t) {
            sum += field.coefficient[t] * (double)basis[t];
        }
        assert_close(log((double)a->data[v]), sum, 1e-5);
        const double between[3] = {2.0 * at[0] + 0.5, 2.0 * at[1] + 0.5, 2.0 * at[2] + 0.5};
        assert_close(dn_linear_at(b->data, fine.dim, between), a->data[v], 0.02);
    }
    assert_ok(dn_bias_field_remove(&field, a));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        assert_close(a->data[v], 1.0, 1e-5);
    }
    dn_volume_destroy(a);
    dn_volume_destroy(b);
}

static void refusals(void **state)
{
    const dn_grid grid = {{4, 4, 4}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    static const dn_bias_options usual = {.seed = 1};
    dn_bias_field found;
    dn_volume *tiny = NULL;
    (void)state;
    assert_ok(dn_volume_create(&grid, &tiny));
    assert_int_equal(dn_bias_find(tiny, NULL, &usual, &found), DN_EDATA);
    dn_volume_destroy(tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found_again), cmocka_unit_test(on_other_grids), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, make, clear);
}
