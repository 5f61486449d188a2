/* Over the channels of each voxel. */
#include "net/op.h"

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

const dn_op dn_op_softmax = {.name = "softmax", .min_inputs = 1, .max_inputs = 1, .shape = softmax_shape, .reference = softmax_reference};
