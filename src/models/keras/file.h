/* What a Keras HDF5 file holds, read into memory: the layers with their arrays, and the model's configuration. */
#ifndef DN_MODELS_KERAS_FILE_H
#define DN_MODELS_KERAS_FILE_H

#include "base/status.h"
#include "models/keras/probe.h"

#include <stddef.h>
#include <stdint.h>

#define DN_KERAS_MAX_RANK 5

typedef struct dn_keras_array {
    char *name; /* last part, without ":0": "kernel", "gamma", "moving_mean" */
    size_t rank;
    int64_t dim[DN_KERAS_MAX_RANK];
    int64_t count;
    float *data;
} dn_keras_array;

typedef struct dn_keras_layer {
    char *name;
    dn_keras_array *arrays;
    size_t array_count;
} dn_keras_layer;

typedef struct dn_keras_file {
    char *config;  /* model_config, or NULL */
    char *version; /* keras_version, "" when absent */
    dn_keras_layer *layers;
    size_t layer_count;
} dn_keras_file;

/* DN_EINPUT: missing or not HDF5; DN_EFORMAT: not as Keras writes it, or larger or slower to read than a network is (models/keras/probe.h).
 * Both name the file and the layer. *out: owned by the caller (dn_keras_file_destroy). */
DN_CHECKED dn_status dn_keras_file_read(const char *path, dn_keras_file **out);
/* The same within limits of one's own. */
DN_CHECKED dn_status dn_keras_file_read_within(const char *path, const dn_probe_limits *limits, dn_keras_file **out);
void dn_keras_file_destroy(dn_keras_file *file);

/* NULL when absent. */
const dn_keras_layer *dn_keras_layer_find(const dn_keras_file *file, const char *name);
/* The array of that name; when no array of the layer has a name that Keras 2 gives (older files say W_1, b_1), the one
 * at that position. NULL when absent. */
const dn_keras_array *dn_keras_array_find(const dn_keras_layer *layer, const char *name, size_t position);

#endif
