/* The supported Keras layers, one function per layer (layers*.c), and what they share with the walk over a
 * model's layers (graph.c). */
#ifndef DN_MODELS_KERAS_LAYERS_H
#define DN_MODELS_KERAS_LAYERS_H

#include "models/keras/file.h"
#include "net/weights.h"

#include <jansson.h>
#include <stdbool.h>

/* What is known of a layer's output. */
typedef struct dn_keras_tensor {
    const char *node; /* name in our graph; owned by the graph's JSON */
    int64_t channels;
    int64_t reduction; /* input size / size here */
    bool vector;       /* no spatial extent: after global pooling */
} dn_keras_tensor;

typedef struct dn_keras_walk {
    const char *path;
    const dn_keras_file *file;
    dn_weights *weights; /* NULL: configuration alone */
    json_t *nodes;       /* of our graph, grows */
    int dims;
    dn_keras_tensor first; /* the input */
    int64_t multiple;
    int64_t size[3];
} dn_keras_walk;

typedef struct dn_keras_source {
    const char *class_name, *name; /* borrowed from the configuration */
    const json_t *config;
    const dn_keras_tensor *inputs;
    size_t input_count;
    char place[400]; /* "FILE: layer NAME (CLASS)" */
} dn_keras_source;

#define DN_KERAS_MAX_INPUTS 256

/* Adds a layer's nodes and weights, and describes its output. DN_EFORMAT: it is not supported. */
DN_CHECKED dn_status dn_keras_layer_add(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out);

/* Adds a node (taken over, NULL counts as out of memory) named name; *node is its name, owned by the graph's JSON. */
DN_CHECKED dn_status dn_keras_node_add(dn_keras_walk *walk, const dn_keras_source *source, const char *name, json_t *object,
                                       const char **node);
/* Adds the activation called text ("relu", "softmax", ...) as a node named name; "linear" adds nothing. */
DN_CHECKED dn_status dn_keras_activation_add(dn_keras_walk *walk, const dn_keras_source *source, const char *text, double alpha,
                                             const char *name, dn_keras_tensor *tensor);

#endif
