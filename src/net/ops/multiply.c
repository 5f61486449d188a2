/* a times b; b may be one value a channel ([N,1,1,1,C]) or one a voxel ([N,D,H,W,1]). */
#include "net/ops/op.h"

static dn_status multiply_shape(dn_node *node, const dn_shape *in)
{
    const dn_shape *a = &in[0];
    const dn_shape *b = &in[1];
    bool gate = b->n == a->n && b->d == 1 && b->h == 1 && b->w == 1 && b->c == a->c;
    bool mask = b->n == a->n && b->d == a->d && b->h == a->h && b->w == a->w && (b->c == 1 || b->c == a->c);
    if (!gate && !mask) {
        char at[64];
        char bt[64];
        DN_FAIL(DN_ESHAPE, "cannot multiply %s by %s", dn_shape_text(a, at), dn_shape_text(b, bt));
    }
    node->shape = *a;
    return DN_OK;
}

static void multiply_reference(const dn_op_call *call)
{
    const dn_shape *s = &call->out.shape;
    const dn_shape *b = &call->in[1].shape;
    int64_t voxels = s->d * s->h * s->w;
    bool gate = b->d * b->h * b->w == 1;
    for (int64_t n = 0; n < s->n; ++n) {
        for (int64_t v = 0; v < voxels; ++v) {
            for (int64_t c = 0; c < s->c; ++c) {
                int64_t at = (n * voxels + v) * s->c + c;
                int64_t other = ((gate ? n : n * voxels + v) * b->c) + (b->c == 1 ? 0 : c);
                call->out.data[at] = call->in[0].data[at] * call->in[1].data[other];
            }
        }
    }
}

static void multiply_backward(const dn_op_gradient *g)
{
    const dn_shape *s = &g->call->out.shape;
    const dn_shape *b = &g->call->in[1].shape;
    int64_t voxels = s->d * s->h * s->w;
    bool gate = b->d * b->h * b->w == 1;
    for (int64_t at = 0; at < dn_shape_size(s); ++at) {
        int64_t v = at / s->c;
        int64_t other = (gate ? v / voxels : v) * b->c + (b->c == 1 ? 0 : at % s->c);
        if (g->in[0] != NULL) {
            g->in[0][at] += g->out[at] * g->call->in[1].data[other];
        }
        if (g->in[1] != NULL) {
            g->in[1][other] += g->out[at] * g->call->in[0].data[at];
        }
    }
}

const dn_op dn_op_multiply = {.name = "multiply",
                              .min_inputs = 2,
                              .max_inputs = 2,
                              .shape = multiply_shape,
                              .reference = multiply_reference,
                              .backward = multiply_backward};
