/* The training plan against the double-precision reference: whole random U-Nets, in f32 and (where the CPU has it) bf16. Each operation by
 * itself: tests/net/test_every_op.c. */
#include "random_unet.h"
#include "train_subject.h"

#define UNETS 10

/* Rows of a 2-D network's full resolution: oneDNN 2.6.3's gradient with tiles wrote beyond its memory there. */
static void test_long_rows(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(43));
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "x", (dn_shape){1, 1, 6, 512, 3});
    dn_conv conv = {.out = 16, .kernel = {1, 3, 3}, .padding = DN_PAD_SAME, .bias = true};
    x = dn_graph_conv(graph, x, "first", &conv);
    conv.out = 2;
    dn_graph_output(graph, dn_graph_conv(graph, x, "last", &conv), "y");
    assert_ok(dn_graph_finish(graph));
    train_subject s = {.g = graph, .weights = test_weights(graph, &r)};
    train_start(&s, &r);
    train_run_reference(&s, 77, false);
    for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
        train_check(&s, p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16, 77, p == 0 ? 1e-4 : 0.15, "rows of 512");
    }
    train_finish(&s);
    dn_weights_destroy(s.weights);
    dn_graph_destroy(graph);
}

static void test_unets(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(42));
    double worst = 0.0;
    for (int round = 0; round < UNETS; ++round) {
        char what[256];
        char all[320];
        assert_ok(dn_graph_create(&graph));
        random_unet(&r, what, true);
        assert_ok(dn_graph_finish(graph));
        snprintf(all, sizeof all, "round %d, %s", round, what);
        train_subject s = {.g = graph, .weights = test_weights(graph, &r)};
        train_start(&s, &r);
        train_run_reference(&s, 5, dn_graph_find(graph, "softmax") >= 0);
        worst = fmax(worst, train_check(&s, DN_PRECISION_F32, 5, 3e-3, all));
        train_finish(&s);
        dn_weights_destroy(s.weights);
        dn_graph_destroy(graph);
    }
    printf("%d networks, worst error %.2g\n", UNETS, worst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unets),
        cmocka_unit_test(test_long_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
