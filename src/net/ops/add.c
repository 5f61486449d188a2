#include "net/ops/op.h"

static dn_status add_shape(dn_node *node, const dn_shape *in)
{
    if (!dn_shape_equal(&in[0], &in[1])) {
        char a[64];
        char b[64];
        DN_FAIL(DN_ESHAPE, "cannot add %s and %s", dn_shape_text(&in[0], a), dn_shape_text(&in[1], b));
    }
    node->shape = in[0];
    return DN_OK;
}

static void add_reference(const dn_op_call *call)
{
    for (int64_t i = 0, n = dn_shape_size(&call->out.shape); i < n; ++i) {
        call->out.data[i] = call->in[0].data[i] + call->in[1].data[i];
    }
}

static void add_backward(const dn_op_gradient *g)
{
    for (int k = 0; k < 2; ++k) {
        for (int64_t i = 0, n = dn_shape_size(&g->call->out.shape); g->in[k] != NULL && i < n; ++i) {
            g->in[k][i] += g->out[i];
        }
    }
}

const dn_op dn_op_add = {
    .name = "add", .min_inputs = 2, .max_inputs = 2, .shape = add_shape, .reference = add_reference, .backward = add_backward};
