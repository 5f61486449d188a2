/* The table of operations. */
#include "net/ops/op.h"

/* Pointers and not values, because a row lives in its own file. */
static const dn_op *const ops[DN_OP_COUNT] = {
    [DN_OP_INPUT] = &dn_op_input,
    [DN_OP_CONV] = &dn_op_conv,
    [DN_OP_DECONV] = &dn_op_deconv,
    [DN_OP_POOL] = &dn_op_pool,
    [DN_OP_GLOBAL_POOL] = &dn_op_global_pool,
    [DN_OP_NORM] = &dn_op_norm,
    [DN_OP_ACTIVATION] = &dn_op_activation,
    [DN_OP_SOFTMAX] = &dn_op_softmax,
    [DN_OP_UPSAMPLE] = &dn_op_upsample,
    [DN_OP_CONCAT] = &dn_op_concat,
    [DN_OP_ADD] = &dn_op_add,
    [DN_OP_MULTIPLY] = &dn_op_multiply,
    [DN_OP_PAD] = &dn_op_pad,
    [DN_OP_CROP] = &dn_op_crop,
    [DN_OP_DENSE] = &dn_op_dense,
    [DN_OP_DROPOUT] = &dn_op_dropout,
};

const dn_op *dn_op_of(dn_op_kind kind)
{
    return ops[kind];
}
