/* The plan (and with it the reference) against PyTorch's numbers, for definitions that both could have wrong alike.
 * pytorch_ops.json is written by tools/reference_ops.py. */
#include "test_net.h"

#include <jansson.h>

static void axes(const json_t *attributes, const char *key, int64_t out[3])
{
    json_t *list = json_object_get(attributes, key);
    for (size_t a = 0; a < 3 && list != NULL; ++a) {
        out[a] = json_integer_value(json_array_get(list, a));
    }
}

static dn_shape shape_of(const json_t *list)
{
    int64_t s[5];
    for (size_t a = 0; a < 5; ++a) {
        s[a] = json_integer_value(json_array_get(list, a));
    }
    return (dn_shape){s[0], s[1], s[2], s[3], s[4]};
}

static float *floats(const json_t *list)
{
    float *values = malloc((json_array_size(list) + 1) * sizeof(float));
    for (size_t i = 0; i < json_array_size(list); ++i) {
        values[i] = (float)json_number_value(json_array_get(list, i));
    }
    return values;
}

static int build(dn_graph *graph, int x, const char *op, const json_t *attributes, const dn_shape *out, bool bias)
{
    bool same = json_string_value(json_object_get(attributes, "padding")) != NULL &&
                strcmp(json_string_value(json_object_get(attributes, "padding")), "same") == 0;
    float alpha = (float)json_number_value(json_object_get(attributes, "alpha"));
    float epsilon = (float)json_number_value(json_object_get(attributes, "epsilon"));
    dn_conv c = {.out = out->c, .bias = bias, .padding = same ? DN_PAD_SAME : DN_PAD_EXPLICIT};
    axes(attributes, "kernel", c.kernel);
    axes(attributes, "stride", c.stride);
    axes(attributes, "dilation", c.dilation);
    axes(attributes, "begin", c.pad_begin);
    axes(attributes, "end", c.pad_end);
    c.groups = json_integer_value(json_object_get(attributes, "groups"));
    dn_pool p = {.kind = strcmp(op, "max_pool") == 0 ? DN_POOL_MAX : DN_POOL_AVERAGE, .padding = c.padding};
    memcpy(p.kernel, c.kernel, sizeof p.kernel);
    memcpy(p.stride, c.stride, sizeof p.stride);
    int64_t factor[3] = {1, 1, 1};
    axes(attributes, "factor", factor);
    static const char *const activations[] = {"none", "relu", "leaky_relu", "elu", "silu", "sigmoid"};
    for (int i = 1; i < 6; ++i) {
        if (strcmp(op, activations[i]) == 0) {
            return dn_graph_activation(graph, x, "op", (dn_activation)i, alpha);
        }
    }
    if (strcmp(op, "conv") == 0) {
        return dn_graph_conv(graph, x, "op", &c);
    }
    if (strcmp(op, "deconv") == 0) {
        return dn_graph_deconv(graph, x, "op", &c);
    }
    if (strstr(op, "pool") != NULL) {
        return dn_graph_pool(graph, x, "op", &p);
    }
    if (strstr(op, "upsample") != NULL) {
        return dn_graph_upsample(graph, x, "op", strcmp(op, "upsample_linear") == 0 ? DN_UP_LINEAR : DN_UP_NEAREST, factor);
    }
    if (strstr(op, "norm") != NULL) {
        return dn_graph_norm(graph, x, "op", strcmp(op, "batch_norm") == 0 ? DN_NORM_BATCH : DN_NORM_INSTANCE, epsilon);
    }
    assert_string_equal(op, "softmax");
    return dn_graph_softmax(graph, x, "op");
}

static void test_cases(void **state)
{
    (void)state;
    json_error_t error;
    json_t *root = json_load_file(DIEN_TEST_FOLDER "/pytorch_ops.json", 0, &error);
    assert_non_null(root);
    json_t *cases = json_object_get(root, "cases");
    assert_true(json_array_size(cases) > 10);
    for (size_t i = 0; i < json_array_size(cases); ++i) {
        json_t *item = json_array_get(cases, i);
        const char *op = json_string_value(json_object_get(item, "op"));
        dn_shape in_shape = shape_of(json_object_get(item, "in_shape"));
        dn_shape out_shape = shape_of(json_object_get(item, "out_shape"));
        json_t *given = json_object_get(item, "weights");
        dn_graph *graph;
        dn_weights *weights;
        assert_ok(dn_graph_create(&graph));
        assert_ok(dn_weights_create(&weights));
        const char *key;
        json_t *value;
        json_object_foreach(given, key, value)
        {
            char name[64];
            int64_t dim[5];
            size_t rank = json_array_size(json_object_get(value, "shape"));
            for (size_t a = 0; a < rank; ++a) {
                dim[a] = json_integer_value(json_array_get(json_object_get(value, "shape"), a));
            }
            float *data = floats(json_object_get(value, "data"));
            snprintf(name, sizeof name, "op.%s", key);
            assert_ok(dn_weights_add(weights, name, rank, dim, data, NULL));
            free(data);
        }
        int x = dn_graph_input(graph, "x", in_shape);
        dn_graph_output(graph, build(graph, x, op, json_object_get(item, "attributes"), &out_shape, json_object_get(given, "bias") != NULL),
                        "y");
        assert_ok(dn_graph_finish(graph));
        dn_shape found_shape = dn_graph_output_shape(graph, 0);
        char a[64];
        char b[64];
        assert_string_equal(dn_shape_text(&found_shape, a), dn_shape_text(&out_shape, b));
        float *in = floats(json_object_get(item, "in"));
        float *expected = floats(json_object_get(item, "out"));
        float *out = malloc((size_t)test_size(&out_shape) * sizeof(float));
        dn_plan *plan;
        dn_plan_options options = {0};
        assert_ok(dn_plan_compile(graph, weights, &options, &plan));
        assert_ok(dn_plan_run(plan, (const float *const[]){in}, (float *const[]){out}));
        for (int64_t k = 0; k < test_size(&out_shape); ++k) {
            if (!(fabs((double)out[k] - (double)expected[k]) <= 2e-6 * fmax(1.0, fabs((double)expected[k])) * 5)) {
                fail_msg("case %zu, %s, element %lld: expected %.7g, found %.7g", i, op, (long long)k, (double)expected[k], (double)out[k]);
            }
        }
        dn_plan_destroy(plan);
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
        free(in);
        free(out);
        free(expected);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
