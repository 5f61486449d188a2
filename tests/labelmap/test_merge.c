/* Drawn labels over classes: what the closing with a ball changes and what it leaves alone, on maps counted by hand. */
#include "labelmap/merge.h"
#include "labelmap/numbers.h"
#include "test.h"

#include <string.h>

enum { N = 60 }; /* voxels of 0.3 mm */
static const dn_grid grid = {{N, N, N}, {{{0.3, 0, 0, 0}, {0, 0.3, 0, 0}, {0, 0, 0.3, 0}}}};
static dn_labels *classes, *manual;

static uint16_t *at(dn_labels *map, int i, int j, int k)
{
    return &map->data[dn_grid_offset(&grid, i, j, k)];
}

static void box(dn_labels *map, uint16_t label, int i0, int i1, int j0, int j1, int k0, int k1)
{
    for (int k = k0; k < k1; ++k) {
        for (int j = j0; j < j1; ++j) {
            for (int i = i0; i < i1; ++i) {
                *at(map, i, j, k) = label;
            }
        }
    }
}

/* Tissue left of i = 40, background right of it (the third ventricle); a hypothalamus of two subunits at the wall. */
static int make(void **state)
{
    (void)state;
    assert_ok(dn_labels_create(&grid, &classes));
    assert_ok(dn_labels_create(&grid, &manual));
    box(classes, DN_CLASS_LEFT + 2, 5, 40, 5, 55, 5, 55);
    box(manual, 801, 24, 40, 20, 40, 20, 30);
    box(manual, 802, 24, 40, 20, 40, 30, 40);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    dn_labels_destroy(classes);
    dn_labels_destroy(manual);
    return 0;
}

static void specks_join_and_the_fornix_stays(void **state)
{
    dn_merge_facts facts;
    (void)state;
    /* a hole of two voxels in 801; a tube through all of 802 (1.2 x 1.2 mm), of two classes */
    box(manual, 0, 30, 32, 30, 31, 25, 26);
    box(manual, 0, 30, 34, 20, 40, 33, 37);
    box(classes, DN_CLASS_LEFT + 4, 30, 34, 20, 33, 33, 37);
    assert_ok(dn_merge_labels(classes, manual, &(dn_merge_options){.radius = 1.2}, &facts));
    printf("joined %lld, unified %lld, cleared %lld\n", (long long)facts.joined, (long long)facts.unified, (long long)facts.cleared);
    assert_int_equal(facts.joined, 2);
    assert_int_equal(*at(classes, 30, 30, 25), 801);
    assert_int_equal(*at(classes, 31, 30, 25), 801);
    /* the tube is one class, the more frequent one, where the closing reaches; nowhere a subunit */
    assert_int_equal(*at(classes, 31, 30, 35), DN_CLASS_LEFT + 4);
    assert_int_equal(*at(classes, 31, 37, 35), DN_CLASS_LEFT + 4);
    assert_true(facts.unified > 0);
    assert_int_equal(facts.cleared, 0);
}

static void false_tissue_in_the_ventricle_goes(void **state)
{
    dn_merge_facts facts;
    (void)state;
    box(classes, DN_CLASS_LEFT + 1, 44, 46, 30, 32, 30, 32); /* 8 voxels, 1.2 mm from the wall */
    box(classes, DN_CLASS_LEFT + 1, 57, 59, 30, 32, 30, 32); /* farther than 4 mm: left alone */
    box(classes, DN_CLASS_LEFT + 3, 40, 52, 10, 18, 22, 50); /* a thick piece: real */
    assert_ok(dn_merge_labels(classes, manual, &(dn_merge_options){.radius = 1.2}, &facts));
    assert_int_equal(facts.cleared, 8);
    assert_int_equal(*at(classes, 44, 30, 30), 0);
    assert_int_equal(*at(classes, 57, 30, 30), DN_CLASS_LEFT + 1);
    assert_int_equal(*at(classes, 46, 14, 30), DN_CLASS_LEFT + 3);
}

/* Every drawn voxel is as it was drawn, and with radius 0 nothing else changes either. */
static void drawn_labels_stay(void **state)
{
    dn_merge_facts facts;
    dn_labels *before = NULL;
    (void)state;
    assert_ok(dn_labels_create(&grid, &before));
    memcpy(before->data, classes->data, (size_t)dn_grid_count(&grid) * sizeof *before->data);
    assert_ok(dn_merge_labels(classes, manual, &(dn_merge_options){.radius = 0.0}, &facts));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        assert_int_equal(classes->data[v], manual->data[v] != 0 ? manual->data[v] : before->data[v]);
    }
    dn_labels_destroy(before);
}

static void refusals(void **state)
{
    (void)state;
    assert_ok(dn_merge_check(manual, "manual.nii"));
    *at(manual, 0, 30, 30) = 803;
    assert_int_equal(dn_merge_check(manual, "manual.nii"), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "label 803 touches the edge"));
    memset(manual->data, 0, (size_t)dn_grid_count(&grid) * sizeof *manual->data);
    assert_int_equal(dn_merge_check(manual, "manual.nii"), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "has no labels"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(specks_join_and_the_fornix_stays, make, clear),
        cmocka_unit_test_setup_teardown(false_tissue_in_the_ventricle_goes, make, clear),
        cmocka_unit_test_setup_teardown(drawn_labels_stay, make, clear),
        cmocka_unit_test_setup_teardown(refusals, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
