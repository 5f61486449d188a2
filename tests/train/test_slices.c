/* Slices for 2-D networks: pictures as the published code reads them, stacks as the network's contract has them, sides right after a
 * mirror, every slice once an epoch, and files that are not what they should be in one sentence. */
#define _GNU_SOURCE
#include "toy_head.h"

#include "base/file.h"
#include "chart/picture.h"
#include "train/dataset.h"
#include "train/slices.h"
#include "train/trainer.h"

#include <cairo.h>

enum { EDGE = 32, LARGE = 64, PIXELS = EDGE * EDGE, SLICES = 5 };

static char *folder;

static uint8_t pattern(int r, int c)
{
    return (uint8_t)((r * 7 + c * 13) % 251);
}

static uint8_t disc(int r, int c)
{
    return (r - 40) * (r - 40) + (c - 20) * (c - 20) < 100 ? 255 : 0;
}

static uint8_t odd(int r, int c)
{
    return r == 6 && c == 8 ? 37 : 0;
}

static void write_png(const char *name, int edge, cairo_format_t format, uint8_t (*value)(int r, int c))
{
    char *path = toy_path(folder, name);
    cairo_surface_t *surface = cairo_image_surface_create(format, edge, edge);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int r = 0; r < edge; ++r) {
        for (int c = 0; c < edge; ++c) {
            uint32_t grey = value(r, c);
            uint32_t pixel = format == CAIRO_FORMAT_ARGB32 ? 0x80000000u : 0xff000000u | grey << 16 | grey << 8 | grey;
            memcpy(data + r * stride + 4 * c, &pixel, 4);
        }
    }
    cairo_surface_mark_dirty(surface);
    assert_int_equal(cairo_surface_write_to_png(surface, path), CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(surface);
    free(path);
}

/* Stack in RAS, 2 mm, EDGE x SLICES x EDGE: a value of its own everywhere, label 801 on the left, 806 on the right, the
 * number of labelled voxels a side = slice + 1. */
static float stack_value(int64_t i, int64_t j, int64_t k)
{
    return (float)(100 + 3 * i + 50 * j + 2 * k);
}

static void write_stack(const char *scan, const char *labels, bool side)
{
    dn_grid grid = {{EDGE, SLICES, EDGE}, {{{2, 0, 0, -31}, {0, 2, 0, -4}, {0, 0, 2, -31}}}};
    dn_volume *volume = NULL;
    dn_labels *map = NULL;
    char *path = toy_path(folder, scan);
    assert_ok(dn_volume_create(&grid, &volume));
    assert_ok(dn_labels_create(&grid, &map));
    for (int64_t k = 0; k < EDGE; ++k) {
        for (int64_t j = 0; j < SLICES; ++j) {
            for (int64_t i = 0; i < EDGE; ++i) {
                int64_t at = dn_grid_offset(&grid, i, j, k);
                volume->data[at] = stack_value(i, j, k);
                bool left = i >= 4 && i <= 4 + j; /* small i is the patient's left in RAS */
                bool right = i >= 20 && i <= 20 + j;
                map->data[at] = k != 10 ? 0 : left ? 801 : right && side ? 806 : 0;
            }
        }
    }
    assert_ok(dn_volume_write(volume, path, NULL));
    free(path);
    path = toy_path(folder, labels);
    assert_ok(dn_labels_write(map, path, NULL));
    free(path);
    dn_volume_destroy(volume);
    dn_labels_destroy(map);
}

