/* The 2-D U-Nets of the Keras package segmentation_models 1.0, with its layer names:
 *
 *   {"encoder": "efficientnetb0",              efficientnetb0|resnet50|vgg16|inceptionv3
 *    "classes": 2,                             channels of the output
 *    "decoder": [256,128,64,32,16],            channels of the five stages, coarsest first [these]
 *    "output": "softmax"}                      softmax|sigmoid|none [softmax]
 *
 * and the encoder alone ("encoder2d": {"encoder": ...}), as ImageNet files hold it: its weights are a start for training.
 * Sizes must be multiples of 32. */
#ifndef DN_MODELS_UNET2D_H
#define DN_MODELS_UNET2D_H

#include "net/graph.h"

#include <jansson.h>

/* Build functions of the registry. */
DN_CHECKED dn_status dn_unet2d_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph);
DN_CHECKED dn_status dn_encoder2d_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph);

#endif
