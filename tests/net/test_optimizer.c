/* Optimizers against their formulas in double precision, schedules against closed forms; a saved and restored run goes on
 * bit for bit; a run is repeatable; accumulating two half batches is one step of both. */
#include "test_net.h"

#include "net/train/optimizer.h"
#include "net/train/schedule.h"
#include "net/train/train_plan.h"

#define SIZE 5
#define STEPS 30

static dn_weights *array(const char *name, size_t rank, const int64_t *dim)
{
    dn_weights *w;
    assert_ok(dn_weights_create(&w));
    assert_ok(dn_weights_add(w, name, rank, dim, NULL, NULL));
    return w;
}

/* One scalar at a time, as the papers and Keras's source have it. */
static void expected_step(const dn_optimizer_options *o, double rate, int t, double g, bool vector, double s[3])
{
    bool decays = !vector || o->decay_vectors;
    if (o->kind == DN_OPTIMIZER_ADAMW && decays) {
        s[0] -= rate * o->weight_decay * s[0];
    } else if (decays) {
        g += o->weight_decay * s[0];
    }
    if (o->kind == DN_OPTIMIZER_SGD) {
        s[1] = o->momentum * s[1] + g;
        s[0] -= rate * (o->nesterov ? g + o->momentum * s[1] : s[1]);
        return;
    }
    s[1] = o->beta1 * s[1] + (1.0 - o->beta1) * g;
    s[2] = o->beta2 * s[2] + (1.0 - o->beta2) * g * g;
    double m = s[1] / (1.0 - pow(o->beta1, t));
    double v = s[2] / (1.0 - pow(o->beta2, t));
    if (o->torch_epsilon) {
        s[0] -= rate * m / (sqrt(v) + o->epsilon);
    } else {
        s[0] -= rate * sqrt(1.0 - pow(o->beta2, t)) / (1.0 - pow(o->beta1, t)) * s[1] / (sqrt(s[2]) + o->epsilon);
    }
}

static void follow(const dn_optimizer_options *o, size_t rank)
{
    const int64_t dim[2] = {SIZE, 1};
    dn_random r;
    dn_random_seed(&r, 9);
    dn_weights *weights = array("w", rank, dim);
    dn_weights *gradients = array("w", rank, dim);
    dn_optimizer *optimizer;
    double expected[SIZE][3] = {{0}};
    dn_weight *w = dn_weights_at(weights, 0);
    dn_weight *g = dn_weights_at(gradients, 0);
    for (int i = 0; i < SIZE; ++i) {
        w->data[i] = (float)dn_random_normal(&r, 0.0, 1.0);
        expected[i][0] = (double)w->data[i];
    }
    assert_ok(dn_optimizer_create(gradients, o, &optimizer));
    for (int t = 1; t <= STEPS; ++t) {
        double square = 0.0;
        double norm;
        for (int i = 0; i < SIZE; ++i) {
            g->data[i] = (float)(dn_random_normal(&r, 0.3, 1.0) * pow(10.0, -i)); /* down to where epsilon tells */
            square += (double)g->data[i] * (double)g->data[i];
        }
        double clip = o->clip_norm > 0.0 && sqrt(square) > o->clip_norm ? o->clip_norm / (sqrt(square) + 1e-6) : 1.0;
        for (int i = 0; i < SIZE; ++i) {
            expected_step(o, 0.01 * t, t, clip * (double)g->data[i], rank == 1, expected[i]);
        }
        assert_ok(dn_optimizer_step(optimizer, weights, gradients, 0.01 * t, &norm));
        assert_close(norm, sqrt(square), 1e-12);
    }
    for (int i = 0; i < SIZE; ++i) {
        assert_close(w->data[i], expected[i][0], 2e-5);
    }
    dn_optimizer_destroy(optimizer);
    dn_weights_destroy(weights);
    dn_weights_destroy(gradients);
}

static void test_formulas(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; ++kind) {
        for (int variant = 0; variant < 4; ++variant) {
            dn_optimizer_options o = dn_optimizer_defaults((dn_optimizer_kind)kind);
            assert_close(o.epsilon, 1e-7, 0.0); /* Keras's */
            o.epsilon = variant == 1 ? 1e-3 : o.epsilon;
            o.torch_epsilon = variant >= 2;
            o.momentum = variant > 0 ? 0.9 : 0.0;
            o.nesterov = variant == 2;
            o.weight_decay = variant == 3 ? 0.1 : o.weight_decay;
            o.clip_norm = variant == 1 ? 0.5 : 0.0;
            follow(&o, 1);
            follow(&o, 2);
        }
    }
}

