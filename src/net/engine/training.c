/* Prepares and runs gradients of weights by oneDNN, with the changes of layout that they need. */
#include "net/engine/training.h"

#include "base/memory.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tensor that the primitive may want in another layout than channels-last. */
typedef struct operand {
    dnnl_memory_t memory; /* as the primitive takes it */
    dnnl_memory_t plain;  /* channels-last, when that differs */
    dnnl_primitive_t reorder;
    int64_t offset; /* of its copy in the scratch memory */
} operand;

struct dn_weight_gradient {
    dn_engine *engine;
    dnnl_primitive_t primitive;
    operand in, out;
    dnnl_memory_t packed, weight; /* as the primitive makes it, as it is handed over */
    dnnl_primitive_t unpack;
    void *packed_bytes;
    dnnl_memory_t scratch;
    int64_t scratch_bytes;
    char name[96];
};

static void operand_release(operand *o)
{
    if (o->reorder != NULL) {
        dnnl_primitive_destroy(o->reorder);
    }
    if (o->plain != NULL) {
        dnnl_memory_destroy(o->plain);
    }
    if (o->memory != NULL) {
        dnnl_memory_destroy(o->memory);
    }
}

void dn_weight_gradient_destroy(dn_weight_gradient *g)
{
    if (g == NULL) {
        return;
    }
    dnnl_memory_t memories[] = {g->packed, g->weight, g->scratch};
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; ++i) {
        if (memories[i] != NULL) {
            dnnl_memory_destroy(memories[i]);
        }
    }
    operand_release(&g->in);
    operand_release(&g->out);
    if (g->unpack != NULL) {
        dnnl_primitive_destroy(g->unpack);
    }
    if (g->primitive != NULL) {
        dnnl_primitive_destroy(g->primitive);
    }
    free(g->packed_bytes);
    free(g);
}

static dn_status make_reorder(dn_engine *engine, dn_md_ref from, dn_md_ref to, dnnl_primitive_t *out)
{
    dnnl_primitive_desc_t desc;
    DN_TRY_DNNL(dnnl_reorder_primitive_desc_create(&desc, from, engine->engine, to, engine->engine, NULL), "to change a layout");
    dnnl_status_t made = dnnl_primitive_create(out, desc);
    dnnl_primitive_desc_destroy(desc);
    DN_TRY_DNNL(made, "to change a layout");
    return DN_OK;
}

