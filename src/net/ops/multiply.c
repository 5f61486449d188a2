/* Multiplication: a times b, where b may hold one value per channel ([N,1,1,1,C]) or one per voxel ([N,D,H,W,1]). */
#include "net/ops/op.h"
#include "net/ops/tile.h"

static dn_status multiply_shape(dn_node *node, const dn_shape *in)
{
    const dn_shape *a = &in[0];
    const dn_shape *b = &in[1];
    bool gate = b->n == a->n && b->d == 1 && b->h == 1 && b->w == 1 && b->c == a->c;
    bool mask = b->n == a->n && b->d == a->d && b->h == a->h && b->w == a->w && (b->c == 1 || b->c == a->c);
    if (!gate && !mask) {
        char at[64];
        char bt[64];
        DN_FAIL(DN_ESHAPE, "cannot multiply %s by %s", dn_shape_text(a, at), dn_shape_text(b, bt));
    }
    node->shape = *a;
    return DN_OK;
}

static void multiply_reference(const dn_op_call *call)
{
    const dn_shape *s = &call->out.shape;
    const dn_shape *b = &call->in[1].shape;
    int64_t voxels = s->d * s->h * s->w;
    bool gate = b->d * b->h * b->w == 1;
    for (int64_t n = 0; n < s->n; ++n) {
        for (int64_t v = 0; v < voxels; ++v) {
            for (int64_t c = 0; c < s->c; ++c) {
                int64_t at = (n * voxels + v) * s->c + c;
                int64_t other = ((gate ? n : n * voxels + v) * b->c) + (b->c == 1 ? 0 : c);
                call->out.data[at] = call->in[0].data[at] * call->in[1].data[other];
            }
        }
    }
}

static void multiply_backward(const dn_op_gradient *g)
{
    const dn_shape *s = &g->call->out.shape;
    const dn_shape *b = &g->call->in[1].shape;
    int64_t voxels = s->d * s->h * s->w;
    bool gate = b->d * b->h * b->w == 1;
    for (int64_t at = 0; at < dn_shape_size(s); ++at) {
        int64_t v = at / s->c;
        int64_t other = (gate ? v / voxels : v) * b->c + (b->c == 1 ? 0 : at % s->c);
        if (g->in[0] != NULL) {
            g->in[0][at] += g->out[at] * g->call->in[1].data[other];
        }
        if (g->in[1] != NULL) {
            g->in[1][other] += g->out[at] * g->call->in[0].data[at];
        }
    }
}

static void multiply_loop(const dn_loop *loop, int64_t begin, int64_t end, float *x)
{
    const dn_operand *b = &loop->in[1];
    const dn_shape *s = &loop->out_shape;
    int64_t c = s->c;
    int64_t voxels = s->d * s->h * s->w;
    loop_copy(loop, begin, end, x);
    if (dn_shape_equal(&loop->in[0].shape, &b->shape)) {
        dn_row_multiply(x, operand_at(b, begin * c), b->type, (end - begin) * c);
    } else if (b->shape.d * b->shape.h * b->shape.w == 1 && b->shape.c == c) {
        for (int64_t i = begin; i < end; ++i, x += c) {
            dn_row_multiply(x, operand_at(b, i / voxels * c), b->type, c);
        }
    } else {
        bool gate = b->shape.d * b->shape.h * b->shape.w == 1;
        for (int64_t i = begin; i < end; ++i, x += c) {
            float factor;
            dn_row_load(&factor, operand_at(b, gate ? i / voxels : i), b->type, 1);
            dn_row_scale(x, factor, c);
        }
    }
}

