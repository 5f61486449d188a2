/* Two networks in a row: the mean of both for the whole, the parts' shares; which two go together. */
#include "test.h"

#include "infer/divide.h"

static dn_model *begin(const char *name)
{
    dn_model *model = NULL;
    assert_ok(dn_model_create(name, "graph", "{}", &model));
    model->input.multiple = 8;
    assert_ok(dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"));
    return model;
}

/* Right before left, as the other one has them in another order. */
static dn_model *whole_model(void)
{
    dn_model *model = begin("whole");
    assert_ok(dn_model_add_label(model, 1, 820, "right_hypothalamus", "hypothalamus", 'R', "#ff8000"));
    assert_ok(dn_model_add_label(model, 2, 819, "left_hypothalamus", "hypothalamus", 'L', "#ff8000"));
    return model;
}

static dn_model *parts_model(void)
{
    dn_model *model = begin("parts");
    assert_ok(dn_model_add_label(model, 1, 801, "left_a", "hypothalamus_a", 'L', "#ff8000"));
    assert_ok(dn_model_add_label(model, 2, 802, "left_b", "hypothalamus_b", 'L', "#ff8000"));
    assert_ok(dn_model_add_label(model, 3, 806, "right_a", "hypothalamus_a", 'R', "#ff8000"));
    assert_ok(dn_model_add_label(model, 4, 807, "right_b", "hypothalamus_b", 'R', "#ff8000"));
    return model;
}

static void parts_get_their_share_of_the_whole(void **state)
{
    (void)state;
    static const float found[3][3] = {{0.2f, 0.1f, 0.7f}, {0.5f, 0.5f, 0.0f}, {0.0f, 0.0f, 1.0f}};
    static const float given[3][5] = {{0.5f, 0.3f, 0.1f, 0.1f, 0.0f}, {0.9f, 0.05f, 0.05f, 0.0f, 0.0f}, {1.0f, 0.0f, 0.0f, 0.0f, 0.0f}};
    /* The third voxel: nothing says how it is divided. The second: so for its right side. */
    static const float expected[3][5] = {{0.35f, 0.4125f, 0.1375f, 0.1f, 0.0f},
                                         {0.7f, 0.025f, 0.025f, 0.125f, 0.125f},
                                         {0.5f, 0.25f, 0.25f, 0.0f, 0.0f}};
    dn_model *whole = whole_model(), *parts = parts_model();
    dn_structures a, b;
    dn_posteriors p = {.start = {0}}, q = {.start = {0}};
    assert_ok(dn_structures_init(whole, &a));
    assert_ok(dn_structures_init(parts, &b));
    assert_ok(dn_divide_check(&a, &b));
    assert_ok(dn_posteriors_alloc(&p, (const int64_t[3]){3, 1, 1}, 3));
    assert_ok(dn_posteriors_alloc(&q, (const int64_t[3]){3, 1, 1}, 5));
    for (int v = 0; v < 3; ++v) {
        for (int c = 0; c < 5; ++c) {
            dn_posteriors_of(&q, v)[c] = given[v][c];
        }
        for (int c = 0; c < 3; ++c) {
            dn_posteriors_of(&p, v)[c] = found[v][c];
        }
    }
    dn_divide(&p, &a, &b, &q);
    for (int v = 0; v < 3; ++v) {
        for (int c = 0; c < 5; ++c) {
            assert_close(dn_posteriors_of(&q, v)[c], expected[v][c], 1e-6);
        }
    }
    dn_posteriors_release(&q);
    dn_posteriors_release(&p);
    dn_model_destroy(parts);
    dn_model_destroy(whole);
}

static void what_does_not_go_together(void **state)
{
    (void)state;
    dn_model *whole = whole_model(), *parts = parts_model(), *one_sided = begin("one-sided");
    dn_structures a, b;
    assert_null(dn_divide_of(parts));
    assert_ok(dn_model_set_note(parts, DN_MODEL_DIVIDES, "whole"));
    assert_string_equal(dn_divide_of(parts), "whole");
    assert_ok(dn_model_add_label(one_sided, 1, 819, "left_hypothalamus", "hypothalamus", 'L', "#ff8000"));
    one_sided->input.multiple = 8;
    assert_ok(dn_structures_init(one_sided, &a));
    assert_ok(dn_structures_init(parts, &b));
    assert_int_equal(dn_divide_check(&a, &b), DN_EFORMAT);
    assert_string_equal(dn_error_message(), "model parts divides what model one-sided finds, but that has no label hypothalamus of side R");
    whole->input.spacing[1] = 2.0;
    assert_ok(dn_structures_init(whole, &a));
    assert_int_equal(dn_divide_check(&a, &b), DN_EFORMAT);
    assert_string_equal(dn_error_message(),
                        "model parts divides what model whole finds, but they do not take the same voxels and intensities");
    dn_model_destroy(one_sided);
    dn_model_destroy(parts);
    dn_model_destroy(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_get_their_share_of_the_whole), cmocka_unit_test(what_does_not_go_together)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
