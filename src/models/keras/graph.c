/* Walks over the layers of a Keras model in their order and makes the nodes of the architecture "graph". */
#include "models/keras/graph.h"

#include "base/memory.h"
#include "models/fields.h"
#include "models/keras/layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYER_LIMIT 5000

typedef struct layer {
    const char *class_name, *name;
    const json_t *config;
    size_t *inputs; /* positions of layers; owned */
    size_t input_count;
    bool wanted, done;
    dn_keras_tensor tensor;
} layer;

typedef struct network {
    const char *path;
    layer *layers;
    size_t count;
    json_t *positions; /* name -> position */
} network;

/* ---- reading the list of layers ---- */

static dn_status add_input(network *n, layer *l, const json_t *name, const json_t *node_index)
{
    const json_t *position = json_is_string(name) ? json_object_get(n->positions, json_string_value(name)) : NULL;
    if (position == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s takes its input from a layer that does not exist", n->path, l->name);
    }
    if (json_is_integer(node_index) && json_integer_value(node_index) != 0) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s is used more than once; shared layers are not supported", n->path,
                json_string_value(name));
    }
    if (l->input_count >= DN_KERAS_MAX_INPUTS) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s has more than %d inputs", n->path, l->name, DN_KERAS_MAX_INPUTS);
    }
    DN_TRY(dn_realloc(&l->inputs, l->input_count + 1, sizeof *l->inputs, n->path));
    l->inputs[l->input_count++] = (size_t)json_integer_value(position);
    return DN_OK;
}

/* Keras 3 writes tensors as objects somewhere inside the arguments: {"class_name": "__keras_tensor__", "config":
 * {"keras_history": ["conv", 0, 0]}}. */
static dn_status find_histories(network *n, layer *l, const json_t *value, int depth)
{
    if (depth > 16) {
        DN_FAIL(DN_EFORMAT, "%s: the inputs of layer %.100s are nested too deeply", n->path, l->name);
    }
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); ++i) {
            DN_TRY(find_histories(n, l, json_array_get(value, i), depth + 1));
        }
    } else if (json_is_object(value)) {
        const json_t *history = json_object_get(value, "keras_history");
        if (json_is_array(history)) {
            return add_input(n, l, json_array_get(history, 0), json_array_get(history, 1));
        }
        const char *key;
        json_t *member;
        json_object_foreach((json_t *)value, key, member)
        {
            DN_TRY(find_histories(n, l, member, depth + 1));
        }
    }
    return DN_OK;
}

/* inbound_nodes of Keras 2: [[["conv", 0, 0, {}], ...]], one entry a use of the layer. */
static dn_status read_inputs(network *n, layer *l, const json_t *inbound)
{
    size_t uses = json_array_size(inbound);
    if (uses == 0) {
        return DN_OK;
    }
    if (uses > 1) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s is used %zu times; shared layers are not supported", n->path, l->name, uses);
    }
    const json_t *use = json_array_get(inbound, 0);
    if (json_is_object(use)) {
        return find_histories(n, l, use, 0);
    }
    for (size_t i = 0; i < json_array_size(use); ++i) {
        const json_t *source = json_array_get(use, i);
        if (json_is_string(source)) { /* ["conv", 0, 0, {}] without the list around it */
            return add_input(n, l, source, json_array_get(use, 1));
        }
        DN_TRY(add_input(n, l, json_array_get(source, 0), json_array_get(source, 1)));
    }
    return DN_OK;
}

static dn_status read_layers(network *n, const json_t *list)
{
    n->count = json_array_size(list);
    if (n->count == 0 || n->count > LAYER_LIMIT) {
        size_t count = n->count;
        n->count = 0;
        DN_FAIL(DN_EFORMAT, "%s: model_config has %zu layers, not 1 to %d", n->path, count, LAYER_LIMIT);
    }
    DN_TRY(dn_alloc(&n->layers, n->count, sizeof *n->layers, n->path));
    for (size_t i = 0; i < n->count; ++i) {
        const json_t *object = json_array_get(list, i);
        layer *l = &n->layers[i];
        l->class_name = json_string_value(json_object_get(object, "class_name"));
        l->config = json_object_get(object, "config");
        l->name = json_string_value(json_object_get(object, "name"));
        if (l->name == NULL) { /* Sequential models name their layers in the configuration alone */
            l->name = json_string_value(json_object_get(l->config, "name"));
        }
        if (l->class_name == NULL || l->name == NULL || !json_is_object(l->config)) {
            DN_FAIL(DN_EFORMAT, "%s: layer %zu of model_config lacks its class, name or config", n->path, i);
        }
        if (json_object_get(n->positions, l->name) != NULL ||
            json_object_set_new(n->positions, l->name, json_integer((json_int_t)i)) != 0) {
            DN_FAIL(DN_EFORMAT, "%s: two layers are called %.100s", n->path, l->name);
        }
    }
    return DN_OK;
}

