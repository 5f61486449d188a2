/* A 3x3x3 (or 3x3) convolution over two inputs, of which one would be up-sampled by two, as two convolutions of the library:
 *
 *   1. Of the up-sampled input, an output voxel sees only two distinct ones along an axis, and which of the three taps fall
 *      on which depends on whether it is odd or even. So one convolution of 2x2x2 at the low resolution gives all eight (or
 *      four) voxels at once, in eight times the channels: a third of the products. It runs slab by slab, and its rows are
 *      dealt out to where they belong.
 *   2. A direct convolution of the other input is summed onto that.
 *
 * Pays where direct convolutions are fast: on matrix units. */
#include "kernel.h"

#include "base/memory.h"
#include "net/ops/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLAB 4 /* low-resolution slices at a time */

typedef struct parity {
    dn_kernel base;
    dn_kernel *direct;
    dn_kernel *low[3]; /* first, middle and last slab; flat: low[0] alone, one image at a time */
    dn_shape in, up, out;
    int64_t in_first, up_first;
    bool flat;
    int64_t slab;
    dn_type up_type, out_type;
    int64_t low_bytes; /* of a slab's result */
    int threads;
} parity;

static void parity_destroy(dn_kernel *base)
{
    parity *k = (parity *)base;
    dn_kernel_destroy(k->direct);
    for (int i = 0; i < 3; ++i) {
        dn_kernel_destroy(k->low[i]);
    }
    free(k);
}

/* The weights of the low-resolution convolution: [parities][oc] x [uc] x taps of 2. Along an axis, the odd voxel 2j - 1 (first) reads
 * the taps (0+1, 2) of j - 1 and j; the even voxel 2j reads (0, 1+2). */
static void low_weights(const parity *k, const float *weight, float *low)
{
    int64_t all_in = k->in.c + k->up.c;
    int64_t oc = k->out.c;
    int depth = k->flat ? 1 : 2;
    int64_t kernel = k->flat ? 9 : 27;
    memset(low, 0, (size_t)(depth * 4 * oc * k->up.c * depth * 4) * sizeof *low);
#pragma omp parallel for num_threads(k->threads)
    for (int64_t o = 0; o < oc; ++o) {
        for (int64_t i = 0; i < k->up.c; ++i) {
            const float *taps = weight + (o * all_in + k->up_first + i) * kernel;
            for (int p = 0; p < depth * 4; ++p) {
                float *to = low + ((p * oc + o) * k->up.c + i) * depth * 4;
                for (int t = 0; t < kernel; ++t) {
                    int at[3] = {t / 9, t / 3 % 3, t % 3};
                    int target = 0;
                    for (int a = k->flat ? 1 : 0; a < 3; ++a) {
                        bool even = (p >> (2 - a) & 1) != 0;
                        target = 2 * target + (even ? at[a] > 0 : at[a] > 1);
                    }
                    to[target] += taps[t];
                }
            }
        }
    }
}

static void direct_weights(const parity *k, const float *weight, float *direct)
{
    int64_t kernel = k->flat ? 9 : 27;
    for (int64_t o = 0; o < k->out.c; ++o) {
        memcpy(direct + o * k->in.c * kernel, weight + (o * (k->in.c + k->up.c) + k->in_first) * kernel,
               (size_t)(k->in.c * kernel) * sizeof *direct);
    }
}

/* Both parts of the weights, owned by the caller. */
static dn_status split_weights(const parity *k, const float *weight, float **direct, float **low)
{
    int depth = k->flat ? 1 : 2;
    DN_TRY(dn_alloc_dims(direct, DN_DIMS(k->out.c, k->in.c, k->flat ? 9 : 27), sizeof **direct, "weights"));
    dn_status status = dn_alloc_dims(low, DN_DIMS(depth, 4, k->out.c, k->up.c, depth, 4), sizeof **low, "weights");
    if (status != DN_OK) {
        free(*direct);
        return status;
    }
    direct_weights(k, weight, *direct);
    low_weights(k, weight, *low);
    return DN_OK;
}

static dn_status parity_reload(dn_kernel *base, const float *weight, const float *bias)
{
    parity *k = (parity *)base;
    float *direct;
    float *low;
    DN_TRY(split_weights(k, weight, &direct, &low));
    dn_status status = dn_kernel_reload(k->direct, direct, bias);
    for (int i = 0; status == DN_OK && i < 3; ++i) {
        if (k->low[i] != NULL) {
            status = dn_kernel_reload(k->low[i], low, NULL);
        }
    }
    free(direct);
    free(low);
    return status;
}

