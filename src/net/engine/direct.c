/* A convolution or transposed convolution as one primitive of oneDNN. */
#include "kernel.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGUMENTS (5 + 2 * DN_MAX_POSTS)

typedef struct direct {
    dn_kernel base;
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
    /* For other weights later: what they look like, and the owned bias. */
    dn_md packed_md;
    int weight_rank;
    dnnl_dims_t weight, weight_strides;
    float *bias;
    int64_t bias_count;
} direct;

void dn_describe_geometry(const dn_kernel_request *r, dn_geometry *g)
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

static dn_status keep_vector(direct *kernel, const float *values, int64_t count, float **out)
{
    DN_TRY(dn_alloc_aligned(out, (size_t)count, sizeof(float), "channel factors"));
    memcpy(*out, values, (size_t)count * sizeof(float));
    kernel->vectors[kernel->vector_count++] = *out;
    return DN_OK;
}

static dn_status add_argument(direct *kernel, int argument, dn_md_ref md, void *data, dnnl_memory_t *out)
{
    dnnl_memory_t memory;
    DN_TRY_DNNL(dnnl_memory_create(&memory, md, kernel->engine->engine, data), "a tensor");
    kernel->arguments[kernel->argument_count++] = (dnnl_exec_arg_t){argument, memory};
    if (out != NULL) {
        *out = memory;
    }
    return DN_OK;
}

