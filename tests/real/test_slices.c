/* The published slices with their manual masks (three of them): read, and a tiny network learns them in seconds. */
#define _GNU_SOURCE
#include "toy_head.h"

#include "base/file.h"
#include "base/table.h"
#include "train/dataset.h"
#include "train/trainer.h"

static char *folder, *data;

static int make(void **state)
{
    (void)state;
    const char *base = getenv("DIEN_DATA") != NULL ? getenv("DIEN_DATA") : getenv("DIEN_DATA_DEFAULT");
    assert_ok(dn_asprintf(&data, "%s/ulm_slices", base != NULL ? base : "../shared/data"));
    if (!dn_path_is_folder(data)) {
        printf("skipped: no folder %s; DIEN_DATA names the data\n", data);
        exit(TEST_SKIP);
    }
    folder = toy_folder();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    toy_remove(folder);
    free(data);
    return 0;
}

static dn_train_config *config_of(const char *rest)
{
    char text[4096];
    dn_train_config *config = NULL;
    char *path = toy_path(folder, "c.yaml");
    snprintf(text, sizeof text,
             "name: ulm\noutput: run\nlabels: [{name: background, from: [0]}, {name: hypothalamus, from: [255], index: 819}]\n"
             "data: {folders: ['%s/Folder*'], validation: {folders: ['%s/Folder*']}}\naugmentation: {preset: plain, noise_sd: 0}\n%s",
             data, data, rest);
    toy_text(folder, "c.yaml", text);
    assert_ok(dn_train_config_read(path, 0, &config));
    config->threads = 2;
    free(path);
    return config;
}

#define MODEL(size, network)                                                                                                               \
    "model: {architecture: graph, spacing_mm: 0.5, patch: [" size ", " size "], slices: {normalise: none}, config: " network "}\n"
#define ONE                                                                                                                                \
    "{dims: 2, nodes: [{op: input, name: x, channels: 1}, {op: conv, name: c, input: x, out: 2, kernel: 1}, {op: softmax, name: s, "       \
    "input: c}], outputs: [s]}"

/* Counted by NumPy over mri_hypothal.png[::2, ::2] of each: the halving of the published code. */
static void masks_halved(void **state)
{
    (void)state;
    static const int expected[3] = {5830, 7316, 8709};
    static float input[512 * 512];
    static uint8_t targets[512 * 512];
    dn_train_config *config = config_of(MODEL("512", ONE) "training: {steps: 1}\n");
    dn_dataset *dataset = NULL;
    assert_ok(dn_dataset_create(config, DN_DATASET_VALIDATION, &dataset));
    for (int i = 0; i < 3; ++i) {
        int count = 0;
        assert_ok(dn_dataset_sample(dataset, i, input, targets));
        for (int v = 0; v < 512 * 512; ++v) {
            count += targets[v];
        }
        if (count != expected[i]) {
            fail_msg("slice %d: expected %d pixels of hypothalamus, found %d", i, expected[i], count);
        }
    }
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Four levels of 8 to 32 channels on slices of 64 x 64: IoU from nothing to above 0.7. */
#define CONV(name, input, out)                                                                                                             \
    "{op: conv, name: " name ", input: " input ", out: " out ", kernel: 3, padding: same}, "                                               \
    "{op: norm, name: " name "n, input: " name ", kind: batch, epsilon: 0.001}, {op: activation, name: " name "r, input: " name            \
    "n, kind: relu}, "
#define DOWN(name, input) "{op: pool, name: " name ", input: " input ", kind: max, kernel: 2}, "
#define UP(name, input) "{op: upsample, name: " name ", input: " input ", kind: nearest, factor: 2}, "
#define NETWORK                                                                                                                            \
    "{dims: 2, nodes: [{op: input, name: x, channels: 1}, " CONV("a", "x", "8") DOWN("pa", "ar") CONV("b", "pa", "16") DOWN("pb", "br")    \
        CONV("c", "pb", "24") DOWN("pc", "cr") CONV("d", "pc", "32")                                                                       \
            UP("ud", "dr") "{op: concat, name: dc, inputs: [ud, cr]}, " CONV("e", "dc", "24")                                              \
                UP("ue", "er") "{op: concat, name: eb, inputs: [ue, br]}, " CONV("f", "eb", "16")                                          \
                    UP("uf", "fr") "{op: concat, name: fa, inputs: [uf, ar]}, " CONV(                                                      \
                        "g", "fa", "8") "{op: conv, name: head, input: gr, out: 2, kernel: 1, bias: true}, {op: softmax, name: s, input: " \
                                        "head}], outputs: [s]}"

static void learns(void **state)
{
    (void)state;
    dn_trainer_result result;
    dn_table *table = NULL;
    double first, last;
    size_t column;
    const dn_trainer_options options = {.no_figure = true};
    dn_train_config *config = config_of(
        MODEL("64",
              NETWORK) "training: {steps: 40, batch: 3, validate_every: 8, norm_momentum: 0.9, schedule: {kind: constant, peak: 0.005}, "
                       "loss: [{kind: cross_entropy, weight: 0.5}, {kind: jaccard}]}\n");
    assert_ok(dn_trainer_run(config, &options, &result));
    char *path = toy_path(config->output, "validation.tsv");
    assert_ok(dn_table_read(path, &table));
    assert_ok(dn_table_column(table, "iou", &column));
    assert_ok(dn_table_number(table, 0, column, &first));
    assert_ok(dn_table_number(table, dn_table_rows(table) - 1, column, &last));
    printf("IoU %.3f after 8 steps, %.3f after 40\n", first, last);
    assert_true(last > 0.7 && first < 0.5);
    free(path);
    dn_table_destroy(table);
    dn_train_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(masks_halved), cmocka_unit_test(learns)};
    return cmocka_run_group_tests(tests, make, destroy);
}