static int make(void **state)
{
    (void)state;
    char command[1500];
    folder = toy_folder();
    snprintf(command, sizeof command, "cd '%.500s' && mkdir -p good/1 good/2 good/10 big/1 alpha/1 odd/1 half/1", folder);
    assert_int_equal(system(command), 0);
    static const char *const pairs[] = {"good/1", "good/2", "good/10", "odd/1"};
    for (int i = 0; i < 4; ++i) {
        char name[64];
        snprintf(name, sizeof name, "%s/mri_orig.png", pairs[i]);
        write_png(name, LARGE, CAIRO_FORMAT_RGB24, pattern);
        snprintf(name, sizeof name, "%s/mri_hypothal.png", pairs[i]);
        write_png(name, LARGE, CAIRO_FORMAT_RGB24, i == 3 ? odd : disc);
    }
    write_png("big/1/mri_orig.png", 50, CAIRO_FORMAT_RGB24, pattern);
    write_png("big/1/mri_hypothal.png", 50, CAIRO_FORMAT_RGB24, disc);
    write_png("alpha/1/mri_orig.png", LARGE, CAIRO_FORMAT_ARGB32, pattern);
    write_png("alpha/1/mri_hypothal.png", LARGE, CAIRO_FORMAT_RGB24, disc);
    write_png("half/1/mri_orig.png", LARGE, CAIRO_FORMAT_RGB24, pattern);
    write_stack("a_stack.nii.gz", "a_dseg.nii.gz", true);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    toy_remove(folder);
    return 0;
}

#define NETWORK                                                                                                                            \
    "config: {dims: 2, nodes: [{op: input, name: x, channels: 1}, {op: conv, name: c, input: x, out: 3, kernel: 3, padding: same, bias: "  \
    "true}, "                                                                                                                              \
    "{op: softmax, name: s, input: c}], outputs: [s]}"
#define MODEL(spacing, slices)                                                                                                             \
    "name: toy\noutput: run\nmodel: {architecture: graph, spacing_mm: " spacing ", patch: [32, 32], slices: " slices ", " NETWORK "}\n"
#define PICTURE_LABELS "labels: [{name: background, from: [0]}, {name: disc, from: [255], index: 9}, {name: never, from: [7]}]\n"
#define STACK_LABELS                                                                                                                       \
    "labels: [{name: background, from: [0]}, {name: left_hypothalamus, from: [801-805]}, {name: right_hypothalamus, from: [806-810]}]\n"
#define STEPS "training: {steps: 4}\n"

static dn_status open_text(const char *text, dn_dataset_part part, dn_train_config **config, dn_dataset **dataset)
{
    char *path = toy_path(folder, "c.yaml");
    toy_text(folder, "c.yaml", text);
    *config = NULL;
    *dataset = NULL;
    dn_status status = dn_train_config_read(path, 0, config);
    free(path);
    return status == DN_OK ? dn_dataset_create(*config, part, dataset) : status;
}

static void close_both(dn_train_config *config, dn_dataset *dataset)
{
    dn_dataset_destroy(dataset);
    dn_train_config_destroy(config);
}

/* Every second row and column from the first, / 255. */
static void pictures_as_published(void **state)
{
    (void)state;
    static float input[PIXELS];
    static uint8_t targets[PIXELS];
    dn_train_config *config;
    dn_dataset *dataset;
    assert_ok(open_text(MODEL("1", "{normalise: none}") PICTURE_LABELS "data: {folders: ['good'], validation: {folders: ['good']}}\n" STEPS,
                        DN_DATASET_VALIDATION, &config, &dataset));
    assert_int_equal(config->validation_samples, 3);
    assert_string_equal(config->training.pairs[0].subject, "good");
    assert_non_null(strstr(config->training.pairs[1].scan, "good/2/")); /* 2 before 10 */
    assert_ok(dn_dataset_sample(dataset, 2, input, targets));
    for (int r = 0; r < EDGE; ++r) {
        for (int c = 0; c < EDGE; ++c) {
            float expected = (float)pattern(2 * r, 2 * c) / 255.0f;
            if (input[r * EDGE + c] != expected || targets[r * EDGE + c] != (disc(2 * r, 2 * c) == 255)) {
                fail_msg("row %d, column %d: expected %g and class %d, found %g and %d", r, c, (double)expected, disc(2 * r, 2 * c) == 255,
                         (double)input[r * EDGE + c], targets[r * EDGE + c]);
            }
        }
    }
    close_both(config, dataset);
}

/* Published contrast: multiplied and cut at 255. */
static void contrast_factor(void **state)
{
    (void)state;
    static float input[PIXELS];
    static uint8_t targets[PIXELS];
    dn_train_config *config;
    dn_dataset *dataset;
    assert_ok(open_text(MODEL("1", "{normalise: none}") PICTURE_LABELS
                        "data: {folders: ['good']}\naugmentation: {preset: plain, noise_sd: 0, contrast_factors: [1.5]}\n" STEPS,
                        DN_DATASET_TRAINING, &config, &dataset));
    assert_ok(dn_dataset_sample(dataset, 0, input, targets));
    for (int v = 0; v < PIXELS; ++v) {
        double expected = fmin(1.0, 1.5 * pattern(2 * (v / EDGE), 2 * (v % EDGE)) / 255.0);
        assert_close(input[v], expected, 2e-6);
    }
    close_both(config, dataset);
}

