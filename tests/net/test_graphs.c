#define _POSIX_C_SOURCE 200809L /* mkstemp */
/* Random small U-Nets (2-D and 3-D, plain, residual, gated) through a plan, where layers are fused, reordered and placed in
 * one arena, against the reference, which does none of that. Also: what the errors say, memory, repeatability. */
#include "random_unet.h"

#include "base/file.h"
#include "base/memory.h"
#include "net/plan/internal.h"

#define ROUNDS 50

static void test_random_unets(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(5));
    double worst[2] = {0.0, 0.0};
    for (int round = 0; round < ROUNDS; ++round) {
        char what[256];
        char text[320];
        assert_ok(dn_graph_create(&graph));
        random_unet(&r, what, false);
        assert_ok(dn_graph_finish(graph));
        snprintf(text, sizeof text, "round %d, %s", round, what);
        dn_weights *weights = test_weights(graph, &r);
        for (int p = 0; p < (dn_plan_bf16_supported() && round % 2 == 0 ? 2 : 1); ++p) {
            dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
            /* bf16 keeps 8 bits; the error grows over the layers */
            double error = test_compare(graph, weights, &r, &options, p == 0 ? 1e-5 : 0.1, text);
            worst[p] = fmax(worst[p], error);
        }
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
    }
    printf("worst error f32 %.2g, bf16 %.2g\n", worst[0], worst[1]);
}

/* Compares with the reference, with bf16 also in that precision. Returns how many of the plans say `word` of themselves. */
static int compared(const dn_graph *g, dn_random *r, bool bf16, const dn_shape *s, const char *word)
{
    char text[64];
    int count = 0;
    dn_weights *weights = test_weights(g, r);
    for (int p = 0; p < (bf16 ? 2 : 1); ++p) {
        const dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
        dn_plan *plan;
        char *description;
        test_compare(g, weights, r, &options, p == 0 ? 1e-5 : 0.1, dn_shape_text(s, text));
        assert_ok(dn_plan_compile(g, weights, &options, &plan));
        assert_ok(dn_plan_describe(plan, &description));
        count += strstr(description, word) != NULL;
        free(description);
        dn_plan_destroy(plan);
    }
    dn_weights_destroy(weights);
    return count;
}

/* Convolutions wide enough for Winograd: odd sizes, every padding, tails, sums. */
static void test_winograd(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(6));
    int used = 0;
    for (int round = 0; round < 30; ++round) {
        dn_shape s = {test_pick(&r, 1, 2), test_pick(&r, 3, 9), test_pick(&r, 3, 13), test_pick(&r, 8, 21), test_pick(&r, 16, 40)};
        dn_conv c = {.out = test_pick(&r, 16, 50), .kernel = {3, 3, 3}, .padding = (dn_padding)dn_random_below(&r, 3), .bias = true};
        for (int a = 0; a < 3; ++a) {
            c.pad_begin[a] = test_pick(&r, 0, 2);
            c.pad_end[a] = test_pick(&r, 0, 2);
        }
        assert_ok(dn_graph_create(&graph));
        serial = 0;
        int x = dn_graph_input(graph, "x", s);
        int y = dn_graph_conv(graph, x, "conv", &c);
        int z = random_tail(&r, y);
        if (round % 3 == 0 && c.padding == DN_PAD_SAME) {
            dn_conv one = {.out = c.out, .kernel = {1, 1, 1}};
            z = dn_graph_add(graph, dn_graph_conv(graph, x, "one", &one), z, "add");
        }
        dn_graph_output(graph, z, "z");
        if (dn_graph_finish(graph) == DN_OK) {
            used += compared(graph, &r, dn_plan_bf16_supported(), &s, "winograd");
        }
        dn_graph_destroy(graph);
    }
    /* Where a slower instruction set is asked for, the library's own convolutions are taken. */
    assert_true(used > 5 || getenv("ONEDNN_MAX_CPU_ISA") != NULL);
}

