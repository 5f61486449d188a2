/* A graph of one operation with random attributes on a random input: what the forward and backward tests of operations
 * sweep over. */
#ifndef DN_TEST_RANDOM_OPS_H
#define DN_TEST_RANDOM_OPS_H

#include "test_net.h"

static dn_graph *graph;
static char text[512];

static inline dn_shape random_shape(dn_random *r, bool flat)
{
    dn_shape s = {test_pick(r, 1, 2), flat ? 1 : test_pick(r, 2, 9), test_pick(r, 3, 12), test_pick(r, 3, 12), test_pick(r, 1, 40)};
    return s;
}

static void random_conv(dn_random *r, dn_conv *c, bool flat, int64_t in, bool transposed)
{
    *c = (dn_conv){.out = test_pick(r, 1, 40), .bias = dn_random_below(r, 2) == 0};
    uint64_t groups = dn_random_below(r, 6);
    if (groups == 0) { /* depthwise */
        c->groups = in;
        c->out = in * (transposed ? 1 : test_pick(r, 1, 2));
    } else if (groups == 1 && in % 2 == 0) {
        c->groups = 2;
        c->out = 2 * test_pick(r, 1, 20);
    }
    c->padding = (dn_padding)dn_random_below(r, 3);
    for (int a = 0; a < 3; ++a) {
        c->kernel[a] = flat && a == 0 ? 1 : test_pick(r, 1, 3);
        c->stride[a] = flat && a == 0 ? 1 : test_pick(r, 1, transposed ? 3 : 2);
        c->dilation[a] = flat && a == 0 ? 1 : dn_random_below(r, 4) == 0 ? test_pick(r, 1, 2) : 1;
        int64_t extent = (c->kernel[a] - 1) * c->dilation[a];
        if (c->padding == DN_PAD_EXPLICIT && extent > 0) {
            c->pad_begin[a] = test_pick(r, 0, extent);
            c->pad_end[a] = test_pick(r, 0, extent);
        }
    }
    snprintf(
        text, sizeof text,
        "out %lld kernel %lldx%lldx%lld stride %lldx%lldx%lld dilation %lldx%lldx%lld groups %lld padding %d (%lld %lld %lld, %lld %lld "
        "%lld) bias %d",
        (long long)c->out, (long long)c->kernel[0], (long long)c->kernel[1], (long long)c->kernel[2], (long long)c->stride[0],
        (long long)c->stride[1], (long long)c->stride[2], (long long)c->dilation[0], (long long)c->dilation[1], (long long)c->dilation[2],
        (long long)c->groups, c->padding, (long long)c->pad_begin[0], (long long)c->pad_begin[1], (long long)c->pad_begin[2],
        (long long)c->pad_end[0], (long long)c->pad_end[1], (long long)c->pad_end[2], c->bias);
}

typedef int build_fn(dn_random *r, int x, const dn_shape *shape, bool flat);

static int build_conv(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    dn_conv c;
    random_conv(r, &c, flat, shape->c, false);
    return dn_graph_conv(graph, x, "op", &c);
}

static int build_deconv(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    dn_conv c;
    random_conv(r, &c, flat, shape->c, true);
    return dn_graph_deconv(graph, x, "op", &c);
}

static int build_pool(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    dn_pool p = {.kind = (dn_pool_kind)dn_random_below(r, 2), .padding = (dn_padding)dn_random_below(r, 3)};
    for (int a = 0; a < 3; ++a) {
        p.kernel[a] = flat && a == 0 ? 1 : test_pick(r, 1, 3);
        p.stride[a] = test_pick(r, 0, 3);
        if (p.padding == DN_PAD_EXPLICIT) {
            p.pad_begin[a] = test_pick(r, 0, p.kernel[a] - 1);
            p.pad_end[a] = test_pick(r, 0, p.kernel[a] - 1);
        }
    }
    return dn_graph_pool(graph, x, "op", &p);
}

static int build_global_pool(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    (void)flat;
    return dn_graph_global_pool(graph, x, "op", (dn_pool_kind)dn_random_below(r, 2));
}

