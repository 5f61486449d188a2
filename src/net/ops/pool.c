/* Max and average pooling. Padding never wins a maximum and never counts in an average. */
#include "net/ops/op.h"

#include <math.h>

static dn_status pool_shape(dn_node *node, const dn_shape *in)
{
    dn_pool *pool = &node->pool;
    static const int64_t ones[3] = {1, 1, 1};
    node->shape = (dn_shape){.n = in->n, .c = in->c};
    DN_TRY(dn_window_shape(in, pool->kernel, pool->stride, ones, pool->padding, pool->pad_begin, pool->pad_end, &node->shape));
    for (int a = 0; a < 3; ++a) {
        if (pool->pad_begin[a] >= pool->kernel[a] || pool->pad_end[a] >= pool->kernel[a]) {
            DN_FAIL(DN_ESHAPE, "padding of %lld and %lld around a window of %lld", (long long)pool->pad_begin[a],
                    (long long)pool->pad_end[a], (long long)pool->kernel[a]);
        }
    }
    return DN_OK;
}

static void pool_reference(const dn_op_call *call)
{
    const dn_pool *pool = &call->node->pool;
    const dn_shape *is = &call->in[0].shape;
    const dn_shape *os = &call->out.shape;
    double *out = call->out.data;
    for (int64_t n = 0; n < os->n; ++n) {
        for (int64_t d = 0; d < os->d; ++d) {
            for (int64_t h = 0; h < os->h; ++h) {
                for (int64_t w = 0; w < os->w; ++w) {
                    for (int64_t c = 0; c < os->c; ++c) {
                        double best = -INFINITY;
                        double sum = 0.0;
                        int64_t count = 0;
                        for (int64_t t = 0; t < pool->kernel[0] * pool->kernel[1] * pool->kernel[2]; ++t) {
                            int64_t id = d * pool->stride[0] - pool->pad_begin[0] + t / (pool->kernel[1] * pool->kernel[2]);
                            int64_t ih = h * pool->stride[1] - pool->pad_begin[1] + t / pool->kernel[2] % pool->kernel[1];
                            int64_t iw = w * pool->stride[2] - pool->pad_begin[2] + t % pool->kernel[2];
                            if (id < 0 || id >= is->d || ih < 0 || ih >= is->h || iw < 0 || iw >= is->w) {
                                continue;
                            }
                            double x = call->in[0].data[(((n * is->d + id) * is->h + ih) * is->w + iw) * is->c + c];
                            best = x > best ? x : best;
                            sum += x;
                            ++count;
                        }
                        *out++ = pool->kind == DN_POOL_MAX ? best : sum / (double)count;
                    }
                }
            }
        }
    }
}

static void pool_backward(const dn_op_gradient *g)
{
    const dn_pool *pool = &g->call->node->pool;
    const dn_shape *is = &g->call->in[0].shape;
    const dn_shape *os = &g->call->out.shape;
    int64_t taps = pool->kernel[0] * pool->kernel[1] * pool->kernel[2];
    for (int64_t k = 0; g->in[0] != NULL && k < dn_shape_size(os); ++k) {
        int64_t v = k / os->c;
        int64_t n = v / (os->w * os->h * os->d);
        int64_t best = -1; /* the first of equals */
        int64_t count = 0;
        for (int pass = 0; pass < 2; ++pass) { /* an average needs the count before */
            for (int64_t t = 0; t < taps; ++t) {
                int64_t id = v / (os->w * os->h) % os->d * pool->stride[0] - pool->pad_begin[0] + t / (pool->kernel[1] * pool->kernel[2]);
                int64_t ih = v / os->w % os->h * pool->stride[1] - pool->pad_begin[1] + t / pool->kernel[2] % pool->kernel[1];
                int64_t iw = v % os->w * pool->stride[2] - pool->pad_begin[2] + t % pool->kernel[2];
                if (id < 0 || id >= is->d || ih < 0 || ih >= is->h || iw < 0 || iw >= is->w) {
                    continue;
                }
                int64_t from = (((n * is->d + id) * is->h + ih) * is->w + iw) * is->c + k % os->c;
                const double *x = g->call->in[0].data;
                if (pass == 0) {
                    best = best < 0 || x[from] > x[best] ? from : best;
                    ++count;
                } else if (pool->kind == DN_POOL_AVERAGE) {
                    g->in[0][from] += g->out[k] / (double)count;
                }
            }
        }
        if (pool->kind == DN_POOL_MAX && best >= 0) {
            g->in[0][best] += g->out[k];
        }
    }
}

static void pool_needs(const dn_node *node, const dn_window *out, dn_window *in)
{
    const dn_pool *pool = &node->pool;
    for (int a = 0; a < 3; ++a) {
        in->begin[a] = out->begin[a] * pool->stride[a] - pool->pad_begin[a];
        in->end[a] = (out->end[a] - 1) * pool->stride[a] - pool->pad_begin[a] + pool->kernel[a];
    }
}

const dn_op dn_op_pool = {.name = "pool",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .shape = pool_shape,
                          .reference = pool_reference,
                          .backward = pool_backward,
                          .needs = pool_needs};
