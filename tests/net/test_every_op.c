/* Every operation of the table (net/ops/op.h), one harness: on random shapes and attributes
 *
 *   forward    the plan against the double-precision reference, f32 and (where the CPU has it) bf16
 *   backward   the reference's gradients against finite differences of its forward pass
 *   training   the training plan against these
 *
 * with sentinels before and behind every buffer that we give (guarded.h) and red zones behind every one of the plans (net/arena.h). The
 * table is walked: an operation without a case in random_ops.h fails. DIEN_OP_SPEED=1 prints how fast each is. DIEN_SEED=n repeats a
 * failure. */
#include "random_ops.h"
#include "train_subject.h"

#include "base/clock.h"
#include "net/ops/op.h"

#define FORWARD_ROUNDS 40
#define BACKWARD_ROUNDS 30
#define TRAINING_ROUNDS 12
#define PROBES 6
#define MAX_INPUTS 3
#define MAX_WEIGHTS 4

typedef struct case_of {
    dn_op_kind kind;
    build_fn *build;
} case_of;

/* x -> operation -> y; false when the draw does not fit, which is an error that is tested elsewhere. */
static bool build_alone(dn_random *r, const case_of *c, dn_shape shape, bool flat, char what[768], int round)
{
    char shown[64];
    text[0] = '\0';
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "x", shape);
    dn_graph_output(graph, c->build(r, x, &shape, flat), "y");
    snprintf(what, 768, "%s, round %d, input %s, %s", dn_op_of(c->kind)->name, round, dn_shape_text(&shape, shown), text);
    return dn_graph_finish(graph) == DN_OK;
}

/* ---- forward ------------------------------------------------------------------------------------------------------- */

static void forward(void **state)
{
    const case_of *c = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(20));
    double worst[2] = {0.0, 0.0};
    int done = 0;
    for (int round = 0; round < FORWARD_ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        char what[768];
        if (build_alone(&r, c, random_shape(&r, flat), flat, what, round)) {
            dn_weights *weights = test_weights(graph, &r);
            for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
                dn_plan_options options = {.precision = p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16};
                worst[p] = fmax(worst[p], test_compare(graph, weights, &r, &options, p == 0 ? 3e-6 : 3e-2, what));
            }
            dn_weights_destroy(weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error f32 %.2g, bf16 %.2g\n", done, worst[0], worst[1]);
    assert_true(done > FORWARD_ROUNDS / 3);
}

/* ---- backward ------------------------------------------------------------------------------------------------------ */

/* One graph with one output: its inputs, the direction in which the output is watched, and all gradients. */
typedef struct probed {
    const dn_graph *graph;
    dn_weights *weights;
    bool training;
    int inputs;
    double *in[MAX_INPUTS], *in_gradient[MAX_INPUTS];
    double *weight_gradient[MAX_WEIGHTS];
    double *out, *direction;
    int64_t in_size[MAX_INPUTS], out_size;
} probed;

static double *room(int64_t n)
{
    double *p = guarded_alloc(n, sizeof *p);
    memset(p, 0, (size_t)n * sizeof *p);
    return p;
}

static void run_probed(probed *s, bool backward)
{
    const double *directions[1] = {s->direction};
    double *outs[1] = {s->out};
    dn_gradient_run run = {.training = s->training, .seed = 5, .step = 3, .inputs = (const double *const *)s->in, .outputs = outs};
    if (backward) {
        run.output_gradients = directions;
        run.input_gradients = s->in_gradient;
        run.weight_gradients = s->weight_gradient;
    }
    assert_ok(dn_gradient_reference(s->graph, s->weights, &run));
}

static double watched(probed *s)
{
    run_probed(s, false);
    double sum = 0.0;
    for (int64_t i = 0; i < s->out_size; ++i) {
        sum += s->out[i] * s->direction[i];
    }
    return sum;
}

static void start(probed *s, dn_random *r)
{
    s->inputs = dn_graph_input_count(s->graph);
    for (int i = 0; i < s->inputs; ++i) {
        dn_shape shape = dn_graph_input_shape(s->graph, i);
        s->in_size[i] = test_size(&shape);
        s->in[i] = room(s->in_size[i]);
        s->in_gradient[i] = room(s->in_size[i]);
        for (int64_t k = 0; k < s->in_size[i]; ++k) {
            s->in[i][k] = dn_random_normal(r, 0.1, 1.0);
        }
    }
    for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
        s->weight_gradient[w] = room(dn_weight_count(dn_weights_at(s->weights, w)));
    }
    dn_shape shape = dn_graph_output_shape(s->graph, 0);
    s->out_size = test_size(&shape);
    s->out = room(s->out_size);
    s->direction = room(s->out_size);
    for (int64_t k = 0; k < s->out_size; ++k) {
        s->direction[k] = dn_random_normal(r, 0.0, 1.0);
    }
}

