/* The arena's invariants (net/arena.h): layouts that hold them, each of them violated, and a plan that writes beyond a buffer. */
#include "test_net.h"

#include "net/arena.h"
#include "net/pages.h"
#include "net/plan/internal.h"

#define SPANS 40

static void random_spans(dn_random *r, dn_span spans[SPANS], dn_span *order[SPANS])
{
    for (int i = 0; i < SPANS; ++i) {
        int first = (int)dn_random_below(r, 20);
        spans[i] = (dn_span){.bytes = dn_arena_bytes(test_pick(r, 1, 5000), dn_random_below(r, 2) == 0),
                             .first = first,
                             .last = first + (int)dn_random_below(r, 6)};
        order[i] = &spans[i];
    }
}

static void test_layouts_hold(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(1));
    for (int round = 0; round < 200; ++round) {
        dn_span spans[SPANS];
        dn_span *order[SPANS];
        random_spans(&r, spans, order);
        int64_t bytes = dn_arena_place(order, SPANS);
        int64_t most = 0; /* no layout can be smaller than what lives at one moment */
        for (int t = 0; t < 30; ++t) {
            int64_t sum = 0;
            for (int i = 0; i < SPANS; ++i) {
                sum += spans[i].first <= t && t <= spans[i].last ? spans[i].bytes : 0;
            }
            most = sum > most ? sum : most;
        }
        assert_true(bytes >= most && bytes < 2 * most);
        assert_ok(dn_arena_check(order, SPANS, bytes));
    }
}

static void expect_refused(const dn_span spans[3], int64_t bytes, const char *words)
{
    dn_span copy[3] = {spans[0], spans[1], spans[2]};
    dn_span *order[3] = {&copy[0], &copy[1], &copy[2]};
    assert_int_equal(dn_arena_check(order, 3, bytes), DN_EINTERNAL);
    if (strstr(dn_error_message(), words) == NULL) {
        fail_msg("expected \"%s\", found \"%s\"", words, dn_error_message());
    }
}

static void test_each_invariant_is_checked(void **state)
{
    (void)state;
    const dn_span good[3] = {{256, 0, 0, 2}, {128, 256, 0, 1}, {128, 256, 2, 2}};
    dn_span bad[3];
    dn_span copy[3] = {good[0], good[1], good[2]};
    dn_span *order[3] = {&copy[0], &copy[1], &copy[2]};
    assert_ok(dn_arena_check(order, 3, 384));
#define WITH(change, bytes, words)                                                                                                         \
    do {                                                                                                                                   \
        memcpy(bad, good, sizeof bad);                                                                                                     \
        change;                                                                                                                            \
        expect_refused(bad, bytes, words);                                                                                                 \
    } while (0)
    WITH(bad[1].offset = 257, 400, "not in lines");
    WITH(bad[0].bytes = 250, 384, "not in lines");
    WITH(bad[2].bytes = 0, 384, "not in lines");
    WITH(bad[1].first = 2, 384, "not in lines");
    WITH((void)0, 320, "outside");
    WITH(bad[1].offset = -64, 384, "outside");
    WITH(bad[2].first = 1, 384, "overlap");
    WITH(bad[0].bytes = 320, 384, "overlap");
    WITH(bad[1].offset = 320, 448, "floats");
#undef WITH
}

static void test_red_zone(void **state)
{
    (void)state;
    dn_span span = {.bytes = dn_arena_bytes(100, true), .offset = 64, .first = 0, .last = 1};
    assert_int_equal(span.bytes, 192);
    unsigned char *arena = dn_pages_allocate(256);
    assert_non_null(arena);
    dn_arena_enter(arena, &span);
    float x;
    memcpy(&x, arena + span.offset, sizeof x);
    assert_true(isnan(x));
    memset(arena + span.offset, 0, 128);
    assert_ok(dn_arena_intact(arena, &span, "a step"));
    arena[span.offset + 128] = 0;
    assert_int_equal(dn_arena_intact(arena, &span, "a step"), DN_EINTERNAL);
    assert_non_null(strstr(dn_error_message(), "a step wrote"));
    free(arena);
}

/* A plan whose book-keeping says that a buffer is smaller than what its step writes. */
static void test_plan_that_writes_beyond(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(2));
    dn_graph *graph;
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "x", (dn_shape){1, 4, 8, 8, 16});
    x = dn_graph_conv(graph, x, "first", &(dn_conv){.out = 16, .kernel = {1, 1, 1}, .bias = true});
    x = dn_graph_upsample(graph, x, "up", DN_UP_LINEAR, (const int64_t[3]){2, 2, 2});
    dn_graph_output(graph, x, "y");
    assert_ok(dn_graph_finish(graph));
    dn_weights *weights = test_weights(graph, &r);
    dn_plan *plan;
    dn_plan_options options = {.guard = true};
    assert_ok(dn_plan_compile(graph, weights, &options, &plan));
    dn_shape s = dn_graph_output_shape(graph, 0);
    float *in = calloc(4 * 8 * 8 * 16, sizeof(float));
    float *out = malloc((size_t)test_size(&s) * sizeof(float));
    assert_ok(dn_plan_run(plan, (const float *const[]){in}, (float *const[]){out}));
    bool shrunk = false;
    for (int i = 0; !shrunk && i < plan->buffer_count; ++i) {
        shrunk = plan->buffers[i].output < 0;
        plan->buffers[i].span.bytes -= shrunk ? 64 : 0;
    }
    assert_true(shrunk);
    assert_int_equal(dn_plan_run(plan, (const float *const[]){in}, (float *const[]){out}), DN_EINTERNAL);
    assert_non_null(strstr(dn_error_message(), "layer first"));
    free(in);
    free(out);
    dn_plan_destroy(plan);
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts_hold),
        cmocka_unit_test(test_each_invariant_is_checked),
        cmocka_unit_test(test_red_zone),
        cmocka_unit_test(test_plan_that_writes_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
