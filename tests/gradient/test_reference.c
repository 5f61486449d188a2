/* The backward pass of every operation, in double precision, against finite differences of its forward pass. */
#include "random_ops.h"

#include "net/ops/gradient.h"

#define ROUNDS 30
#define PROBES 6
#define MAX_INPUTS 3
#define MAX_WEIGHTS 4

/* One graph with one output: its inputs, the direction in which the output is watched, and all gradients. */
typedef struct subject {
    const dn_graph *graph;
    dn_weights *weights;
    bool training;
    int inputs;
    double *in[MAX_INPUTS], *in_gradient[MAX_INPUTS];
    double *weight_gradient[MAX_WEIGHTS];
    double *out, *direction;
    int64_t in_size[MAX_INPUTS], out_size;
} subject;

static double *room(int64_t n)
{
    double *p = calloc((size_t)n, sizeof *p);
    assert_non_null(p);
    return p;
}

static void run_subject(subject *s, bool backward)
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

static double watched(subject *s)
{
    run_subject(s, false);
    double sum = 0.0;
    for (int64_t i = 0; i < s->out_size; ++i) {
        sum += s->out[i] * s->direction[i];
    }
    return sum;
}

static void start(subject *s, dn_random *r)
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

static void finish(subject *s)
{
    for (int i = 0; i < s->inputs; ++i) {
        free(s->in[i]);
        free(s->in_gradient[i]);
    }
    for (size_t w = 0; w < MAX_WEIGHTS; ++w) {
        free(s->weight_gradient[w]);
    }
    free(s->out);
    free(s->direction);
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

static double probe_input(subject *s, dn_random *r, const char *what)
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
static double probe_weight(subject *s, dn_random *r, const char *what)
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

static void sweep(void **state)
{
    build_fn *const *build = *state;
    dn_random r;
    dn_random_seed(&r, test_seed(31));
    double worst = 0.0;
    int done = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        bool flat = dn_random_below(&r, 2) == 0;
        dn_shape shape = {test_pick(&r, 1, 2), flat ? 1 : test_pick(&r, 2, 4), test_pick(&r, 3, 6), test_pick(&r, 3, 6),
                          test_pick(&r, 1, 6)};
        text[0] = '\0';
        assert_ok(dn_graph_create(&graph));
        int x = dn_graph_input(graph, "x", shape);
        int y = (*build)(&r, x, &shape, flat);
        dn_graph_output(graph, y, "y");
        if (dn_graph_finish(graph) == DN_OK) {
            char what[768];
            char shown[64];
            snprintf(what, sizeof what, "round %d, input %s, %s", round, dn_shape_text(&shape, shown), text);
            subject s = {.graph = graph, .weights = test_weights(graph, &r), .training = dn_random_below(&r, 3) > 0};
            start(&s, &r);
            run_subject(&s, true);
            for (int probe = 0; probe < PROBES; ++probe) {
                worst = fmax(worst, probe_input(&s, &r, what));
                if (dn_weights_count(s.weights) > 0) {
                    worst = fmax(worst, probe_weight(&s, &r, what));
                }
            }
            finish(&s);
            dn_weights_destroy(s.weights);
            ++done;
        }
        dn_graph_destroy(graph);
    }
    printf("%d shapes, worst error %.2g\n", done, worst);
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