static void test_schedules(void **state)
{
    (void)state;
    const double pi = acos(-1.0);
    dn_schedule s = dn_schedule_defaults(DN_SCHEDULE_ONE_CYCLE, 0.02, 101);
    s.warmup = 31.0 / 101.0; /* the top is step 30 */
    assert_ok(dn_schedule_check(&s));
    assert_close(dn_schedule_rate(&s, NULL, 0), 0.02 / 25.0, 1e-12);
    assert_close(dn_schedule_rate(&s, NULL, 15), (0.02 + 0.02 / 25.0) / 2.0, 1e-12);
    assert_close(dn_schedule_rate(&s, NULL, 30), 0.02, 1e-12);
    assert_close(dn_schedule_rate(&s, NULL, 65), (0.02 + 0.02 / 25.0 / 1e4) / 2.0, 1e-12);
    assert_close(dn_schedule_rate(&s, NULL, 100), 0.02 / 25.0 / 1e4, 1e-12);
    assert_close(dn_schedule_rate(&s, NULL, 5000), 0.02 / 25.0 / 1e4, 1e-12);
    s = dn_schedule_defaults(DN_SCHEDULE_COSINE, 0.1, 11);
    for (int i = 0; i <= 10; ++i) {
        assert_close(dn_schedule_rate(&s, NULL, i), 0.05 * (1.0 + cos(pi * i / 10.0)), 1e-12);
    }
    s.warmup = 0.4; /* four steps: 1/5, 2/5, 3/5, 4/5 */
    assert_close(dn_schedule_rate(&s, NULL, 1), 0.04, 1e-12);
    assert_close(dn_schedule_rate(&s, NULL, 4), 0.1, 1e-12);
    s = dn_schedule_defaults(DN_SCHEDULE_PLATEAU, 1.0, 0);
    s.patience = 2;
    s.factor = 0.5;
    s.floor = 0.2;
    dn_schedule_memory memory = {0};
    /* falls; then three that do not: the third is more than patience */
    const double losses[] = {3.0, 2.0, 2.0, 2.1, 1.99999, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5};
    const double rates[] = {1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2};
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; ++i) {
        dn_schedule_report(&s, &memory, losses[i]);
        assert_close(dn_schedule_rate(&s, &memory, (int64_t)i), rates[i], 1e-12);
    }
    s = dn_schedule_defaults(DN_SCHEDULE_CONSTANT, 0.3, 0);
    assert_close(dn_schedule_rate(&s, NULL, 77), 0.3, 0.0);
    s.peak = -1.0;
    assert_int_equal(dn_schedule_check(&s), DN_EUSAGE);
}

static void test_refusals(void **state)
{
    (void)state;
    const int64_t dim = 2;
    dn_weights *weights = array("w", 1, &dim);
    dn_weights *gradients = array("w", 1, &dim);
    dn_weights *other = array("other", 1, &dim);
    dn_optimizer_options o = dn_optimizer_defaults(DN_OPTIMIZER_ADAM);
    dn_optimizer *optimizer;
    assert_ok(dn_optimizer_create(gradients, &o, &optimizer));
    dn_weights_at(gradients, 0)->data[1] = NAN;
    dn_weights_at(weights, 0)->data[0] = 5.0f;
    assert_int_equal(dn_optimizer_step(optimizer, weights, gradients, 0.1, NULL), DN_EDATA);
    assert_close(dn_weights_at(weights, 0)->data[0], 5.0, 0.0);
    assert_int_equal(dn_optimizer_restore(optimizer, other), DN_EFORMAT);
    dn_optimizer_destroy(optimizer);
    o.beta2 = 1.0;
    assert_int_equal(dn_optimizer_create(gradients, &o, &optimizer), DN_EUSAGE);
    dn_weights_destroy(weights);
    dn_weights_destroy(gradients);
    dn_weights_destroy(other);
}

/* A small network with everything that has a state: batch norm, dropout. */
typedef struct trainer {
    dn_graph *graph;
    dn_weights *weights;
    dn_train_plan *plan;
    dn_optimizer *optimizer;
} trainer;

