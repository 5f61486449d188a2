/* The input of a network: it computes nothing. */
#include "net/ops/op.h"

static dn_status input_shape(dn_node *node, const dn_shape *in)
{
    (void)node;
    (void)in;
    return DN_OK; /* set by dn_graph_input, counted by the graph */
}

static void input_reference(const dn_op_call *call)
{
    (void)call; /* filled by dn_reference_run */
}

const dn_op dn_op_input = {.name = "input", .shape = input_shape, .reference = input_reference};
