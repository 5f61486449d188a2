/* Configs: what a good one means, and one sentence with file and line for every bad one. */
#define _GNU_SOURCE
#include "toy_config.h"

static void good_config(void **state)
{
    (void)state;
    dn_train_config *config = NULL;
    dn_model *model = NULL;
    char hex[65];
    assert_ok(toy_config_read(TOY_HEAD "trained_on: two toys\n" TOY_MODEL TOY_LABELS "ignore_labels: [77, 500-502]\n" TOY_DATA
                                       "augmentation: {noise_sd: 0.25, preset: plain}\n"
                                       "training: {steps: 100, optimizer: {weight_decay: 0.5, kind: adamw}, schedule: {peak: 0.5},\n"
                                       "  loss: [{kind: dice, weight: 2, skip_background: true}]}\n",
                              &config));
    assert_int_equal(config->class_count, 4);
    assert_int_equal(config->class_of[515], 0);
    assert_int_equal(config->class_of[49], 2);
    assert_int_equal(config->class_of[501], DN_CLASS_IGNORE);
    assert_int_equal(config->class_of[503], DN_CLASS_NONE);
    assert_string_equal(config->classes[1].structure, "thalamus");
    assert_int_equal(config->classes[1].hemi, 'L');
    assert_int_equal(config->classes[2].index, 49);
    assert_int_equal(config->classes[3].index, 2);
    assert_int_equal(config->classes[3].hemi, 'B');
    assert_int_equal(config->training.map_count, 2);
    assert_close(config->synth.appearance.noise_sd, 0.25, 0);
    assert_close(config->synth.shape.rotation_degrees, 0, 0); /* plain's, though preset stands last */
    assert_close(config->optimizer.weight_decay, 0.5, 0);
    assert_int_equal(config->optimizer.kind, DN_OPTIMIZER_ADAMW);
    assert_close(config->optimizer.beta1, 0.9, 0);
    assert_int_equal(config->schedule.kind, DN_SCHEDULE_ONE_CYCLE);
    assert_int_equal(config->schedule.total, 100);
    assert_close(config->schedule.peak, 0.5, 0);
    assert_int_equal(config->loss.term_count, 1);
    assert_true(config->loss.terms[0].skip_background);
    assert_ok(dn_train_config_hash(config, hex));
    assert_int_equal(strlen(hex), 64);
    assert_ok(dn_train_config_model(config, &model));
    assert_int_equal(model->label_count, 4);
    assert_int_equal(model->input.multiple, 2);
    assert_close(model->input.spacing[2], 6, 0);
    assert_string_equal(model->trained_on, "two toys");
    dn_model_destroy(model);
    dn_train_config_destroy(config);
}

/* What changes the curve changes the hash; what does not, does not. */
static void hash_and_difference(void **state)
{
    (void)state;
    static const char *const training[4] = {"training: {steps: 12}\n", "training: {steps: 12, data_threads: 7, checkpoint_minutes: 1}\n",
                                            "training: {steps: 13}\n", "training: {steps: 12, optimizer: {clip_norm: 1}}\n"};
    dn_train_config *config[4];
    char hex[4][65];
    char text[256];
    for (int i = 0; i < 4; ++i) {
        char all[4096];
        snprintf(all, sizeof all, "%s%s", TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA, training[i]);
        assert_ok(toy_config_read(all, &config[i]));
        assert_ok(dn_train_config_hash(config[i], hex[i]));
    }
    assert_string_equal(hex[0], hex[1]);
    assert_string_not_equal(hex[0], hex[2]);
    assert_string_not_equal(hex[0], hex[3]);
    assert_false(dn_train_config_difference(config[0]->canonical, config[1]->canonical, text, sizeof text));
    assert_true(dn_train_config_difference(config[0]->canonical, config[2]->canonical, text, sizeof text));
    assert_string_equal(text, "training.steps (12 there, 13 here)");
    assert_true(dn_train_config_difference(config[0]->canonical, config[3]->canonical, text, sizeof text));
    assert_non_null(strstr(text, "training.optimizer"));
    for (int i = 0; i < 4; ++i) {
        dn_train_config_destroy(config[i]);
    }
}

