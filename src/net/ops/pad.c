/* Padding: zeros around the voxels. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

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

void dn_margin_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    const dn_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    int64_t sign = loop->node->kind == DN_OP_PAD ? -1 : 1;
    const int64_t *offset = loop->node->window.begin;
    voxel v = voxel_of(&loop->out_shape, begin);
    for (int64_t i = begin; i < end; ++i, x += is->c, voxel_next(&loop->out_shape, &v)) {
        int64_t d = v.d + sign * offset[0];
        int64_t h = v.h + sign * offset[1];
        int64_t w = v.w + sign * offset[2];
        if (d < 0 || d >= is->d || h < 0 || h >= is->h || w < 0 || w >= is->w) {
            memset(x, 0, (size_t)is->c * sizeof(float));
        } else {
            dn_row_load(x, operand_at(in, element_of(is, v.n, d, h, w)), in->type, is->c);
        }
    }
}

/* Pad and crop: the window of one within the other. */
void dn_margin_loop_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    const dn_shape *os = &loop->node->shape;
    bool pad = loop->node->kind == DN_OP_PAD;
    const dn_shape *small = pad ? is : os;
    const int64_t *b = loop->node->window.begin;
    if (!pad && !in->add) {
        fill_zero(in, loop->type, loop->threads);
    }
    dn_gradient_operand target = *in;
    target.add = in->add || !pad;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t row = 0; row < small->n * small->d * small->h; ++row) {
        float g[TILE];
        int64_t h = row % small->h;
        int64_t d = row / small->h % small->d;
        int64_t n = row / (small->h * small->d);
        int64_t inner = element_of(small, n, d, h, 0);
        int64_t outer = element_of(pad ? os : is, n, d + b[0], h + b[1], b[2]);
        for (int64_t x = 0; x < small->w * small->c; x += TILE) {
            int64_t length = small->w * small->c - x < TILE ? small->w * small->c - x : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, (pad ? outer : inner) + x), loop->type, length);
            give(&target, loop->type, (pad ? inner : outer) + x, g, length);
        }
    }
}

const dn_op_field dn_margin_fields[DN_MARGIN_FIELDS] = {
    {.key = "begin", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, window.begin), .low = 0, .high = DN_FIELD_MOST},
    {.key = "end", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, window.end), .low = 0, .high = DN_FIELD_MOST},
};

const dn_op dn_op_pad = {.name = "pad",
                         .min_inputs = 1,
                         .max_inputs = 1,
                         .shape = pad_shape,
                         .reference = pad_reference,
                         .backward = pad_backward,
                         .needs = pad_needs,
                         .fields = dn_margin_fields,
                         .field_count = DN_MARGIN_FIELDS,
                         .loop = dn_margin_loop,
                         .loop_backward = dn_margin_loop_backward};

int dn_graph_pad(dn_graph *graph, int x, const char *name, const int64_t begin[3], const int64_t end[3])
{
    dn_node node = {.kind = DN_OP_PAD, .window = {.begin = {begin[0], begin[1], begin[2]}, .end = {end[0], end[1], end[2]}}};
    return dn_graph_append(graph, node, name, &x, 1);
}
