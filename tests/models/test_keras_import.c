/* Small networks as model.save() of Keras 2.3.1, tf.keras 2.4 and Keras 3 writes them: imported, written, read again and
 * run, against the outputs that PyTorch computed (tools/make_keras_files.py). */
#define _GNU_SOURCE
#include "test.h"

#include "models/keras/import.h"
#include "net/ops/reference.h"
#include "net/plan/plan.h"

#include <hdf5.h>
#include <math.h>
#include <string.h>

#define FOLDER DIEN_TEST_FOLDER "/keras/"

static float *read_set(const char *path, const char *name, int64_t dim[5], int64_t *count)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(set);
    hsize_t dims[5] = {0};
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    assert_true(rank == 4 || rank == 5);
    *count = 1;
    for (int i = 0; i < 5; ++i) { /* [N,H,W,C] -> [N,1,H,W,C] */
        int from = rank == 5 || i == 0 ? i : i - 1;
        dim[i] = rank == 4 && i == 1 ? 1 : (int64_t)dims[from];
        *count *= dim[i];
    }
    float *data = malloc((size_t)*count * sizeof *data);
    assert_true(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(file);
    return data;
}

/* Imports, and takes the model through a file, so that both kinds of storage are tested. */
static dn_model *import(const char *path, dn_store store)
{
    dn_model *imported, *model;
    char target[] = "/tmp/dien_test_keras_XXXXXX";
    int handle = mkstemp(target);
    assert_true(handle >= 0);
    close(handle);
    assert_ok(dn_import_keras(path, NULL, &imported));
    assert_ok(dn_model_write(imported, store, target));
    dn_model_destroy(imported);
    assert_ok(dn_model_read(target, &model));
    unlink(target);
    return model;
}

static double largest_difference(const float *found, const float *expected, int64_t count)
{
    double worst = 0;
    for (int64_t i = 0; i < count; ++i) {
        worst = fmax(worst, fabs((double)found[i] - (double)expected[i]));
    }
    return worst;
}

static void check(const char *name, dn_store store, double tolerance)
{
    char path[1024];
    int64_t in[5], out[5], in_count, out_count;
    dn_graph *graph;
    dn_plan *plan;
    snprintf(path, sizeof path, FOLDER "%s", name);
    float *input = read_set(path, "test_input", in, &in_count);
    float *expected = read_set(path, "test_output", out, &out_count);
    dn_model *model = import(path, store);
    assert_string_equal(model->architecture, "graph");
    assert_int_equal(model->input.channels, in[4]);
    assert_int_equal((int64_t)model->label_count, out[4]);
    assert_ok(dn_model_graph(model, (dn_shape){in[0], in[1], in[2], in[3], in[4]}, &graph));
    dn_shape shape = dn_graph_output_shape(graph, 0);
    assert_true(dn_shape_equal(&shape, &(dn_shape){out[0], out[1], out[2], out[3], out[4]}));

    float *found = malloc((size_t)out_count * sizeof *found);
    assert_ok(dn_plan_compile(graph, model->weights, &(dn_plan_options){0}, &plan));
    assert_ok(dn_plan_run(plan, (const float *const[]){input}, (float *const[]){found}));
    double worst = largest_difference(found, expected, out_count);
    printf("%s: largest difference %.3g\n", name, worst);
    assert_close(worst, 0, tolerance);

    dn_plan_destroy(plan);
    dn_graph_destroy(graph);
    dn_model_destroy(model);
    free(input);
    free(expected);
    free(found);
}

static void keras_2_3(void **state)
{
    (void)state;
    check("small_keras231.h5", DN_STORE_F32, 1e-5);
}

static void tf_keras_2_4(void **state)
{
    (void)state;
    check("small_tfkeras240.h5", DN_STORE_F32, 1e-5);
}

static void keras_3(void **state)
{
    (void)state;
    check("small_keras305.h5", DN_STORE_F32, 1e-5);
}

static void volumes(void **state)
{
    (void)state;
    check("small_3d.h5", DN_STORE_F32, 1e-5);
}

static void half_precision_storage(void **state)
{
    (void)state;
    check("small_3d.h5", DN_STORE_F16, 5e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keras_2_3), cmocka_unit_test(tf_keras_2_4),           cmocka_unit_test(keras_3),
        cmocka_unit_test(volumes),   cmocka_unit_test(half_precision_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
