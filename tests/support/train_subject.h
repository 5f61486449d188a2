/* A training plan (fused, in place, one arena, oneDNN) against the double-precision reference: one graph, its inputs, targets and loss. */
#ifndef DN_TEST_TRAIN_SUBJECT_H
#define DN_TEST_TRAIN_SUBJECT_H

#include "loss_reference.h"
#include "test_net.h"

#include "net/ops/gradient.h"
#include "net/train/train_plan.h"

#define TRAIN_INPUTS 4

typedef struct train_subject {
    const dn_graph *g;
    dn_weights *weights;
    int inputs;
    float *in[TRAIN_INPUTS];
    double *in_ref[TRAIN_INPUTS];
    uint8_t *targets;
    int *classes_of;
    int64_t voxels, classes;
    double **reference; /* one a weight */
    double loss;
    float weight[64];
    dn_loss spec;
} train_subject;

static inline void *train_room(int64_t n, size_t size)
{
    void *p = calloc((size_t)(n > 0 ? n : 1), size);
    assert_non_null(p);
    return p;
}

static inline void train_random_loss(train_subject *s, dn_random *r)
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
static inline void train_start(train_subject *s, dn_random *r)
{
    s->inputs = dn_graph_input_count(s->g);
    assert_true(s->inputs <= TRAIN_INPUTS);
    for (int i = 0; i < s->inputs; ++i) {
        dn_shape shape = dn_graph_input_shape(s->g, i);
        s->in[i] = guarded_alloc(test_size(&shape), sizeof(float));
        s->in_ref[i] = train_room(test_size(&shape), sizeof(double));
        for (int64_t k = 0; k < test_size(&shape); ++k) {
            s->in[i][k] = (float)dn_random_normal(r, 0.1, 1.0);
            s->in_ref[i][k] = (double)s->in[i][k];
        }
    }
    dn_shape out = dn_graph_output_shape(s->g, 0);
    s->classes = out.c;
    s->voxels = test_size(&out) / out.c;
    train_random_loss(s, r);
    s->targets = guarded_alloc(s->voxels, 1);
    s->classes_of = train_room(s->voxels, sizeof(int));
    for (int64_t v = 0; v < s->voxels; ++v) {
        bool ignored = s->spec.ignore >= 0 && dn_random_below(r, 5) == 0;
        s->targets[v] = (uint8_t)(ignored ? 255 : dn_random_below(r, (uint64_t)(s->classes < 200 ? s->classes : 200)));
        s->classes_of[v] = s->targets[v];
    }
    s->reference = train_room((int64_t)dn_weights_count(s->weights), sizeof *s->reference);
    for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
        s->reference[w] = train_room(dn_weight_count(dn_weights_at(s->weights, w)), sizeof(double));
    }
}

static inline void train_finish(train_subject *s)
{
    for (int i = 0; i < s->inputs; ++i) {
        guarded_free(s->in[i], "an input of a training plan");
        free(s->in_ref[i]);
    }
    for (size_t w = 0; w < dn_weights_count(s->weights); ++w) {
        free(s->reference[w]);
    }
    free(s->reference);
    guarded_free(s->targets, "targets");
    free(s->classes_of);
}

/* A softmax at the end is undone: the reference goes back from posteriors. */
static inline void train_run_reference(train_subject *s, uint64_t seed, bool softmax)
{
    double *out = train_room(s->voxels * s->classes, sizeof(double));
    double *direction = train_room(s->voxels * s->classes, sizeof(double));
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
static inline double train_compare(const train_subject *s, dn_train_plan *plan, double times, double tolerance, const char *what)
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

static inline double train_check(train_subject *s, dn_precision precision, uint64_t seed, double tolerance, const char *what)
{
    dn_train_options options = {.precision = precision, .seed = seed, .guard = true};
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
        worst = fmax(worst, train_compare(s, plan, 0.5 * run, tolerance, what));
    }
    dn_train_plan_destroy(plan);
    return worst;
}

#endif