/* Rows downwards, columns to the patient's left, slices backwards; z-scores of the whole stack. */
static void stack_in_the_contract(void **state)
{
    (void)state;
    static float input[PIXELS];
    static uint8_t targets[PIXELS];
    dn_train_config *config;
    dn_dataset *dataset;
    double sum = 0.0;
    double squares = 0.0;
    for (int v = 0; v < PIXELS * SLICES; ++v) {
        double value = (double)stack_value(v % EDGE, v / EDGE % SLICES, v / (EDGE * SLICES));
        sum += value / (PIXELS * SLICES);
        squares += value * value / (PIXELS * SLICES);
    }
    double sd = sqrt((squares - sum * sum) * (PIXELS * SLICES) / (PIXELS * SLICES - 1.0));
    assert_ok(
        open_text(MODEL("2", "{}") STACK_LABELS
                  "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}], validation: {scans: [{scan: a_stack.nii.gz, labels: "
                  "a_dseg.nii.gz}]}}\n" STEPS,
                  DN_DATASET_VALIDATION, &config, &dataset));
    assert_int_equal(config->validation_samples, SLICES);
    for (int slice = 0; slice < SLICES; ++slice) {
        int64_t j = SLICES - 1 - slice;
        assert_ok(dn_dataset_sample(dataset, slice, input, targets));
        for (int r = 0; r < EDGE; ++r) {
            for (int c = 0; c < EDGE; ++c) {
                int64_t i = EDGE - 1 - c;
                int64_t k = EDGE - 1 - r;
                int label = k != 10 ? 0 : i >= 4 && i <= 4 + j ? 1 : i >= 20 && i <= 20 + j ? 2 : 0;
                assert_close(input[r * EDGE + c], ((double)stack_value(i, j, k) - sum) / sd, 1e-4);
                assert_int_equal(targets[r * EDGE + c], label);
            }
        }
    }
    close_both(config, dataset);
}

#define NEIGHBOURS                                                                                                                         \
    "name: toy\noutput: run\nmodel: {architecture: graph, spacing_mm: 2, patch: [32, 32], slices: {channels: 3, step: 2}, "                \
    "config: {dims: 2, nodes: [{op: input, name: x, channels: 3}, {op: conv, name: c, input: x, out: 3, kernel: 3, padding: same, bias: "  \
    "true}, {op: softmax, name: s, input: c}], outputs: [s]}}\n"

/* Channels are slices two before, the slice, two behind; beyond the ends lies the darkest value. As they are, and through a deformation
 * that moves nothing. */
static void neighbours(void **state)
{
    (void)state;
    static float own[SLICES][PIXELS], input[3 * PIXELS];
    static uint8_t truth[SLICES][PIXELS], targets[PIXELS];
    dn_train_config *config;
    dn_dataset *dataset;
    float darkest = INFINITY;
    assert_ok(open_text(MODEL("2", "{}") STACK_LABELS "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}], validation: {scans: "
                                                      "[{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}]}}\n" STEPS,
                        DN_DATASET_VALIDATION, &config, &dataset));
    for (int slice = 0; slice < SLICES; ++slice) {
        assert_ok(dn_dataset_sample(dataset, slice, own[slice], truth[slice]));
        for (int v = 0; v < PIXELS; ++v) {
            darkest = own[slice][v] < darkest ? own[slice][v] : darkest;
        }
    }
    close_both(config, dataset);
    for (int training = 0; training < 2; ++training) {
        assert_ok(open_text(NEIGHBOURS STACK_LABELS "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}], validation: {scans: "
                                                    "[{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}]}}\n"
                                                    "augmentation: {preset: plain, noise_sd: 0}\n" STEPS,
                            training ? DN_DATASET_TRAINING : DN_DATASET_VALIDATION, &config, &dataset));
        assert_int_equal(dn_dataset_inputs(dataset), 3 * PIXELS);
        for (int i = 0; i < SLICES; ++i) {
            int slice = 0;
            assert_ok(dn_dataset_sample(dataset, i, input, targets));
            while (slice < SLICES - 1 && memcmp(truth[slice], targets, sizeof targets) != 0) {
                ++slice; /* training has an order of its own; a slice is known by its labels */
            }
            assert_memory_equal(targets, truth[slice], sizeof targets);
            for (int c = 0; c < 3; ++c) {
                int seen = slice + (c - 1) * 2;
                for (int v = 0; v < PIXELS; ++v) {
                    double expected = (double)(seen >= 0 && seen < SLICES ? own[seen][v] : darkest);
                    if (!(fabs((double)input[3 * v + c] - expected) < (training ? 0.02 : 1e-6))) {
                        fail_msg("training %d, slice %d, channel %d, pixel %d: expected %g, found %g", training, slice, c, v, expected,
                                 (double)input[3 * v + c]);
                    }
                }
            }
        }
        close_both(config, dataset);
    }
}

