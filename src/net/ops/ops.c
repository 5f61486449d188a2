/* The table of operations, from the list in net/graph.h. */
#include "net/ops/op.h"

#include <string.h>

/* Pointers and not values, because a row lives in its own file. */
#define DN_OP_ROW(KIND, name) [DN_OP_##KIND] = &dn_op_##name,
static const dn_op *const ops[DN_OP_COUNT] = {DN_OPS(DN_OP_ROW)};

const dn_op *dn_op_of(dn_op_kind kind)
{
    return ops[kind];
}

const dn_op *dn_op_find(const char *name, dn_op_kind *kind)
{
    for (int k = 0; k < DN_OP_COUNT; ++k) {
        if (strcmp(ops[k]->name, name) == 0) {
            *kind = (dn_op_kind)k;
            return ops[k];
        }
    }
    return NULL;
}

unsigned dn_looks_at_inputs(const dn_node *node)
{
    (void)node;
    return DN_LOOKS_AT_INPUTS;
}
