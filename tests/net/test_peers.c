/* Three processes with a sample each take the step of one process with all three: loss, counts, gradients, running statistics. The
 * processes are threads here, and their sums a barrier; that MPI does the same is tests/train/test_parallel.sh's. */
#define _GNU_SOURCE /* pthread_barrier */
#include "test_net.h"

#include "net/train/train_plan.h"

#include <pthread.h>

#define PEERS 3
#define CLASSES 4
#define SIZE 8
#define VOXELS (SIZE * SIZE * SIZE)

/* Adds up in the order of the ranks, so that all have the same bits. */
typedef struct meeting {
    pthread_barrier_t barrier;
    void *arrays[PEERS];
} meeting;

typedef struct member {
    dn_peers peers;
    meeting *at;
    float *begun[64];
    int64_t sizes[64];
    int begun_count;
    dn_weights *weights;
    dn_train_plan *plan;
    const float *input;
    const uint8_t *targets;
    dn_loss_result result;
    dn_loss_counts counts[CLASSES];
    pthread_t thread;
} member;

static dn_status sum(void *user, double *values, int64_t count)
{
    member *m = user;
    double *total = calloc((size_t)count, sizeof *total);
    m->at->arrays[m->peers.rank] = values;
    pthread_barrier_wait(&m->at->barrier);
    for (int r = 0; r < PEERS; ++r) {
        for (int64_t i = 0; i < count; ++i) {
            total[i] += ((double *)m->at->arrays[r])[i];
        }
    }
    pthread_barrier_wait(&m->at->barrier);
    memcpy(values, total, (size_t)count * sizeof *total);
    free(total);
    return DN_OK;
}

static dn_status begin(void *user, float *values, int64_t count)
{
    member *m = user;
    m->begun[m->begun_count] = values;
    m->sizes[m->begun_count++] = count;
    return DN_OK;
}

static dn_status finish(void *user)
{
    member *m = user;
    for (int k = 0; k < m->begun_count; ++k) {
        double *wide = calloc((size_t)m->sizes[k], sizeof *wide);
        for (int64_t i = 0; i < m->sizes[k]; ++i) {
            wide[i] = (double)m->begun[k][i];
        }
        dn_status status = sum(m, wide, m->sizes[k]);
        for (int64_t i = 0; i < m->sizes[k]; ++i) {
            m->begun[k][i] = (float)wide[i];
        }
        free(wide);
        if (status != DN_OK) {
            return status;
        }
    }
    m->begun_count = 0;
    return DN_OK;
}

static int conv(dn_graph *g, int x, const char *name, int64_t out, int64_t kernel)
{
    dn_conv c = {.out = out, .kernel = {kernel, kernel, kernel}, .stride = {1, 1, 1}, .padding = DN_PAD_SAME, .bias = true};
    return dn_graph_conv(g, x, name, &c);
}

static dn_graph *network(int64_t samples)
{
    dn_graph *g;
    assert_ok(dn_graph_create(&g));
    int x = dn_graph_input(g, "scan", (dn_shape){samples, SIZE, SIZE, SIZE, 1});
    x = dn_graph_norm(g, conv(g, x, "one", 6, 3), "batch", DN_NORM_BATCH, 1e-3f);
    x = dn_graph_activation(g, x, "elu", DN_ACT_ELU, 1.0f);
    int drop = dn_graph_dropout(g, x, "elements", 0.3f);
    int rest = dn_graph_drop_sample(g, conv(g, drop, "two", 6, 3), "samples", 0.4f);
    x = dn_graph_add(g, x, rest, "sum");
    x = dn_graph_norm(g, conv(g, x, "three", 8, 3), "instance", DN_NORM_INSTANCE, 1e-5f);
    x = dn_graph_activation(g, x, "relu", DN_ACT_RELU, 0.0f);
    dn_graph_output(g, dn_graph_softmax(g, conv(g, x, "head", CLASSES, 1), "softmax"), "posteriors");
    assert_ok(dn_graph_finish(g));
    return g;
}

static const float class_weights[CLASSES] = {0.5f, 1.0f, 2.0f, 1.5f};
static const dn_loss loss = {.terms = {{.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0},
                                       {.kind = DN_LOSS_DICE, .weight = 0.7, .smooth = 0.5}},
                             .term_count = 2,
                             .class_weights = class_weights,
                             .ignore = 255};

