/* The Keras importers: what is refused and how, an ImageNet encoder file, damaged HDF5 files. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "models/keras/graph.h"
#include "models/keras/import.h"
#include "models/keras/probe.h"
#include "models/registry.h"

#include <hdf5.h>
#include <signal.h>
#include <string.h>

#define KERAS_FOLDER DIEN_TEST_FOLDER "/keras/"

/* ---- configurations ---- */

#define INPUT                                                                                                                              \
    "{\"class_name\":\"InputLayer\",\"name\":\"i\",\"config\":{\"name\":\"i\",\"batch_input_shape\":[null,null,null,2]},\"inbound_"        \
    "nodes\":[]},"
#define MODEL(layers)                                                                                                                      \
    "{\"class_name\":\"Model\",\"config\":{\"name\":\"m\",\"layers\":[" INPUT layers                                                       \
    "],\"input_layers\":[[\"i\",0,0]],\"output_layers\":[[\"o\",0,0]]}}"
#define LAYER(class_name, config)                                                                                                          \
    "{\"class_name\":\"" class_name "\",\"name\":\"o\",\"config\":{\"name\":\"o\"" config "},\"inbound_nodes\":[[[\"i\",0,0,{}]]]}"

static void expect(const char *config, const char *version, const char *part)
{
    dn_keras_file file = {.config = (char *)config, .version = (char *)version};
    dn_keras_network network = {0};
    dn_status status = dn_keras_network_read(&file, "net.h5", NULL, &network);
    if (part == NULL) {
        dn_graph *graph;
        assert_ok(status);
        char *text = json_dumps(network.config, 0);
        assert_ok(dn_architecture_build("graph", text, "net.h5", (dn_shape){1, 1, 16, 16, 2}, &graph));
        free(text);
        dn_graph_destroy(graph);
    } else if (status != DN_EFORMAT || strstr(dn_error_message(), part) == NULL || strstr(dn_error_message(), "net.h5") == NULL) {
        fail_msg("%s\nexpected DN_EFORMAT with \"%s\" and the file's name, found %s: %s", config, part, dn_status_name(status),
                 dn_error_message());
    }
    dn_keras_network_release(&network);
}