/* Mirrored for certain, left stays where a patient's left lies; a factor below 1 is taken out again by the z-score. */
static void mirror_and_zscore(void **state)
{
    (void)state;
    static float input[PIXELS], dim[PIXELS];
    static uint8_t targets[PIXELS], same[PIXELS];
    for (int turn = 0; turn < 2; ++turn) {
        dn_train_config *config;
        dn_dataset *dataset;
        assert_ok(open_text(turn == 0 ? MODEL("2", "{}") STACK_LABELS
                                "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}]}\n"
                                "augmentation: {preset: plain, noise_sd: 0, mirror_probability: 1}\n" STEPS
                                      : MODEL("2", "{}") STACK_LABELS
                                "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}]}\n"
                                "augmentation: {preset: plain, noise_sd: 0, mirror_probability: 1, contrast_factors: [0.5]}\n" STEPS,
                            DN_DATASET_TRAINING, &config, &dataset));
        assert_ok(dn_dataset_sample(dataset, 1, turn == 0 ? input : dim, turn == 0 ? targets : same));
        close_both(config, dataset);
    }
    int left = 0, right = 0;
    for (int v = 0; v < PIXELS; ++v) {
        left += targets[v] == 1;
        right += targets[v] == 2;
        assert_true(targets[v] != 1 || v % EDGE >= EDGE / 2);
        assert_true(targets[v] != 2 || v % EDGE < EDGE / 2);
        /* The brightest 0.5 % are at 1 without the factor, and not cut with it: near enough. */
        assert_close(dim[v], input[v], 0.02);
    }
    assert_true(left > 0 && left == right);
    assert_memory_equal(targets, same, sizeof targets);
}

/* A side without its partner cannot be mirrored. */
static void lonely_side(void **state)
{
    (void)state;
    dn_train_config *config;
    dn_dataset *dataset;
    assert_int_equal(
        open_text(
            MODEL("2",
                  "{}") "labels: [{name: background, from: [0, 806]}, {name: left_hypothalamus, from: [801]}, {name: x, from: [9]}]\n"
                        "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}]}\naugmentation: {mirror_probability: 0.5}\n" STEPS,
            DN_DATASET_TRAINING, &config, &dataset),
        DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "has no partner on the other side"));
    close_both(config, dataset);
}

/* Slices are told apart by how many pixels are labelled. */
static void each_once_an_epoch(void **state)
{
    (void)state;
    static float input[PIXELS];
    static uint8_t targets[PIXELS];
    dn_train_config *config;
    dn_dataset *dataset;
    bool differs = false;
    int first[SLICES];
    assert_ok(open_text(MODEL("2", "{}") STACK_LABELS "data: {scans: [{scan: a_stack.nii.gz, labels: a_dseg.nii.gz}]}\n"
                                                      "augmentation: {preset: plain}\ntraining: {epochs: 3, batch: 2}\n",
                        DN_DATASET_TRAINING, &config, &dataset));
    assert_int_equal(config->epoch_samples, SLICES);
    assert_int_equal(config->steps, 6);
    assert_int_equal(config->validate_every, 2);
    for (int epoch = 0; epoch < 4; ++epoch) {
        int seen[SLICES] = {0};
        for (int i = 0; i < SLICES; ++i) {
            int count = 0;
            assert_ok(dn_dataset_sample(dataset, epoch * SLICES + i, input, targets));
            for (int v = 0; v < PIXELS; ++v) {
                count += targets[v] == 1;
            }
            assert_true(count >= 1 && count <= SLICES);
            ++seen[count - 1];
            differs = differs || (epoch > 0 && first[i] != count);
            first[i] = epoch == 0 ? count : first[i];
        }
        for (int i = 0; i < SLICES; ++i) {
            assert_int_equal(seen[i], 1);
        }
    }
    assert_true(differs);
    close_both(config, dataset);
}

