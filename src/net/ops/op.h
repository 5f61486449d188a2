/* What an operation is: its node in a graph and its row in the table of operations. For net/ only.
 *
 * A row says how shapes follow from inputs, which parameters there are, what it costs, which part of an input a part of
 * the output needs (for tiles), and what it computes: plainly, in double precision, as the reference that the fast
 * paths are tested against. Adding an operation is a row in ops/ops.c, a file in ops/ and a test in tests/ops/. */
#ifndef DN_NET_OPS_OP_H
#define DN_NET_OPS_OP_H

#include "net/graph.h"
#include "net/weights.h"

#include "base/memory.h"

typedef struct dn_window {
    int64_t begin[3], end[3];
} dn_window;

typedef struct dn_node {
    dn_op_kind kind;
    char *name; /* owned by the graph's arena, as inputs */
    int *inputs;
    int input_count;
    dn_shape shape;
    union {
        dn_conv conv; /* kernel, stride, dilation, groups >= 1; padding resolved: pad_begin/pad_end hold */
        dn_pool pool; /* the same */
        dn_pool_kind global_pool;
        struct {
            dn_norm_kind kind;
            float epsilon;
        } norm;
        struct {
            dn_activation kind;
            float alpha;
        } activation;
        struct {
            dn_up_kind kind;
            int64_t factor[3];
        } upsample;
        dn_window window; /* of pad, crop: rows added or taken at each side */
        struct {
            int64_t out;
            bool bias;
        } dense;
        struct {
            float rate;
            bool whole; /* samples are dropped, not elements */
        } dropout;
    };
    /* The padding as it was asked for: SAME resolves differently when the graph is built for another input shape. */
    dn_padding asked_padding;
} dn_node;

struct dn_graph {
    dn_arena arena;
    dn_node *nodes;
    int count, capacity;
    int *inputs, *outputs;
    int input_count, output_count;
    dn_status status; /* of the first error, with its message */
    char *message;
    bool finished;
};

#define DN_MAX_PARAMETERS 4

typedef struct dn_parameter {
    const char *suffix; /* ".weight" */
    size_t rank;
    int64_t dim[DN_WEIGHT_MAX_RANK];
    bool trainable;
    int64_t fan_in, fan_out; /* of weights that a random start scales; 0: starts at `start` */
    float start;
} dn_parameter;

/* A tensor of the reference. */
typedef struct dn_ref {
    dn_shape shape;
    double *data;
} dn_ref;

typedef struct dn_op_call {
    const dn_node *node;
    const dn_ref *in; /* node->input_count */
    dn_ref out;
    const double *parameters[DN_MAX_PARAMETERS];
    bool training;        /* batch norm takes the batch's statistics, dropout drops */
    uint64_t dropout_key; /* net/ops/dropout.h */
} dn_op_call;

/* The backward pass of a call: out of it come gradients of inputs and parameters, each added to what is there. */
typedef struct dn_op_gradient {
    const dn_op_call *call; /* with its results in out */
    const double *out;      /* gradient of the result */
    double *const *in;      /* one an input; NULL: not wanted. Two inputs may be one node and share theirs */
    double *parameters[DN_MAX_PARAMETERS];
} dn_op_gradient;

typedef struct dn_op {
    const char *name;
    int min_inputs, max_inputs;
    /* Resolves the attributes of node and sets its shape. The caller puts the layer's name before the message. */
    dn_status (*shape)(dn_node *node, const dn_shape *in);
    /* Fills out, returns the count. NULL: none. */
    int (*parameters)(const dn_node *node, const dn_shape *in, dn_parameter out[DN_MAX_PARAMETERS]);
    /* Floating-point operations of a forward pass (a multiply-add counts as two). NULL: not worth counting. */
    double (*flops)(const dn_node *node, const dn_shape *in);
    void (*reference)(const dn_op_call *call);
    /* The same backwards. NULL: nothing to do. */
    void (*backward)(const dn_op_gradient *g);
    /* The part of input 0 (any spatial input) that the given part of the output needs, before clipping to the input.
     * NULL: the same part. */
    void (*needs)(const dn_node *node, const dn_window *out, dn_window *in);
    /* Whether the output depends on the whole extent of the input (statistics, global pooling), so that it cannot be
     * tiled. NULL: never. */
    bool (*whole)(const dn_node *node);
} dn_op;

const dn_op *dn_op_of(dn_op_kind kind);

/* Number of elements of a shape that is known to be good. */
static inline int64_t dn_shape_size(const dn_shape *s)
{
    return s->n * s->d * s->h * s->w * s->c;
}
static inline int64_t dn_shape_axis(const dn_shape *s, int axis)
{
    return axis == 0 ? s->d : axis == 1 ? s->h : s->w;
}
static inline void dn_shape_set_axis(dn_shape *s, int axis, int64_t size)
{
    *(axis == 0 ? &s->d : axis == 1 ? &s->h : &s->w) = size;
}

/* The array NAME+suffix of a node, checked against the shape the operation asks for. */
DN_CHECKED dn_status dn_node_weight(const dn_node *node, const dn_parameter *parameter, const dn_weights *weights, const dn_weight **out);

/* Shared by conv and pool: resolves SAME and VALID and gives the output size along each axis. */
DN_CHECKED dn_status dn_window_shape(const dn_shape *in, const int64_t kernel[3], const int64_t stride[3], const int64_t dilation[3],
                                     dn_padding padding, int64_t pad_begin[3], int64_t pad_end[3], dn_shape *out);

extern const dn_op dn_op_input, dn_op_conv, dn_op_deconv, dn_op_pool, dn_op_global_pool, dn_op_norm, dn_op_activation, dn_op_softmax,
    dn_op_upsample, dn_op_concat, dn_op_add, dn_op_multiply, dn_op_pad, dn_op_crop, dn_op_dense, dn_op_dropout;

/* One value of an activation and its slope, in double. */
double dn_activation_value(dn_activation kind, double alpha, double x);
double dn_activation_slope(dn_activation kind, double alpha, double x);

#endif
