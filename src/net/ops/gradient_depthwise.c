/* Depthwise convolutions backwards, where the library is slow: gradients of inputs with a stride above 1, gradients of weights that
 * it makes by its plain convolution's code. */
#include "net/ops/gradient_loops.h"

#include "base/memory.h"
#include "net/gradient_rows.h"
#include "net/ops/tile.h"
#include "net/rows.h"
#include "net/simd.h"

#include <stdlib.h>
#include <string.h>

/* Most parts of the output whose sums are made apart; fixed, so that sums do not depend on the number of threads. */
#define PARTS 32
#define LANES 16

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* The output that input i gives to at tap k, or -1. */
static int64_t target(int64_t i, int64_t k, const dn_conv *conv, int axis, int64_t size)
{
    int64_t at = i + conv->pad_begin[axis] - k * conv->dilation[axis];
    return at < 0 || at % conv->stride[axis] != 0 || at / conv->stride[axis] >= size ? -1 : at / conv->stride[axis];
}

/* The same for all inputs and taps of an axis: [input, tap]. */
static void fill_targets(const dn_conv *conv, int axis, int64_t in, int64_t out, int64_t *to)
{
    for (int64_t i = 0; i < in; ++i) {
        for (int64_t k = 0; k < conv->kernel[axis]; ++k) {
            to[i * conv->kernel[axis] + k] = target(i, k, conv, axis, out);
        }
    }
}

typedef struct data_pass {
    const dn_conv *conv;
    const dn_gradient_operand *in;
    const dn_shape *out;
    dn_type type;
    const void *g;
    const float *taps;
    const int64_t *targets[3];
} data_pass;

/* Channels c .. c + length of input voxel w of a row (n, d, h). */
static void input_voxel(const data_pass *p, int64_t n, const int64_t *to_d, const int64_t *to_h, int64_t w, int64_t c, int64_t length,
                        float *sum)
{
    const int64_t *kernel = p->conv->kernel;
    const int64_t *to_w = p->targets[2] + w * kernel[2];
    float room[TILE];
    memset(sum, 0, (size_t)length * sizeof *sum);
    for (int64_t d = 0; d < kernel[0]; ++d) {
        for (int64_t h = 0; to_d[d] >= 0 && h < kernel[1]; ++h) {
            for (int64_t k = 0; to_h[h] >= 0 && k < kernel[2]; ++k) {
                if (to_w[k] < 0) {
                    continue;
                }
                const float *dy = read_at(p->g, p->type, element_of(p->out, n, to_d[d], to_h[h], to_w[k]) + c);
                if (p->type != DN_TYPE_F32) {
                    dn_row_load(room, dy, p->type, length);
                    dy = room;
                }
                dn_row_multiply_add(sum, dy, p->taps + ((d * kernel[1] + h) * kernel[2] + k) * p->in->shape.c + c, length);
            }
        }
    }
}

dn_status dn_gradient_depthwise(const dn_conv *conv, const dn_gradient_operand *in, const dn_shape *out, dn_type type, const void *g,
                                const float *taps, int threads)
{
    const dn_shape *is = &in->shape;
    data_pass p = {.conv = conv, .in = in, .out = out, .type = type, .g = g, .taps = taps};
    int64_t *targets;
    int64_t at[4] = {0};
    for (int a = 0; a < 3; ++a) {
        at[a + 1] = at[a] + dn_shape_axis(is, a) * conv->kernel[a];
    }
    DN_TRY(dn_alloc(&targets, (size_t)at[3], sizeof *targets, "a backward pass"));
    for (int a = 0; a < 3; ++a) {
        fill_targets(conv, a, dn_shape_axis(is, a), dn_shape_axis(out, a), targets + at[a]);
        p.targets[a] = targets + at[a];
    }
#pragma omp parallel for num_threads(threads)
    for (int64_t row = 0; row < is->n * is->d * is->h; ++row) {
        float sum[TILE];
        int64_t h = row % is->h;
        int64_t d = row / is->h % is->d;
        for (int64_t w = 0; w < is->w; ++w) {
            for (int64_t c = 0; c < is->c; c += TILE) {
                int64_t length = is->c - c < TILE ? is->c - c : TILE;
                input_voxel(&p, row / (is->h * is->d), p.targets[0] + d * conv->kernel[0], p.targets[1] + h * conv->kernel[1], w, c, length,
                            sum);
                give(in, type, (row * is->w + w) * is->c + c, sum, length);
            }
        }
    }
    free(targets);
    return DN_OK;
}

