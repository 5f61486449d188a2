/* Networks of one kernel on a stack: posteriors as the closed form has them, whatever the stack's orientation and the number of
 * slices at once; folds averaged; labels on a finer grid; models that do not go together refused. */
#define _GNU_SOURCE
#include "test.h"

#include "image/orientation.h"
#include "infer/slice_network.h"

#include <math.h>
#include <string.h>

enum { X = 13, Y = 5, Z = 11 };

/* logits = bias + slope * (sum of the three channels) */
static dn_model *make_model(const char *name, float slope, float bias, int64_t other_index)
{
    static const char config[] = "{\"dims\":2,\"nodes\":[{\"op\":\"input\",\"name\":\"x\",\"channels\":3},"
                                 "{\"op\":\"conv\",\"name\":\"c\",\"input\":\"x\",\"out\":2,\"kernel\":1,\"bias\":true},"
                                 "{\"op\":\"softmax\",\"name\":\"s\",\"input\":\"c\"}],\"outputs\":[\"s\"]}";
    dn_model *model = NULL;
    const float kernel[6] = {0, 0, 0, slope / 3, slope / 3, slope / 3};
    const float biases[2] = {0, bias};
    assert_ok(dn_model_create(name, "graph", config, &model));
    memcpy(model->input.orientation, "PIL", 4);
    model->input.spacing[0] = 3;
    model->input.spacing[1] = 2;
    model->input.spacing[2] = 1;
    model->input.multiple = 8;
    model->input.channels = 3;
    model->input.normalise = DN_NORMALISE_ZSCORE;
    assert_ok(dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(model, 1, other_index, "thing", "thing", 'B', "#ff0000"));
    assert_ok(dn_weights_add(model->weights, "c.weight", 4, (const int64_t[]){2, 3, 1, 1}, kernel, NULL));
    assert_ok(dn_weights_add(model->weights, "c.bias", 1, (const int64_t[]){2}, biases, NULL));
    return model;
}

static dn_volume *make_stack(void)
{
    dn_grid grid = {{X, Y, Z}, {{{1, 0, 0, -6}, {0, 3, 0, 20}, {0, 0, 2, 7}}}};
    dn_volume *volume = NULL;
    assert_ok(dn_volume_create(&grid, &volume));
    for (int64_t v = 0; v < X * Y * Z; ++v) {
        volume->data[v] = (float)((v * 37) % 101);
    }
    return volume;
}

static void closed_form(void **state)
{
    (void)state;
    dn_model *models[2] = {make_model("one", 1.5f, -0.5f, 7), make_model("two", 0.7f, 0.3f, 7)};
    const double slope[2] = {1.5, 0.7};
    const double bias[2] = {-0.5, 0.3};
    dn_volume *stack = make_stack();
    double sum = 0.0, squares = 0.0;
    for (int64_t v = 0; v < X * Y * Z; ++v) {
        sum += (double)stack->data[v] / (X * Y * Z);
        squares += (double)stack->data[v] * (double)stack->data[v] / (X * Y * Z);
    }
    double sd = sqrt((squares - sum * sum) * (X * Y * Z) / (X * Y * Z - 1.0));
    for (int count = 1; count <= 2; ++count) {
        for (int orientation = 0; orientation < DN_ORIENTATION_COUNT; orientation += 11) {
            const dn_orientation wanted = dn_orientation_at(orientation);
            const dn_slice_network_options options = {.batch = count == 1 ? 3 : 0};
            dn_slice_network *network = NULL;
            dn_slice_posteriors found;
            dn_volume *turned = NULL, *back = NULL;
            assert_ok(dn_volume_reorient(stack, &wanted, &turned));
            assert_ok(dn_slice_network_create((const dn_model *const *)models, (size_t)count, &options, &network));
            assert_ok(dn_slice_network_run(network, turned, &found));
            assert_int_equal(found.slices, Y);
            assert_int_equal(found.channels, 2);
            assert_ok(dn_volume_reorient(found.maps[1], &DN_ORIENTATION_RAS, &back));
            double apart = 0.0;
            for (int64_t v = 0; v < X * Y * Z; ++v) {
                double expected = 0.0;
                double z = ((double)stack->data[v] - sum) / sd;
                for (int m = 0; m < count; ++m) {
                    expected += 1.0 / (1.0 + exp(-bias[m] - slope[m] * z)) / count;
                }
                assert_close(back->data[v], expected, 2e-6);
                apart += expected;
            }
            assert_true(count == 1 ? found.disagreement == 0.0 : found.disagreement > 0.01 && found.disagreement < 0.5);
            dn_volume_destroy(back);
            dn_slice_posteriors_release(&found);
            dn_slice_network_destroy(network);
        }
    }
    dn_volume_destroy(stack);
    dn_model_destroy(models[0]);
    dn_model_destroy(models[1]);
}

