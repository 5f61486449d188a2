/* What the functions of Keras layers (layers*.c) share: reading a layer's configuration, adding nodes, keeping
 * track of sizes. Failures are DN_EFORMAT and name the layer. */
#ifndef DN_MODELS_KERAS_PARTS_H
#define DN_MODELS_KERAS_PARTS_H

#include "models/keras/layers.h"
#include "models/keras/weights.h"

#define DN_KERAS_SIZE_LIMIT 1000000 /* of channels, kernels, paddings in a configuration */

/* A layer class. A table ends with a class NULL. */
typedef struct dn_keras_row {
    const char *class_name;
    dn_status (*add)(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out);
} dn_keras_row;
extern const dn_keras_row dn_keras_weight_layers[], dn_keras_shape_layers[];

/* Adds the node that bears the layer's name. */
DN_CHECKED dn_status dn_keras_add(dn_keras_walk *walk, const dn_keras_source *source, json_t *object, dn_keras_tensor *out);
/* The activation inside a convolution or dense layer, as a node of its own (NAME.activation). */
DN_CHECKED dn_status dn_keras_own_activation(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out);
/* A text, or what a serialised object is called: {"class_name": "function", "config": "swish"}, {"class_name": "Swish"}. */
const char *dn_keras_activation_name(const json_t *value);
/* Of an activation that is given by its name alone: Keras has 0.2 for leaky_relu and 1 for elu. */
double dn_keras_preset_alpha(const char *name);
/* "kernel_size" and the like, as [D, H, W]; preset where the key is absent. */
DN_CHECKED dn_status dn_keras_axes(const dn_keras_walk *walk, const dn_keras_source *source, const char *key, int64_t preset,
                                   int64_t out[3]);
/* object[key] = [D, H, W] or [H, W] */
void dn_keras_set_axes(const dn_keras_walk *walk, json_t *object, const char *key, const int64_t values[3]);
/* *value keeps its value when the key is absent. */
DN_CHECKED dn_status dn_keras_boolean(const dn_keras_source *source, const char *key, bool *value);
/* "same" or "valid" */
DN_CHECKED dn_status dn_keras_padding(const dn_keras_source *source, const char **out);
/* Keep track of the input's reduction: by strides, by up-sampling. */
DN_CHECKED dn_status dn_keras_reduce(dn_keras_walk *walk, const dn_keras_source *source, const int64_t stride[3], dn_keras_tensor *out);
void dn_keras_enlarge(const int64_t factor[3], dn_keras_tensor *out);
/* The layer's arrays in the file, for the weights of node name. */
DN_CHECKED dn_status dn_keras_target_of(const dn_keras_walk *walk, const dn_keras_source *source, const char *name,
                                        dn_keras_target *target);
/* Fails unless the layer works over channels: axis -1, the last axis, or a list of it (tf.keras). */
DN_CHECKED dn_status dn_keras_channel_axis(const dn_keras_walk *walk, const dn_keras_source *source);
/* A number from 0 to 1000, or a 0-dimensional array as Keras 2 serialises it: {"type": "ndarray", "value": 0.3}. */
DN_CHECKED dn_status dn_keras_number(const dn_keras_source *source, const char *key, double preset, double *out);
DN_CHECKED dn_status dn_keras_same_as_input(const dn_keras_source *source, dn_keras_tensor *out);

#endif
