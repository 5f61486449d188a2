/* Orientations: names, nearest of an oblique affine, and re-orientation that moves no voxel. */
#include "test.h"

#include "base/random.h"
#include "image/orientation.h"

#include <math.h>
#include <string.h>

/* "RAS" */
static void code_of(const dn_orientation *orientation, char code[4])
{
    static const char letters[3][2] = {{'L', 'R'}, {'P', 'A'}, {'I', 'S'}};
    for (int c = 0; c < 3; ++c) {
        code[c] = letters[orientation->axis[c]][orientation->sign[c] > 0];
    }
    code[3] = '\0';
}

static void codes(void **state)
{
    dn_orientation o;
    char code[4];
    char seen[DN_ORIENTATION_COUNT][4];
    (void)state;
    for (int i = 0; i < DN_ORIENTATION_COUNT; ++i) {
        dn_orientation at = dn_orientation_at(i);
        code_of(&at, seen[i]);
        for (int j = 0; j < i; ++j) {
            assert_string_not_equal(seen[i], seen[j]);
        }
        assert_ok(dn_orientation_parse(seen[i], &o));
        assert_true(dn_orientation_equal(&o, &at));
    }
    assert_string_equal(seen[0], "RAS");
    assert_ok(dn_orientation_parse("lps", &o));
    code_of(&o, code);
    assert_string_equal(code, "LPS");
    static const char *const wrong[] = {"", "RA", "RASS", "RLS", "RRS", "XYZ"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        assert_int_equal(dn_orientation_parse(wrong[i], &o), DN_EUSAGE);
    }
}

static void nearest(void **state)
{
    char code[4];
    dn_orientation o;
    /* Columns: i mostly down, j mostly left, k mostly front. */
    dn_affine a = {{{0.1, -1.9, 0.3, 0}, {0.2, 0.4, 1.2, 0}, {-0.9, 0.1, 0.2, 0}}};
    (void)state;
    o = dn_orientation_of(&a);
    code_of(&o, code);
    assert_string_equal(code, "ILA");
    /* Both i and j are nearest to x, but i is nearer: j takes what is left, y, though its x part is larger. */
    dn_affine b = {{{1.0, 0.8, 0, 0}, {0.0, 0.6, 0, 0}, {0, 0, 1, 0}}};
    o = dn_orientation_of(&b);
    code_of(&o, code);
    assert_string_equal(code, "RAS");
}

/* A voxel's value encodes its place; after re-orientation the world position of each value is what it was. */
static void check(const dn_grid *grid)
{
    dn_volume *v = NULL;
    dn_labels *l = NULL;
    assert_ok(dn_volume_create(grid, &v));
    assert_ok(dn_labels_create(grid, &l));
    int64_t count = dn_grid_count(grid);
    for (int64_t i = 0; i < count; ++i) {
        v->data[i] = (float)i;
        l->data[i] = (uint16_t)(i % 65536);
    }
    for (int n = 0; n < DN_ORIENTATION_COUNT; ++n) {
        dn_orientation wanted = dn_orientation_at(n);
        dn_volume *w = NULL;
        dn_labels *m = NULL;
        assert_ok(dn_volume_reorient(v, &wanted, &w));
        assert_ok(dn_labels_reorient(l, &wanted, &m));
        dn_orientation found = dn_orientation_of(&w->grid.affine);
        assert_true(dn_orientation_equal(&found, &wanted));
        assert_true(dn_grid_equal(&w->grid, &m->grid, 0.0));
        char *seen = calloc((size_t)count, 1);
        double worst = 0.0;
        for (int64_t k = 0; k < w->grid.dim[2]; ++k) {
            for (int64_t j = 0; j < w->grid.dim[1]; ++j) {
                for (int64_t i = 0; i < w->grid.dim[0]; ++i) {
                    int64_t here = dn_grid_offset(&w->grid, i, j, k);
                    int64_t from = (int64_t)w->data[here];
                    double now[3];
                    double before[3];
                    dn_affine_apply(&w->grid.affine, (double[3]){(double)i, (double)j, (double)k}, now);
                    dn_affine_apply(&grid->affine,
                                    (double[3]){(double)(from % grid->dim[0]), (double)(from / grid->dim[0] % grid->dim[1]),
                                                (double)(from / grid->dim[0] / grid->dim[1])},
                                    before);
                    for (int r = 0; r < 3; ++r) {
                        worst = fmax(worst, fabs(now[r] - before[r]));
                    }
                    assert_false(seen[from]);
                    seen[from] = 1;
                    assert_int_equal(m->data[here], from % 65536);
                }
            }
        }
        free(seen);
        assert_close(worst, 0.0, 1e-12);
        /* And back: the same bytes, the same affine. */
        dn_volume *back = NULL;
        dn_orientation original = dn_orientation_of(&grid->affine);
        assert_ok(dn_volume_reorient(w, &original, &back));
        assert_memory_equal(back->data, v->data, (size_t)count * sizeof(float));
        assert_true(dn_grid_equal(&back->grid, grid, 1e-12));
        dn_volume_destroy(back);
        dn_volume_destroy(w);
        dn_labels_destroy(m);
    }
    dn_volume_destroy(v);
    dn_labels_destroy(l);
}

static void all_48_keep_world_positions(void **state)
{
    static const dn_grid grids[] = {
        {{20, 35, 41}, {{{1, 0, 0, -8}, {0, 1, 0, -9}, {0, 0, 1, -10}}}},
        {{43, 33, 5}, {{{0.0, -0.5, 0.0, 8}, {0.0, 0.0, 2.0, -9.5}, {-0.25, 0.0, 0.0, -10}}}},
        {{1, 7, 40}, {{{0.9, -0.15, 0.30, -8}, {0.18, 0.98, -0.11, -11}, {-0.31, 0.13, 1.1, -6}}}}, /* oblique */
    };
    (void)state;
    for (size_t g = 0; g < sizeof grids / sizeof grids[0]; ++g) {
        check(&grids[g]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes), cmocka_unit_test(nearest), cmocka_unit_test(all_48_keep_world_positions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
