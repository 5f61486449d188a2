/* Maximum or mean over all voxels: [N,D,H,W,C] -> [N,1,1,1,C]. */
#include "net/op.h"

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
                                 .whole = global_pool_whole};
