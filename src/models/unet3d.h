/* The 3-D U-Net of every volume network here, plain (Cicek et al. 2016) or residual, by config:
 *
 *   {"classes": 11,               channels of the output
 *    "features": [24,48,96],      of each level, finest first; as many levels (2 to 8)
 *    "convs": 2,                  convolutions per level [2]
 *    "kernel": 3,                 [3]; odd
 *    "activation": "elu",         relu|leaky_relu|elu|silu [relu]; "alpha" for leaky_relu [0.01] and elu [1]
 *    "norm": "batch",             none|batch|instance [batch]; "epsilon" [1e-3 batch, 1e-5 instance]
 *    "norm_at": "level",          conv: convolution, norm, activation, each time [conv];
 *                                 level: once, after the last activation of a level (lab2im)
 *    "skip": "before_norm",       with norm_at level: what the decoder gets, before_norm|after_norm [after_norm]
 *    "residual": false,           adds a level's input (through a 1x1x1 convolution where the counts differ) before its
 *                                 last activation [false]
 *    "down": "max",               max|average|stride: pooling by 2, or a 2x2x2 convolution of stride 2 [max]
 *    "up": "nearest",             nearest|linear|deconv: by 2 [nearest]
 *    "concat": "skip_first",      skip_first|up_first [skip_first]
 *    "dropout": 0,                at the end of the deepest level [0]
 *    "output": "softmax"}         softmax|sigmoid|none [softmax]
 *
 * Weights: encL.convI, encL.normI (norm_at conv) or encL.norm (level), encL.shortcut, downL (into level L + 1), decL.up
 * (deconv), decL.convI, decL.normI or decL.norm, decL.shortcut, head. Sizes must be multiples of 2^(levels - 1). */
#ifndef DN_MODELS_UNET3D_H
#define DN_MODELS_UNET3D_H

#include "net/graph.h"

#include <jansson.h>

/* The build function of the registry. */
DN_CHECKED dn_status dn_unet3d_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph);

#endif
