#include "net/gradient_loops.h"

#include "net/dropout.h"
#include "net/gradient_rows.h"
#include "net/rows.h"

#include <math.h>
#include <string.h>

/* Floats a thread works on at a time, and channels of a voxel that are taken together. */
#define TILE 1024

static inline const void *read_at(const void *data, dn_type type, int64_t element)
{
    return (const unsigned char *)data + element * dn_type_size(type);
}

static inline void *write_at(void *data, dn_type type, int64_t element)
{
    return (unsigned char *)data + element * dn_type_size(type);
}

static int64_t element_of(const dn_shape *s, int64_t n, int64_t d, int64_t h, int64_t w)
{
    return (((n * s->d + d) * s->h + h) * s->w + w) * s->c;
}

/* Stores a tile of a gradient, or adds it to what is there. */
static void give(const dn_gradient_operand *o, dn_type type, int64_t element, float *x, int64_t n)
{
    void *to = write_at(o->g, type, element);
    if (o->add) {
        dn_row_add(x, to, type, 1.0f, n);
    }
    dn_row_store(to, type, x, n);
}

void dn_gradient_copy(void *dst, dn_type dst_type, const void *src, dn_type src_type, bool add, int64_t n, int threads)
{
#pragma omp parallel for num_threads(threads)
    for (int64_t begin = 0; begin < n; begin += TILE) {
        float x[TILE];
        int64_t length = n - begin < TILE ? n - begin : TILE;
        dn_row_load(x, read_at(src, src_type, begin), src_type, length);
        if (add) {
            dn_row_add(x, write_at(dst, dst_type, begin), dst_type, 1.0f, length);
        }
        dn_row_store(write_at(dst, dst_type, begin), dst_type, x, length);
    }
}

static void fill_zero(const dn_gradient_operand *o, dn_type type, int threads)
{
    int64_t n = dn_shape_size(&o->shape) * dn_type_size(type);
#pragma omp parallel for num_threads(threads)
    for (int64_t begin = 0; begin < n; begin += 1 << 20) {
        memset((unsigned char *)o->g + begin, 0, (size_t)(n - begin < 1 << 20 ? n - begin : 1 << 20));
    }
}

static void activation_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    int64_t n = dn_shape_size(&in->shape);
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t begin = 0; begin < n; begin += TILE) {
        float x[TILE];
        float g[TILE];
        int64_t length = n - begin < TILE ? n - begin : TILE;
        dn_row_load(g, read_at(loop->g, loop->type, begin), loop->type, length);
        if (loop->node->activation.kind != DN_ACT_NONE) {
            dn_row_load(x, read_at(in->x, loop->type, begin), loop->type, length);
            dn_row_slope_argument(g, x, loop->node->activation.kind, loop->node->activation.alpha, length);
        }
        give(in, loop->type, begin, g, length);
    }
}

static void dropout_backward(const dn_gradient_loop *loop)
{
    int64_t n = dn_shape_size(&loop->in[0].shape);
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t begin = 0; begin < n; begin += TILE) {
        float g[TILE];
        int64_t length = n - begin < TILE ? n - begin : TILE;
        dn_row_load(g, read_at(loop->g, loop->type, begin), loop->type, length);
        for (int64_t i = 0; i < length; ++i) {
            int64_t place = dn_dropout_place(&loop->in[0].shape, loop->node->dropout.whole, begin + i);
            g[i] *= dn_dropout_factor(loop->dropout_key, place, loop->node->dropout.rate);
        }
        give(&loop->in[0], loop->type, begin, g, length);
    }
}

static void add_backward(const dn_gradient_loop *loop)
{
    for (int k = loop->in_count - 1; k >= 0; --k) { /* the first may be in place: last */
        const dn_gradient_operand *in = &loop->in[k];
        if (in->g != NULL && in->g != loop->g) {
            dn_gradient_copy(in->g, loop->type, loop->g, loop->type, in->add, dn_shape_size(&in->shape), loop->threads);
        }
    }
}

static void concat_backward(const dn_gradient_loop *loop)
{
    const dn_shape *s = &loop->node->shape;
    int64_t voxels = dn_shape_size(s) / s->c;
    int64_t first = s->c;
    for (int k = loop->in_count - 1; k >= 0; --k) {
        const dn_gradient_operand *in = &loop->in[k];
        int64_t part = in->shape.c;
        first -= part;
#pragma omp parallel for num_threads(loop->threads)
        for (int64_t v = 0; v < (in->g == NULL ? 0 : voxels); ++v) {
            float g[TILE];
            for (int64_t c = 0; c < part; c += TILE) {
                int64_t length = part - c < TILE ? part - c : TILE;
                dn_row_load(g, read_at(loop->g, loop->type, v * s->c + first + c), loop->type, length);
                give(in, loop->type, v * part + c, g, length);
            }
        }
    }
}

/* Pad and crop: the window of one within the other. */
static void window_backward(const dn_gradient_loop *loop)
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

