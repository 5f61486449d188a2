/* Every operation on random shapes: the plan against the double-precision reference, f32 and (where the CPU has it) bf16. */
#include "random_ops.h"

#define ROUNDS 40

static void sweep(void **state)
{
    build_fn *const *build = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(20));
    double worst[2] = {0.0, 0.0};
    int done = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        dn_shape shape = random_shape(&r, flat);
        text[0] = '\0';
        assert_ok(dn_graph_create(&graph));
        int x = dn_graph_input(graph, "x", shape);
        int y = (*build)(&r, x, &shape, flat);
        dn_graph_output(graph, y, "y");
        if (dn_graph_finish(graph) == DN_OK) { /* some draws do not fit: an error, tested elsewhere */
            char what[768];
            char s[64];
            snprintf(what, sizeof what, "round %d, input %s, %s", round, dn_shape_text(&shape, s), text);
            dn_weights *weights = test_weights(graph, &r);
            for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
                dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
                double error = test_compare(graph, weights, &r, &options, p == 0 ? 3e-6 : 3e-2, what);
                worst[p] = fmax(worst[p], error);
            }
            dn_weights_destroy(weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error f32 %.2g, bf16 %.2g\n", done, worst[0], worst[1]);
    assert_true(done > ROUNDS / 3);
}

int main(void)
{
    struct CMUnitTest tests[RANDOM_OPS];
    build_fn *builders[RANDOM_OPS];
    for (size_t i = 0; i < RANDOM_OPS; ++i) {
        builders[i] = random_ops[i].build;
        tests[i] = (struct CMUnitTest){.name = random_ops[i].name, .test_func = sweep, .initial_state = &builders[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
