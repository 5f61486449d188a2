/* Crop: removes voxels at the sides. */
#include "net/ops/op.h"

#include <string.h>

static dn_status crop_shape(dn_node *node, const dn_shape *in)
{
    node->shape = *in;
    for (int a = 0; a < 3; ++a) {
        int64_t left = dn_shape_axis(in, a) - node->window.begin[a] - node->window.end[a];
        if (node->window.begin[a] < 0 || node->window.end[a] < 0 || left < 1) {
            DN_FAIL(DN_ESHAPE, "cannot crop %lld and %lld from %lld voxels", (long long)node->window.begin[a],
                    (long long)node->window.end[a], (long long)dn_shape_axis(in, a));
        }
        dn_shape_set_axis(&node->shape, a, left);
    }
    return DN_OK;
}

static void crop_reference(const dn_op_call *call)
{
    const dn_shape *is = &call->in[0].shape;
    const dn_shape *os = &call->out.shape;
    const int64_t *b = call->node->window.begin;
    for (int64_t n = 0; n < os->n; ++n) {
        for (int64_t d = 0; d < os->d; ++d) {
            for (int64_t h = 0; h < os->h; ++h) {
                memcpy(call->out.data + ((n * os->d + d) * os->h + h) * os->w * os->c,
                       call->in[0].data + (((n * is->d + d + b[0]) * is->h + h + b[1]) * is->w + b[2]) * is->c,
                       (size_t)(os->w * os->c) * sizeof(double));
            }
        }
    }
}

static void crop_backward(const dn_op_gradient *g)
{
    const dn_shape *is = &g->call->in[0].shape;
    const dn_shape *os = &g->call->out.shape;
    const int64_t *b = g->call->node->window.begin;
    for (int64_t row = 0; g->in[0] != NULL && row < os->n * os->d * os->h; ++row) {
        int64_t h = row % os->h;
        int64_t d = row / os->h % os->d;
        int64_t n = row / (os->h * os->d);
        double *to = g->in[0] + (((n * is->d + d + b[0]) * is->h + h + b[1]) * is->w + b[2]) * is->c;
        for (int64_t i = 0; i < os->w * os->c; ++i) {
            to[i] += g->out[row * os->w * os->c + i];
        }
    }
}

static void crop_needs(const dn_node *node, const dn_window *out, dn_window *in)
{
    for (int a = 0; a < 3; ++a) {
        in->begin[a] = out->begin[a] + node->window.begin[a];
        in->end[a] = out->end[a] + node->window.begin[a];
    }
}

const dn_op dn_op_crop = {.name = "crop",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .shape = crop_shape,
                          .reference = crop_reference,
                          .backward = crop_backward,
                          .needs = crop_needs,
                          .fields = dn_margin_fields,
                          .field_count = DN_MARGIN_FIELDS,
                          .loop = dn_margin_loop,
                          .loop_backward = dn_margin_loop_backward};

int dn_graph_crop(dn_graph *graph, int x, const char *name, const int64_t begin[3], const int64_t end[3])
{
    dn_node node = {.kind = DN_OP_CROP, .window = {.begin = {begin[0], begin[1], begin[2]}, .end = {end[0], end[1], end[2]}}};
    return dn_graph_append(graph, node, name, &x, 1);
}
