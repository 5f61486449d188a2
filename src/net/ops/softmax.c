/* Softmax over the channels of each voxel. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

#include <math.h>

static dn_status softmax_shape(dn_node *node, const dn_shape *in)
{
    node->shape = *in;
    return DN_OK;
}

static void softmax_reference(const dn_op_call *call)
{
    int64_t c = call->out.shape.c;
    for (int64_t v = 0, n = dn_shape_size(&call->out.shape) / c; v < n; ++v) {
        const double *x = call->in[0].data + v * c;
        double *y = call->out.data + v * c;
        double top = x[0];
        double sum = 0.0;
        for (int64_t i = 1; i < c; ++i) {
            top = x[i] > top ? x[i] : top;
        }
        for (int64_t i = 0; i < c; ++i) {
            y[i] = exp(x[i] - top);
            sum += y[i];
        }
        for (int64_t i = 0; i < c; ++i) {
            y[i] /= sum;
        }
    }
}

static void softmax_backward(const dn_op_gradient *g)
{
    int64_t c = g->call->out.shape.c;
    for (int64_t v = 0, n = dn_shape_size(&g->call->out.shape) / c; g->in[0] != NULL && v < n; ++v) {
        const double *y = g->call->out.data + v * c;
        double mean = 0.0;
        for (int64_t i = 0; i < c; ++i) {
            mean += y[i] * g->out[v * c + i];
        }
        for (int64_t i = 0; i < c; ++i) {
            g->in[0][v * c + i] += y[i] * (g->out[v * c + i] - mean);
        }
    }
}

static void softmax_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    loop_copy(loop, begin, end, x);
    dn_row_softmax(x, end - begin, loop->out_shape.c);
}

static void softmax_loop_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    int64_t c = in->shape.c;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < dn_shape_size(&in->shape) / c; ++v) {
        float mean = 0.0f;
        float g[TILE];
        float y[TILE];
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            dn_row_load(y, read_at(loop->y, loop->type, v * c + i), loop->type, length);
            mean += dn_row_dot(g, y, length);
        }
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            dn_row_load(y, read_at(loop->y, loop->type, v * c + i), loop->type, length);
            for (int64_t k = 0; k < length; ++k) {
                g[k] = y[k] * (g[k] - mean);
            }
            give(in, loop->type, v * c + i, g, length);
        }
    }
}

static unsigned softmax_looks_at(const dn_node *node)
{
    (void)node;
    return DN_LOOKS_AT_RESULT;
}

const dn_op dn_op_softmax = {.name = "softmax",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .shape = softmax_shape,
                             .reference = softmax_reference,
                             .backward = softmax_backward,
                             .traits = DN_TRAIT_VOXELWISE,
                             .loop = softmax_loop,
                             .loop_backward = softmax_loop_backward,
                             .looks_at = softmax_looks_at};

int dn_graph_softmax(dn_graph *graph, int x, const char *name)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_SOFTMAX}, name, &x, 1);
}
