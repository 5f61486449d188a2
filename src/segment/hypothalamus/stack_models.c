/* Opens networks that work on slices, and checks that they can be averaged. */
#define _GNU_SOURCE
#include "segment/hypothalamus/stack_models.h"

#include "base/file.h"
#include "base/memory.h"
#include "infer/region.h"
#include "models/store.h"

#include <stdlib.h>
#include <string.h>

struct dn_stack_models {
    dn_model **models;
    size_t count;
    dn_slice_network *network;
    dn_structures structures;
};

/* One name of the list, and where it ends. */
static dn_status open_one(dn_stack_models *models, const char *name, size_t length)
{
    char *text = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_asprintf(&text, "%.*s", (int)length, name));
    DN_TRY_GOTO(status, dn_realloc(&models->models, models->count + 1, sizeof *models->models, "models"), done);
    DN_TRY_GOTO(status, dn_model_open(text, &models->models[models->count]), done);
    ++models->count;
done:
    free(text);
    return status;
}

dn_status dn_stack_models_open(const char *names, dn_precision precision, dn_stack_models **out)
{
    dn_status status = DN_OK;
    dn_stack_models *models = NULL;
    bool slices;
    const dn_slice_network_options options = {.precision = precision};
    *out = NULL;
    /* A Keras file is imported elsewhere, and sees what it sees. */
    if (strchr(names, ',') == NULL && dn_path_has_extension(names, ".h5")) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&models, 1, sizeof *models, "models"));
    for (const char *name = names;;) {
        size_t length = strcspn(name, ",");
        DN_TRY_GOTO(status, open_one(models, name, length), fail);
        if (name[length] == '\0') {
            break;
        }
        name += length + 1;
    }
    DN_TRY_GOTO(status, dn_model_sees_slices(models->models[0], &slices), fail);
    if (!slices && models->count == 1) {
        dn_stack_models_destroy(models);
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_slice_network_create((const dn_model *const *)models->models, models->count, &options, &models->network), fail);
    DN_TRY_GOTO(status, dn_structures_init(models->models[0], &models->structures), fail);
    *out = models;
    return DN_OK;
fail:
    dn_stack_models_destroy(models);
    return status;
}

void dn_stack_models_destroy(dn_stack_models *models)
{
    if (models == NULL) {
        return;
    }
    dn_slice_network_destroy(models->network);
    for (size_t i = 0; i < models->count; ++i) {
        dn_model_destroy(models->models[i]);
    }
    free(models->models);
    free(models);
}

size_t dn_stack_models_count(const dn_stack_models *models)
{
    return models->count;
}

const dn_model *dn_stack_models_at(const dn_stack_models *models, size_t n)
{
    return models->models[n];
}

const dn_structures *dn_stack_models_structures(const dn_stack_models *models)
{
    return &models->structures;
}

dn_slice_network *dn_stack_models_network(const dn_stack_models *models)
{
    return models->network;
}

dn_status dn_stack_models_know_frame(const dn_stack_models *models, bool *out)
{
    *out = true;
    for (size_t i = 0; i < models->count; ++i) {
        dn_region_stack_found region = {.is_stack = false};
        bool possible;
        DN_TRY(dn_error_excuse(dn_region_stack(&models->models[i]->input, models->models[i]->name, &region), DN_EFORMAT, &possible));
        *out = *out && possible && region.is_stack;
    }
    return DN_OK;
}

dn_status dn_stack_clean(const dn_structures *structures, dn_slice_posteriors *maps, dn_posteriors *box, dn_group_result *groups)
{
    memset(box, 0, sizeof *box);
    DN_TRY(dn_posteriors_alloc(box, maps->maps[0]->grid.dim, maps->channels));
    for (int64_t c = 0; c < maps->channels; ++c) {
        dn_posteriors_set_map(box, c, maps->maps[c]->data);
    }
    DN_TRY(dn_postprocess(box, structures, groups));
    for (int64_t c = 0; c < maps->channels; ++c) {
        dn_posteriors_get_map(box, c, maps->maps[c]->data);
    }
    return DN_OK;
}