static bool serves(const dn_kernel_request *r)
{
    const dn_conv *c = &r->conv;
    bool flat = c->kernel[0] == 1;
    for (int a = 0; a < 3; ++a) {
        int64_t pad = flat && a == 0 ? 0 : 1;
        if (c->kernel[a] != 1 + 2 * pad || c->stride[a] != 1 || c->dilation[a] != 1 || c->pad_begin[a] != pad || c->pad_end[a] != pad ||
            dn_shape_axis(&r->in, a) != (1 + pad) * dn_shape_axis(&r->up, a)) {
            return false;
        }
    }
    for (int p = 0; p < r->post_count; ++p) {
        if (r->posts[p].kind == DN_POST_SUM || r->posts[p].kind == DN_POST_PROJECT || r->posts[p].kind == DN_POST_SOFTMAX) {
            return false;
        }
    }
    return r->up.c > 0 && !r->transposed && c->groups == 1 && r->post_count < DN_MAX_POSTS;
}

static dn_status make_direct(parity *k, dn_engine *engine, const dn_kernel_request *r, const float *weight)
{
    dn_post posts[DN_MAX_POSTS];
    dn_kernel_request part = *r;
    posts[0] = (dn_post){.kind = DN_POST_SUM};
    if (r->post_count > 0) {
        memcpy(posts + 1, r->posts, (size_t)r->post_count * sizeof *posts);
    }
    part.up = (dn_shape){0};
    part.weight = weight;
    part.posts = posts;
    part.post_count = r->post_count + 1;
    return dn_direct_create(engine, &part, &k->direct);
}

/* Result slices [begin, end) of depth + 1; needs input slices begin - 1 to end - 1. */
static dn_status make_low(parity *k, dn_engine *engine, const dn_kernel_request *r, const float *weight, int64_t begin, int64_t end,
                          dn_kernel **out)
{
    int depth = k->flat ? 1 : 2;
    dn_kernel_request part = {.in_type = r->up_type,
                              .out_type = r->out_type,
                              .weight = weight,
                              .threads = r->threads,
                              .conv = {.kernel = {depth, 2, 2}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}, .groups = 1}};
    int64_t first = begin > 0 ? begin - 1 : 0;
    int64_t last = end > k->up.d ? k->up.d : end;
    part.in = (dn_shape){1, k->flat ? 1 : last - first, k->up.h, k->up.w, k->up.c};
    part.out = (dn_shape){1, k->flat ? 1 : end - begin, k->up.h + 1, k->up.w + 1, depth * 4 * k->out.c};
    part.conv.out = part.out.c;
    for (int a = 1; a < 3; ++a) {
        part.conv.pad_begin[a] = part.conv.pad_end[a] = 1;
    }
    part.conv.pad_begin[0] = !k->flat && begin == 0 ? 1 : 0;
    part.conv.pad_end[0] = !k->flat && end == k->up.d + 1 ? 1 : 0;
    return dn_direct_create(engine, &part, out);
}

static dn_status prepare(parity *k, dn_engine *engine, const dn_kernel_request *r, const float *direct, const float *low)
{
    DN_TRY(make_direct(k, engine, r, direct));
    int64_t slices = k->up.d + 1;
    k->slab = k->flat ? 1 : slices < 2 * SLAB ? slices : SLAB;
    if (k->flat || k->slab == slices) {
        DN_TRY(make_low(k, engine, r, low, 0, slices, &k->low[0]));
    } else {
        int64_t last = (slices - 1) / SLAB * SLAB;
        DN_TRY(make_low(k, engine, r, low, 0, SLAB, &k->low[0]));
        DN_TRY(make_low(k, engine, r, low, SLAB, last > SLAB ? 2 * SLAB : slices, &k->low[1]));
        DN_TRY(make_low(k, engine, r, low, last, slices, &k->low[2]));
    }
    return DN_OK;
}

static bool complete(const parity *k)
{
    bool several = !k->flat && k->slab < k->up.d + 1;
    return k->direct != NULL && k->low[0] != NULL && (!several || (k->low[1] != NULL && k->low[2] != NULL));
}

static void measure(parity *k)
{
    int depth = k->flat ? 1 : 2;
    int64_t elements = k->slab * (k->up.h + 1) * (k->up.w + 1) * depth * 4 * k->out.c;
    k->low_bytes = (elements * dn_type_size(k->out_type) + 63) / 64 * 64;
    int64_t scratch = dn_kernel_scratch_bytes(k->direct);
    k->base.packed_bytes = dn_kernel_packed_bytes(k->direct);
    for (int i = 0; i < 3; ++i) {
        if (k->low[i] != NULL) {
            int64_t own = k->low_bytes + dn_kernel_scratch_bytes(k->low[i]);
            scratch = own > scratch ? own : scratch;
            k->base.packed_bytes += dn_kernel_packed_bytes(k->low[i]);
        }
    }
    k->base.scratch_bytes = scratch;
}

