/* The loop over steps: samples, gradients, validation, checkpoints, the model at the end. */
#include "train/trainer.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/lock.h"
#include "base/memory.h"
#include "models/registry.h"
#include "net/train/train_plan.h"
#include "train/checkpoint.h"
#include "train/dataset.h"
#include "train/run_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const dn_train_config *config;
    const dn_trainer_options *options;
    char *checkpoint; /* path */
    dn_dataset *dataset;
    dn_queue *queue;
    dn_weights *weights, *best;
    bool has_best;
    dn_train_plan *plan;
    dn_optimizer *optimizer;
    dn_train_state state;
    int64_t voxels; /* of a batch */
    float *input;   /* one batch */
    uint8_t *targets;
    float *soft; /* its probabilities; NULL: there are none */
    /* Validation, made once: rounds of one batch each. */
    int64_t rounds;
    float *validation_input;
    uint8_t *validation_targets;
    float *validation_soft;
    double began, saved; /* seconds */
    int64_t first_step;
    dn_folder_lock lock;
    double smooth_loss; /* what the bar shows */
    double dice;
} trainer;

/* A first kernel for three equal channels, as image encoders have, becomes one for a single channel: the sum does the same. */
static bool sum_channels(const dn_weight *from, dn_weight *to)
{
    if (from->rank != to->rank || from->rank < 4 || to->dim[1] != 1 || from->dim[1] != 3 || from->dim[0] != to->dim[0] ||
        memcmp(from->dim + 2, to->dim + 2, (from->rank - 2) * sizeof *from->dim) != 0) {
        return false;
    }
    int64_t size = dn_weight_count(to) / to->dim[0];
    for (int64_t o = 0; o < to->dim[0]; ++o) {
        for (int64_t k = 0; k < size; ++k) {
            const float *kernel = from->data + (o * 3) * size + k;
            to->data[o * size + k] = kernel[0] + kernel[size] + kernel[2 * size];
        }
    }
    return true;
}

/* The start: He normal by the seed, or what a model file has of the same name and shape. */
static dn_status start_weights(trainer *t, const dn_graph *graph)
{
    const dn_train_config *config = t->config;
    dn_random random;
    dn_random_seed_stream(&random, (uint64_t)config->seed, UINT64_C(0x7765696768747300));
    DN_TRY(dn_graph_start_weights(graph, &random, &t->weights));
    if (config->start == NULL) {
        return DN_OK;
    }
    dn_model *model;
    size_t taken = 0;
    DN_TRY(dn_model_read(config->start, &model));
    for (size_t i = 0; i < dn_weights_count(t->weights); ++i) {
        dn_weight *w = dn_weights_at(t->weights, i);
        const dn_weight *found = dn_weights_find(model->weights, w->name);
        if (found != NULL && found->rank == w->rank && memcmp(found->dim, w->dim, w->rank * sizeof *w->dim) == 0) {
            memcpy(w->data, found->data, (size_t)dn_weight_count(w) * sizeof *w->data);
            ++taken;
        } else if (found != NULL && sum_channels(found, w)) {
            ++taken;
        }
    }
    dn_model_destroy(model);
    if (taken == 0) {
        DN_FAIL(DN_EFORMAT, "%s: none of its weights fits the network of %s", config->start, config->path);
    }
    dn_log(DN_LOG_NOTE, "%zu of %zu weights are taken from %s", taken, dn_weights_count(t->weights), config->start);
    return DN_OK;
}

static dn_status make_network(trainer *t)
{
    const dn_train_config *config = t->config;
    dn_status status = DN_OK;
    dn_graph *graph = NULL;
    dn_shape input = {config->batch, config->patch[0], config->patch[1], config->patch[2], config->slices.channels};
    int threads = config->threads > 0 ? (int)config->threads : dn_threads_get();
    DN_TRY_GOTO(status, dn_architecture_build(config->architecture, config->architecture_config, config->path, input, &graph), done);
    DN_TRY_GOTO(status, start_weights(t, graph), done);
    dn_train_options options = {.precision = config->precision,
                                .threads = threads,
                                .seed = (uint64_t)config->seed,
                                .norm_momentum = config->norm_momentum};
    DN_TRY_GOTO(status, dn_train_plan_compile(graph, t->weights, &config->loss, &options, &t->plan), done);
    DN_TRY_GOTO(status, dn_optimizer_create(dn_train_gradients(t->plan), &config->optimizer, &t->optimizer), done);
    DN_TRY_GOTO(status, dn_weights_create(&t->best), done);
    for (size_t i = 0; i < dn_weights_count(t->weights); ++i) {
        const dn_weight *w = dn_weights_at(t->weights, i);
        DN_TRY_GOTO(status, dn_weights_add(t->best, w->name, w->rank, w->dim, w->data, NULL), done);
    }
    dn_log(DN_LOG_NOTE, "%d threads, %.1f MiB for the network", threads, (double)dn_train_peak_bytes(t->plan) / (1 << 20));
done:
    dn_graph_destroy(graph);
    return status;
}

