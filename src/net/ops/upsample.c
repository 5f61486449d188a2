/* Up-sampling by whole factors: nearest (each voxel repeated) or linear between half-pixel centres, clamped at the edges. */
#include "net/ops/op.h"

static dn_status upsample_shape(dn_node *node, const dn_shape *in)
{
    node->shape = *in;
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

const dn_op dn_op_upsample = {.name = "upsample",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .shape = upsample_shape,
                              .reference = upsample_reference,
                              .backward = upsample_backward,
                              .needs = upsample_needs};
