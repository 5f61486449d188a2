/* Identity at inference; training scales what it keeps by 1 / (1 - rate), so nothing is to be done here. */
#include "net/op.h"

#include <string.h>

static dn_status dropout_shape(dn_node *node, const dn_shape *in)
{
    if (!(node->dropout_rate >= 0.0f && node->dropout_rate < 1.0f)) {
        DN_FAIL(DN_ESHAPE, "a dropout rate of %g; it must be in 0..1 and below 1", (double)node->dropout_rate);
    }
    node->shape = *in;
    return DN_OK;
}

static void dropout_reference(const dn_op_call *call)
{
    memcpy(call->out.data, call->in[0].data, (size_t)dn_shape_size(&call->out.shape) * sizeof(double));
}

const dn_op dn_op_dropout = {.name = "dropout", .min_inputs = 1, .max_inputs = 1, .shape = dropout_shape, .reference = dropout_reference};
