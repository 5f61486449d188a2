/* Runs the loop of an operation over parts of a tensor, with statistics before it and the fused tail behind it. */
#include "net/ops/loops.h"

#include "net/ops/tile.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Voxels of one partial sum; fixed, so that sums do not depend on the number of threads. */
#define PART 2048

static dn_statistics statistics_of(const dn_loop *loop)
{
    const dn_op *op = dn_op_of(loop->node->kind);
    return op->statistics == NULL ? DN_STATISTICS_NONE : op->statistics(loop->node);
}

static int64_t part_count(const dn_shape *shape)
{
    return (shape->d * shape->h * shape->w + PART - 1) / PART;
}

/* Room for a tile's projection. */
static int64_t projected_floats(const dn_loop *loop)
{
    const dn_post *project = dn_loop_projection(loop);
    return project == NULL ? 0 : align64(dn_loop_tile_floats(loop) / project->in_channels * project->channels * 4) / 4;
}

static int64_t thread_floats(const dn_loop *loop)
{
    const dn_op *op = dn_op_of(loop->node->kind);
    return dn_loop_tile_floats(loop) + projected_floats(loop) + (op->loop_floats == NULL ? 0 : op->loop_floats(loop));
}

/* Scratch: a tile (and what the operation wants besides) for each thread; then for statistics two doubles for each channel and part, and
 * scale and shift for each sample. */
int64_t dn_loop_scratch_bytes(const dn_loop *loop, int threads)
{
    int64_t bytes = threads * thread_floats(loop) * 4;
    if (statistics_of(loop) != DN_STATISTICS_NONE) {
        const dn_shape *s = &loop->in[0].shape;
        bytes += align64(s->n * part_count(s) * s->c * 2 * (int64_t)sizeof(double)) + align64(s->n * s->c * 2 * (int64_t)sizeof(float));
    }
    return bytes;
}

/* Some elements of an operand as floats: where they lie, or in tile. */
static const float *rows_of(const dn_operand *in, int64_t element, int64_t count, float *tile)
{
    if (in->type == DN_TYPE_F32) {
        return operand_at(in, element);
    }
    dn_row_load(tile, operand_at(in, element), in->type, count);
    return tile;
}

/* First and second column of each part: sum and 0, maximum and 0, or mean and sum of squared deviations. */
static void part_statistics(const dn_loop *loop, dn_statistics kind, int64_t n, int64_t part, double *first, double *second, float *tile)
{
    const dn_operand *in = &loop->in[0];
    int64_t c = in->shape.c;
    int64_t voxels = in->shape.d * in->shape.h * in->shape.w;
    int64_t begin = part * PART;
    int64_t end = begin + PART < voxels ? begin + PART : voxels;
    bool maximum = kind == DN_STATISTICS_MAXIMUM;
    for (int64_t k = 0; k < c; ++k) {
        first[k] = maximum ? -INFINITY : 0.0;
        second[k] = 0.0;
    }
    const int64_t most = dn_loop_tile_floats(loop) / c;
    for (int64_t v = begin; v < end; v += most) {
        const int64_t rows = end - v < most ? end - v : most;
        const float *x = rows_of(in, (n * voxels + v) * c, rows * c, tile);
        if (!maximum) {
            dn_row_sums(first, x, rows, c);
        }
        for (int64_t i = 0; maximum && i < rows * c; ++i) {
            first[i % c] = (double)x[i] > first[i % c] ? (double)x[i] : first[i % c];
        }
    }
    if (kind != DN_STATISTICS_MOMENTS) {
        return;
    }
    for (int64_t k = 0; k < c; ++k) {
        first[k] /= (double)(end - begin);
    }
    for (int64_t v = begin; v < end; v += most) {
        const int64_t rows = end - v < most ? end - v : most;
        dn_row_deviations(second, first, rows_of(in, (n * voxels + v) * c, rows * c, tile), rows, c);
    }
}

/* Folds the parts of a sample, in order. */
static dn_moments join_parts(const double *parts, dn_statistics kind, const dn_shape *s, int64_t k)
{
    int64_t voxels = s->d * s->h * s->w;
    dn_moments m = {.first = parts[k], .m2 = parts[s->c + k], .count = (double)(voxels < PART ? voxels : PART)};
    for (int64_t p = 1; p < part_count(s); ++p) {
        double b = parts[2 * p * s->c + k];
        if (kind != DN_STATISTICS_MOMENTS) {
            m.first = kind == DN_STATISTICS_SUM ? m.first + b : b > m.first ? b : m.first;
            continue;
        }
        double size = (double)((p + 1) * PART < voxels ? PART : voxels - p * PART);
        double d = b - m.first;
        m.first += d * size / (m.count + size);
        m.m2 += parts[(2 * p + 1) * s->c + k] + d * d * m.count * size / (m.count + size);
        m.count += size;
    }
    m.count = (double)voxels;
    return m;
}

