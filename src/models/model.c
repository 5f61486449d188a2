/* Reads and writes model files and checks that weights and architecture fit. */
#include "models/model.h"

#include "base/memory.h"
#include "models/metadata.h"
#include "models/registry.h"
#include "models/safetensors.h"

#include <stdlib.h>
#include <string.h>

static dn_status create(dn_model **out)
{
    dn_model *model;
    DN_TRY(dn_alloc(&model, 1, sizeof *model, "a model"));
    dn_status status = dn_weights_create(&model->weights);
    if (status != DN_OK) {
        dn_model_destroy(model);
        return status;
    }
    *out = model;
    return DN_OK;
}

dn_status dn_model_create(const char *name, const char *architecture, const char *config, dn_model **out)
{
    dn_status status;
    dn_model *model;
    DN_TRY(create(&model));
    DN_TRY_GOTO(status, dn_strdup(name, &model->name), fail);
    DN_TRY_GOTO(status, dn_strdup(architecture, &model->architecture), fail);
    DN_TRY_GOTO(status, dn_strdup(config, &model->config), fail);
    DN_TRY_GOTO(status, dn_strdup("", &model->trained_on), fail);
    DN_TRY_GOTO(status, dn_strdup("", &model->licence), fail);
    DN_TRY_GOTO(status, dn_strdup("", &model->source), fail);
    model->input = (dn_model_input){.spacing = {1, 1, 1}, .orientation = "RAS", .multiple = 1, .channels = 1};
    DN_TRY_GOTO(status, dn_metadata_check(model, name), fail);
    *out = model;
    return DN_OK;
fail:
    dn_model_destroy(model);
    return status;
}

dn_status dn_model_add_label(dn_model *model, int64_t channel, int64_t index, const char *name, const char *structure, char hemi,
                             const char *color)
{
    dn_model_label label = {.channel = channel, .index = index, .hemi = hemi};
    if (!dn_metadata_color(color, label.color)) {
        DN_FAIL(DN_EFORMAT, "the colour of label \"%.64s\" is \"%.20s\", not like #1f77b4", name, color);
    }
    dn_status status;
    DN_TRY_GOTO(status, dn_strdup(name, &label.name), fail);
    DN_TRY_GOTO(status, dn_strdup(structure, &label.structure), fail);
    DN_TRY_GOTO(status, dn_realloc(&model->labels, model->label_count + 1, sizeof label, "the labels of a model"), fail);
    model->labels[model->label_count++] = label;
    return DN_OK;
fail:
    free(label.name);
    free(label.structure);
    return status;
}

dn_status dn_model_set_note(dn_model *model, const char *key, const char *value)
{
    char *copy;
    DN_TRY(dn_strdup(value, &copy));
    for (size_t i = 0; i < model->note_count; ++i) {
        if (strcmp(model->notes[i].key, key) == 0) {
            free(model->notes[i].value);
            model->notes[i].value = copy;
            return DN_OK;
        }
    }
    dn_model_note note = {.value = copy};
    dn_status status;
    DN_TRY_GOTO(status, dn_strdup(key, &note.key), fail);
    DN_TRY_GOTO(status, dn_realloc(&model->notes, model->note_count + 1, sizeof note, "the notes of a model"), fail);
    model->notes[model->note_count++] = note;
    return DN_OK;
fail:
    free(note.key);
    free(note.value);
    return status;
}

const char *dn_model_note_find(const dn_model *model, const char *key)
{
    for (size_t i = 0; i < model->note_count; ++i) {
        if (strcmp(model->notes[i].key, key) == 0) {
            return model->notes[i].value;
        }
    }
    return NULL;
}

void dn_model_destroy(dn_model *model)
{
    if (model == NULL) {
        return;
    }
    for (size_t i = 0; i < model->label_count; ++i) {
        free(model->labels[i].name);
        free(model->labels[i].structure);
    }
    for (size_t i = 0; i < model->note_count; ++i) {
        free(model->notes[i].key);
        free(model->notes[i].value);
    }
    free(model->labels);
    free(model->notes);
    free(model->name);
    free(model->architecture);
    free(model->config);
    free(model->trained_on);
    free(model->licence);
    free(model->source);
    free(model->input.region);
    dn_weights_destroy(model->weights);
    free(model);
}

static dn_status read_file(const char *path, bool with_weights, dn_model **out)
{
    dn_status status;
    dn_model *model;
    json_t *metadata = NULL;
    DN_TRY(create(&model));
    DN_TRY_GOTO(status, dn_safetensors_read(path, with_weights ? model->weights : NULL, &metadata, with_weights ? model->sha256 : NULL),
                done);
    DN_TRY_GOTO(status, dn_metadata_read(metadata, path, model), done);
    *out = model;
    model = NULL;
done:
    json_decref(metadata);
    dn_model_destroy(model);
    return status;
}

dn_status dn_model_read(const char *path, dn_model **out)
{
    return read_file(path, true, out);
}

dn_status dn_model_read_metadata(const char *path, dn_model **out)
{
    return read_file(path, false, out);
}

dn_status dn_model_write(const dn_model *model, dn_store store, const char *path)
{
    json_t *metadata;
    int dims;
    DN_TRY(dn_metadata_check(model, path));
    DN_TRY(dn_metadata_dims(model, path, &dims));
    DN_TRY(dn_metadata_write(model, &metadata));
    dn_status status = dn_safetensors_write(path, model->weights, metadata, store, dims == 2);
    json_decref(metadata);
    return status;
}

dn_status dn_model_graph(const dn_model *model, dn_shape input, dn_graph **out)
{
    int64_t multiple = model->input.multiple;
    if (input.h % multiple != 0 || input.w % multiple != 0 || (input.d != 1 && input.d % multiple != 0)) {
        char text[64];
        DN_FAIL(DN_ESHAPE, "the network %s takes sizes that are multiples of %lld, not %s", model->name, (long long)multiple,
                dn_shape_text(&input, text));
    }
    return dn_architecture_build(model->architecture, model->config, model->name, input, out);
}

dn_status dn_model_check(const dn_model *model, const char *path)
{
    int dims;
    dn_status status = DN_OK;
    /* The smallest size that the layers accept. */
    DN_TRY(dn_metadata_dims(model, path, &dims));
    for (int64_t factor = 1; factor <= 64; factor *= 2) {
        int64_t size = model->input.multiple * factor;
        dn_graph *graph;
        status = dn_model_graph(model, (dn_shape){1, dims == 3 ? size : 1, size, size, model->input.channels}, &graph);
        if (status == DN_OK) {
            status = dn_graph_check_weights(graph, model->weights);
            dn_shape out = dn_graph_output_shape(graph, 0);
            dn_graph_destroy(graph);
            if (status == DN_OK && model->label_count > 0 && out.c != (int64_t)model->label_count) {
                status = dn_error_set(DN_EFORMAT, "the network gives %lld channels for %zu labels", (long long)out.c, model->label_count);
            }
            return status == DN_OK ? DN_OK : dn_error_context(DN_EFORMAT, "%s", path);
        }
        if (size > 4096) {
            break;
        }
    }
    return dn_error_context(status, "%s", path);
}
