#include "net/ops/loops.h"

#include "net/ops/upsample.h"
#include "net/rows.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Floats a thread works on at a time: stays in the first-level cache. */
#define TILE 4096
/* Voxels of one partial sum; fixed, so that sums do not depend on the number of threads. */
#define PART 2048

static int64_t align64(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static int64_t tile_floats(const dn_loop *loop)
{
    return align64((loop->out_shape.c > TILE ? loop->out_shape.c : TILE) * 4) / 4;
}

static bool has_statistics(const dn_loop *loop)
{
    return loop->node->kind == DN_OP_GLOBAL_POOL || (loop->node->kind == DN_OP_NORM && loop->node->norm.kind == DN_NORM_INSTANCE);
}

static int64_t part_count(const dn_shape *shape)
{
    return (shape->d * shape->h * shape->w + PART - 1) / PART;
}

static int64_t thread_floats(const dn_loop *loop);

/* Scratch: a tile (and pooling's rows) a thread; then for statistics two doubles a channel and part, and scale and shift a sample. */
int64_t dn_loop_scratch_bytes(const dn_loop *loop, int threads)
{
    int64_t bytes = threads * thread_floats(loop) * 4;
    if (has_statistics(loop)) {
        const dn_shape *s = &loop->in[0].shape;
        bytes += align64(s->n * part_count(s) * s->c * 2 * (int64_t)sizeof(double)) + align64(s->n * s->c * 2 * (int64_t)sizeof(float));
    }
    return bytes;
}

static const unsigned char *at(const dn_operand *operand, int64_t element)
{
    return (const unsigned char *)operand->data + element * dn_type_size(operand->type);
}

typedef struct voxel {
    int64_t n, d, h, w;
} voxel;

static voxel voxel_of(const dn_shape *s, int64_t v)
{
    return (voxel){.n = v / (s->d * s->h * s->w), .d = v / (s->h * s->w) % s->d, .h = v / s->w % s->h, .w = v % s->w};
}

static void voxel_next(const dn_shape *s, voxel *v)
{
    if (++v->w == s->w) {
        v->w = 0;
        if (++v->h == s->h) {
            v->h = 0;
            if (++v->d == s->d) {
                v->d = 0;
                ++v->n;
            }
        }
    }
}

static int64_t element_of(const dn_shape *s, int64_t n, int64_t d, int64_t h, int64_t w)
{
    return (((n * s->d + d) * s->h + h) * s->w + w) * s->c;
}

static void make_copy(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    int64_t c = loop->out_shape.c;
    dn_row_load(x, at(&loop->in[0], begin * c), loop->in[0].type, (end - begin) * c);
    if (loop->node->kind == DN_OP_ACTIVATION) {
        dn_row_activation(x, loop->node->activation.kind, loop->node->activation.alpha, (end - begin) * c);
    }
}

static void make_softmax(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    make_copy(loop, begin, end, x);
    dn_row_softmax(x, end - begin, loop->out_shape.c);
}

/* Floats of the two rows that pooling works with. */
static int64_t row_floats(const dn_loop *loop)
{
    if (loop->node->kind != DN_OP_POOL) {
        return 0;
    }
    int64_t c = loop->out_shape.c;
    int64_t most = TILE / c < 1 ? 1 : TILE / c < loop->out_shape.w ? TILE / c : loop->out_shape.w;
    return align64((most * loop->node->pool.stride[2] + loop->node->pool.kernel[2]) * c * 4) / 4;
}

static int64_t thread_floats(const dn_loop *loop)
{
    return tile_floats(loop) + 2 * row_floats(loop);
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

static void clip(int64_t *first, int64_t *last, int64_t size)
{
    *first = *first < 0 ? 0 : *first;
    *last = *last > size ? size : *last;
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
            const void *row = at(in, element_of(is, v->n, d, h, w0));
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

static void make_pool(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    float *rows = x + tile_floats(loop); /* behind the tile of this thread */
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

static void make_upsample(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    const dn_node *node = loop->node;
    const dn_operand *in = &loop->in[0];
    const dn_shape *is = &in->shape;
    voxel v = voxel_of(&loop->out_shape, begin);
    for (int64_t i = begin; i < end; ++i, x += is->c, voxel_next(&loop->out_shape, &v)) {
        int64_t s[3][2];
        float second[3];
        dn_upsample_source(node->upsample.kind, node->upsample.factor[0], is->d, v.d, s[0], &second[0]);
        dn_upsample_source(node->upsample.kind, node->upsample.factor[1], is->h, v.h, s[1], &second[1]);
        dn_upsample_source(node->upsample.kind, node->upsample.factor[2], is->w, v.w, s[2], &second[2]);
        if (node->upsample.kind == DN_UP_NEAREST) {
            dn_row_load(x, at(in, element_of(is, v.n, s[0][0], s[1][0], s[2][0])), in->type, is->c);
            continue;
        }
        memset(x, 0, (size_t)is->c * sizeof(float));
        for (int corner = 0; corner < 8; ++corner) {
            int cd = corner >> 2;
            int ch = corner >> 1 & 1;
            int cw = corner & 1;
            float f = (cd ? second[0] : 1.0f - second[0]) * (ch ? second[1] : 1.0f - second[1]) * (cw ? second[2] : 1.0f - second[2]);
            if (f > 0.0f) {
                dn_row_add(x, at(in, element_of(is, v.n, s[0][cd], s[1][ch], s[2][cw])), in->type, f, is->c);
            }
        }
    }
}

static void make_concat(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    int64_t c = loop->out_shape.c;
    for (int k = 0; k < loop->in_count; ++k) {
        int64_t part = loop->in[k].shape.c;
        for (int64_t i = begin; i < end; ++i) {
            dn_row_load(x + (i - begin) * c, at(&loop->in[k], i * part), loop->in[k].type, part);
        }
        x += part;
    }
}

static void make_multiply(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    const dn_operand *b = &loop->in[1];
    const dn_shape *s = &loop->out_shape;
    int64_t c = s->c;
    int64_t voxels = s->d * s->h * s->w;
    make_copy(loop, begin, end, x);
    if (dn_shape_equal(&loop->in[0].shape, &b->shape)) {
        dn_row_multiply(x, at(b, begin * c), b->type, (end - begin) * c);
    } else if (b->shape.d * b->shape.h * b->shape.w == 1 && b->shape.c == c) {
        for (int64_t i = begin; i < end; ++i, x += c) {
            dn_row_multiply(x, at(b, i / voxels * c), b->type, c);
        }
    } else {
        bool gate = b->shape.d * b->shape.h * b->shape.w == 1;
        for (int64_t i = begin; i < end; ++i, x += c) {
            float factor;
            dn_row_load(&factor, at(b, gate ? i / voxels : i), b->type, 1);
            dn_row_scale(x, factor, c);
        }
    }
}

static void make_pad(const dn_loop *loop, int64_t begin, int64_t end, float *x)
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
            dn_row_load(x, at(in, element_of(is, v.n, d, h, w)), in->type, is->c);
        }
    }
}

/* First and second column of each part: sum and 0, maximum and 0, or mean and sum of squared deviations. */
static void part_statistics(const dn_loop *loop, int64_t n, int64_t part, double *first, double *second, float *tile)
{
    const dn_operand *in = &loop->in[0];
    int64_t c = in->shape.c;
    int64_t voxels = in->shape.d * in->shape.h * in->shape.w;
    int64_t begin = part * PART;
    int64_t end = begin + PART < voxels ? begin + PART : voxels;
    bool maximum = loop->node->kind == DN_OP_GLOBAL_POOL && loop->node->global_pool == DN_POOL_MAX;
    for (int64_t k = 0; k < c; ++k) {
        first[k] = maximum ? -INFINITY : 0.0;
        second[k] = 0.0;
    }
    for (int64_t v = begin; v < end; ++v) {
        dn_row_load(tile, at(in, (n * voxels + v) * c), in->type, c);
        for (int64_t k = 0; k < c; ++k) {
            double x = (double)tile[k];
            first[k] = !maximum ? first[k] + x : x > first[k] ? x : first[k];
        }
    }
    if (loop->node->kind == DN_OP_GLOBAL_POOL) {
        return;
    }
    for (int64_t k = 0; k < c; ++k) {
        first[k] /= (double)(end - begin);
    }
    for (int64_t v = begin; v < end; ++v) {
        dn_row_load(tile, at(in, (n * voxels + v) * c), in->type, c);
        for (int64_t k = 0; k < c; ++k) {
            double d = (double)tile[k] - first[k];
            second[k] += d * d;
        }
    }
}

/* Folds the parts of sample n, in order, into scale and shift (norm) or scale alone (global pool). */
static void join_statistics(const dn_loop *loop, const double *parts, float *scale, float *shift)
{
    const dn_shape *s = &loop->in[0].shape;
    int64_t count = part_count(s);
    int64_t voxels = s->d * s->h * s->w;
    for (int64_t k = 0; k < s->c; ++k) {
        double a = parts[k];
        double m2 = parts[s->c + k];
        double weight = (double)(voxels < PART ? voxels : PART);
        for (int64_t p = 1; p < count; ++p) {
            double b = parts[2 * p * s->c + k];
            if (loop->node->kind == DN_OP_GLOBAL_POOL) {
                a = loop->node->global_pool == DN_POOL_MAX ? (b > a ? b : a) : a + b;
                continue;
            }
            double size = (double)((p + 1) * PART < voxels ? PART : voxels - p * PART);
            double d = b - a;
            a += d * size / (weight + size);
            m2 += parts[(2 * p + 1) * s->c + k] + d * d * weight * size / (weight + size);
            weight += size;
        }
        if (loop->node->kind == DN_OP_GLOBAL_POOL) {
            scale[k] = (float)(loop->node->global_pool == DN_POOL_MAX ? a : a / (double)voxels);
        } else {
            double factor = (double)loop->scale[k] / sqrt(m2 / (double)voxels + (double)loop->node->norm.epsilon);
            scale[k] = (float)factor;
            shift[k] = (float)((double)loop->shift[k] - a * factor);
        }
    }
}

typedef void make_fn(const dn_loop *loop, int64_t begin, int64_t end, float *x);

static make_fn *maker_of(const dn_node *node)
{
    switch (node->kind) {
    case DN_OP_SOFTMAX:
        return make_softmax;
    case DN_OP_POOL:
        return make_pool;
    case DN_OP_UPSAMPLE:
        return make_upsample;
    case DN_OP_CONCAT:
        return make_concat;
    case DN_OP_MULTIPLY:
        return make_multiply;
    case DN_OP_PAD:
    case DN_OP_CROP:
        return make_pad;
    default:
        return make_copy;
    }
}

static void apply_posts(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    int64_t c = loop->out_shape.c;
    int64_t n = (end - begin) * c;
    int added = 0;
    for (int i = 0; i < loop->post_count; ++i) {
        const dn_post *post = &loop->posts[i];
        if (post->kind == DN_POST_ACTIVATION) {
            dn_row_activation(x, post->activation, post->alpha, n);
        } else if (post->kind == DN_POST_SCALE) {
            dn_row_affine(x, post->scale, post->shift, end - begin, c);
        } else if (post->kind == DN_POST_ADD) {
            const unsigned char *other = loop->added[added++];
            dn_row_add(x, other + begin * c * dn_type_size(post->type), post->type, 1.0f, n);
        }
    }
}

static void finish(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    apply_posts(loop, begin, end, x);
    int64_t c = loop->out_shape.c;
    dn_row_store((unsigned char *)loop->out + begin * c * dn_type_size(loop->out_type), loop->out_type, x, (end - begin) * c);
}

void dn_loop_run(const dn_loop *loop, void *scratch, int threads)
{
    const dn_shape *is = &loop->in[0].shape;
    float *tiles = scratch;
    int64_t tile = tile_floats(loop);
    int64_t apart = thread_floats(loop);
    int64_t c = loop->out_shape.c;
    float *scale = NULL;
    float *shift = NULL;
    if (has_statistics(loop)) {
        int64_t parts = part_count(is);
        double *statistics = (double *)(void *)(tiles + threads * apart);
        scale = (float *)(void *)((unsigned char *)statistics + align64(is->n * parts * c * 2 * (int64_t)sizeof(double)));
        shift = scale + is->n * c;
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t p = 0; p < is->n * parts; ++p) {
            part_statistics(loop, p / parts, p % parts, statistics + 2 * p * c, statistics + (2 * p + 1) * c,
                            tiles + omp_get_thread_num() * apart);
        }
        for (int64_t n = 0; n < is->n; ++n) {
            join_statistics(loop, statistics + 2 * n * parts * c, scale + n * c, shift + n * c);
        }
        if (loop->node->kind == DN_OP_GLOBAL_POOL) {
            for (int64_t n = 0; n < is->n; ++n) {
                finish(loop, n, n + 1, scale + n * c);
            }
            return;
        }
    }
    make_fn *make = maker_of(loop->node);
    int64_t voxels = dn_shape_size(&loop->out_shape) / c;
    int64_t per_sample = voxels / loop->out_shape.n;
    int64_t step = tile / c;
    int64_t steps = (per_sample + step - 1) / step; /* a tile never spans two samples */
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t t = 0; t < loop->out_shape.n * steps; ++t) {
        int64_t n = t / steps;
        int64_t begin = t % steps * step;
        int64_t end = begin + step < per_sample ? begin + step : per_sample;
        float *x = tiles + omp_get_thread_num() * apart;
        make(loop, n * per_sample + begin, n * per_sample + end, x);
        if (scale != NULL) {
            dn_row_affine(x, scale + n * c, shift + n * c, end - begin, c);
        }
        finish(loop, n * per_sample + begin, n * per_sample + end, x);
    }
}
