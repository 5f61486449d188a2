/* A tiny network on toy heads: it learns, a run that stops and goes on is the run that never stopped, and what does not fit is
 * refused with the good checkpoint untouched. */
#define _GNU_SOURCE
#include "toy_config.h"

#include "base/file.h"
#include "base/job.h"
#include "base/lock.h"
#include "base/table.h"
#include "train/trainer.h"

#include <signal.h>
#include <sys/wait.h>

#define AUGMENTATION "augmentation: {preset: plain, rotation_degrees: 8, translation_mm: 4, noise_sd: 0.03, mirror_probability: 0.5}\n"
#define TEXT TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION TOY_TRAINING

static dn_train_config *config_of(const char *text, const char *output)
{
    dn_train_config *config = toy_config(text);
    free(config->output);
    config->output = toy_path(folder, output);
    config->threads = 2;
    return config;
}

static dn_status train(const char *text, const char *output, const dn_trainer_options *options, dn_trainer_result *result)
{
    dn_train_config *config = config_of(text, output);
    dn_status status = dn_trainer_run(config, options, result);
    dn_train_config_destroy(config);
    return status;
}

static unsigned char *bytes_of(const char *output, const char *name, size_t *size)
{
    char *run = toy_path(folder, output);
    char *path = toy_path(run, name);
    unsigned char *bytes = NULL;
    assert_ok(dn_file_read(path, 1 << 26, &bytes, size));
    free(path);
    free(run);
    return bytes;
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    size_t size[2];
    unsigned char *bytes[2] = {bytes_of(a, name, &size[0]), bytes_of(b, name, &size[1])};
    if (size[0] != size[1] || memcmp(bytes[0], bytes[1], size[0]) != 0) {
        fail_msg("%s of %s and of %s differ", name, a, b);
    }
    free(bytes[0]);
    free(bytes[1]);
}

static const dn_trainer_options plain = {.no_figure = true};

static void learns(void **state)
{
    (void)state;
    dn_trainer_result result;
    dn_table *log = NULL;
    size_t size;
    assert_ok(train(TEXT, "whole", &plain, &result));
    assert_true(result.finished);
    assert_int_equal(result.step, 12);
    char *text = (char *)bytes_of("whole", "log.tsv", &size);
    assert_ok(dn_table_parse(text, size, "log.tsv", &log));
    free(text);
    assert_int_equal(dn_table_rows(log), 12);
    double *loss;
    assert_ok(dn_table_numbers(log, 2, &loss));
    double first = (loss[0] + loss[1] + loss[2]) / 3;
    double last = (loss[9] + loss[10] + loss[11]) / 3;
    if (!(last < 0.9 * first)) {
        fail_msg("expected the loss to fall by a tenth and more, found %g, then %g", first, last);
    }
    free(loss);
    dn_table_destroy(log);
    dn_model *model = NULL;
    char *path = toy_path(folder, "whole/toy.safetensors");
    assert_ok(dn_model_read(path, &model));
    assert_ok(dn_model_check(model, path));
    assert_int_equal(model->label_count, 4);
    assert_non_null(dn_model_note_find(model, "recipe"));
    dn_model_destroy(model);
    free(path);
}

/* Stopped after 5 steps, then after 1, by other workers: every file is that of the run that went through. */
static void resume_is_the_same_run(void **state)
{
    (void)state;
    dn_trainer_result result;
    assert_ok(train(TEXT, "parts", &(dn_trainer_options){.no_figure = true, .stop_after = 5}, &result));
    assert_false(result.finished);
    assert_ok(train(TEXT, "parts", &(dn_trainer_options){.no_figure = true, .resume = true, .stop_after = 1}, &result));
    assert_int_equal(result.step, 6);
    assert_ok(train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION
                    "training: {steps: 12, data_threads: 3, queue: 2, log_every: 1, validate_every: 4, schedule: {kind: constant, peak: "
                    "0.02}}\n",
                    "parts", &(dn_trainer_options){.no_figure = true, .resume = true}, &result));
    assert_true(result.finished);
    assert_same_file("whole", "parts", "log.tsv");
    assert_same_file("whole", "parts", "validation.tsv");
    assert_same_file("whole", "parts", "checkpoint.safetensors");
    assert_same_file("whole", "parts", "toy.safetensors");
}

#define TRAINING(length) "training: {" length ", log_every: 1, validate_every: 4, schedule: {kind: constant, peak: 0.02}}\n"

