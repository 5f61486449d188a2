/* Tiles against the whole volume, on networks with pools, strides, dilation, up-sampling, transposed convolutions. */
#include "test_net.h"

#include "net/plan/tile.h"

#include <unistd.h>

static dn_graph *graph;

static int conv(int x, const char *name, int64_t out, int64_t kernel, int64_t stride, int64_t dilation)
{
    dn_conv c = {.out = out, .padding = DN_PAD_SAME, .bias = true};
    for (int a = 0; a < 3; ++a) {
        c.kernel[a] = kernel;
        c.stride[a] = stride;
        c.dilation[a] = dilation;
    }
    return dn_graph_conv(graph, x, name, &c);
}

static dn_graph *network(int kind, dn_shape shape)
{
    static const int64_t two[3] = {2, 2, 2};
    dn_pool halve = {.kind = DN_POOL_MAX, .kernel = {2, 2, 2}, .padding = DN_PAD_SAME};
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "x", shape);
    int a = dn_graph_activation(graph, conv(x, "a", 16, 3, 1, 1), "elu", DN_ACT_ELU, 1.0f);
    int b;
    if (kind == 0) {
        b = conv(dn_graph_pool(graph, a, "pool", &halve), "b", 16, 3, 1, 2);
        b = dn_graph_upsample(graph, b, "up", DN_UP_NEAREST, two);
    } else if (kind == 1) {
        b = conv(conv(a, "down", 8, 3, 2, 1), "b", 8, 3, 1, 1);
        b = dn_graph_upsample(graph, b, "up", DN_UP_LINEAR, two);
    } else {
        dn_conv up = {.out = 8, .kernel = {3, 3, 3}, .stride = {2, 2, 2}, .padding = DN_PAD_SAME, .bias = true};
        b = dn_graph_deconv(graph, conv(dn_graph_pool(graph, a, "pool", &halve), "b", 8, 3, 1, 1), "up", &up);
    }
    int inputs[2] = {a, b};
    int y = conv(dn_graph_concat(graph, inputs, 2, "concat"), "c", 16, 3, 1, 1);
    dn_graph_output(graph, dn_graph_softmax(graph, conv(y, "d", 3, 1, 1, 1), "softmax"), "y");
    dn_graph_output(graph, y, "features");
    assert_ok(dn_graph_finish(graph));
    return graph;
}

static void test_equal_to_whole(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(11));
    for (int kind = 0; kind < 3; ++kind) {
        dn_shape s = {1, 48, 24, 40, 2};
        network(kind, s);
        dn_weights *weights = test_weights(graph, &r);
        int64_t voxels = test_size(&s) / 2;
        float *in = malloc((size_t)voxels * 2 * sizeof(float));
        float *whole[2] = {malloc((size_t)voxels * 3 * sizeof(float)), malloc((size_t)voxels * 16 * sizeof(float))};
        float *tiled[2] = {malloc((size_t)voxels * 3 * sizeof(float)), malloc((size_t)voxels * 16 * sizeof(float))};
        for (int64_t i = 0; i < voxels * 2; ++i) {
            in[i] = (float)dn_random_normal(&r, 0.0, 1.0);
        }
        const float *const ins[1] = {in};
        dn_plan_options options = {0};
        dn_tiling tiling;
        assert_ok(dn_tiling_choose(graph, weights, &options, &tiling));
        assert_int_equal(tiling.count[0] * tiling.count[1] * tiling.count[2], 1);
        assert_ok(dn_tiled_run(graph, weights, &options, &tiling, NULL, ins, whole));
        int64_t peak = tiling.peak_bytes;
        for (int part = 0; part < 2; ++part) {
            options.memory_limit = part == 0 ? peak * 3 / 4 : peak / 2;
            assert_ok(dn_tiling_choose(graph, weights, &options, &tiling));
            printf("network %d: %lldx%lldx%lld tiles of %lldx%lldx%lld, reach %lld and %lld, %.1f of %.1f MiB\n", kind,
                   (long long)tiling.count[0], (long long)tiling.count[1], (long long)tiling.count[2], (long long)tiling.tile.d,
                   (long long)tiling.tile.h, (long long)tiling.tile.w, (long long)tiling.before[0], (long long)tiling.after[0],
                   (double)tiling.peak_bytes / 1048576.0, (double)peak / 1048576.0);
            assert_true(tiling.count[0] * tiling.count[1] * tiling.count[2] > 1);
            assert_true(tiling.peak_bytes <= options.memory_limit);
            for (int i = 0; i < 2; ++i) {
                memset(tiled[i], 0xff, (size_t)voxels * (i == 0 ? 3 : 16) * sizeof(float));
            }
            assert_ok(dn_tiled_run(graph, weights, &options, &tiling, "tiles", ins, tiled));
            for (int i = 0; i < 2; ++i) {
                for (int64_t k = 0; k < voxels * (i == 0 ? 3 : 16); ++k) {
                    assert_close(tiled[i][k], whole[i][k], 1e-5 * fmax(1.0, fabs((double)whole[i][k])));
                }
            }
        }
        options.memory_limit = 1000;
        assert_int_equal(dn_tiling_choose(graph, weights, &options, &tiling), DN_ENOMEM);
        assert_int_equal(dn_error_remedy(), DN_REMEDY_MORE_MEMORY);
        for (int i = 0; i < 2; ++i) {
            free(whole[i]);
            free(tiled[i]);
        }
        free(in);
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
    }
}

