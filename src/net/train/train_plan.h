/* A graph compiled for training: forward, loss, backward; activations and gradients placed in one arena by lifetime.
 *
 *     dn_train_plan_compile(graph, weights, &loss, &options, &plan);
 *     dn_optimizer_create(dn_train_gradients(plan), &kind, &optimizer);
 *     for each step:
 *         dn_train_zero_gradients(plan);
 *         for each batch to accumulate: dn_train_forward_backward(plan, inputs, &targets, 1.0 / batches, &result, counts);
 *         dn_optimizer_step(optimizer, weights, dn_train_gradients(plan), rate, &norm);
 *
 * With peers (net/peers.h) each process runs its part of the batch. dn_train_send_gradients comes before a step's last batch, and
 * dn_train_finish_gradients before the optimizer; the step is then that of one process with the whole batch, but for rounding.
 *
 * The weights are the master copy, plain f32, as a model file holds them; the plan reads them anew in each call, so the
 * optimizer (or a restored checkpoint) may change them in between. */
#ifndef DN_NET_TRAIN_TRAIN_PLAN_H
#define DN_NET_TRAIN_TRAIN_PLAN_H

#include "net/graph.h"
#include "net/peers.h"
#include "net/plan/plan.h"
#include "net/train/loss.h"
#include "net/weights.h"

typedef struct dn_train_options {
    dn_precision precision; /* BF16: activations and their gradients in bf16; weights, sums and statistics in f32 */
    int threads;            /* 0: dn_threads_get() */
    uint64_t seed;          /* of dropout; the mask is a function of seed, dn_train_set_step, layer and element */
    /* Batch norm: running = momentum * running + (1 - momentum) * batch; 0 stands for Keras's 0.99 (PyTorch's 0.1 is 0.9
     * here). torch_variance: the running variance takes n / (n - 1) of the batch's, as PyTorch; else the batch's own. */
    double norm_momentum;
    bool torch_variance;
    bool freeze_norms;     /* batch norms use and keep their running statistics */
    const dn_peers *peers; /* borrowed while the plan lives; NULL: alone */
    bool guard;            /* red zones around all that lies in memory (net/arena.h): slower, for tests */
} dn_train_options;

typedef struct dn_train_plan dn_train_plan;

/* graph: finished, one output, which is a softmax or its logits; borrowed during the call. weights: borrowed until the plan
 * is destroyed; trained in place by the optimizer, running statistics by the plan. loss: copied.
 * DN_ESHAPE / DN_EFORMAT: a weight is missing or has another shape, or the output is neither. */
DN_CHECKED dn_status dn_train_plan_compile(const dn_graph *graph, dn_weights *weights, const dn_loss *loss, const dn_train_options *options,
                                           dn_train_plan **out);
void dn_train_plan_destroy(dn_train_plan *plan);

/* One batch in training mode: adds the gradient of scale * loss to the gradients, updates running statistics.
 * inputs: float32, channels last, of the graph's shapes. counts (NULL: not wanted): one per class, set. */
DN_CHECKED dn_status dn_train_forward_backward(dn_train_plan *plan, const float *const *inputs, const dn_targets *targets, double scale,
                                               dn_loss_result *result, dn_loss_counts *counts);
/* One batch in inference mode: running statistics, no dropout, nothing changed. */
DN_CHECKED dn_status dn_train_evaluate(dn_train_plan *plan, const float *const *inputs, const dn_targets *targets, dn_loss_result *result,
                                       dn_loss_counts *counts);

/* The next dn_train_forward_backward sends each gradient to the peers as soon as it is complete; without peers nothing. */
void dn_train_send_gradients(dn_train_plan *plan);
/* Waits until the gradients are those of all processes together. */
DN_CHECKED dn_status dn_train_finish_gradients(dn_train_plan *plan);

/* One array for each trainable weight, with its name and shape; owned by the plan. */
dn_weights *dn_train_gradients(dn_train_plan *plan);
void dn_train_zero_gradients(dn_train_plan *plan);
/* Number of the step that the next forward passes belong to: dropout draws by it. Raised by one by each
 * dn_train_forward_backward; to be set after a checkpoint is restored. */
void dn_train_set_step(dn_train_plan *plan, uint64_t step);
/* Bytes the plan holds: arena, packed weights, scratch, gradients. */
int64_t dn_train_peak_bytes(const dn_train_plan *plan);
/* One line per layer; owned by the caller (free). */
DN_CHECKED dn_status dn_train_describe(const dn_train_plan *plan, char **out);

#endif
