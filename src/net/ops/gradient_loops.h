/* Backward passes that are bound by memory, as loops of our own: everything but convolutions and norms. Results do not
 * depend on the number of threads. */
#ifndef DN_NET_OPS_GRADIENT_LOOPS_H
#define DN_NET_OPS_GRADIENT_LOOPS_H

#include "net/engine/engine.h"
#include "net/ops/op.h"
#include "net/peers.h"

typedef struct dn_gradient_operand {
    dn_shape shape;
    const void *x; /* what the operation read; NULL where the operation's backward pass does not look at it */
    void *g;       /* its gradient; NULL: not wanted */
    bool add;      /* to what is there; else it is set */
} dn_gradient_operand;

typedef struct dn_gradient_loop {
    const dn_node *node;
    const dn_gradient_operand *in;
    int in_count;
    dn_type type;  /* of all tensors */
    const void *y; /* the result; of softmax only */
    const void *g; /* gradient of the result. May equal in[0].g where !in[0].add and the operation works voxel by voxel
                      (activation, dropout, add, multiply, softmax) */
    uint64_t dropout_key;
    int dropout_part; /* these samples are the n-th part of the batch, from 0: dropout draws by the place in all of it */
    int threads;
} dn_gradient_loop;

/* node: any but conv, deconv, dense, norm, input. Inputs are done from the last to the first: of two that are one, the first
 * adds. */
void dn_gradient_loop_run(const dn_gradient_loop *loop);

/* A tensor `whole` as the corners of its voxels: corner j of an axis holds voxels 2j - 1 and 2j, where it is
 * halved; else voxel j. Channels are [which voxel, channel of whole]. */
typedef struct dn_corners {
    dn_shape corners, whole;
    bool halved[3];
    dn_type type;
    void *data; /* the corners */
    int threads;
} dn_corners;

/* whole = tail(corners + bias), or whole = tail(whole + corners). bias: NULL for none. */
void dn_corners_spread(const dn_corners *c, void *whole, bool add, const float *bias, dn_activation tail, float alpha);
/* corners = whole; 0 where a corner's voxel lies outside. */
void dn_corners_gather(const dn_corners *c, const void *whole);

/* The gradient of the input of a depthwise convolution (groups, inputs and outputs are one number), which the library makes
 * slowly where the stride is above 1. taps: the weights as [kernel, channels]. */
DN_CHECKED dn_status dn_gradient_depthwise(const dn_conv *conv, const dn_gradient_operand *in, const dn_shape *out, dn_type type,
                                           const void *g, const float *taps, int threads);
/* That of its weights, [channels, kernel], set. x: what it read; scratch: dn_gradient_depthwise_scratch bytes, aligned. */
void dn_gradient_depthwise_weights(const dn_conv *conv, const dn_shape *in, const void *x, const dn_shape *out, const void *g, dn_type type,
                                   float *weight, void *scratch, int threads);
int64_t dn_gradient_depthwise_scratch(const dn_conv *conv, const dn_shape *in, const dn_shape *out, dn_type type);

/* g *= slope of an activation whose result is y (net/gradient_rows.h says which kinds), n elements; then bias (NULL: not
 * wanted; n a multiple of channels) += sums of g per channel. */
DN_CHECKED dn_status dn_gradient_tail(dn_activation kind, float alpha, const void *y, void *g, dn_type type, int64_t n, int64_t channels,
                                      float *bias, int threads);
/* dst = src, or dst += src. */
void dn_gradient_copy(void *dst, dn_type dst_type, const void *src, dn_type src_type, bool add, int64_t n, int threads);

/* The statistics of a norm over its groups: of a batch norm one group of all samples, of an instance norm one per sample. */
typedef struct dn_norm_run {
    dn_shape shape;
    int64_t groups; /* 1, or shape.n */
    dn_type type;
    float epsilon;
    const float *gamma, *beta;
    dn_activation tail;
    float tail_alpha;
    const void *x;
    void *y;
    double *mean, *variance; /* groups x channels; biased variance */
    bool fixed;              /* mean and variance are given and not of this batch */
    const dn_peers *peers;   /* the group's other samples are there, as many in each (of batch norms); NULL: they are all here */
    int threads;
} dn_norm_run;

/* Fills mean and variance. Not when they are fixed. */
DN_CHECKED dn_status dn_norm_statistics(const dn_norm_run *run);
/* y = tail((x - mean) / sqrt(variance + epsilon) * gamma + beta); y may equal x. The same bits each time. */
DN_CHECKED dn_status dn_norm_run_again(const dn_norm_run *run);
/* g: gradient of y. dx (NULL: not wanted; may equal g when !add), dgamma and dbeta: added to, by what these samples give. y is not looked
 * at: the slope of the tail is told from x. */
DN_CHECKED dn_status dn_norm_backward(const dn_norm_run *run, const void *g, void *dx, bool add, float *dgamma, float *dbeta);

#endif
