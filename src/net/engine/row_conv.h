/* A single-threaded convolution along rows, with several sets of weights: the products inside winograd.c. */
#ifndef DN_NET_ENGINE_ROW_CONV_H
#define DN_NET_ENGINE_ROW_CONV_H

#include "kernel.h"

typedef struct dn_row_conv {
    dnnl_primitive_t primitive;
    dn_md weights_md;
    dnnl_memory_t weights[16];
    void *packed[16];
    int count;
    dnnl_memory_t *in, *out, *scratch; /* one per thread */
    int threads;
    int64_t scratch_bytes;
    char name[48];
} dn_row_conv;

/* rows x [ic, width] of `type` -> rows x [oc, width + pads - taps + 1] in f32, r zeroed by the caller. *usable: whether the
 * library has a fast one. To be called with one OpenMP thread set. */
DN_CHECKED dn_status dn_row_conv_create(dn_engine *engine, dn_row_conv *r, dn_type type, int64_t rows, int64_t ic, int64_t width,
                                        int64_t oc, int64_t taps, int64_t pad_begin, int64_t pad_end, int threads, bool *usable);
/* Releases what r holds; safe on a zeroed one. */
void dn_row_conv_destroy(dn_row_conv *r);
/* Set i; plain: [oc][ic][taps], copied. */
DN_CHECKED dn_status dn_row_conv_set_weights(dn_engine *engine, dn_row_conv *r, int i, const float *plain, int64_t oc, int64_t ic,
                                             int64_t taps);
dnnl_status_t dn_row_conv_run(const dn_row_conv *r, dnnl_stream_t stream, int thread, int set, void *in, void *out);

#endif