static int build_norm(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    (void)flat;
    return dn_graph_norm(graph, x, "op", (dn_norm_kind)dn_random_below(r, 2), 1e-3f);
}

static int build_activation(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    (void)flat;
    return dn_graph_activation(graph, x, "op", (dn_activation)dn_random_below(r, 6), 0.3f);
}

static int build_softmax(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)r;
    (void)shape;
    (void)flat;
    return dn_graph_softmax(graph, x, "op");
}

static int build_upsample(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    int64_t factor[3] = {flat ? 1 : test_pick(r, 1, 3), test_pick(r, 1, 3), test_pick(r, 1, 3)};
    return dn_graph_upsample(graph, x, "op", (dn_up_kind)dn_random_below(r, 2), factor);
}

static int build_concat(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)flat;
    int inputs[3] = {x, x, x};
    for (int i = 1; i < 3; ++i) {
        dn_shape other = *shape;
        other.c = test_pick(r, 1, 9);
        inputs[i] = dn_graph_input(graph, i == 1 ? "second" : "third", other);
    }
    return dn_graph_concat(graph, inputs, (int)test_pick(r, 1, 3), "op");
}

static int build_add(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)flat;
    return dn_graph_add(graph, x, dn_random_below(r, 3) == 0 ? x : dn_graph_input(graph, "second", *shape), "op");
}

static int build_multiply(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)flat;
    dn_shape other = *shape;
    uint64_t kind = dn_random_below(r, 4);
    if (kind == 0) {
        other.d = other.h = other.w = 1;
    } else if (kind == 1) {
        other.c = 1;
    } else if (kind == 2) {
        return dn_graph_multiply(graph, x, x, "op");
    }
    return dn_graph_multiply(graph, x, dn_graph_input(graph, "second", other), "op");
}

static int build_pad(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    (void)flat;
    int64_t begin[3] = {test_pick(r, 0, 2), test_pick(r, 0, 2), test_pick(r, 0, 2)};
    int64_t end[3] = {test_pick(r, 0, 2), test_pick(r, 0, 2), test_pick(r, 0, 2)};
    return dn_graph_pad(graph, x, "op", begin, end);
}

static int build_crop(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    int64_t begin[3] = {0, test_pick(r, 0, 1), test_pick(r, 0, 1)};
    int64_t end[3] = {flat ? 0 : 1, test_pick(r, 0, 1), test_pick(r, 0, 1)};
    return dn_graph_crop(graph, x, "op", begin, end);
}

static int build_dense(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    (void)flat;
    return dn_graph_dense(graph, x, "op", test_pick(r, 1, 30), dn_random_below(r, 2) == 0);
}

static int build_dropout(dn_random *r, int x, const dn_shape *shape, bool flat)
{
    (void)shape;
    (void)flat;
    return dn_random_unit(r) < 0.5 ? dn_graph_dropout(graph, x, "op", 0.4f) : dn_graph_drop_sample(graph, x, "op", 0.4f);
}

/* The case of each operation that has an input; tests/net/test_every_op.c fails where one is absent. */
static build_fn *const random_ops[DN_OP_COUNT] = {
    [DN_OP_CONV] = build_conv,         [DN_OP_DECONV] = build_deconv,
    [DN_OP_POOL] = build_pool,         [DN_OP_GLOBAL_POOL] = build_global_pool,
    [DN_OP_NORM] = build_norm,         [DN_OP_ACTIVATION] = build_activation,
    [DN_OP_SOFTMAX] = build_softmax,   [DN_OP_UPSAMPLE] = build_upsample,
    [DN_OP_CONCAT] = build_concat,     [DN_OP_ADD] = build_add,
    [DN_OP_MULTIPLY] = build_multiply, [DN_OP_PAD] = build_pad,
    [DN_OP_CROP] = build_crop,         [DN_OP_DENSE] = build_dense,
    [DN_OP_DROPOUT] = build_dropout,
};

#endif
