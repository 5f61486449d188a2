/* What the readers of Keras layers share: keys of a layer's configuration, nodes, sizes. */
#include "models/keras/parts.h"

#include "base/memory.h"
#include "models/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_keras_node_add(dn_keras_walk *walk, const dn_keras_source *source, const char *name, json_t *object, const char **node)
{
    if (object == NULL || json_object_set_new(object, "name", json_string(name)) != 0 || json_array_append(walk->nodes, object) != 0) {
        json_decref(object);
        DN_FAIL(DN_ENOMEM, "%s: no memory, or its name is not valid UTF-8", source->place);
    }
    json_decref(object); /* the list holds it */
    *node = json_string_value(json_object_get(object, "name"));
    return DN_OK;
}

dn_status dn_keras_add(dn_keras_walk *walk, const dn_keras_source *source, json_t *object, dn_keras_tensor *out)
{
    return dn_keras_node_add(walk, source, source->name, object, &out->node);
}

dn_status dn_keras_activation_add(dn_keras_walk *walk, const dn_keras_source *source, const char *text, double alpha, const char *name,
                                  dn_keras_tensor *tensor)
{
    static const char *const same[][2] = {{"relu", "relu"},  {"elu", "elu"},   {"sigmoid", "sigmoid"},
                                          {"swish", "silu"}, {"silu", "silu"}, {"leaky_relu", "leaky_relu"}};
    if (strcmp(text, "linear") == 0) {
        return DN_OK;
    }
    if (strcmp(text, "softmax") == 0) {
        return dn_keras_node_add(walk, source, name, json_pack("{s:s, s:s}", "op", "softmax", "input", tensor->node), &tensor->node);
    }
    for (size_t i = 0; i < sizeof same / sizeof same[0]; ++i) {
        if (strcmp(text, same[i][0]) == 0) {
            json_t *object = json_pack("{s:s, s:s, s:s}", "op", "activation", "input", tensor->node, "kind", same[i][1]);
            if (object != NULL && (strcmp(same[i][1], "elu") == 0 || strcmp(same[i][1], "leaky_relu") == 0)) {
                json_object_set_new(object, "alpha", json_real(alpha));
            }
            return dn_keras_node_add(walk, source, name, object, &tensor->node);
        }
    }
    DN_FAIL(DN_EFORMAT, "%s: the activation \"%.60s\" is not supported", source->place, text);
}

/* A text, or what a serialised object is called: {"class_name": "function", "config": "swish"} or {"class_name": "Swish"}. */
const char *dn_keras_activation_name(const json_t *value)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_object(value)) {
        const char *class_name = json_string_value(json_object_get(value, "class_name"));
        const json_t *config = json_object_get(value, "config");
        if (class_name != NULL && strcmp(class_name, "function") == 0 && json_is_string(config)) {
            return json_string_value(config);
        }
        return class_name == NULL ? "?" : strcmp(class_name, "Swish") == 0 ? "swish" : class_name;
    }
    return "linear";
}

/* Of an activation that is given by its name alone: Keras has 0.2 for leaky_relu and 1 for elu. */
double dn_keras_preset_alpha(const char *name)
{
    return strcmp(name, "leaky_relu") == 0 ? 0.2 : 1.0;
}

/* The activation inside a convolution or dense layer, as a node of its own. */
dn_status dn_keras_own_activation(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    const char *text = dn_keras_activation_name(json_object_get(source->config, "activation"));
    char *name;
    DN_TRY(dn_asprintf(&name, "%s.activation", source->name));
    dn_status status = dn_keras_activation_add(walk, source, text, dn_keras_preset_alpha(text), name, out);
    free(name);
    return status;
}

dn_status dn_keras_axes(const dn_keras_walk *walk, const dn_keras_source *source, const char *key, int64_t preset, int64_t out[3])
{
    out[0] = walk->dims == 3 ? preset : 1;
    out[1] = out[2] = preset;
    return dn_fields_has(source->config, key)
               ? dn_fields_axes(source->config, source->place, key, walk->dims, 1, 1, DN_KERAS_SIZE_LIMIT, out)
               : DN_OK;
}