/* Two batches, of which the second sends. */
static void step(member *m)
{
    const float *inputs[1] = {m->input};
    const dn_targets targets = {.type = DN_TARGET_U8, .data = m->targets};
    dn_train_zero_gradients(m->plan);
    assert_ok(dn_train_forward_backward(m->plan, inputs, &targets, 0.5, &m->result, m->counts));
    dn_train_send_gradients(m->plan);
    assert_ok(dn_train_forward_backward(m->plan, inputs, &targets, 0.5, &m->result, m->counts));
    assert_ok(dn_train_finish_gradients(m->plan));
}

static void *run(void *user)
{
    step(user);
    return NULL;
}

static void prepare(member *m, int64_t samples, const dn_peers *peers, const float *input, const uint8_t *targets)
{
    dn_random random;
    dn_graph *g = network(samples);
    const dn_train_options options = {.threads = 1, .seed = 11, .peers = peers, .guard = true};
    dn_random_seed(&random, 5);
    assert_ok(dn_graph_start_weights(g, &random, &m->weights));
    assert_ok(dn_train_plan_compile(g, m->weights, &loss, &options, &m->plan));
    dn_graph_destroy(g);
    m->input = input;
    m->targets = targets;
}

/* Distance to `expected` relative to its length; of arrays that are nothing (biases before a norm) against 1e-3. */
static void assert_near(const dn_weights *expected, const dn_weights *found, const char *what)
{
    for (size_t w = 0; w < dn_weights_count(expected); ++w) {
        const dn_weight *a = dn_weights_at((dn_weights *)expected, w);
        const dn_weight *b = dn_weights_find(found, a->name);
        double length = 0.0;
        double distance = 0.0;
        for (int64_t i = 0; i < dn_weight_count(a); ++i) {
            length += (double)a->data[i] * (double)a->data[i];
            distance += ((double)a->data[i] - (double)b->data[i]) * ((double)a->data[i] - (double)b->data[i]);
        }
        const double error = sqrt(distance) / fmax(sqrt(length), 1e-3);
        if (!(error < 2e-5)) {
            fail_msg("%s: %s: expected the same, found a difference of %g of its length %g; element 0: %g and %g", what, a->name, error,
                     sqrt(length), (double)a->data[0], (double)b->data[0]);
        }
    }
}

static void same_step(void **state)
{
    (void)state;
    static float input[PEERS * VOXELS];
    static uint8_t targets[PEERS * VOXELS];
    static member whole, members[PEERS];
    static meeting at;
    dn_random random;
    dn_random_seed(&random, 3);
    for (int64_t v = 0; v < PEERS * VOXELS; ++v) {
        /* Samples that differ in mean and in what they hold. */
        input[v] = (float)dn_random_normal(&random, 0.5 * (double)(v / VOXELS), 1.0);
        targets[v] = dn_random_below(&random, 9) == 0 ? 255 : (uint8_t)dn_random_below(&random, v < VOXELS ? 2 : CLASSES);
    }
    prepare(&whole, PEERS, NULL, input, targets);
    step(&whole);
    assert_int_equal(pthread_barrier_init(&at.barrier, NULL, PEERS), 0);
    for (int r = 0; r < PEERS; ++r) {
        members[r].peers = (dn_peers){.rank = r, .count = PEERS, .user = &members[r], .sum = sum, .begin = begin, .finish = finish};
        members[r].at = &at;
        prepare(&members[r], 1, &members[r].peers, input + r * VOXELS, targets + r * VOXELS);
    }
    for (int r = 0; r < PEERS; ++r) {
        assert_int_equal(pthread_create(&members[r].thread, NULL, run, &members[r]), 0);
    }
    for (int r = 0; r < PEERS; ++r) {
        pthread_join(members[r].thread, NULL);
    }
    for (int r = 0; r < PEERS; ++r) {
        assert_true(fabs(members[r].result.loss - whole.result.loss) < 1e-6);
        assert_int_equal(members[r].result.voxels, whole.result.voxels);
        assert_memory_equal(members[r].counts, whole.counts, sizeof whole.counts);
        assert_near(dn_train_gradients(whole.plan), dn_train_gradients(members[r].plan), "gradient");
        assert_near(whole.weights, members[r].weights, "weight or running statistic");
        dn_train_plan_destroy(members[r].plan);
        dn_weights_destroy(members[r].weights);
    }
    dn_train_plan_destroy(whole.plan);
    dn_weights_destroy(whole.weights);
    pthread_barrier_destroy(&at.barrier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
