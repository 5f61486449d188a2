#include "net/ops/gradient_windows.h"

#include "net/ops/gradient_tile.h"
#include "net/ops/upsample.h"

#include <math.h>

/* How much of input i output o has. */
static float share(dn_up_kind kind, int64_t factor, int64_t size, int64_t o, int64_t i)
{
    int64_t source[2];
    float second;
    dn_upsample_source(kind, factor, size, o, source, &second);
    return (source[0] == i ? 1.0f - second : 0.0f) + (source[1] == i ? second : 0.0f);
}

/* Each input voxel gathers from the outputs that read it. */
void dn_gradient_upsample(const dn_gradient_loop *loop)
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
void dn_gradient_pool(const dn_gradient_loop *loop)
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
