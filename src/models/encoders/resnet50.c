/* ResNet50 with pre-activation (He et al. 2016) as in the Keras package image-classifiers 1.0: batch norm on the image
 * itself, bottlenecks 3-4-6-3. */
#include "models/encoders/encoder.h"

#include <stdio.h>

#define EPSILON 2e-5f

static int norm(dn_graph *g, int x, const char *name)
{
    return dn_graph_norm(g, x, name, DN_NORM_BATCH, EPSILON);
}

static int relu(dn_graph *g, int x, const char *name)
{
    return dn_graph_activation(g, x, name, DN_ACT_RELU, 0);
}

static int conv(dn_graph *g, int x, const char *name, int64_t filters, int64_t size, int64_t stride)
{
    return dn_encoder_conv(g, x, name, &(dn_conv2d){.out = filters, .rows = size, .cols = size, .stride = stride, .padding = DN_PAD_VALID});
}

/* *activated: the block's input after its first norm and ReLU (a skip of the first block of a stage). */
static int block(dn_graph *g, int x, const char *prefix, int64_t filters, int64_t stride, bool first, int *activated)
{
#define NAME(part) dn_layer_named(prefix, part).text
    int shortcut = x;
    x = relu(g, norm(g, x, NAME("bn1")), NAME("relu1"));
    *activated = x;
    if (first) {
        shortcut = conv(g, x, NAME("sc"), 4 * filters, 1, stride);
    }
    x = conv(g, x, NAME("conv1"), filters, 1, 1);
    x = relu(g, norm(g, x, NAME("bn2")), NAME("relu2"));
    x = conv(g, dn_encoder_pad(g, x, NAME("pad"), 1), NAME("conv2"), filters, 3, stride);
    x = relu(g, norm(g, x, NAME("bn3")), NAME("relu3"));
    x = conv(g, x, NAME("conv3"), 4 * filters, 1, 1);
    return dn_graph_add(g, x, shortcut, NAME("add"));
#undef NAME
}

static dn_encoder_result build(dn_graph *g, int x)
{
    static const int repeats[4] = {3, 4, 6, 3};
    dn_encoder_result result = {0};
    x = dn_encoder_pad(g, norm(g, x, "bn_data"), "pad0", 3);
    x = conv(g, x, "conv0", 64, 7, 2);
    x = relu(g, norm(g, x, "bn0"), "relu0");
    result.skips[3] = x;
    x = dn_encoder_pool(g, dn_encoder_pad(g, x, "pad1", 1), "pooling0", DN_POOL_MAX, 3, 2, DN_PAD_VALID);
    for (int stage = 0; stage < 4; ++stage) {
        for (int unit = 0; unit < repeats[stage]; ++unit) {
            char prefix[32];
            int activated;
            snprintf(prefix, sizeof prefix, "stage%d_unit%d_", stage + 1, unit + 1);
            x = block(g, x, prefix, (int64_t)64 << stage, stage > 0 && unit == 0 ? 2 : 1, unit == 0, &activated);
            if (stage > 0 && unit == 0) {
                result.skips[3 - stage] = activated;
            }
        }
    }
    result.output = relu(g, norm(g, x, "bn1"), "relu1");
    return result;
}

const dn_encoder dn_encoder_resnet50 = {"resnet50", "data", "stage1_unit1_conv3", build};
