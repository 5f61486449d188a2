/* Writes the state of a run, reads it again, and checks that it is of the same config. */
#include "train/checkpoint.h"

#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "models/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dn_train_state_release(dn_train_state *state)
{
    free(state->log);
    free(state->validation);
    memset(state, 0, sizeof *state);
}

static dn_status add_all(dn_weights *to, const dn_weights *from, const char *prefix)
{
    for (size_t i = 0; i < dn_weights_count(from); ++i) {
        const dn_weight *w = dn_weights_at(from, i);
        char *name;
        DN_TRY(dn_asprintf(&name, "%s%s", prefix, w->name));
        dn_status status = dn_weights_add(to, name, w->rank, w->dim, w->data, NULL);
        free(name);
        DN_TRY(status);
    }
    return DN_OK;
}

dn_status dn_weights_take(dn_weights *to, const dn_weights *from, const char *prefix, const char *where)
{
    for (size_t i = 0; i < dn_weights_count(to); ++i) {
        dn_weight *w = dn_weights_at(to, i);
        char *name;
        DN_TRY(dn_asprintf(&name, "%s%s", prefix, w->name));
        const dn_weight *found = dn_weights_find((dn_weights *)from, name);
        free(name);
        if (found == NULL || found->rank != w->rank || memcmp(found->dim, w->dim, w->rank * sizeof *w->dim) != 0) {
            DN_FAIL(DN_EFORMAT, "%s is of another network: the weight %s %s", where, w->name,
                    found == NULL ? "is missing" : "has another shape there");
        }
        memcpy(w->data, found->data, (size_t)dn_weight_count(w) * sizeof *w->data);
    }
    return DN_OK;
}

static json_t *exact(double value)
{
    char text[64];
    snprintf(text, sizeof text, "%a", value);
    return json_string(text);
}

static double read_exact(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? dn_number_parse(text, NULL) : 0.0;
}

static int64_t read_whole(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static json_t *state_json(const dn_train_config *config, const dn_train_state *state)
{
    json_t *out = json_object();
    json_t *counts = json_array();
    json_object_set_new(out, "step", json_integer(state->step));
    json_object_set_new(out, "plateau_best", exact(state->memory.best));
    json_object_set_new(out, "plateau_scale", exact(state->memory.scale));
    json_object_set_new(out, "plateau_waited", json_integer(state->memory.waited));
    json_object_set_new(out, "plateau_reports", json_integer(state->memory.reports));
    json_object_set_new(out, "best_loss", exact(state->best_loss));
    json_object_set_new(out, "best_step", json_integer(state->best_step));
    json_object_set_new(out, "waited", json_integer(state->waited));
    json_object_set_new(out, "stopped", json_boolean(state->stopped));
    json_object_set_new(out, "loss", exact(state->loss));
    json_object_set_new(out, "norm", exact(state->norm));
    json_object_set_new(out, "batches", json_integer(state->batches));
    for (int64_t c = 0; c < config->class_count; ++c) {
        json_array_append_new(counts, json_integer(state->counts[c].both));
        json_array_append_new(counts, json_integer(state->counts[c].predicted));
        json_array_append_new(counts, json_integer(state->counts[c].truth));
    }
    json_object_set_new(out, "counts", counts);
    return out;
}

static dn_status read_state(const json_t *metadata, const dn_train_config *config, const char *path, dn_train_state *state)
{
    const char *text = json_string_value(json_object_get(metadata, "dien.state"));
    const char *log = json_string_value(json_object_get(metadata, "dien.log"));
    const char *validation = json_string_value(json_object_get(metadata, "dien.validation"));
    json_t *from = dn_json_of_text(text);
    const json_t *counts = json_object_get(from, "counts");
    if (from == NULL || log == NULL || validation == NULL || json_array_size(counts) != 3 * (size_t)config->class_count) {
        json_decref(from);
        DN_FAIL(DN_EFORMAT, "%s: the checkpoint is damaged: its state cannot be read", path);
    }
    dn_train_state_release(state);
    state->step = read_whole(from, "step");
    state->memory = (dn_schedule_memory){.best = read_exact(from, "plateau_best"),
                                         .scale = read_exact(from, "plateau_scale"),
                                         .waited = read_whole(from, "plateau_waited"),
                                         .reports = read_whole(from, "plateau_reports")};
    state->best_loss = read_exact(from, "best_loss");
    state->best_step = read_whole(from, "best_step");
    state->waited = read_whole(from, "waited");
    state->stopped = json_is_true(json_object_get(from, "stopped"));
    state->loss = read_exact(from, "loss");
    state->norm = read_exact(from, "norm");
    state->batches = read_whole(from, "batches");
    for (size_t c = 0; c < (size_t)config->class_count; ++c) {
        state->counts[c] =
            (dn_loss_counts){json_integer_value(json_array_get(counts, 3 * c)), json_integer_value(json_array_get(counts, 3 * c + 1)),
                             json_integer_value(json_array_get(counts, 3 * c + 2))};
    }
    json_decref(from);
    if (state->step < 0) {
        DN_FAIL(DN_EFORMAT, "%s: the checkpoint is damaged: it is at step %lld", path, (long long)state->step);
    }
    if (state->step > config->steps) {
        DN_FAIL_OFFER(DN_EFORMAT, DN_REMEDY_OTHER_FOLDER,
                      "%s is already at step %lld, but %s has only %lld steps; give more steps, or start a run in another folder", path,
                      (long long)state->step, config->path, (long long)config->steps);
    }
    DN_TRY(dn_strdup(log, &state->log));
    return dn_strdup(validation, &state->validation);
}

dn_status dn_checkpoint_write(const char *path, const dn_train_config *config, const dn_train_state *state, const dn_weights *weights,
                              const dn_weights *best, const dn_optimizer *optimizer)
{
    dn_status status = DN_OK;
    dn_weights *all = NULL;
    json_t *metadata = json_object();
    json_t *state_object = state_json(config, state);
    char *canonical = json_dumps(config->canonical, JSON_COMPACT | JSON_SORT_KEYS);
    char *state_text = json_dumps(state_object, JSON_COMPACT);
    const char *const texts[][2] = {{"dien.checkpoint", "1"},
                                    {"dien.train", canonical},
                                    {"dien.state", state_text},
                                    {"dien.log", state->log},
                                    {"dien.validation", state->validation}};
    /* A hole in it would only be found when the run is resumed, and the checkpoint before is gone then. */
    DN_TRY_GOTO(status, dn_json_complete(path), done);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        if (texts[i][1] == NULL || json_object_set_new(metadata, texts[i][0], json_string(texts[i][1])) != 0) {
            DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory to write %s; the checkpoint before it is still there", path);
        }
    }
    DN_TRY_GOTO(status, dn_weights_create(&all), done);
    DN_TRY_GOTO(status, add_all(all, weights, "weight/"), done);
    if (best != NULL) {
        DN_TRY_GOTO(status, add_all(all, best, "best/"), done);
    }
    DN_TRY_GOTO(status, add_all(all, dn_optimizer_state(optimizer), ""), done);
    DN_TRY_GOTO(status, dn_safetensors_write(path, all, metadata, DN_STORE_F32, false), done);
done:
    dn_weights_destroy(all);
    free(canonical);
    free(state_text);
    json_decref(state_object);
    json_decref(metadata);
    return status;
}

