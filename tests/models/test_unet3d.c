/* U-Nets exported from PyTorch by tools/export_pytorch.py give here what they give there (tools/make_torch_files.py). */
#include "test.h"

#include "models/model.h"
#include "net/plan/plan.h"

#include <math.h>

#define VOXELS (8 * 12 * 16)

static void check(const char *name)
{
    char path[1024];
    dn_model *model;
    dn_graph *graph;
    dn_plan *plan;
    static float input[VOXELS], expected[VOXELS * 4], found[VOXELS * 4];
    snprintf(path, sizeof path, DIEN_TEST_FOLDER "/torch/%s.safetensors", name);
    assert_ok(dn_model_read(path, &model));
    assert_ok(dn_model_check(model, path));
    size_t classes = model->label_count;
    snprintf(path, sizeof path, DIEN_TEST_FOLDER "/torch/%s.f32", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(input, sizeof *input, VOXELS, file), VOXELS);
    assert_int_equal(fread(expected, sizeof *expected, VOXELS * 4, file), VOXELS * classes);
    fclose(file);
    assert_ok(dn_model_graph(model, (dn_shape){1, 8, 12, 16, 1}, &graph));
    assert_ok(dn_plan_compile(graph, model->weights, &(dn_plan_options){0}, &plan));
    assert_ok(dn_plan_run(plan, (const float *const[]){input}, (float *const[]){found}));
    double worst = 0;
    for (size_t i = 0; i < VOXELS * classes; ++i) {
        worst = fmax(worst, fabs((double)found[i] - (double)expected[i]));
    }
    printf("%s: largest difference %.3g\n", name, worst);
    assert_close(worst, 0, 1e-5);
    dn_plan_destroy(plan);
    dn_graph_destroy(graph);
    dn_model_destroy(model);
}

static void residual_with_instance_norm(void **state)
{
    (void)state;
    check("residual");
}

static void plain_with_batch_norm(void **state)
{
    (void)state;
    check("plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residual_with_instance_norm),
        cmocka_unit_test(plain_with_batch_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