static int64_t align64(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static dn_status operand_prepare(dn_weight_gradient *g, operand *o, dn_md_ref plain, dn_md_ref wanted)
{
    DN_TRY_DNNL(dnnl_memory_create(&o->memory, wanted, g->engine->engine, DNNL_MEMORY_NONE), "a tensor");
    if (dnnl_memory_desc_equal(plain, wanted)) {
        return DN_OK;
    }
    DN_TRY_DNNL(dnnl_memory_create(&o->plain, plain, g->engine->engine, DNNL_MEMORY_NONE), "a tensor");
    o->offset = g->scratch_bytes;
    g->scratch_bytes += align64((int64_t)dnnl_memory_desc_get_size(wanted));
    return make_reorder(g->engine, plain, wanted, &o->reorder);
}

static dn_status execute_reorder(dn_weight_gradient *g, dnnl_primitive_t reorder, dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    DN_TRY_DNNL(dnnl_primitive_execute(reorder, g->engine->stream, 2, arguments), "to change a layout");
    DN_TRY_DNNL(dnnl_stream_wait(g->engine->stream), "to change a layout");
    return DN_OK;
}

static dn_status operand_load(dn_weight_gradient *g, operand *o, const void *data, void *scratch)
{
    if (o->reorder == NULL) {
        DN_TRY_DNNL(dnnl_memory_set_data_handle(o->memory, dn_unconst(data)), "a tensor");
        return DN_OK;
    }
    DN_TRY_DNNL(dnnl_memory_set_data_handle(o->plain, dn_unconst(data)), "a tensor");
    DN_TRY_DNNL(dnnl_memory_set_data_handle(o->memory, (unsigned char *)scratch + o->offset), "a tensor");
    return execute_reorder(g, o->reorder, o->plain, o->memory);
}

/* Wrong gradients or a crash in 2.6.3: a kernel of 1 with a stride, channels-last, fewer than 16 input channels. */
static bool is_trap(const dn_weight_gradient_request *r)
{
    bool one = true;
    bool strided = false;
    for (int a = 0; a < 3; ++a) {
        one = one && r->conv.kernel[a] == 1;
        strided = strided || r->conv.stride[a] > 1;
    }
    return one && strided && (r->in.c / r->conv.groups < 16 || r->out.c / r->conv.groups < 16);
}

typedef struct attempt {
    dn_md in, out, weight, any_in, any_out; /* owned */
    dn_md gradient;                         /* f32, whatever the type of the weights; owned */
    dn_geometry geometry;
    dnnl_primitive_attr_t attr;
} attempt;

static dn_status describe(dn_engine *engine, attempt *a, bool any, dnnl_primitive_desc_t *desc)
{
    dnnl_primitive_desc_t forward;
    dn_conv_request request = a->geometry.request;
    request.algorithm = dnnl_convolution_direct;
    request.src = any ? a->any_in : a->in;
    request.dst = any ? a->any_out : a->out;
    request.weights = a->weight;
    request.attr = a->attr;
    request.pass = DN_PASS_FORWARD_TRAINING;
    *desc = NULL;
    dnnl_status_t status = dn_conv_describe(&forward, engine->engine, &request);
    if (status == dnnl_success) {
        request.pass = DN_PASS_BACKWARD_WEIGHTS;
        request.weights = a->gradient;
        request.hint = forward;
        /* 2.6.3's tile kernel writes beyond its memory where rows are long (384 and 512 voxels; 320 are fine). */
        request.skip_tiles = a->geometry.in[a->geometry.spatial + 1] > 256;
        status = dn_conv_describe(desc, engine->engine, &request);
        dnnl_primitive_desc_destroy(forward);
    }
    if (status != dnnl_success) {
        *desc = NULL;
    }
    return status == dnnl_out_of_memory ? dn_onednn_failure(status, "the gradient of a convolution") : DN_OK;
}

static bool is_plain_code(dnnl_primitive_desc_t desc)
{
    const char *name = "";
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
    return strstr(name, "ref") != NULL;
}

/* Channels-last, else the layouts that the library likes, else its plain code. */
static dn_status choose(dn_engine *engine, attempt *a, bool trap, dnnl_primitive_desc_t *desc)
{
    dnnl_primitive_desc_t other = NULL;
    *desc = NULL;
    if (!trap) {
        DN_TRY(describe(engine, a, false, desc));
        if (*desc != NULL && !is_plain_code(*desc)) {
            return DN_OK;
        }
    }
    dn_status status = describe(engine, a, true, &other);
    if (status == DN_OK && other != NULL && (*desc == NULL || !is_plain_code(other))) {
        if (*desc != NULL) {
            dnnl_primitive_desc_destroy(*desc);
        }
        *desc = other;
        other = NULL;
    }
    if (other != NULL) {
        dnnl_primitive_desc_destroy(other);
    }
    if (status == DN_OK && *desc == NULL) {
        status = dn_error_set(DN_EINTERNAL, "the network library has no gradient of a convolution of this shape");
    }
    return status;
}

static dn_status adopt(dn_weight_gradient *g, const attempt *a, dnnl_primitive_desc_t desc)
{
    const char *name = "";
    dn_md plain_weight = NULL;
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
    snprintf(g->name, sizeof g->name, "%s", name);
    dn_md_ref packed = dnnl_primitive_desc_query_md(desc, dnnl_query_diff_weights_md, 0);
    dn_md_ref scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
    g->scratch_bytes = scratch == NULL ? 0 : align64((int64_t)dnnl_memory_desc_get_size(scratch));
    if (g->scratch_bytes > 0) {
        DN_TRY_DNNL(dnnl_memory_create(&g->scratch, scratch, g->engine->engine, DNNL_MEMORY_NONE), "scratch memory");
    }
    DN_TRY(operand_prepare(g, &g->in, a->in, dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0)));
    DN_TRY(operand_prepare(g, &g->out, a->out, dnnl_primitive_desc_query_md(desc, dnnl_query_diff_dst_md, 0)));
    DN_TRY(dn_alloc_aligned(&g->packed_bytes, dnnl_memory_desc_get_size(packed), 1, "gradients of weights"));
    DN_TRY_DNNL(dnnl_memory_create(&g->packed, packed, g->engine->engine, g->packed_bytes), "gradients");
    DN_TRY_DNNL(dn_md_create_strided(&plain_weight, a->geometry.weight_rank, a->geometry.weight, dnnl_f32, a->geometry.weight_strides),
                "gradients");
    dn_status status = make_reorder(g->engine, packed, plain_weight, &g->unpack);
    dnnl_status_t made = status != DN_OK ? dnnl_success : dnnl_memory_create(&g->weight, plain_weight, g->engine->engine, DNNL_MEMORY_NONE);
    dn_md_destroy(plain_weight);
    DN_TRY(status);
    DN_TRY_DNNL(made, "gradients");
    DN_TRY_DNNL(dnnl_primitive_create(&g->primitive, desc), "the gradient of a convolution");
    return DN_OK;
}

