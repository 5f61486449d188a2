/* Image encoders of the 2-D U-Nets, layer for layer as the Keras packages that segmentation_models 1.0 takes them from
 * (efficientnet 1.0, image-classifiers 1.0, keras_applications 1.0.8 and the package's own InceptionV3), with their layer
 * names. One file per encoder. */
#ifndef DN_MODELS_ENCODERS_ENCODER_H
#define DN_MODELS_ENCODERS_ENCODER_H

#include "net/graph.h"

/* Nodes of the graph. */
typedef struct dn_encoder_result {
    int output;   /* 1/32 of the input's size */
    int skips[4]; /* 1/16, 1/8, 1/4, 1/2 */
    bool center;  /* the encoder ends in pooling: the U-Net puts two convolutions of 512 channels after it */
} dn_encoder_result;

typedef struct dn_encoder {
    const char *name;  /* as segmentation_models calls it */
    const char *input; /* name of its input layer */
    const char *first; /* a layer that only this encoder has, by which a file of weights is recognised */
    dn_encoder_result (*build)(dn_graph *graph, int x);
} dn_encoder;

extern const dn_encoder dn_encoder_efficientnetb0, dn_encoder_resnet50, dn_encoder_vgg16, dn_encoder_inceptionv3;

/* NULL when there is no such encoder. */
const dn_encoder *dn_encoder_find(const char *name);
size_t dn_encoder_count(void);
const dn_encoder *dn_encoder_at(size_t i);

/* Parts of the encoders; 2-D: kernels have depth 1. name: of the layer. */
typedef struct dn_conv2d {
    int64_t out, rows, cols, stride, groups; /* stride, groups 0: 1 */
    dn_padding padding;                      /* SAME unless set */
    bool bias;
} dn_conv2d;
int dn_encoder_conv(dn_graph *graph, int x, const char *name, const dn_conv2d *attributes);
/* Window and stride along height and width. */
int dn_encoder_pool(dn_graph *graph, int x, const char *name, dn_pool_kind kind, int64_t window, int64_t stride, dn_padding padding);
/* Zeros around the image. */
int dn_encoder_pad(dn_graph *graph, int x, const char *name, int64_t margin);

/* "prefix" + "part" for layer names. */
typedef struct dn_layer_name {
    char text[64];
} dn_layer_name;
dn_layer_name dn_layer_named(const char *prefix, const char *part);

#endif
