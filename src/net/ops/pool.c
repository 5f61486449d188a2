/* Max and average pooling. Padding never wins a maximum and never counts in an average. */
#include "net/ops/op.h"
#include "net/ops/tile.h"

#include <math.h>

static dn_status pool_shape(dn_node *node, const dn_shape *in)
{
    dn_pool *pool = &node->pool;
    static const int64_t ones[3] = {1, 1, 1};
    dn_at_least_one(pool->kernel);
    for (int a = 0; a < 3; ++a) {
        pool->stride[a] = pool->stride[a] == 0 ? pool->kernel[a] : pool->stride[a];
    }
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

/* Floats of each of the two rows that pooling works with, behind the tile of its thread. */
static int64_t row_floats(const dn_loop *loop)
{
    int64_t c = loop->out_shape.c;
    int64_t most = LOOP_TILE / c < 1 ? 1 : LOOP_TILE / c < loop->out_shape.w ? LOOP_TILE / c : loop->out_shape.w;
    return align64((most * loop->node->pool.stride[2] + loop->node->pool.kernel[2]) * c * 4) / 4;
}

static void clip(int64_t *first, int64_t *last, int64_t size)
{
    *first = *first < 0 ? 0 : *first;
    *last = *last > size ? size : *last;
}

static void apply_channelwise(const dn_post *posts, int count, float *x, int64_t voxels, int64_t c)
{
    for (int i = 0; i < count; ++i) {
        if (posts[i].kind == DN_POST_ACTIVATION) {
            dn_row_activation(x, posts[i].activation, posts[i].alpha, voxels * c);
        } else {
            dn_row_affine(x, posts[i].scale, posts[i].shift, voxels, c);
        }
    }
}

/* `count` voxels of one output row, from v on: first over depth and height, whole input rows at a time, then along width. */
static void pool_row(const dn_loop *loop, const voxel *v, int64_t count, float *x, float *rows)
{
    const dn_pool *pool = &loop->node->pool;
    const dn_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    int64_t c = is->c;
    bool maximum = pool->kind == DN_POOL_MAX;
    float *other = rows + row_floats(loop);
    int64_t d0 = v->d * pool->stride[0] - pool->pad_begin[0];
    int64_t h0 = v->h * pool->stride[1] - pool->pad_begin[1];
    int64_t w0 = v->w * pool->stride[2] - pool->pad_begin[2];
    int64_t d1 = d0 + pool->kernel[0];
    int64_t h1 = h0 + pool->kernel[1];
    int64_t w1 = w0 + (count - 1) * pool->stride[2] + pool->kernel[2];
    clip(&d0, &d1, is->d);
    clip(&h0, &h1, is->h);
    clip(&w0, &w1, is->w);
    for (int64_t d = d0; d < d1; ++d) {
        for (int64_t h = h0; h < h1; ++h) {
            const void *row = operand_at(in, element_of(is, v->n, d, h, w0));
            bool fresh = d == d0 && h == h0;
            dn_type type = in->type;
            if (fresh || loop->pre_count > 0) {
                float *to = fresh ? rows : other;
                dn_row_load(to, row, in->type, (w1 - w0) * c);
                apply_channelwise(loop->pre, loop->pre_count, to, w1 - w0, c);
                row = to;
                type = DN_TYPE_F32;
            }
            if (!fresh && maximum) {
                dn_row_max(rows, row, type, (w1 - w0) * c);
            } else if (!fresh) {
                dn_row_add(rows, row, type, 1.0f, (w1 - w0) * c);
            }
        }
    }
    for (int64_t i = 0; i < count; ++i, x += c) {
        int64_t first = (v->w + i) * pool->stride[2] - pool->pad_begin[2];
        int64_t last = first + pool->kernel[2];
        clip(&first, &last, is->w);
        dn_row_window(x, rows + (first - w0) * c, maximum, last - first, c);
        if (!maximum) {
            dn_row_scale(x, 1.0f / (float)((d1 - d0) * (h1 - h0) * (last - first)), c);
        }
    }
}

static void pool_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    float *rows = x + dn_loop_tile_floats(loop);
    voxel v = voxel_of(&loop->out_shape, begin);
    while (begin < end) {
        int64_t count = loop->out_shape.w - v.w < end - begin ? loop->out_shape.w - v.w : end - begin;
        pool_row(loop, &v, count, x, rows);
        begin += count;
        x += count * loop->out_shape.c;
        v.w += count - 1;
        voxel_next(&loop->out_shape, &v);
    }
}

typedef struct pool_window {
    int64_t first[3], last[3];
    int64_t count;
} pool_window;

static pool_window window_of(const dn_pool *p, const dn_shape *is, const int64_t o[3])
{
    pool_window w = {.count = 1};
    for (int a = 0; a < 3; ++a) {
        w.first[a] = o[a] * p->stride[a] - p->pad_begin[a];
        w.last[a] = w.first[a] + p->kernel[a];
        w.first[a] = w.first[a] < 0 ? 0 : w.first[a];
        w.last[a] = w.last[a] > dn_shape_axis(is, a) ? dn_shape_axis(is, a) : w.last[a];
        w.count *= w.last[a] - w.first[a];
    }
    return w;
}

