/* Steps down the gradient: Adam, AdamW and SGD, with clipping. Parameters and gradients are named arrays; arrays without a
 * gradient (running statistics) are left alone. The state is named arrays too, so that a run that was saved and loaded
 * goes on bit for bit.
 *
 *   Adam    m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2; Keras puts epsilon beside sqrt(v) before the correction of bias,
 *           w -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon); PyTorch after it (torch_epsilon)
 *   AdamW   Adam, and w -= rate decay w first (Loshchilov and Hutter 2019)
 *   SGD     u = momentum u + g, w -= rate u, or with nesterov w -= rate (g + momentum u)
 * Of Adam and SGD, weight_decay is added to the gradient (decay w). */
#ifndef DN_NET_TRAIN_OPTIMIZER_H
#define DN_NET_TRAIN_OPTIMIZER_H

#include "net/weights.h"

#include <stdbool.h>

typedef enum { DN_OPTIMIZER_ADAM, DN_OPTIMIZER_ADAMW, DN_OPTIMIZER_SGD } dn_optimizer_kind;

typedef struct dn_optimizer_options {
    dn_optimizer_kind kind;
    double beta1, beta2, epsilon;
    bool torch_epsilon;
    double weight_decay;
    bool decay_vectors; /* biases and norms decay too */
    double momentum;
    bool nesterov;
    double clip_norm;  /* all gradients together are scaled down to this Euclidean norm; 0: never */
    double clip_value; /* each gradient is clamped to this; 0: never */
} dn_optimizer_options;

/* Keras's defaults: betas 0.9 and 0.999, epsilon 1e-7; AdamW decay 0.004; SGD momentum 0. */
dn_optimizer_options dn_optimizer_defaults(dn_optimizer_kind kind);

typedef struct dn_optimizer dn_optimizer;

/* gradients: names and shapes of what will be stepped (dn_train_gradients); borrowed during the call. *out: owned by the
 * caller (dn_optimizer_destroy). */
DN_CHECKED dn_status dn_optimizer_create(const dn_weights *gradients, const dn_optimizer_options *options, dn_optimizer **out);
void dn_optimizer_destroy(dn_optimizer *optimizer);
/* One step of weights in place. gradients: changed by clipping and decay only in effect, not in memory. *norm (NULL: not
 * wanted): the norm of all gradients before clipping. DN_EDATA when a gradient is not finite: nothing is changed. */
DN_CHECKED dn_status dn_optimizer_step(dn_optimizer *optimizer, dn_weights *weights, const dn_weights *gradients, double rate,
                                       double *norm);
/* "optimizer.step" [2] and "optimizer.first.NAME", "optimizer.second.NAME"; borrowed, to be saved. */
const dn_weights *dn_optimizer_state(const dn_optimizer *optimizer);
/* From arrays saved so; others in `saved` are passed over. DN_EFORMAT: one is missing or has another shape. */
DN_CHECKED dn_status dn_optimizer_restore(dn_optimizer *optimizer, const dn_weights *saved);

#endif