dn_status dn_weight_gradient_create(dn_engine *engine, const dn_weight_gradient_request *r, dn_weight_gradient **out)
{
    dn_weight_gradient *g = NULL;
    attempt a = {0};
    dnnl_primitive_desc_t desc = NULL;
    dn_status status;
    dn_kernel_request shape = {.in = r->in, .out = r->out, .conv = r->conv, .transposed = r->transposed};
    dn_describe_geometry(&shape, &a.geometry);
    int rank = 2 + a.geometry.spatial;
    dnnl_format_tag_t tag = a.geometry.spatial == 3 ? dnnl_ndhwc : dnnl_nhwc;
    dnnl_data_type_t type = dn_onednn_type(r->type);
    *out = NULL;
    DN_TRY(dn_alloc(&g, 1, sizeof *g, "the gradient of a convolution"));
    g->engine = engine;
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_create(&a.attr), "attributes", done);
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_set_scratchpad_mode(a.attr, dnnl_scratchpad_mode_user), "attributes", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&a.in, rank, a.geometry.in, type, tag), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&a.out, rank, a.geometry.out, type, tag), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&a.any_in, rank, a.geometry.in, type, dnnl_format_tag_any), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&a.any_out, rank, a.geometry.out, type, dnnl_format_tag_any), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&a.weight, a.geometry.weight_rank, a.geometry.weight, type, dnnl_format_tag_any), "weights",
                     done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&a.gradient, a.geometry.weight_rank, a.geometry.weight, dnnl_f32, dnnl_format_tag_any), "weights",
                     done);
    DN_TRY_GOTO(status, choose(engine, &a, is_trap(r), &desc), done);
    DN_TRY_GOTO(status, adopt(g, &a, desc), done);
    *out = g;
    g = NULL;
done:
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    dn_md_destroy(a.in);
    dn_md_destroy(a.out);
    dn_md_destroy(a.any_in);
    dn_md_destroy(a.any_out);
    dn_md_destroy(a.weight);
    dn_md_destroy(a.gradient);
    if (a.attr != NULL) {
        dnnl_primitive_attr_destroy(a.attr);
    }
    dn_weight_gradient_destroy(g);
    return status;
}

dn_status dn_weight_gradient_run(dn_weight_gradient *g, const void *in, const void *out, float *weight, void *scratch)
{
    DN_TRY(operand_load(g, &g->in, in, scratch));
    DN_TRY(operand_load(g, &g->out, out, scratch));
    if (g->scratch != NULL) {
        DN_TRY_DNNL(dnnl_memory_set_data_handle(g->scratch, scratch), "scratch memory");
    }
    dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, g->in.memory},
                                    {DNNL_ARG_DIFF_DST, g->out.memory},
                                    {DNNL_ARG_DIFF_WEIGHTS, g->packed},
                                    {DNNL_ARG_SCRATCHPAD, g->scratch}};
    DN_TRY_DNNL(dnnl_primitive_execute(g->primitive, g->engine->stream, g->scratch != NULL ? 4 : 3, arguments),
                "to run the gradient of a convolution");
    DN_TRY_DNNL(dnnl_stream_wait(g->engine->stream), "to run the gradient of a convolution");
    DN_TRY_DNNL(dnnl_memory_set_data_handle(g->weight, weight), "gradients");
    return execute_reorder(g, g->unpack, g->packed, g->weight);
}

int64_t dn_weight_gradient_scratch_bytes(const dn_weight_gradient *g)
{
    return g->scratch_bytes;
}

const char *dn_weight_gradient_name(const dn_weight_gradient *g)
{
    return g->name;
}
