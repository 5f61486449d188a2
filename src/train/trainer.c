/* The loop over steps: samples, gradients, validation, checkpoints. */
#include "train/trainer_private.h"

#include "base/clock.h"
#include "base/job.h"
#include "base/memory.h"
#include "train/parallel/parallel.h"
#include "train/run_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status next_batch(dn_trainer *t)
{
    size_t patch = (size_t)(t->voxels / t->batch);
    size_t channels = (size_t)t->config->slices.channels;
    for (size_t b = 0; b < (size_t)t->batch; ++b) {
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

/* The gradients of a step in t->plan; its loss and counts. */
static dn_status gather_gradients(dn_trainer *t, double *loss, dn_loss_counts *sums)
{
    const dn_train_config *config = t->config;
    dn_loss_counts counts[DN_CLASS_LIMIT];
    dn_train_zero_gradients(t->plan);
    for (int64_t a = 0; a < config->accumulate; ++a) {
        dn_loss_result result;
        if (a == config->accumulate - 1) {
            dn_train_send_gradients(t->plan);
        }
        DN_TRY(next_batch(t));
        const dn_targets targets = {DN_TARGET_U8, t->targets, t->soft};
        const float *inputs[1] = {t->input};
        DN_TRY(dn_train_forward_backward(t->plan, inputs, &targets, 1.0 / (double)config->accumulate, &result, counts));
        *loss += result.loss;
        add_counts(sums, counts, config->class_count);
    }
    return dn_train_finish_gradients(t->plan);
}

/* A step that cannot end, because another process died: as it was before. */
static dn_status undo_step(const dn_trainer *t, dn_status status)
{
    for (size_t i = 0; t->running != NULL && i < dn_weights_count(t->running); ++i) {
        const dn_weight *before = dn_weights_at(t->running, i);
        memcpy(dn_weights_find(t->weights, before->name)->data, before->data, (size_t)dn_weight_count(before) * sizeof *before->data);
    }
    return status;
}

static dn_status one_step(dn_trainer *t)
{
    const dn_train_config *config = t->config;
    dn_train_state *state = &t->state;
    dn_loss_counts counts[DN_CLASS_LIMIT] = {{0, 0, 0}};
    double loss = 0.0;
    double norm;
    if (t->running != NULL) {
        DN_TRY(dn_weights_take(t->running, t->weights, "", "the running statistics"));
    }
    dn_status gathered = gather_gradients(t, &loss, counts);
    if (gathered != DN_OK) {
        return undo_step(t, gathered);
    }
    double rate = dn_schedule_rate(&config->schedule, &state->memory, state->step);
    dn_status status = dn_optimizer_step(t->optimizer, t->weights, dn_train_gradients(t->plan), rate, &norm);
    if (status != DN_OK) {
        return dn_error_context(status, "step %" PRId64 ": the run diverged; lower the rate or set optimizer.clip_norm", state->step + 1);
    }
    ++state->step;
    add_counts(state->counts, counts, config->class_count);
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

static dn_status validate(dn_trainer *t)
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

/* Whether the step that was just done is to be validated, and its row is not there yet (it may be missing after a stop in a validation). */
static bool validation_due(const dn_trainer *t)
{
    const dn_train_state *state = &t->state;
    if (t->rounds == 0 || state->step == 0 || (state->step % t->config->validate_every != 0 && state->step != t->config->steps)) {
        return false;
    }
    const char *row = state->validation + strlen(state->validation) - 1; /* the end of the last line */
    while (row > state->validation && row[-1] != '\n') {
        --row;
    }
    return strtoll(row, NULL, 10) != state->step; /* 0: the head of the table */
}

static dn_status save(dn_trainer *t, bool figure)
{
    if (!dn_trainer_writes(t)) {
        return DN_OK;
    }
    t->saved = dn_clock_now();
    DN_TRY(dn_checkpoint_write(t->checkpoint, t->config, &t->state, t->weights, t->has_best ? t->best : NULL, t->optimizer));
    return dn_run_log_write(t->config, &t->state, figure && !t->options->no_figure);
}

static void show(const dn_trainer *t)
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

/* What there is to do for one more step. *interrupted: it is not done, since the job is to stop or (*lost) another process does not answer.
 */
static dn_status advance(dn_trainer *t, bool *interrupted, bool *lost)
{
    dn_status status = dn_peers_any(t->peers, dn_cancel_requested(), interrupted);
    if (status == DN_OK && !*interrupted && validation_due(t)) {
        status = validate(t);
    }
    if (status == DN_OK && !*interrupted) {
        status = one_step(t);
    }
    if (status == DN_OK && !*interrupted && validation_due(t)) {
        status = validate(t);
    }
    *lost = t->peers != NULL && status == DN_ECANCELLED;
    *interrupted = *interrupted || *lost;
    return *lost ? DN_OK : status;
}

/* The tables as they are, for those who watch (the page, tail -f), between two checkpoints. A disk that is full now may not be at the next
 * checkpoint, which says so if it is. */
static void show_tables(dn_trainer *t)
{
    static const double pause = 1.0; /* s */
    const double now = dn_clock_now();
    if (dn_trainer_writes(t) && t->state.step % t->config->log_every == 0 && now - t->logged > pause) {
        t->logged = now;
        if (dn_run_log_write(t->config, &t->state, false) != DN_OK) {
            dn_error_clear();
        }
    }
}

static dn_status loop(dn_trainer *t, bool *interrupted, bool *lost)
{
    const dn_train_config *config = t->config;
    const dn_train_state *state = &t->state;
    int64_t last = t->options->stop_after > 0 ? state->step + t->options->stop_after : config->steps;
    t->began = dn_clock_now();
    t->saved = t->began;
    while (state->step < config->steps && state->step < last && !state->stopped) {
        DN_TRY(advance(t, interrupted, lost));
        if (*interrupted) {
            break;
        }
        show(t);
        show_tables(t);
        if (dn_clock_now() - t->saved > 60.0 * config->checkpoint_minutes) {
            DN_TRY(save(t, false));
        }
    }
    return save(t, !*lost); /* the launcher of the processes gives a second */
}

dn_status dn_trainer_run(const dn_train_config *config, const dn_trainer_options *options, dn_trainer_result *result)
{
    dn_status status = DN_OK;
    dn_trainer *t = NULL;
    bool interrupted = false;
    bool lost = false;
    memset(result, 0, sizeof *result);
    DN_TRY(dn_alloc(&t, 1, sizeof *t, "a training run"));
    t->config = config;
    t->options = options;
    result->together = true;
    DN_TRY_GOTO(status, dn_peers_agree(options->peers, dn_trainer_prepare(t), &result->speaks), done);
    result->speaks = dn_trainer_writes(t);
    if (options->check) {
        status = t->queue != NULL ? next_batch(t) : DN_OK;
        goto done;
    }
    if (t->queue != NULL) {
        status = loop(t, &interrupted, &lost);
        if (status != DN_OK) {
            result->together = false;
            result->speaks = true;
            goto done;
        }
        result->seconds = dn_clock_now() - t->began;
        result->seconds_waited = dn_queue_waited(t->queue);
    }
    result->step = t->state.step;
    result->best_step = t->state.best_step;
    result->loss = t->smooth_loss;
    if (interrupted) {
        status = dn_error_offer(dn_error_set(DN_ECANCELLED, "stopped after step %" PRId64 " of %" PRId64 " and saved%s", t->state.step,
                                             config->steps, lost ? " (interrupted, or another process of the run has ended)" : ""),
                                DN_REMEDY_GO_ON);
        goto done;
    }
    result->finished = t->state.step >= config->steps || t->state.stopped;
    if (dn_trainer_writes(t) && (result->finished || options->write_model)) {
        DN_TRY_GOTO(status, dn_trainer_write_model(t), done);
    }
done:
    dn_trainer_release(t);
    free(t);
    return status;
}