/* Fills posts and the arguments that go with them. out_md: of the result. */
static dn_status build_posts(direct *kernel, const dn_kernel_request *r, const dn_geometry *g, dnnl_post_ops_t posts)
{
    int rank = 2 + g->spatial;
    dnnl_format_tag_t tag = g->spatial == 3 ? dnnl_ndhwc : dnnl_nhwc;
    for (int i = 0; i < r->post_count; ++i) {
        const dn_post *post = &r->posts[i];
        if (post->kind == DN_POST_ACTIVATION) {
            DN_TRY_DNNL(append_activation(posts, post), "an activation");
        } else if (post->kind == DN_POST_SUM) {
            DN_TRY_DNNL(dn_append_sum(posts), "a sum");
        } else {
            bool full = post->kind == DN_POST_ADD;
            dnnl_dims_t vector = {1, r->out.c, 1, 1, 1};
            dn_md md = NULL;
            dn_status status = DN_OK;
            DN_TRY_DNNL_GOTO(status, dn_md_create(&md, rank, full ? g->out : vector, full ? dn_onednn_type(post->type) : dnnl_f32, tag),
                             "a tensor", next);
            if (full) {
                int argument = DNNL_ARG_ATTR_MULTIPLE_POST_OP(dnnl_post_ops_len(posts)) | DNNL_ARG_SRC_1;
                DN_TRY_DNNL_GOTO(status, dnnl_post_ops_append_binary(posts, dnnl_binary_add, md), "a sum", next);
                DN_TRY_GOTO(status, add_argument(kernel, argument, md, DNNL_MEMORY_NONE, &kernel->added[kernel->added_count++]), next);
            } else {
                const float *vectors[2] = {post->scale, post->shift};
                for (int v = 0; v < 2; ++v) {
                    float *data;
                    int argument = DNNL_ARG_ATTR_MULTIPLE_POST_OP(dnnl_post_ops_len(posts)) | DNNL_ARG_SRC_1;
                    DN_TRY_DNNL_GOTO(status, dnnl_post_ops_append_binary(posts, v == 0 ? dnnl_binary_mul : dnnl_binary_add, md),
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

/* Takes the primitive, its name, weights and remaining arguments from a descriptor. */
static dn_status adopt(direct *kernel, const dn_kernel_request *r, const dn_geometry *g, dnnl_primitive_desc_t desc)
{
    dn_md_ref weights = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    dn_md_ref scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
    kernel->base.scratch_bytes = scratch == NULL ? 0 : (int64_t)dnnl_memory_desc_get_size(scratch);
    DN_TRY(dn_pack_weights(kernel->engine, r->weight, g->weight_rank, g->weight, g->weight_strides, weights, &kernel->packed));
    kernel->base.packed_bytes = (int64_t)dnnl_memory_desc_get_size(weights);
    DN_TRY_DNNL(dn_md_clone(&kernel->packed_md, weights), "weights");
    kernel->weight_rank = g->weight_rank;
    memcpy(kernel->weight, g->weight, sizeof kernel->weight);
    memcpy(kernel->weight_strides, g->weight_strides, sizeof kernel->weight_strides);
    DN_TRY(add_argument(kernel, DNNL_ARG_WEIGHTS, weights, kernel->packed, NULL));
    DN_TRY(add_argument(kernel, DNNL_ARG_SRC, dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0), DNNL_MEMORY_NONE, &kernel->in));
    DN_TRY(add_argument(kernel, DNNL_ARG_DST, dnnl_primitive_desc_query_md(desc, dnnl_query_dst_md, 0), DNNL_MEMORY_NONE, &kernel->out));
    if (kernel->base.scratch_bytes > 0) {
        DN_TRY(add_argument(kernel, DNNL_ARG_SCRATCHPAD, scratch, DNNL_MEMORY_NONE, &kernel->scratch));
    }
    if (r->bias != NULL) {
        DN_TRY(keep_vector(kernel, r->bias, r->out.c, &kernel->bias));
        kernel->bias_count = r->out.c;
        DN_TRY(add_argument(kernel, DNNL_ARG_BIAS, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 1), kernel->bias, NULL));
    }
    DN_TRY_DNNL(dnnl_primitive_create(&kernel->primitive, desc), "a convolution");
    return DN_OK;
}

static void direct_destroy(dn_kernel *base)
{
    direct *kernel = (direct *)base;
    if (kernel->primitive != NULL) {
        dnnl_primitive_destroy(kernel->primitive);
    }
    for (int i = 0; i < kernel->argument_count; ++i) {
        dnnl_memory_destroy(kernel->arguments[i].memory);
    }
    for (int i = 0; i < kernel->vector_count; ++i) {
        free(kernel->vectors[i]);
    }
    dn_md_destroy(kernel->packed_md);
    free(kernel->packed);
    free(kernel);
}

static dn_status direct_reload(dn_kernel *base, const float *weight, const float *bias)
{
    direct *kernel = (direct *)base;
    if (kernel->bias != NULL) {
        memcpy(kernel->bias, bias, (size_t)kernel->bias_count * sizeof(float));
    }
    return dn_repack_weights(kernel->engine, weight, kernel->weight_rank, kernel->weight, kernel->weight_strides, kernel->packed_md,
                             kernel->packed);
}

static dn_status direct_run(dn_kernel *base, const dn_kernel_call *call)
{
    direct *kernel = (direct *)base;
    DN_TRY_DNNL(dnnl_memory_set_data_handle(kernel->in, dn_unconst(call->in)), "a tensor");
    DN_TRY_DNNL(dnnl_memory_set_data_handle(kernel->out, call->out), "a tensor");
    if (kernel->scratch != NULL) {
        DN_TRY_DNNL(dnnl_memory_set_data_handle(kernel->scratch, call->scratch), "scratch memory");
    }
    for (int i = 0; i < kernel->added_count; ++i) {
        DN_TRY_DNNL(dnnl_memory_set_data_handle(kernel->added[i], dn_unconst(call->added[i])), "a tensor");
    }
    DN_TRY_DNNL(dnnl_primitive_execute(kernel->primitive, kernel->engine->stream, kernel->argument_count, kernel->arguments),
                "to run a convolution");
    DN_TRY_DNNL(dnnl_stream_wait(kernel->engine->stream), "to run a convolution");
    return DN_OK;
}

/* Whether what oneDNN chose computes right (2.6.3). */
static bool is_right(const dn_kernel_request *r, const char *name)
{
    if (!r->allow_reference && strstr(name, "ref") != NULL) {
        return false;
    }
    /* The matrix-product fallback of CPUs without AVX2 gets fused scales wrong. */
    if (r->post_count > 0 && strstr(name, "gemm") != NULL) {
        return false;
    }
    /* On processors with AVX-512 bf16 and no tiles it adds wrongly onto the result of a 1x1 convolution whose input has an odd number of
     * channels: without the sum it takes another implementation, which is right. */
    return !(r->post_count > 0 && r->in.c % 2 == 1 && strncmp(name, "jit_bf16_1x1", 12) == 0);
}

/* *out: NULL where oneDNN has no such convolution; else the caller destroys it. */
static dn_status describe(dn_engine *engine, const dn_kernel_request *r, dn_geometry *g, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out)
{
    dn_status status;
    dn_md mds[4] = {NULL, NULL, NULL, NULL};
    dnnl_format_tag_t tag = g->spatial == 3 ? dnnl_ndhwc : dnnl_nhwc;
    dnnl_dims_t bias_dims = {r->out.c};
    *out = NULL;
    DN_TRY_DNNL_GOTO(status, dn_md_create(&mds[0], 2 + g->spatial, g->in, dn_onednn_type(r->in_type), tag), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&mds[1], g->weight_rank, g->weight, dn_onednn_type(r->in_type), dnnl_format_tag_any), "weights",
                     done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&mds[2], 1, bias_dims, dnnl_f32, dnnl_a), "a bias", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&mds[3], 2 + g->spatial, g->out, dn_onednn_type(r->out_type), tag), "a tensor", done);
    g->request.src = mds[0];
    g->request.weights = mds[1];
    g->request.bias = r->bias == NULL ? NULL : mds[2];
    g->request.dst = mds[3];
    g->request.attr = attr;
    dnnl_status_t described = dn_conv_describe(out, engine->engine, &g->request);
    status = described == dnnl_out_of_memory ? dn_onednn_failure(described, "a convolution") : DN_OK;
    if (described != dnnl_success) {
        *out = NULL;
    }
done:
    for (int i = 0; i < 4; ++i) {
        dn_md_destroy(mds[i]);
    }
    return status;
}

dn_status dn_direct_create(dn_engine *engine, const dn_kernel_request *r, dn_kernel **out)
{
    dn_geometry g;
    int activations = 0;
    for (int p = 0; p < r->post_count; ++p) {
        activations += r->posts[p].kind == DN_POST_ACTIVATION && r->posts[p].activation != DN_ACT_NONE;
    }
    /* Two fused activations: 2.6.3 computes leaky ReLU, scale, ReLU wrongly (the second takes the first one's slope). */
    if (r->up.c > 0 || activations > 1) {
        return DN_OK;
    }
    dn_describe_geometry(r, &g);
    direct *kernel = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t posts = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dn_status status;
    bool usable = false;
    DN_TRY(dn_alloc(&kernel, 1, sizeof *kernel, "a convolution"));
    kernel->base.run = direct_run;
    kernel->base.destroy = direct_destroy;
    kernel->base.reload = direct_reload;
    kernel->engine = engine;
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_create(&attr), "attributes", done);
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "attributes", done);
    DN_TRY_DNNL_GOTO(status, dnnl_post_ops_create(&posts), "attributes", done);
    DN_TRY_GOTO(status, build_posts(kernel, r, &g, posts), done);
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_set_post_ops(attr, posts), "fused operations", done);
    DN_TRY_GOTO(status, describe(engine, r, &g, attr, &desc), done);
    if (desc == NULL) {
        goto done;
    }
    const char *name = "";
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
    snprintf(kernel->base.name, sizeof kernel->base.name, "%s", name);
    if (!is_right(r, name)) {
        goto done;
    }
    DN_TRY_GOTO(status, adopt(kernel, r, &g, desc), done);
    usable = true;
done:
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    if (posts != NULL) {
        dnnl_post_ops_destroy(posts);
    }
    if (attr != NULL) {
        dnnl_primitive_attr_destroy(attr);
    }
    if (!usable) {
        direct_destroy(&kernel->base);
        kernel = NULL;
    }
    *out = kernel == NULL ? NULL : &kernel->base;
    return status;
}
