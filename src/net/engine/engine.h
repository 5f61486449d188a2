/* Convolutions of every kind through oneDNN. Nothing of oneDNN shows here; engine/ is the only folder that includes it.
 *
 * A kernel is one prepared convolution (or transposed convolution): its primitive, its packed weights, its fused tail.
 * Activations are dense and channels-last in f32 or bf16. A kernel owns no scratch memory: the caller lends it. */
#ifndef DN_NET_ENGINE_H
#define DN_NET_ENGINE_H

#include "net/graph.h"

typedef enum { DN_TYPE_F32, DN_TYPE_BF16 } dn_type;

static inline int64_t dn_type_size(dn_type type)
{
    return type == DN_TYPE_F32 ? 4 : 2;
}

/* What happens to a result before it is stored, in order. */
typedef enum {
    DN_POST_ACTIVATION,
    DN_POST_SCALE,   /* times scale[channel], plus shift[channel] */
    DN_POST_SUM,     /* plus what the output buffer holds */
    DN_POST_ADD,     /* plus another tensor of the output's shape */
    DN_POST_PROJECT, /* a 1x1x1 convolution to `channels` channels; Winograd (no SUM or ADD beside it) and norms only */
    DN_POST_SOFTMAX  /* over the channels; where a projection is */
} dn_post_kind;

/* Channels of a projection are padded to a multiple of this. */
#define DN_PROJECT_LANES 16
#define DN_PROJECT_MOST 64

typedef struct dn_post {
    dn_post_kind kind;
    dn_activation activation;
    float alpha;
    float *scale, *shift;          /* channels of the output; PROJECT: matrix [in][padded channels] and bias [padded channels] */
    int64_t in_channels, channels; /* PROJECT */
    int value;                     /* SUM, ADD: the plan's number of the other tensor */
    dn_type type;                  /* ADD: of the other tensor */
    bool twice;                    /* ADD in a loop: the other tensor has half the size along each axis, each voxel counts twice along it */
} dn_post;

#define DN_MAX_POSTS 8

/* How many floats post->scale and post->shift hold. */
static inline void dn_post_lengths(const dn_post *post, int64_t channels, int64_t *scale, int64_t *shift)
{
    int64_t padded = (post->channels + DN_PROJECT_LANES - 1) / DN_PROJECT_LANES * DN_PROJECT_LANES;
    *scale = post->kind == DN_POST_SCALE ? channels : post->kind == DN_POST_PROJECT ? post->in_channels * padded : 0;
    *shift = post->kind == DN_POST_SCALE ? channels : post->kind == DN_POST_PROJECT ? padded : 0;
}

typedef struct dn_engine dn_engine;
typedef struct dn_kernel dn_kernel;

DN_CHECKED dn_status dn_engine_create(dn_engine **out);
void dn_engine_destroy(dn_engine *engine);
/* "oneDNN 2.6.3, avx512_core_amx" into text. */
void dn_engine_version(char text[64]);
bool dn_engine_bf16(void);
/* Matrix units for bf16 (AMX). */
bool dn_engine_matrix_units(void);

typedef enum {
    DN_ALGORITHM_DIRECT,   /* one primitive of the library */
    DN_ALGORITHM_WINOGRAD, /* F(2x2, 3x3) over depth and height around convolutions of 1x3 along width */
    DN_ALGORITHM_PARITY    /* with an up-sampled second input: that one at its own resolution, then a direct one on top */
} dn_algorithm;

typedef struct dn_kernel_request {
    dn_algorithm algorithm;
    dn_shape in, out;
    /* A second input of half the size, up-sampled by nearest neighbours and joined to the channels of `in`; Winograd and parity.
     * up.c == 0: none. */
    dn_shape up;
    int64_t in_first, up_first; /* with up: the first input channel of the weights that belongs to each */
    dn_conv conv;               /* resolved, as in a dn_node */
    bool transposed;
    dn_type in_type, up_type, out_type;
    int64_t block;         /* Winograd: floats of a transformed block, 0: the default */
    dn_type multiply_type; /* Winograd: type of the factors; sums are f32 */
    const float *weight;   /* as dn_weights lays it out; copied */
    const float *bias;     /* NULL: none; copied */
    const dn_post *posts;  /* scale and shift are copied */
    int post_count;
    int threads;
    bool allow_reference;
} dn_kernel_request;

/* *out: owned by the caller (dn_kernel_destroy); NULL with DN_OK when there is no implementation of the request, or only
 * the library's plain reference code and allow_reference is false. engine: must outlive the kernel. To be called, and the
 * kernel to be run, with request->threads as OpenMP's number of threads. */
DN_CHECKED dn_status dn_kernel_create(dn_engine *engine, const dn_kernel_request *request, dn_kernel **out);
void dn_kernel_destroy(dn_kernel *kernel);

typedef struct dn_kernel_call {
    const void *in, *up;
    void *out;
    const void *const *added; /* the other tensor of each DN_POST_ADD in order */
    void *scratch;            /* dn_kernel_scratch_bytes, 64-byte aligned */
    /* Winograd only: the part of the output to make, samples and slices (slice_begin even; slice_end even or the last). All
     * zero: everything. */
    int64_t sample_begin, sample_end, slice_begin, slice_end;
    /* Winograd only: in and out may be rings of so many slices of one sample, slice d at d % ring. 0: a whole tensor. */
    int64_t in_ring, out_ring;
} dn_kernel_call;
DN_CHECKED dn_status dn_kernel_run(dn_kernel *kernel, const dn_kernel_call *call);
/* Other weights (and bias; NULL where it was NULL) of the same shape, for training. Copied. */
DN_CHECKED dn_status dn_kernel_reload(dn_kernel *kernel, const float *weight, const float *bias);
int64_t dn_kernel_scratch_bytes(const dn_kernel *kernel);
/* Packed weights. */
int64_t dn_kernel_packed_bytes(const dn_kernel *kernel);
/* The library's name of the implementation. */
const char *dn_kernel_name(const dn_kernel *kernel);

#endif