/* Tensors large enough that convolutions take turns slab by slab. */
static void test_turns(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(10));
    int turns = 0;
    for (int round = 0; round < 6; ++round) {
        dn_shape s = {1 + round % 2, test_pick(&r, 12, 17), 2 * test_pick(&r, 14, 18), 2 * test_pick(&r, 32, 36), round % 3 == 0 ? 1 : 16};
        dn_conv c = {.out = 16, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME, .bias = true};
        assert_ok(dn_graph_create(&graph));
        serial = 0;
        int x = dn_graph_input(graph, "x", s);
        int a = dn_graph_conv(graph, x, "a", &c);
        int b = random_tail(&r, dn_graph_conv(graph, a, "b", &c));
        int d = dn_graph_activation(graph, dn_graph_conv(graph, b, "d", &c), "elu", DN_ACT_ELU, 1.0f);
        int e = dn_graph_conv(graph, d, "e", &c);
        int y = dn_random_below(&r, 2) == 0 ? dn_graph_add(graph, e, b, "add") : random_tail(&r, e);
        dn_graph_output(graph, y, "y");
        assert_ok(dn_graph_finish(graph));
        turns += compared(graph, &r, dn_plan_bf16_supported() && round % 2 == 0, &s, "in turns");
        dn_graph_destroy(graph);
    }
    assert_true(turns >= 6);
}

/* A residual block over a concatenation with something up-sampled, and a projection and softmax after its norm: neither the concatenation
 * nor the up-sampled tensor is made. With several samples, either order, odd numbers of channels of the result. */
static void test_residual_join(void **state)
{
    (void)state;
    static const int64_t two[3] = {2, 2, 2};
    dn_random r;
    dn_random_seed(&r, test_seed(14));
    for (int round = 0; round < 6; ++round) {
        const dn_shape s = {1 + round % 2, 2 * test_pick(&r, 2, 5), 2 * test_pick(&r, 2, 6), 2 * test_pick(&r, 4, 9), 1};
        dn_conv wide = {.out = 16, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME};
        dn_conv low = {.out = test_pick(&r, 16, 40), .kernel = {3, 3, 3}, .padding = DN_PAD_SAME, .bias = true};
        dn_conv one = {.out = 16, .kernel = {1, 1, 1}, .padding = DN_PAD_SAME, .bias = round % 3 != 0};
        dn_conv head = {.out = test_pick(&r, 3, 35), .kernel = {1, 1, 1}, .padding = DN_PAD_SAME, .bias = true};
        dn_pool pool = {.kind = DN_POOL_MAX, .kernel = {2, 2, 2}, .padding = DN_PAD_VALID};
        assert_ok(dn_graph_create(&graph));
        int x = dn_graph_input(graph, "x", s);
        int skip = dn_graph_activation(graph, dn_graph_conv(graph, x, "enc", &wide), "relu", DN_ACT_RELU, 0.0f);
        int up = dn_graph_upsample(graph, dn_graph_conv(graph, dn_graph_pool(graph, skip, "down", &pool), "low", &low), "up", DN_UP_NEAREST,
                                   two);
        int both = dn_graph_concat(graph, round < 3 ? (int[]){skip, up} : (int[]){up, skip}, 2, "both");
        int y = dn_graph_norm(graph, dn_graph_conv(graph, both, "conv0", &wide), "norm0", DN_NORM_INSTANCE, 1e-5f);
        y = dn_graph_conv(graph, dn_graph_activation(graph, y, "relu0", DN_ACT_RELU, 0.0f), "conv1", &wide);
        y = dn_graph_norm(graph, y, "norm1", DN_NORM_INSTANCE, 1e-5f);
        int shortcut = dn_graph_conv(graph, both, "shortcut", &one);
        y = round % 2 == 0 ? dn_graph_add(graph, y, shortcut, "add") : dn_graph_add(graph, shortcut, y, "add");
        y = dn_graph_activation(graph, y, "relu1", DN_ACT_RELU, 0.0f);
        dn_graph_output(graph, dn_graph_softmax(graph, dn_graph_conv(graph, y, "head", &head), "softmax"), "y");
        assert_ok(dn_graph_finish(graph));
        char text[64];
        dn_weights *weights = test_weights(graph, &r);
        for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
            dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
            test_compare(graph, weights, &r, &options, p == 0 ? 1e-5 : 0.1, dn_shape_text(&s, text));
            dn_plan *plan;
            char *description;
            assert_ok(dn_plan_compile(graph, weights, &options, &plan));
            assert_ok(dn_plan_describe(plan, &description));
            if (getenv("ONEDNN_MAX_CPU_ISA") == NULL) { /* a slower instruction set has the library's own convolutions only */
                assert_null(strstr(description, "concat"));
                assert_non_null(strstr(description, "+sum +sum(up2) +relu +conv1x1x1 +softmax"));
            }
            free(description);
            dn_plan_destroy(plan);
        }
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
    }
}