static void global_pool_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    int64_t voxels = is->d * is->h * is->w;
    bool maximum = loop->node->global_pool == DN_POOL_MAX;
    if (maximum) {
        if (!in->add) {
            fill_zero(in, loop->type, loop->threads);
        }
        for (int64_t k = 0; k < is->n * is->c; ++k) {
            int64_t base = k / is->c * voxels * is->c + k % is->c;
            float best = -INFINITY;
            float x;
            int64_t where = 0;
            for (int64_t v = 0; v < voxels; ++v) {
                dn_row_load(&x, read_at(in->x, loop->type, base + v * is->c), loop->type, 1);
                where = x > best ? v : where;
                best = x > best ? x : best;
            }
            dn_row_load(&x, read_at(loop->g, loop->type, k), loop->type, 1);
            dn_gradient_operand target = *in;
            target.add = true;
            give(&target, loop->type, base + where * is->c, &x, 1);
        }
        return;
    }
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < is->n * voxels; ++v) {
        float g[TILE];
        for (int64_t c = 0; c < is->c; c += TILE) {
            int64_t length = is->c - c < TILE ? is->c - c : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v / voxels * is->c + c), loop->type, length);
            dn_row_scale(g, 1.0f / (float)voxels, length);
            give(in, loop->type, v * is->c + c, g, length);
        }
    }
}

static void softmax_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *in = &loop->in[0];
    int64_t c = in->shape.c;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < dn_shape_size(&in->shape) / c; ++v) {
        float mean = 0.0f;
        float g[TILE];
        float y[TILE];
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            dn_row_load(y, read_at(loop->y, loop->type, v * c + i), loop->type, length);
            mean += dn_row_dot(g, y, length);
        }
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            dn_row_load(y, read_at(loop->y, loop->type, v * c + i), loop->type, length);
            for (int64_t k = 0; k < length; ++k) {
                g[k] = y[k] * (g[k] - mean);
            }
            give(in, loop->type, v * c + i, g, length);
        }
    }
}

/* b of a * b, where b is one value a voxel or a whole tensor. */
static void multiply_mask(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *a = &loop->in[0];
    const dn_gradient_operand *b = &loop->in[1];
    int64_t c = a->shape.c;
    int64_t bc = b->shape.c;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < dn_shape_size(&a->shape) / c; ++v) {
        float g[TILE];
        float x[TILE];
        float sum = 0.0f;
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            dn_row_load(x, read_at(a->x, loop->type, v * c + i), loop->type, length);
            if (bc == c) {
                dn_row_multiply(g, x, DN_TYPE_F32, length);
                give(b, loop->type, v * c + i, g, length);
            } else {
                sum += dn_row_dot(g, x, length);
            }
        }
        if (bc != c) {
            give(b, loop->type, v, &sum, 1);
        }
    }
}

/* b of a * b, where b is one value a channel and sample (and perhaps the same for all channels). */
static void multiply_gate(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *a = &loop->in[0];
    const dn_gradient_operand *b = &loop->in[1];
    int64_t c = a->shape.c;
    int64_t bc = b->shape.c;
    int64_t voxels = a->shape.d * a->shape.h * a->shape.w;
    int64_t blocks = (c + TILE - 1) / TILE;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t k = 0; k < a->shape.n * (bc == c ? blocks : 1); ++k) {
        int64_t n = bc == c ? k / blocks : k;
        float total = 0.0f;
        for (int64_t i = bc == c ? k % blocks * TILE : 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            float g[TILE];
            float x[TILE];
            double sums[TILE] = {0.0};
            for (int64_t v = 0; v < voxels; ++v) {
                dn_row_load(g, read_at(loop->g, loop->type, (n * voxels + v) * c + i), loop->type, length);
                dn_row_load(x, read_at(a->x, loop->type, (n * voxels + v) * c + i), loop->type, length);
                for (int64_t j = 0; j < length; ++j) {
                    sums[j] += (double)(g[j] * x[j]);
                }
            }
            for (int64_t j = 0; j < length; ++j) {
                g[j] = (float)sums[j];
                total += g[j];
            }
            if (bc == c) {
                give(b, loop->type, n * c + i, g, length);
                break;
            }
        }
        if (bc != c) {
            give(b, loop->type, n, &total, 1);
        }
    }
}

static void multiply_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *a = &loop->in[0];
    const dn_gradient_operand *b = &loop->in[1];
    int64_t c = a->shape.c;
    int64_t bc = b->shape.c;
    int64_t voxels = a->shape.d * a->shape.h * a->shape.w;
    bool gate = b->shape.d * b->shape.h * b->shape.w == 1;
    if (b->g != NULL) {
        if (gate) {
            multiply_gate(loop);
        } else {
            multiply_mask(loop);
        }
    }
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < (a->g == NULL ? 0 : a->shape.n * voxels); ++v) {
        float g[TILE];
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            int64_t from = (gate ? v / voxels : v) * bc;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            if (bc == c) {
                dn_row_multiply(g, read_at(b->x, loop->type, from + i), loop->type, length);
            } else {
                float factor;
                dn_row_load(&factor, read_at(b->x, loop->type, from), loop->type, 1);
                dn_row_scale(g, factor, length);
            }
            give(a, loop->type, v * c + i, g, length);
        }
    }
}