/* How long a run is does not change the steps that were done: it may be prolonged. Returns the steps. */
static int64_t forget_length(json_t *config)
{
    static const char *const length[] = {"steps", "epochs", "patience"};
    json_t *training = json_object_get(config, "training");
    const int64_t steps = json_integer_value(json_object_get(training, "steps"));
    for (size_t i = 0; i < sizeof length / sizeof *length; ++i) {
        json_object_del(training, length[i]);
    }
    return steps;
}

/* *steps: how long the run was to be. */
static dn_status check_config(const json_t *metadata, const dn_train_config *config, const char *path, int64_t *steps)
{
    const char *text = json_string_value(json_object_get(metadata, "dien.train"));
    char difference[512];
    if (json_object_get(metadata, "dien.checkpoint") == NULL || text == NULL) {
        DN_FAIL(DN_EFORMAT, "%s is not a checkpoint of a training by dien", path);
    }
    /* Through text on both sides, as numbers come back from it. */
    char *own_text = json_dumps(config->canonical, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *own = dn_json_of_text(own_text);
    json_t *there = dn_json_of_text(text);
    *steps = forget_length(there);
    (void)forget_length(own);
    bool different = own == NULL || there == NULL || dn_train_config_difference(there, own, difference, sizeof difference);
    if (own == NULL || there == NULL) {
        snprintf(difference, sizeof difference, "its config cannot be read");
    }
    free(own_text);
    json_decref(own);
    json_decref(there);
    if (different) {
        DN_FAIL_OFFER(DN_EFORMAT, DN_REMEDY_OTHER_FOLDER,
                      "%s is the checkpoint of another config than %s: %s; undo the change, or start a run in another folder", path,
                      config->path, difference);
    }
    return DN_OK;
}

/* A run that patience had stopped goes on when it is prolonged, or when patience is. */
static void change_length(const dn_train_config *config, int64_t steps, dn_train_state *state)
{
    if (config->steps != steps) {
        dn_log(DN_LOG_NOTE, "the run now has %lld steps, not %lld: from now on the learning rates are those of a schedule of this length",
               (long long)config->steps, (long long)steps);
    }
    state->waited = config->steps > steps ? 0 : state->waited;
    state->stopped = config->patience > 0 && state->waited >= config->patience;
}

dn_status dn_checkpoint_read(const char *path, const dn_train_config *config, dn_train_state *state, dn_weights *weights, dn_weights *best,
                             bool *has_best, dn_optimizer *optimizer)
{
    dn_status status = DN_OK;
    dn_weights *all = NULL;
    json_t *metadata = NULL;
    int64_t steps = 0;
    DN_TRY_GOTO(status, dn_weights_create(&all), done);
    DN_TRY_GOTO(status, dn_safetensors_read(path, all, &metadata, NULL), done);
    DN_TRY_GOTO(status, check_config(metadata, config, path, &steps), done);
    DN_TRY_GOTO(status, read_state(metadata, config, path, state), done);
    change_length(config, steps, state);
    DN_TRY_GOTO(status, dn_weights_take(weights, all, "weight/", path), done);
    *has_best = state->best_step > 0;
    if (*has_best) {
        DN_TRY_GOTO(status, dn_weights_take(best, all, "best/", path), done);
    }
    status = dn_optimizer_restore(optimizer, all);
    if (status != DN_OK) {
        status = dn_error_context(status, "%s", path);
    }
done:
    dn_weights_destroy(all);
    json_decref(metadata);
    return status;
}