/* One output voxel, channels c .. c + length. */
static void pool_voxel(const dn_gradient_loop *loop, int64_t n, const pool_window *w, int64_t from, int64_t c, int64_t length)
{
    const dn_gradient_operand *in = &loop->in[0];
    bool maximum = loop->node->pool.kind == DN_POOL_MAX;
    float g[TILE];
    float x[TILE];
    float best[TILE];
    int32_t tap[TILE];
    dn_row_load(g, read_at(loop->g, loop->type, from + c), loop->type, length);
    if (!maximum) {
        dn_row_scale(g, 1.0f / (float)w->count, length);
    }
    for (int64_t i = 0; maximum && i < length; ++i) {
        best[i] = -INFINITY;
        tap[i] = -1;
    }
    for (int pass = maximum ? 0 : 1; pass < 2; ++pass) {
        int32_t number = 0;
        for (int64_t d = w->first[0]; d < w->last[0]; ++d) {
            for (int64_t h = w->first[1]; h < w->last[1]; ++h) {
                for (int64_t k = w->first[2]; k < w->last[2]; ++k, ++number) {
                    int64_t at = element_of(&in->shape, n, d, h, k) + c;
                    if (pass == 0) {
                        dn_row_load(x, read_at(in->x, loop->type, at), loop->type, length);
                        dn_row_tap_max(best, tap, x, number, length);
                        continue;
                    }
                    void *to = write_at(in->g, loop->type, at);
                    dn_row_load(x, to, loop->type, length);
                    if (maximum) {
                        dn_row_tap_add(x, g, tap, number, length);
                    } else {
                        dn_row_sum(x, g, length);
                    }
                    dn_row_store(to, loop->type, x, length);
                }
            }
        }
    }
}

/* Windows may overlap: rows of windows that share no input row go in parallel, the others one after the other. */
static void pool_loop_backward(const dn_gradient_loop *loop)
{
    const dn_pool *p = &loop->node->pool;
    const dn_gradient_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    const dn_shape *os = &loop->node->shape;
    if (!in->add) {
        fill_zero(in, loop->type, loop->threads);
    }
    int64_t step_d = (p->kernel[0] + p->stride[0] - 1) / p->stride[0];
    int64_t step_h = (p->kernel[1] + p->stride[1] - 1) / p->stride[1];
    for (int64_t phase = 0; phase < step_d * step_h; ++phase) {
        int64_t rows_d = (os->d - phase / step_h + step_d - 1) / step_d;
        int64_t rows_h = (os->h - phase % step_h + step_h - 1) / step_h;
        rows_d = rows_d < 0 ? 0 : rows_d;
        rows_h = rows_h < 0 ? 0 : rows_h;
#pragma omp parallel for num_threads(loop->threads)
        for (int64_t row = 0; row < os->n * rows_d * rows_h; ++row) {
            int64_t n = row / (rows_d * rows_h);
            int64_t o[3] = {row / rows_h % rows_d * step_d + phase / step_h, row % rows_h * step_h + phase % step_h, 0};
            for (o[2] = 0; o[2] < os->w; ++o[2]) {
                pool_window w = window_of(p, is, o);
                for (int64_t c = 0; c < is->c; c += TILE) {
                    pool_voxel(loop, n, &w, element_of(os, n, o[0], o[1], o[2]), c, is->c - c < TILE ? is->c - c : TILE);
                }
            }
        }
    }
}

static int64_t pool_loop_floats(const dn_loop *loop)
{
    return 2 * row_floats(loop);
}

static unsigned pool_looks_at(const dn_node *node)
{
    return node->pool.kind == DN_POOL_MAX ? DN_LOOKS_AT_INPUTS : 0;
}

static void pool_grid(const dn_node *node, int axis, int64_t *over, int64_t *under)
{
    (void)under;
    *over *= node->pool.stride[axis];
}

static void pool_defaults(dn_node *node)
{
    node->pool.padding = DN_PAD_VALID;
}

static const dn_op_field fields[] = {
    {.key = "kind", .type = DN_FIELD_CHOICE, .offset = offsetof(dn_node, pool.kind), .choices = "max|average"},
    {.key = "kernel", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, pool.kernel), .low = 1, .high = DN_FIELD_MOST, .depth = 1},
    {.key = "stride",
     .type = DN_FIELD_AXES,
     .offset = offsetof(dn_node, pool.stride),
     .low = 1,
     .high = DN_FIELD_MOST,
     .need = DN_FIELD_OPTIONAL,
     .depth = 1},
    {.key = "padding",
     .type = DN_FIELD_CHOICE,
     .offset = offsetof(dn_node, pool.padding),
     .need = DN_FIELD_OPTIONAL,
     .choices = "same|valid|explicit"},
    {.key = "pad_begin",
     .type = DN_FIELD_AXES,
     .offset = offsetof(dn_node, pool.pad_begin),
     .high = DN_FIELD_MOST,
     .decide = dn_padding_need},
    {.key = "pad_end", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, pool.pad_end), .high = DN_FIELD_MOST, .decide = dn_padding_need},
};

const dn_op dn_op_pool = {.name = "pool",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .shape = pool_shape,
                          .reference = pool_reference,
                          .backward = pool_backward,
                          .needs = pool_needs,
                          .fields = fields,
                          .field_count = sizeof fields / sizeof *fields,
                          .defaults = pool_defaults,
                          .grid = pool_grid,
                          .loop = pool_loop,
                          .loop_floats = pool_loop_floats,
                          .loop_backward = pool_loop_backward,
                          .looks_at = pool_looks_at};

int dn_graph_pool(dn_graph *graph, int x, const char *name, const dn_pool *attributes)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_POOL, .pool = *attributes}, name, &x, 1);
}
