/* Calls the backward loop of an operation for parts of a tensor, in parallel. */
#include "net/ops/gradient_loops.h"

#include "net/ops/tile.h"

void dn_gradient_copy(void *dst, dn_type dst_type, const void *src, dn_type src_type, bool add, int64_t n, int threads)
{
#pragma omp parallel for num_threads(threads)
    for (int64_t begin = 0; begin < n; begin += TILE) {
        float x[TILE];
        int64_t length = n - begin < TILE ? n - begin : TILE;
        dn_row_load(x, read_at(src, src_type, begin), src_type, length);
        if (add) {
            dn_row_add(x, write_at(dst, dst_type, begin), dst_type, 1.0f, length);
        }
        dn_row_store(write_at(dst, dst_type, begin), dst_type, x, length);
    }
}

void dn_gradient_loop_run(const dn_gradient_loop *loop)
{
    bool wanted = false;
    for (int k = 0; k < loop->in_count; ++k) {
        wanted = wanted || loop->in[k].g != NULL;
    }
    const dn_op *op = dn_op_of(loop->node->kind);
    if (wanted && op->loop_backward != NULL) {
        op->loop_backward(loop);
    }
}