static dn_status make_validation(trainer *t)
{
    const dn_train_config *config = t->config;
    dn_status status = DN_OK;
    dn_dataset *dataset = NULL;
    if (config->validation_samples == 0) {
        return DN_OK;
    }
    t->rounds = (config->validation_samples + config->batch - 1) / config->batch;
    const int64_t count = t->rounds * config->batch;
    const int64_t patch = t->voxels / config->batch;
    const int64_t values = patch * config->slices.channels;
    DN_TRY(dn_dataset_create(config, DN_DATASET_VALIDATION, &dataset));
    const int64_t shares = dn_dataset_is_soft(dataset) ? patch * config->class_count : 0;
    DN_TRY_GOTO(status, dn_alloc_dims(&t->validation_input, DN_DIMS(count, values), sizeof(float), "the validation samples"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&t->validation_targets, DN_DIMS(count, patch), 1, "the validation samples"), done);
    if (shares > 0) {
        DN_TRY_GOTO(status, dn_alloc_dims(&t->validation_soft, DN_DIMS(count, shares), sizeof(float), "the validation samples"), done);
    }
    for (int64_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status,
                    dn_dataset_sample_soft(dataset, i, t->validation_input + i * values, t->validation_targets + i * patch,
                                           shares > 0 ? t->validation_soft + i * shares : NULL),
                    done);
        dn_progress("making validation samples", i + 1, count);
    }
done:
    dn_dataset_destroy(dataset);
    return status;
}

/* The model of these weights, checked, and where it belongs; both owned by the caller, NULL on failure. */
static dn_status make_model(const trainer *t, const dn_weights *from, dn_model **out, char **path)
{
    dn_status status = DN_OK;
    char *name = NULL;
    dn_model *model = NULL;
    *path = NULL;
    DN_TRY_GOTO(status, dn_train_config_model(t->config, &model), done);
    for (size_t i = 0; i < dn_weights_count(from); ++i) {
        const dn_weight *w = dn_weights_at((dn_weights *)from, i);
        DN_TRY_GOTO(status, dn_weights_add(model->weights, w->name, w->rank, w->dim, w->data, NULL), done);
    }
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s.safetensors", t->config->name), done);
    DN_TRY_GOTO(status, dn_path_join(t->config->output, name, path), done);
    DN_TRY_GOTO(status, dn_model_check(model, *path), done);
    *out = model;
    model = NULL;
done:
    dn_model_destroy(model);
    free(name);
    return status;
}

/* The folder is there, can be written, and is this run's alone; --check makes none. */
static dn_status take_folder(trainer *t)
{
    const char *folder = t->config->output;
    if (t->options->write_model) {
        return DN_OK;
    }
    if (t->options->check && !dn_path_exists(folder)) {
        return dn_path_may_make_folder(folder);
    }
    DN_TRY(dn_path_make_folder(folder));
    return dn_folder_lock_take(&t->lock, folder, "a training run");
}

/* What would only be found at the end of the run: that its model is none, or may not be written. */
static dn_status check_end(const trainer *t)
{
    dn_model *model = NULL;
    char *path = NULL;
    dn_status status = DN_OK;
    if (t->config->start != NULL) {
        DN_TRY(dn_file_protect(t->config->start));
    }
    DN_TRY_GOTO(status, make_model(t, t->weights, &model, &path), done);
    DN_TRY_GOTO(status, dn_file_may_write(path), done);
    status = dn_file_may_write(t->checkpoint);
done:
    dn_model_destroy(model);
    free(path);
    return status;
}

