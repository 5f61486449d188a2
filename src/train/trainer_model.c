/* The model file that a run leaves: the weights, and what a reader has to know of them. */
#include "train/trainer_private.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

dn_status dn_trainer_make_model(const dn_trainer *t, const dn_weights *from, dn_model **out, char **path)
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

dn_status dn_trainer_write_model(dn_trainer *t)
{
    const dn_train_config *config = t->config;
    dn_status status = DN_OK;
    dn_model *model = NULL;
    char *path = NULL;
    char *note = NULL;
    char hash[65];
    bool best = t->has_best && !config->keep_last;
    DN_TRY_GOTO(status, dn_trainer_make_model(t, best ? t->best : t->weights, &model, &path), done);
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