/* x += a tensor of half the size, row by row. */
static void add_twice(const dn_loop *loop, const void *half, dn_type type, int64_t begin, int64_t end, float *x)
{
    const dn_shape *s = &loop->out_shape;
    const int64_t c = dn_loop_channels(loop);
    for (voxel v = voxel_of(s, begin); begin < end;) {
        const int64_t count = s->w - v.w < end - begin ? s->w - v.w : end - begin;
        const int64_t row = ((v.n * (s->d / 2) + v.d / 2) * (s->h / 2) + v.h / 2) * (s->w / 2);
        dn_row_add_twice(x, read_at(half, type, (row + v.w / 2) * c), type, v.w, count, c);
        x += count * c;
        begin += count;
        v = voxel_of(s, begin);
    }
}

/* The tail of a tile; its result is at the returned place. */
static float *apply_posts(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    int64_t c = dn_loop_channels(loop);
    int64_t n = (end - begin) * c;
    int added = 0;
    for (int i = 0; i < loop->post_count; ++i) {
        const dn_post *post = &loop->posts[i];
        if (post->kind == DN_POST_ACTIVATION) {
            dn_row_activation(x, post->activation, post->alpha, n);
        } else if (post->kind == DN_POST_SCALE) {
            dn_row_affine(x, post->scale, post->shift, end - begin, c);
        } else if (post->kind == DN_POST_ADD && post->twice) {
            add_twice(loop, loop->added[added++], post->type, begin, end, x);
        } else if (post->kind == DN_POST_ADD) {
            const unsigned char *other = loop->added[added++];
            dn_row_add(x, other + begin * c * dn_type_size(post->type), post->type, 1.0f, n);
        } else if (post->kind == DN_POST_PROJECT) {
            float *projected = x + dn_loop_tile_floats(loop);
            dn_row_project(projected, x, post->scale, post->shift, end - begin, c, post->channels,
                           (post->channels + DN_PROJECT_LANES - 1) / DN_PROJECT_LANES * DN_PROJECT_LANES);
            x = projected;
            c = post->channels;
            n = (end - begin) * c;
        } else if (post->kind == DN_POST_SOFTMAX) {
            dn_row_softmax(x, end - begin, c);
        }
    }
    return x;
}

static void finish(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    x = apply_posts(loop, begin, end, x);
    int64_t c = loop->out_shape.c;
    dn_row_store((unsigned char *)loop->out + begin * c * dn_type_size(loop->out_type), loop->out_type, x, (end - begin) * c);
}

/* Fills scale and shift, each [samples, channels], by the statistics of input 0. */
static void find_statistics(const dn_loop *loop, dn_statistics kind, float *tiles, int threads, float **scale, float **shift)
{
    const dn_shape *is = &loop->in[0].shape;
    const dn_op *op = dn_op_of(loop->node->kind);
    int64_t c = is->c;
    int64_t parts = part_count(is);
    int64_t apart = thread_floats(loop);
    double *sums = (double *)(void *)(tiles + threads * apart);
    *scale = (float *)(void *)((unsigned char *)sums + align64(is->n * parts * c * 2 * (int64_t)sizeof(double)));
    *shift = *scale + is->n * c;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t p = 0; p < is->n * parts; ++p) {
        part_statistics(loop, kind, p / parts, p % parts, sums + 2 * p * c, sums + (2 * p + 1) * c, tiles + omp_get_thread_num() * apart);
    }
    for (int64_t at = 0; at < is->n * c; ++at) {
        dn_moments moments = join_parts(sums + 2 * (at / c) * parts * c, kind, is, at % c);
        op->use_statistics(loop, at % c, &moments, *scale + at, *shift + at);
    }
}

void dn_loop_run(const dn_loop *loop, void *scratch, int threads)
{
    const dn_op *op = dn_op_of(loop->node->kind);
    float *tiles = scratch;
    int64_t apart = thread_floats(loop);
    int64_t c = dn_loop_channels(loop);
    float *scale = NULL;
    float *shift = NULL;
    dn_statistics kind = statistics_of(loop);
    if (kind != DN_STATISTICS_NONE) {
        find_statistics(loop, kind, tiles, threads, &scale, &shift);
    }
    if ((op->traits & DN_TRAIT_REDUCES) != 0) {
        for (int64_t n = 0; n < loop->out_shape.n; ++n) {
            finish(loop, n, n + 1, scale + n * c);
        }
        return;
    }
    int64_t voxels = dn_shape_size(&loop->out_shape) / loop->out_shape.c;
    int64_t per_sample = voxels / loop->out_shape.n;
    int64_t step = dn_loop_tile_floats(loop) / c;
    int64_t steps = (per_sample + step - 1) / step; /* a tile never spans two samples */
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t t = 0; t < loop->out_shape.n * steps; ++t) {
        int64_t n = t / steps;
        int64_t begin = t % steps * step;
        int64_t end = begin + step < per_sample ? begin + step : per_sample;
        float *x = tiles + omp_get_thread_num() * apart;
        (op->loop == NULL ? loop_copy : op->loop)(loop, n * per_sample + begin, n * per_sample + end, x);
        if (scale != NULL) {
            dn_row_affine(x, scale + n * c, shift + n * c, end - begin, c);
        }
        finish(loop, n * per_sample + begin, n * per_sample + end, x);
    }
}