/* Eight steps to their end, then twelve: with rates that do not depend on the length, the run of twelve. */
static void prolonged(void **state)
{
    (void)state;
    dn_trainer_result result;
    assert_ok(train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION TRAINING("steps: 8"), "longer", &plain, &result));
    assert_true(result.finished);
    assert_int_equal(result.step, 8);
    assert_ok(train(TEXT, "longer", &(dn_trainer_options){.no_figure = true, .resume = true}, &result));
    assert_true(result.finished);
    assert_int_equal(result.step, 12);
    assert_same_file("whole", "longer", "log.tsv");
    assert_same_file("whole", "longer", "validation.tsv");
    assert_same_file("whole", "longer", "toy.safetensors");
}

/* What a run would refuse, --check refuses, and it leaves nothing. */
static void checked(void **state)
{
    (void)state;
    dn_trainer_result result;
    const dn_trainer_options check = {.no_figure = true, .check = true};
    char *path = toy_path(folder, "checked");
    assert_ok(train(TEXT, "checked", &check, &result));
    assert_false(dn_path_exists(path));
    free(path);
    assert_int_equal(train(TEXT, "whole", &check, &result), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "already holds a run"));
    assert_ok(train(TEXT, "whole", &(dn_trainer_options){.check = true, .resume = true}, &result));
    /* Only seen when the maps are read: 507 has no class. */
    char text[4096];
    const char *labels = "labels:\n  - {name: background, from: [0, 515]}\n  - {name: left_thalamus, from: [10]}\n"
                         "  - {name: right_thalamus, from: [49]}\n  - {name: brain, index: 2, from: [2, 41, 24]}\n";
    snprintf(text, sizeof text, "%s%s%s", TOY_HEAD TOY_MODEL, labels, TOY_DATA AUGMENTATION TRAINING("steps: 8"));
    assert_int_equal(train(text, "checked", &check, &result), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "the label 507 of"));
    /* A run that would write over the model that it starts from. */
    snprintf(
        text, sizeof text, "%s%s%s", TOY_HEAD,
        "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 8], convs: 1, norm: instance}, start: "
        "whole/toy.safetensors}\n" TOY_LABELS TOY_DATA AUGMENTATION,
        TRAINING("steps: 8"));
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    assert_int_equal(train(text, "whole", &(dn_trainer_options){.check = true, .restart = true}, &result), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "would be overwritten"));
    dn_job_leave(NULL);
    dn_job_release(&job);
}

static void two_runs_in_a_folder(void **state)
{
    (void)state;
    dn_trainer_result result;
    char *path = toy_path(folder, "whole");
    fflush(NULL);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        dn_folder_lock lock = {0};
        char c = dn_folder_lock_take(&lock, path, "a training run") == DN_OK ? 'y' : 'n';
        if (write(ready[1], &c, 1) == 1) {
            pause();
        }
        _exit(0);
    }
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_int_equal(train(TEXT, "whole", &(dn_trainer_options){.no_figure = true, .resume = true}, &result), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "a training run is in progress in"));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_ok(train(TEXT, "whole", &(dn_trainer_options){.no_figure = true, .resume = true}, &result));
    close(ready[0]);
    close(ready[1]);
    free(path);
}

static int progress_calls;

static void cancel_at_third(void *user, const char *what, const char *detail, int64_t done, int64_t total)
{
    (void)total;
    if (strcmp(what, "training") == 0 && done == 3) {
        assert_non_null(strstr(detail, "loss "));
        assert_non_null(strstr(detail, " left"));
        ++progress_calls;
        dn_job_cancel(user);
    }
}

static void interrupted(void **state)
{
    (void)state;
    dn_trainer_result result;
    dn_job job;
    dn_job_init(&job, &(dn_job_sink){.user = &job, .detail = cancel_at_third});
    dn_job_enter(&job);
    dn_status status = train(TEXT, "stopped", &plain, &result);
    dn_job_leave(NULL);
    dn_job_release(&job);
    assert_int_equal(progress_calls, 1);
    assert_int_equal(status, DN_ECANCELLED);
    assert_non_null(strstr(dn_error_message(), "stopped after step 3 of 12 and saved"));
    assert_ok(train(TEXT, "stopped", &(dn_trainer_options){.no_figure = true, .resume = true}, &result));
    assert_same_file("whole", "stopped", "checkpoint.safetensors");
}