static void open_trainer(trainer *t, int64_t batch, uint64_t seed, bool drops)
{
    dn_random r;
    dn_loss loss = {.terms = {{.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0}}, .term_count = 1, .ignore = -1};
    dn_train_options options = {.threads = 2, .seed = seed};
    dn_optimizer_options adam = dn_optimizer_defaults(DN_OPTIMIZER_ADAM);
    dn_conv conv = {.out = 16, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME, .bias = true};
    assert_ok(dn_graph_create(&t->graph));
    int x = dn_graph_input(t->graph, "scan", (dn_shape){batch, 4, 8, 8, 2});
    x = dn_graph_activation(t->graph, dn_graph_conv(t->graph, x, "a", &conv), "a.elu", DN_ACT_ELU, 1.0f);
    if (drops) {
        x = dn_graph_norm(t->graph, x, "norm", DN_NORM_BATCH, 1e-3f);
        x = dn_graph_dropout(t->graph, x, "drop", 0.3f);
    }
    x = dn_graph_activation(t->graph, dn_graph_conv(t->graph, x, "b", &conv), "b.relu", DN_ACT_RELU, 0.0f);
    dn_graph_output(t->graph, dn_graph_dense(t->graph, x, "head", 3, true), "logits");
    assert_ok(dn_graph_finish(t->graph));
    dn_random_seed(&r, 3);
    assert_ok(dn_graph_start_weights(t->graph, &r, &t->weights));
    assert_ok(dn_train_plan_compile(t->graph, t->weights, &loss, &options, &t->plan));
    assert_ok(dn_optimizer_create(dn_train_gradients(t->plan), &adam, &t->optimizer));
}

static void close_trainer(trainer *t)
{
    dn_optimizer_destroy(t->optimizer);
    dn_train_plan_destroy(t->plan);
    dn_weights_destroy(t->weights);
    dn_graph_destroy(t->graph);
}

/* One sample is 4 x 8 x 8 voxels of two channels. */
static void sample(uint64_t number, float *scan, uint8_t *classes)
{
    dn_random r;
    dn_random_seed_stream(&r, 12, number);
    for (int i = 0; i < 256; ++i) {
        classes[i] = (uint8_t)dn_random_below(&r, 3);
        scan[2 * i] = (float)dn_random_normal(&r, (double)classes[i], 1.0);
        scan[2 * i + 1] = (float)dn_random_normal(&r, 0.0, 1.0);
    }
}

static double train(trainer *t, int first, int last)
{
    float scan[512];
    uint8_t classes[256];
    dn_targets targets = {.type = DN_TARGET_U8, .data = classes};
    const float *inputs[1] = {scan};
    dn_loss_result result = {0};
    for (int step = first; step < last; ++step) {
        sample((uint64_t)step, scan, classes);
        dn_train_zero_gradients(t->plan);
        assert_ok(dn_train_forward_backward(t->plan, inputs, &targets, 1.0, &result, NULL));
        assert_ok(dn_optimizer_step(t->optimizer, t->weights, dn_train_gradients(t->plan), 0.01, NULL));
    }
    return result.loss;
}

static void copy_arrays(const dn_weights *from, dn_weights *to)
{
    for (size_t i = 0; i < dn_weights_count(from); ++i) {
        const dn_weight *a = dn_weights_at(from, i);
        memcpy(dn_weights_find(to, a->name)->data, a->data, (size_t)dn_weight_count(a) * sizeof(float));
    }
}

static void same_arrays(const dn_weights *a, const dn_weights *b)
{
    for (size_t i = 0; i < dn_weights_count(a); ++i) {
        const dn_weight *x = dn_weights_at(a, i);
        assert_memory_equal(x->data, dn_weights_find(b, x->name)->data, (size_t)dn_weight_count(x) * sizeof(float));
    }
}