/* [D,H,W] or [H,W] */
static json_t *axes_json(const dn_keras_walk *walk, const int64_t values[3])
{
    json_t *list = json_array();
    for (int i = 3 - walk->dims; i < 3; ++i) {
        json_array_append_new(list, json_integer(values[i]));
    }
    return list;
}

void dn_keras_set_axes(const dn_keras_walk *walk, json_t *object, const char *key, const int64_t values[3])
{
    json_object_set_new(object, key, axes_json(walk, values));
}

dn_status dn_keras_boolean(const dn_keras_source *source, const char *key, bool *value)
{
    return dn_fields_has(source->config, key) ? dn_fields_boolean(source->config, source->place, key, value) : DN_OK;
}

/* "same" or "valid" */
dn_status dn_keras_padding(const dn_keras_source *source, const char **out)
{
    int choice;
    *out = "valid";
    if (dn_fields_has(source->config, "padding")) {
        DN_TRY(dn_fields_choice(source->config, source->place, "padding", "valid|same", &choice));
        *out = choice == 1 ? "same" : "valid";
    }
    return DN_OK;
}

/* Keeps track of the reduction; strides must agree between axes for `multiple` to mean something, the largest counts. */
dn_status dn_keras_reduce(dn_keras_walk *walk, const dn_keras_source *source, const int64_t stride[3], dn_keras_tensor *out)
{
    int64_t largest = stride[0] > stride[1] ? stride[0] : stride[1];
    largest = largest > stride[2] ? largest : stride[2];
    if (out->reduction > DN_KERAS_SIZE_LIMIT / largest) {
        DN_FAIL(DN_EFORMAT, "%s: the network reduces its input more than %d times", source->place, DN_KERAS_SIZE_LIMIT);
    }
    out->reduction *= largest;
    if (out->reduction > walk->multiple) {
        walk->multiple = out->reduction;
    }
    return DN_OK;
}

void dn_keras_enlarge(const int64_t factor[3], dn_keras_tensor *out)
{
    int64_t largest = factor[2] > factor[1] ? factor[2] : factor[1];
    out->reduction = out->reduction % largest == 0 ? out->reduction / largest : 1;
}

dn_status dn_keras_target_of(const dn_keras_walk *walk, const dn_keras_source *source, const char *name, dn_keras_target *target)
{
    *target = (dn_keras_target){.path = walk->path,
                                .layer = dn_keras_layer_find(walk->file, source->name),
                                .name = name,
                                .weights = walk->weights};
    if (target->layer == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the file has no weights for it", source->place);
    }
    return DN_OK;
}

dn_status dn_keras_same_as_input(const dn_keras_source *source, dn_keras_tensor *out)
{
    *out = source->inputs[0];
    return DN_OK;
}

/* Over channels: -1, the last axis, or a list of it (tf.keras). */
dn_status dn_keras_channel_axis(const dn_keras_walk *walk, const dn_keras_source *source)
{
    const json_t *axis = json_object_get(source->config, "axis");
    if (json_is_array(axis) && json_array_size(axis) == 1) {
        axis = json_array_get(axis, 0);
    }
    if (axis != NULL && !(json_is_integer(axis) && (json_integer_value(axis) == -1 || json_integer_value(axis) == walk->dims + 1 ||
                                                    (source->inputs[0].vector && json_integer_value(axis) == 1)))) {
        DN_FAIL(DN_EFORMAT, "%s: works along another axis than the channels", source->place);
    }
    return DN_OK;
}

/* A number, or a 0-dimensional array as Keras 2 serialises it: {"type": "ndarray", "value": 0.3}. */
dn_status dn_keras_number(const dn_keras_source *source, const char *key, double preset, double *out)
{
    const json_t *value = json_object_get(source->config, key);
    if (json_is_object(value)) {
        value = json_object_get(value, "value");
    }
    *out = preset;
    if (value != NULL && !json_is_null(value)) {
        if (!json_is_number(value) || !(json_number_value(value) >= 0 && json_number_value(value) <= 1000)) {
            DN_FAIL(DN_EFORMAT, "%s: \"%s\" is not a number from 0 to 1000", source->place, key);
        }
        *out = json_number_value(value);
    }
    return DN_OK;
}