static void expect(dn_status found, dn_status wanted, const char *part)
{
    if (found != wanted || strstr(dn_error_message(), part) == NULL) {
        fail_msg("expected %s with \"%s\", found %s: %s", dn_status_name(wanted), part, dn_status_name(found), dn_error_message());
    }
}

static void refusals(void **state)
{
    (void)state;
    dn_trainer_result result;
    const dn_trainer_options resume = {.no_figure = true, .resume = true};
    expect(train(TEXT, "whole", &plain, &result), DN_EUSAGE, "already holds a run");
    expect(train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION TRAINING("seed: 7, steps: 12"), "whole", &resume, &result), DN_EFORMAT,
           "training.seed (1 there, 7 here)");
    expect(train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION TRAINING("steps: 5"), "whole", &resume, &result), DN_EFORMAT,
           "is already at step 12");
    expect(train(TOY_HEAD "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 9], convs: 1, norm: "
                          "instance}}\n" TOY_LABELS TOY_DATA AUGMENTATION TOY_TRAINING,
                 "whole", &resume, &result),
           DN_EFORMAT, "model.config.features");
    /* A model is not a checkpoint; half a checkpoint is neither. */
    char command[1400];
    snprintf(command, sizeof command,
             "cd '%.400s' && mkdir -p other half && cp whole/toy.safetensors other/checkpoint.safetensors && head -c 9000 "
             "whole/checkpoint.safetensors > half/checkpoint.safetensors",
             folder);
    assert_int_equal(system(command), 0);
    expect(train(TEXT, "other", &resume, &result), DN_EFORMAT, "is not a checkpoint");
    assert_int_not_equal(train(TEXT, "half", &resume, &result), DN_OK);
    assert_non_null(strstr(dn_error_message(), "half/checkpoint.safetensors"));
    /* After all that, the finished run is still what it was. */
    assert_ok(train(TEXT, "whole", &resume, &result));
    assert_true(result.finished);
}

/* A rate of nothing: the loss cannot get better, so the run ends after patience validations; the best is the first. */
static void early_stopping(void **state)
{
    (void)state;
    dn_trainer_result result;
    assert_ok(
        train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION
              "training: {steps: 50, validate_every: 1, patience: 3, schedule: {kind: constant, peak: 1e-12}, optimizer: {kind: sgd}}\n",
              "early", &plain, &result));
    assert_true(result.finished);
    assert_true(result.step < 50);
    assert_int_equal(result.step, result.best_step + 3);
    /* With more patience, or more steps, it goes on. */
    const int64_t stopped = result.step;
    const dn_trainer_options more = {.no_figure = true, .resume = true};
    assert_ok(
        train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION
              "training: {steps: 50, validate_every: 1, patience: 5, schedule: {kind: constant, peak: 1e-12}, optimizer: {kind: sgd}}\n",
              "early", &more, &result));
    assert_int_equal(result.step, stopped + 2);
    assert_ok(
        train(TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION
              "training: {steps: 60, validate_every: 1, patience: 5, schedule: {kind: constant, peak: 1e-12}, optimizer: {kind: sgd}}\n",
              "early", &more, &result));
    assert_int_equal(result.step, stopped + 2 + 5);
}

/* Two halves of a batch in one step: the same update as the whole batch at once (to rounding: instance norms, mean loss). */
static void accumulation(void **state)
{
    (void)state;
    dn_trainer_result result[2];
    static const char *const sizes[2] = {"batch: 2", "accumulate: 2"};
    for (int i = 0; i < 2; ++i) {
        char text[4096];
        snprintf(text, sizeof text,
                 "%straining: {steps: 3, log_every: 3, %s, loss: [{kind: cross_entropy}], optimizer: {kind: sgd}, schedule: {kind: "
                 "constant, peak: 0.1}}\n",
                 TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA AUGMENTATION, sizes[i]);
        assert_ok(train(text, sizes[i], &plain, &result[i]));
    }
    assert_close(result[1].loss, result[0].loss, 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns),   cmocka_unit_test(resume_is_the_same_run), cmocka_unit_test(prolonged),
        cmocka_unit_test(checked),  cmocka_unit_test(two_runs_in_a_folder),   cmocka_unit_test(interrupted),
        cmocka_unit_test(refusals), cmocka_unit_test(early_stopping),         cmocka_unit_test(accumulation),
    };
    return cmocka_run_group_tests(tests, toy_make, toy_destroy);
}