static void finish(probed *s, const char *what)
{
    for (int i = 0; i < s->inputs; ++i) {
        guarded_free(s->in[i], what);
        guarded_free(s->in_gradient[i], what);
    }
    for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
        guarded_free(s->weight_gradient[w], what);
    }
    guarded_free(s->out, what);
    guarded_free(s->direction, what);
}

static double compare(double found, double expected, const char *what, const char *where, int64_t at)
{
    double error = fabs(found - expected) / fmax(1.0, fabs(expected));
    if (!(error < 1e-6)) {
        fail_msg("%s: gradient of %s, element %lld: expected %.12g (finite difference), found %.12g", what, where, (long long)at, expected,
                 found);
    }
    return error;
}

static double probe_input(probed *s, dn_random *r, const char *what)
{
    int i = (int)dn_random_below(r, (uint64_t)s->inputs);
    int64_t k = test_pick(r, 0, s->in_size[i] - 1);
    double x = s->in[i][k];
    double h = 1e-5;
    s->in[i][k] = x + h;
    double high = watched(s);
    s->in[i][k] = x - h;
    double low = watched(s);
    s->in[i][k] = x;
    return compare(s->in_gradient[i][k], (high - low) / (2.0 * h), what, "an input", k);
}

/* The output is linear in every weight, so that the step may be as large as floats want it. */
static double probe_weight(probed *s, dn_random *r, const char *what)
{
    size_t w = dn_random_below(r, dn_weights_count(s->weights));
    dn_weight *weight = dn_weights_at(s->weights, w);
    if (strstr(weight->name, "running") != NULL) {
        return 0.0;
    }
    int64_t k = test_pick(r, 0, dn_weight_count(weight) - 1);
    float x = weight->data[k];
    weight->data[k] = x + 0.25f;
    double high = watched(s);
    double step = (double)weight->data[k];
    weight->data[k] = x - 0.25f;
    double low = watched(s);
    step -= (double)weight->data[k];
    weight->data[k] = x;
    return compare(s->weight_gradient[w][k], (high - low) / step, what, weight->name, k);
}

