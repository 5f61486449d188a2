#include "net/ops/gradient_loops.h"

#include "net/gradient_rows.h"
#include "net/ops/dropout.h"
#include "net/ops/gradient_tile.h"
#include "net/ops/gradient_windows.h"
#include "net/rows.h"

#include <math.h>
#include <string.h>

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
    const dn_shape *s = &loop->in[0].shape;
    bool whole = loop->node->dropout.whole;
    int64_t n = dn_shape_size(s) / s->n;
    int64_t tiles = (n + TILE - 1) / TILE; /* of a sample */
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t t = 0; t < s->n * tiles; ++t) {
        float g[TILE];
        int64_t begin = t / tiles * n + t % tiles * TILE;
        int64_t length = n - t % tiles * TILE < TILE ? n - t % tiles * TILE : TILE;
        dn_row_load(g, read_at(loop->g, loop->type, begin), loop->type, length);
        if (whole) {
            dn_row_scale(g, dn_dropout_factor(loop->dropout_key, dn_dropout_place(s, true, begin), loop->node->dropout.rate), length);
        }
        for (int64_t i = 0; !whole && i < length; ++i) {
            g[i] *= dn_dropout_factor(loop->dropout_key, begin + i, loop->node->dropout.rate);
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
        dn_gradient_pool(loop);
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
        dn_gradient_upsample(loop);
        break;
    default:
        break;
    }
}
