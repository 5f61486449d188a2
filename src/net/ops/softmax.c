/* Over the channels of each voxel. */
#include "net/ops/op.h"

#include <math.h>

static dn_status softmax_shape(dn_node *node, const dn_shape *in)
{
    node->shape = *in;
    return DN_OK;
}

static void softmax_reference(const dn_op_call *call)
{
    int64_t c = call->out.shape.c;
    for (int64_t v = 0, n = dn_shape_size(&call->out.shape) / c; v < n; ++v) {
        const double *x = call->in[0].data + v * c;
        double *y = call->out.data + v * c;
        double top = x[0];
        double sum = 0.0;
        for (int64_t i = 1; i < c; ++i) {
            top = x[i] > top ? x[i] : top;
        }
        for (int64_t i = 0; i < c; ++i) {
            y[i] = exp(x[i] - top);
            sum += y[i];
        }
        for (int64_t i = 0; i < c; ++i) {
            y[i] /= sum;
        }
    }
}

static void softmax_backward(const dn_op_gradient *g)
{
    int64_t c = g->call->out.shape.c;
    for (int64_t v = 0, n = dn_shape_size(&g->call->out.shape) / c; g->in[0] != NULL && v < n; ++v) {
        const double *y = g->call->out.data + v * c;
        double mean = 0.0;
        for (int64_t i = 0; i < c; ++i) {
            mean += y[i] * g->out[v * c + i];
        }
        for (int64_t i = 0; i < c; ++i) {
            g->in[0][v * c + i] += y[i] * (g->out[v * c + i] - mean);
        }
    }
}

const dn_op dn_op_softmax = {.name = "softmax",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .shape = softmax_shape,
                             .reference = softmax_reference,
                             .backward = softmax_backward};
