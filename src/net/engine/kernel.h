/* What kernels share. For engine/ only. */
#ifndef DN_NET_ENGINE_KERNEL_H
#define DN_NET_ENGINE_KERNEL_H

#include "net/engine/engine.h"
#include "onednn.h"

struct dn_engine {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

struct dn_kernel {
    dn_status (*run)(dn_kernel *kernel, const dn_kernel_call *call);
    void (*destroy)(dn_kernel *kernel);
    dn_status (*reload)(dn_kernel *kernel, const float *weight, const float *bias);
    int64_t packed_bytes, scratch_bytes;
    char name[96];
};

dn_status dn_onednn_failure(dnnl_status_t status, const char *what);

#define DN_TRY_DNNL(expr, what)                                                                                                            \
    do {                                                                                                                                   \
        dnnl_status_t dnnl_status_ = (expr);                                                                                               \
        if (dnnl_status_ != dnnl_success) {                                                                                                \
            return dn_onednn_failure(dnnl_status_, what);                                                                                  \
        }                                                                                                                                  \
    } while (0)

#define DN_TRY_DNNL_GOTO(var, expr, what, label)                                                                                           \
    do {                                                                                                                                   \
        dnnl_status_t dnnl_status_ = (expr);                                                                                               \
        if (dnnl_status_ != dnnl_success) {                                                                                                \
            (var) = dn_onednn_failure(dnnl_status_, what);                                                                                 \
            goto label;                                                                                                                    \
        }                                                                                                                                  \
    } while (0)

static inline dnnl_data_type_t dn_onednn_type(dn_type type)
{
    return type == DN_TYPE_F32 ? dnnl_f32 : dnnl_bf16;
}

/* The library takes no const where it only reads. */
static inline void *dn_unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    return u.out;
}

/* Reorders plain f32 weights (logical dims, strides) into the layout a primitive chose; *out: owned (free). */
DN_CHECKED dn_status dn_pack_weights(dn_engine *engine, const float *plain, int rank, const dnnl_dims_t dims, const dnnl_dims_t strides,
                                     dn_md_ref packed, void **out);
/* The same into memory that is there. */
DN_CHECKED dn_status dn_repack_weights(dn_engine *engine, const float *plain, int rank, const dnnl_dims_t dims, const dnnl_dims_t strides,
                                       dn_md_ref packed, void *bytes);

/* How a request maps onto dimensions of the library: kernels of depth 1 become 2-D with the depth in the batch. */
typedef struct dn_geometry {
    int spatial; /* 2 or 3 */
    dnnl_dims_t in, out, weight, weight_strides;
    int weight_rank;
    dn_conv_request request;
} dn_geometry;
void dn_describe_geometry(const dn_kernel_request *request, dn_geometry *out);

/* The kinds of kernels; *out is NULL with DN_OK when the kind does not serve the request. */
DN_CHECKED dn_status dn_direct_create(dn_engine *engine, const dn_kernel_request *request, dn_kernel **out);
DN_CHECKED dn_status dn_parity_create(dn_engine *engine, const dn_kernel_request *request, dn_kernel **out);
DN_CHECKED dn_status dn_winograd_create(dn_engine *engine, const dn_kernel_request *request, dn_kernel **out);

#endif
