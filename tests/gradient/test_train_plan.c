/* The training plan (fused, in place, one arena, oneDNN) against the double-precision reference: every operation on random
 * shapes and whole random U-Nets, in f32 and (where the CPU has it) bf16. */
#include "loss_reference.h"
#include "random_ops.h"
#define graph unet_graph /* each header brings its own */
#include "random_unet.h"
#undef graph

#include "base/threads.h"
#include "net/ops/gradient.h"
#include "net/train/train_plan.h"

#define ROUNDS 12
#define UNETS 10
#define MAX_INPUTS 4

typedef struct subject {
    const dn_graph *g;
    dn_weights *weights;
    int inputs;
    float *in[MAX_INPUTS];
    double *in_ref[MAX_INPUTS];
    uint8_t *targets;
    int *classes_of;
    int64_t voxels, classes;
    double **reference; /* one a weight */
    double loss;
    float weight[64];
    dn_loss spec;
} subject;

static void *room(int64_t n, size_t size)
{
    void *p = calloc((size_t)(n > 0 ? n : 1), size);
    assert_non_null(p);
    return p;
}

static void random_loss(subject *s, dn_random *r)
{
    s->spec = (dn_loss){.ignore = dn_random_below(r, 3) == 0 ? 255 : -1};
    s->spec.term_count = (int)test_pick(r, 1, 2);
    bool focal = false;
    for (int i = 0; i < s->spec.term_count; ++i) {
        dn_loss_kind kind = (dn_loss_kind)dn_random_below(r, 4);
        kind = kind == DN_LOSS_FOCAL && focal ? DN_LOSS_DICE : kind;
        focal = focal || kind == DN_LOSS_FOCAL;
        s->spec.terms[i] = (dn_loss_term){.kind = kind,
                                          .weight = dn_random_uniform(r, 0.5, 2.0),
                                          .gamma = dn_random_uniform(r, 0.5, 3.0),
                                          .smooth = dn_random_uniform(r, 0.1, 1.0),
                                          .skip_background = s->classes > 1 && dn_random_below(r, 3) == 0};
    }
    if (dn_random_below(r, 2) == 0 && s->classes <= 64) {
        for (int64_t c = 0; c < s->classes; ++c) {
            s->weight[c] = (float)dn_random_uniform(r, 0.2, 2.0);
        }
        s->spec.class_weights = s->weight;
    }
}

/* Scaled by 1 / 8: far out, a softmax has no gradient. */
static void start(subject *s, dn_random *r)
{
    s->inputs = dn_graph_input_count(s->g);
    assert_true(s->inputs <= MAX_INPUTS);
    for (int i = 0; i < s->inputs; ++i) {
        dn_shape shape = dn_graph_input_shape(s->g, i);
        s->in[i] = room(test_size(&shape), sizeof(float));
        s->in_ref[i] = room(test_size(&shape), sizeof(double));
        for (int64_t k = 0; k < test_size(&shape); ++k) {
            s->in[i][k] = (float)dn_random_normal(r, 0.1, 1.0);
            s->in_ref[i][k] = (double)s->in[i][k];
        }
    }
    dn_shape out = dn_graph_output_shape(s->g, 0);
    s->classes = out.c;
    s->voxels = test_size(&out) / out.c;
    random_loss(s, r);
    s->targets = room(s->voxels, 1);
    s->classes_of = room(s->voxels, sizeof(int));
    for (int64_t v = 0; v < s->voxels; ++v) {
        bool ignored = s->spec.ignore >= 0 && dn_random_below(r, 5) == 0;
        s->targets[v] = (uint8_t)(ignored ? 255 : dn_random_below(r, (uint64_t)(s->classes < 200 ? s->classes : 200)));
        s->classes_of[v] = s->targets[v];
    }
    s->reference = room((int64_t)dn_weights_count(s->weights), sizeof *s->reference);
    for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
        s->reference[w] = room(dn_weight_count(dn_weights_at(s->weights, w)), sizeof(double));
    }
}

