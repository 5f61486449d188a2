#include "net/engine/engine.h"

#include "base/memory.h"
#include "onednn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dn_engine {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

#define MAX_ARGUMENTS (5 + 2 * DN_MAX_POSTS)

struct dn_kernel {
    dn_engine *engine;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[MAX_ARGUMENTS];
    int argument_count;
    /* Borrowed from arguments: those whose addresses change from run to run. */
    dnnl_memory_t in, out, scratch, added[DN_MAX_POSTS];
    int added_count;
    float *vectors[2 * DN_MAX_POSTS + 1]; /* owned: bias, scales, shifts */
    int vector_count;
    void *packed;
    int64_t packed_bytes, scratch_bytes;
    char name[64];
};

static dn_status failure(dnnl_status_t status, const char *what)
{
    if (status == dnnl_out_of_memory) {
        return dn_error_set(DN_ENOMEM, "not enough memory for %s", what);
    }
    return dn_error_set(DN_EINTERNAL, "oneDNN refused %s (status %d)", what, (int)status);
}

#define TRY_DNNL(expr, what)                                                                                                               \
    do {                                                                                                                                   \
        dnnl_status_t dnnl_status_ = (expr);                                                                                               \
        if (dnnl_status_ != dnnl_success) {                                                                                                \
            return failure(dnnl_status_, what);                                                                                            \
        }                                                                                                                                  \
    } while (0)

#define TRY_DNNL_GOTO(var, expr, what, label)                                                                                              \
    do {                                                                                                                                   \
        dnnl_status_t dnnl_status_ = (expr);                                                                                               \
        if (dnnl_status_ != dnnl_success) {                                                                                                \
            (var) = failure(dnnl_status_, what);                                                                                           \
            goto label;                                                                                                                    \
        }                                                                                                                                  \
    } while (0)

dn_status dn_engine_create(dn_engine **out)
{
    dn_engine *engine;
    DN_TRY(dn_alloc(&engine, 1, sizeof *engine, "the network engine"));
    dn_status status;
    TRY_DNNL_GOTO(status, dnnl_engine_create(&engine->engine, dnnl_cpu, 0), "to start", fail);
    TRY_DNNL_GOTO(status, dnnl_stream_create(&engine->stream, engine->engine, dnnl_stream_default_flags), "to start", fail);
    *out = engine;
    return DN_OK;
fail:
    dn_engine_destroy(engine);
    return status;
}

void dn_engine_destroy(dn_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    if (engine->stream != NULL) {
        dnnl_stream_destroy(engine->stream);
    }
    if (engine->engine != NULL) {
        dnnl_engine_destroy(engine->engine);
    }
    free(engine);
}

void dn_engine_version(char text[64])
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, 64, "oneDNN %d.%d.%d, isa %#x", v->major, v->minor, v->patch, (unsigned)dnnl_get_effective_cpu_isa());
}

bool dn_engine_bf16(void)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    return (isa & (unsigned)dnnl_cpu_isa_avx512_core_bf16) == (unsigned)dnnl_cpu_isa_avx512_core_bf16;
}

static dnnl_data_type_t data_type(dn_type type)
{
    return type == DN_TYPE_F32 ? dnnl_f32 : dnnl_bf16;
}

/* How a request maps onto dimensions of the library: kernels of depth 1 become 2-D with the depth in the batch. */
typedef struct geometry {
    int spatial; /* 2 or 3 */
    dnnl_dims_t in, out, weight, weight_strides;
    int weight_rank;
    dn_conv_request request;
} geometry;

