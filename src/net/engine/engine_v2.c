/* What differs between the versions of oneDNN, for 2.x (Debian 12 has 2.6.3). */
#include "onednn.h"

#if DNNL_VERSION_MAJOR == 2

#include <stdlib.h>

#include <string.h>

dnnl_status_t dn_md_create(dn_md *out, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    *out = malloc(sizeof **out);
    return *out == NULL ? dnnl_out_of_memory : dnnl_memory_desc_init_by_tag(*out, rank, dims, type, tag);
}

dnnl_status_t dn_md_create_strided(dn_md *out, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides)
{
    *out = malloc(sizeof **out);
    return *out == NULL ? dnnl_out_of_memory : dnnl_memory_desc_init_by_strides(*out, rank, dims, type, strides);
}

dnnl_status_t dn_md_clone(dn_md *out, dn_md_ref md)
{
    *out = malloc(sizeof **out);
    if (*out == NULL) {
        return dnnl_out_of_memory;
    }
    **out = *md;
    return dnnl_success;
}

void dn_md_destroy(dn_md md)
{
    free(md);
}

dnnl_status_t dn_append_sum(dnnl_post_ops_t posts)
{
    return dnnl_post_ops_append_sum(posts, 1.0f);
}

dnnl_status_t dn_append_eltwise(dnnl_post_ops_t posts, dnnl_alg_kind_t algorithm, float alpha, float beta)
{
    return dnnl_post_ops_append_eltwise(posts, 1.0f, algorithm, alpha, beta);
}

static dnnl_status_t describe_deconv(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const dn_conv_request *r)
{
    dnnl_deconvolution_desc_t desc;
    dnnl_status_t status;
    if (r->pass == DN_PASS_BACKWARD_DATA) {
        status = dnnl_dilated_deconvolution_backward_data_desc_init(&desc, dnnl_deconvolution_direct, r->src, r->weights, r->dst,
                                                                    r->strides, r->dilates, r->pad_begin, r->pad_end);
    } else if (r->pass == DN_PASS_BACKWARD_WEIGHTS) {
        status = dnnl_dilated_deconvolution_backward_weights_desc_init(&desc, dnnl_deconvolution_direct, r->src, r->weights, r->bias,
                                                                       r->dst, r->strides, r->dilates, r->pad_begin, r->pad_end);
    } else {
        status =
            dnnl_dilated_deconvolution_forward_desc_init(&desc, r->pass == DN_PASS_FORWARD ? dnnl_forward_inference : dnnl_forward_training,
                                                         dnnl_deconvolution_direct, r->src, r->weights, r->bias, r->dst, r->strides,
                                                         r->dilates, r->pad_begin, r->pad_end);
    }
    return status != dnnl_success ? status : dnnl_primitive_desc_create(out, &desc, r->attr, engine, r->hint);
}

/* The first implementation that is none of the library's own tile kernels. */
static dnnl_status_t describe_without_tiles(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const_dnnl_op_desc_t desc,
                                            const dn_conv_request *r)
{
    dnnl_primitive_desc_iterator_t it = NULL;
    dnnl_status_t status = dnnl_primitive_desc_iterator_create(&it, desc, r->attr, engine, r->hint);
    *out = NULL;
    while (status == dnnl_success) {
        const char *name = "";
        *out = dnnl_primitive_desc_iterator_fetch(it);
        if (*out == NULL) {
            status = dnnl_out_of_memory;
            break;
        }
        dnnl_primitive_desc_query(*out, dnnl_query_impl_info_str, 0, &name);
        if (strncmp(name, "jit", 3) != 0 || strstr(name, "_amx") == NULL) {
            break;
        }
        dnnl_primitive_desc_destroy(*out);
        *out = NULL;
        status = dnnl_primitive_desc_iterator_next(it);
    }
    if (it != NULL) {
        dnnl_primitive_desc_iterator_destroy(it);
    }
    return status == dnnl_iterator_ends ? dnnl_unimplemented : status;
}

dnnl_status_t dn_conv_describe(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const dn_conv_request *r)
{
    if (r->transposed) {
        return describe_deconv(out, engine, r);
    }
    dnnl_convolution_desc_t desc;
    dnnl_status_t status;
    if (r->pass == DN_PASS_BACKWARD_DATA) {
        status = dnnl_dilated_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, r->src, r->weights, r->dst, r->strides,
                                                                  r->dilates, r->pad_begin, r->pad_end);
    } else if (r->pass == DN_PASS_BACKWARD_WEIGHTS) {
        status = dnnl_dilated_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct, r->src, r->weights, r->bias, r->dst,
                                                                     r->strides, r->dilates, r->pad_begin, r->pad_end);
    } else {
        status =
            dnnl_dilated_convolution_forward_desc_init(&desc, r->pass == DN_PASS_FORWARD ? dnnl_forward_inference : dnnl_forward_training,
                                                       r->algorithm, r->src, r->weights, r->bias, r->dst, r->strides, r->dilates,
                                                       r->pad_begin, r->pad_end);
    }
    if (status == dnnl_success && r->skip_tiles) {
        return describe_without_tiles(out, engine, &desc, r);
    }
    return status != dnnl_success ? status : dnnl_primitive_desc_create(out, &desc, r->attr, engine, r->hint);
}

#else
typedef int dn_engine_v2_unused; /* ISO C wants a declaration in every file */
#endif
