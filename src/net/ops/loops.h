/* The operations that are bound by memory, as loops of our own: everything but convolutions. A loop makes its result a
 * few voxels at a time in f32, applies the fused tail, and stores it. Results do not depend on the number of threads. */
#ifndef DN_NET_OPS_LOOPS_H
#define DN_NET_OPS_LOOPS_H

#include "net/engine/engine.h"
#include "net/ops/op.h"

typedef struct dn_operand {
    dn_shape shape;
    dn_type type;
    const void *data; /* set before each run */
} dn_operand;

typedef struct dn_loop {
    const dn_node *node; /* borrowed; an activation of kind DN_ACT_NONE copies */
    dn_operand *in;      /* borrowed; node->input_count */
    int in_count;
    dn_shape out_shape;
    dn_type out_type;
    void *out;                  /* may equal in[0].data where shapes and types agree and the operation works voxel by voxel */
    const float *scale, *shift; /* instance norm: gamma, beta */
    const dn_post *pre;         /* pool: scales and activations of its input, done while it reads */
    int pre_count;
    const dn_post *posts;
    int post_count;
    const void *added[DN_MAX_POSTS]; /* the other tensor of each DN_POST_ADD in order */
} dn_loop;

int64_t dn_loop_scratch_bytes(const dn_loop *loop, int threads);
/* scratch: 64-byte aligned. */
void dn_loop_run(const dn_loop *loop, void *scratch, int threads);

#endif
