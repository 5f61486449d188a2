/* Measured beside true: which labels count for which row, and when there is nothing to compare. */
#include "test.h"

#include "segment/truth.h"

#include <math.h>
#include <string.h>

static void rows_get_their_labels(void **state)
{
    (void)state;
    dn_grid grid = {{10, 10, 10}, {{{2, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 2, 0}}}}; /* 8 mm3 a voxel */
    dn_labels *truth = NULL;
    dn_volume *scan = NULL;
    dn_tissues *tissues = NULL;
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &tissues));
    assert_ok(dn_labels_create(&grid, &truth));
    assert_ok(dn_volume_create(&grid, &scan));
    static const struct {
        uint16_t label;
        int count;
    } voxels[] = {{10, 5}, {49, 7},  {28, 3}, {60, 3},  {801, 2},  {806, 1}, {843, 1},
                  {4, 2},  {136, 1}, {43, 4}, {24, 20}, {507, 30}, {11, 6}};
    int64_t v = 0;
    for (size_t i = 0; i < sizeof voxels / sizeof *voxels; ++i) {
        for (int n = 0; n < voxels[i].count; ++n) {
            truth->data[v++] = voxels[i].label;
        }
    }
    static const struct {
        const char *structure;
        char hemi;
        double voxels; /* 0: not known */
    } expected[] = {{"thalamus", 'L', 5},
                    {"thalamus", 'R', 7},
                    {"thalamus", 'B', 12},
                    {"ventral_diencephalon", 'L', 6},
                    {"ventral_diencephalon", 'R', 4},
                    {"lateral_ventricle", 'L', 3},
                    {"hypothalamus", 'B', 3},
                    {"hypothalamus_posterior", 'L', 0},
                    {"caudate", 'B', 0}, /* right is not there */
                    {"caudate", 'L', 6},
                    {"icv", 'B', 55},
                    {"nonsense", 'L', 0}};
    enum { ROWS = sizeof expected / sizeof *expected };
    dn_volume_row rows[ROWS] = {0};
    for (int r = 0; r < ROWS; ++r) {
        snprintf(rows[r].structure, sizeof rows[r].structure, "%s", expected[r].structure);
        rows[r].hemi = expected[r].hemi;
        rows[r].volume_mm3 = 1.0;
    }
    dn_head_measured head = {.icv_wanted = true};
    dn_segment_result result = {.volumes = {rows, ROWS}, .conformed = {.oriented = scan}, .head = &head};
    assert_ok(dn_truth_compare(&result, truth, tissues));
    for (int r = 0; r < ROWS; ++r) {
        if (expected[r].voxels == 0) {
            assert_true(isnan(result.true_mm3[r]));
        } else {
            assert_close(result.true_mm3[r], 8.0 * expected[r].voxels, 1e-9);
        }
    }
    /* A map without any of them. */
    memset(truth->data, 0, (size_t)dn_grid_count(&grid) * sizeof *truth->data);
    assert_int_equal(dn_truth_compare(&result, truth, tissues), DN_EDATA);
    free(result.true_mm3);
    dn_volume_destroy(scan);
    dn_labels_destroy(truth);
    dn_tissues_destroy(tissues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_get_their_labels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
