/* Identity at inference, because training scales what it keeps by 1 / (1 - rate). */
#include "net/ops/dropout.h"
#include "net/ops/op.h"

static dn_status dropout_shape(dn_node *node, const dn_shape *in)
{
    if (!(node->dropout.rate >= 0.0f && node->dropout.rate < 1.0f)) {
        DN_FAIL(DN_ESHAPE, "a dropout rate of %g; it must be in 0..1 and below 1", (double)node->dropout.rate);
    }
    node->shape = *in;
    return DN_OK;
}

static double factor(const dn_op_call *call, int64_t i)
{
    const dn_node *node = call->node;
    return call->training
               ? (double)dn_dropout_factor(call->dropout_key, dn_dropout_place(&node->shape, node->dropout.whole, i), node->dropout.rate)
               : 1.0;
}

static void dropout_reference(const dn_op_call *call)
{
    for (int64_t i = 0, n = dn_shape_size(&call->out.shape); i < n; ++i) {
        call->out.data[i] = call->in[0].data[i] * factor(call, i);
    }
}

static void dropout_backward(const dn_op_gradient *g)
{
    for (int64_t i = 0, n = dn_shape_size(&g->call->out.shape); g->in[0] != NULL && i < n; ++i) {
        g->in[0][i] += g->out[i] * factor(g->call, i);
    }
}

const dn_op dn_op_dropout = {.name = "dropout",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .shape = dropout_shape,
                             .reference = dropout_reference,
                             .backward = dropout_backward};