static dn_status read_functional(network *n, const json_t *list)
{
    DN_TRY(read_layers(n, list));
    for (size_t i = 0; i < n->count; ++i) {
        DN_TRY(read_inputs(n, &n->layers[i], json_object_get(json_array_get(list, i), "inbound_nodes")));
    }
    return DN_OK;
}

/* Each layer takes the one before it; an input layer may be left out. */
static dn_status read_sequential(network *n, const json_t *list)
{
    DN_TRY(read_layers(n, list));
    for (size_t i = 1; i < n->count; ++i) {
        layer *l = &n->layers[i];
        DN_TRY(dn_alloc(&l->inputs, 1, sizeof *l->inputs, n->path));
        l->inputs[l->input_count++] = i - 1;
    }
    return DN_OK;
}

/* ---- outputs ---- */

/* [["softmax", 0, 0]] or, in Keras 3 with one output, ["softmax", 0, 0] */
static dn_status find_output(const network *n, const json_t *outputs, size_t *out)
{
    const json_t *first = json_array_get(outputs, 0);
    const json_t *name = json_is_array(first) ? json_array_get(first, 0) : first;
    const json_t *position = json_is_string(name) ? json_object_get(n->positions, json_string_value(name)) : NULL;
    if (position == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: model_config names no output that exists", n->path);
    }
    if (json_is_array(first) && json_array_size(outputs) != 1) {
        DN_FAIL(DN_EFORMAT, "%s: the network has %zu outputs; only one is supported", n->path, json_array_size(outputs));
    }
    *out = (size_t)json_integer_value(position);
    return DN_OK;
}

/* Marks what the output needs, so that layers for training alone need not be understood. */
static dn_status mark_wanted(network *n, size_t output)
{
    size_t *stack, top = 0;
    DN_TRY(dn_alloc(&stack, n->count, sizeof *stack, n->path));
    n->layers[output].wanted = true;
    stack[top++] = output;
    while (top > 0) {
        const layer *l = &n->layers[stack[--top]];
        for (size_t i = 0; i < l->input_count; ++i) {
            if (!n->layers[l->inputs[i]].wanted) { /* each goes on the stack once */
                n->layers[l->inputs[i]].wanted = true;
                stack[top++] = l->inputs[i];
            }
        }
    }
    free(stack);
    return DN_OK;
}

/* ---- translation ---- */

/* The network's input from batch_input_shape ([null, 512, 512, 3]); Keras 3 calls it batch_shape. */
static dn_status add_network_input(dn_keras_walk *walk, const layer *l, const char *name)
{
    const json_t *shape = json_object_get(l->config, "batch_input_shape");
    if (shape == NULL) {
        shape = json_object_get(l->config, "batch_shape");
    }
    size_t rank = json_array_size(shape);
    if (rank != 4 && rank != 5) {
        DN_FAIL(DN_EFORMAT, "%s: the input %.100s is not an image: its shape has %zu axes, not 4 (2-D) or 5 (3-D)", walk->path, l->name,
                rank);
    }
    if (walk->first.node != NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the network has a second input, %.100s; only one is supported", walk->path, l->name);
    }
    walk->dims = (int)rank - 2;
    const json_t *channels = json_array_get(shape, rank - 1);
    if (!json_is_integer(channels) || json_integer_value(channels) < 1 || json_integer_value(channels) > 4096) {
        DN_FAIL(DN_EFORMAT, "%s: the input %.100s does not say how many channels it has (the channels are the last axis)", walk->path,
                l->name);
    }
    for (int i = 0; i < walk->dims; ++i) {
        const json_t *size = json_array_get(shape, (size_t)i + 1);
        json_int_t value = json_integer_value(size);
        walk->size[3 - walk->dims + i] = json_is_integer(size) && value > 0 && value <= 100000 ? value : 0;
    }
    walk->first = (dn_keras_tensor){.channels = json_integer_value(channels), .reduction = 1};
    dn_keras_source source = {.class_name = l->class_name, .name = l->name, .config = l->config};
    snprintf(source.place, sizeof source.place, "%.200s: layer %.80s (%.60s)", walk->path, l->name, l->class_name);
    return dn_keras_node_add(walk, &source, name, json_pack("{s:s, s:I}", "op", "input", "channels", json_integer_value(channels)),
                             &walk->first.node);
}

