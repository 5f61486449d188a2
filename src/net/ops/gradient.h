/* Gradients computed plainly in double precision, one operation after the other: what the training plan is tested against,
 * itself tested by finite differences. */
#ifndef DN_NET_OPS_GRADIENT_H
#define DN_NET_OPS_GRADIENT_H

#include "net/graph.h"
#include "net/weights.h"

typedef struct dn_gradient_run {
    bool training; /* batch norm by the batch, dropout drops */
    uint64_t seed, step;
    const double *const *inputs;
    /* Gradient of what is minimised by each output, in the order of dn_graph_output calls; NULL: forward only. */
    const double *const *output_gradients;
    double *const *outputs;          /* filled; NULL: not wanted */
    double *const *input_gradients;  /* filled; NULL: not wanted */
    double *const *weight_gradients; /* filled: one for each of weights, by its index there, NULL where not wanted; or NULL */
} dn_gradient_run;

/* graph: finished; all borrowed. Errors as dn_plan_compile's. */
DN_CHECKED dn_status dn_gradient_reference(const dn_graph *graph, const dn_weights *weights, const dn_gradient_run *run);

#endif
