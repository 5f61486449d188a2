/* Shapes and tensors. Every tensor of the engine has five axes [N, D, H, W, C], channels last and fastest.
 * A 2-D network is the case D = 1 with kernels of depth 1; a vector is D = H = W = 1. */
#ifndef DN_NET_TENSOR_H
#define DN_NET_TENSOR_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dn_shape {
    int64_t n, d, h, w, c; /* batch, depth, height, width, channels; each >= 1 */
} dn_shape;

/* Float32, dense, offset = (((n * D + d) * H + h) * W + w) * C + c. */
typedef struct dn_tensor {
    dn_shape shape;
    float *data; /* owned */
} dn_tensor;

/* DN_ESHAPE when an axis is < 1 or the count exceeds 2^31 - 1 (the network library's limit). */
DN_CHECKED dn_status dn_shape_count(const dn_shape *shape, int64_t *count);
bool dn_shape_equal(const dn_shape *a, const dn_shape *b);
/* "1x160x192x160x24" into text[64]; returns text. */
char *dn_shape_text(const dn_shape *shape, char text[64]);

/* Zeroed; owned by the caller (dn_tensor_destroy). */
DN_CHECKED dn_status dn_tensor_create(const dn_shape *shape, dn_tensor **out);
void dn_tensor_destroy(dn_tensor *tensor);

#endif
