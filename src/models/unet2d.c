/* Builds the 2-D U-Nets (Ronneberger et al. 2015) with an image encoder, as segmentation_models 1.0 does. */
#include "models/unet2d.h"

#include "models/encoders/encoder.h"
#include "models/fields.h"

#include <stdio.h>

#define STAGES 5

static dn_status find_encoder(const json_t *config, const char *where, dn_shape input, const dn_encoder **out)
{
    const char *name;
    DN_TRY(dn_fields_text(config, where, "encoder", &name));
    *out = dn_encoder_find(name);
    if (*out == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: there is no encoder \"%.64s\"; use efficientnetb0, resnet50, vgg16 or inceptionv3", where, name);
    }
    if (input.d != 1 || input.h % 32 != 0 || input.w % 32 != 0) {
        char text[64];
        DN_FAIL(DN_ESHAPE, "%s: the network takes single slices whose height and width are multiples of 32, not %s", where,
                dn_shape_text(&input, text));
    }
    return DN_OK;
}

dn_status dn_encoder2d_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph)
{
    const dn_encoder *encoder;
    DN_TRY(dn_fields_only(config, where, "encoder"));
    DN_TRY(find_encoder(config, where, input, &encoder));
    dn_encoder_result result = encoder->build(graph, dn_graph_input(graph, encoder->input, input));
    dn_graph_output(graph, result.output, "features");
    return DN_OK;
}

/* Convolution 3x3, batch norm, ReLU: NAME_conv, NAME_bn, NAME_relu. */
static int block(dn_graph *g, int x, const char *name, int64_t filters)
{
    x = dn_encoder_conv(g, x, dn_layer_named(name, "_conv").text, &(dn_conv2d){.out = filters, .rows = 3, .cols = 3});
    x = dn_graph_norm(g, x, dn_layer_named(name, "_bn").text, DN_NORM_BATCH, 1e-3f);
    return dn_graph_activation(g, x, dn_layer_named(name, "_relu").text, DN_ACT_RELU, 0);
}

static int stage(dn_graph *g, int x, int number, int skip, int64_t filters)
{
    static const int64_t two[3] = {1, 2, 2};
    char prefix[24];
    snprintf(prefix, sizeof prefix, "decoder_stage%d", number);
    x = dn_graph_upsample(g, x, dn_layer_named(prefix, "_upsampling").text, DN_UP_NEAREST, two);
    if (skip >= 0) {
        int inputs[2] = {x, skip};
        x = dn_graph_concat(g, inputs, 2, dn_layer_named(prefix, "_concat").text);
    }
    x = block(g, x, dn_layer_named(prefix, "a").text, filters);
    return block(g, x, dn_layer_named(prefix, "b").text, filters);
}

dn_status dn_unet2d_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph)
{
    const dn_encoder *encoder;
    int64_t classes, filters[STAGES] = {256, 128, 64, 32, 16};
    int output = 0;
    json_t *decoder;
    DN_TRY(dn_fields_only(config, where, "encoder classes decoder output"));
    DN_TRY(find_encoder(config, where, input, &encoder));
    DN_TRY(dn_fields_integer(config, where, "classes", 1, 4096, &classes));
    if (dn_fields_has(config, "decoder")) {
        DN_TRY(dn_fields_array(config, where, "decoder", STAGES, STAGES, &decoder));
        for (size_t i = 0; i < STAGES; ++i) {
            filters[i] = json_integer_value(json_array_get(decoder, i));
            if (filters[i] < 1 || filters[i] > 65536) {
                DN_FAIL(DN_EFORMAT, "%s: \"decoder\" should be five whole numbers from 1 to 65536", where);
            }
        }
    }
    if (dn_fields_has(config, "output")) {
        DN_TRY(dn_fields_choice(config, where, "output", "softmax|sigmoid|none", &output));
    }
    dn_encoder_result result = encoder->build(graph, dn_graph_input(graph, encoder->input, input));
    int x = result.output;
    if (result.center) {
        x = block(graph, block(graph, x, "center_block1", 512), "center_block2", 512);
    }
    for (int i = 0; i < STAGES; ++i) {
        x = stage(graph, x, i, i < 4 ? result.skips[i] : -1, filters[i]);
    }
    x = dn_encoder_conv(graph, x, "final_conv", &(dn_conv2d){.out = classes, .rows = 3, .cols = 3, .bias = true});
    if (output == 0) {
        x = dn_graph_softmax(graph, x, "softmax");
    } else if (output == 1) {
        x = dn_graph_activation(graph, x, "sigmoid", DN_ACT_SIGMOID, 0);
    }
    dn_graph_output(graph, x, "posteriors");
    return DN_OK;
}