static void backward(void **state)
{
    const case_of *c = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(31));
    double worst = 0.0;
    int done = 0;
    for (int round = 0; round < BACKWARD_ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        dn_shape shape = {test_pick(&r, 1, 2), flat ? 1 : test_pick(&r, 2, 4), test_pick(&r, 3, 6), test_pick(&r, 3, 6),
                          test_pick(&r, 1, 6)};
        char what[768];
        if (build_alone(&r, c, shape, flat, what, round)) {
            probed s = {.graph = graph, .weights = test_weights(graph, &r), .training = dn_random_below(&r, 3) > 0};
            start(&s, &r);
            run_probed(&s, true);
            for (int probe = 0; probe < PROBES; ++probe) {
                worst = fmax(worst, probe_input(&s, &r, what));
                if (dn_weights_count(s.weights) > 0) {
                    worst = fmax(worst, probe_weight(&s, &r, what));
                }
            }
            finish(&s, what);
            dn_weights_destroy(s.weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error %.2g\n", done, worst);
    assert_true(done > BACKWARD_ROUNDS / 3);
}

/* ---- training ------------------------------------------------------------------------------------------------------ */

/* x -> 1x1x1 convolution -> operation (-> another): the gradient that the operation hands back shows in the convolution's weights. *after:
 * whether there is another. */
static bool build_between(dn_random *r, const case_of *c, dn_shape shape, bool flat, bool *after)
{
    text[0] = '\0';
    assert_ok(dn_graph_create(&graph));
    int x = dn_graph_input(graph, "x", (dn_shape){shape.n, shape.d, shape.h, shape.w, 3});
    x = dn_graph_conv(graph, x, "before", &(dn_conv){.out = shape.c, .bias = true});
    int y = c->build(r, x, &shape, flat);
    *after = c->kind == DN_OP_ACTIVATION || dn_random_below(r, 2) == 0; /* a sigmoid cannot be the last */
    if (*after && y >= 0) {
        y = dn_graph_conv(graph, y, "after", &(dn_conv){.out = 4, .bias = true});
    }
    dn_graph_output(graph, y, "y");
    return dn_graph_finish(graph) == DN_OK;
}

static void training(void **state)
{
    const case_of *c = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(41));
    double worst[2] = {0.0, 0.0};
    int done = 0;
    for (int round = 0; round < TRAINING_ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        bool after;
        dn_shape shape = {test_pick(&r, 1, 2), flat ? 1 : test_pick(&r, 2, 7), test_pick(&r, 3, 9), test_pick(&r, 3, 9),
                          test_pick(&r, 1, 24)};
        if (build_between(&r, c, shape, flat, &after)) {
            char what[768];
            char shown[64];
            snprintf(what, sizeof what, "round %d, input %s, %s", round, dn_shape_text(&shape, shown), text);
            train_subject s = {.g = graph, .weights = test_weights(graph, &r)};
            train_start(&s, &r);
            train_run_reference(&s, 77, c->kind == DN_OP_SOFTMAX && !after);
            for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
                double error = train_check(&s, p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16, 77, p == 0 ? 1e-4 : 0.15, what);
                worst[p] = fmax(worst[p], error);
            }
            train_finish(&s);
            dn_weights_destroy(s.weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error f32 %.2g, bf16 %.2g\n", done, worst[0], worst[1]);
    assert_true(done > TRAINING_ROUNDS / 3);
}

/* ---- speed --------------------------------------------------------------------------------------------------------- */

#define SPEED_RUNS 9

static int by_size(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *seconds)
{
    qsort(seconds, SPEED_RUNS, sizeof *seconds, by_size);
    return seconds[SPEED_RUNS / 2];
}

static double time_forward(dn_random *r, double *bytes)
{
    dn_weights *weights = test_weights(graph, r);
    dn_plan *plan;
    dn_plan_options options = {.precision = DN_PRECISION_F32};
    assert_ok(dn_plan_compile(graph, weights, &options, &plan));
    float *in[8];
    dn_shape s = dn_graph_output_shape(graph, 0);
    float *out[1] = {guarded_alloc(test_size(&s), sizeof(float))};
    *bytes = (double)test_size(&s) * sizeof(float);
    for (int i = 0; i < dn_graph_input_count(graph); ++i) {
        dn_shape is = dn_graph_input_shape(graph, i);
        in[i] = guarded_alloc(test_size(&is), sizeof(float));
        memset(in[i], 0, (size_t)test_size(&is) * sizeof(float));
        *bytes += (double)test_size(&is) * sizeof(float);
    }
    double seconds[SPEED_RUNS];
    for (int run = -1; run < SPEED_RUNS; ++run) {
        double begin = dn_clock_now();
        assert_ok(dn_plan_run(plan, (const float *const *)in, out));
        seconds[run < 0 ? 0 : run] = dn_clock_now() - begin;
    }
    dn_plan_destroy(plan);
    dn_weights_destroy(weights);
    guarded_free(out[0], "speed");
    for (int i = 0; i < dn_graph_input_count(graph); ++i) {
        guarded_free(in[i], "speed");
    }
    return median(seconds);
}

static double time_training(dn_random *r)
{
    train_subject s = {.g = graph, .weights = test_weights(graph, r)};
    train_start(&s, r);
    dn_train_plan *plan;
    dn_train_options options = {.precision = DN_PRECISION_F32};
    dn_loss_result result;
    dn_targets targets = {.type = DN_TARGET_U8, .data = s.targets};
    assert_ok(dn_train_plan_compile(graph, s.weights, &s.spec, &options, &plan));
    double seconds[SPEED_RUNS];
    for (int run = -1; run < SPEED_RUNS; ++run) {
        double begin = dn_clock_now();
        assert_ok(dn_train_forward_backward(plan, (const float *const *)s.in, &targets, 1.0, &result, NULL));
        seconds[run < 0 ? 0 : run] = dn_clock_now() - begin;
    }
    dn_train_plan_destroy(plan);
    train_finish(&s);
    dn_weights_destroy(s.weights);
    return median(seconds);
}

static void speed(void **state)
{
    const case_of *c = *state;
    if (getenv("DIEN_OP_SPEED") == NULL) {
        skip();
    }
    dn_random r;
    dn_random_seed(&r, test_seed(51));
    dn_shape shape = {1, 48, 48, 48, 32};
    for (int round = 0, shown = 0; round < 20 && shown < 2; ++round) {
        char what[768];
        bool after;
        double bytes;
        bool fits = build_alone(&r, c, shape, false, what, round);
        double flops = fits ? dn_graph_flops(graph) : 0.0;
        double forward_seconds = fits ? time_forward(&r, &bytes) : 0.0;
        dn_graph_destroy(graph);
        if (!fits) {
            continue;
        }
        fits = build_between(&r, c, shape, false, &after);
        printf("%s: forward %.2f ms, %.1f GB/s, %.1f GFLOP/s", what, forward_seconds * 1e3, bytes / forward_seconds * 1e-9,
               flops / forward_seconds * 1e-9);
        if (fits) {
            printf("; a training step between convolutions (%s) %.2f ms", text, time_training(&r) * 1e3);
        }
        printf("\n");
        dn_graph_destroy(graph);
        ++shown;
    }
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static void test_every_operation_has_a_case(void **state)
{
    (void)state;
    for (int k = 0; k < DN_OP_COUNT; ++k) {
        const dn_op *op = dn_op_of((dn_op_kind)k);
        dn_op_kind found;
        assert_ptr_equal(dn_op_find(op->name, &found), op);
        assert_int_equal(found, k); /* names are unique */
        assert_non_null(op->shape);
        assert_non_null(op->reference);
        if (k != DN_OP_INPUT && random_ops[k] == NULL) {
            fail_msg("the operation \"%s\" has no case in tests/support/random_ops.h", op->name);
        }
        if (k != DN_OP_INPUT && (op->backward == NULL || (op->loop_backward == NULL && op->as_conv == NULL && k != DN_OP_NORM))) {
            fail_msg("the operation \"%s\" has no backward pass", op->name);
        }
        for (int f = 0; f < op->field_count; ++f) {
            assert_true(op->fields[f].offset < sizeof(dn_node));
            assert_true(op->fields[f].type != DN_FIELD_CHOICE || op->fields[f].choices != NULL);
        }
    }
}

static void test_sentinels_are_seen(void **state)
{
    (void)state;
    float *x = guarded_alloc(5, sizeof *x);
    assert_true(guarded_intact(x));
    assert_true(isnan(x[-1]) && isnan(x[5]));
    x[5] = 0.0f;
    assert_false(guarded_intact(x));
    memset(&x[5], GUARD_BYTE, sizeof *x);
    x[-1] = 0.0f;
    assert_false(guarded_intact(x));
    memset(&x[-1], GUARD_BYTE, sizeof *x);
    guarded_free(x, "a buffer");
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } kinds[] = {{"forward", forward}, {"backward", backward}, {"training", training}, {"speed", speed}};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    static struct CMUnitTest tests[KINDS * DN_OP_COUNT + 2] = {cmocka_unit_test(test_every_operation_has_a_case),
                                                               cmocka_unit_test(test_sentinels_are_seen)};
    static case_of cases[DN_OP_COUNT];
    static char names[KINDS * DN_OP_COUNT][64];
    size_t count = 2;
    for (int k = 0; k < DN_OP_COUNT; ++k) {
        cases[k] = (case_of){.kind = (dn_op_kind)k, .build = random_ops[k]};
        for (size_t i = 0; random_ops[k] != NULL && i < KINDS; ++i) {
            char *name = names[count - 2];
            snprintf(name, sizeof names[0], "%s: %s", dn_op_of((dn_op_kind)k)->name, kinds[i].name);
            tests[count++] = (struct CMUnitTest){.name = name, .test_func = kinds[i].run, .initial_state = &cases[k]};
        }
    }
    return _cmocka_run_group_tests("every operation", tests, count, NULL, NULL);
}
