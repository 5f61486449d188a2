/* How backward passes read and write tensors, a tile of floats at a time. Internal to net/gradient_*.c. */
#ifndef DN_NET_OPS_GRADIENT_TILE_H
#define DN_NET_OPS_GRADIENT_TILE_H

#include "net/gradient_rows.h"
#include "net/ops/gradient_loops.h"
#include "net/rows.h"

#include <string.h>

/* Floats a thread works on at a time, and channels of a voxel that are taken together. */
#define TILE 1024

static inline const void *read_at(const void *data, dn_type type, int64_t element)
{
    return (const unsigned char *)data + element * dn_type_size(type);
}

static inline void *write_at(void *data, dn_type type, int64_t element)
{
    return (unsigned char *)data + element * dn_type_size(type);
}

static inline int64_t element_of(const dn_shape *s, int64_t n, int64_t d, int64_t h, int64_t w)
{
    return (((n * s->d + d) * s->h + h) * s->w + w) * s->c;
}

/* Stores a tile of a gradient, or adds it to what is there. */
static inline void give(const dn_gradient_operand *o, dn_type type, int64_t element, float *x, int64_t n)
{
    void *to = write_at(o->g, type, element);
    if (o->add) {
        dn_row_add(x, to, type, 1.0f, n);
    }
    dn_row_store(to, type, x, n);
}

static inline void fill_zero(const dn_gradient_operand *o, dn_type type, int threads)
{
    int64_t n = dn_shape_size(&o->shape) * dn_type_size(type);
#pragma omp parallel for num_threads(threads)
    for (int64_t begin = 0; begin < n; begin += 1 << 20) {
        memset((unsigned char *)o->g + begin, 0, (size_t)(n - begin < 1 << 20 ? n - begin : 1 << 20));
    }
}

#endif
