/* A Keras model's configuration (model_config) into the architecture "graph": config JSON and weights. */
#ifndef DN_MODELS_KERAS_GRAPH_H
#define DN_MODELS_KERAS_GRAPH_H

#include "models/keras/file.h"
#include "net/weights.h"

#include <jansson.h>

typedef struct dn_keras_network {
    json_t *config; /* of the architecture "graph"; owned */
    int64_t dims, channels, classes;
    int64_t multiple; /* the largest reduction inside the network */
    int64_t size[3];  /* input size that the file fixes, 0 where it leaves it open; D, H, W */
} dn_keras_network;

/* file: with a config. weights: filled; NULL: the configuration alone is translated. path: for messages. DN_EFORMAT names
 * the layer and what is not supported. Fills *out; release with dn_keras_network_release. */
DN_CHECKED dn_status dn_keras_network_read(const dn_keras_file *file, const char *path, dn_weights *weights, dn_keras_network *out);
void dn_keras_network_release(dn_keras_network *network);

#endif