static dn_status prepare(trainer *t)
{
    const dn_train_config *config = t->config;
    DN_TRY(take_folder(t));
    DN_TRY(dn_path_join(config->output, "checkpoint.safetensors", &t->checkpoint));
    bool there = dn_path_exists(t->checkpoint);
    if (there && !t->options->resume && !t->options->restart && !t->options->write_model) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_GO_ON_OR_BEGIN, "%s already holds a run", config->output);
    }
    if (t->options->write_model && !there) {
        DN_FAIL_OFFER(DN_EINPUT, DN_REMEDY_OTHER_FOLDER, "there is no checkpoint in %s; name the folder of the run", config->output);
    }
    DN_TRY(make_network(t));
    DN_TRY(check_end(t));
    if (there && (t->options->resume || t->options->write_model)) {
        DN_TRY(dn_checkpoint_read(t->checkpoint, config, &t->state, t->weights, t->best, &t->has_best, t->optimizer));
        dn_log(DN_LOG_NOTE, "continuing after step %" PRId64 " of %" PRId64, t->state.step, config->steps);
    } else if (t->options->resume) {
        dn_log(DN_LOG_NOTE, "there is no checkpoint in %s: starting a new run", config->output);
    }
    if (t->options->write_model) {
        return DN_OK;
    }
    DN_TRY(dn_run_log_start(config, &t->state));
    t->first_step = t->state.step;
    t->voxels = config->batch * config->patch[0] * config->patch[1] * config->patch[2];
    dn_train_set_step(t->plan, (uint64_t)(t->state.step * config->accumulate));
    if (t->state.step >= config->steps || t->state.stopped) {
        return DN_OK;
    }
    DN_TRY(dn_alloc_aligned_dims(&t->input, DN_DIMS(t->voxels, config->slices.channels), sizeof *t->input, "a batch"));
    DN_TRY(dn_alloc_aligned(&t->targets, (size_t)t->voxels, 1, "a batch"));
    DN_TRY(make_validation(t));
    DN_TRY(dn_dataset_create(config, DN_DATASET_TRAINING, &t->dataset));
    if (dn_dataset_is_soft(t->dataset)) {
        DN_TRY(dn_alloc_aligned_dims(&t->soft, DN_DIMS(t->voxels, config->class_count), sizeof *t->soft, "a batch"));
    }
    return dn_queue_create(t->dataset, t->state.step * config->accumulate * config->batch, (int)config->data_threads, (int)config->queue,
                           &t->queue);
}

static dn_status next_batch(trainer *t)
{
    size_t patch = (size_t)(t->voxels / t->config->batch);
    size_t channels = (size_t)t->config->slices.channels;
    for (size_t b = 0; b < (size_t)t->config->batch; ++b) {
        float *soft = t->soft != NULL ? t->soft + b * patch * (size_t)t->config->class_count : NULL;
        DN_TRY(dn_queue_next(t->queue, t->input + b * patch * channels, t->targets + b * patch, soft));
    }
    return DN_OK;
}

static void add_counts(dn_loss_counts *to, const dn_loss_counts *from, int64_t classes)
{
    for (int64_t c = 0; c < classes; ++c) {
        to[c].both += from[c].both;
        to[c].predicted += from[c].predicted;
        to[c].truth += from[c].truth;
    }
}

static dn_status one_step(trainer *t)
{
    const dn_train_config *config = t->config;
    dn_train_state *state = &t->state;
    dn_loss_counts counts[DN_CLASS_LIMIT];
    double loss = 0.0;
    double norm;
    dn_train_zero_gradients(t->plan);
    for (int64_t a = 0; a < config->accumulate; ++a) {
        dn_loss_result result;
        DN_TRY(next_batch(t));
        const dn_targets targets = {DN_TARGET_U8, t->targets, t->soft};
        const float *inputs[1] = {t->input};
        DN_TRY(dn_train_forward_backward(t->plan, inputs, &targets, 1.0 / (double)config->accumulate, &result, counts));
        loss += result.loss;
        add_counts(state->counts, counts, config->class_count);
    }
    double rate = dn_schedule_rate(&config->schedule, &state->memory, state->step);
    dn_status status = dn_optimizer_step(t->optimizer, t->weights, dn_train_gradients(t->plan), rate, &norm);
    if (status != DN_OK) {
        return dn_error_context(status, "step %" PRId64 ": the run diverged; lower the rate or set optimizer.clip_norm", state->step + 1);
    }
    ++state->step;
    state->loss += loss;
    state->norm += norm;
    state->batches += config->accumulate;
    loss /= (double)config->accumulate;
    t->smooth_loss = state->step == t->first_step + 1 ? loss : 0.95 * t->smooth_loss + 0.05 * loss;
    if (state->step % config->log_every == 0 || state->step == config->steps) {
        t->dice = dn_run_mean_dice(state->counts, config->class_count);
        DN_TRY(dn_run_log_row(config, state, rate));
    }
    return DN_OK;
}