/* Deals the result of one low-resolution slice out: odd and even columns lie side by side in its channels, so an output row is
 * those of one low-resolution row, shifted by one voxel. */
static void deal_slice(const parity *k, const unsigned char *low, unsigned char *out, int64_t sample, int64_t j, int64_t index)
{
    int64_t size = dn_type_size(k->out_type);
    int64_t voxel = k->out.c * size;
    int parities = k->flat ? 2 : 4; /* of depth and height */
    int64_t pixel = 2 * parities * voxel;
    int64_t row_bytes = (k->up.w + 1) * pixel;
    const unsigned char *slice = low + index * (k->up.h + 1) * row_bytes;
#pragma omp parallel for num_threads(k->threads) schedule(static)
    for (int64_t r = 0; r < parities * (k->up.h + 1); ++r) {
        int p = (int)(r % parities);
        int64_t jh = r / parities;
        int64_t d = k->flat ? 0 : 2 * j - 1 + p / 2;
        int64_t h = 2 * jh - 1 + p % 2;
        if (d < 0 || d >= k->out.d || h < 0 || h >= k->out.h) {
            continue;
        }
        const unsigned char *from = slice + jh * row_bytes + 2 * p * voxel;
        unsigned char *to = out + ((sample * k->out.d + d) * k->out.h + h) * k->out.w * voxel;
        memcpy(to, from + voxel, (size_t)voxel); /* column 0 is even */
        for (int64_t w = 1; w < k->up.w; ++w) {
            memcpy(to + (2 * w - 1) * voxel, from + w * pixel, (size_t)(2 * voxel));
        }
        memcpy(to + (2 * k->up.w - 1) * voxel, from + k->up.w * pixel, (size_t)voxel);
    }
}

static dn_status run_low(parity *k, const dn_kernel_call *call)
{
    int64_t plane = k->up.h * k->up.w * k->up.c * dn_type_size(k->up_type);
    int64_t slices = k->flat ? 1 : k->up.d + 1;
    for (int64_t n = 0; n < k->up.n; ++n) {
        for (int64_t begin = 0; begin < slices; begin += k->slab) {
            int64_t end = begin + k->slab < slices ? begin + k->slab : slices;
            int64_t first = begin > 0 ? begin - 1 : 0;
            dn_kernel_call part = {.in = (const unsigned char *)call->up + (n * k->up.d + first) * plane,
                                   .out = call->scratch,
                                   .scratch = (unsigned char *)call->scratch + k->low_bytes};
            DN_TRY(dn_kernel_run(k->low[begin == 0 ? 0 : end == slices ? 2 : 1], &part));
            for (int64_t j = begin; j < end; ++j) {
                deal_slice(k, call->scratch, call->out, n, j, j - begin);
            }
        }
    }
    return DN_OK;
}

static dn_status parity_run(dn_kernel *base, const dn_kernel_call *call)
{
    parity *k = (parity *)base;
    DN_TRY(run_low(k, call));
    return dn_kernel_run(k->direct, call);
}

dn_status dn_parity_create(dn_engine *engine, const dn_kernel_request *r, dn_kernel **out)
{
    if (!serves(r)) {
        return DN_OK;
    }
    parity *k;
    DN_TRY(dn_alloc(&k, 1, sizeof *k, "a convolution"));
    k->base.run = parity_run;
    k->base.destroy = parity_destroy;
    k->base.reload = parity_reload;
    k->in = r->in;
    k->up = r->up;
    k->out = r->out;
    k->in_first = r->in_first;
    k->up_first = r->up_first;
    k->flat = r->conv.kernel[0] == 1;
    k->up_type = r->up_type;
    k->out_type = r->out_type;
    k->threads = r->threads;
    if (k->flat) {
        k->up.n *= k->up.d;
        k->out.n *= k->out.d;
        k->up.d = k->out.d = 1;
    }
    float *direct = NULL;
    float *low = NULL;
    dn_status status = split_weights(k, r->weight, &direct, &low);
    if (status == DN_OK) {
        status = prepare(k, engine, r, direct, low);
        free(direct);
        free(low);
    }
    if (status != DN_OK || !complete(k)) {
        parity_destroy(&k->base);
        return status;
    }
    measure(k);
    snprintf(k->base.name, sizeof k->base.name, "parity:%s+%s", dn_kernel_name(k->direct), dn_kernel_name(k->low[0]));
    *out = &k->base;
    return DN_OK;
}
