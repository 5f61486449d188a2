/* Model files: metadata there and back, faults named by file and key; configs of graphs and U-Nets; finding models. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "models/model.h"
#include "models/registry.h"
#include "models/safetensors.h"
#include "models/store.h"
#include "net/plan/plan.h"

#include <string.h>

#define UNET "{\"classes\":2,\"features\":[3,4],\"convs\":1}"

static char folder[] = "/tmp/dien_test_model_XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return test_remove_tree(folder);
}

static dn_model *sample(void)
{
    dn_model *model;
    dn_random random;
    dn_graph *graph;
    assert_ok(dn_model_create("sample", "unet3d", UNET, &model));
    free(model->licence);
    model->licence = strdup("CC0");
    model->input = (dn_model_input){.spacing = {0.5, 1, 1.25},
                                    .orientation = "LIA",
                                    .multiple = 4,
                                    .channels = 1,
                                    .normalise = DN_NORMALISE_PERCENTILE,
                                    .low = 0.5,
                                    .high = 99.5,
                                    .region = strdup("{\"center_mm\":[0,-4,2]}")};
    assert_ok(dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(model, 1, 10, "left_thalamus", "thalamus", 'L', "#0176a1"));
    assert_ok(dn_model_set_note(model, "dice", "0.8"));
    assert_ok(dn_model_set_note(model, "dice", "0.9"));
    assert_ok(dn_model_graph(model, (dn_shape){1, 4, 4, 4, 1}, &graph));
    dn_weights_destroy(model->weights);
    dn_random_seed(&random, 3);
    assert_ok(dn_graph_start_weights(graph, &random, &model->weights));
    dn_graph_destroy(graph);
    snprintf(path, sizeof path, "%s/sample.safetensors", folder);
    return model;
}

static void everything_comes_back(void **state)
{
    (void)state;
    dn_model *model = sample(), *read, *listed;
    assert_ok(dn_model_write(model, DN_STORE_F32, path));
    assert_ok(dn_model_read(path, &read));
    assert_string_equal(read->name, "sample");
    assert_string_equal(read->architecture, "unet3d");
    assert_string_equal(read->config, UNET);
    assert_string_equal(read->licence, "CC0");
    assert_string_equal(read->input.orientation, "LIA");
    assert_string_equal(read->input.region, "{\"center_mm\":[0,-4,2]}");
    assert_close(read->input.spacing[2], 1.25, 0);
    assert_int_equal(read->input.multiple, 4);
    assert_int_equal(read->input.normalise, DN_NORMALISE_PERCENTILE);
    assert_close(read->input.low, 0.5, 0);
    assert_close(read->input.high, 99.5, 0);
    assert_int_equal(read->label_count, 2);
    assert_string_equal(read->labels[1].name, "left_thalamus");
    assert_int_equal(read->labels[1].index, 10);
    assert_int_equal(read->labels[1].hemi, 'L');
    assert_int_equal(read->labels[1].color[1], 0x76);
    assert_string_equal(dn_model_note_find(read, "dice"), "0.9");
    assert_null(dn_model_note_find(read, "absent"));
    assert_int_equal(strlen(read->sha256), 64);
    assert_int_equal(dn_weights_count(read->weights), dn_weights_count(model->weights));
    for (size_t i = 0; i < dn_weights_count(read->weights); ++i) {
        const dn_weight *a = dn_weights_at(read->weights, i), *b = dn_weights_find(model->weights, a->name);
        assert_non_null(b);
        assert_memory_equal(a->data, b->data, (size_t)dn_weight_count(a) * sizeof(float));
    }
    assert_ok(dn_model_read_metadata(path, &listed));
    assert_int_equal(dn_weights_count(listed->weights), 0);
    dn_model_destroy(model);
    dn_model_destroy(read);
    dn_model_destroy(listed);
}

/* A file whose metadata differ from good ones in one key. */
static void expect_fault(const char *key, const char *value, const char *part)
{
    dn_model *model;
    dn_weights *weights;
    json_t *metadata = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "dien.format", "1", "dien.name", "x", "dien.architecture", "unet3d",
                                 "dien.config", UNET, "dien.input",
                                 "{\"spacing_mm\":[1,1,1],\"orientation\":\"RAS\",\"multiple\":2,\"channels\":1,\"normalisation\":{"
                                 "\"kind\":\"none\"},\"region\":null}",
                                 "dien.labels", "[{\"channel\":0,\"index\":0,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"B\"}]");
    if (value != NULL) {
        json_object_set_new(metadata, key, json_string(value));
    } else {
        json_object_del(metadata, key);
    }
    snprintf(path, sizeof path, "%s/bad.safetensors", folder);
    assert_ok(dn_weights_create(&weights));
    assert_ok(dn_safetensors_write(path, weights, metadata, DN_STORE_F32, false));
    dn_status status = dn_model_read(path, &model);
    if (part == NULL) {
        assert_ok(status);
        dn_model_destroy(model);
    } else if (status != DN_EFORMAT || strstr(dn_error_message(), part) == NULL || strstr(dn_error_message(), path) == NULL) {
        fail_msg("%s = %s: expected DN_EFORMAT with \"%s\" and the path, found %s: %s", key, value, part, dn_status_name(status),
                 dn_error_message());
    }
    json_decref(metadata);
    dn_weights_destroy(weights);
}