static void test_errors_name_the_layer(void **state)
{
    (void)state;
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "scan", (dn_shape){1, 8, 8, 8, 3});
    dn_conv bad = {.out = 5, .kernel = {3, 3, 3}, .groups = 2};
    int y = dn_graph_conv(graph, x, "enc0.conv0", &bad);
    assert_int_equal(y, -1);
    y = dn_graph_activation(graph, y, "later", DN_ACT_RELU, 0.0f);
    dn_graph_output(graph, y, "out");
    assert_int_equal(dn_graph_finish(graph), DN_ESHAPE);
    assert_non_null(strstr(dn_error_message(), "enc0.conv0"));
    dn_graph_destroy(graph);

    assert_ok(dn_graph_create(&graph));
    x = dn_graph_input(graph, "a", (dn_shape){1, 8, 8, 8, 3});
    y = dn_graph_input(graph, "b", (dn_shape){1, 8, 8, 4, 3});
    dn_graph_add(graph, x, y, "join");
    assert_int_equal(dn_graph_finish(graph), DN_ESHAPE);
    assert_non_null(strstr(dn_error_message(), "layer join"));
    assert_non_null(strstr(dn_error_message(), "1x8x8x4x3"));
    dn_graph_destroy(graph);

    assert_ok(dn_graph_create(&graph));
    dn_graph_input(graph, "huge", (dn_shape){1, 2048, 1024, 1024, 1});
    assert_int_equal(dn_graph_finish(graph), DN_ESHAPE);
    assert_non_null(strstr(dn_error_message(), "2^31"));
    dn_graph_destroy(graph);

    assert_ok(dn_graph_create(&graph));
    x = dn_graph_input(graph, "x", (dn_shape){1, 4, 4, 4, 2});
    dn_conv c = {.out = 3, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME, .bias = true};
    dn_graph_output(graph, dn_graph_conv(graph, x, "conv", &c), "y");
    assert_ok(dn_graph_finish(graph));
    dn_weights *weights;
    dn_plan *plan;
    dn_plan_options options = {0};
    assert_ok(dn_weights_create(&weights));
    assert_ok(dn_weights_add(weights, "conv.weight", 5, (const int64_t[]){3, 2, 3, 3, 3}, NULL, NULL));
    assert_int_equal(dn_plan_compile(graph, weights, &options, &plan), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "conv.bias"));
    assert_ok(dn_weights_add(weights, "conv.bias", 1, (const int64_t[]){4}, NULL, NULL));
    assert_int_equal(dn_plan_compile(graph, weights, &options, &plan), DN_ESHAPE);
    assert_non_null(strstr(dn_error_message(), "conv.bias has shape 4, the network needs 3"));
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