static void describe_geometry(const dn_kernel_request *r, geometry *g)
{
    const dn_conv *c = &r->conv;
    memset(g, 0, sizeof *g);
    bool flat = c->kernel[0] == 1 && c->stride[0] == 1 && c->pad_begin[0] == 0 && c->pad_end[0] == 0;
    int first = flat ? 1 : 0;
    g->spatial = 3 - first;
    g->in[0] = flat ? r->in.n * r->in.d : r->in.n;
    g->out[0] = flat ? r->out.n * r->out.d : r->out.n;
    g->in[1] = r->in.c;
    g->out[1] = r->out.c;
    const int64_t in[3] = {r->in.d, r->in.h, r->in.w};
    const int64_t out[3] = {r->out.d, r->out.h, r->out.w};
    int64_t taps = c->kernel[0] * c->kernel[1] * c->kernel[2];
    int64_t ig = r->in.c / c->groups;
    int64_t og = r->out.c / c->groups;
    int at = 0;
    int64_t i_stride = r->transposed ? og * taps : taps;
    int64_t o_stride = r->transposed ? taps : ig * taps;
    if (c->groups > 1) {
        g->weight[at] = c->groups;
        g->weight_strides[at++] = og * ig * taps;
    }
    g->weight[at] = og;
    g->weight_strides[at++] = o_stride;
    g->weight[at] = ig;
    g->weight_strides[at++] = i_stride;
    int64_t stride = taps;
    for (int a = 0; a < 3; ++a) {
        stride /= c->kernel[a];
        if (a < first) {
            continue;
        }
        int s = a - first;
        g->in[2 + s] = in[a];
        g->out[2 + s] = out[a];
        g->weight[at] = c->kernel[a];
        g->weight_strides[at++] = stride;
        g->request.strides[s] = c->stride[a];
        g->request.dilates[s] = c->dilation[a] - 1;
        g->request.pad_begin[s] = c->pad_begin[a];
        g->request.pad_end[s] = c->pad_end[a];
        /* VALID and explicit padding may leave rows that no window reaches; the library wants them as negative padding. */
        if (!r->transposed) {
            int64_t extent = (c->kernel[a] - 1) * c->dilation[a] + 1;
            g->request.pad_end[s] = (out[a] - 1) * c->stride[a] + extent - in[a] - c->pad_begin[a];
        }
    }
    g->weight_rank = at;
    g->request.transposed = r->transposed;
    g->request.algorithm = dnnl_convolution_direct;
}

static dnnl_status_t append_activation(dnnl_post_ops_t posts, const dn_post *post)
{
    switch (post->activation) {
    case DN_ACT_NONE:
        return dnnl_success;
    case DN_ACT_RELU:
        return dn_append_eltwise(posts, dnnl_eltwise_relu, 0.0f, 0.0f);
    case DN_ACT_LEAKY_RELU:
        return dn_append_eltwise(posts, dnnl_eltwise_relu, post->alpha, 0.0f);
    case DN_ACT_ELU:
        return dn_append_eltwise(posts, dnnl_eltwise_elu, post->alpha, 0.0f);
    case DN_ACT_SILU:
        return dn_append_eltwise(posts, dnnl_eltwise_swish, 1.0f, 0.0f);
    case DN_ACT_SIGMOID:
        return dn_append_eltwise(posts, dnnl_eltwise_logistic, 0.0f, 0.0f);
    }
    return dnnl_invalid_arguments;
}

static dn_status keep_vector(dn_kernel *kernel, const float *values, int64_t count, float **out)
{
    DN_TRY(dn_alloc_aligned(out, (size_t)count, sizeof(float), "channel factors"));
    memcpy(*out, values, (size_t)count * sizeof(float));
    kernel->vectors[kernel->vector_count++] = *out;
    return DN_OK;
}

static dn_status add_argument(dn_kernel *kernel, int argument, dn_md_ref md, void *data, dnnl_memory_t *out)
{
    dnnl_memory_t memory;
    TRY_DNNL(dnnl_memory_create(&memory, md, kernel->engine->engine, data), "a tensor");
    kernel->arguments[kernel->argument_count++] = (dnnl_exec_arg_t){argument, memory};
    if (out != NULL) {
        *out = memory;
    }
    return DN_OK;
}

/* Fills posts and the arguments that go with them. out_md: of the result. */
static dn_status build_posts(dn_kernel *kernel, const dn_kernel_request *r, const geometry *g, dnnl_post_ops_t posts)
{
    int rank = 2 + g->spatial;
    dnnl_format_tag_t tag = g->spatial == 3 ? dnnl_ndhwc : dnnl_nhwc;
    for (int i = 0; i < r->post_count; ++i) {
        const dn_post *post = &r->posts[i];
        if (post->kind == DN_POST_ACTIVATION) {
            TRY_DNNL(append_activation(posts, post), "an activation");
        } else if (post->kind == DN_POST_SUM) {
            TRY_DNNL(dn_append_sum(posts), "a sum");
        } else {
            bool full = post->kind == DN_POST_ADD;
            dnnl_dims_t vector = {1, r->out.c, 1, 1, 1};
            dn_md md = NULL;
            dn_status status = DN_OK;
            TRY_DNNL_GOTO(status, dn_md_create(&md, rank, full ? g->out : vector, full ? data_type(post->type) : dnnl_f32, tag), "a tensor",
                          next);
            if (full) {
                int argument = DNNL_ARG_ATTR_MULTIPLE_POST_OP(dnnl_post_ops_len(posts)) | DNNL_ARG_SRC_1;
                TRY_DNNL_GOTO(status, dnnl_post_ops_append_binary(posts, dnnl_binary_add, md), "a sum", next);
                DN_TRY_GOTO(status, add_argument(kernel, argument, md, DNNL_MEMORY_NONE, &kernel->added[kernel->added_count++]), next);
            } else {
                const float *vectors[2] = {post->scale, post->shift};
                for (int v = 0; v < 2; ++v) {
                    float *data;
                    int argument = DNNL_ARG_ATTR_MULTIPLE_POST_OP(dnnl_post_ops_len(posts)) | DNNL_ARG_SRC_1;
                    TRY_DNNL_GOTO(status, dnnl_post_ops_append_binary(posts, v == 0 ? dnnl_binary_mul : dnnl_binary_add, md),
                                  "channel factors", next);
                    DN_TRY_GOTO(status, keep_vector(kernel, vectors[v], r->out.c, &data), next);
                    DN_TRY_GOTO(status, add_argument(kernel, argument, md, data, NULL), next);
                }
            }
        next:
            dn_md_destroy(md);
            DN_TRY(status);
        }
    }
    return DN_OK;
}