/* Whole samples are dropped in training further, as EfficientNet has it; other shapes of noise are left out. */
static void fixed_dropout(void **state)
{
    (void)state;
    static const struct {
        const char *config, *in, *out;
    } cases[] = {{MODEL(LAYER("FixedDropout", ",\"rate\":0.2,\"noise_shape\":[null,1,1,1]")), "\"whole\": true", "none"},
                 {MODEL(LAYER("FixedDropout", ",\"rate\":0.2,\"noise_shape\":[null,1,1,2]")), "\"input\"", "dropout"},
                 {MODEL(LAYER("FixedDropout", ",\"rate\":0.2,\"noise_shape\":null")), "dropout", "whole"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_keras_file file = {.config = (char *)cases[i].config, .version = "2.3.1"};
        dn_keras_network network = {0};
        assert_ok(dn_keras_network_read(&file, "net.h5", NULL, &network));
        char *text = json_dumps(network.config, 0);
        if (strstr(text, cases[i].in) == NULL || strstr(text, cases[i].out) != NULL) {
            fail_msg("case %zu: expected %s and no %s, found %s", i, cases[i].in, cases[i].out, text);
        }
        free(text);
        dn_keras_network_release(&network);
    }
}

static void layers_that_are_not_understood(void **state)
{
    (void)state;
    const char *v = "2.3.1";
    expect(MODEL(LAYER("Conv2D", ",\"filters\":3,\"kernel_size\":[3,3],\"padding\":\"same\"")), v, NULL);
    expect(MODEL(LAYER("LSTM", "")), v, "layer o (LSTM)");
    expect(MODEL(LAYER("Conv2D", ",\"filters\":3,\"kernel_size\":[3,3],\"padding\":\"causal\"")), v, "padding");
    expect(MODEL(LAYER("Conv2D", ",\"filters\":3,\"kernel_size\":[3]")), v, "kernel_size");
    expect(MODEL(LAYER("Conv2D", ",\"filters\":0,\"kernel_size\":[3,3]")), v, "filters");
    expect(MODEL(LAYER("Conv2D", ",\"filters\":3,\"kernel_size\":[3,3],\"data_format\":\"channels_first\"")), v, "channels_first");
    expect(MODEL(LAYER("Conv2D", ",\"filters\":3,\"kernel_size\":[3,3],\"activation\":\"tanh\"")), v, "tanh");
    expect(MODEL(LAYER("Conv3D", ",\"filters\":3,\"kernel_size\":[3,3,3]")), v, "2-D network");
    expect(MODEL(LAYER("Conv2DTranspose", ",\"filters\":3,\"kernel_size\":[3,3],\"output_padding\":[1,1]")), v, "output_padding");
    expect(MODEL(LAYER("ReLU", ",\"max_value\":6.0")), v, "ReLU6");
    expect(MODEL(LAYER("BatchNormalization", ",\"axis\":1")), v, "axis");
    expect(MODEL(LAYER("Concatenate", ",\"axis\":3")), v, "inputs");
    expect(MODEL(LAYER("Reshape", ",\"target_shape\":[4,-1]")), v, "global pooling");
    expect(MODEL(LAYER("Dropout", ",\"rate\":1.0")), v, "rate");
    expect(MODEL(LAYER("Lambda", ",\"function\":[\"AAAA\",null,null],\"function_type\":\"lambda\"")), v, "Lambda");
    /* Marshalled code is told by the names in it: sigmoid is none of them; swish; pattern_broadcast; mean with keepdims. */
    expect(MODEL(LAYER("Lambda", ",\"function\":[\"4wEAc2lnbW9pZA==\",null,null],\"function_type\":\"lambda\"")), v, "Lambda");
    expect(MODEL(LAYER("Lambda", ",\"function\":[\"4wEAdGYAbm4Ac3dpc2g=\",null,null],\"function_type\":\"lambda\"")), v, NULL);
    expect(MODEL(LAYER("Lambda", ",\"function\":[\"4wFiYWNrZW5kIHBhdHRlcm5fYnJvYWRjYXN0\",null,null],\"function_type\":\"lambda\"")), v,
           NULL);
    expect(MODEL(LAYER("Lambda", ",\"function\":[\"4yBLIG1lYW4gYXhpcyBrZWVwZGltcw==\",null,null],\"function_type\":\"lambda\"")), v,
           "classifies");
    expect(MODEL(LAYER("Lambda", ",\"function\":\"swish\",\"function_type\":\"function\"")), v, NULL);
    expect(MODEL(LAYER("GlobalAveragePooling2D", "")), v, "classifies");
    expect(MODEL(LAYER("UpSampling2D", ",\"size\":[2,2],\"interpolation\":\"bilinear\"")), v, "2.3.1");
    expect(MODEL(LAYER("UpSampling2D", ",\"size\":[2,2],\"interpolation\":\"bilinear\"")), "2.2.4-tf", NULL);
    expect(MODEL(LAYER("UpSampling2D", ",\"size\":[2,2],\"interpolation\":\"bilinear\"")), "2.10.0", NULL);
    expect(MODEL(LAYER("Model", ",\"layers\":[]")), v, "(Model)");
}

static void models_that_are_not_understood(void **state)
{
    (void)state;
    const char *v = "2.3.1";
    expect("{", v, "model_config");
    expect("{\"class_name\":\"Thing\",\"config\":{\"layers\":[]}}", v, "Thing");
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[]}}", v, "0 layers");
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[7]}}", v, "layer 0");
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[" INPUT LAYER("Softmax", "") "],\"output_layers\":[[\"x\",0,0]]}}", v,
           "output");
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[" INPUT LAYER("Softmax",
                                                                            "") "],\"output_layers\":[[\"o\",0,0],[\"i\",0,0]]}}",
           v, "2 outputs");
    /* A layer used twice, a circle, an input that is no image. */
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[" INPUT
           "{\"class_name\":\"Add\",\"name\":\"o\",\"config\":{},\"inbound_nodes\":[[[\"i\",1,0,{}]]]}],\"output_layers\":[[\"o\",0,0]]}}",
           v, "more than once");
    expect(
        "{\"class_name\":\"Model\",\"config\":{\"layers\":["
        "{\"class_name\":\"Softmax\",\"name\":\"a\",\"config\":{},\"inbound_nodes\":[[[\"o\",0,0,{}]]]},"
        "{\"class_name\":\"Softmax\",\"name\":\"o\",\"config\":{},\"inbound_nodes\":[[[\"a\",0,0,{}]]]}],\"output_layers\":[[\"o\",0,0]]}}",
        v, "circle");
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[{\"class_name\":\"InputLayer\",\"name\":\"o\",\"config\":"
           "{\"batch_input_shape\":[null,28]},\"inbound_nodes\":[]}],\"output_layers\":[[\"o\",0,0]]}}",
           v, "not an image");
    expect("{\"class_name\":\"Model\",\"config\":{\"layers\":[{\"class_name\":\"InputLayer\",\"name\":\"o\",\"config\":"
           "{\"batch_input_shape\":[null,28,28,null]},\"inbound_nodes\":[]}],\"output_layers\":[[\"o\",0,0]]}}",
           v, "channels");
    /* Sequential, its first layer saying the input's shape; layers in any order; layers that the output does not need. */
    expect("{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"Conv2D\",\"config\":{\"name\":\"c\",\"filters\":3,"
           "\"kernel_size\":[3,3],\"batch_input_shape\":[null,16,16,2]}},{\"class_name\":\"Softmax\",\"config\":{\"name\":\"s\"}}]}}",
           v, NULL);
    expect("{\"class_name\":\"Functional\",\"config\":{\"layers\":[" LAYER(
               "Softmax", "") ","
                              "{\"class_name\":\"LSTM\",\"name\":\"unused\",\"config\":{},\"inbound_nodes\":[[[\"i\",0,0,{}]]]},"
                              "{\"class_name\":\"InputLayer\",\"name\":\"i\",\"config\":{\"batch_input_shape\":[null,null,null,2]},"
                              "\"inbound_nodes\":[]}],"
                              "\"output_layers\":[[\"o\",0,0]]}}",
           v, NULL);
}