/* The network of the main job, at any size. */
static dn_graph *subunit_network(int64_t d, int64_t h, int64_t w)
{
    static const int64_t two[3] = {2, 2, 2};
    dn_pool halve = {.kind = DN_POOL_MAX, .kernel = {2, 2, 2}, .padding = DN_PAD_SAME};
    int skips[2];
    serial = 0;
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "scan", (dn_shape){1, d, h, w, 1});
    for (int level = 0; level < 5; ++level) {
        int64_t out = 24 << (level < 3 ? level : 4 - level);
        if (level > 2) {
            int inputs[2] = {skips[4 - level], dn_graph_upsample(graph, x, fresh("up"), DN_UP_NEAREST, two)};
            x = dn_graph_concat(graph, inputs, 2, fresh("concat"));
        }
        for (int i = 0; i < 2; ++i) {
            dn_conv c = {.out = out, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME, .bias = true};
            x = dn_graph_activation(graph, dn_graph_conv(graph, x, fresh("conv"), &c), fresh("elu"), DN_ACT_ELU, 1.0f);
        }
        if (level < 2) {
            skips[level] = x;
        }
        x = dn_graph_norm(graph, x, fresh("bn"), DN_NORM_BATCH, 1e-3f);
        if (level < 2) {
            x = dn_graph_pool(graph, x, fresh("pool"), &halve);
        }
    }
    dn_conv last = {.out = 11, .bias = true};
    dn_graph_output(graph, dn_graph_softmax(graph, dn_graph_conv(graph, x, "likelihood", &last), "posteriors"), "posteriors");
    assert_ok(dn_graph_finish(graph));
    return graph;
}

static void test_subunit_network(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(7));
    subunit_network(16, 24, 16);
    dn_weights *weights = test_weights(graph, &r);
    for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
        dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
        printf("worst error %.2g\n", test_compare(graph, weights, &r, &options, p == 0 ? 1e-5 : 0.1, "subunit network"));
        dn_plan *plan;
        char *text;
        assert_ok(dn_plan_compile(graph, weights, &options, &plan));
        assert_ok(dn_plan_describe(plan, &text));
        assert_null(strstr(text, "ref:"));
        assert_null(strstr(text, "concat"));
        assert_null(strstr(text, "upsample"));
        free(text);
        dn_plan_destroy(plan);
    }
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
    /* 160 x 192 x 160 multiplied out: 1,251 GFLOP */
    subunit_network(160, 192, 160);
    assert_close(dn_graph_flops(graph) * 1e-9, 1251.0, 2.0);
    dn_graph_destroy(graph);
}

static void test_memory_limit(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(8));
    subunit_network(32, 32, 32);
    dn_weights *weights = test_weights(graph, &r);
    dn_plan *plan;
    dn_plan_options options = {0};
    assert_ok(dn_plan_compile(graph, weights, &options, &plan));
    int64_t peak = dn_plan_peak_bytes(plan);
    dn_plan_destroy(plan);
    options.memory_limit = peak;
    assert_ok(dn_plan_compile(graph, weights, &options, &plan));
    dn_plan_destroy(plan);
    options.memory_limit = peak - 1;
    assert_int_equal(dn_plan_compile(graph, weights, &options, &plan), DN_ENOMEM);
    assert_int_equal(dn_error_remedy(), DN_REMEDY_MORE_MEMORY);
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

/* What the plan says it holds is what the process grows by. */
static void test_peak_is_true(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* the sanitizer's shadow and quarantine count as resident memory, too */
#endif
    dn_random r;
    dn_random_seed(&r, test_seed(12));
    subunit_network(64, 64, 64);
    dn_weights *weights = test_weights(graph, &r);
    int64_t in_count = 64 * 64 * 64;
    float *in = calloc((size_t)in_count, sizeof(float));
    float *out = malloc((size_t)in_count * 11 * sizeof(float));
    memset(out, 1, (size_t)in_count * 11 * sizeof(float));
    dn_plan *plan;
    dn_plan_options options = {0};
    int64_t before = dn_memory_peak_rss();
    assert_ok(dn_plan_compile(graph, weights, &options, &plan));
    assert_ok(dn_plan_run(plan, (const float *const[]){in}, (float *const[]){out}));
    double grown = (double)(dn_memory_peak_rss() - before) / 1048576.0;
    double said = (double)dn_plan_peak_bytes(plan) / 1048576.0;
    printf("grown by %.1f MiB, said %.1f MiB\n", grown, said);
    assert_true(said > 30.0);
    assert_true(grown < said + 24.0); /* code that oneDNN generates, stacks, a huge page */
    dn_plan_destroy(plan);
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
    free(in);
    free(out);
}

