/* Concatenation: joins tensors along their channels. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

#include <limits.h>
#include <string.h>

static dn_status concat_shape(dn_node *node, const dn_shape *in)
{
    node->shape = in[0];
    for (int i = 1; i < node->input_count; ++i) {
        if (in[i].n != in[0].n || in[i].d != in[0].d || in[i].h != in[0].h || in[i].w != in[0].w) {
            char a[64];
            char b[64];
            DN_FAIL(DN_ESHAPE, "inputs of %s and %s do not lie on the same grid", dn_shape_text(&in[0], a), dn_shape_text(&in[i], b));
        }
        node->shape.c += in[i].c;
    }
    return DN_OK;
}

static void concat_reference(const dn_op_call *call)
{
    int64_t c = call->out.shape.c;
    int64_t voxels = dn_shape_size(&call->out.shape) / c;
    int64_t first = 0;
    for (int i = 0; i < call->node->input_count; ++i) {
        int64_t part = call->in[i].shape.c;
        for (int64_t v = 0; v < voxels; ++v) {
            memcpy(call->out.data + v * c + first, call->in[i].data + v * part, (size_t)part * sizeof(double));
        }
        first += part;
    }
}

static void concat_backward(const dn_op_gradient *g)
{
    int64_t c = g->call->out.shape.c;
    int64_t voxels = dn_shape_size(&g->call->out.shape) / c;
    int64_t first = 0;
    for (int i = 0; i < g->call->node->input_count; ++i) {
        int64_t part = g->call->in[i].shape.c;
        for (int64_t k = 0; g->in[i] != NULL && k < voxels * part; ++k) {
            g->in[i][k] += g->out[k / part * c + first + k % part];
        }
        first += part;
    }
}

static void concat_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    int64_t c = loop->out_shape.c;
    for (int k = 0; k < loop->in_count; ++k) {
        int64_t part = loop->in[k].shape.c;
        for (int64_t i = begin; i < end; ++i) {
            dn_row_load(x + (i - begin) * c, operand_at(&loop->in[k], i * part), loop->in[k].type, part);
        }
        x += part;
    }
}

static void concat_loop_backward(const dn_gradient_loop *loop)
{
    const dn_shape *s = &loop->node->shape;
    int64_t voxels = dn_shape_size(s) / s->c;
    int64_t first = s->c;
    for (int k = loop->in_count - 1; k >= 0; --k) {
        const dn_gradient_operand *in = &loop->in[k];
        int64_t part = in->shape.c;
        first -= part;
#pragma omp parallel for num_threads(loop->threads)
        for (int64_t v = 0; v < (in->g == NULL ? 0 : voxels); ++v) {
            float g[TILE];
            for (int64_t c = 0; c < part; c += TILE) {
                int64_t length = part - c < TILE ? part - c : TILE;
                dn_row_load(g, read_at(loop->g, loop->type, v * s->c + first + c), loop->type, length);
                give(in, loop->type, v * part + c, g, length);
            }
        }
    }
}

const dn_op dn_op_concat = {.name = "concat",
                            .min_inputs = 1,
                            .max_inputs = INT_MAX,
                            .shape = concat_shape,
                            .reference = concat_reference,
                            .backward = concat_backward,
                            .loop = concat_loop,
                            .loop_backward = concat_loop_backward};

int dn_graph_concat(dn_graph *graph, const int *inputs, int count, const char *name)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_CONCAT}, name, inputs, count);
}
