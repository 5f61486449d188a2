/* Recognises encoders trained on ImageNet, and gives their weights the names that unet2d.c uses. */
#include "models/keras/encoder.h"

#include "base/memory.h"
#include "models/keras/weights.h"
#include "models/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCEPTION_CONVS 94

/* The number at the end of "conv2d_12" with the given base; 0 for "conv2d" itself; -1 for another name. */
static int numbered(const char *name, const char *base)
{
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0) {
        return -1;
    }
    if (name[length] == '\0') {
        return 0;
    }
    char *end;
    long number = name[length] == '_' ? strtol(name + length + 1, &end, 10) : -1;
    return number > 0 && number < 1000000 && *end == '\0' ? (int)number : -1;
}

/* How many layers called BASE_N the file has, and how many of them stand before number. Keras numbers layers through a
 * whole session, so that the file may begin anywhere: the order counts. */
static int rank_of(const dn_keras_file *file, const char *base, int number, int *total)
{
    int rank = 0;
    *total = 0;
    for (size_t i = 0; i < file->layer_count; ++i) {
        int other = numbered(file->layers[i].name, base);
        *total += other >= 0;
        rank += other >= 0 && other < number;
    }
    return rank;
}

const dn_encoder *dn_keras_encoder_of(const dn_keras_file *file)
{
    int total;
    rank_of(file, "batch_normalization", 0, &total);
    if (total == INCEPTION_CONVS) {
        return &dn_encoder_inceptionv3;
    }
    for (size_t i = 0; i < dn_encoder_count(); ++i) {
        const dn_encoder *encoder = dn_encoder_at(i);
        if (encoder != &dn_encoder_inceptionv3 && dn_keras_layer_find(file, encoder->first) != NULL) {
            return encoder;
        }
    }
    return NULL;
}

/* Our name of a layer of the file. */
static dn_layer_name our_name(const dn_keras_file *file, const dn_encoder *encoder, const char *name)
{
    static const char *const bases[] = {"conv2d", "batch_normalization"};
    dn_layer_name ours;
    snprintf(ours.text, sizeof ours.text, "%.63s", name);
    for (size_t i = 0; i < 2 && encoder == &dn_encoder_inceptionv3; ++i) {
        int number = numbered(name, bases[i]), total;
        if (number >= 0) {
            snprintf(ours.text, sizeof ours.text, "%s_%d", bases[i], 1 + rank_of(file, bases[i], number, &total));
        }
    }
    return ours;
}

static bool is_classifier(const char *name)
{
    static const char *const names[] = {"fc", "predictions", "probs", "dense", "logits"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        if (strncmp(name, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

static dn_status copy_layer(const dn_keras_target *target)
{
    if (dn_keras_array_find(target->layer, "moving_mean", 99) != NULL) {
        return dn_keras_norm(target, true);
    }
    if (dn_keras_array_find(target->layer, "depthwise_kernel", 99) != NULL) {
        return dn_keras_depthwise(target, 2, target->layer->array_count > 1);
    }
    return dn_keras_conv(target, 2, "kernel", target->layer->array_count > 1);
}

static dn_status copy_weights(const dn_keras_file *file, const char *path, const dn_encoder *encoder, dn_model *model)
{
    dn_graph *graph;
    dn_status status = DN_OK;
    DN_TRY(dn_model_graph(model, (dn_shape){1, 1, 32, 32, model->input.channels}, &graph));
    for (size_t i = 0; i < file->layer_count; ++i) {
        const dn_keras_layer *layer = &file->layers[i];
        dn_layer_name name = our_name(file, encoder, layer->name);
        if (layer->array_count == 0 || is_classifier(layer->name)) {
            continue;
        }
        if (dn_graph_find(graph, name.text) < 0) {
            DN_FAIL_GOTO(status, done, DN_EFORMAT,
                         "%s: is similar to %s, but has a layer %.100s, which that network does not have; it is another network", path,
                         encoder->name, layer->name);
        }
        DN_TRY_GOTO(status, copy_layer(&(dn_keras_target){path, layer, name.text, model->weights}), done);
    }
done:
    dn_graph_destroy(graph);
    return status;
}

dn_status dn_keras_encoder_read(const dn_keras_file *file, const char *path, const char *name, const dn_encoder *encoder, dn_model **out)
{
    char *config;
    dn_model *model;
    char preset[64];
    snprintf(preset, sizeof preset, "encoder-%s", encoder->name);
    DN_TRY(dn_asprintf(&config, "{\"encoder\":\"%s\"}", encoder->name));
    dn_status status = dn_model_create(name != NULL ? name : preset, "encoder2d", config, &model);
    free(config);
    DN_TRY(status);
    model->input.channels = 3;
    model->input.multiple = 32;
    status = copy_weights(file, path, encoder, model);
    if (status != DN_OK) {
        dn_model_destroy(model);
        return status;
    }
    *out = model;
    return DN_OK;
}
