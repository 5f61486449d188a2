/* Up-sampling by whole factors: nearest (each voxel repeated) or linear between half-pixel centres, clamped at the edges. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

static dn_status upsample_shape(dn_node *node, const dn_shape *in)
{
    node->shape = *in;
    dn_at_least_one(node->upsample.factor);
    for (int a = 0; a < 3; ++a) {
        if (node->upsample.factor[a] < 1 || node->upsample.factor[a] > 1024) {
            DN_FAIL(DN_ESHAPE, "a factor of %lld", (long long)node->upsample.factor[a]);
        }
        dn_shape_set_axis(&node->shape, a, dn_shape_axis(in, a) * node->upsample.factor[a]);
    }
    return DN_OK;
}

/* The two voxels and the weight of the second, for output position o. */
static void neighbours(const dn_node *node, int axis, int64_t size, int64_t o, int64_t at[2], double *second)
{
    int64_t factor = node->upsample.factor[axis];
    if (node->upsample.kind == DN_UP_NEAREST) {
        at[0] = at[1] = o / factor;
        *second = 0.0;
        return;
    }
    double x = ((double)o + 0.5) / (double)factor - 0.5;
    x = x < 0.0 ? 0.0 : x;
    at[0] = (int64_t)x;
    at[1] = at[0] + 1 < size ? at[0] + 1 : at[0];
    *second = x - (double)at[0];
}

static void upsample_reference(const dn_op_call *call)
{
    const dn_shape *is = &call->in[0].shape;
    const dn_shape *os = &call->out.shape;
    double *out = call->out.data;
    for (int64_t n = 0; n < os->n; ++n) {
        for (int64_t d = 0; d < os->d; ++d) {
            for (int64_t h = 0; h < os->h; ++h) {
                for (int64_t w = 0; w < os->w; ++w) {
                    int64_t at[3][2];
                    double second[3];
                    neighbours(call->node, 0, is->d, d, at[0], &second[0]);
                    neighbours(call->node, 1, is->h, h, at[1], &second[1]);
                    neighbours(call->node, 2, is->w, w, at[2], &second[2]);
                    for (int64_t c = 0; c < os->c; ++c) {
                        double sum = 0.0;
                        for (int corner = 0; corner < 8; ++corner) {
                            int cd = corner >> 2;
                            int ch = corner >> 1 & 1;
                            int cw = corner & 1;
                            double f = (cd ? second[0] : 1.0 - second[0]) * (ch ? second[1] : 1.0 - second[1]) *
                                       (cw ? second[2] : 1.0 - second[2]);
                            if (f > 0.0) {
                                sum +=
                                    f * call->in[0].data[(((n * is->d + at[0][cd]) * is->h + at[1][ch]) * is->w + at[2][cw]) * is->c + c];
                            }
                        }
                        *out++ = sum;
                    }
                }
            }
        }
    }
}

static void upsample_backward(const dn_op_gradient *g)
{
    const dn_shape *is = &g->call->in[0].shape;
    const dn_shape *os = &g->call->out.shape;
    for (int64_t v = 0; g->in[0] != NULL && v < dn_shape_size(os) / os->c; ++v) {
        int64_t at[3][2];
        double second[3];
        int64_t n = v / (os->w * os->h * os->d);
        neighbours(g->call->node, 0, is->d, v / (os->w * os->h) % os->d, at[0], &second[0]);
        neighbours(g->call->node, 1, is->h, v / os->w % os->h, at[1], &second[1]);
        neighbours(g->call->node, 2, is->w, v % os->w, at[2], &second[2]);
        for (int corner = 0; corner < 8; ++corner) {
            int b[3] = {corner >> 2, corner >> 1 & 1, corner & 1};
            double f = 1.0;
            for (int a = 0; a < 3; ++a) {
                f *= b[a] ? second[a] : 1.0 - second[a];
            }
            double *to = g->in[0] + (((n * is->d + at[0][b[0]]) * is->h + at[1][b[1]]) * is->w + at[2][b[2]]) * is->c;
            for (int64_t c = 0; c < os->c; ++c) {
                to[c] += f * g->out[v * os->c + c];
            }
        }
    }
}

static void upsample_needs(const dn_node *node, const dn_window *out, dn_window *in)
{
    int64_t reach = node->upsample.kind == DN_UP_LINEAR ? 1 : 0;
    for (int a = 0; a < 3; ++a) {
        int64_t margin = node->upsample.factor[a] > 1 ? reach : 0;
        in->begin[a] = out->begin[a] / node->upsample.factor[a] - margin;
        in->end[a] = (out->end[a] - 1) / node->upsample.factor[a] + 1 + margin;
    }
}

