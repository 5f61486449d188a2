/* Everything before a run's first step: the network and its start, the data, the folder, the checkpoint that is continued. */
#include "train/trainer_private.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "models/registry.h"
#include "train/run_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
static dn_status start_weights(dn_trainer *t, const dn_graph *graph)
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

/* Room for the arrays that a forward pass changes: what is no gradient's. */
static dn_status keep_running(dn_trainer *t)
{
    DN_TRY(dn_weights_create(&t->running));
    for (size_t i = 0; i < dn_weights_count(t->weights); ++i) {
        const dn_weight *w = dn_weights_at(t->weights, i);
        if (dn_weights_find(dn_train_gradients(t->plan), w->name) == NULL) {
            DN_TRY(dn_weights_add(t->running, w->name, w->rank, w->dim, w->data, NULL));
        }
    }
    return DN_OK;
}

static dn_status make_network(dn_trainer *t)
{
    const dn_train_config *config = t->config;
    dn_status status = DN_OK;
    dn_graph *graph = NULL;
    dn_shape input = {t->batch, config->patch[0], config->patch[1], config->patch[2], config->slices.channels};
    int threads = config->threads > 0 ? (int)config->threads : dn_threads_get();
    DN_TRY_GOTO(status, dn_architecture_build(config->architecture, config->architecture_config, config->path, input, &graph), done);
    DN_TRY_GOTO(status, start_weights(t, graph), done);
    dn_train_options options = {.precision = config->precision,
                                .threads = threads,
                                .seed = (uint64_t)config->seed,
                                .norm_momentum = config->norm_momentum,
                                .peers = t->peers};
    DN_TRY_GOTO(status, dn_train_plan_compile(graph, t->weights, &config->loss, &options, &t->plan), done);
    DN_TRY_GOTO(status, dn_optimizer_create(dn_train_gradients(t->plan), &config->optimizer, &t->optimizer), done);
    DN_TRY_GOTO(status, dn_weights_create(&t->best), done);
    for (size_t i = 0; i < dn_weights_count(t->weights); ++i) {
        const dn_weight *w = dn_weights_at(t->weights, i);
        DN_TRY_GOTO(status, dn_weights_add(t->best, w->name, w->rank, w->dim, w->data, NULL), done);
    }
    if (t->peers != NULL) {
        DN_TRY_GOTO(status, keep_running(t), done);
        dn_log(DN_LOG_NOTE, "%d processes, each with %" PRId64 " of the %" PRId64 " samples of a batch", t->peers->count, t->batch,
               config->batch);
    }
    dn_log(DN_LOG_NOTE, "%d threads, %.1f MiB for the network", threads, (double)dn_train_peak_bytes(t->plan) / (1 << 20));
done:
    dn_graph_destroy(graph);
    return status;
}

static dn_status make_validation(dn_trainer *t)
{
    const dn_train_config *config = t->config;
    dn_status status = DN_OK;
    dn_dataset *dataset = NULL;
    if (config->validation_samples == 0) {
        return DN_OK;
    }
    t->rounds = (config->validation_samples + config->batch - 1) / config->batch;
    const int64_t first = t->peers != NULL ? t->peers->rank * t->batch : 0; /* of a round */
    const int64_t count = t->rounds * t->batch;
    const int64_t patch = t->voxels / t->batch;
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
                    dn_dataset_sample_soft(dataset, i / t->batch * config->batch + first + i % t->batch, t->validation_input + i * values,
                                           t->validation_targets + i * patch, shares > 0 ? t->validation_soft + i * shares : NULL),
                    done);
        dn_progress("making validation samples", i + 1, count);
    }
done:
    dn_dataset_destroy(dataset);
    return status;
}

/* The folder is there, can be written, and is this run's alone; --check makes none. */
static dn_status take_folder(dn_trainer *t)
{
    const char *folder = t->config->output;
    if (t->options->write_model || !dn_trainer_writes(t)) {
        return DN_OK;
    }
    if (t->options->check && !dn_path_exists(folder)) {
        return dn_path_may_make_folder(folder);
    }
    DN_TRY(dn_path_make_folder(folder));
    return dn_folder_lock_take(&t->lock, folder, "a training run");
}

/* What would only be found at the end of the run: that its model is none, or may not be written. */
static dn_status check_end(const dn_trainer *t)
{
    dn_model *model = NULL;
    char *path = NULL;
    dn_status status = DN_OK;
    if (!dn_trainer_writes(t)) {
        return DN_OK;
    }
    if (t->config->start != NULL) {
        DN_TRY(dn_file_protect(t->config->start));
    }
    DN_TRY_GOTO(status, dn_trainer_make_model(t, t->weights, &model, &path), done);
    DN_TRY_GOTO(status, dn_file_may_write(path), done);
    status = dn_file_may_write(t->checkpoint);
done:
    dn_model_destroy(model);
    free(path);
    return status;
}

/* How many samples of a batch are this process's. */
static dn_status share_batch(dn_trainer *t)
{
    const int64_t processes = t->peers != NULL ? t->peers->count : 1;
    if (t->config->batch % processes != 0) {
        DN_FAIL(DN_EUSAGE,
                "%s: training.batch is %" PRId64 " and cannot be dealt out evenly to %" PRId64
                " processes; make it a multiple of the number of processes",
                t->config->path, t->config->batch, processes);
    }
    t->batch = t->config->batch / processes;
    return DN_OK;
}

dn_status dn_trainer_prepare(dn_trainer *t)
{
    const dn_train_config *config = t->config;
    t->peers = t->options->peers;
    DN_TRY(share_batch(t));
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
    t->voxels = t->batch * config->patch[0] * config->patch[1] * config->patch[2];
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
    const int64_t done = t->state.step * config->accumulate * config->batch;
    const int64_t mine = t->peers != NULL ? t->peers->rank * t->batch : 0;
    return dn_queue_create(t->dataset, (dn_queue_order){done + mine, t->batch, config->batch}, (int)config->data_threads,
                           (int)config->queue, &t->queue);
}

void dn_trainer_release(dn_trainer *t)
{
    dn_queue_destroy(t->queue);
    dn_dataset_destroy(t->dataset);
    dn_optimizer_destroy(t->optimizer);
    dn_train_plan_destroy(t->plan);
    dn_weights_destroy(t->weights);
    dn_weights_destroy(t->best);
    dn_weights_destroy(t->running);
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