static void faults_name_file_and_key(void **state)
{
    (void)state;
    expect_fault("dien.name", "fine", NULL);
    expect_fault("dien.format", NULL, "no metadata of dien");
    expect_fault("dien.format", "2", "newer");
    expect_fault("dien.name", NULL, "\"dien.name\" is missing");
    expect_fault("dien.architecture", "unet7d", "unet7d");
    expect_fault("dien.config", "{", "dien.config");
    expect_fault("dien.config", "[]", "dien.config");
    expect_fault("dien.input", NULL, "dien.input");
    expect_fault("dien.input", "{}", "spacing_mm");
    expect_fault("dien.input", "{\"spacing_mm\":[1,0,1],\"orientation\":\"RAS\",\"multiple\":2,\"channels\":1}", "spacing_mm");
    expect_fault("dien.input", "{\"spacing_mm\":[1,1,1],\"orientation\":\"RRS\",\"multiple\":2,\"channels\":1}", "orientation");
    expect_fault("dien.input", "{\"spacing_mm\":[1,1,1],\"orientation\":\"RAS\",\"multiple\":0,\"channels\":1}", "multiple");
    expect_fault("dien.input", "{\"spacing_mm\":[1,1,1],\"orientation\":\"RAS\",\"multiple\":1,\"channels\":1,\"size\":3}", "size");
    expect_fault("dien.input",
                 "{\"spacing_mm\":[1,1,1],\"orientation\":\"RAS\",\"multiple\":1,\"channels\":1,\"normalisation\":{\"kind\":\"percentile\","
                 "\"low\":60,\"high\":50}}",
                 "high");
    expect_fault("dien.labels", "[{\"channel\":1,\"index\":0,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"B\"}]", "channel 1");
    expect_fault("dien.labels", "[{\"channel\":0,\"index\":-1,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"B\"}]", "index");
    expect_fault("dien.labels", "[{\"channel\":0,\"index\":0,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"X\"}]", "hemi");
    expect_fault("dien.labels", "[{\"channel\":0,\"index\":0,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"L\",\"color\":\"red\"}]",
                 "#1f77b4");
    expect_fault("dien.labels", "[3]", "label 0");
}

static void expect_config(const char *architecture, const char *config, dn_shape shape, const char *part)
{
    dn_graph *graph = NULL;
    dn_status status = dn_architecture_build(architecture, config, "m", shape, &graph);
    if (part == NULL) {
        assert_ok(status);
        dn_graph_destroy(graph);
    } else if (status == DN_OK || strstr(dn_error_message(), part) == NULL) {
        fail_msg("%s: expected \"%s\", found %s: %s", config, part, dn_status_name(status), dn_error_message());
    }
}

