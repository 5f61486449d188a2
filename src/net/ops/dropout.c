/* Dropout (Srivastava et al. 2014): identity at inference, because training divides what it keeps by (1 - rate). */
#include "net/ops/dropout.h"
#include "net/ops/op.h"
#include "net/ops/tile.h"

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

static void dropout_loop_backward(const dn_gradient_loop *loop)
{
    const dn_shape *s = &loop->in[0].shape;
    bool whole = loop->node->dropout.whole;
    int64_t n = dn_shape_size(s) / s->n;
    int64_t first = loop->dropout_part * s->n * (whole ? 1 : n); /* place of the first element in the whole batch */
    int64_t tiles = (n + TILE - 1) / TILE;                       /* of a sample */
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t t = 0; t < s->n * tiles; ++t) {
        float g[TILE];
        int64_t begin = t / tiles * n + t % tiles * TILE;
        int64_t length = n - t % tiles * TILE < TILE ? n - t % tiles * TILE : TILE;
        dn_row_load(g, read_at(loop->g, loop->type, begin), loop->type, length);
        if (whole) {
            dn_row_scale(g, dn_dropout_factor(loop->dropout_key, first + dn_dropout_place(s, true, begin), loop->node->dropout.rate),
                         length);
        }
        for (int64_t i = 0; !whole && i < length; ++i) {
            g[i] *= dn_dropout_factor(loop->dropout_key, first + begin + i, loop->node->dropout.rate);
        }
        give(&loop->in[0], loop->type, begin, g, length);
    }
}

static const dn_op_field fields[] = {
    {.key = "rate", .type = DN_FIELD_REAL, .offset = offsetof(dn_node, dropout.rate), .high = 1},
    {.key = "whole", .type = DN_FIELD_BOOLEAN, .offset = offsetof(dn_node, dropout.whole), .need = DN_FIELD_OPTIONAL},
};

const dn_op dn_op_dropout = {.name = "dropout",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .shape = dropout_shape,
                             .reference = dropout_reference,
                             .backward = dropout_backward,
                             .fields = fields,
                             .field_count = sizeof fields / sizeof *fields,
                             .traits = DN_TRAIT_VOXELWISE,
                             .loop_backward = dropout_loop_backward};

int dn_graph_dropout(dn_graph *graph, int x, const char *name, float rate)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_DROPOUT, .dropout = {.rate = rate}}, name, &x, 1);
}

int dn_graph_drop_sample(dn_graph *graph, int x, const char *name, float rate)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_DROPOUT, .dropout = {.rate = rate, .whole = true}}, name, &x, 1);
}