static dn_status validate(trainer *t)
{
    const dn_train_config *config = t->config;
    dn_train_state *state = &t->state;
    dn_loss_counts sums[DN_CLASS_LIMIT] = {{0, 0, 0}};
    dn_loss_counts counts[DN_CLASS_LIMIT];
    double loss = 0.0;
    for (int64_t r = 0; r < t->rounds; ++r) {
        dn_loss_result result;
        const dn_targets targets = {DN_TARGET_U8, t->validation_targets + r * t->voxels,
                                    t->validation_soft != NULL ? t->validation_soft + r * t->voxels * config->class_count : NULL};
        int64_t values = t->voxels * config->slices.channels;
        memcpy(t->input, t->validation_input + r * values, (size_t)values * sizeof *t->input);
        const float *inputs[1] = {t->input};
        DN_TRY(dn_train_evaluate(t->plan, inputs, &targets, &result, counts));
        loss += result.loss / (double)t->rounds;
        add_counts(sums, counts, config->class_count);
    }
    DN_TRY(dn_run_validation_row(config, state, loss, sums));
    dn_schedule_report(&config->schedule, &state->memory, loss);
    bool better = isfinite(loss) && (!t->has_best || loss < state->best_loss);
    if (better) {
        state->best_loss = loss;
        state->best_step = state->step;
        state->waited = 0;
        t->has_best = true;
        DN_TRY(dn_weights_take(t->best, t->weights, "", "the best weights"));
    } else {
        ++state->waited;
        state->stopped = config->patience > 0 && state->waited >= config->patience;
    }
    dn_log(DN_LOG_NOTE, "step %" PRId64 ": validation loss %.4f, Dice %.3f, IoU %.3f%s", state->step, loss,
           dn_run_mean_dice(sums, config->class_count), dn_run_mean_iou(sums, config->class_count), better ? ", the best so far" : "");
    if (state->stopped) {
        dn_log(DN_LOG_NOTE, "no better for %" PRId64 " validations: stopping; the best was step %" PRId64, state->waited, state->best_step);
    }
    return DN_OK;
}

static dn_status save(trainer *t, bool figure)
{
    t->saved = dn_clock_now();
    DN_TRY(dn_checkpoint_write(t->checkpoint, t->config, &t->state, t->weights, t->has_best ? t->best : NULL, t->optimizer));
    return dn_run_log_write(t->config, &t->state, figure && !t->options->no_figure);
}

static void show(const trainer *t)
{
    char detail[128];
    char dice[24] = "";
    double each = (dn_clock_now() - t->began) / (double)(t->state.step - t->first_step);
    double left = each * (double)(t->config->steps - t->state.step);
    if (t->dice > 0.0) {
        snprintf(dice, sizeof dice, ", Dice %.3f", t->dice);
    }
    if (left >= 3600.0) {
        snprintf(detail, sizeof detail, "loss %.4f%s, %.2f s per step, %d h %02d min left", t->smooth_loss, dice, each,
                 (int)(left / 3600.0), (int)(left / 60.0) % 60);
    } else {
        snprintf(detail, sizeof detail, "loss %.4f%s, %.2f s per step, %d min %02d s left", t->smooth_loss, dice, each, (int)(left / 60.0),
                 (int)left % 60);
    }
    dn_progress_detail("training", detail, t->state.step, t->config->steps);
}

