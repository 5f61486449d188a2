/* 3x3x3 convolution as Winograd's F(2x2, 3x3) over depth and height around 1x3 convolutions along width; a 3x3 convolution
 * as F(2, 3) over height alone ("flat": depth counts as batch, 4 terms instead of 16, 3 instead of 9).
 *
 * Two output slices and a few pairs of output rows are one tile, made by one thread in its cache: 4 x 4 input rows become
 * 16 transformed rows, each goes through a 1x3 convolution of its own (oneDNN, single-threaded), and the 16 results become
 * 2 x 2 output rows: 16 row products instead of 36. Sums and transforms are f32; factors may be bf16.
 *
 * A second input that would be up-sampled by two costs less: of its four transformed terms along an axis one is zero, so 9
 * products remain, and along width a pair of output columns needs two taps each instead of three. Its result is added before
 * the output transform, so neither the up-sampled tensor nor the concatenation exists.
 *
 * Lavin and Gray, Fast algorithms for convolutional neural networks, CVPR 2016, for the transforms. */
#include "base/memory.h"
#include "net/ops/op.h"
#include "net/rows.h"
#include "row_conv.h"
#include "winograd_transform.h"
#include "winograd_weights.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Floats of one transformed row block: 16 of them and their 16 results stay in the second-level cache. Few channels need longer ones, so
 * that each call of the library has enough to do. */
#define BLOCK_FLOATS 15360
#define BLOCK_FLOATS_WIDE 5120
enum { WIDE = 24 };
#define CHUNK DN_WINOGRAD_CHUNK

typedef struct winograd {
    dn_kernel base;
    dn_engine *engine;
    dnnl_stream_t *streams; /* one per thread */
    int threads;
    dn_shape in, up, out; /* out: before a projection */
    int64_t stored;       /* channels that are stored: out.c, or what a projection leaves */
    int64_t pad_d, pad_h;
    bool flat;
    int terms, up_terms; /* transformed rows of a tile: 16 and 9, flat 4 and 3 */
    dn_type in_type, up_type, out_type, factor_type;
    int64_t rows; /* row pairs of a tile */
    dn_row_conv direct, upsampled;
    int64_t u_size, m_size, v_size, n_size; /* elements of a block */
    int64_t thread_bytes;
    void *zeros;                /* a row outside the volume */
    int64_t in_first, up_first; /* input channel of the weights that each input starts at */
    float *bias;                /* repeated to `period` */
    int64_t period;
    dn_post posts[DN_MAX_POSTS]; /* scale and shift owned */
    int post_count;
} winograd;

static void winograd_destroy(dn_kernel *base)
{
    winograd *k = (winograd *)base;
    for (int t = 0; k->streams != NULL && t < k->threads; ++t) {
        if (k->streams[t] != NULL) {
            dnnl_stream_destroy(k->streams[t]);
        }
    }
    dn_row_conv_destroy(&k->direct);
    dn_row_conv_destroy(&k->upsampled);
    for (int p = 0; p < k->post_count; ++p) {
        free(k->posts[p].scale);
        free(k->posts[p].shift);
    }
    free(k->streams);
    free(k->zeros);
    free(k->bias);
    free(k);
}