static void bad_configs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *part;
    } cases[] = {
        {"name: [\n", "", "this is not YAML"},
        {"- a\n- b\n", "", "`key: value`"},
        {"", "", "`key: value`"},
        {TOY_HEAD "modle: {}\n", "c.yaml:3:", "did you mean \"model\"?"},
        {TOY_HEAD "frobnicate: 1\n", "c.yaml:3:", "has no key \"frobnicate\"; it has: name, output"},
        {TOY_HEAD "name: b\n", "c.yaml:3:", "a second time"},
        {TOY_HEAD TOY_LABELS TOY_DATA TOY_TRAINING, "c.yaml:1:", "needs the key \"model\""},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {stesp: 3}\n",
         "c.yaml:10:", "training has no key \"stesp\"; did you mean \"steps\"?"},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {steps: many}\n",
         "c.yaml:10:", "training.steps should be a whole number, not \"many\""},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {steps: 0}\n", "c.yaml:10:", "training.steps is 0"},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {steps: [1, 2]}\n", "c.yaml:10:", "one value, not a list"},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {steps: 2, norm_momentum: nan}\n",
         "c.yaml:10:", "should be a number, not \"nan\""},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {steps: 2, precision: bf61}\n", "c.yaml:10:", "did you mean bf16?"},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training:\n  steps: 2\n  loss: [{kind: dise}]\n", "c.yaml:12:", "did you mean dice?"},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "training: {steps: 2, schedule: {kind: one_cycle, warmup: 7}}\n",
         "c.yaml:10:", "warmup is 7"},
        {TOY_HEAD TOY_MODEL TOY_LABELS "data: {maps: ['none/*.nii']}\n" TOY_TRAINING, "c.yaml:9:", "there is no such file"},
        {TOY_HEAD TOY_MODEL TOY_LABELS "data: {maps: ['${DIEN_NO_SUCH}/x']}\n" TOY_TRAINING, "c.yaml:9:", "DIEN_NO_SUCH is not set"},
        {TOY_HEAD TOY_MODEL TOY_LABELS "data: {scans: [{scan: 'maps/*.nii.gz', labels: 'maps/*_seg.nii.gz'}]}\n" TOY_TRAINING,
         "c.yaml:9:", "without its labels"},
        {TOY_HEAD TOY_MODEL TOY_LABELS "data: {maps: []}\n" TOY_TRAINING, "c.yaml:9:", "neither maps nor scans"},
        {TOY_HEAD TOY_MODEL "labels: [{name: a, from: [0]}]\n" TOY_DATA TOY_TRAINING, "c.yaml:4:", "it takes 2 to 254"},
        {TOY_HEAD TOY_MODEL "labels: [{name: a, from: [0]}, {name: b, from: [5, 9-3]}]\n" TOY_DATA TOY_TRAINING, "c.yaml:4:", "\"9-3\""},
        {TOY_HEAD TOY_MODEL "labels: [{name: a, from: [0, 4-6]}, {name: b, from: [5]}]\n" TOY_DATA TOY_TRAINING,
         "c.yaml:4:", "label 5 of b is already taken by a"},
        {TOY_HEAD TOY_MODEL "labels: [{name: a, from: [3]}, {name: b, from: [5]}]\n" TOY_DATA TOY_TRAINING, "c.yaml:4:", "index 0"},
        {TOY_HEAD
         "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16], config: {features: [4, 8]}}\n" TOY_LABELS TOY_DATA TOY_TRAINING,
         "c.yaml:3:", "three numbers"},
        {TOY_HEAD
         "model: {architecture: unet3d, spacing_mm: 6, patch: [15, 16, 16], config: {features: [4, 8]}}\n" TOY_LABELS TOY_DATA TOY_TRAINING,
         "line 3: model.config", "multiples of 2"},
        {TOY_HEAD
         "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {feature: [4, 8]}}\n" TOY_LABELS TOY_DATA TOY_TRAINING,
         "line 3: model.config", "feature"},
        {TOY_HEAD
         "model: {architecture: unet4d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 8]}}\n" TOY_LABELS TOY_DATA TOY_TRAINING,
         "c.yaml:3:", "there is no architecture \"unet4d\"; choose from:"},
        {TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA "augmentation: {range_low: 0.4, range_high: 0.3}\n" TOY_TRAINING,
         "c.yaml:10:", "not below"},
        {TOY_HEAD
         "model: &m\n  architecture: unet3d\n  spacing_mm: 6\n  patch: [16, 16, 16]\n  config: {features: [4], x: *m}\n" TOY_LABELS TOY_DATA
             TOY_TRAINING,
         "c.yaml", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_train_config *config = NULL;
        dn_status status = toy_config_read(cases[i].text, &config);
        const char *message = dn_error_message();
        if (status == DN_OK || strstr(message, cases[i].line) == NULL || strstr(message, cases[i].part) == NULL) {
            fail_msg("case %zu: expected a sentence with \"%s\" and \"%s\", found: %s", i, cases[i].line, cases[i].part,
                     status == DN_OK ? "no error" : message);
        }
        assert_null(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_config),
        cmocka_unit_test(hash_and_difference),
        cmocka_unit_test(bad_configs),
    };
    return cmocka_run_group_tests(tests, toy_make, toy_destroy);
}