/* ---- files ---- */

static char path[] = "/tmp/dien_test_keras_h5_XXXXXX";

static int make_path(void **state)
{
    (void)state;
    int handle = mkstemp(path);
    return handle < 0 || close(handle) != 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_names(hid_t object, const char *attribute, char names[][80], hsize_t count)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 80);
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t handle = H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(handle, type, names) >= 0);
    H5Aclose(handle);
    H5Sclose(space);
    H5Tclose(type);
}

/* Our array as Keras keeps it. */
static void write_array(hid_t group, const char *name, const dn_weight *w)
{
    hsize_t dims[4] = {(hsize_t)w->dim[0]};
    float *data = malloc((size_t)dn_weight_count(w) * sizeof *data), *p = data;
    bool depthwise = strncmp(name, "depth", 5) == 0;
    if (w->rank == 5) { /* [O,I,1,H,W] -> [H,W,I,O], depthwise [C,1,1,H,W] -> [H,W,C,1] */
        dims[0] = (hsize_t)w->dim[3];
        dims[1] = (hsize_t)w->dim[4];
        dims[2] = (hsize_t)w->dim[depthwise ? 0 : 1];
        dims[3] = (hsize_t)w->dim[depthwise ? 1 : 0];
        for (int64_t t = 0; t < w->dim[3] * w->dim[4]; ++t) {
            for (int64_t i = 0; i < w->dim[1]; ++i) {
                for (int64_t o = 0; o < w->dim[0]; ++o) {
                    *p++ = w->data[(o * w->dim[1] + i) * w->dim[3] * w->dim[4] + t];
                }
            }
        }
    } else {
        memcpy(data, w->data, (size_t)dn_weight_count(w) * sizeof *data);
    }
    hid_t space = H5Screate_simple(w->rank == 5 ? 4 : 1, dims, NULL);
    hid_t set = H5Dcreate2(group, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    free(data);
}

/* The layers of `weights` as Keras writes a file of weights, each its own group; `extra` names one more layer. */
static void write_layers(const dn_weights *weights, const char *extra)
{
    static char layers[1000][80];
    hsize_t layer_count = 0;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t i = 0; i < dn_weights_count(weights);) {
        const char *name = dn_weights_at(weights, i)->name;
        size_t length = (size_t)(strrchr(name, '.') - name), count = 0;
        char arrays[8][80];
        snprintf(layers[layer_count], 80, "%.*s", (int)length, name);
        hid_t group = H5Gcreate2(file, layers[layer_count++], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        bool norm = dn_weights_at(weights, i)->rank == 1;
        for (; i < dn_weights_count(weights) && strncmp(dn_weights_at(weights, i)->name, name, length + 1) == 0; ++i) {
            const dn_weight *w = dn_weights_at(weights, i);
            const char *part = w->name + length + 1, *keras = "kernel:0";
            if (norm) {
                keras = strcmp(part, "weight") == 0         ? "gamma:0"
                        : strcmp(part, "bias") == 0         ? "beta:0"
                        : strcmp(part, "running_mean") == 0 ? "moving_mean:0"
                                                            : "moving_variance:0";
            } else if (strcmp(part, "bias") == 0) {
                keras = "bias:0";
            } else if (strstr(name, "dwconv") != NULL) {
                keras = "depthwise_kernel:0";
            }
            snprintf(arrays[count++], 80, "%s", keras);
            write_array(group, keras, w);
        }
        write_names(group, "weight_names", arrays, count);
        H5Gclose(group);
    }
    if (extra != NULL) {
        char arrays[1][80] = {"kernel:0"};
        snprintf(layers[layer_count], 80, "%s", extra);
        hid_t group = H5Gcreate2(file, layers[layer_count++], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        write_array(group, "kernel:0", dn_weights_at(weights, 0));
        write_names(group, "weight_names", arrays, 1);
        H5Gclose(group);
    }
    write_names(file, "layer_names", layers, layer_count);
    H5Fclose(file);
}

static void imagenet_encoder(void **state)
{
    (void)state;
    dn_graph *graph;
    dn_random random;
    dn_weights *weights;
    dn_model *model;
    dn_random_seed(&random, 11);
    assert_ok(dn_architecture_build("encoder2d", "{\"encoder\":\"efficientnetb0\"}", "e", (dn_shape){1, 1, 32, 32, 3}, &graph));
    assert_ok(dn_graph_start_weights(graph, &random, &weights));
    write_layers(weights, "probs"); /* the classifier is left out */
    assert_ok(dn_import_keras(path, NULL, &model));
    assert_string_equal(model->architecture, "encoder2d");
    assert_int_equal(model->label_count, 0);
    assert_int_equal(dn_weights_count(model->weights), dn_weights_count(weights));
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        const dn_weight *expected = dn_weights_at(weights, i), *found = dn_weights_find(model->weights, expected->name);
        assert_non_null(found);
        assert_memory_equal(found->dim, expected->dim, sizeof expected->dim);
        assert_memory_equal(found->data, expected->data, (size_t)dn_weight_count(expected) * sizeof(float));
    }
    dn_model_destroy(model);

    write_layers(weights, "block1b_expand_conv"); /* EfficientNetB1 has it */
    assert_int_equal(dn_import_keras(path, NULL, &model), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "block1b_expand_conv"));
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

static void metadata_file(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\":\"mine\",\"licence\":\"MIT\",\"input\":{\"spacing_mm\":[1,1,1],\"orientation\":\"RAS\",\"multiple\":4,\"channels\":1,"
        "\"normalisation\":{\"kind\":\"zscore\"}},\"labels\":[{\"channel\":0,\"index\":0,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"B\"}"
        ","
        "{\"channel\":1,\"index\":10,\"name\":\"lt\",\"structure\":\"thalamus\",\"hemi\":\"L\",\"color\":\"#102030\"},"
        "{\"channel\":2,\"index\":49,\"name\":\"rt\",\"structure\":\"thalamus\",\"hemi\":\"R\",\"color\":\"#102030\"}]}";
    static const char short_labels[] = "{\"labels\":[{\"channel\":0,\"index\":0,\"name\":\"b\",\"structure\":\"b\",\"hemi\":\"B\"}]}";
    dn_model *model;
    dn_import_options options = {.metadata = path};
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    assert_ok(dn_import_keras(KERAS_FOLDER "small_3d.h5", &options, &model));
    assert_string_equal(model->name, "mine");
    assert_string_equal(model->licence, "MIT");
    assert_int_equal(model->labels[2].index, 49);
    assert_int_equal(model->input.normalise, DN_NORMALISE_ZSCORE);
    dn_model_destroy(model);
    assert_ok(dn_file_write_all(path, short_labels, strlen(short_labels)));
    assert_int_equal(dn_import_keras(KERAS_FOLDER "small_3d.h5", &options, &model), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "3 output channels"));
    /* A name that would lead out of the folder that the model is written to. */
    static const char *const names[] = {"{\"name\":\"../../../evil\"}", "{\"name\":\"/tmp/evil\"}", "{\"name\":\"..\"}", "{\"name\":\"\"}"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        assert_ok(dn_file_write_all(path, names[i], strlen(names[i])));
        assert_int_equal(dn_import_keras(KERAS_FOLDER "small_3d.h5", &options, &model), DN_EFORMAT);
        assert_non_null(strstr(dn_error_message(), "part of a file's name"));
        assert_non_null(strstr(dn_error_message(), path));
    }
}

