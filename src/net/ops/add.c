/* Addition: a + b. Plans add in the tail of the operation that makes one of the two, or of a copy of one. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

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

static void add_loop_backward(const dn_gradient_loop *loop)
{
    for (int k = loop->in_count - 1; k >= 0; --k) { /* the first may be in place: last */
        const dn_gradient_operand *in = &loop->in[k];
        if (in->g != NULL && in->g != loop->g) {
            dn_gradient_copy(in->g, loop->type, loop->g, loop->type, in->add, dn_shape_size(&in->shape), loop->threads);
        }
    }
}

const dn_op dn_op_add = {.name = "add",
                         .min_inputs = 2,
                         .max_inputs = 2,
                         .shape = add_shape,
                         .reference = add_reference,
                         .backward = add_backward,
                         .traits = DN_TRAIT_VOXELWISE,
                         .loop_backward = add_loop_backward};

int dn_graph_add(dn_graph *graph, int a, int b, const char *name)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_ADD}, name, (const int[2]){a, b}, 2);
}