/* Reorders the plain weights into the layout the primitive chose. */
static dn_status pack_weights(dn_kernel *kernel, const geometry *g, const float *weight, dn_md_ref packed)
{
    dn_md plain = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_memory_t from = NULL;
    dnnl_memory_t to = NULL;
    dn_status status;
    union {
        const float *in;
        void *out;
    } borrowed = {.in = weight}; /* the library takes no const, but only reads a source */
    kernel->packed_bytes = (int64_t)dnnl_memory_desc_get_size(packed);
    DN_TRY_GOTO(status, dn_alloc_aligned(&kernel->packed, (size_t)kernel->packed_bytes, 1, "packed weights"), done);
    TRY_DNNL_GOTO(status, dn_md_create_strided(&plain, g->weight_rank, g->weight, dnnl_f32, g->weight_strides), "weights", done);
    TRY_DNNL_GOTO(status, dnnl_reorder_primitive_desc_create(&desc, plain, kernel->engine->engine, packed, kernel->engine->engine, NULL),
                  "to pack weights", done);
    TRY_DNNL_GOTO(status, dnnl_primitive_create(&reorder, desc), "to pack weights", done);
    TRY_DNNL_GOTO(status, dnnl_memory_create(&from, plain, kernel->engine->engine, borrowed.out), "weights", done);
    TRY_DNNL_GOTO(status, dnnl_memory_create(&to, packed, kernel->engine->engine, kernel->packed), "weights", done);
    dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    TRY_DNNL_GOTO(status, dnnl_primitive_execute(reorder, kernel->engine->stream, 2, arguments), "to pack weights", done);
    TRY_DNNL_GOTO(status, dnnl_stream_wait(kernel->engine->stream), "to pack weights", done);
    status = DN_OK;
done:
    if (to != NULL) {
        dnnl_memory_destroy(to);
    }
    if (from != NULL) {
        dnnl_memory_destroy(from);
    }
    if (reorder != NULL) {
        dnnl_primitive_destroy(reorder);
    }
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    dn_md_destroy(plain);
    return status;
}

/* Takes the primitive, its name, weights and remaining arguments from a descriptor. */
static dn_status adopt(dn_kernel *kernel, const dn_kernel_request *r, const geometry *g, dnnl_primitive_desc_t desc)
{
    dn_md_ref weights = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    dn_md_ref scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
    kernel->scratch_bytes = scratch == NULL ? 0 : (int64_t)dnnl_memory_desc_get_size(scratch);
    DN_TRY(pack_weights(kernel, g, r->weight, weights));
    DN_TRY(add_argument(kernel, DNNL_ARG_WEIGHTS, weights, kernel->packed, NULL));
    DN_TRY(add_argument(kernel, DNNL_ARG_SRC, dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0), DNNL_MEMORY_NONE, &kernel->in));
    DN_TRY(add_argument(kernel, DNNL_ARG_DST, dnnl_primitive_desc_query_md(desc, dnnl_query_dst_md, 0), DNNL_MEMORY_NONE, &kernel->out));
    if (kernel->scratch_bytes > 0) {
        DN_TRY(add_argument(kernel, DNNL_ARG_SCRATCHPAD, scratch, DNNL_MEMORY_NONE, &kernel->scratch));
    }
    if (r->bias != NULL) {
        float *bias;
        DN_TRY(keep_vector(kernel, r->bias, r->out.c, &bias));
        DN_TRY(add_argument(kernel, DNNL_ARG_BIAS, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 1), bias, NULL));
    }
    TRY_DNNL(dnnl_primitive_create(&kernel->primitive, desc), "a convolution");
    return DN_OK;
}

