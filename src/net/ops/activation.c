/* Activations, value by value: ReLU, leaky ReLU, ELU, SiLU and sigmoid, forward and backward. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

#include <math.h>

static double value_of(dn_activation kind, double alpha, double x)
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
        call->out.data[i] = value_of(call->node->activation.kind, (double)call->node->activation.alpha, call->in[0].data[i]);
    }
}

static double slope_of(dn_activation kind, double alpha, double x)
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
        g->in[0][i] += g->out[i] * slope_of(node->activation.kind, (double)node->activation.alpha, g->call->in[0].data[i]);
    }
}

static void activation_loop_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    int64_t n = dn_shape_size(&in->shape);
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t begin = 0; begin < n; begin += TILE) {
        float x[TILE];
        float g[TILE];
        int64_t length = n - begin < TILE ? n - begin : TILE;
        dn_row_load(g, read_at(loop->g, loop->type, begin), loop->type, length);
        if (loop->node->activation.kind != DN_ACT_NONE) {
            dn_row_load(x, read_at(in->x, loop->type, begin), loop->type, length);
            dn_row_slope_argument(g, x, loop->node->activation.kind, loop->node->activation.alpha, length);
        }
        give(in, loop->type, begin, g, length);
    }
}

static void activation_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    loop_copy(loop, begin, end, x);
    dn_row_activation(x, loop->node->activation.kind, loop->node->activation.alpha, (end - begin) * loop->out_shape.c);
}

static unsigned activation_looks_at(const dn_node *node)
{
    return node->activation.kind != DN_ACT_NONE ? DN_LOOKS_AT_INPUTS : 0;
}

/* A leaky ReLU has no usual slope; ELU's is 1; the others have none. */
static dn_field_need alpha_need(dn_node *node)
{
    node->activation.alpha = node->activation.kind == DN_ACT_ELU ? 1.0f : 0.0f;
    return node->activation.kind == DN_ACT_LEAKY_RELU ? DN_FIELD_REQUIRED : DN_FIELD_OPTIONAL;
}

static const dn_op_field fields[] = {
    {.key = "kind",
     .type = DN_FIELD_CHOICE,
     .offset = offsetof(dn_node, activation.kind),
     .choices = "relu|leaky_relu|elu|silu|sigmoid",
     .first = DN_ACT_RELU},
    {.key = "alpha", .type = DN_FIELD_REAL, .offset = offsetof(dn_node, activation.alpha), .high = 1000, .decide = alpha_need},
};

const dn_op dn_op_activation = {.name = "activation",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .shape = activation_shape,
                                .reference = activation_reference,
                                .backward = activation_backward,
                                .traits = DN_TRAIT_VOXELWISE | DN_TRAIT_CHEAP,
                                .fields = fields,
                                .field_count = sizeof fields / sizeof *fields,
                                .loop = activation_loop,
                                .loop_backward = activation_loop_backward,
                                .looks_at = activation_looks_at};

int dn_graph_activation(dn_graph *graph, int x, const char *name, dn_activation kind, float alpha)
{
    dn_node node = {.kind = DN_OP_ACTIVATION};
    node.activation.kind = kind;
    node.activation.alpha = alpha;
    return dn_graph_append(graph, node, name, &x, 1);
}
