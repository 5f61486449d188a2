/* How loops read and write tensors: forward a tile of f32 voxels at a time, backward a tile of floats. Internal to net/ops/. */
#ifndef DN_NET_OPS_TILE_H
#define DN_NET_OPS_TILE_H

#include "net/gradient_rows.h"
#include "net/ops/gradient_loops.h"
#include "net/ops/loops.h"
#include "net/rows.h"

#include <string.h>

/* Floats on which a thread works at a time: stays in the first-level cache. */
#define LOOP_TILE 4096
/* The same backward, where several tiles lie on the stack; and channels of a voxel that are taken together. */
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

static inline int64_t align64(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* The projection in a loop's tail, or NULL. */
static inline const dn_post *dn_loop_projection(const dn_loop *loop)
{
    for (int p = 0; p < loop->post_count; ++p) {
        if (loop->posts[p].kind == DN_POST_PROJECT) {
            return &loop->posts[p];
        }
    }
    return NULL;
}

/* Channels of what the operation itself makes, before a projection. */
static inline int64_t dn_loop_channels(const dn_loop *loop)
{
    const dn_post *project = dn_loop_projection(loop);
    return project != NULL ? project->in_channels : loop->out_shape.c;
}

/* Floats of the tile that a forward loop makes its voxels in. */
static inline int64_t dn_loop_tile_floats(const dn_loop *loop)
{
    const int64_t c = dn_loop_channels(loop);
    return align64((c > LOOP_TILE ? c : LOOP_TILE) * 4) / 4;
}

static inline const void *operand_at(const dn_operand *operand, int64_t element)
{
    return read_at(operand->data, operand->type, element);
}

/* The voxels begin..end of input 0. */
static inline void loop_copy(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    int64_t c = dn_loop_channels(loop);
    dn_row_load(x, operand_at(&loop->in[0], begin * c), loop->in[0].type, (end - begin) * c);
}

typedef struct voxel {
    int64_t n, d, h, w;
} voxel;

static inline voxel voxel_of(const dn_shape *s, int64_t v)
{
    return (voxel){.n = v / (s->d * s->h * s->w), .d = v / (s->h * s->w) % s->d, .h = v / s->w % s->h, .w = v % s->w};
}

static inline void voxel_next(const dn_shape *s, voxel *v)
{
    if (++v->w == s->w) {
        v->w = 0;
        if (++v->h == s->h) {
            v->h = 0;
            if (++v->d == s->d) {
                v->d = 0;
                ++v->n;
            }
        }
    }
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
