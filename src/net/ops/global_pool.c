/* Global pooling: maximum or mean over all voxels, [N,D,H,W,C] -> [N,1,1,1,C]. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

#include <math.h>

static dn_status global_pool_shape(dn_node *node, const dn_shape *in)
{
    node->shape = (dn_shape){.n = in->n, .d = 1, .h = 1, .w = 1, .c = in->c};
    return DN_OK;
}

static void global_pool_reference(const dn_op_call *call)
{
    const dn_shape *is = &call->in[0].shape;
    int64_t voxels = is->d * is->h * is->w;
    for (int64_t n = 0; n < is->n; ++n) {
        for (int64_t c = 0; c < is->c; ++c) {
            double best = -INFINITY;
            double sum = 0.0;
            for (int64_t v = 0; v < voxels; ++v) {
                double x = call->in[0].data[(n * voxels + v) * is->c + c];
                best = x > best ? x : best;
                sum += x;
            }
            call->out.data[n * is->c + c] = call->node->global_pool == DN_POOL_MAX ? best : sum / (double)voxels;
        }
    }
}

static void global_pool_backward(const dn_op_gradient *g)
{
    const dn_shape *is = &g->call->in[0].shape;
    int64_t voxels = is->d * is->h * is->w;
    for (int64_t k = 0; g->in[0] != NULL && k < is->n * is->c; ++k) {
        int64_t n = k / is->c;
        int64_t c = k % is->c;
        int64_t best = 0;
        for (int64_t v = 0; v < voxels; ++v) {
            const double *x = g->call->in[0].data + n * voxels * is->c + c;
            best = x[v * is->c] > x[best * is->c] ? v : best;
            if (g->call->node->global_pool == DN_POOL_AVERAGE) {
                g->in[0][(n * voxels + v) * is->c + c] += g->out[k] / (double)voxels;
            }
        }
        if (g->call->node->global_pool == DN_POOL_MAX) {
            g->in[0][(n * voxels + best) * is->c + c] += g->out[k];
        }
    }
}

static bool global_pool_whole(const dn_node *node)
{
    (void)node;
    return true;
}

static void global_pool_loop_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    int64_t voxels = is->d * is->h * is->w;
    bool maximum = loop->node->global_pool == DN_POOL_MAX;
    if (maximum) {
        if (!in->add) {
            fill_zero(in, loop->type, loop->threads);
        }
        for (int64_t k = 0; k < is->n * is->c; ++k) {
            int64_t base = k / is->c * voxels * is->c + k % is->c;
            float best = -INFINITY;
            float x;
            int64_t where = 0;
            for (int64_t v = 0; v < voxels; ++v) {
                dn_row_load(&x, read_at(in->x, loop->type, base + v * is->c), loop->type, 1);
                where = x > best ? v : where;
                best = x > best ? x : best;
            }
            dn_row_load(&x, read_at(loop->g, loop->type, k), loop->type, 1);
            dn_gradient_operand target = *in;
            target.add = true;
            give(&target, loop->type, base + where * is->c, &x, 1);
        }
        return;
    }
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < is->n * voxels; ++v) {
        float g[TILE];
        for (int64_t c = 0; c < is->c; c += TILE) {
            int64_t length = is->c - c < TILE ? is->c - c : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v / voxels * is->c + c), loop->type, length);
            dn_row_scale(g, 1.0f / (float)voxels, length);
            give(in, loop->type, v * is->c + c, g, length);
        }
    }
}

static dn_statistics global_pool_statistics(const dn_node *node)
{
    return node->global_pool == DN_POOL_MAX ? DN_STATISTICS_MAXIMUM : DN_STATISTICS_SUM;
}

static void global_pool_use(const dn_loop *loop, int64_t k, const dn_moments *moments, float *scale, float *shift)
{
    (void)k;
    (void)shift;
    *scale = (float)(loop->node->global_pool == DN_POOL_MAX ? moments->first : moments->first / moments->count);
}

static unsigned global_pool_looks_at(const dn_node *node)
{
    return node->global_pool == DN_POOL_MAX ? DN_LOOKS_AT_INPUTS : 0;
}

static const dn_op_field fields[] = {
    {.key = "kind", .type = DN_FIELD_CHOICE, .offset = offsetof(dn_node, global_pool), .choices = "max|average"},
};

const dn_op dn_op_global_pool = {.name = "global_pool",
                                 .min_inputs = 1,
                                 .max_inputs = 1,
                                 .shape = global_pool_shape,
                                 .reference = global_pool_reference,
                                 .backward = global_pool_backward,
                                 .whole = global_pool_whole,
                                 .fields = fields,
                                 .field_count = sizeof fields / sizeof *fields,
                                 .traits = DN_TRAIT_REDUCES,
                                 .statistics = global_pool_statistics,
                                 .use_statistics = global_pool_use,
                                 .loop_backward = global_pool_loop_backward,
                                 .looks_at = global_pool_looks_at};

int dn_graph_global_pool(dn_graph *graph, int x, const char *name, dn_pool_kind kind)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_GLOBAL_POOL, .global_pool = kind}, name, &x, 1);
}
