/* Arrays of Keras layers into our layout (net/weights.h): axes are permuted, absent scale and shift filled in. */
#ifndef DN_MODELS_KERAS_WEIGHTS_H
#define DN_MODELS_KERAS_WEIGHTS_H

#include "models/keras/file.h"
#include "net/weights.h"

#include <stdbool.h>

/* Where the weights go: name is the layer's name in the graph. layer: borrowed. All: DN_EFORMAT names file and layer when
 * an array is missing or its rank is not the layer's. */
typedef struct dn_keras_target {
    const char *path; /* of the file, for messages */
    const dn_keras_layer *layer;
    const char *name;
    dn_weights *weights;
} dn_keras_target;

/* dims: 2 or 3. kernel [.., I, O] -> [O, I, ..] */
DN_CHECKED dn_status dn_keras_conv(const dn_keras_target *target, int dims, const char *kernel, bool bias);
/* kernel [.., O, I] -> [I, O, ..] */
DN_CHECKED dn_status dn_keras_deconv(const dn_keras_target *target, int dims, bool bias);
/* kernel [.., C, M] -> [C * M, 1, ..]; kernel: "depthwise_kernel", in files of Keras 3 "kernel" as well */
DN_CHECKED dn_status dn_keras_depthwise(const dn_keras_target *target, int dims, bool bias);
/* kernel [I, O] -> [O, I] */
DN_CHECKED dn_status dn_keras_dense(const dn_keras_target *target, bool bias);
/* gamma, beta, and with statistics moving_mean and moving_variance; absent gamma is 1, absent beta 0. */
DN_CHECKED dn_status dn_keras_norm(const dn_keras_target *target, bool statistics);

#endif