static void expect_refusal(const char *data, const char *sentence)
{
    char text[4096];
    dn_train_config *config;
    dn_dataset *dataset;
    float input[PIXELS];
    uint8_t targets[PIXELS];
    snprintf(text, sizeof text, "%s%s%s\n%s", MODEL("1", "{normalise: none}"), PICTURE_LABELS, data, STEPS);
    dn_status status = open_text(text, DN_DATASET_TRAINING, &config, &dataset);
    status = status == DN_OK ? dn_dataset_sample(dataset, 0, input, targets) : status;
    if (status == DN_OK || strstr(dn_error_message(), sentence) == NULL) {
        fail_msg("%s: expected \"%s\", found \"%s\"", data, sentence, status == DN_OK ? "no failure" : dn_error_message());
    }
    assert_null(strchr(dn_error_message(), '\n'));
    close_both(config, dataset);
}

/* What a config says of the frame is in the model, for `segment`. */
static void frame_in_model(void **state)
{
    (void)state;
#define FRAME(slices) MODEL("0.5", slices) PICTURE_LABELS "data: {folders: ['good']}\n" STEPS
    static const struct {
        const char *text, *region;
    } cases[] = {
        {FRAME("{normalise: zscore}"), NULL},
        {FRAME("{frame: acpc}"), "{\"frame\":\"acpc\",\"slices\":50,\"pixels\":32,\"centre_mm\":[0,-5,0]}"},
        {FRAME("{frame: acpc, count: 40}"), "{\"frame\":\"acpc\",\"slices\":40,\"pixels\":32,\"centre_mm\":[0,-5,0]}"},
    };
    char hex[3][65];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_train_config *config;
        dn_dataset *dataset;
        dn_model *model = NULL;
        assert_ok(open_text(cases[i].text, DN_DATASET_TRAINING, &config, &dataset));
        assert_ok(dn_train_config_model(config, &model));
        if (cases[i].region == NULL) {
            assert_null(model->input.region);
        } else {
            assert_string_equal(model->input.region, cases[i].region);
        }
        assert_ok(dn_train_config_hash(config, hex[i]));
        dn_model_destroy(model);
        close_both(config, dataset);
    }
    assert_string_equal(hex[1], hex[2]); /* a run goes on when it is added */
    assert_string_equal(hex[0], hex[1]);
    dn_train_config *config;
    dn_dataset *dataset;
    assert_int_equal(open_text(FRAME("{frame: acpc, orientation: RAS}"), DN_DATASET_TRAINING, &config, &dataset), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "coronal slices"));
    close_both(config, dataset);
}