static void finish(subject *s)
{
    for (int i = 0; i < s->inputs; ++i) {
        free(s->in[i]);
        free(s->in_ref[i]);
    }
    for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
        free(s->reference[w]);
    }
    free(s->reference);
    free(s->targets);
    free(s->classes_of);
}

/* A softmax at the end is undone: the reference goes back from posteriors. */
static void run_reference(subject *s, uint64_t seed, bool softmax)
{
    double *out = room(s->voxels * s->classes, sizeof(double));
    double *direction = room(s->voxels * s->classes, sizeof(double));
    double *outs[1] = {out};
    const double *directions[1] = {direction};
    dn_gradient_run run = {.training = true, .seed = seed, .inputs = (const double *const *)s->in_ref, .outputs = outs};
    assert_ok(dn_gradient_reference(s->g, s->weights, &run));
    if (softmax) {
        s->loss = loss_of_posteriors(&s->spec, out, s->voxels, s->classes, s->classes_of, direction);
    } else {
        s->loss = loss_of_logits(&s->spec, out, s->voxels, s->classes, s->classes_of, direction);
    }
    run.output_gradients = directions;
    run.weight_gradients = s->reference;
    assert_ok(dn_gradient_reference(s->g, s->weights, &run));
    free(out);
    free(direction);
}

/* The largest distance of an array from the reference, relative to the reference's length (of an array that is nearly
 * nothing: to that of all). */
static double compare(const subject *s, dn_train_plan *plan, double times, double tolerance, const char *what)
{
    dn_weights *gradients = dn_train_gradients(plan);
    double worst = 0.0;
    double longest = 0.0;
    for (int pass = 0; pass < 2; ++pass) {
        for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
            const dn_weight *weight = dn_weights_at(s->weights, w);
            const dn_weight *found = dn_weights_find(gradients, weight->name);
            if (found == NULL) {
                assert_non_null(strstr(weight->name, "running"));
                continue;
            }
            double length = 0.0;
            double distance = 0.0;
            for (int64_t k = 0; k < dn_weight_count(weight); ++k) {
                double expected = times * s->reference[w][k];
                length += expected * expected;
                distance += ((double)found->data[k] - expected) * ((double)found->data[k] - expected);
            }
            if (pass == 0) {
                longest = fmax(longest, sqrt(length));
                continue;
            }
            double error = sqrt(distance) / fmax(sqrt(length), fmax(3e-2 * longest, 1e-6));
            if (!(error <= tolerance)) {
                char *description;
                assert_ok(dn_train_describe(plan, &description));
                fprintf(stderr, "%s\n", description);
                fail_msg("%s: gradient of %s is off by %.3g (tolerance %g): its length is %.6g, element 0 expected %.9g, found %.9g", what,
                         weight->name, error, tolerance, sqrt(length), times * s->reference[w][0], (double)found->data[0]);
            }
            worst = fmax(worst, error);
        }
    }
    return worst;
}

static double check(subject *s, dn_precision precision, uint64_t seed, double tolerance, const char *what)
{
    dn_train_options options = {.precision = precision, .seed = seed};
    dn_train_plan *plan;
    dn_loss_result result;
    dn_targets targets = {.type = DN_TARGET_U8, .data = s->targets};
    assert_ok(dn_train_plan_compile(s->g, s->weights, &s->spec, &options, &plan));
    double worst = 0.0;
    for (int run = 1; run <= 2; ++run) { /* the second run adds to the first */
        dn_train_set_step(plan, 0);
        assert_ok(dn_train_forward_backward(plan, (const float *const *)s->in, &targets, 0.5, &result, NULL));
        double error = fabs(result.loss - s->loss) / fmax(1.0, fabs(s->loss));
        if (!(error < tolerance)) {
            fail_msg("%s: loss: expected %.9g, found %.9g", what, s->loss, result.loss);
        }
        worst = fmax(worst, compare(s, plan, 0.5 * run, tolerance, what));
    }
    dn_train_plan_destroy(plan);
    return worst;
}

