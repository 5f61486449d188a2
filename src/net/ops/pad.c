/* Zeros around the voxels. */
#include "net/ops/op.h"

#include <string.h>

static dn_status pad_shape(dn_node *node, const dn_shape *in)
{
    node->shape = *in;
    for (int a = 0; a < 3; ++a) {
        if (node->window.begin[a] < 0 || node->window.end[a] < 0) {
            DN_FAIL(DN_ESHAPE, "negative padding; use crop");
        }
        dn_shape_set_axis(&node->shape, a, dn_shape_axis(in, a) + node->window.begin[a] + node->window.end[a]);
    }
    return DN_OK;
}

static void pad_reference(const dn_op_call *call)
{
    const dn_shape *is = &call->in[0].shape;
    const dn_shape *os = &call->out.shape;
    const int64_t *b = call->node->window.begin;
    memset(call->out.data, 0, (size_t)dn_shape_size(os) * sizeof(double));
    for (int64_t n = 0; n < is->n; ++n) {
        for (int64_t d = 0; d < is->d; ++d) {
            for (int64_t h = 0; h < is->h; ++h) {
                memcpy(call->out.data + (((n * os->d + d + b[0]) * os->h + h + b[1]) * os->w + b[2]) * os->c,
                       call->in[0].data + ((n * is->d + d) * is->h + h) * is->w * is->c, (size_t)(is->w * is->c) * sizeof(double));
            }
        }
    }
}

static void pad_backward(const dn_op_gradient *g)
{
    const dn_shape *is = &g->call->in[0].shape;
    const dn_shape *os = &g->call->out.shape;
    const int64_t *b = g->call->node->window.begin;
    for (int64_t row = 0; g->in[0] != NULL && row < is->n * is->d * is->h; ++row) {
        int64_t h = row % is->h;
        int64_t d = row / is->h % is->d;
        int64_t n = row / (is->h * is->d);
        const double *from = g->out + (((n * os->d + d + b[0]) * os->h + h + b[1]) * os->w + b[2]) * os->c;
        for (int64_t i = 0; i < is->w * is->c; ++i) {
            g->in[0][row * is->w * is->c + i] += from[i];
        }
    }
}

static void pad_needs(const dn_node *node, const dn_window *out, dn_window *in)
{
    for (int a = 0; a < 3; ++a) {
        in->begin[a] = out->begin[a] - node->window.begin[a];
        in->end[a] = out->end[a] - node->window.begin[a];
    }
}

const dn_op dn_op_pad = {.name = "pad",
                         .min_inputs = 1,
                         .max_inputs = 1,
                         .shape = pad_shape,
                         .reference = pad_reference,
                         .backward = pad_backward,
                         .needs = pad_needs};
