/* Networks under test: random weights and inputs, and a plan against the double-precision reference. */
#ifndef DN_TEST_NET_H
#define DN_TEST_NET_H

#include "guarded.h"
#include "test.h"

#include "base/random.h"
#include "net/ops/reference.h"
#include "net/plan/plan.h"

#include <math.h>
#include <string.h>

/* DIEN_SEED in the environment repeats a failure. */
static inline uint64_t test_seed(uint64_t otherwise)
{
    const char *text = getenv("DIEN_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : otherwise;
    printf("seed %llu\n", (unsigned long long)seed);
    return seed;
}

static inline int64_t test_size(const dn_shape *s)
{
    return s->n * s->d * s->h * s->w * s->c;
}

static inline int64_t test_pick(dn_random *r, int64_t low, int64_t high)
{
    return low + (int64_t)dn_random_below(r, (uint64_t)(high - low + 1));
}

/* A start whose norms and biases are random too, so that nothing is tested on zeros and ones. */
static inline dn_weights *test_weights(const dn_graph *graph, dn_random *r)
{
    dn_weights *weights;
    assert_ok(dn_graph_start_weights(graph, r, &weights));
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        dn_weight *w = dn_weights_at(weights, i);
        if (w->rank == 1) {
            bool positive = strstr(w->name, "running_var") != NULL;
            for (int64_t k = 0; k < dn_weight_count(w); ++k) {
                w->data[k] = (float)(positive ? dn_random_uniform(r, 0.3, 2.0) : dn_random_normal(r, 0.2, 0.7));
            }
        }
    }
    return weights;
}

/* Runs the graph both ways on random inputs; the largest difference, relative to the largest value of the reference (at
 * least 1), must stay below tolerance, and nothing may write beyond a buffer, of ours or of the plan's. Returns the difference. */
static inline double test_compare(const dn_graph *graph, const dn_weights *weights, dn_random *r, const dn_plan_options *options,
                                  double tolerance, const char *what)
{
    int in_count = dn_graph_input_count(graph);
    int out_count = dn_graph_output_count(graph);
    float *in[8];
    double *in_ref[8];
    float *out[8];
    double *out_ref[8];
    assert_true(in_count <= 8 && out_count <= 8);
    for (int i = 0; i < in_count; ++i) {
        dn_shape s = dn_graph_input_shape(graph, i);
        in[i] = guarded_alloc(test_size(&s), sizeof(float));
        in_ref[i] = guarded_alloc(test_size(&s), sizeof(double));
        for (int64_t k = 0; k < test_size(&s); ++k) {
            in[i][k] = (float)dn_random_normal(r, 0.1, 1.0);
            in_ref[i][k] = (double)in[i][k];
        }
    }
    for (int i = 0; i < out_count; ++i) {
        dn_shape s = dn_graph_output_shape(graph, i);
        out[i] = guarded_alloc(test_size(&s), sizeof(float));
        out_ref[i] = guarded_alloc(test_size(&s), sizeof(double));
    }
    dn_plan *plan;
    dn_plan_options guarded = *options;
    guarded.guard = true;
    assert_ok(dn_plan_compile(graph, weights, &guarded, &plan));
    assert_ok(dn_reference_run(graph, weights, (const double *const *)in_ref, out_ref));
    double worst = 0.0;
    for (int run = 0; run < 2; ++run) { /* a plan may be run again */
        assert_ok(dn_plan_run(plan, (const float *const *)in, out));
        for (int i = 0; i < out_count; ++i) {
            dn_shape s = dn_graph_output_shape(graph, i);
            double scale = 1.0;
            for (int64_t k = 0; k < test_size(&s); ++k) {
                scale = fmax(scale, fabs(out_ref[i][k]));
            }
            for (int64_t k = 0; k < test_size(&s); ++k) {
                double error = fabs((double)out[i][k] - out_ref[i][k]) / scale;
                if (!(error <= tolerance)) {
                    char *description;
                    char text[64];
                    assert_ok(dn_plan_describe(plan, &description));
                    fprintf(stderr, "%s\n", description); /* cmocka cuts long messages */
                    fail_msg("%s: output %d (%s), element %lld, run %d: expected %.9g, found %.9g (tolerance %g of %g)", what, i,
                             dn_shape_text(&s, text), (long long)k, run, out_ref[i][k], (double)out[i][k], tolerance, scale);
                }
                worst = fmax(worst, error);
            }
        }
    }
    dn_plan_destroy(plan);
    for (int i = 0; i < in_count; ++i) {
        guarded_free(in[i], what);
        guarded_free(in_ref[i], what);
    }
    for (int i = 0; i < out_count; ++i) {
        guarded_free(out[i], what);
        guarded_free(out_ref[i], what);
    }
    return worst;
}

#endif
