/* Random small U-Nets: 2-D and 3-D, plain, residual, gated. */
#ifndef DN_TEST_RANDOM_UNET_H
#define DN_TEST_RANDOM_UNET_H

#include "test_net.h"

static dn_graph *graph;
static int serial;

static const char *fresh(const char *what)
{
    static char names[16][64]; /* several live at once in one expression */
    char *name = names[serial % 16];
    snprintf(name, sizeof names[0], "%s%d", what, serial++);
    return name;
}

static int random_tail(dn_random *r, int x)
{
    for (int i = 0; i < 3; ++i) {
        uint64_t what = dn_random_below(r, 5);
        if (what == 0) {
            x = dn_graph_norm(graph, x, fresh("bn"), DN_NORM_BATCH, 1e-3f);
        } else if (what == 1) {
            x = dn_graph_norm(graph, x, fresh("in"), DN_NORM_INSTANCE, 0.3f); /* a small one amplifies rounding */
        } else if (what == 2) {
            x = dn_graph_dropout(graph, x, fresh("drop"), 0.1f);
        } else {
            x = dn_graph_activation(graph, x, fresh("act"), (dn_activation)dn_random_below(r, 6), 0.2f);
        }
    }
    return x;
}

static int conv(dn_random *r, int x, int64_t out, bool flat, int64_t kernel)
{
    dn_conv c = {.out = out, .kernel = {flat ? 1 : kernel, kernel, kernel}, .padding = DN_PAD_SAME, .bias = dn_random_below(r, 2) == 0};
    return dn_graph_conv(graph, x, fresh("conv"), &c);
}

static int block(dn_random *r, int x, int64_t out, bool flat)
{
    int y = random_tail(r, conv(r, x, out, flat, 3));
    y = conv(r, y, out, flat, dn_random_below(r, 4) == 0 ? 1 : 3);
    if (dn_random_below(r, 2) == 0) {
        int skip = conv(r, x, out, flat, 1);
        y = dn_random_below(r, 2) == 0 ? dn_graph_add(graph, y, skip, fresh("add")) : dn_graph_add(graph, skip, y, fresh("add"));
    }
    y = random_tail(r, y);
    if (dn_random_below(r, 3) == 0) { /* squeeze and excite */
        int s = dn_graph_global_pool(graph, y, fresh("squeeze"), DN_POOL_AVERAGE);
        s = dn_graph_activation(graph, dn_graph_dense(graph, s, fresh("dense"), 3, true), fresh("act"), DN_ACT_SILU, 1.0f);
        s = dn_graph_activation(graph, dn_graph_dense(graph, s, fresh("dense"), out, true), fresh("gate"), DN_ACT_SIGMOID, 1.0f);
        y = dn_graph_multiply(graph, y, s, fresh("excite"));
    }
    return y;
}

static int rise(dn_random *r, int x, int64_t out, const int64_t factor[3])
{
    uint64_t kind = dn_random_below(r, 4);
    if (kind == 0) {
        dn_conv c = {.out = out, .padding = DN_PAD_SAME, .bias = true};
        for (int a = 0; a < 3; ++a) {
            c.kernel[a] = factor[a] == 1 ? 1 : test_pick(r, 2, 3);
            c.stride[a] = factor[a];
        }
        return dn_graph_deconv(graph, x, fresh("deconv"), &c);
    }
    return dn_graph_upsample(graph, x, fresh("up"), kind == 1 ? DN_UP_LINEAR : DN_UP_NEAREST, factor);
}

/* one_output: logits or a softmax and nothing else, as training wants it. */
static void random_unet(dn_random *r, char what[256], bool one_output)
{
    bool flat = dn_random_below(r, 3) == 0;
    int levels = (int)test_pick(r, 1, 2);
    int64_t factor[3] = {flat ? 1 : 2, 2, 2};
    dn_shape s = {test_pick(r, 1, 2), flat ? test_pick(r, 1, 3) : 4 * test_pick(r, 1, 3), 4 * test_pick(r, 1, 3), 4 * test_pick(r, 2, 4),
                  test_pick(r, 1, 3)};
    char shown[64];
    snprintf(what, 256, "input %s, %d levels", dn_shape_text(&s, shown), levels);
    serial = 0;
    int64_t width = dn_random_below(r, 2) == 0 ? 8 * test_pick(r, 2, 3) : test_pick(r, 3, 20);
    int skips[3];
    int x = dn_graph_input(graph, "input", s);
    for (int l = 0; l < levels; ++l) {
        x = skips[l] = block(r, x, width * (l + 1), flat);
        dn_pool pool = {.kind = (dn_pool_kind)dn_random_below(r, 2), .kernel = {factor[0], 2, 2}, .padding = DN_PAD_SAME};
        if (dn_random_below(r, 2) == 0) { /* a norm between the skip and the pool, as in the subunit network */
            x = dn_graph_norm(graph, x, fresh("bn"), DN_NORM_BATCH, 1e-3f);
        }
        x = dn_graph_pool(graph, x, fresh("pool"), &pool);
    }
    x = block(r, x, width * (levels + 1), flat);
    for (int l = levels - 1; l >= 0; --l) {
        x = rise(r, x, width, factor);
        int inputs[2] = {skips[l], x};
        if (dn_random_below(r, 2) == 0) {
            inputs[0] = x;
            inputs[1] = skips[l];
        }
        x = dn_graph_concat(graph, inputs, 2, fresh("concat"));
        x = block(r, x, width * (l + 1), flat);
    }
    if (!one_output && dn_random_below(r, 2) == 0) {
        dn_graph_output(graph, x, "features"); /* an output that is read on */
    }
    x = conv(r, x, 5, flat, 1);
    dn_graph_output(graph, dn_random_below(r, 2) == 0 ? dn_graph_softmax(graph, x, "softmax") : x, "output");
    if (!one_output && dn_random_below(r, 4) == 0) {
        dn_graph_output(graph, x, "again");
    }
}

#endif
