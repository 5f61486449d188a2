/* What differs between the versions of oneDNN, for 3.x (Debian 13 has 3.7). */
#include "onednn.h"

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t dn_md_create(dn_md *out, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(out, rank, dims, type, tag);
}

dnnl_status_t dn_md_create_strided(dn_md *out, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(out, rank, dims, type, strides);
}

dnnl_status_t dn_md_clone(dn_md *out, dn_md_ref md)
{
    return dnnl_memory_desc_clone(out, md);
}

void dn_md_destroy(dn_md md)
{
    if (md != NULL) {
        dnnl_memory_desc_destroy(md);
    }
}

dnnl_status_t dn_append_sum(dnnl_post_ops_t posts)
{
    return dnnl_post_ops_append_sum(posts, 1.0f, 0, dnnl_data_type_undef);
}

dnnl_status_t dn_append_eltwise(dnnl_post_ops_t posts, dnnl_alg_kind_t algorithm, float alpha, float beta)
{
    return dnnl_post_ops_append_eltwise(posts, algorithm, alpha, beta);
}

static dnnl_status_t describe_deconv(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const dn_conv_request *r)
{
    if (r->pass == DN_PASS_BACKWARD_DATA) {
        return dnnl_deconvolution_backward_data_primitive_desc_create(out, engine, dnnl_deconvolution_direct, r->src, r->weights, r->dst,
                                                                      r->strides, r->dilates, r->pad_begin, r->pad_end, r->hint, r->attr);
    }
    if (r->pass == DN_PASS_BACKWARD_WEIGHTS) {
        return dnnl_deconvolution_backward_weights_primitive_desc_create(out, engine, dnnl_deconvolution_direct, r->src, r->weights,
                                                                         r->bias, r->dst, r->strides, r->dilates, r->pad_begin, r->pad_end,
                                                                         r->hint, r->attr);
    }
    return dnnl_deconvolution_forward_primitive_desc_create(out, engine,
                                                            r->pass == DN_PASS_FORWARD ? dnnl_forward_inference : dnnl_forward_training,
                                                            dnnl_deconvolution_direct, r->src, r->weights, r->bias, r->dst, r->strides,
                                                            r->dilates, r->pad_begin, r->pad_end, r->attr);
}

dnnl_status_t dn_conv_describe(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const dn_conv_request *r)
{
    if (r->transposed) {
        return describe_deconv(out, engine, r);
    }
    if (r->pass == DN_PASS_BACKWARD_DATA) {
        return dnnl_convolution_backward_data_primitive_desc_create(out, engine, dnnl_convolution_direct, r->src, r->weights, r->dst,
                                                                    r->strides, r->dilates, r->pad_begin, r->pad_end, r->hint, r->attr);
    }
    if (r->pass == DN_PASS_BACKWARD_WEIGHTS) {
        return dnnl_convolution_backward_weights_primitive_desc_create(out, engine, dnnl_convolution_direct, r->src, r->weights, r->bias,
                                                                       r->dst, r->strides, r->dilates, r->pad_begin, r->pad_end, r->hint,
                                                                       r->attr);
    }
    return dnnl_convolution_forward_primitive_desc_create(out, engine,
                                                          r->pass == DN_PASS_FORWARD ? dnnl_forward_inference : dnnl_forward_training,
                                                          r->algorithm, r->src, r->weights, r->bias, r->dst, r->strides, r->dilates,
                                                          r->pad_begin, r->pad_end, r->attr);
}

#else
typedef int dn_engine_v3_unused; /* ISO C wants a declaration in every file */
#endif
