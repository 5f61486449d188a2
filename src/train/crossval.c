/* The loop over folds: training, evaluation, and what is there already. */
#define _GNU_SOURCE
#include "train/crossval.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "train/crossval_report.h"
#include "train/fold_evaluate.h"
#include "train/folds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *path; /* of the config */
    const dn_crossval_options *options;
    dn_folds folds;
    char *output;
    bool slices;
} crossval;

typedef struct {
    const dn_folds *folds;
    int64_t fold;
} held;

static bool held_out(const void *user, const char *subject)
{
    const held *which = user;
    const dn_fold_subject *found = dn_folds_find(which->folds, subject);
    return found != NULL && found->fold == which->fold;
}

/* The folds that were dealt are those on disk; else a resumed run would train on what it measures. */
static dn_status check_folds(const crossval *c, const char *path)
{
    dn_status status = DN_OK;
    dn_table *there = NULL;
    size_t subject, fold;
    DN_TRY(dn_table_read(path, &there));
    DN_TRY_GOTO(status, dn_table_column(there, "subject", &subject), done);
    DN_TRY_GOTO(status, dn_table_column(there, "fold", &fold), done);
    bool same = dn_table_rows(there) == c->folds.count;
    for (size_t row = 0; same && row < dn_table_rows(there); ++row) {
        double number;
        const char *name = dn_table_text(there, row, subject);
        const dn_fold_subject *found = name != NULL ? dn_folds_find(&c->folds, name) : NULL;
        DN_TRY_GOTO(status, dn_table_number(there, row, fold, &number), done);
        same = found != NULL && number == (double)(found->fold + 1);
    }
    if (!same) {
        status = dn_error_offer(
            dn_error_set(DN_EDATA, "%s has other folds than those of this config, seed and group; undo the change, or name another folder",
                         path),
            DN_REMEDY_OTHER_FOLDER);
    }
done:
    dn_table_destroy(there);
    return status;
}

static dn_status deal(crossval *c, const dn_train_config *config)
{
    dn_status status = DN_OK;
    dn_table *participants = NULL;
    dn_table *table = NULL;
    char *path = NULL;
    const dn_crossval_options *options = c->options;
    if (options->participants != NULL) {
        DN_TRY(dn_table_read(options->participants, &participants));
    }
    DN_TRY_GOTO(status, dn_folds_deal(config, participants, options->group, options->folds, (uint64_t)config->seed, &c->folds), done);
    DN_TRY_GOTO(status, dn_path_make_folder(c->output), done);
    DN_TRY_GOTO(status, dn_path_join(c->output, "folds.tsv", &path), done);
    if (dn_path_exists(path) && !options->restart) {
        if (!options->resume) {
            status = dn_error_offer(dn_error_set(DN_EUSAGE, "%s already holds a cross-validation", c->output), DN_REMEDY_GO_ON_OR_BEGIN);
            goto done;
        }
        status = check_folds(c, path);
        goto done;
    }
    DN_TRY_GOTO(status, dn_folds_table(&c->folds, &table), done);
    DN_TRY_GOTO(status, dn_table_write(table, path), done);
done:
    dn_table_destroy(participants);
    dn_table_destroy(table);
    free(path);
    return status;
}

/* The config of one fold: its own data, name and folder. */
static dn_status fold_config(const crossval *c, int64_t fold, dn_train_config **out)
{
    const held which = {&c->folds, fold};
    const dn_train_split split = {held_out, &which};
    dn_train_config *config = NULL;
    char *name = NULL;
    char *folder = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_train_config_read_fold(c->path, c->options->steps, &split, &config));
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s-fold-%d", config->name, (int)fold + 1), fail);
    DN_TRY_GOTO(status, dn_asprintf(&folder, "%s/fold-%d", c->output, (int)fold + 1), fail);
    free(config->name);
    free(config->output);
    config->name = name;
    config->output = folder;
    config->threads = c->options->threads >= 0 ? c->options->threads : config->threads;
    *out = config;
    return DN_OK;
fail:
    free(name);
    dn_train_config_destroy(config);
    return status;
}

static dn_status measure(const crossval *c, const dn_train_config *config, int64_t fold, const char *model_path, const char *table_path)
{
    dn_status status = DN_OK;
    dn_model *model = NULL;
    dn_table *table = NULL;
    DN_TRY(dn_model_read(model_path, &model));
    DN_TRY_GOTO(status, dn_table_create("evaluation", &table), done);
    DN_TRY_GOTO(status, dn_fold_evaluate(config, model, fold + 1, &c->folds, table), done);
    if (dn_table_rows(table) == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "fold %d: in the scans that were held out, neither truth nor prediction has a structure",
                     (int)fold + 1);
    }
    DN_TRY_GOTO(status, dn_table_write(table, table_path), done);
done:
    dn_model_destroy(model);
    dn_table_destroy(table);
    return status;
}

static dn_status run_fold(const crossval *c, int64_t fold)
{
    dn_status status = DN_OK;
    dn_train_config *config = NULL;
    char *model = NULL;
    char *table = NULL;
    dn_trainer_result result;
    const dn_trainer_options options = {.resume = c->options->resume, .restart = c->options->restart, .no_figure = c->options->no_figure};
    DN_TRY(fold_config(c, fold, &config));
    DN_TRY_GOTO(status, dn_asprintf(&model, "%s/%s.safetensors", config->output, config->name), done);
    DN_TRY_GOTO(status, dn_path_join(config->output, "evaluation.tsv", &table), done);
    dn_log(DN_LOG_NOTE, "fold %d of %d: %zu scans for training, %zu held out", (int)fold + 1, (int)c->folds.folds,
           config->training.pair_count, config->validation.pair_count);
    bool trained = c->options->resume && dn_path_exists(model);
    if (!trained) {
        DN_TRY_GOTO(status, dn_trainer_run(config, &options, &result), done);
    }
    if (c->slices && !(trained && dn_path_exists(table))) {
        DN_TRY_GOTO(status, measure(c, config, fold, model, table), done);
    }
done:
    dn_train_config_destroy(config);
    free(model);
    free(table);
    return status == DN_OK ? DN_OK : dn_error_context(status, "fold %d", (int)fold + 1);
}

dn_status dn_crossval_run(const char *path, const dn_crossval_options *options)
{
    dn_status status = DN_OK;
    crossval c = {.path = path, .options = options};
    dn_train_config *config = NULL;
    const dn_train_split later = {.held_out = NULL};
    if (options->only > options->folds) {
        DN_FAIL(DN_EUSAGE, "there is no fold %d of %d", (int)options->only, (int)options->folds);
    }
    DN_TRY(dn_train_config_read_fold(path, options->steps, &later, &config));
    DN_TRY_GOTO(status, dn_strdup(options->output != NULL ? options->output : config->output, &c.output), done);
    c.slices = config->dims == 2;
    DN_TRY_GOTO(status, deal(&c, config), done);
    dn_log(DN_LOG_NOTE, "seed %lld, %zu subjects in %d folds", (long long)config->seed, c.folds.count, (int)c.folds.folds);
    for (int64_t fold = 0; fold < options->folds; ++fold) {
        if (options->only == 0 || options->only == fold + 1) {
            DN_TRY_GOTO(status, run_fold(&c, fold), done);
        }
    }
    if (options->only == 0) {
        DN_TRY_GOTO(status, dn_crossval_report(c.slices, c.folds.folds, c.output, !options->no_figure), done);
    }
done:
    dn_train_config_destroy(config);
    dn_folds_release(&c.folds);
    free(c.output);
    return status;
}
