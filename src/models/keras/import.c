/* Chooses among the three readers by what a file holds, and makes the model file. */
#include "models/keras/import.h"

#include "base/file.h"
#include "base/memory.h"
#include "models/fields.h"
#include "models/keras/encoder.h"
#include "models/keras/graph.h"
#include "models/keras/unet.h"
#include "models/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METADATA_LIMIT ((int64_t)1 << 20)

/* "a/efficientnetb0.h5" -> "efficientnetb0" */
static dn_status name_of_file(const char *path, char **out)
{
    const char *name = dn_path_name(path), *dot = strrchr(name, '.');
    return dn_asprintf(out, "%.*s", dot != NULL && dot != name ? (int)(dot - name) : (int)strlen(name), name);
}

/* Labels of a network of which nothing else is known. One output channel is the structure itself; of several, the first
 * is the background. */
static dn_status plain_labels(dn_model *model, int64_t classes)
{
    static const char *const colors[] = {"#ffa000", "#50c8ff", "#14b482", "#ffa0c8", "#faff32", "#c080ff"};
    for (int64_t c = 0; c < classes; ++c) {
        char name[32];
        bool background = c == 0 && classes > 1;
        int64_t index = classes > 1 ? c : 1;
        snprintf(name, sizeof name, "class_%lld", (long long)index);
        DN_TRY(dn_model_add_label(model, c, index, background ? "background" : name, background ? "background" : name, 'B',
                                  background ? "#000000" : colors[c % 6]));
    }
    return DN_OK;
}

static dn_status read_full_model(const dn_keras_file *file, const char *path, const char *name, dn_model **out)
{
    dn_status status;
    dn_keras_network network = {0};
    dn_weights *weights = NULL;
    dn_model *model = NULL;
    char *config = NULL, *file_name = NULL;
    DN_TRY_GOTO(status, dn_weights_create(&weights), done);
    DN_TRY_GOTO(status, dn_keras_network_read(file, path, weights, &network), done);
    config = json_dumps(network.config, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    if (config == NULL) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "%s: no memory for its network", path);
    }
    DN_TRY_GOTO(status, name_of_file(path, &file_name), done);
    DN_TRY_GOTO(status, dn_model_create(name != NULL ? name : file_name, "graph", config, &model), done);
    dn_weights_destroy(model->weights);
    model->weights = weights;
    weights = NULL;
    model->input.channels = network.channels;
    model->input.multiple = network.multiple;
    DN_TRY_GOTO(status, plain_labels(model, network.classes), done);
    if (network.size[1] > 0 && network.size[2] > 0) {
        char size[80];
        snprintf(size, sizeof size, "%lldx%lldx%lld", (long long)network.size[0], (long long)network.size[1], (long long)network.size[2]);
        DN_TRY_GOTO(status, dn_model_set_note(model, "keras_input_size", network.dims == 3 ? size : strchr(size, 'x') + 1), done);
    }
    *out = model;
    model = NULL;
done:
    dn_model_destroy(model);
    dn_weights_destroy(weights);
    dn_keras_network_release(&network);
    free(config);
    free(file_name);
    return status;
}

/* Replaces *text when the metadata file has the key. */
static dn_status take_text(const json_t *metadata, const char *path, const char *key, char **text)
{
    const char *value;
    char *copy;
    if (!dn_fields_has(metadata, key)) {
        return DN_OK;
    }
    DN_TRY(dn_fields_text(metadata, path, key, &value));
    DN_TRY(dn_strdup(value, &copy));
    free(*text);
    *text = copy;
    return DN_OK;
}

static dn_status take_metadata(const char *path, dn_model *model)
{
    unsigned char *bytes = NULL;
    size_t size;
    json_t *metadata = NULL;
    dn_status status;
    DN_TRY(dn_file_read(path, METADATA_LIMIT, &bytes, &size));
    DN_TRY_GOTO(status, dn_fields_parse((const char *)bytes, JSON_OBJECT, path, &metadata), done);
    DN_TRY_GOTO(status, dn_fields_only(metadata, path, "name input labels trained_on licence source"), done);
    DN_TRY_GOTO(status, take_text(metadata, path, "name", &model->name), done);
    DN_TRY_GOTO(status, dn_path_check_name(model->name, path), done);
    DN_TRY_GOTO(status, take_text(metadata, path, "trained_on", &model->trained_on), done);
    DN_TRY_GOTO(status, take_text(metadata, path, "licence", &model->licence), done);
    DN_TRY_GOTO(status, take_text(metadata, path, "source", &model->source), done);
    if (dn_fields_has(metadata, "input")) {
        int64_t channels = model->input.channels, multiple = model->input.multiple;
        DN_TRY_GOTO(status, dn_metadata_read_input(json_object_get(metadata, "input"), path, model), done);
        if (model->input.channels != channels || model->input.multiple % multiple != 0) {
            DN_FAIL_GOTO(status, done, DN_EFORMAT,
                         "%s: the network takes %lld channels and sizes that are multiples of %lld, but \"input\" of the metadata differs",
                         path, (long long)channels, (long long)multiple);
        }
    }
    if (dn_fields_has(metadata, "labels")) {
        size_t count = model->label_count;
        DN_TRY_GOTO(status, dn_metadata_read_labels(json_object_get(metadata, "labels"), path, model), done);
        if (model->label_count != count) {
            DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the network has %zu output channels, but \"labels\" names %zu", path, count,
                         model->label_count);
        }
    }
    status = dn_metadata_check(model, path);
done:
    json_decref(metadata);
    free(bytes);
    return status;
}

dn_status dn_import_keras(const char *path, const dn_import_options *options, dn_model **out)
{
    static const dn_import_options none = {0};
    dn_status status;
    dn_keras_file *file;
    dn_model *model = NULL;
    const dn_import_options *o = options != NULL ? options : &none;
    DN_TRY(dn_keras_file_read(path, &file));
    if (file->config != NULL) {
        status = read_full_model(file, path, o->name, &model);
    } else if (dn_keras_unet_is(file)) {
        status = dn_keras_unet_read(file, path, o->name, &model);
    } else if (dn_keras_encoder_of(file) != NULL) {
        status = dn_keras_encoder_read(file, path, o->name, dn_keras_encoder_of(file), &model);
    } else {
        status = dn_error_set(
            DN_EFORMAT,
            "%s: holds only weights, of a network that dien does not know (docs/manual/models.md); save the whole network with "
            "model.save(\"NAME.h5\")",
            path);
    }
    if (status != DN_OK) {
        goto done;
    }
    DN_TRY_GOTO(status, dn_model_set_note(model, "keras_version", file->version), done);
    if (o->metadata != NULL) {
        DN_TRY_GOTO(status, take_metadata(o->metadata, model), done);
    }
    DN_TRY_GOTO(status, dn_model_check(model, path), done);
    *out = model;
    model = NULL;
done:
    dn_model_destroy(model);
    dn_keras_file_destroy(file);
    return status;
}
