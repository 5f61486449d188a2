/* Overlap and surface distances against SciPy (tools/reference_evaluation.py) and closed forms. */
#include "test.h"

#include "base/table.h"
#include "study/evaluate/compare.h"

#include <math.h>

static const double spacing[3] = {0.7, 1.3, 2.9};

static dn_labels *new_labels(const int64_t dim[3], const double step[3])
{
    dn_labels *labels = NULL;
    dn_grid grid = {.dim = {dim[0], dim[1], dim[2]}};
    for (int d = 0; d < 3; ++d) {
        grid.affine.m[d][d] = step[d];
    }
    assert_ok(dn_labels_create(&grid, &labels));
    return labels;
}

/* As mask() in tools/reference_evaluation.py. */
static dn_labels *make(int kind, double shift, uint16_t label)
{
    dn_labels *out = new_labels((const int64_t[3]){23, 19, 17}, spacing);
    for (int64_t v = 0; v < dn_grid_count(&out->grid); ++v) {
        int i = (int)(v % 23);
        int j = (int)(v / 23 % 19);
        int k = (int)(v / (23 * 19));
        double x = i * spacing[0] - shift;
        double y = j * spacing[1];
        double z = k * spacing[2];
        bool in;
        if (kind == 0) {
            in = pow((x - 8) / 5, 2) + pow((y - 12) / 8, 2) + pow((z - 24) / 14, 2) < 1;
        } else if (kind == 1) {
            in = (i < 5 && j < 6 && k < 7) || (fabs(x - 11) < 2.5 && fabs(y - 18) < 4 && fabs(z - 30) < 9);
        } else if (kind == 2) {
            double r = pow((x - 8) / 6, 2) + pow((y - 12) / 9, 2) + pow((z - 24) / 17, 2);
            in = r < 1 && r > 0.4;
        } else {
            in = (i * 7 + j * 3 + k * 5 + (int)shift) % 11 < 3;
        }
        out->data[v] = in ? label : 0;
    }
    return out;
}

static void against_scipy(void **state)
{
    (void)state;
    dn_table *table = NULL;
    assert_ok(dn_table_read(DIEN_TEST_FOLDER "/reference_evaluation.tsv", &table));
    assert_int_equal(dn_table_rows(table), 32);
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        double want[12];
        dn_evaluation found;
        for (size_t c = 0; c < 12; ++c) {
            assert_ok(dn_table_number(table, row, c, &want[c]));
        }
        dn_labels *a = make((int)want[0], 0, 10);
        dn_labels *b = make((int)want[1], want[2], row % 2 ? 10 : 49); /* either label of the structure */
        assert_ok(dn_evaluate_labels(a, b, (const uint16_t[2]){10, 49}, 2, &found));
        assert_close(found.dice, want[3], 1e-11);
        assert_close(found.iou, want[4], 1e-11);
        int64_t any = found.predicted + found.truth - found.both;
        int64_t all = 23 * 19 * 17;
        assert_close(found.mean_iou, 0.5 * want[4] + 0.5 * (double)(all - any) / (double)(all - found.both), 1e-11);
        assert_close(found.precision, want[5], 1e-11);
        assert_close(found.recall, want[6], 1e-11);
        assert_close(found.hausdorff, want[7], 1e-5);
        assert_close(found.hausdorff95, want[8], 1e-5);
        assert_close(found.mean, want[9], 1e-5);
        assert_close(found.volume, want[10], 1e-7);
        assert_close(found.truth_volume, want[11], 1e-7);
        dn_labels_destroy(a);
        dn_labels_destroy(b);
    }
    dn_table_destroy(table);
}

/* Two planes of voxels 3 slices of 2.5 mm apart: every distance is 7.5 mm. Alone: no distance, no overlap. */
static void closed_forms(void **state)
{
    (void)state;
    const int64_t dim[3] = {6, 7, 8};
    dn_labels *a = new_labels(dim, (const double[3]){1, 1, 2.5});
    dn_labels *b = new_labels(dim, (const double[3]){1, 1, 2.5});
    const uint16_t label = 5;
    dn_evaluation e;
    assert_ok(dn_evaluate_labels(a, b, &label, 1, &e));
    assert_true(isnan(e.dice) && isnan(e.recall) && isnan(e.hausdorff));
    for (int64_t j = 0; j < 7; ++j) {
        for (int64_t i = 0; i < 6; ++i) {
            a->data[dn_grid_offset(&a->grid, i, j, 1)] = label;
        }
    }
    assert_ok(dn_evaluate_labels(a, b, &label, 1, &e));
    assert_close(e.dice, 0, 0);
    assert_close(e.precision, 0, 0);
    assert_true(isnan(e.recall) && isnan(e.hausdorff) && isnan(e.mean));
    assert_close(e.volume, 6 * 7 * 2.5, 1e-9);
    for (int64_t j = 0; j < 7; ++j) {
        for (int64_t i = 0; i < 6; ++i) {
            b->data[dn_grid_offset(&b->grid, i, j, 4)] = label;
        }
    }
    assert_ok(dn_evaluate_labels(a, b, &label, 1, &e));
    assert_close(e.hausdorff, 7.5, 1e-6);
    assert_close(e.hausdorff95, 7.5, 1e-6);
    assert_close(e.mean, 7.5, 1e-6);
    assert_ok(dn_evaluate_labels(a, a, &label, 1, &e));
    assert_close(e.dice, 1, 0);
    assert_close(e.hausdorff, 0, 0);
    dn_labels_destroy(a);
    dn_labels_destroy(b);
}

/* Stored with flipped and exchanged axes: the same map, and nothing is interpolated. Another spacing is refused. */
static void grids(void **state)
{
    (void)state;
    const uint16_t label = 10;
    dn_evaluation e;
    dn_labels *a = make(0, 0, label);
    dn_labels *b = new_labels((const int64_t[3]){17, 23, 19}, (const double[3]){1, 1, 1});
    b->grid.affine = (dn_affine){{{0, -0.7, 0, 22 * 0.7}, {0, 0, 1.3, 0}, {2.9, 0, 0, 0}}};
    for (int64_t k = 0; k < 17; ++k) {
        for (int64_t j = 0; j < 19; ++j) {
            for (int64_t i = 0; i < 23; ++i) {
                b->data[dn_grid_offset(&b->grid, k, 22 - i, j)] = a->data[dn_grid_offset(&a->grid, i, j, k)];
            }
        }
    }
    assert_ok(dn_evaluate_match(&a, &b, false));
    assert_ok(dn_evaluate_labels(a, b, &label, 1, &e));
    assert_close(e.dice, 1, 0);
    dn_labels *c = new_labels((const int64_t[3]){20, 20, 20}, (const double[3]){1, 1, 1});
    assert_int_equal(dn_evaluate_match(&a, &c, false), DN_EGEOMETRY);
    assert_ok(dn_evaluate_match(&a, &c, true));
    assert_int_equal(a->grid.dim[1], 20);
    dn_labels_destroy(a);
    dn_labels_destroy(b);
    dn_labels_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_scipy), cmocka_unit_test(closed_forms), cmocka_unit_test(grids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