/* On the stack's own grid the label is the larger posterior; outside the stack it is background. */
static void labels_on_a_grid(void **state)
{
    (void)state;
    dn_model *model = make_model("one", 4.0f, 0.0f, 7);
    dn_volume *stack = make_stack();
    dn_grid grid = stack->grid;
    dn_slice_network *network = NULL;
    dn_slice_posteriors found;
    dn_labels *labels = NULL;
    grid.dim[0] += 4; /* beyond the stack's right side */
    assert_ok(dn_slice_network_create((const dn_model *const *)&model, 1, NULL, &network));
    dn_volume *copy = make_stack();
    assert_ok(dn_slice_network_run(network, copy, &found));
    assert_ok(dn_slice_posteriors_labels(&found, model, &grid, &labels));
    double mean = 0.0;
    for (int64_t v = 0; v < X * Y * Z; ++v) {
        mean += (double)stack->data[v] / (X * Y * Z);
    }
    for (int64_t k = 0; k < Z; ++k) {
        for (int64_t j = 0; j < Y; ++j) {
            for (int64_t i = 0; i < grid.dim[0]; ++i) {
                bool thing = i < X && (double)stack->data[dn_grid_offset(&stack->grid, i, j, k)] > mean;
                assert_int_equal(labels->data[dn_grid_offset(&grid, i, j, k)], thing ? 7 : 0);
            }
        }
    }
    dn_labels_destroy(labels);
    dn_slice_posteriors_release(&found);
    dn_slice_network_destroy(network);
    dn_volume_destroy(stack);
    dn_model_destroy(model);
}

static void refused(void **state)
{
    (void)state;
    dn_model *models[2] = {make_model("one", 1, 0, 7), make_model("two", 1, 0, 8)};
    dn_slice_network *network = NULL;
    assert_int_equal(dn_slice_network_create((const dn_model *const *)models, 2, NULL, &network), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "different labels"));
    models[1]->labels[1].index = 7;
    models[1]->input.spacing[2] = 2;
    assert_int_equal(dn_slice_network_create((const dn_model *const *)models, 2, NULL, &network), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "one and two expect different"));
    dn_model_destroy(models[0]);
    dn_model_destroy(models[1]);
}

/* Each channel has a weight of its own, so a slice's answer tells which slices it saw. */
static void neighbours(void **state)
{
    (void)state;
    dn_model *model = make_model("one", 1.0f, 0.0f, 7);
    const float weight[3] = {0.5f, -1.0f, 0.25f};
    dn_weight *kernel = dn_weights_find(model->weights, "c.weight");
    memcpy((float *)kernel->data + 3, weight, sizeof weight);
    model->input.slice_step = 2;
    model->input.normalise = DN_NORMALISE_NONE;
    const dn_model *const models[] = {model};
    dn_volume *stack = make_stack();
    dn_volume *copy = NULL, *back = NULL;
    dn_slice_network *network = NULL;
    dn_slice_posteriors found;
    for (int64_t v = 0; v < X * Y * Z; ++v) {
        stack->data[v] = stack->data[v] / 100.0f - 0.2f;
    }
    assert_ok(dn_volume_reorient(stack, &DN_ORIENTATION_RAS, &copy));
    assert_ok(dn_slice_network_create(models, 1, NULL, &network));
    assert_ok(dn_slice_network_run(network, copy, &found));
    assert_ok(dn_volume_reorient(found.maps[1], &DN_ORIENTATION_RAS, &back));
    double apart = 0.0;
    for (int64_t y = 0; y < Y; ++y) {
        for (int64_t at = 0; at < X * Z; ++at) {
            double logit = 0.0;
            for (int c = 0; c < 3; ++c) {
                /* Slices follow from front to back: the first channel lies in front. */
                int64_t seen = y - (c - 1) * 2;
                logit += (double)weight[c] *
                         (seen >= 0 && seen < Y ? (double)stack->data[dn_grid_offset(&stack->grid, at % X, seen, at / X)] : -0.2);
            }
            double expected = 1.0 / (1.0 + exp(-logit));
            apart = fmax(apart, fabs((double)back->data[dn_grid_offset(&back->grid, at % X, y, at / X)] - expected));
        }
    }
    if (!(apart < 1e-5)) {
        fail_msg("expected the closed form, found a difference of %g", apart);
    }
    dn_volume_destroy(back);
    dn_slice_posteriors_release(&found);
    dn_slice_network_destroy(network);
    dn_volume_destroy(stack);
    dn_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closed_form), cmocka_unit_test(neighbours), cmocka_unit_test(labels_on_a_grid),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
