/* Dense layer: a matrix on the channels of each voxel. Weight [O, I], optional bias [O]. */
#include "net/ops/op.h"

static dn_status dense_shape(dn_node *node, const dn_shape *in)
{
    if (node->dense.out < 1) {
        DN_FAIL(DN_ESHAPE, "%lld output channels", (long long)node->dense.out);
    }
    node->shape = *in;
    node->shape.c = node->dense.out;
    return dn_weight_fits(DN_DIMS(node->dense.out, in->c));
}

static int dense_parameters(const dn_node *node, const dn_shape *in, dn_parameter out[DN_MAX_PARAMETERS])
{
    out[0] = (dn_parameter){.suffix = ".weight", .rank = 2, .dim = {node->dense.out, in->c}, .trainable = true, .fan_in = in->c};
    out[1] = (dn_parameter){.suffix = ".bias", .rank = 1, .dim = {node->dense.out}, .trainable = true};
    return node->dense.bias ? 2 : 1;
}

static double dense_flops(const dn_node *node, const dn_shape *in)
{
    return 2.0 * (double)dn_shape_size(&node->shape) * (double)in->c;
}

static void dense_reference(const dn_op_call *call)
{
    int64_t i_count = call->in[0].shape.c;
    int64_t o_count = call->out.shape.c;
    for (int64_t v = 0, n = dn_shape_size(&call->out.shape) / o_count; v < n; ++v) {
        for (int64_t o = 0; o < o_count; ++o) {
            double sum = call->node->dense.bias ? call->parameters[1][o] : 0.0;
            for (int64_t i = 0; i < i_count; ++i) {
                sum += call->parameters[0][o * i_count + i] * call->in[0].data[v * i_count + i];
            }
            call->out.data[v * o_count + o] = sum;
        }
    }
}

static void dense_backward(const dn_op_gradient *g)
{
    int64_t i_count = g->call->in[0].shape.c;
    int64_t o_count = g->call->out.shape.c;
    for (int64_t v = 0, n = dn_shape_size(&g->call->out.shape) / o_count; v < n; ++v) {
        for (int64_t o = 0; o < o_count; ++o) {
            double dy = g->out[v * o_count + o];
            if (g->call->node->dense.bias) {
                g->parameters[1][o] += dy;
            }
            for (int64_t i = 0; i < i_count; ++i) {
                g->parameters[0][o * i_count + i] += dy * g->call->in[0].data[v * i_count + i];
                if (g->in[0] != NULL) {
                    g->in[0][v * i_count + i] += dy * g->call->parameters[0][o * i_count + i];
                }
            }
        }
    }
}

/* A convolution of one voxel. */
static dn_conv dense_as_conv(const dn_node *node)
{
    return (dn_conv){.out = node->dense.out,
                     .kernel = {1, 1, 1},
                     .stride = {1, 1, 1},
                     .dilation = {1, 1, 1},
                     .groups = 1,
                     .padding = DN_PAD_EXPLICIT,
                     .bias = node->dense.bias};
}

static void dense_defaults(dn_node *node)
{
    node->dense.bias = true;
}

static const dn_op_field fields[] = {
    {.key = "out", .type = DN_FIELD_INTEGER, .offset = offsetof(dn_node, dense.out), .low = 1, .high = DN_FIELD_MOST},
    {.key = "bias", .type = DN_FIELD_BOOLEAN, .offset = offsetof(dn_node, dense.bias), .need = DN_FIELD_OPTIONAL},
};

const dn_op dn_op_dense = {.name = "dense",
                           .min_inputs = 1,
                           .max_inputs = 1,
                           .shape = dense_shape,
                           .parameters = dense_parameters,
                           .flops = dense_flops,
                           .reference = dense_reference,
                           .backward = dense_backward,
                           .fields = fields,
                           .field_count = sizeof fields / sizeof *fields,
                           .defaults = dense_defaults,
                           .as_conv = dense_as_conv,
                           .looks_at = dn_looks_at_inputs};

int dn_graph_dense(dn_graph *graph, int x, const char *name, int64_t out, bool bias)
{
    dn_node node = {.kind = DN_OP_DENSE};
    node.dense.out = out;
    node.dense.bias = bias;
    return dn_graph_append(graph, node, name, &x, 1);
}
