/* VGG16 (Simonyan and Zisserman 2014) as in keras_applications, without its classifier. */
#include "models/encoders/encoder.h"

#include <stdio.h>

static dn_encoder_result build(dn_graph *g, int x)
{
    static const struct {
        int64_t filters;
        int repeats;
    } blocks[5] = {{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}};
    dn_encoder_result result = {.center = true};
    for (int i = 0; i < 5; ++i) {
        char name[32];
        for (int r = 0; r < blocks[i].repeats; ++r) {
            snprintf(name, sizeof name, "block%d_conv%d", i + 1, r + 1);
            x = dn_encoder_conv(g, x, name, &(dn_conv2d){.out = blocks[i].filters, .rows = 3, .cols = 3, .bias = true});
            x = dn_graph_activation(g, x, dn_layer_named(name, ".activation").text, DN_ACT_RELU, 0);
        }
        if (i > 0) {
            result.skips[4 - i] = x; /* block1 is at full size: not used */
        }
        snprintf(name, sizeof name, "block%d_pool", i + 1);
        x = dn_encoder_pool(g, x, name, DN_POOL_MAX, 2, 2, DN_PAD_VALID);
    }
    result.output = x;
    return result;
}

const dn_encoder dn_encoder_vgg16 = {"vgg16", "input_1", "block5_conv3", build};
