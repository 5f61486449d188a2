/* EfficientNetB0 (Tan and Le 2019) as in the Keras package efficientnet 1.0: seven stages of inverted bottlenecks with
 * squeeze and excite. Drop-connect (FixedDropout: a sample loses a block's change, more often in deeper blocks) acts in training. */
#include "models/encoders/encoder.h"

#include <stdio.h>

#define EPSILON 1e-3f
#define DROP_CONNECT 0.2f
#define BLOCKS 16

typedef struct stage {
    int64_t kernel, repeats, in, out, expand, stride;
} stage;

static const stage stages[] = {
    {3, 1, 32, 16, 1, 1},  {3, 2, 16, 24, 6, 2},   {5, 2, 24, 40, 6, 2},   {3, 3, 40, 80, 6, 2},
    {5, 3, 80, 112, 6, 1}, {5, 4, 112, 192, 6, 2}, {3, 1, 192, 320, 6, 1},
};

static int norm(dn_graph *g, int x, const char *name)
{
    return dn_graph_norm(g, x, name, DN_NORM_BATCH, EPSILON);
}

static int swish(dn_graph *g, int x, const char *name)
{
    return dn_graph_activation(g, x, name, DN_ACT_SILU, 0);
}

/* One bottleneck, the number-th. *expanded: its widened input after the activation (a skip), x when nothing is widened. */
static int block(dn_graph *g, int x, const char *prefix, const stage *s, int64_t in, int64_t stride, int number, int *expanded)
{
#define NAME(part) dn_layer_named(prefix, part).text
    int start = x;
    int64_t wide = in * s->expand, squeezed = in / 4 > 0 ? in / 4 : 1;
    if (s->expand != 1) {
        x = dn_encoder_conv(g, x, NAME("expand_conv"), &(dn_conv2d){.out = wide, .rows = 1, .cols = 1});
        x = swish(g, norm(g, x, NAME("expand_bn")), NAME("expand_activation"));
    }
    *expanded = x;
    x = dn_encoder_conv(g, x, NAME("dwconv"),
                        &(dn_conv2d){.out = wide, .rows = s->kernel, .cols = s->kernel, .stride = stride, .groups = wide});
    x = swish(g, norm(g, x, NAME("bn")), NAME("activation"));

    int gate = dn_graph_global_pool(g, x, NAME("se_squeeze"), DN_POOL_AVERAGE);
    gate = dn_encoder_conv(g, gate, NAME("se_reduce"), &(dn_conv2d){.out = squeezed, .rows = 1, .cols = 1, .bias = true});
    gate = swish(g, gate, NAME("se_reduce.activation"));
    gate = dn_encoder_conv(g, gate, NAME("se_expand"), &(dn_conv2d){.out = wide, .rows = 1, .cols = 1, .bias = true});
    gate = dn_graph_activation(g, gate, NAME("se_expand.activation"), DN_ACT_SIGMOID, 0);
    x = dn_graph_multiply(g, x, gate, NAME("se_excite"));

    x = dn_encoder_conv(g, x, NAME("project_conv"), &(dn_conv2d){.out = s->out, .rows = 1, .cols = 1});
    x = norm(g, x, NAME("project_bn"));
    if (stride == 1 && in == s->out) {
        if (number > 0) {
            x = dn_graph_drop_sample(g, x, NAME("drop"), DROP_CONNECT * (float)number / BLOCKS);
        }
        x = dn_graph_add(g, x, start, NAME("add"));
    }
    return x;
#undef NAME
}

static dn_encoder_result build(dn_graph *g, int x)
{
    int first_expanded[8] = {0}; /* of each stage's first block */
    int number = 0;
    x = dn_encoder_conv(g, x, "stem_conv", &(dn_conv2d){.out = 32, .rows = 3, .cols = 3, .stride = 2});
    x = swish(g, norm(g, x, "stem_bn"), "stem_activation");
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; ++i) {
        const stage *s = &stages[i];
        for (int64_t r = 0; r < s->repeats; ++r) {
            char prefix[32];
            int expanded;
            snprintf(prefix, sizeof prefix, "block%zu%c_", i + 1, (char)('a' + r));
            x = block(g, x, prefix, s, r == 0 ? s->in : s->out, r == 0 ? s->stride : 1, number++, &expanded);
            if (r == 0) {
                first_expanded[i + 1] = expanded;
            }
        }
    }
    x = dn_encoder_conv(g, x, "top_conv", &(dn_conv2d){.out = 1280, .rows = 1, .cols = 1});
    x = swish(g, norm(g, x, "top_bn"), "top_activation");
    return (dn_encoder_result){.output = x, .skips = {first_expanded[6], first_expanded[4], first_expanded[3], first_expanded[2]}};
}

const dn_encoder dn_encoder_efficientnetb0 = {"efficientnetb0", "input_1", "block7a_project_conv", build};