static void wrong_files(void **state)
{
    (void)state;
    unsigned char *bytes = NULL;
    size_t size;
    dn_picture picture;
    char *path = toy_path(folder, "good/1/mri_orig.png");
    expect_refusal("data: {folders: ['big']}", "mri_orig.png has 50 x 50 pixels; it must have the size of the patch, 32 x 32,");
    expect_refusal("data: {folders: ['alpha']}", "mri_orig.png has an alpha channel");
    expect_refusal("data: {folders: ['odd']}", "label 37 belongs to no class");
    expect_refusal("data: {folders: ['half']}", "has mri_orig.png without mri_hypothal.png");
    expect_refusal("data: {folders: ['maps']}", "holds mri_orig.png and mri_hypothal.png");
    expect_refusal("data: {folders: ['none']}", "there is no such folder");
    expect_refusal("data: {maps: ['maps/*.nii.gz']}", "is trained on slices");
    expect_refusal("data: {scans: [{scan: good/1/mri_orig.png, labels: a_dseg.nii.gz}]}", "its labels");
    assert_ok(dn_file_read(path, 1 << 24, &bytes, &size));
    assert_ok(dn_picture_read_bytes(bytes, size, "whole.png", &picture));
    dn_picture_release(&picture);
    assert_int_equal(dn_picture_read_bytes(bytes, size / 2, "half.png", &picture), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "half.png is damaged"));
    bytes[24] = 16;
    assert_int_equal(dn_picture_read_bytes(bytes, size, "deep.png", &picture), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "deep.png has 16 bits"));
    bytes[24] = 8;
    bytes[16] = 0x7f;
    assert_int_equal(dn_picture_read_bytes(bytes, size, "wide.png", &picture), DN_EFORMAT);
    bytes[0] = 'x';
    assert_int_equal(dn_picture_read_bytes(bytes, size, "text.png", &picture), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "is not a PNG"));
    free(bytes);
    free(path);
}

/* A first kernel for three channels starts a network of one: the sum, which gives a grey slice the same. */
static void start_from_three_channels(void **state)
{
    (void)state;
    static const char three[] =
        "{\"dims\":2,\"nodes\":[{\"op\":\"input\",\"name\":\"x\",\"channels\":3},{\"op\":\"conv\",\"name\":\"c\",\"input\":\"x\","
        "\"out\":3,\"kernel\":3,\"bias\":true}],\"outputs\":[\"c\"]}";
    dn_model *model = NULL;
    float kernel[81];
    const float bias[3] = {0.5f, -1, 2};
    for (int i = 0; i < 81; ++i) {
        kernel[i] = (float)((i * 29) % 83) / 83.0f;
    }
    assert_ok(dn_model_create("three", "graph", three, &model));
    assert_ok(dn_weights_add(model->weights, "c.weight", 4, (const int64_t[]){3, 3, 3, 3}, kernel, NULL));
    assert_ok(dn_weights_add(model->weights, "c.bias", 1, (const int64_t[]){3}, bias, NULL));
    char *path = toy_path(folder, "three.safetensors");
    assert_ok(dn_model_write(model, DN_STORE_F32, path));
    dn_model_destroy(model);
    free(path);
    dn_train_config *config = NULL;
    path = toy_path(folder, "c.yaml");
    toy_text(folder, "c.yaml",
             "name: toy\noutput: started\nmodel: {architecture: graph, spacing_mm: 1, patch: [32, 32], start: three.safetensors, " NETWORK
             "}\n" PICTURE_LABELS "data: {folders: ['good']}\ntraining: {steps: 1, schedule: {kind: constant, peak: 1e-12}}\n");
    assert_ok(dn_train_config_read(path, 0, &config));
    free(path);
    dn_trainer_result result;
    assert_ok(dn_trainer_run(config, &(const dn_trainer_options){.no_figure = true}, &result));
    path = toy_path(config->output, "toy.safetensors");
    assert_ok(dn_model_read(path, &model));
    const dn_weight *found = dn_weights_find(model->weights, "c.weight");
    assert_int_equal(dn_weight_count(found), 27);
    for (int o = 0; o < 3; ++o) {
        for (int k = 0; k < 9; ++k) {
            const float *from = kernel + o * 27 + k;
            assert_close(found->data[o * 9 + k], (double)from[0] + (double)from[9] + (double)from[18], 1e-6);
        }
        assert_close(dn_weights_find(model->weights, "c.bias")->data[o], bias[o], 1e-6);
    }
    free(path);
    dn_model_destroy(model);
    dn_train_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_as_published), cmocka_unit_test(contrast_factor),
        cmocka_unit_test(stack_in_the_contract), cmocka_unit_test(neighbours),
        cmocka_unit_test(mirror_and_zscore),     cmocka_unit_test(lonely_side),
        cmocka_unit_test(each_once_an_epoch),    cmocka_unit_test(frame_in_model),
        cmocka_unit_test(wrong_files),           cmocka_unit_test(start_from_three_channels),
    };
    return cmocka_run_group_tests(tests, make, destroy);
}