static void test_resume(void **state)
{
    (void)state;
    trainer whole;
    trainer first;
    trainer second;
    open_trainer(&whole, 1, 8, true);
    open_trainer(&first, 1, 8, true);
    open_trainer(&second, 1, 8, true);
    double loss = train(&whole, 0, 6);
    train(&first, 0, 3);
    copy_arrays(first.weights, second.weights); /* what a checkpoint holds */
    assert_ok(dn_optimizer_restore(second.optimizer, dn_optimizer_state(first.optimizer)));
    dn_train_set_step(second.plan, 3); /* dropout draws by it, the optimizer has its own in its state */
    assert_true(train(&second, 3, 6) == loss);
    same_arrays(whole.weights, second.weights);
    same_arrays(dn_optimizer_state(whole.optimizer), dn_optimizer_state(second.optimizer));
    close_trainer(&first);
    close_trainer(&second);
    trainer other; /* another seed drops others */
    open_trainer(&other, 1, 9, true);
    assert_true(train(&other, 0, 6) != loss);
    close_trainer(&other);
    close_trainer(&whole);
}

static void test_accumulation(void **state)
{
    (void)state;
    trainer both;
    trainer halves;
    float scan[1024];
    uint8_t classes[512];
    const float *inputs[1] = {scan};
    dn_targets targets = {.type = DN_TARGET_U8, .data = classes};
    dn_loss_result result;
    open_trainer(&both, 2, 0, false); /* without batch norm, whose statistics are of the batch */
    open_trainer(&halves, 1, 0, false);
    sample(0, scan, classes);
    sample(1, scan + 512, classes + 256);
    assert_ok(dn_train_forward_backward(both.plan, inputs, &targets, 1.0, &result, NULL));
    double loss = result.loss;
    assert_ok(dn_train_forward_backward(halves.plan, inputs, &targets, 0.5, &result, NULL));
    double sum = 0.5 * result.loss;
    inputs[0] = scan + 512;
    targets.data = classes + 256;
    assert_ok(dn_train_forward_backward(halves.plan, inputs, &targets, 0.5, &result, NULL));
    assert_close(sum + 0.5 * result.loss, loss, 1e-6);
    dn_weights *a = dn_train_gradients(both.plan);
    dn_weights *b = dn_train_gradients(halves.plan);
    for (size_t i = 0; i < dn_weights_count(a); ++i) {
        const dn_weight *x = dn_weights_at(a, i);
        for (int64_t k = 0; k < dn_weight_count(x); ++k) {
            assert_close(dn_weights_at(b, i)->data[k], x->data[k], 1e-5);
        }
    }
    close_trainer(&both);
    close_trainer(&halves);
}

/* In inference mode nothing is changed, and what is computed is what an inference plan computes. */
static void test_evaluate(void **state)
{
    (void)state;
    trainer t;
    float scan[512];
    uint8_t classes[256];
    const float *inputs[1] = {scan};
    dn_targets targets = {.type = DN_TARGET_U8, .data = classes};
    dn_loss_result result;
    dn_loss_counts counts[3];
    open_trainer(&t, 1, 8, true);
    train(&t, 0, 3);
    dn_weights *before;
    dn_random r;
    dn_random_seed(&r, 1);
    assert_ok(dn_graph_start_weights(t.graph, &r, &before));
    copy_arrays(t.weights, before);
    sample(99, scan, classes);
    assert_ok(dn_train_evaluate(t.plan, inputs, &targets, &result, counts));
    same_arrays(t.weights, before);
    dn_plan_options options = {.threads = 2};
    dn_plan *plan;
    float logits[768];
    float *outputs[1] = {logits};
    assert_ok(dn_plan_compile(t.graph, t.weights, &options, &plan));
    assert_ok(dn_plan_run(plan, inputs, outputs));
    double expected = 0.0;
    int64_t right = 0;
    for (int v = 0; v < 256; ++v) {
        double sum = 0.0;
        int best = 0;
        for (int c = 0; c < 3; ++c) {
            sum += exp((double)logits[3 * v + c]);
            best = logits[3 * v + c] > logits[3 * v + best] ? c : best;
        }
        right += best == classes[v];
        expected += (log(sum) - (double)logits[3 * v + classes[v]]) / 256.0;
    }
    assert_close(result.loss, expected, 1e-5);
    assert_int_equal(counts[0].both + counts[1].both + counts[2].both, right);
    dn_plan_destroy(plan);
    dn_weights_destroy(before);
    close_trainer(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formulas),     cmocka_unit_test(test_schedules),
                                       cmocka_unit_test(test_refusals),     cmocka_unit_test(test_resume),
                                       cmocka_unit_test(test_accumulation), cmocka_unit_test(test_evaluate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