/* b of a * b, where b is one value per voxel or a whole tensor. */
static void multiply_mask(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *a = &loop->in[0];
    const dn_gradient_operand *b = &loop->in[1];
    int64_t c = a->shape.c;
    int64_t bc = b->shape.c;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < dn_shape_size(&a->shape) / c; ++v) {
        float g[TILE];
        float x[TILE];
        float sum = 0.0f;
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            dn_row_load(x, read_at(a->x, loop->type, v * c + i), loop->type, length);
            if (bc == c) {
                dn_row_multiply(g, x, DN_TYPE_F32, length);
                give(b, loop->type, v * c + i, g, length);
            } else {
                sum += dn_row_dot(g, x, length);
            }
        }
        if (bc != c) {
            give(b, loop->type, v, &sum, 1);
        }
    }
}

/* b of a * b, where b is one value per channel and sample (and perhaps the same for all channels). */
static void multiply_gate(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *a = &loop->in[0];
    const dn_gradient_operand *b = &loop->in[1];
    int64_t c = a->shape.c;
    int64_t bc = b->shape.c;
    int64_t voxels = a->shape.d * a->shape.h * a->shape.w;
    int64_t blocks = (c + TILE - 1) / TILE;
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t k = 0; k < a->shape.n * (bc == c ? blocks : 1); ++k) {
        int64_t n = bc == c ? k / blocks : k;
        float total = 0.0f;
        for (int64_t i = bc == c ? k % blocks * TILE : 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            float g[TILE];
            float x[TILE];
            double sums[TILE] = {0.0};
            for (int64_t v = 0; v < voxels; ++v) {
                dn_row_load(g, read_at(loop->g, loop->type, (n * voxels + v) * c + i), loop->type, length);
                dn_row_load(x, read_at(a->x, loop->type, (n * voxels + v) * c + i), loop->type, length);
                for (int64_t j = 0; j < length; ++j) {
                    sums[j] += (double)(g[j] * x[j]);
                }
            }
            for (int64_t j = 0; j < length; ++j) {
                g[j] = (float)sums[j];
                total += g[j];
            }
            if (bc == c) {
                give(b, loop->type, n * c + i, g, length);
                break;
            }
        }
        if (bc != c) {
            give(b, loop->type, n, &total, 1);
        }
    }
}

static void multiply_loop_backward(const dn_gradient_loop *loop)
{
    const dn_gradient_operand *a = &loop->in[0];
    const dn_gradient_operand *b = &loop->in[1];
    int64_t c = a->shape.c;
    int64_t bc = b->shape.c;
    int64_t voxels = a->shape.d * a->shape.h * a->shape.w;
    bool gate = b->shape.d * b->shape.h * b->shape.w == 1;
    if (b->g != NULL) {
        if (gate) {
            multiply_gate(loop);
        } else {
            multiply_mask(loop);
        }
    }
#pragma omp parallel for num_threads(loop->threads)
    for (int64_t v = 0; v < (a->g == NULL ? 0 : a->shape.n * voxels); ++v) {
        float g[TILE];
        for (int64_t i = 0; i < c; i += TILE) {
            int64_t length = c - i < TILE ? c - i : TILE;
            int64_t from = (gate ? v / voxels : v) * bc;
            dn_row_load(g, read_at(loop->g, loop->type, v * c + i), loop->type, length);
            if (bc == c) {
                dn_row_multiply(g, read_at(b->x, loop->type, from + i), loop->type, length);
            } else {
                float factor;
                dn_row_load(&factor, read_at(b->x, loop->type, from), loop->type, 1);
                dn_row_scale(g, factor, length);
            }
            give(a, loop->type, v * c + i, g, length);
        }
    }
}

const dn_op dn_op_multiply = {.name = "multiply",
                              .min_inputs = 2,
                              .max_inputs = 2,
                              .shape = multiply_shape,
                              .reference = multiply_reference,
                              .backward = multiply_backward,
                              .traits = DN_TRAIT_VOXELWISE | DN_TRAIT_CHEAP,
                              .loop = multiply_loop,
                              .loop_backward = multiply_loop_backward,
                              .looks_at = dn_looks_at_inputs};

int dn_graph_multiply(dn_graph *graph, int a, int b, const char *name)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_MULTIPLY}, name, (const int[2]){a, b}, 2);
}