static dn_status crash(const char *name)
{
    (void)name;
    raise(SIGSEGV);
    return DN_OK;
}

static dn_status refuse(const char *name)
{
    (void)name;
    return dn_error_set(DN_EINPUT, "no");
}

static dn_status accept(const char *name)
{
    (void)name;
    return DN_OK;
}

static dn_status never_end(const char *name)
{
    volatile const char *p = name;
    while (*p == 's') {
    }
    return DN_OK;
}

static dn_status sleep_long(const char *name)
{
    (void)name;
    sleep(30);
    return DN_OK;
}

#ifndef __SANITIZE_ADDRESS__
static dn_status eat(const char *name)
{
    void *p;
    return dn_alloc(&p, 1, (size_t)1 << 30, name);
}
#endif

static void crashes_of_the_library_are_refusals(void **state)
{
    (void)state;
    const dn_probe_limits limits = {.memory = INT64_C(64) << 20, .cpu_seconds = 1, .seconds = 60};
    const dn_probe_limits short_time = {.memory = INT64_C(64) << 20, .cpu_seconds = 60, .seconds = 1};
    assert_int_equal(dn_keras_probe("some.h5", &limits, crash), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "some.h5"));
    assert_int_equal(dn_keras_probe("some.h5", &limits, refuse), DN_EINPUT);
    assert_string_equal(dn_error_message(), "no");
    assert_ok(dn_keras_probe("some.h5", &limits, accept));
    assert_int_equal(dn_keras_probe("some.h5", &limits, never_end), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "1 s of processor time"));
    assert_int_equal(dn_keras_probe("some.h5", &short_time, sleep_long), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "did not end within 1 s"));