/* sum[c] += the sum over i < count of x[i x_step + c] g[i g_step + c] */
DN_SIMD static void tap_sums(float *restrict sum, const float *restrict x, int64_t x_step, const float *restrict g, int64_t g_step,
                             int64_t count, int64_t channels)
{
    int64_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        lanes a = {0.0f};
        lanes b = {0.0f};
        lanes u;
        lanes v;
        int64_t i = 0;
        for (; i + 2 <= count; i += 2) { /* two chains of additions */
            memcpy(&u, x + i * x_step + c, sizeof u);
            memcpy(&v, g + i * g_step + c, sizeof v);
            a += u * v;
            memcpy(&u, x + (i + 1) * x_step + c, sizeof u);
            memcpy(&v, g + (i + 1) * g_step + c, sizeof v);
            b += u * v;
        }
        if (i < count) {
            memcpy(&u, x + i * x_step + c, sizeof u);
            memcpy(&v, g + i * g_step + c, sizeof v);
            a += u * v;
        }
        memcpy(&u, sum + c, sizeof u);
        u += a + b;
        memcpy(sum + c, &u, sizeof u);
    }
    for (; c < channels; ++c) {
        float a = 0.0f;
        for (int64_t i = 0; i < count; ++i) {
            a += x[i * x_step + c] * g[i * g_step + c];
        }
        sum[c] += a;
    }
}

/* All taps along width of one output row that reads one input row. */
static void row_sums(const dn_conv *conv, const dn_shape *is, const dn_shape *os, const float *x, const float *g, float *sums)
{
    for (int64_t k = 0; k < conv->kernel[2]; ++k) {
        int64_t offset = k * conv->dilation[2] - conv->pad_begin[2]; /* output w reads input w stride + offset */
        int64_t first = offset >= 0 ? 0 : (-offset + conv->stride[2] - 1) / conv->stride[2];
        int64_t last = is->w - 1 - offset < 0 ? 0 : (is->w - 1 - offset) / conv->stride[2] + 1;
        last = last > os->w ? os->w : last;
        if (first < last) {
            tap_sums(sums + k * is->c, x + (first * conv->stride[2] + offset) * is->c, conv->stride[2] * is->c, g + first * is->c, is->c,
                     last - first, is->c);
        }
    }
}

static int64_t rows_of(const dn_shape *os)
{
    return os->n * os->d * os->h;
}

static int64_t part_count(const dn_shape *os)
{
    return rows_of(os) < PARTS ? rows_of(os) : PARTS;
}

static int64_t tap_count(const dn_conv *conv)
{
    return conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
}

/* Floats of a part's scratch: its sums; for bf16 a row of the input and one of the output besides. */
static int64_t part_floats(const dn_conv *conv, const dn_shape *in, const dn_shape *out, dn_type type)
{
    return (tap_count(conv) + (type == DN_TYPE_F32 ? 0 : in->w + out->w)) * out->c;
}

int64_t dn_gradient_depthwise_scratch(const dn_conv *conv, const dn_shape *in, const dn_shape *out, dn_type type)
{
    return part_count(out) * part_floats(conv, in, out, type) * (int64_t)sizeof(float);
}

/* A row of floats: the memory itself, or converted into room. */
static const float *float_row(const void *data, dn_type type, int64_t element, int64_t n, float *room)
{
    if (type == DN_TYPE_F32) {
        return (const float *)data + element;
    }
    dn_row_load(room, read_at(data, type, element), type, n);
    return room;
}

void dn_gradient_depthwise_weights(const dn_conv *conv, const dn_shape *is, const void *x, const dn_shape *os, const void *g, dn_type type,
                                   float *weight, void *scratch, int threads)
{
    const int64_t *kernel = conv->kernel;
    int64_t taps = tap_count(conv);
    int64_t parts = part_count(os);
    int64_t size = taps * is->c;
    int64_t apart = part_floats(conv, is, os, type);
    float *sums = scratch;
#pragma omp parallel for num_threads(threads)
    for (int64_t p = 0; p < parts; ++p) {
        float *own = sums + p * apart;
        memset(own, 0, (size_t)size * sizeof *own);
        for (int64_t row = p * rows_of(os) / parts; row < (p + 1) * rows_of(os) / parts; ++row) {
            int64_t n = row / (os->d * os->h);
            const float *dy = float_row(g, type, row * os->w * os->c, os->w * os->c, own + size);
            for (int64_t t = 0; t < kernel[0] * kernel[1]; ++t) {
                int64_t d = row / os->h % os->d * conv->stride[0] + t / kernel[1] * conv->dilation[0] - conv->pad_begin[0];
                int64_t h = row % os->h * conv->stride[1] + t % kernel[1] * conv->dilation[1] - conv->pad_begin[1];
                if (d >= 0 && d < is->d && h >= 0 && h < is->h) {
                    const float *read = float_row(x, type, element_of(is, n, d, h, 0), is->w * is->c, own + size + os->w * os->c);
                    row_sums(conv, is, os, read, dy, own + t * kernel[2] * is->c);
                }
            }
        }
    }
    for (int64_t i = 0; i < size; ++i) {
        double total = 0.0;
        for (int64_t p = 0; p < parts; ++p) {
            total += (double)sums[p * apart + i];
        }
        weight[i % is->c * taps + i / is->c] = (float)total;
    }
}