/* Buffers that live at the same time lie apart. */
static void test_arena(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(13));
    int shared = 0;
    for (int round = 0; round < 30; ++round) {
        char what[256];
        assert_ok(dn_graph_create(&graph));
        random_unet(&r, what, false);
        assert_ok(dn_graph_finish(graph));
        dn_weights *weights = test_weights(graph, &r);
        dn_plan *plan;
        dn_plan_options options = {0};
        assert_ok(dn_plan_compile(graph, weights, &options, &plan));
        for (int i = 0; i < plan->buffer_count; ++i) {
            const dn_buffer *a = &plan->buffers[i];
            if (a->output >= 0) {
                continue;
            }
            assert_true(a->span.offset % 64 == 0 && a->span.offset + a->span.bytes <= plan->scratch.offset);
            for (int k = 0; k < i; ++k) {
                const dn_buffer *b = &plan->buffers[k];
                bool apart = a->span.offset + a->span.bytes <= b->span.offset || b->span.offset + b->span.bytes <= a->span.offset;
                bool together = a->span.first <= b->span.last && b->span.first <= a->span.last;
                if (b->output < 0 && together && !apart) {
                    fail_msg("%s: buffers %d and %d overlap", what, i, k);
                }
                shared += b->output < 0 && !apart;
            }
        }
        dn_plan_destroy(plan);
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
    }
    assert_true(shared > 100); /* and memory is used again */
}

/* The same bits each time, and with any number of threads. */
static void test_equal_runs(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(9));
    subunit_network(24, 16, 24);
    dn_weights *weights = test_weights(graph, &r);
    int64_t in_count = 24 * 16 * 24;
    int64_t out_count = in_count * 11;
    float *in = malloc((size_t)in_count * sizeof(float));
    static const int threads[] = {2, 2, 1, 3};
    enum { RUNS = sizeof threads / sizeof *threads };
    float *out[RUNS];
    for (int64_t i = 0; i < in_count; ++i) {
        in[i] = (float)dn_random_unit(&r);
    }
    for (int k = 0; k < RUNS; ++k) {
        dn_plan *plan;
        dn_plan_options options = {.threads = threads[k]};
        out[k] = malloc((size_t)out_count * sizeof(float));
        assert_ok(dn_plan_compile(graph, weights, &options, &plan));
        assert_ok(dn_plan_run(plan, (const float *const[]){in}, (float *const[]){out[k]}));
        dn_plan_destroy(plan);
        assert_memory_equal(out[0], out[k], (size_t)out_count * sizeof(float));
    }
    free(in);
    for (int k = 0; k < RUNS; ++k) {
        free(out[k]);
    }
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

/* Kernels as large as a model file may have them, with padding in which they fit: their products do not. */
static void test_weights_that_overflow(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; ++kind) {
        assert_ok(dn_graph_create(&graph));
        int x = dn_graph_input(graph, "x", (dn_shape){1, 4, 4, 4, 64});
        dn_conv c = {.out = 1000000, .kernel = {1000000, 1000000, 1000000}, .padding = DN_PAD_SAME};
        int y = kind == 0   ? dn_graph_conv(graph, x, "wide", &c)
                : kind == 1 ? dn_graph_deconv(graph, x, "wide", &c)
                            : dn_graph_dense(graph, x, "wide", INT64_C(1) << 60, true);
        dn_graph_output(graph, y, "y");
        assert_int_equal(dn_graph_finish(graph), DN_ESHAPE);
        assert_non_null(strstr(dn_error_message(), "layer wide"));
        assert_non_null(strstr(dn_error_message(), "2^31 elements"));
        dn_graph_destroy(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_peak_is_true),    cmocka_unit_test(test_weights_that_overflow),
                                       cmocka_unit_test(test_random_unets),    cmocka_unit_test(test_winograd),
                                       cmocka_unit_test(test_turns),           cmocka_unit_test(test_errors_name_the_layer),
                                       cmocka_unit_test(test_subunit_network), cmocka_unit_test(test_memory_limit),
                                       cmocka_unit_test(test_arena),           cmocka_unit_test(test_equal_runs),
                                       cmocka_unit_test(test_residual_join)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