static void configs_of_unets(void **state)
{
    (void)state;
    const dn_shape shape = {1, 8, 8, 8, 1};
    expect_config("unet3d", UNET, shape, NULL);
    expect_config(
        "unet3d",
        "{\"classes\":3,\"features\":[2,3,4,5],\"convs\":3,\"kernel\":1,\"activation\":\"leaky_relu\",\"alpha\":0.1,\"norm\":\"instance\","
        "\"residual\":true,\"down\":\"stride\",\"up\":\"deconv\",\"concat\":\"up_first\",\"dropout\":0.2,\"output\":\"sigmoid\"}",
        shape, NULL);
    expect_config("unet3d",
                  "{\"classes\":3,\"features\":[2,3],\"norm\":\"none\",\"down\":\"average\",\"up\":\"linear\",\"output\":\"none\"}", shape,
                  NULL);
    expect_config("unet3d", UNET, (dn_shape){1, 8, 9, 8, 1}, "multiples of 2");
    expect_config("unet3d", "{\"features\":[2,3]}", shape, "classes");
    expect_config("unet3d", "{\"classes\":2,\"features\":[2]}", shape, "features");
    expect_config("unet3d", "{\"classes\":2,\"features\":[2,\"x\"]}", shape, "features");
    expect_config("unet3d", "{\"classes\":2,\"features\":[2,3],\"kernel\":2}", shape, "odd");
    expect_config("unet3d", "{\"classes\":2,\"features\":[2,3],\"nrom\":\"batch\"}", shape, "nrom");
    expect_config("unet3d", "{\"classes\":2,\"features\":[2,3],\"activation\":\"tanh\"}", shape, "relu|leaky_relu|elu|silu");
    expect_config("unet2d", "{\"encoder\":\"resnet34\",\"classes\":2}", (dn_shape){1, 1, 32, 32, 3}, "resnet34");
    expect_config("unet2d", "{\"encoder\":\"vgg16\",\"classes\":2}", (dn_shape){1, 1, 48, 32, 3}, "multiples of 32");
    expect_config("unet2d", "{\"encoder\":\"vgg16\",\"classes\":2,\"decoder\":[1,2]}", (dn_shape){1, 1, 32, 32, 3}, "decoder");
    expect_config("nothing", "{}", shape, "nothing");
}

#define NODES(text) "{\"dims\":3,\"nodes\":[{\"op\":\"input\",\"name\":\"i\",\"channels\":1}," text "],\"outputs\":[\"o\"]}"

static void configs_of_graphs(void **state)
{
    (void)state;
    const dn_shape shape = {1, 8, 8, 8, 1};
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"o\",\"input\":\"i\",\"out\":2,\"kernel\":3}"), shape, NULL);
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"o\",\"input\":\"i\",\"out\":2,\"kernel\":[3,3]}"), shape, "3 numbers");
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"o\",\"input\":\"x\",\"out\":2,\"kernel\":3}"), shape, "node \"o\"");
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"i\",\"input\":\"i\",\"out\":2,\"kernel\":3}"), shape, "taken");
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"o\",\"input\":\"i\",\"out\":2,\"kernel\":3,\"bais\":true}"), shape, "bais");
    expect_config("graph", NODES("{\"op\":\"fft\",\"name\":\"o\",\"input\":\"i\"}"), shape, "fft");
    expect_config("graph", NODES("{\"op\":\"softmax\",\"name\":\"p\",\"input\":\"i\"}"), shape, "output 0");
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"o\",\"input\":\"i\",\"out\":2,\"kernel\":9,\"padding\":\"valid\"}"), shape,
                  "layer o");
    expect_config("graph", NODES("{\"op\":\"conv\",\"name\":\"o\",\"input\":\"i\",\"out\":0,\"kernel\":9}"), shape, "\"out\"");
    expect_config("graph", NODES("{\"op\":\"input\",\"name\":\"o\",\"channels\":1}"), shape, "second input");
    expect_config("graph", NODES("{\"op\":\"softmax\",\"name\":\"o\",\"input\":\"i\"}"), (dn_shape){1, 8, 8, 8, 2}, "1 channels");
    expect_config("graph", NODES("7"), shape, "node 1");
    expect_config("graph", "{\"dims\":2,\"nodes\":[{\"op\":\"input\",\"name\":\"i\",\"channels\":1}],\"outputs\":[\"i\"]}", shape, "2-D");
}