/* Memory in use, bytes. */
static int64_t resident(void)
{
    long long whole = 0, in_use = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lld %lld", &whole, &in_use), 2);
    fclose(file);
    return (int64_t)in_use * sysconf(_SC_PAGESIZE);
}

typedef struct constant_task {
    float *last; /* where the answer goes */
} constant_task;

static dn_status fill_ramp(void *user, const int64_t start[3], const dn_shape *tile, float *input)
{
    (void)user;
    (void)start;
    for (int64_t i = 0; i < test_size(tile); ++i) {
        input[i] = sinf(0.1f * (float)i);
    }
    return DN_OK;
}

static dn_status take_first(void *user, const int64_t at[3], const int64_t inside[3], const int64_t size[3], const dn_shape *shapes,
                            float *const *outputs)
{
    constant_task *t = user;
    (void)at;
    (void)inside;
    (void)size;
    memcpy(t->last, outputs[0], (size_t)test_size(&shapes[0]) * sizeof(float));
    return DN_OK;
}

/* Tiles that rest give their memory back, and say the same afterwards. */
static void test_rest(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(12));
    const dn_shape s = {1, 64, 64, 64, 2};
    network(0, s);
    dn_weights *weights = test_weights(graph, &r);
    const size_t count = (size_t)test_size(&s) / 2 * 3;
    float *answer[2] = {malloc(count * sizeof(float)), malloc(count * sizeof(float))};
    constant_task task = {answer[0]};
    const dn_tile_io io = {&task, fill_ramp, take_first};
    dn_plan_options options = {0};
    dn_tiling tiling;
    dn_tiles *tiles = NULL;
    assert_ok(dn_tiling_choose(graph, weights, &options, &tiling));
    assert_ok(dn_tiles_create(graph, weights, &options, &tiling, &tiles));
    assert_ok(dn_tiles_run(tiles, &io, NULL));
    const int64_t before = resident();
    dn_tiles_rest(tiles, false);
    const int64_t after = resident();
    assert_memory_equal(dn_tiles_output(tiles, 0), answer[0], count * sizeof(float));
    dn_tiles_rest(tiles, true);
    printf("a run took %.1f MB; %.1f MB came back, then %.1f MB of outputs\n", 1e-6 * (double)tiling.peak_bytes,
           1e-6 * (double)(before - after), 1e-6 * (double)(after - resident()));
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed for a while */
    assert_true((double)(before - resident()) > 0.8 * (double)tiling.peak_bytes);
#endif
    task.last = answer[1];
    assert_ok(dn_tiles_run(tiles, &io, NULL));
    assert_memory_equal(answer[1], answer[0], count * sizeof(float));
    float *taken = dn_tiles_take(tiles, 0);
    assert_memory_equal(taken, answer[0], count * sizeof(float));
    assert_null(dn_tiles_take(tiles, 0));
    memset(answer[1], 0, count * sizeof(float));
    assert_ok(dn_tiles_run(tiles, &io, NULL)); /* into memory of its own */
    assert_memory_equal(answer[1], answer[0], count * sizeof(float));
    free(taken);
    dn_tiles_destroy(tiles);
    free(answer[0]);
    free(answer[1]);
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

static void test_refusals(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, 1);
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "x", (dn_shape){1, 16, 16, 16, 1});
    int y = dn_graph_norm(graph, conv(x, "conv", 8, 3, 1, 1), "instance", DN_NORM_INSTANCE, 1e-5f);
    dn_graph_output(graph, y, "y");
    assert_ok(dn_graph_finish(graph));
    dn_weights *weights = test_weights(graph, &r);
    dn_plan_options options = {.memory_limit = 1000};
    dn_tiling tiling;
    assert_int_equal(dn_tiling_choose(graph, weights, &options, &tiling), DN_ESHAPE);
    assert_non_null(strstr(dn_error_message(), "instance"));
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_equal_to_whole), cmocka_unit_test(test_rest), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
