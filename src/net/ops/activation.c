#include "net/ops/op.h"

#include <math.h>

double dn_activation_value(dn_activation kind, double alpha, double x)
{
    switch (kind) {
    case DN_ACT_RELU:
        return x > 0.0 ? x : 0.0;
    case DN_ACT_LEAKY_RELU:
        return x > 0.0 ? x : alpha * x;
    case DN_ACT_ELU:
        return x > 0.0 ? x : alpha * expm1(x);
    case DN_ACT_SILU:
        return x / (1.0 + exp(-x));
    case DN_ACT_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    case DN_ACT_NONE:
        break;
    }
    return x;
}

static dn_status activation_shape(dn_node *node, const dn_shape *in)
{
    if (node->activation.kind > DN_ACT_SIGMOID) {
        DN_FAIL(DN_ESHAPE, "unknown activation %d", (int)node->activation.kind);
    }
    node->shape = *in;
    return DN_OK;
}

static void activation_reference(const dn_op_call *call)
{
    for (int64_t i = 0, n = dn_shape_size(&call->out.shape); i < n; ++i) {
        call->out.data[i] = dn_activation_value(call->node->activation.kind, (double)call->node->activation.alpha, call->in[0].data[i]);
    }
}

double dn_activation_slope(dn_activation kind, double alpha, double x)
{
    double s = 1.0 / (1.0 + exp(-x));
    switch (kind) {
    case DN_ACT_RELU:
        return x > 0.0 ? 1.0 : 0.0;
    case DN_ACT_LEAKY_RELU:
        return x > 0.0 ? 1.0 : alpha;
    case DN_ACT_ELU:
        return x > 0.0 ? 1.0 : alpha * exp(x);
    case DN_ACT_SILU:
        return s + x * s * (1.0 - s);
    case DN_ACT_SIGMOID:
        return s * (1.0 - s);
    case DN_ACT_NONE:
        break;
    }
    return 1.0;
}

static void activation_backward(const dn_op_gradient *g)
{
    const dn_node *node = g->call->node;
    for (int64_t i = 0, n = dn_shape_size(&node->shape); g->in[0] != NULL && i < n; ++i) {
        g->in[0][i] += g->out[i] * dn_activation_slope(node->activation.kind, (double)node->activation.alpha, g->call->in[0].data[i]);
    }
}

const dn_op dn_op_activation = {.name = "activation",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .shape = activation_shape,
                                .reference = activation_reference,
                                .backward = activation_backward};