static void upsample_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    const dn_node *node = loop->node;
    const dn_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    voxel v = voxel_of(&loop->out_shape, begin);
    for (int64_t i = begin; i < end; ++i, x += is->c, voxel_next(&loop->out_shape, &v)) {
        int64_t s[3][2];
        const int64_t to[3] = {v.d, v.h, v.w};
        float second[3];
        for (int a = 0; a < 3; ++a) {
            double part;
            neighbours(node, a, dn_shape_axis(is, a), to[a], s[a], &part);
            second[a] = (float)part;
        }
        if (node->upsample.kind == DN_UP_NEAREST) {
            dn_row_load(x, operand_at(in, element_of(is, v.n, s[0][0], s[1][0], s[2][0])), in->type, is->c);
            continue;
        }
        memset(x, 0, (size_t)is->c * sizeof(float));
        for (int corner = 0; corner < 8; ++corner) {
            int cd = corner >> 2;
            int ch = corner >> 1 & 1;
            int cw = corner & 1;
            float f = (cd ? second[0] : 1.0f - second[0]) * (ch ? second[1] : 1.0f - second[1]) * (cw ? second[2] : 1.0f - second[2]);
            if (f > 0.0f) {
                dn_row_add(x, operand_at(in, element_of(is, v.n, s[0][cd], s[1][ch], s[2][cw])), in->type, f, is->c);
            }
        }
    }
}

/* How much of input i output o has. */
static float share(const dn_node *node, int axis, int64_t size, int64_t o, int64_t i)
{
    int64_t source[2];
    double part;
    neighbours(node, axis, size, o, source, &part);
    float second = (float)part;
    return (source[0] == i ? 1.0f - second : 0.0f) + (source[1] == i ? second : 0.0f);
}

/* Each input voxel gathers from the outputs that read it. */
static void upsample_loop_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    const dn_shape *os = &loop->node->shape;
    dn_up_kind kind = loop->node->upsample.kind;
    const int64_t *f = loop->node->upsample.factor;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < dn_shape_size(is) / is->c; ++v) {
        const int64_t at[3] = {v / (is->w * is->h) % is->d, v / is->w % is->h, v % is->w};
        int64_t n = v / (is->w * is->h * is->d);
        int64_t first[3];
        int64_t last[3];
        for (int a = 0; a < 3; ++a) {
            int64_t reach = kind == DN_UP_LINEAR ? f[a] : 0;
            first[a] = at[a] * f[a] - reach < 0 ? 0 : at[a] * f[a] - reach;
            last[a] = (at[a] + 1) * f[a] + reach;
            last[a] = last[a] > dn_shape_axis(os, a) ? dn_shape_axis(os, a) : last[a];
        }
        for (int64_t c = 0; c < is->c; c += TILE) {
            int64_t length = is->c - c < TILE ? is->c - c : TILE;
            float sum[TILE];
            memset(sum, 0, (size_t)length * sizeof *sum);
            for (int64_t d = first[0]; d < last[0]; ++d) {
                float fd = share(loop->node, 0, is->d, d, at[0]);
                for (int64_t h = first[1]; fd > 0.0f && h < last[1]; ++h) {
                    float fh = fd * share(loop->node, 1, is->h, h, at[1]);
                    for (int64_t w = first[2]; fh > 0.0f && w < last[2]; ++w) {
                        float fw = fh * share(loop->node, 2, is->w, w, at[2]);
                        if (fw > 0.0f) {
                            dn_row_add(sum, read_at(loop->g, loop->type, element_of(os, n, d, h, w) + c), loop->type, fw, length);
                        }
                    }
                }
            }
            give(in, loop->type, v * is->c + c, sum, length);
        }
    }
}

static void upsample_grid(const dn_node *node, int axis, int64_t *over, int64_t *under)
{
    (void)over;
    *under *= node->upsample.factor[axis];
}

static const dn_op_field fields[] = {
    {.key = "kind", .type = DN_FIELD_CHOICE, .offset = offsetof(dn_node, upsample.kind), .choices = "nearest|linear"},
    {.key = "factor", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, upsample.factor), .low = 1, .high = DN_FIELD_MOST, .depth = 1},
};

const dn_op dn_op_upsample = {.name = "upsample",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .shape = upsample_shape,
                              .reference = upsample_reference,
                              .backward = upsample_backward,
                              .needs = upsample_needs,
                              .fields = fields,
                              .field_count = sizeof fields / sizeof *fields,
                              .grid = upsample_grid,
                              .loop = upsample_loop,
                              .loop_backward = upsample_loop_backward};

int dn_graph_upsample(dn_graph *graph, int x, const char *name, dn_up_kind kind, const int64_t factor[3])
{
    dn_node node = {.kind = DN_OP_UPSAMPLE};
    node.upsample.kind = kind;
    memcpy(node.upsample.factor, factor, sizeof node.upsample.factor);
    return dn_graph_append(graph, node, name, &x, 1);
}
