/* Maximum or mean over all voxels: [N,D,H,W,C] -> [N,1,1,1,C]. */
#include "net/ops/op.h"

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

const dn_op dn_op_global_pool = {.name = "global_pool",
                                 .min_inputs = 1,
                                 .max_inputs = 1,
                                 .shape = global_pool_shape,
                                 .reference = global_pool_reference,
                                 .backward = global_pool_backward,
                                 .whole = global_pool_whole};
