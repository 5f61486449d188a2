/* A 2-D network on the ICV grid: what a small random network says of a turned head's slices comes back on the scan's grid, where it was
 * taken. The network is run here a second time by hand, slice by slice. */
#include "egg_head.h"

#include "models/model.h"
#include "net/plan/plan.h"
#include "prepare/stack.h"
#include "segment/head/icv_slices.h"

enum { SLICES = 5, PIXELS = 64 };

static dn_model *random_model(void)
{
    dn_model *model = NULL;
    dn_graph *graph = NULL;
    dn_random random;
    dn_random_seed(&random, 11);
    assert_ok(dn_model_create("random-icv", "unet2d", "{\"encoder\":\"efficientnetb0\",\"classes\":2,\"decoder\":[16,16,8,8,8]}", &model));
    assert_ok(dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(model, 1, 1, "icv", "icv", 'B', "#ffc43d"));
    model->input.channels = 3;
    model->input.multiple = 32;
    assert_ok(dn_model_graph(model, (dn_shape){1, 1, PIXELS, PIXELS, 3}, &graph));
    dn_weights_destroy(model->weights);
    assert_ok(dn_graph_start_weights(graph, &random, &model->weights));
    dn_graph_destroy(graph);
    return model;
}

/* Posterior of channel 1 of each voxel of the stack, by hand. */
static void run_by_hand(const dn_model *model, const dn_volume *stack, float *posterior)
{
    static float input[PIXELS * PIXELS * 3], output[PIXELS * PIXELS * 2];
    dn_graph *graph = NULL;
    dn_plan *plan = NULL;
    const dn_plan_options options = {.precision = DN_PRECISION_F32};
    assert_ok(dn_model_graph(model, (dn_shape){1, 1, PIXELS, PIXELS, 3}, &graph));
    assert_ok(dn_plan_compile(graph, model->weights, &options, &plan));
    for (int64_t k = 0; k < SLICES; ++k) {
        const float *slice = stack->data + k * PIXELS * PIXELS; /* rows from the top, as a picture */
        for (int64_t v = 0; v < PIXELS * PIXELS; ++v) {
            input[3 * v] = input[3 * v + 1] = input[3 * v + 2] = slice[v];
        }
        const float *inputs[] = {input};
        float *outputs[] = {output};
        assert_ok(dn_plan_run(plan, inputs, outputs));
        for (int64_t v = 0; v < PIXELS * PIXELS; ++v) {
            posterior[k * PIXELS * PIXELS + v] = output[2 * v + 1];
        }
    }
    dn_plan_destroy(plan);
    dn_graph_destroy(graph);
}

static void slices_come_back(void **state)
{
    (void)state;
    const double c = cos(0.35), s = sin(0.35), spacing[3] = {2, 2, 2}, where[3] = {3, -10, 5}, ac[3] = {3, 2, 1};
    const double rotation[3][3] = {{1, 0, 0}, {0, c, -s}, {0, s, c}}; /* nose up by 20 degrees */
    double pc[3];
    dn_frame frame = {.structures = 0};
    for (int r = 0; r < 3; ++r) {
        pc[r] = ac[r] - 26.0 * rotation[r][1];
    }
    dn_frame_set(&frame, rotation, ac, pc);
    const dn_stack_geometry geometry = {.slices = SLICES, .pixels = PIXELS, .thickness = 6.0, .pixel = 3.0, .centre = {0, -10, 5}};
    dn_volume *stack = NULL, *turned = NULL;
    dn_icv_slices found;
    double mean, sd, sum = 0.0;
    static float posterior[SLICES * PIXELS * PIXELS];
    /* A picture of the labels' numbers. */
    const dn_grid grid = egg_grid(spacing, where);
    dn_labels *labels = egg_head(&grid, &frame.from_scan, (const double[3]){1, 1, 1});
    assert_ok(dn_volume_create(&grid, &turned));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        turned->data[v] = (float)(100 + 37 * (labels->data[v] % 7));
    }
    dn_model *model = random_model();
    assert_ok(dn_stack_cut(turned, &frame, &geometry, &mean, &sd, &stack));
    run_by_hand(model, stack, posterior);
    assert_ok(dn_icv_by_slices(model, turned, &frame, &geometry, &found));
    int64_t inside = 0, agree = 0, sure = 0;
    for (int64_t v = 0; v < SLICES * PIXELS * PIXELS; ++v) {
        sum += (double)posterior[v];
    }
    assert_close(found.volume_mm3 / (sum * 54.0), 1.0, 1e-4);
    /* At each voxel of the scan that lies in a slice's middle, well inside: the label is what the network said there. */
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double ijk[3] = {(double)(v % grid.dim[0]), (double)(v / grid.dim[0] % grid.dim[1]), (double)(v / grid.dim[0] / grid.dim[1])};
        double p[3], f[3];
        dn_affine_apply(&grid.affine, ijk, p);
        dn_affine_apply(&frame.from_scan, p, f);
        const double i = 31.5 - f[0] / 3.0, j = 31.5 - (f[2] - 5.0) / 3.0, k = 2.0 - (f[1] + 10.0) / 6.0;
        if (fabs(k - round(k)) > 0.05 || k < 0 || k > 4 || i < 1 || j < 1 || i > 62 || j > 62) {
            continue;
        }
        const int64_t at = (int64_t)i + PIXELS * ((int64_t)j + PIXELS * (int64_t)round(k));
        float low = 1.0f, high = 0.0f;
        for (int n = 0; n < 4; ++n) {
            const float q = posterior[at + (n & 1) + PIXELS * (n >> 1)];
            low = fminf(low, q);
            high = fmaxf(high, q);
        }
        ++inside;
        if (low > 0.5f || high < 0.5f) { /* all four around it say the same */
            ++sure;
            agree += (found.labels->data[v] != 0) == (low > 0.5f);
        }
    }
    int64_t marked = 0;
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        marked += found.labels->data[v] != 0;
    }
    printf("%lld voxels in slices, %lld plain, %lld as the network said; %lld marked\n", (long long)inside, (long long)sure,
           (long long)agree, (long long)marked);
    assert_true(sure > 2000);
    assert_true((double)agree >= 0.98 * (double)sure);
    dn_icv_slices_release(&found);
    dn_model_destroy(model);
    dn_volume_destroy(stack);
    dn_volume_destroy(turned);
    dn_labels_destroy(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
