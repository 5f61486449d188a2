/* Lambda layers hold compiled Python, which is not run: those of known packages are told by what their code names. */
#ifndef DN_MODELS_KERAS_LAMBDA_H
#define DN_MODELS_KERAS_LAMBDA_H

#include <jansson.h>

typedef enum {
    DN_KERAS_LAMBDA_UNKNOWN,
    DN_KERAS_LAMBDA_NOTHING, /* EfficientNet's se_broadcast (Theano only): pattern_broadcast */
    DN_KERAS_LAMBDA_SOFTMAX, /* lab2im's prediction: keras.activations.softmax along the channels */
    DN_KERAS_LAMBDA_SWISH,   /* a function or call named swish */
    DN_KERAS_LAMBDA_MEAN     /* EfficientNet 0.0: K.mean over the image, keepdims */
} dn_keras_lambda;

/* config: of the layer. */
dn_keras_lambda dn_keras_lambda_meaning(const json_t *config);

#endif