static dn_status add_layer(dn_keras_walk *walk, network *n, layer *l)
{
    dn_keras_tensor inputs[DN_KERAS_MAX_INPUTS];
    if (strcmp(l->class_name, "InputLayer") == 0) {
        DN_TRY(add_network_input(walk, l, l->name));
        l->tensor = walk->first;
        return DN_OK;
    }
    size_t count = l->input_count;
    for (size_t i = 0; i < count; ++i) {
        inputs[i] = n->layers[l->inputs[i]].tensor;
    }
    if (count == 0) { /* the first layer of a Sequential model that says its input's shape itself */
        DN_TRY(add_network_input(walk, l, "input"));
        inputs[0] = walk->first;
        count = 1;
    }
    dn_keras_source source = {.class_name = l->class_name, .name = l->name, .config = l->config, .inputs = inputs, .input_count = count};
    snprintf(source.place, sizeof source.place, "%.200s: layer %.80s (%.60s)", walk->path, l->name, l->class_name);
    return dn_keras_layer_add(walk, &source, &l->tensor);
}

static bool is_ready(const network *n, const layer *l)
{
    for (size_t i = 0; i < l->input_count; ++i) {
        if (!n->layers[l->inputs[i]].done) {
            return false;
        }
    }
    return true;
}

/* Layers mostly stand after their inputs, but need not: passes over the list until nothing is left. */
static dn_status translate(dn_keras_walk *walk, network *n)
{
    for (size_t left = n->count; left > 0;) {
        size_t before = left;
        left = 0;
        for (size_t i = 0; i < n->count; ++i) {
            layer *l = &n->layers[i];
            if (!l->wanted || l->done) {
                continue;
            }
            if (!is_ready(n, l)) {
                ++left;
                continue;
            }
            DN_TRY(add_layer(walk, n, l));
            l->done = true;
        }
        if (left == before) {
            DN_FAIL(DN_EFORMAT, "%s: the layers of model_config form a circle", n->path);
        }
    }
    return DN_OK;
}

static dn_status read_model(const json_t *model, dn_keras_walk *walk, network *n, dn_keras_network *out)
{
    const char *class_name = json_string_value(json_object_get(model, "class_name"));
    const json_t *config = json_object_get(model, "config");
    const json_t *list = json_is_array(config) ? config : json_object_get(config, "layers");
    size_t output = 0;
    if (class_name != NULL && strcmp(class_name, "Sequential") == 0) {
        DN_TRY(read_sequential(n, list));
        output = n->count - 1;
    } else if (class_name != NULL && (strcmp(class_name, "Model") == 0 || strcmp(class_name, "Functional") == 0)) {
        DN_TRY(read_functional(n, list));
        DN_TRY(find_output(n, json_object_get(config, "output_layers"), &output));
    } else {
        DN_FAIL(DN_EFORMAT, "%s: the model is of class \"%.60s\"; Model, Functional and Sequential are supported", n->path,
                class_name != NULL ? class_name : "?");
    }
    DN_TRY(mark_wanted(n, output));
    DN_TRY(translate(walk, n));
    const dn_keras_tensor *last = &n->layers[output].tensor;
    if (last->vector) {
        DN_FAIL(DN_EFORMAT, "%s: the network classifies images; dien needs networks that label voxels", n->path);
    }
    json_t *graph = json_pack("{s:i, s:O, s:[s]}", "dims", walk->dims, "nodes", walk->nodes, "outputs", last->node);
    if (graph == NULL) {
        DN_FAIL(DN_ENOMEM, "%s: no memory for its network", n->path);
    }
    *out = (dn_keras_network){.config = graph,
                              .dims = walk->dims,
                              .channels = walk->first.channels,
                              .classes = last->channels,
                              .multiple = walk->multiple,
                              .size = {walk->size[0], walk->size[1], walk->size[2]}};
    return DN_OK;
}

dn_status dn_keras_network_read(const dn_keras_file *file, const char *path, dn_weights *weights, dn_keras_network *out)
{
    dn_status status;
    json_t *model = NULL;
    char *place = NULL;
    dn_keras_walk walk = {.path = path, .file = file, .weights = weights, .nodes = json_array(), .multiple = 1};
    network n = {.path = path, .positions = json_object()};
    DN_TRY_GOTO(status, dn_asprintf(&place, "%s: model_config", path), done);
    DN_TRY_GOTO(status, dn_fields_parse(file->config, JSON_OBJECT, place, &model), done);
    status = read_model(model, &walk, &n, out);
done:
    for (size_t i = 0; i < n.count && n.layers != NULL; ++i) {
        free(n.layers[i].inputs);
    }
    free(n.layers);
    json_decref(n.positions);
    json_decref(walk.nodes);
    json_decref(model);
    free(place);
    return status;
}

void dn_keras_network_release(dn_keras_network *translated)
{
    json_decref(translated->config);
    *translated = (dn_keras_network){0};
}