/* The graph of a U-Net as a node list gives the same numbers as unet3d itself. */
static void graph_equals_unet(void **state)
{
    (void)state;
    static const char nodes[] = "{\"dims\":3,\"nodes\":[{\"op\":\"input\",\"name\":\"scan\",\"channels\":1},"
                                "{\"op\":\"conv\",\"name\":\"enc0.conv0\",\"input\":\"scan\",\"out\":3,\"kernel\":3,\"bias\":false},"
                                "{\"op\":\"norm\",\"name\":\"enc0.norm0\",\"input\":\"enc0.conv0\",\"kind\":\"batch\",\"epsilon\":0.001},"
                                "{\"op\":\"activation\",\"name\":\"a\",\"input\":\"enc0.norm0\",\"kind\":\"relu\"},"
                                "{\"op\":\"pool\",\"name\":\"d\",\"input\":\"a\",\"kind\":\"max\",\"kernel\":2},"
                                "{\"op\":\"conv\",\"name\":\"enc1.conv0\",\"input\":\"d\",\"out\":4,\"kernel\":3,\"bias\":false},"
                                "{\"op\":\"norm\",\"name\":\"enc1.norm0\",\"input\":\"enc1.conv0\",\"kind\":\"batch\",\"epsilon\":0.001},"
                                "{\"op\":\"activation\",\"name\":\"b\",\"input\":\"enc1.norm0\",\"kind\":\"relu\"},"
                                "{\"op\":\"upsample\",\"name\":\"u\",\"input\":\"b\",\"kind\":\"nearest\",\"factor\":2},"
                                "{\"op\":\"concat\",\"name\":\"k\",\"inputs\":[\"a\",\"u\"]},"
                                "{\"op\":\"conv\",\"name\":\"dec0.conv0\",\"input\":\"k\",\"out\":3,\"kernel\":3,\"bias\":false},"
                                "{\"op\":\"norm\",\"name\":\"dec0.norm0\",\"input\":\"dec0.conv0\",\"kind\":\"batch\",\"epsilon\":0.001},"
                                "{\"op\":\"activation\",\"name\":\"c\",\"input\":\"dec0.norm0\",\"kind\":\"relu\"},"
                                "{\"op\":\"conv\",\"name\":\"head\",\"input\":\"c\",\"out\":2,\"kernel\":1},"
                                "{\"op\":\"softmax\",\"name\":\"posteriors\",\"input\":\"head\"}],\"outputs\":[\"posteriors\"]}";
    const dn_shape shape = {1, 4, 6, 8, 1};
    float input[4 * 6 * 8], out[2][4 * 6 * 8 * 2];
    dn_random random;
    dn_model *model = sample();
    dn_random_seed(&random, 5);
    for (size_t i = 0; i < 4 * 6 * 8; ++i) {
        input[i] = (float)dn_random_unit(&random);
    }
    for (int i = 0; i < 2; ++i) {
        dn_graph *graph;
        dn_plan *plan;
        assert_ok(dn_architecture_build(i == 0 ? "unet3d" : "graph", i == 0 ? UNET : nodes, "m", shape, &graph));
        assert_ok(dn_plan_compile(graph, model->weights, &(dn_plan_options){0}, &plan));
        assert_ok(dn_plan_run(plan, (const float *const[]){input}, (float *const[]){out[i]}));
        dn_plan_destroy(plan);
        dn_graph_destroy(graph);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    dn_model_destroy(model);
}

static void models_are_found(void **state)
{
    (void)state;
    char *found;
    dn_model *model = sample();
    setenv("DIEN_MODELS", folder, 1);
    assert_ok(dn_model_write(model, DN_STORE_F16, path));
    assert_ok(dn_model_find("sample", &found));
    assert_string_equal(found, path);
    free(found);
    assert_ok(dn_model_find(path, &found));
    free(found);
    assert_int_equal(dn_model_find("sampl", &found), DN_EINPUT);
    assert_int_equal(dn_error_remedy(), DN_REMEDY_IMPORT);
    assert_non_null(strstr(dn_error_message(), "sample"));
    assert_int_equal(dn_model_find("no/where.safetensors", &found), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "no/where.safetensors"));
    dn_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back), cmocka_unit_test(faults_name_file_and_key), cmocka_unit_test(configs_of_unets),
        cmocka_unit_test(configs_of_graphs),     cmocka_unit_test(graph_equals_unet),        cmocka_unit_test(models_are_found),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
