/* Gradients of a convolution's weights through oneDNN. (Its forward pass and the gradient of its input are kernels:
 * engine.h; the gradient of a convolution's input is a transposed convolution and the other way round.) */
#ifndef DN_NET_ENGINE_TRAINING_H
#define DN_NET_ENGINE_TRAINING_H

#include "net/engine/engine.h"

typedef struct dn_weight_gradient dn_weight_gradient;

typedef struct dn_weight_gradient_request {
    dn_shape in, out;
    dn_conv conv; /* resolved, as in a dn_node */
    bool transposed;
    dn_type type; /* of input and gradient of the result */
    int threads;
} dn_weight_gradient_request;

/* *out: owned by the caller (dn_weight_gradient_destroy). engine: must outlive it. To be called, and to be run, with
 * request->threads as OpenMP's number of threads. */
DN_CHECKED dn_status dn_weight_gradient_create(dn_engine *engine, const dn_weight_gradient_request *request, dn_weight_gradient **out);
void dn_weight_gradient_destroy(dn_weight_gradient *gradient);
/* in: what the convolution read; out: gradient of its result; weight: set, as dn_weights lays it out; scratch:
 * dn_weight_gradient_scratch_bytes, 64-byte aligned. */
DN_CHECKED dn_status dn_weight_gradient_run(dn_weight_gradient *gradient, const void *in, const void *out, float *weight, void *scratch);
int64_t dn_weight_gradient_scratch_bytes(const dn_weight_gradient *gradient);
const char *dn_weight_gradient_name(const dn_weight_gradient *gradient);

#endif
