/* 1x3 convolutions along rows by oneDNN, single-threaded, with several sets of weights. */
#include "row_conv.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dn_row_conv_destroy(dn_row_conv *r)
{
    for (int t = 0; t < r->threads; ++t) {
        if (r->in != NULL && r->in[t] != NULL) {
            dnnl_memory_destroy(r->in[t]);
        }
        if (r->out != NULL && r->out[t] != NULL) {
            dnnl_memory_destroy(r->out[t]);
        }
        if (r->scratch != NULL && r->scratch[t] != NULL) {
            dnnl_memory_destroy(r->scratch[t]);
        }
    }
    for (int i = 0; i < r->count; ++i) {
        if (r->weights[i] != NULL) {
            dnnl_memory_destroy(r->weights[i]);
        }
        free(r->packed[i]);
    }
    if (r->primitive != NULL) {
        dnnl_primitive_destroy(r->primitive);
    }
    dn_md_destroy(r->weights_md);
    free(r->in);
    free(r->out);
    free(r->scratch);
}

static dn_status thread_memories(dn_engine *engine, dn_md_ref md, int threads, dnnl_memory_t **out)
{
    DN_TRY(dn_alloc(out, (size_t)threads, sizeof **out, "a convolution"));
    for (int t = 0; t < threads; ++t) {
        DN_TRY_DNNL(dnnl_memory_create(&(*out)[t], md, engine->engine, DNNL_MEMORY_NONE), "a tensor");
    }
    return DN_OK;
}

/* rows x [ic, width] -> rows x [oc, width + pads - taps + 1] in f32. *usable: whether the library has a fast one. */
dn_status dn_row_conv_create(dn_engine *engine, dn_row_conv *r, dn_type type, int64_t rows, int64_t ic, int64_t width, int64_t oc,
                             int64_t taps, int64_t pad_begin, int64_t pad_end, int threads, bool *usable)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dn_md in = NULL;
    dn_md out = NULL;
    dn_md weights = NULL;
    dn_status status = DN_OK;
    const char *name = "";
    dnnl_dims_t in_dims = {rows, ic, 1, width};
    dnnl_dims_t out_dims = {rows, oc, 1, width + pad_begin + pad_end - taps + 1};
    dnnl_dims_t weight_dims = {oc, ic, 1, taps};
    *usable = false;
    r->threads = threads;
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_create(&attr), "attributes", done);
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "attributes", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&in, 4, in_dims, dn_onednn_type(type), dnnl_nhwc), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&out, 4, out_dims, dnnl_f32, dnnl_nhwc), "a tensor", done);
    DN_TRY_DNNL_GOTO(status, dn_md_create(&weights, 4, weight_dims, dn_onednn_type(type), dnnl_format_tag_any), "weights", done);
    dn_conv_request request = {.algorithm = dnnl_convolution_direct,
                               .src = in,
                               .weights = weights,
                               .dst = out,
                               .strides = {1, 1},
                               .pad_begin = {0, pad_begin},
                               .pad_end = {0, pad_end},
                               .attr = attr};
    if (dn_conv_describe(&desc, engine->engine, &request) != dnnl_success) {
        desc = NULL;
        goto done;
    }
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
    snprintf(r->name, sizeof r->name, "%s", name);
    if (strstr(name, "ref") != NULL || strstr(name, "gemm") != NULL) {
        goto done;
    }
    DN_TRY_DNNL_GOTO(status, dn_md_clone(&r->weights_md, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)), "weights", done);
    dn_md_ref scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
    r->scratch_bytes = scratch == NULL ? 0 : (int64_t)dnnl_memory_desc_get_size(scratch);
    DN_TRY_GOTO(status, thread_memories(engine, in, threads, &r->in), done);
    DN_TRY_GOTO(status, thread_memories(engine, out, threads, &r->out), done);
    if (r->scratch_bytes > 0) {
        DN_TRY_GOTO(status, thread_memories(engine, scratch, threads, &r->scratch), done);
    }
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_create(&r->primitive, desc), "a convolution", done);
    *usable = true;
done:
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    if (attr != NULL) {
        dnnl_primitive_attr_destroy(attr);
    }
    dn_md_destroy(in);
    dn_md_destroy(out);
    dn_md_destroy(weights);
    return status;
}

/* Set i of plain weights: [oc][ic][taps] */
dn_status dn_row_conv_set_weights(dn_engine *engine, dn_row_conv *r, int i, const float *plain, int64_t oc, int64_t ic, int64_t taps)
{
    dnnl_dims_t dims = {oc, ic, 1, taps};
    dnnl_dims_t strides = {ic * taps, taps, taps, 1};
    if (i < r->count) {
        return dn_repack_weights(engine, plain, 4, dims, strides, r->weights_md, r->packed[i]);
    }
    r->count = i + 1;
    DN_TRY(dn_pack_weights(engine, plain, 4, dims, strides, r->weights_md, &r->packed[i]));
    DN_TRY_DNNL(dnnl_memory_create(&r->weights[i], r->weights_md, engine->engine, r->packed[i]), "weights");
    return DN_OK;
}

dnnl_status_t dn_row_conv_run(const dn_row_conv *r, dnnl_stream_t stream, int thread, int set, void *in, void *out)
{
    dnnl_status_t status = dnnl_memory_set_data_handle(r->in[thread], in);
    if (status == dnnl_success) {
        status = dnnl_memory_set_data_handle(r->out[thread], out);
    }
    dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, r->in[thread]},
                                    {DNNL_ARG_WEIGHTS, r->weights[set]},
                                    {DNNL_ARG_DST, r->out[thread]},
                                    {DNNL_ARG_SCRATCHPAD, r->scratch != NULL ? r->scratch[thread] : NULL}};
    return status != dnnl_success ? status : dnnl_primitive_execute(r->primitive, stream, r->scratch != NULL ? 4 : 3, arguments);
}
