/* The four published 2-D U-Nets: parameter counts as Keras prints them, and outputs on hashed weights as PyTorch computes
 * them (tools/make_keras_files.py); the same network again from its Keras configuration, as `dien models import` makes it. */
#include "keras_reference.h"

#include "models/graph_json.h"
#include "models/keras/graph.h"
#include "models/registry.h"
#include "net/plan/plan.h"

#include <zlib.h>

#define FOLDER DIEN_TEST_FOLDER "/keras/unet_"
#define SIZE 64
#define CLASSES 3

static const struct {
    const char *encoder;
    int64_t parameters;   /* of segmentation_models.Unet(encoder, classes=1): model.summary() */
    const char *unscaled; /* norms that have no gamma in Keras */
} networks[] = {
    {"efficientnetb0", 10115501, "none"},
    {"resnet50", 32561114, "bn_data"},
    {"vgg16", 23752273, "none"},
    {"inceptionv3", 29933105, "batch_normalization_"},
};

static dn_graph *build(const char *encoder, int classes, int64_t size)
{
    char config[128];
    dn_graph *graph;
    snprintf(config, sizeof config, "{\"encoder\":\"%s\",\"classes\":%d}", encoder, classes);
    assert_ok(dn_architecture_build("unet2d", config, encoder, (dn_shape){1, 1, size, size, 3}, &graph));
    return graph;
}

static void parameter_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; ++i) {
        dn_graph *graph = build(networks[i].encoder, 1, 32);
        dn_random random;
        dn_weights *weights;
        int64_t count = 0;
        dn_random_seed(&random, 1);
        assert_ok(dn_graph_start_weights(graph, &random, &weights));
        for (size_t k = 0; k < dn_weights_count(weights); ++k) {
            const dn_weight *w = dn_weights_at(weights, k);
            bool absent = strncmp(w->name, networks[i].unscaled, strlen(networks[i].unscaled)) == 0 && ends_with(w->name, ".weight");
            count += absent ? 0 : dn_weight_count(w);
        }
        if (count != networks[i].parameters) {
            fail_msg("%s: expected %lld parameters, found %lld", networks[i].encoder, (long long)networks[i].parameters, (long long)count);
        }
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
    }
}

/* The graph of the published model_config. */
static dn_graph *build_from_keras(const char *encoder)
{
    static char text[1 << 18];
    char path[1024];
    snprintf(path, sizeof path, FOLDER "%s.json.gz", encoder);
    gzFile file = gzopen(path, "rb");
    assert_non_null(file);
    int size = gzread(file, text, sizeof text - 1);
    gzclose(file);
    assert_true(size > 0);
    text[size] = '\0';
    dn_keras_file keras = {.config = text, .version = (char[]){"2.3.1"}};
    dn_keras_network network;
    dn_graph *graph;
    assert_ok(dn_keras_network_read(&keras, path, NULL, &network));
    assert_int_equal(network.multiple, 32);
    assert_int_equal(network.classes, CLASSES);
    assert_int_equal(network.channels, 3);
    assert_ok(dn_graph_create(&graph));
    assert_ok(dn_graph_json_build(network.config, path, (dn_shape){1, 1, SIZE, SIZE, 3}, graph));
    assert_ok(dn_graph_finish(graph));
    dn_keras_network_release(&network);
    return graph;
}

static void compare(const dn_graph *graph, const dn_weights *weights, const char *encoder, const char *what)
{
    char path[1024];
    dn_plan *plan;
    float *input = malloc(SIZE * SIZE * 3 * sizeof *input), *found = malloc(SIZE * SIZE * CLASSES * sizeof *found);
    float expected[(SIZE / 4) * (SIZE / 4) * CLASSES];
    for (uint64_t i = 0; i < SIZE * SIZE * 3; ++i) {
        input[i] = (float)(1.7 * hashed(hashed_start("input"), i));
    }
    snprintf(path, sizeof path, FOLDER "%s.f32", encoder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(expected, sizeof expected, 1, file), 1);
    fclose(file);
    assert_ok(dn_plan_compile(graph, weights, &(dn_plan_options){0}, &plan));
    assert_ok(dn_plan_run(plan, (const float *const[]){input}, (float *const[]){found}));
    double worst = 0;
    for (int y = 0; y < SIZE / 4; ++y) {
        for (int x = 0; x < SIZE / 4; ++x) {
            for (int c = 0; c < CLASSES; ++c) {
                double difference =
                    (double)found[(4 * y * SIZE + 4 * x) * CLASSES + c] - (double)expected[(y * (SIZE / 4) + x) * CLASSES + c];
                worst = fmax(worst, fabs(difference));
            }
        }
    }
    printf("%s %s: largest difference %.3g\n", encoder, what, worst);
    assert_close(worst, 0, 1e-4);
    dn_plan_destroy(plan);
    free(input);
    free(found);
}

static void outputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; ++i) {
        dn_graph *graph = build(networks[i].encoder, CLASSES, SIZE), *keras = build_from_keras(networks[i].encoder);
        dn_random random;
        dn_weights *weights;
        dn_random_seed(&random, 1);
        assert_ok(dn_graph_start_weights(graph, &random, &weights));
        hashed_weights(weights, networks[i].unscaled);
        compare(graph, weights, networks[i].encoder, "by the registry");
        /* The weights of one are those of the other, by name and shape. */
        assert_ok(dn_graph_check_weights(keras, weights));
        compare(keras, weights, networks[i].encoder, "from model_config");
        dn_weights_destroy(weights);
        dn_graph_destroy(graph);
        dn_graph_destroy(keras);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameter_counts),
        cmocka_unit_test(outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
