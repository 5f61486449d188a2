/* Probabilities as truth, and the third ventricle that widens by itself: a made-up head whose hypothalami and ventricle are boxes. */
#define _GNU_SOURCE
#include "toy_config.h"

#include "train/dataset.h"
#include "train/soft_labels.h"

enum { N = 56, EDGE = 40, VOXELS = EDGE * EDGE * EDGE, CLASSES = 3 };

#define SOFT_HEAD "name: soft\noutput: run\n"
#define SOFT_MODEL                                                                                                                         \
    "model: {architecture: unet3d, spacing_mm: 1, patch: [40, 40, 40], config: {features: [4, 8], convs: 1, norm: instance}}\n"
#define SOFT_LABELS                                                                                                                        \
    "labels:\n"                                                                                                                            \
    "  - {name: background, from: [0]}\n"                                                                                                  \
    "  - {name: left_posterior, from: [803], structure: hypothalamus_posterior}\n"                                                         \
    "  - {name: right_posterior, from: [808], structure: hypothalamus_posterior}\n"
#define SOFT_DATA                                                                                                                          \
    "data: {scans: [{scan: s_T1w.nii.gz, labels: s_probseg.nii.gz}], validation: {scans: [{scan: s_T1w.nii.gz, labels: "                   \
    "s_probseg.nii.gz}]}}\n"

static float input[VOXELS], soft[VOXELS * CLASSES];
static uint8_t targets[VOXELS];

/* Probability of a side's hypothalamus: a box from 2 to 8 mm of the middle, whose right one is only 0.6 sure and whose front fades. */
static double share(double x, double y, double z, bool right)
{
    double u = right ? x : -x;
    double edge = fmin(1.0, fmax(0.0, (7.5 - y) / 5.0));
    return u > 2.0 && u < 8.0 && fabs(y) < 7.0 && fabs(z) < 6.0 ? (right ? 0.6 : 1.0) * edge : 0.0;
}

static bool in_ventricle(double x, double y, double z)
{
    return fabs(x) < 2.0 && fabs(y) < 7.0 && fabs(z) < 6.0;
}

static int make(void **state)
{
    (void)state;
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, -27.5}, {0, 1, 0, -27.5}, {0, 0, 1, -27.5}}}};
    dn_volume *scan = NULL, *maps[2] = {NULL, NULL};
    toy_make(state);
    assert_ok(dn_volume_create(&grid, &scan));
    for (int m = 0; m < 2; ++m) {
        assert_ok(dn_volume_create(&grid, &maps[m]));
    }
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        double x = (double)(v % N) - 27.5, y = (double)(v / N % N) - 27.5, z = (double)(v / (N * N)) - 27.5;
        /* air at the sides, so that the ventricle is not the darkest half percent, which is cut off */
        scan->data[v] = fabs(x) > 25.0 ? 0.0f : in_ventricle(x, y, z) ? 100.0f : 800.0f;
        maps[0]->data[v] = (float)share(x, y, z, false);
        maps[1]->data[v] = (float)share(x, y, z, true);
    }
    char *path = toy_path(folder, "s_T1w.nii.gz");
    assert_ok(dn_volume_write(scan, path, NULL));
    free(path);
    path = toy_path(folder, "s_probseg.nii.gz");
    assert_ok(dn_volumes_write_4d((const dn_volume *const *)maps, 2, path, NULL));
    free(path);
    toy_text(folder, "s_probseg.json", "{\"LabelMap\": [\"left_posterior\", \"any\"], \"LabelIndex\": [null, 808]}\n");
    dn_volume_destroy(scan);
    dn_volume_destroy(maps[0]);
    dn_volume_destroy(maps[1]);
    return 0;
}

/* The patch's middle is that of the most probable labels. */
static double along(int n, double middle)
{
    return (double)n - 0.5 * (EDGE - 1) + middle;
}