static dn_status loop(trainer *t, bool *interrupted)
{
    const dn_train_config *config = t->config;
    const dn_train_state *state = &t->state;
    int64_t last = t->options->stop_after > 0 ? state->step + t->options->stop_after : config->steps;
    t->began = dn_clock_now();
    t->saved = t->began;
    while (state->step < config->steps && state->step < last && !state->stopped) {
        if (dn_cancel_requested()) {
            *interrupted = true;
            break;
        }
        DN_TRY(one_step(t));
        if (t->rounds > 0 && (state->step % config->validate_every == 0 || state->step == config->steps)) {
            DN_TRY(validate(t));
        }
        show(t);
        if (dn_clock_now() - t->saved > 60.0 * config->checkpoint_minutes) {
            DN_TRY(save(t, false));
        }
    }
    return save(t, true);
}

/* NAME.safetensors: the best weights (or the last, by `keep`) with everything that a reader has to know. */
static dn_status write_model(trainer *t)
{
    const dn_train_config *config = t->config;
    dn_status status = DN_OK;
    dn_model *model = NULL;
    char *path = NULL;
    char *note = NULL;
    char hash[65];
    bool best = t->has_best && !config->keep_last;
    DN_TRY_GOTO(status, make_model(t, best ? t->best : t->weights, &model, &path), done);
    if (*model->trained_on == '\0') {
        free(model->trained_on);
        model->trained_on = NULL;
        DN_TRY_GOTO(status,
                    dn_asprintf(&model->trained_on, "scans made from %zu label maps, %zu real scans", config->training.map_count,
                                config->training.pair_count),
                    done);
    }
    DN_TRY_GOTO(status, dn_train_config_hash(config, hash), done);
    DN_TRY_GOTO(status,
                dn_asprintf(&note, "%s (sha256 %s), dien train, %" PRId64 " steps, weights of step %" PRId64, dn_path_name(config->path),
                            hash, t->state.step, best ? t->state.best_step : t->state.step),
                done);
    DN_TRY_GOTO(status, dn_model_set_note(model, "recipe", note), done);
    DN_TRY_GOTO(status, dn_model_write(model, config->store_f16 ? DN_STORE_F16 : DN_STORE_F32, path), done);
    dn_log(DN_LOG_NOTE, "wrote %s", path);
done:
    dn_model_destroy(model);
    free(path);
    free(note);
    return status;
}

static void release(trainer *t)
{
    dn_queue_destroy(t->queue);
    dn_dataset_destroy(t->dataset);
    dn_optimizer_destroy(t->optimizer);
    dn_train_plan_destroy(t->plan);
    dn_weights_destroy(t->weights);
    dn_weights_destroy(t->best);
    dn_train_state_release(&t->state);
    dn_folder_lock_release(&t->lock);
    free(t->checkpoint);
    free(t->input);
    free(t->targets);
    free(t->soft);
    free(t->validation_soft);
    free(t->validation_input);
    free(t->validation_targets);
}

dn_status dn_trainer_run(const dn_train_config *config, const dn_trainer_options *options, dn_trainer_result *result)
{
    dn_status status = DN_OK;
    trainer *t = NULL;
    bool interrupted = false;
    memset(result, 0, sizeof *result);
    DN_TRY(dn_alloc(&t, 1, sizeof *t, "a training run"));
    t->config = config;
    t->options = options;
    DN_TRY_GOTO(status, prepare(t), done);
    if (options->check) {
        status = t->queue != NULL ? next_batch(t) : DN_OK;
        goto done;
    }
    if (t->queue != NULL) {
        DN_TRY_GOTO(status, loop(t, &interrupted), done);
        result->seconds = dn_clock_now() - t->began;
        result->seconds_waited = dn_queue_waited(t->queue);
    }
    result->step = t->state.step;
    result->best_step = t->state.best_step;
    result->loss = t->smooth_loss;
    if (interrupted) {
        status = dn_error_offer(dn_error_set(DN_ECANCELLED, "stopped after step %" PRId64 " of %" PRId64 " and saved", t->state.step,
                                             config->steps),
                                DN_REMEDY_GO_ON);
        goto done;
    }
    result->finished = t->state.step >= config->steps || t->state.stopped;
    if (result->finished || options->write_model) {
        DN_TRY_GOTO(status, write_model(t), done);
    }
done:
    release(t);
    free(t);
    return status;
}