static int64_t align64(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* A thread's scratch: U (transformed input), M (its results), V and N (the same of the up-sampled input), the library's. */
static void lay_out(winograd *k)
{
    int64_t factor = dn_type_size(k->factor_type);
    k->u_size = align64(k->rows * k->in.w * k->in.c * factor) / factor;
    k->m_size = align64(k->rows * k->out.w * k->out.c * 4) / 4;
    k->v_size = align64(k->rows * k->up.w * k->up.c * factor) / factor;
    k->n_size = k->up.c == 0 ? 0 : align64(k->rows * (k->out.w + 2) * k->out.c * 4) / 4;
    int64_t scratch = k->direct.scratch_bytes > k->upsampled.scratch_bytes ? k->direct.scratch_bytes : k->upsampled.scratch_bytes;
    k->thread_bytes =
        k->terms * (k->u_size * factor + k->m_size * 4) + k->up_terms * (k->v_size * factor + k->n_size * 4) + align64(scratch);
    k->thread_bytes = (k->thread_bytes + 4095) / 4096 * 4096 + 192; /* odd in cache lines: threads do not share sets */
    k->base.scratch_bytes = k->thread_bytes * k->threads;
}

static bool serves(const dn_kernel_request *r)
{
    const dn_conv *c = &r->conv;
    bool flat = c->kernel[0] == 1;
    for (int a = 0; a < 3; ++a) {
        int64_t kernel = flat && a == 0 ? 1 : 3;
        int64_t factor = flat && a == 0 ? 1 : 2;
        int64_t pad = flat && a == 0 ? 0 : 1;
        if (c->kernel[a] != kernel || c->stride[a] != 1 || c->dilation[a] != 1) {
            return false;
        }
        if (flat && a == 0 && (c->pad_begin[0] != 0 || c->pad_end[0] != 0)) {
            return false;
        }
        if (r->up.c > 0 &&
            (c->pad_begin[a] != pad || c->pad_end[a] != pad || dn_shape_axis(&r->in, a) != factor * dn_shape_axis(&r->up, a))) {
            return false;
        }
    }
    return !r->transposed && c->groups == 1 && r->out.c <= CHUNK / 2;
}

static dn_status copy_posts(winograd *k, const dn_kernel_request *r)
{
    k->stored = k->out.c;
    for (int p = 0; p < r->post_count; ++p) {
        dn_post *post = &k->posts[p];
        *post = r->posts[p];
        post->scale = post->shift = NULL;
        k->post_count = p + 1;
        int64_t scale;
        int64_t shift;
        dn_post_lengths(post, k->stored, &scale, &shift);
        if (scale > 0) {
            DN_TRY(dn_alloc_aligned(&post->scale, (size_t)scale, sizeof(float), "channel factors"));
            DN_TRY(dn_alloc_aligned(&post->shift, (size_t)shift, sizeof(float), "channel factors"));
            memcpy(post->scale, r->posts[p].scale, (size_t)scale * sizeof(float));
            memcpy(post->shift, r->posts[p].shift, (size_t)shift * sizeof(float));
        }
        if (post->kind == DN_POST_PROJECT) {
            k->stored = post->channels;
        }
    }
    return DN_OK;
}

static void repeat_bias(winograd *k, const float *bias)
{
    for (int64_t i = 0; i < k->period; ++i) {
        k->bias[i] = bias == NULL ? 0.0f : bias[i % k->out.c];
    }
}

static dn_status pack(winograd *k, const float *weight)
{
    dn_winograd_weights of = {.engine = k->engine,
                              .weight = weight,
                              .out = k->out.c,
                              .all_in = k->in.c + k->up.c,
                              .first = k->in_first,
                              .in = k->in.c,
                              .flat = k->flat,
                              .terms = k->terms,
                              .threads = k->threads};
    DN_TRY(dn_winograd_pack(&of, &k->direct));
    of.first = k->up_first;
    of.in = k->up.c;
    of.terms = k->up_terms;
    return k->up.c > 0 ? dn_winograd_pack_up(&of, &k->upsampled) : DN_OK;
}

static dn_status winograd_reload(dn_kernel *base, const float *weight, const float *bias)
{
    winograd *k = (winograd *)base;
    DN_TRY(pack(k, weight));
    repeat_bias(k, bias);
    return DN_OK;
}

static dn_status prepare(winograd *k, const dn_kernel_request *r, bool *usable)
{
    int64_t widest = k->in.w * (k->in.c > k->out.c ? k->in.c : k->out.c);
    int64_t pairs = (k->out.h + 1) / 2;
    const bool wide = k->in.c >= WIDE && k->out.c >= WIDE;
    int64_t block = r->block > 0 ? r->block : wide ? BLOCK_FLOATS_WIDE : BLOCK_FLOATS;
    block *= k->flat ? 4 : 1; /* a quarter of the blocks */
    k->rows = block / widest < 1 ? 1 : block / widest;
    k->rows = k->rows > pairs ? pairs : k->rows;
    int64_t tiles = (pairs + k->rows - 1) / k->rows;
    k->rows = (pairs + tiles - 1) / tiles; /* tiles of one size */
    const dn_conv *c = &r->conv;
    DN_TRY(dn_row_conv_create(k->engine, &k->direct, k->factor_type, k->rows, k->in.c, k->in.w, k->out.c, 3, c->pad_begin[2], c->pad_end[2],
                              k->threads, usable));
    if (!*usable) {
        return DN_OK;
    }
    if (k->up.c > 0) {
        DN_TRY(dn_row_conv_create(k->engine, &k->upsampled, k->factor_type, k->rows, k->up.c, k->up.w, 2 * k->out.c, 2, 1, 1, k->threads,
                                  usable));
        if (!*usable) {
            return DN_OK;
        }
    }
    DN_TRY(pack(k, r->weight));
    k->base.packed_bytes = k->terms * (int64_t)dnnl_memory_desc_get_size(k->direct.weights_md);
    if (k->up.c > 0) {
        k->base.packed_bytes += k->up_terms * (int64_t)dnnl_memory_desc_get_size(k->upsampled.weights_md);
    }
    int64_t row = k->in.w * k->in.c > k->up.w * k->up.c ? k->in.w * k->in.c : k->up.w * k->up.c;
    DN_TRY(dn_alloc(&k->zeros, (size_t)row, sizeof(float), "a row of zeros"));
    k->period = CHUNK / k->out.c * k->out.c;
    DN_TRY(dn_alloc_aligned(&k->bias, (size_t)k->period, sizeof(float), "a bias"));
    repeat_bias(k, r->bias);
    DN_TRY(copy_posts(k, r));
    DN_TRY(dn_alloc(&k->streams, (size_t)k->threads, sizeof *k->streams, "a convolution"));
    for (int t = 0; t < k->threads; ++t) {
        DN_TRY_DNNL(dnnl_stream_create(&k->streams[t], k->engine->engine, dnnl_stream_default_flags), "to start");
    }
    lay_out(k);
    snprintf(k->base.name, sizeof k->base.name, "winograd%s:%s%s", k->flat ? "-flat" : "", k->direct.name, k->up.c > 0 ? "+up2" : "");
    return DN_OK;
}

/* Where slice d of sample n lies, in slices. */
static int64_t slice_at(const dn_shape *s, int64_t ring, int64_t n, int64_t d)
{
    return ring > 0 ? d % ring : n * s->d + d;
}

/* The row (d, h) of sample n, or a row of zeros outside. */
static const void *row_of(const winograd *k, const dn_shape *s, const void *data, dn_type type, int64_t ring, int64_t n, int64_t d,
                          int64_t h)
{
    if (d < 0 || d >= s->d || h < 0 || h >= s->h) {
        return k->zeros;
    }
    return (const unsigned char *)data + (slice_at(s, ring, n, d) * s->h + h) * s->w * s->c * dn_type_size(type);
}

typedef struct blocks {
    unsigned char *u, *v;
    float *m, *n;
    void *scratch;
} blocks;

static void gather_flat(const winograd *k, const dn_kernel_call *call, const blocks *b, int64_t sample, int64_t first)
{
    int64_t factor = dn_type_size(k->factor_type);
    bool half = k->factor_type == DN_TYPE_BF16;
    int64_t n = k->in.w * k->in.c;
    int64_t m = k->up.w * k->up.c;
    for (int64_t r = 0; r < k->rows; ++r) {
        const void *rows[4];
        void *out[4];
        for (int i = 0; i < 4; ++i) {
            rows[i] = row_of(k, &k->in, call->in, k->in_type, 0, sample, 0, 2 * (first + r) - k->pad_h + i);
            out[i] = b->u + (i * k->u_size + r * n) * factor;
        }
        dn_winograd_in_flat(rows, out, n, k->in_type == DN_TYPE_BF16, half);
        for (int i = 0; k->up.c > 0 && i < 3; ++i) {
            rows[i] = row_of(k, &k->up, call->up, k->up_type, 0, sample, 0, first + r - 1 + i);
            out[i] = b->v + (i * k->v_size + r * m) * factor;
        }
        if (k->up.c > 0) {
            dn_winograd_in_flat_up(rows, out, m, k->up_type == DN_TYPE_BF16, half);
        }
    }
}

static void gather(const winograd *k, const dn_kernel_call *call, const blocks *b, int64_t sample, int64_t slice, int64_t first)
{
    int64_t factor = dn_type_size(k->factor_type);
    bool half = k->factor_type == DN_TYPE_BF16;
    int64_t n = k->in.w * k->in.c;
    int64_t m = k->up.w * k->up.c;
    for (int64_t r = 0; r < k->rows; ++r) {
        const void *rows[16];
        void *out[16];
        for (int i = 0; i < 16; ++i) {
            rows[i] = row_of(k, &k->in, call->in, k->in_type, call->in_ring, sample, 2 * slice - k->pad_d + i / 4,
                             2 * (first + r) - k->pad_h + i % 4);
            out[i] = b->u + (i * k->u_size + r * n) * factor;
        }
        dn_winograd_in(rows, out, n, k->in_type == DN_TYPE_BF16, half);
        for (int i = 0; k->up.c > 0 && i < 9; ++i) {
            rows[i] = row_of(k, &k->up, call->up, k->up_type, 0, sample, slice - 1 + i / 3, first + r - 1 + i % 3);
            out[i] = b->v + (i * k->v_size + r * m) * factor;
        }
        if (k->up.c > 0) {
            dn_winograd_in_up(rows, out, m, k->up_type == DN_TYPE_BF16, half);
        }
    }
}

/* The tail of `voxels` voxels from `voxel` on (in whole tensors; `stored` in the output, which may be a ring). */
static void finish_row(const winograd *k, const dn_kernel_call *call, float *y, int64_t voxel, int64_t stored, int64_t voxels)
{
    _Alignas(64) float projected[CHUNK * 4]; /* a projection has at most DN_PROJECT_MOST channels, its input at least 16 */
    int64_t channels = k->out.c;
    int64_t element = voxel * k->stored;
    unsigned char *out = (unsigned char *)call->out + stored * k->stored * dn_type_size(k->out_type);
    int64_t n = voxels * channels;
    int added = 0;
    for (int p = 0; p < k->post_count; ++p) {
        const dn_post *post = &k->posts[p];
        switch (post->kind) {
        case DN_POST_ACTIVATION:
            dn_row_activation(y, post->activation, post->alpha, n);
            break;
        case DN_POST_SCALE:
            dn_row_affine(y, post->scale, post->shift, voxels, channels);
            break;
        case DN_POST_PROJECT:
            dn_row_project(projected, y, post->scale, post->shift, voxels, channels, post->channels,
                           (post->channels + DN_PROJECT_LANES - 1) / DN_PROJECT_LANES * DN_PROJECT_LANES);
            y = projected;
            channels = post->channels;
            n = voxels * channels;
            break;
        case DN_POST_SOFTMAX:
            dn_row_softmax(y, voxels, channels);
            break;
        case DN_POST_SUM:
            dn_row_add(y, out, k->out_type, 1.0f, n);
            break;
        case DN_POST_ADD:
            dn_row_add(y, (const unsigned char *)call->added[added++] + element * dn_type_size(post->type), post->type, 1.0f, n);
            break;
        }
    }
    dn_row_store(out, k->out_type, y, n);
}

static void scatter(const winograd *k, const dn_kernel_call *call, const blocks *b, int64_t sample, int64_t slice, int64_t first)
{
    int64_t n = k->out.w * k->out.c;
    _Alignas(64) float y[4][CHUNK];
    for (int64_t r = 0; r < k->rows; ++r) {
        int64_t h = 2 * (first + r);
        for (int64_t x = 0; h < k->out.h && x < n; x += k->period) {
            int64_t length = n - x < k->period ? n - x : k->period;
            if (k->flat) {
                const float *up = k->up.c > 0 ? b->n + r * (n + 2 * k->out.c) + k->out.c + x : NULL;
                dn_winograd_out_flat(b->m + r * n + x, k->m_size, up, k->n_size, k->bias, length, y);
            } else if (k->up.c > 0) {
                dn_winograd_out_up(b->m + r * n + x, k->m_size, b->n + r * (n + 2 * k->out.c) + k->out.c + x, k->n_size, k->bias, length,
                                   y);
            } else {
                dn_winograd_out(b->m + r * n + x, k->m_size, k->bias, length, y);
            }
            for (int i = 0; i < (k->flat ? 2 : 4); ++i) {
                int64_t d = 2 * slice + i / 2;
                if (d < k->out.d && h + i % 2 < k->out.h) {
                    int64_t in_slice = (h + i % 2) * k->out.w + x / k->out.c;
                    int64_t plane = k->out.h * k->out.w;
                    finish_row(k, call, y[i], (sample * k->out.d + d) * plane + in_slice,
                               slice_at(&k->out, call->out_ring, sample, d) * plane + in_slice, length / k->out.c);
                }
            }
        }
    }
}

static dnnl_status_t run_tile(winograd *k, const dn_kernel_call *call, int thread, int64_t sample, int64_t slice, int64_t first)
{
    int64_t factor = dn_type_size(k->factor_type);
    blocks b;
    b.u = (unsigned char *)call->scratch + thread * k->thread_bytes;
    b.m = (float *)(void *)(b.u + k->terms * k->u_size * factor);
    b.v = (unsigned char *)(b.m + k->terms * k->m_size);
    b.n = (float *)(void *)(b.v + k->up_terms * k->v_size * factor);
    b.scratch = b.n + k->up_terms * k->n_size;
    if (k->flat) {
        gather_flat(k, call, &b, sample, first);
    } else {
        gather(k, call, &b, sample, slice, first);
    }
    dnnl_status_t status = dnnl_success;
    if (k->direct.scratch != NULL) {
        status = dnnl_memory_set_data_handle(k->direct.scratch[thread], b.scratch);
    }
    for (int i = 0; status == dnnl_success && i < k->terms; ++i) {
        status = dn_row_conv_run(&k->direct, k->streams[thread], thread, i, b.u + i * k->u_size * factor, b.m + i * k->m_size);
    }
    if (k->up.c > 0 && status == dnnl_success && k->upsampled.scratch != NULL) {
        status = dnnl_memory_set_data_handle(k->upsampled.scratch[thread], b.scratch);
    }
    for (int i = 0; k->up.c > 0 && status == dnnl_success && i < k->up_terms; ++i) {
        status = dn_row_conv_run(&k->upsampled, k->streams[thread], thread, i, b.v + i * k->v_size * factor, b.n + i * k->n_size);
    }
    if (status == dnnl_success) {
        scatter(k, call, &b, sample, slice, first);
    }
    return status;
}

static dn_status winograd_run(dn_kernel *base, const dn_kernel_call *call)
{
    winograd *k = (winograd *)base;
    bool all = call->slice_end == 0;
    int64_t sample_begin = all ? 0 : call->sample_begin;
    int64_t samples = all ? k->out.n : call->sample_end - call->sample_begin;
    int64_t slice_begin = all ? 0 : call->slice_begin / 2;
    int64_t slices = ((all ? k->out.d : call->slice_end) + 1) / 2 - slice_begin;
    int64_t tiles = ((k->out.h + 1) / 2 + k->rows - 1) / k->rows;
    dnnl_status_t failed = dnnl_success; /* nothing fails inside the region: collected, then reported */
#pragma omp parallel for schedule(dynamic, 1) num_threads(k->threads)
    for (int64_t t = 0; t < samples * slices * tiles; ++t) {
        dnnl_status_t status = run_tile(k, call, omp_get_thread_num(), sample_begin + t / (slices * tiles),
                                        slice_begin + t / tiles % slices, t % tiles * k->rows);
        if (status != dnnl_success) {
#pragma omp atomic write
            failed = status;
        }
    }
    DN_TRY_DNNL(failed, "to run a convolution");
    return DN_OK;
}

dn_status dn_winograd_create(dn_engine *engine, const dn_kernel_request *r, dn_kernel **out)
{
    if (!serves(r)) {
        return DN_OK;
    }
    winograd *k;
    DN_TRY(dn_alloc(&k, 1, sizeof *k, "a convolution"));
    k->base.run = winograd_run;
    k->base.destroy = winograd_destroy;
    k->base.reload = winograd_reload;
    k->in_first = r->in_first;
    k->up_first = r->up_first;
    k->engine = engine;
    k->threads = r->threads;
    k->in = r->in;
    k->up = r->up;
    k->out = r->out;
    k->flat = r->conv.kernel[0] == 1;
    k->terms = k->flat ? 4 : 16;
    k->up_terms = k->flat ? 3 : 9;
    if (k->flat) {
        k->in.n *= k->in.d;
        k->out.n *= k->out.d;
        k->up.n *= k->up.d;
        k->in.d = k->out.d = k->up.d = 1;
    }
    k->pad_d = r->conv.pad_begin[0];
    k->pad_h = r->conv.pad_begin[1];
    k->in_type = r->in_type;
    k->up_type = r->up_type;
    k->out_type = r->out_type;
    k->factor_type = r->multiply_type;
    bool usable = false;
    const int before = omp_get_max_threads();
    omp_set_num_threads(1); /* the primitives run inside our own team, one thread each */
    dn_status status = prepare(k, r, &usable);
    omp_set_num_threads(before);
    if (status != DN_OK || !usable) {
        winograd_destroy(&k->base);
        return status;
    }
    *out = &k->base;
    return DN_OK;
}
