/* Which voxels an up-sampled one comes from, forwards and backwards. */
#ifndef DN_NET_OPS_UPSAMPLE_H
#define DN_NET_OPS_UPSAMPLE_H

#include "net/ops/op.h"

/* The two voxels and the weight of the second, for output position o. */
static inline void dn_upsample_source(dn_up_kind kind, int64_t factor, int64_t size, int64_t o, int64_t source[2], float *second)
{
    if (kind == DN_UP_NEAREST) {
        source[0] = source[1] = o / factor;
        *second = 0.0f;
        return;
    }
    double x = ((double)o + 0.5) / (double)factor - 0.5;
    x = x < 0.0 ? 0.0 : x;
    source[0] = (int64_t)x;
    source[1] = source[0] + 1 < size ? source[0] + 1 : source[0];
    *second = (float)(x - (double)source[0]);
}

#endif
