/* Every operation on random shapes: the plan against the double-precision reference, f32 and (where the CPU has it) bf16. */
#include "test_net.h"

#define ROUNDS 40

static dn_graph *graph;
static char text[512];

static dn_shape random_shape(dn_random *r, bool flat)
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
    (void)r;
    (void)shape;
    (void)flat;
    return dn_graph_dropout(graph, x, "op", 0.4f);
}

static void sweep(void **state)
{
    build_fn *const *build = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(20));
    double worst[2] = {0.0, 0.0};
    int done = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        dn_shape shape = random_shape(&r, flat);
        text[0] = '\0';
        assert_ok(dn_graph_create(&graph));
        int x = dn_graph_input(graph, "x", shape);
        int y = (*build)(&r, x, &shape, flat);
        dn_graph_output(graph, y, "y");
        if (dn_graph_finish(graph) == DN_OK) { /* some draws do not fit: an error, tested elsewhere */
            char what[768];
            char s[64];
            snprintf(what, sizeof what, "round %d, input %s, %s", round, dn_shape_text(&shape, s), text);
            dn_weights *weights = test_weights(graph, &r);
            for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
                dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
                double error = test_compare(graph, weights, &r, &options, p == 0 ? 3e-6 : 3e-2, what);
                worst[p] = fmax(worst[p], error);
            }
            dn_weights_destroy(weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error f32 %.2g, bf16 %.2g\n", done, worst[0], worst[1]);
    assert_true(done > ROUNDS / 3);
}

#define SWEEP(name)                                                                                                                        \
    {                                                                                                                                      \
        "" #name, sweep, NULL, NULL, &builders[__COUNTER__]                                                                                \
    }

int main(void)
{
    static build_fn *builders[] = {build_conv,       build_deconv,  build_pool,     build_global_pool, build_norm,
                                   build_activation, build_softmax, build_upsample, build_concat,      build_add,
                                   build_multiply,   build_pad,     build_crop,     build_dense,       build_dropout};
    const struct CMUnitTest tests[] = {SWEEP(conv),       SWEEP(deconv),  SWEEP(pool),     SWEEP(global_pool), SWEEP(norm),
                                       SWEEP(activation), SWEEP(softmax), SWEEP(upsample), SWEEP(concat),      SWEEP(add),
                                       SWEEP(multiply),   SWEEP(pad),     SWEEP(crop),     SWEEP(dense),       SWEEP(dropout)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