static void as_it_is(void **state)
{
    (void)state;
    dn_dataset *dataset = NULL;
    dn_train_config *config = toy_config(SOFT_HEAD SOFT_MODEL SOFT_LABELS SOFT_DATA TOY_TRAINING);
    assert_ok(dn_dataset_create(config, DN_DATASET_VALIDATION, &dataset));
    assert_true(dn_dataset_is_soft(dataset));
    assert_ok(dn_dataset_sample_soft(dataset, 0, input, targets, soft));
    /* Most probable where 0.5 is passed: u 2.5..7.5 on both sides, y from -6.5 to 4.5 on the left and 3.5 on the right (0.6 * 0.8 = 0.48).
     */
    double x = 0.0, y = 0.0, count = 0.0, sum[CLASSES] = {0}, expected[CLASSES] = {0};
    for (int side = 0; side < 2; ++side) {
        for (double v = -6.5; v < 7.0; v += 1.0) {
            double of = share(side == 1 ? 5.0 : -5.0, v, 0.0, side == 1);
            expected[side + 1] += 6.0 * 12.0 * of;
            if (of > 1.0 - of) {
                x += side == 1 ? 5.0 : -5.0;
                y += v;
                count += 1.0;
            }
        }
    }
    for (int i = 0; i < EDGE; ++i) {
        for (int j = 0; j < EDGE; ++j) {
            for (int k = 0; k < EDGE; ++k) {
                const float *g = soft + ((i * EDGE + j) * EDGE + k) * CLASSES;
                assert_close(g[0] + g[1] + g[2], 1.0, 1e-6);
                for (int c = 0; c < CLASSES; ++c) {
                    sum[c] += (double)g[c];
                }
                /* Well inside of a box the field is linear in y alone. */
                double p[3] = {along(i, x / count), along(j, y / count), along(k, 0.0)};
                if (fabs(fabs(p[0]) - 5.0) < 2.0 && fabs(p[1]) < 5.5 && fabs(p[2]) < 4.5 && fabs(p[1] - 2.5) > 1.0) {
                    assert_close(g[p[0] > 0 ? 2 : 1], share(p[0], p[1], p[2], p[0] > 0), 1e-5);
                }
            }
        }
    }
    assert_close(sum[1], expected[1], 1e-3 * expected[1]); /* volumes are sums of probabilities */
    assert_close(sum[2], expected[2], 1e-3 * expected[2]);
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Left stays on the left, and has what the right had. */
static void mirrored(void **state)
{
    (void)state;
    dn_dataset *dataset = NULL;
    double sum[2][CLASSES] = {{0}};
    dn_train_config *config =
        toy_config(SOFT_HEAD SOFT_MODEL SOFT_LABELS SOFT_DATA "augmentation: {preset: plain, mirror_probability: 1}\n" TOY_TRAINING);
    assert_ok(dn_dataset_create(config, DN_DATASET_TRAINING, &dataset));
    assert_ok(dn_dataset_sample_soft(dataset, 0, input, targets, soft));
    for (int v = 0; v < VOXELS; ++v) {
        for (int c = 1; c < CLASSES; ++c) {
            sum[v / (EDGE * EDGE) >= EDGE / 2][c] += (double)soft[v * CLASSES + c];
        }
    }
    assert_close(sum[0][2], 0.0, 1e-3);
    assert_close(sum[1][1], 0.0, 1e-3);
    assert_close(sum[0][1] / sum[1][2], 0.6, 1e-3);
    /* through the queue, which copies them */
    static float again[VOXELS * CLASSES];
    dn_queue *queue = NULL;
    assert_ok(dn_queue_create(dataset, (dn_queue_order){0, 1, 1}, 1, 2, &queue));
    assert_ok(dn_queue_next(queue, input, targets, again));
    assert_memory_equal(again, soft, sizeof soft);
    dn_queue_destroy(queue);
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Over many samples the ventricle's volume is what its walls' way says, and the hypothalamus's stays. */
static void ventricle(void **state)
{
    (void)state;
    enum { SAMPLES = 12 };
    dn_dataset *dataset = NULL;
    double widest = 0.0, narrowest = 1e9;
    const double own = 4.0 * 14.0 * 12.0;
    dn_train_config *config =
        toy_config(SOFT_HEAD SOFT_MODEL SOFT_LABELS SOFT_DATA "augmentation: {preset: plain, noise_sd: 0, ventricle_mm: 3}\n" TOY_TRAINING);
    assert_ok(dn_dataset_create(config, DN_DATASET_TRAINING, &dataset));
    for (int n = 0; n < SAMPLES; ++n) {
        double sum[CLASSES] = {0}, dark = 0.0, fluid = 1.0;
        assert_ok(dn_dataset_sample_soft(dataset, n, input, targets, soft));
        for (int v = 0; v < VOXELS; ++v) {
            fluid = fmin(fluid, (double)input[v]);
            for (int c = 0; c < CLASSES; ++c) {
                sum[c] += (double)soft[v * CLASSES + c];
            }
        }
        for (int v = 0; v < VOXELS; ++v) { /* the patch's corner is tissue */
            dark += fmax(0.0, (double)input[0] - (double)input[v]) / ((double)input[0] - fluid);
        }
        print_message("sample %d: ventricle %.0f (as it is %.0f), hypothalamus %.1f and %.1f\n", n, dark, own, sum[1], sum[2]);
        assert_close(sum[1], 864.0, 0.01 * 864.0);
        assert_close(sum[2], 0.6 * 864.0, 0.01 * 0.6 * 864.0);
        widest = fmax(widest, dark);
        narrowest = fmin(narrowest, dark);
    }
    assert_true(widest > 1.5 * own && narrowest < 0.8 * own);
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

static void refused(void **state)
{
    (void)state;
    dn_dataset *dataset = NULL;
    dn_train_config *config = toy_config(SOFT_HEAD SOFT_MODEL SOFT_LABELS SOFT_DATA TOY_TRAINING);
    toy_text(folder, "s_probseg.json", "{\"LabelMap\": [\"left_posterior\", \"left_tail\"]}\n");
    assert_int_equal(dn_dataset_create(config, DN_DATASET_TRAINING, &dataset), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "left_tail"));
    toy_text(folder, "s_probseg.json", "{\"LabelMap\": [\"left_posterior\"]}\n");
    assert_int_equal(dn_dataset_create(config, DN_DATASET_TRAINING, &dataset), DN_EFORMAT);
    char *path = toy_path(folder, "s_probseg.json");
    remove(path);
    free(path);
    assert_int_equal(dn_dataset_create(config, DN_DATASET_TRAINING, &dataset), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "s_probseg.json"));
    dn_train_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_it_is), cmocka_unit_test(mirrored), cmocka_unit_test(ventricle),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, make, toy_destroy);
}