/* x -> 1x1x1 convolution -> operation: the gradient that the operation hands back shows in the convolution's weights. */
static void sweep(void **state)
{
    build_fn *const *build = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(41));
    double worst[2] = {0.0, 0.0};
    int done = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        dn_shape shape = {test_pick(&r, 1, 2), flat ? 1 : test_pick(&r, 2, 7), test_pick(&r, 3, 9), test_pick(&r, 3, 9),
                          test_pick(&r, 1, 24)};
        text[0] = '\0';
        assert_ok(dn_graph_create(&graph));
        int x = dn_graph_input(graph, "x", (dn_shape){shape.n, shape.d, shape.h, shape.w, 3});
        x = dn_graph_conv(graph, x, "before", &(dn_conv){.out = shape.c, .bias = true});
        int y = (*build)(&r, x, &shape, flat);
        bool after = *build == build_activation || dn_random_below(&r, 2) == 0; /* a sigmoid cannot be the last */
        if (after && y >= 0) {
            y = dn_graph_conv(graph, y, "after", &(dn_conv){.out = 4, .bias = true});
        }
        dn_graph_output(graph, y, "y");
        if (dn_graph_finish(graph) == DN_OK) {
            char what[768];
            char shown[64];
            snprintf(what, sizeof what, "round %d, input %s, %s", round, dn_shape_text(&shape, shown), text);
            subject s = {.g = graph, .weights = test_weights(graph, &r)};
            start(&s, &r);
            run_reference(&s, 77, *build == build_softmax && !after);
            for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
                double error = check(&s, p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16, 77, p == 0 ? 1e-4 : 0.15, what);
                worst[p] = fmax(worst[p], error);
            }
            finish(&s);
            dn_weights_destroy(s.weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error f32 %.2g, bf16 %.2g\n", done, worst[0], worst[1]);
    assert_true(done > ROUNDS / 3);
}

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
    subject s = {.g = graph, .weights = test_weights(graph, &r)};
    start(&s, &r);
    run_reference(&s, 77, false);
    for (int p = 0; p < (dn_plan_bf16_supported() ? 2 : 1); ++p) {
        check(&s, p == 0 ? DN_PRECISION_F32 : DN_PRECISION_BF16, 77, p == 0 ? 1e-4 : 0.15, "rows of 512");
    }
    finish(&s);
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
        assert_ok(dn_graph_create(&unet_graph));
        random_unet(&r, what, true);
        assert_ok(dn_graph_finish(unet_graph));
        snprintf(all, sizeof all, "round %d, %s", round, what);
        subject s = {.g = unet_graph, .weights = test_weights(unet_graph, &r)};
        start(&s, &r);
        run_reference(&s, 5, dn_graph_find(unet_graph, "softmax") >= 0);
        worst = fmax(worst, check(&s, DN_PRECISION_F32, 5, 3e-3, all));
        finish(&s);
        dn_weights_destroy(s.weights);
        dn_graph_destroy(unet_graph);
    }
    printf("%d networks, worst error %.2g\n", UNETS, worst);
}

int main(void)
{
    struct CMUnitTest tests[RANDOM_OPS + 2];
    build_fn *builders[RANDOM_OPS];
    for (size_t i = 0; i < RANDOM_OPS; ++i) {
        builders[i] = random_ops[i].build;
        tests[i] = (struct CMUnitTest){.name = random_ops[i].name, .test_func = sweep, .initial_state = &builders[i]};
    }
    tests[RANDOM_OPS] = (struct CMUnitTest){.name = "unets", .test_func = test_unets};
    tests[RANDOM_OPS + 1] = (struct CMUnitTest){.name = "long rows", .test_func = test_long_rows};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
