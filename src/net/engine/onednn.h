/* The differences between the two majors of oneDNN, and nothing else: v2 describes an operation with *_desc_init and
 * memory by a transparent struct, v3 has one *_primitive_desc_create per operation and opaque memory descriptors.
 * Included by engine/ only; engine_v2.c and engine_v3.c implement it, of which one is compiled. */
#ifndef DN_NET_ENGINE_ONEDNN_H
#define DN_NET_ENGINE_ONEDNN_H

#include <dnnl.h>

#include <stdbool.h>

/* An owned memory descriptor. Passing it where a const one is wanted works in both majors. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t dn_md;
typedef const_dnnl_memory_desc_t dn_md_ref;
#else
typedef dnnl_memory_desc_t *dn_md;
typedef const dnnl_memory_desc_t *dn_md_ref;
#endif

dnnl_status_t dn_md_create(dn_md *out, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
dnnl_status_t dn_md_create_strided(dn_md *out, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides);
dnnl_status_t dn_md_clone(dn_md *out, dn_md_ref md);
void dn_md_destroy(dn_md md);

dnnl_status_t dn_append_sum(dnnl_post_ops_t posts);
dnnl_status_t dn_append_eltwise(dnnl_post_ops_t posts, dnnl_alg_kind_t algorithm, float alpha, float beta);

/* A convolution or its transpose; src, weights, bias (NULL: none) and dst are the gradients where the operation makes
 * them. hint: the forward descriptor, for the backward ones. */
typedef enum { DN_PASS_FORWARD, DN_PASS_FORWARD_TRAINING, DN_PASS_BACKWARD_DATA, DN_PASS_BACKWARD_WEIGHTS } dn_pass;
typedef struct dn_conv_request {
    dn_pass pass;
    int transposed;
    dnnl_alg_kind_t algorithm; /* of a forward convolution: dnnl_convolution_direct, ... */
    dn_md_ref src, weights, bias, dst;
    dnnl_dims_t strides, dilates, pad_begin, pad_end;
    const_dnnl_primitive_desc_t hint;
    bool skip_tiles; /* of convolutions in oneDNN 2: none of its own AMX kernels (training.c says why) */
    const_dnnl_primitive_attr_t attr;
} dn_conv_request;
dnnl_status_t dn_conv_describe(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const dn_conv_request *request);

#endif