#ifndef __SANITIZE_ADDRESS__
    assert_int_equal(dn_keras_probe("some.h5", &limits, eat), DN_ENOMEM);
#endif
}

/* bytes with `more` in front of what is at `at`. */
static void insert(unsigned char *bytes, size_t *size, size_t at, const char *more)
{
    size_t n = strlen(more);
    memmove(bytes + at + n, bytes + at, *size - at);
    memcpy(bytes + at, more, n);
    *size += n;
}

/* Five changes, found by a fuzzer, with which the HDF5 library (1.10.8) never comes to an end. */
static void a_file_without_end(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t size;
    dn_keras_file *file;
    const dn_probe_limits limits = {.memory = INT64_C(1) << 30, .cpu_seconds = 1, .seconds = 20};
    assert_ok(dn_file_read(KERAS_FOLDER "small_3d.h5", 1 << 24, &bytes, &size));
    assert_ok(dn_realloc(&bytes, size + 64, 1, "a file"));
    bytes[28677] = 0xa8;
    insert(bytes, &size, 25719, "input_1");
    bytes[24415] = '5';
    insert(bytes, &size, 5215, "\3");
    bytes[545] = 8;
    assert_ok(dn_file_write_all(path, bytes, size));
    free(bytes);
    dn_status status = dn_keras_file_read_within(path, &limits, &file);
    /* Other versions of the library may come to an end with it, in whatever way. */
    if (status == DN_OK) {
        dn_keras_file_destroy(file);
    } else {
        assert_non_null(strstr(dn_error_message(), path));
    }
    printf("%s\n", dn_error_message());
}

/* A Keras file of one layer with one array, in a packing of the caller's. */
typedef struct one_array {
    hid_t file, group, text, list, names, weights, plan, space, set;
} one_array;

