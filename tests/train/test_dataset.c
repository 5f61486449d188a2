/* Samples: the same whatever makes them, classes as the config says, sides right after a mirror, refusals that name labels. */
#define _GNU_SOURCE
#include "toy_config.h"

#include "register/tissues.h"
#include "train/dataset.h"
#include "train/sources.h"

enum { EDGE = 16, VOXELS = EDGE * EDGE * EDGE };

static dn_dataset *dataset_of(const dn_train_config *config, dn_dataset_part part)
{
    dn_dataset *dataset = NULL;
    assert_ok(dn_dataset_create(config, part, &dataset));
    return dataset;
}

/* Three ways to the same samples: asked for one by one, through one worker, through three. */
static void same_with_any_workers(void **state)
{
    (void)state;
    enum { COUNT = 7, FIRST = 5 };
    static float input[COUNT][VOXELS], other[VOXELS];
    static uint8_t targets[COUNT][VOXELS], others[VOXELS];
    dn_train_config *config = toy_config(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA TOY_TRAINING);
    dn_dataset *dataset = dataset_of(config, DN_DATASET_TRAINING);
    for (int i = COUNT - 1; i >= 0; --i) {
        assert_ok(dn_dataset_sample(dataset, FIRST + i, input[i], targets[i]));
    }
    assert_memory_not_equal(input[0], input[1], sizeof input[0]);
    for (int workers = 0; workers <= 3; ++workers) {
        dn_queue *queue = NULL;
        assert_ok(dn_queue_create(dataset, (dn_queue_order){FIRST, 1, 1}, workers, workers == 3 ? 2 : 5, &queue));
        for (int i = 0; i < COUNT; ++i) {
            assert_ok(dn_queue_next(queue, other, others, NULL));
            assert_memory_equal(other, input[i], sizeof other);
            assert_memory_equal(others, targets[i], sizeof others);
        }
        dn_queue_destroy(queue); /* with samples still in the making */
    }
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Without shape changes the truth is the map, read through the classes; tensor axes are [x, y, z]. */
static void classes_of_the_map(void **state)
{
    (void)state;
    static float input[VOXELS];
    static uint8_t targets[VOXELS];
    dn_train_config *config =
        toy_config(TOY_HEAD TOY_MODEL TOY_LABELS
                   "data: {tissues: tissues.tsv, maps: ['maps/head1.nii.gz']}\naugmentation: {preset: plain}\n" TOY_TRAINING);
    dn_dataset *dataset = dataset_of(config, DN_DATASET_TRAINING);
    assert_ok(dn_dataset_sample(dataset, 0, input, targets));
    int wrong = 0;
    for (int i = 0; i < EDGE; ++i) {
        for (int j = 0; j < EDGE; ++j) {
            for (int k = 0; k < EDGE; ++k) {
                /* The head's middle is (0, 0, 0); voxels at half a voxel from a border may go either way. */
                double p[3] = {(i - 7.5) * 6, (j - 7.5) * 6, (k - 7.5) * 6};
                double r = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
                int found = targets[(i * EDGE + j) * EDGE + k];
                bool inside = fabs(fabs(p[0]) - 14) < 7 && fabs(p[1]) < 11 && fabs(p[2]) < 7;
                bool outside = fabs(fabs(p[0]) - 14) > 13 || fabs(p[1]) > 17 || fabs(p[2]) > 13;
                int expected = inside ? (p[0] < 0 ? 1 : 2) : outside && r < 42 ? 3 : r > 50 ? 0 : -1;
                wrong += expected >= 0 && expected != found;
            }
        }
    }
    assert_int_equal(wrong, 0);
    for (int v = 0; v < VOXELS; ++v) {
        assert_true(input[v] >= 0 && input[v] <= 1);
    }
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Mirrored for certain: left stays on the left. */
static void mirror_swaps_sides(void **state)
{
    (void)state;
    static float input[VOXELS];
    static uint8_t targets[VOXELS];
    dn_train_config *config =
        toy_config(TOY_HEAD TOY_MODEL TOY_LABELS "data: {tissues: tissues.tsv, maps: ['maps/head1.nii.gz']}\n"
                                                 "augmentation: {preset: plain, mirror_probability: 1}\n" TOY_TRAINING);
    dn_dataset *dataset = dataset_of(config, DN_DATASET_TRAINING);
    assert_ok(dn_dataset_sample(dataset, 3, input, targets));
    int left = 0;
    int right = 0;
    for (int v = 0; v < VOXELS; ++v) {
        int i = v / (EDGE * EDGE);
        left += targets[v] == 1 && i < EDGE / 2;
        right += targets[v] == 2 && i >= EDGE / 2;
        assert_false(targets[v] == 1 && i >= EDGE / 2);
        assert_false(targets[v] == 2 && i < EDGE / 2);
    }
    assert_true(left > 20 && right > 20);
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Around a class drawn evenly: the middle voxel is a thalamus in two of three patches, never in patches of the whole head. */
static void balanced_centres(void **state)
{
    (void)state;
    static float input[VOXELS];
    static uint8_t targets[VOXELS];
    dn_train_config *config =
        toy_config(TOY_HEAD "model: {architecture: unet3d, spacing_mm: 2, patch: [16, 16, 16], centre: balanced, balance: 1, config: "
                            "{features: [4, 4]}}\n" TOY_LABELS
                            "data: {tissues: tissues.tsv, maps: ['maps/*.nii.gz']}\naugmentation: {preset: plain}\n" TOY_TRAINING);
    dn_dataset *dataset = dataset_of(config, DN_DATASET_TRAINING);
    int thalamus = 0;
    for (int i = 0; i < 60; ++i) {
        assert_ok(dn_dataset_sample(dataset, i, input, targets));
        int middle = targets[(8 * EDGE + 8) * EDGE + 8];
        thalamus += middle == 1 || middle == 2;
    }
    if (thalamus < 25 || thalamus > 55) { /* binomial(60, 2/3): 40 +- 4 sd */
        fail_msg("expected about 40 of 60 patches around a thalamus, found %d", thalamus);
    }
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* A scan of its own truth, numbered in another way. */
static void real_scans(void **state)
{
    (void)state;
    static float input[VOXELS], again[VOXELS];
    static uint8_t targets[VOXELS];
    dn_labels *map = NULL;
    dn_volume *scan = NULL;
    char *path = toy_path(folder, "maps/head1.nii.gz");
    assert_ok(dn_labels_read(path, NULL, &map, NULL));
    free(path);
    assert_ok(dn_volume_create(&map->grid, &scan));
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        scan->data[v] = (float)(map->data[v] % 100);
        map->data[v] = map->data[v] == 10 ? 60 : map->data[v]; /* as DLMUSE counts */
    }
    path = toy_path(folder, "a_T1w.nii.gz");
    assert_ok(dn_volume_write(scan, path, NULL));
    free(path);
    path = toy_path(folder, "a_truth.nii.gz");
    assert_ok(dn_labels_write(map, path, NULL));
    free(path);
    toy_text(folder, "t.tsv", "label\tto\n60\t10\n");
    dn_labels_destroy(map);
    dn_volume_destroy(scan);
    dn_train_config *config =
        toy_config(TOY_HEAD TOY_MODEL TOY_LABELS
                   "data:\n  tissues: tissues.tsv\n  maps: ['maps/*.nii.gz']\n  validation:\n    scans: [{scan: '*_T1w.nii.gz', "
                   "labels: '*_truth.nii.gz', translate: t.tsv}]\n" TOY_TRAINING);
    dn_dataset *dataset = dataset_of(config, DN_DATASET_VALIDATION);
    assert_ok(dn_dataset_sample(dataset, 0, input, targets));
    assert_ok(dn_dataset_sample(dataset, 1, again, targets));
    assert_memory_equal(input, again, sizeof input); /* as it is, each time */
    int count[4] = {0};
    for (int v = 0; v < VOXELS; ++v) {
        assert_true(targets[v] < 4);
        ++count[targets[v]];
    }
    assert_true(count[1] > 20 && count[2] > 20);
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

static void expect_refusal(const char *text, const char *part)
{
    dn_train_config *config = toy_config(text);
    dn_dataset *dataset = NULL;
    dn_status status = dn_dataset_create(config, DN_DATASET_TRAINING, &dataset);
    if (status == DN_OK || strstr(dn_error_message(), part) == NULL) {
        fail_msg("expected \"%s\", found: %s", part, status == DN_OK ? "no error" : dn_error_message());
    }
    dn_train_config_destroy(config);
}

static void refusals(void **state)
{
    (void)state;
    char *path = toy_path(folder, "odd.nii.gz");
    toy_head_write(path, 58, 900);
    free(path);
    expect_refusal(TOY_HEAD TOY_MODEL TOY_LABELS "data: {tissues: tissues.tsv, maps: [odd.nii.gz]}\n" TOY_TRAINING, "label 900 of");
    expect_refusal(TOY_HEAD TOY_MODEL TOY_LABELS "ignore_labels: [900]\ndata: {tissues: tissues.tsv, maps: [odd.nii.gz]}\n" TOY_TRAINING,
                   "has no row for the label 900");
    /* The left thalamus alone: a mirrored head would have it called brain. */
    expect_refusal(TOY_HEAD TOY_MODEL "labels: [{name: none, from: [0, 515, 507]}, {name: thalamus, from: [10]}, {name: brain, index: 2, "
                                      "from: [2, 41, 24, 49]}]\n" TOY_DATA TOY_TRAINING,
                   "in the mirror image");
    expect_refusal(TOY_HEAD TOY_MODEL "labels: [{name: none, from: [0, 515, 507]}, {name: left_thalamus, from: [10, 49]}, {name: brain, "
                                      "index: 2, from: [2, 41, 24]}]\n" TOY_DATA TOY_TRAINING,
                   "has a side");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_with_any_workers), cmocka_unit_test(classes_of_the_map), cmocka_unit_test(mirror_swaps_sides),
        cmocka_unit_test(balanced_centres),      cmocka_unit_test(real_scans),         cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, toy_make, toy_destroy);
}
