/* Any bytes as a config of `dien train`: a config or a refusal with file and line, in bounded time and memory. */
#define _GNU_SOURCE
#include "fuzz_file.h"

#include "train/config.h"
#include "train/yaml.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dn_yaml *yaml = NULL;
    dn_train_config *config = NULL;
    json_t *json = NULL;
    const char *path = fuzz_file(bytes, size);
    dn_status status = dn_yaml_read(path, &yaml);
    if (status == DN_OK) {
        status = dn_yaml_json(yaml, dn_yaml_root(yaml), &json);
        if (status == DN_OK) {
            json_decref(json);
        }
        dn_yaml_destroy(yaml);
    }
    fuzz_check(status);
    /* Patterns of file names would look through the machine's disks. */
    if (memchr(bytes, '*', size) == NULL && memchr(bytes, '?', size) == NULL && memchr(bytes, '~', size) == NULL) {
        status = dn_train_config_read(path, 0, &config);
        if (status == DN_OK) {
            dn_train_config_destroy(config);
        }
        fuzz_check(status);
    }
    return 0;
}

#define NETWORK "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 8], convs: 1, norm: instance}}\n"
#define LABELS                                                                                                                             \
    "labels:\n"                                                                                                                            \
    "  - {name: background, from: [0, 515, 507]}\n"                                                                                        \
    "  - {name: left_thalamus, from: [10], weight: 2}\n"                                                                                   \
    "  - {name: right_thalamus, from: [49]}\n"                                                                                             \
    "ignore_labels: [77, 80]\n"
#define DATA "data: {tissues: /etc/hostname, maps: [/etc/hostname], validation: {maps: [/etc/hostname], samples: 2}}\n"
#define TRAINING                                                                                                                           \
    "augmentation: {preset: plain, rotation_degrees: 8, noise_sd: 0.03, mirror_probability: 0.5}\n"                                        \
    "training: {steps: 12, batch: 2, patience: 3, schedule: {kind: plateau, peak: 0.02}, loss: [{kind: dice, weight: 1}], optimizer: "     \
    "{kind: adamw, weight_decay: 0.1}}\n"
#define TEN(a) "[" a "," a "," a "," a "," a "," a "," a "," a "," a "," a "]"

static const char *const seeds[] = {
    "name: toy\noutput: run\n" NETWORK LABELS DATA TRAINING,
    "name: toy\noutput: ${HOME:-x}/run\nlicence: \"a \\\"b\\\"\"\nmodel:\n  architecture: graph\n  spacing_mm: [2, 1, 1]\n  patch: [32, "
    "32]\n"
    "  slices: {channels: 3, step: 1, orientation: PIL}\n  config:\n    dims: 2\n    nodes:\n      - {op: input, name: x, channels: 3}\n"
    "      - {op: conv, name: b, input: x, out: 3, kernel: 3, padding: same, bias: true}\n      - {op: softmax, name: s, input: b}\n"
    "    outputs: [s]\n" LABELS "data: {scans: [{scan: /etc/hostname, labels: /etc/hostname}]}\ntraining: {epochs: 3, batch: 8}\n",
    /* Aliases: as meant, of aliases, of oneself. */
    "a: &a {b: [1, 2.5, true, null, 'x']}\nc: *a\nd: [*a, *a]\n",
    "a: &a " TEN("1") "\nb: &b " TEN("*a") "\nc: &c " TEN("*b") "\nd: &d " TEN("*c") "\ne: &e " TEN("*d") "\nf: &f " TEN("*e") "\ng: " TEN(
        "*f"),
    "a: &a [*a, {b: *a}]\n",
    "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
    "%YAML 1.1\n---\n? key\n: |\n  block\n   text\n? [a]\n: >-\n  folded\n...\n---\nsecond: document\n",
};

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    return fuzz_seed_text(seeds, sizeof seeds / sizeof *seeds, index, out, capacity);
}