/* The two voxels and the weight of the second, for output position o. */
static void neighbours(dn_up_kind kind, int64_t factor, int64_t size, int64_t o, int64_t source[2], float *second)
{
    if (kind == DN_UP_NEAREST) {
        source[0] = source[1] = o / factor;
        *second = 0.0f;
        return;
    }
    double x = ((double)o + 0.5) / (double)factor - 0.5;
    x = x < 0.0 ? 0.0 : x;
    source[0] = (int64_t)x;
    source[1] = source[0] + 1 < size ? source[0] + 1 : source[0];
    *second = (float)(x - (double)source[0]);
}

/* How much of input i output o has. */
static float share(dn_up_kind kind, int64_t factor, int64_t size, int64_t o, int64_t i)
{
    int64_t source[2];
    float second;
    neighbours(kind, factor, size, o, source, &second);
    return (source[0] == i ? 1.0f - second : 0.0f) + (source[1] == i ? second : 0.0f);
}

/* Each input voxel gathers from the outputs that read it. */
static void upsample_backward(const dn_gradient_loop *loop)
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
                float fd = share(kind, f[0], is->d, d, at[0]);
                for (int64_t h = first[1]; fd > 0.0f && h < last[1]; ++h) {
                    float fh = fd * share(kind, f[1], is->h, h, at[1]);
                    for (int64_t w = first[2]; fh > 0.0f && w < last[2]; ++w) {
                        float fw = fh * share(kind, f[2], is->w, w, at[2]);
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

/* The output that input i gives to at tap k, or -1. */
static int64_t target(int64_t i, int64_t k, const dn_conv *conv, int axis, int64_t size)
{
    int64_t at = i + conv->pad_begin[axis] - k * conv->dilation[axis];
    return at < 0 || at % conv->stride[axis] != 0 || at / conv->stride[axis] >= size ? -1 : at / conv->stride[axis];
}

void dn_gradient_depthwise(const dn_conv *conv, const dn_gradient_operand *in, const dn_shape *out, dn_type type, const void *g,
                           const float *taps, int threads)
{
    const dn_shape *is = &in->shape;
#pragma omp parallel for num_threads(threads)
    for (int64_t v = 0; v < dn_shape_size(is) / is->c; ++v) {
        int64_t n = v / (is->w * is->h * is->d);
        for (int64_t c = 0; c < is->c; c += TILE) {
            int64_t length = is->c - c < TILE ? is->c - c : TILE;
            float sum[TILE];
            float dy[TILE];
            memset(sum, 0, (size_t)length * sizeof *sum);
            for (int64_t k = 0; k < conv->kernel[0] * conv->kernel[1] * conv->kernel[2]; ++k) {
                int64_t d = target(v / (is->w * is->h) % is->d, k / (conv->kernel[1] * conv->kernel[2]), conv, 0, out->d);
                int64_t h = target(v / is->w % is->h, k / conv->kernel[2] % conv->kernel[1], conv, 1, out->h);
                int64_t w = target(v % is->w, k % conv->kernel[2], conv, 2, out->w);
                if (d < 0 || h < 0 || w < 0) {
                    continue;
                }
                dn_row_load(dy, read_at(g, type, element_of(out, n, d, h, w) + c), type, length);
                dn_row_multiply_add(sum, dy, taps + k * is->c + c, length);
            }
            give(in, type, v * is->c + c, sum, length);
        }
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
static void pool_backward(const dn_gradient_loop *loop)
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

void dn_gradient_loop_run(const dn_gradient_loop *loop)
{
    bool wanted = false;
    for (int k = 0; k < loop->in_count; ++k) {
        wanted = wanted || loop->in[k].g != NULL;
    }
    if (!wanted) {
        return;
    }
    switch (loop->node->kind) {
    case DN_OP_ACTIVATION:
        activation_backward(loop);
        break;
    case DN_OP_DROPOUT:
        dropout_backward(loop);
        break;
    case DN_OP_ADD:
        add_backward(loop);
        break;
    case DN_OP_CONCAT:
        concat_backward(loop);
        break;
    case DN_OP_PAD:
    case DN_OP_CROP:
        window_backward(loop);
        break;
    case DN_OP_POOL:
        pool_backward(loop);
        break;
    case DN_OP_GLOBAL_POOL:
        global_pool_backward(loop);
        break;
    case DN_OP_SOFTMAX:
        softmax_backward(loop);
        break;
    case DN_OP_MULTIPLY:
        multiply_backward(loop);
        break;
    case DN_OP_UPSAMPLE:
        upsample_backward(loop);
        break;
    default:
        break;
    }
}
