/* The published subunit network, imported and run here, against posteriors that an independent PyTorch port computed
 * on the same scan (whole volume in one pass). The network sees a crop aligned to its pooling grid, wider than the
 * reference's by more than its reach (23 voxels), so that the result must be the same. */
#include "test.h"

#include "image/filter.h"
#include "image/io.h"
#include "models/keras/import.h"
#include "net/plan/plan.h"

#include <math.h>
#include <string.h>

#define MARGIN 24
#define CLASSES 11

static dn_model *model;
static dn_volume *scan;
static dn_volume **reference;
static size_t reference_count;
static int64_t origin[3]; /* of the reference in the scan's voxels */
static int64_t begin[3], size[3];
static float *input, *posteriors; /* posteriors of the f32 run */

static char *data_path(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", test_data_folder(), name);
    return path;
}

static int load(void **state)
{
    (void)state;
    const double percents[2] = {0.5, 99.5};
    double limits[2], corner[3] = {0}, xyz[3], ijk[3];
    dn_affine inverse;
    assert_ok(dn_import_keras(data_path("teacher/billot2020_hypothalamus.h5"), NULL, &model));
    assert_ok(dn_scan_read(data_path("t1w/chris_T1w.nii.gz"), NULL, &scan, NULL));
    assert_ok(dn_volumes_read_4d(data_path("reference/chris_billot2020_posteriors.nii.gz"), NULL, &reference, &reference_count, NULL));
    assert_int_equal(reference_count, CLASSES);
    assert_int_equal(model->label_count, CLASSES);
    assert_int_equal(model->input.normalise, DN_NORMALISE_PERCENTILE);

    assert_ok(dn_affine_invert(&scan->grid.affine, &inverse));
    dn_affine_apply(&reference[0]->grid.affine, corner, xyz);
    dn_affine_apply(&inverse, xyz, ijk);
    for (int a = 0; a < 3; ++a) {
        origin[a] = llround(ijk[a]);
        int64_t low = origin[a] - MARGIN, high = origin[a] + reference[0]->grid.dim[a] + MARGIN;
        begin[a] = low < 0 ? 0 : low / 8 * 8;
        high = high > scan->grid.dim[a] ? scan->grid.dim[a] : (high + 7) / 8 * 8;
        size[a] = high - begin[a];
    }
    /* The scan is RAS with 1 mm already; percentiles over all voxels. */
    assert_ok(dn_volume_percentiles(scan, NULL, percents, 2, limits));
    input = malloc((size_t)(size[0] * size[1] * size[2]) * sizeof *input);
    float *p = input;
    for (int64_t i = 0; i < size[0]; ++i) {
        for (int64_t j = 0; j < size[1]; ++j) {
            for (int64_t k = 0; k < size[2]; ++k) {
                double value = (double)scan->data[dn_grid_offset(&scan->grid, begin[0] + i, begin[1] + j, begin[2] + k)];
                value = fmin(fmax(value, limits[0]), limits[1]);
                *p++ = (float)((value - limits[0]) / (limits[1] - limits[0]));
            }
        }
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    dn_model_destroy(model);
    dn_volume_destroy(scan);
    dn_volumes_destroy(reference, reference_count);
    free(input);
    free(posteriors);
    return 0;
}

static float *run(dn_precision precision)
{
    dn_graph *graph;
    dn_plan *plan;
    float *out = malloc((size_t)(size[0] * size[1] * size[2] * CLASSES) * sizeof *out);
    assert_ok(dn_model_graph(model, (dn_shape){1, size[0], size[1], size[2], 1}, &graph));
    assert_ok(dn_plan_compile(graph, model->weights, &(dn_plan_options){.precision = precision}, &plan));
    assert_ok(dn_plan_run(plan, (const float *const[]){input}, (float *const[]){out}));
    dn_plan_destroy(plan);
    dn_graph_destroy(graph);
    return out;
}

static const float *at(const float *out, const int64_t ijk[3])
{
    return out + (((ijk[0] - begin[0]) * size[1] + ijk[1] - begin[1]) * size[2] + ijk[2] - begin[2]) * CLASSES;
}

static int largest(const float *values)
{
    int best = 0;
    for (int c = 1; c < CLASSES; ++c) {
        best = values[c] > values[best] ? c : best;
    }
    return best;
}

static void f32_equals_the_reference(void **state)
{
    (void)state;
    const dn_grid *grid = &reference[0]->grid;
    double worst = 0;
    int64_t agree = 0, labelled = 0;
    posteriors = run(DN_PRECISION_F32);
    for (int64_t i = 0; i < grid->dim[0]; ++i) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t k = 0; k < grid->dim[2]; ++k) {
                const float *found = at(posteriors, (const int64_t[3]){origin[0] + i, origin[1] + j, origin[2] + k});
                float expected[CLASSES];
                for (int c = 0; c < CLASSES; ++c) {
                    expected[c] = reference[c]->data[dn_grid_offset(grid, i, j, k)];
                    worst = fmax(worst, fabs((double)found[c] - (double)expected[c]));
                }
                agree += largest(found) == largest(expected);
                labelled += largest(expected) != 0;
            }
        }
    }
    double share = (double)agree / (double)dn_grid_count(grid);
    printf("largest difference %.3g, labels agree in %.5f of the voxels, %lld voxels labelled\n", worst, share, (long long)labelled);
    assert_true(labelled > 400); /* there is a hypothalamus */
    assert_close(worst, 0, 1e-4);
    assert_true(share >= 0.999);
}

static void bf16_labels_as_f32(void **state)
{
    (void)state;
    int64_t both = 0, one = 0, other = 0;
    if (!dn_plan_bf16_supported()) {
        skip();
    }
    assert_non_null(posteriors);
    float *half = run(DN_PRECISION_BF16);
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; ++v) {
        bool a = largest(posteriors + v * CLASSES) != 0, b = largest(half + v * CLASSES) != 0;
        both += a && b;
        one += a;
        other += b;
    }
    free(half);
    double dice = 2.0 * (double)both / (double)(one + other);
    printf("bf16 against f32: Dice %.4f (%lld and %lld voxels)\n", dice, (long long)other, (long long)one);
    assert_true(dice >= 0.99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_equals_the_reference),
        cmocka_unit_test(bf16_labels_as_f32),
    };
    if (test_data_folder() == NULL || access(data_path("reference/chris_billot2020_posteriors.nii.gz"), R_OK) != 0 ||
        access(data_path("teacher/billot2020_hypothalamus.h5"), R_OK) != 0) {
        printf("skipped: set DIEN_DATA to the folder with teacher/, t1w/ and reference/\n");
        return TEST_SKIP;
    }
    return cmocka_run_group_tests(tests, load, unload);
}