/* layer, array: padded to 8 bytes. filter: puts the packing into plan. */
static one_array open_array(const char layer[8], const char array[8], int rank, const hsize_t *dims, const hsize_t *chunk,
                            void (*filter)(hid_t plan))
{
    const hsize_t one = 1;
    one_array a;
    a.file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    a.group = H5Gcreate2(a.file, layer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    a.text = H5Tcopy(H5T_C_S1);
    H5Tset_size(a.text, 8);
    a.list = H5Screate_simple(1, &one, NULL);
    a.names = H5Acreate2(a.file, "layer_names", a.text, a.list, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a.names, a.text, layer);
    a.weights = H5Acreate2(a.group, "weight_names", a.text, a.list, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a.weights, a.text, array);
    a.plan = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(a.plan, rank, chunk);
    filter(a.plan);
    a.space = H5Screate_simple(rank, dims, NULL);
    a.set = H5Dcreate2(a.group, array, H5T_NATIVE_FLOAT, a.space, H5P_DEFAULT, a.plan, H5P_DEFAULT);
    return a;
}

static void close_array(const one_array *a)
{
    H5Dclose(a->set);
    H5Sclose(a->space);
    H5Pclose(a->plan);
    H5Aclose(a->weights);
    H5Aclose(a->names);
    H5Sclose(a->list);
    H5Tclose(a->text);
    H5Gclose(a->group);
    H5Fclose(a->file);
}

static void deflated(hid_t plan)
{
    H5Pset_deflate(plan, 1);
}

static void filtered_by_ours(hid_t plan)
{
    H5Pset_filter(plan, 300, 0, 0, NULL);
}

/* A dataset of 16 GB of zeros in a file of some kilobytes. */
static void a_file_that_stands_for_gigabytes(void **state)
{
    (void)state;
    dn_model *model;
    const hsize_t dims[2] = {1 << 16, 1 << 16};
    const hsize_t chunk[2] = {1 << 10, 1 << 10};
    const hsize_t start[2] = {0, 0};
    const one_array big = open_array("big\0\0\0\0", "zeros\0\0", 2, dims, chunk, deflated);
    H5Sselect_hyperslab(big.space, H5S_SELECT_SET, start, NULL, chunk, NULL);
    hid_t part = H5Screate_simple(2, chunk, NULL);
    float *zeros = calloc(1 << 20, sizeof *zeros);
    assert_non_null(zeros);
    assert_true(H5Dwrite(big.set, H5T_NATIVE_FLOAT, part, big.space, H5P_DEFAULT, zeros) >= 0);
    free(zeros);
    H5Sclose(part);
    close_array(&big);
    assert_int_equal(dn_import_keras(path, NULL, &model), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "have more than 268435456 numbers"));
}

static size_t plain(unsigned flags, size_t count, const unsigned values[], size_t size, size_t *room, void **bytes)
{
    (void)flags;
    (void)count;
    (void)values;
    (void)room;
    (void)bytes;
    return size;
}

/* Packed by a plugin that is not here: no damage. */
static void a_filter_that_is_missing(void **state)
{
    (void)state;
    dn_model *model;
    const H5Z_class2_t filter = {
        .version = H5Z_CLASS_T_VERS, .id = 300, .encoder_present = 1, .decoder_present = 1, .name = "ours", .filter = plain};
    const hsize_t dims[1] = {8};
    const float data[8] = {0};
    assert_true(H5Zregister(&filter) >= 0);
    const one_array packed = open_array("layer\0\0", "kernel\0", 1, dims, dims, filtered_by_ours);
    assert_true(H5Dwrite(packed.set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    close_array(&packed);
    H5Zunregister(300);
    assert_int_equal(dn_import_keras(path, NULL, &model), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "packed by the filter 300 ours, which this HDF5 library does not have"));
}

static void damaged_files(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t size;
    dn_model *model;
    assert_ok(dn_file_read(KERAS_FOLDER "small_3d.h5", 1 << 24, &bytes, &size));
    for (size_t part = 0; part < 8; ++part) {
        assert_ok(dn_file_write_all(path, bytes, size * part / 8));
        assert_int_equal(dn_import_keras(path, NULL, &model), DN_EINPUT);
        assert_non_null(strstr(dn_error_message(), path));
    }
    free(bytes);
    assert_int_equal(dn_import_keras("/nowhere.h5", NULL, &model), DN_EINPUT);
    assert_int_equal(dn_import_keras("/tmp", NULL, &model), DN_EINPUT);
    /* HDF5, but not Keras'. */
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    assert_int_equal(dn_import_keras(path, NULL, &model), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "layer_names"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_dropout),
        cmocka_unit_test(layers_that_are_not_understood),
        cmocka_unit_test(models_that_are_not_understood),
        cmocka_unit_test(imagenet_encoder),
        cmocka_unit_test(metadata_file),
        cmocka_unit_test(crashes_of_the_library_are_refusals),
        cmocka_unit_test(a_file_without_end),
        cmocka_unit_test(a_file_that_stands_for_gigabytes),
        cmocka_unit_test(a_filter_that_is_missing),
        cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