dn_status dn_kernel_create(dn_engine *engine, const dn_kernel_request *r, bool allow_reference, dn_kernel **out)
{
    geometry g;
    describe_geometry(r, &g);
    *out = NULL;
    dn_kernel *kernel = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t posts = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dn_md mds[4] = {NULL, NULL, NULL, NULL};
    dn_status status;
    bool usable = false;
    DN_TRY(dn_alloc(&kernel, 1, sizeof *kernel, "a convolution"));
    kernel->engine = engine;
    TRY_DNNL_GOTO(status, dnnl_primitive_attr_create(&attr), "attributes", done);
    TRY_DNNL_GOTO(status, dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "attributes", done);
    TRY_DNNL_GOTO(status, dnnl_post_ops_create(&posts), "attributes", done);
    DN_TRY_GOTO(status, build_posts(kernel, r, &g, posts), done);
    TRY_DNNL_GOTO(status, dnnl_primitive_attr_set_post_ops(attr, posts), "fused operations", done);

    dnnl_format_tag_t tag = g.spatial == 3 ? dnnl_ndhwc : dnnl_nhwc;
    dnnl_dims_t bias_dims = {r->out.c};
    TRY_DNNL_GOTO(status, dn_md_create(&mds[0], 2 + g.spatial, g.in, data_type(r->in_type), tag), "a tensor", done);
    TRY_DNNL_GOTO(status, dn_md_create(&mds[1], g.weight_rank, g.weight, data_type(r->in_type), dnnl_format_tag_any), "weights", done);
    TRY_DNNL_GOTO(status, dn_md_create(&mds[2], 1, bias_dims, dnnl_f32, dnnl_a), "a bias", done);
    TRY_DNNL_GOTO(status, dn_md_create(&mds[3], 2 + g.spatial, g.out, data_type(r->out_type), tag), "a tensor", done);
    g.request.src = mds[0];
    g.request.weights = mds[1];
    g.request.bias = r->bias == NULL ? NULL : mds[2];
    g.request.dst = mds[3];
    g.request.attr = attr;
    dnnl_status_t described = dn_conv_describe(&desc, engine->engine, &g.request);
    status = DN_OK;
    if (described == dnnl_out_of_memory) {
        status = failure(described, "a convolution");
    }
    if (described != dnnl_success) {
        desc = NULL;
        goto done;
    }
    const char *name = "";
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
    snprintf(kernel->name, sizeof kernel->name, "%s", name);
    if (!allow_reference && strstr(name, "ref") != NULL) {
        goto done;
    }
    DN_TRY_GOTO(status, adopt(kernel, r, &g, desc), done);
    usable = true;
done:
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    for (int i = 0; i < 4; ++i) {
        dn_md_destroy(mds[i]);
    }
    if (posts != NULL) {
        dnnl_post_ops_destroy(posts);
    }
    if (attr != NULL) {
        dnnl_primitive_attr_destroy(attr);
    }
    if (!usable) {
        dn_kernel_destroy(kernel);
        kernel = NULL;
    }
    *out = kernel;
    return status;
}

void dn_kernel_destroy(dn_kernel *kernel)
{
    if (kernel == NULL) {
        return;
    }
    if (kernel->primitive != NULL) {
        dnnl_primitive_destroy(kernel->primitive);
    }
    for (int i = 0; i < kernel->argument_count; ++i) {
        dnnl_memory_destroy(kernel->arguments[i].memory);
    }
    for (int i = 0; i < kernel->vector_count; ++i) {
        free(kernel->vectors[i]);
    }
    free(kernel->packed);
    free(kernel);
}

/* The library takes no const; it only reads sources. */
static void *unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    return u.out;
}

dn_status dn_kernel_run(dn_kernel *kernel, const void *in, void *out, const void *const *added, void *scratch)
{
    TRY_DNNL(dnnl_memory_set_data_handle(kernel->in, unconst(in)), "a tensor");
    TRY_DNNL(dnnl_memory_set_data_handle(kernel->out, out), "a tensor");
    if (kernel->scratch != NULL) {
        TRY_DNNL(dnnl_memory_set_data_handle(kernel->scratch, scratch), "scratch memory");
    }
    for (int i = 0; i < kernel->added_count; ++i) {
        TRY_DNNL(dnnl_memory_set_data_handle(kernel->added[i], unconst(added[i])), "a tensor");
    }
    TRY_DNNL(dnnl_primitive_execute(kernel->primitive, kernel->engine->stream, kernel->argument_count, kernel->arguments),
             "to run a convolution");
    TRY_DNNL(dnnl_stream_wait(kernel->engine->stream), "to run a convolution");
    return DN_OK;
}

int64_t dn_kernel_scratch_bytes(const dn_kernel *kernel)
{
    return kernel->scratch_bytes;
}

int64_t dn_kernel_packed_bytes(const dn_kernel *kernel)
{
    return kernel->packed_bytes;
}

const char *dn_kernel_name(const dn_kernel *kernel)
{
    return kernel->name;
}
