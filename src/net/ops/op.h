/* What an operation is: its node in a graph, and its row in the table of operations. For net/ and the reader of graphs in models/.
 *
 * A row is one file, net/ops/<name>.c, and holds all that the operation is:
 *
 *   name, fields      how a model file spells it: graphs in JSON are read by these alone
 *   shape             how its result's shape follows from its inputs', and which weights there are (parameters), and what it costs (flops)
 *   needs, grid,      what a part of the result needs of the input, on which grid it lies, and whether there are parts at all: for tiles
 *   whole
 *   reference,        what it computes: plainly, in double precision. The reference that the fast paths are tested against
 *   backward
 *   loop, loop_...,   what runs: a few voxels at a time, in f32 (loops.h, gradient_loops.h)
 *   statistics
 *   traits, looks_at  what a plan may do: in place, made again rather than kept
 *
 * Adding an operation is that file and a row of DN_OPS in net/graph.h. Its attributes, where it has any that no other has, go into the
 * union below, its builder into net/graph.h, and its case into tests/net, which fails where one is absent. A plan names an operation
 * only where it fuses it with others (plan/build.c, train/build.c) or has something faster than a loop: convolutions, norms in training. */
#ifndef DN_NET_OPS_OP_H
#define DN_NET_OPS_OP_H

#include "net/graph.h"
#include "net/weights.h"

#include "base/memory.h"

#include <stddef.h>

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
        /* kernel, stride, dilation, groups >= 1; pad_begin and pad_end follow from padding and hold. They are found anew when the graph
         * is built for another input. */
        dn_conv conv;
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
    int64_t fan_in; /* of weights that a random start scales; 0: starts at `start` */
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
    double *const *in;      /* one per input; NULL: not wanted. Two inputs may be one node and share theirs */
    double *parameters[DN_MAX_PARAMETERS];
} dn_op_gradient;

/* An attribute as a model file has it: "key": value, where it lies in dn_node, and which values make sense. */
typedef enum { DN_FIELD_INTEGER, DN_FIELD_REAL, DN_FIELD_BOOLEAN, DN_FIELD_CHOICE, DN_FIELD_AXES } dn_field_type;
typedef enum { DN_FIELD_REQUIRED, DN_FIELD_OPTIONAL, DN_FIELD_UNREAD } dn_field_need;

typedef struct dn_op_field {
    const char *key;
    dn_field_type type;
    size_t offset; /* of int64_t, float, bool, an enum, int64_t[3] */
    dn_field_need need;
    double low, high;
    const char *choices; /* "max|average"; the first is the enum's value `first` */
    int first;
    int64_t depth; /* of axes: what a 2-D network has along depth */
    /* Where it depends on the fields before. May set what holds when it is absent. NULL: `need` holds. */
    dn_field_need (*decide)(dn_node *node);
} dn_op_field;

/* Fields of type CHOICE are written as int. */
_Static_assert(sizeof(dn_padding) == sizeof(int) && sizeof(dn_activation) == sizeof(int), "enums are ints here");

#define DN_FIELD_MOST 1000000 /* of any extent, channel count or padding in a model file */

/* What a plan may do with an operation. */
enum {
    DN_TRAIT_VOXELWISE = 1, /* a voxel of the result needs the same voxel of input 0 only (and statistics): it may take its place, and
                               its gradient that of the result's */
    DN_TRAIT_CHEAP = 2,     /* made again in the backward pass, from its inputs, rather than kept till then */
    DN_TRAIT_REDUCES = 4,   /* the result is one voxel per sample: its statistics */
};

/* What of the forward pass the backward pass looks at. */
enum { DN_LOOKS_AT_INPUTS = 1, DN_LOOKS_AT_RESULT = 2 };

/* Sums over a sample, of each channel, that an operation needs before it can begin. */
typedef enum { DN_STATISTICS_NONE, DN_STATISTICS_SUM, DN_STATISTICS_MAXIMUM, DN_STATISTICS_MOMENTS } dn_statistics;

typedef struct dn_moments {
    double first; /* sum, maximum, or mean */
    double m2;    /* DN_STATISTICS_MOMENTS: sum of squared deviations */
    double count; /* voxels */
} dn_moments;

struct dn_loop;          /* loops.h */
struct dn_gradient_loop; /* gradient_loops.h */

typedef struct dn_op {
    const char *name;
    int min_inputs, max_inputs;
    unsigned traits;
    const dn_op_field *fields;
    int field_count;
    void (*defaults)(dn_node *node); /* before fields are read. NULL: zeros */
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
    /* The grid of the result along an axis: one voxel of it spans *over / *under of the input's. NULL: the same grid. */
    void (*grid)(const dn_node *node, int axis, int64_t *over, int64_t *under);
    /* A convolution, which the engine computes and no loop. NULL: none. */
    dn_conv (*as_conv)(const dn_node *node);
    /* Makes the voxels begin..end of the result in x, which has room for dn_loop_tile_floats and, behind that, loop_floats. NULL: they are
     * those of input 0. */
    void (*loop)(const struct dn_loop *loop, int64_t begin, int64_t end, float *x);
    int64_t (*loop_floats)(const struct dn_loop *loop);
    /* The statistics of input 0 that the loop needs (NULL: none), and what is made of them for channel k: the result is
     * x * scale + shift, or with DN_TRAIT_REDUCES scale itself. */
    dn_statistics (*statistics)(const dn_node *node);
    void (*use_statistics)(const struct dn_loop *loop, int64_t k, const dn_moments *moments, float *scale, float *shift);
    /* The gradients of its inputs, from the last to the first. NULL: nothing to do, or not a loop's work. */
    void (*loop_backward)(const struct dn_gradient_loop *loop);
    unsigned (*looks_at)(const dn_node *node); /* in the backward pass. NULL: nothing */
} dn_op;

const dn_op *dn_op_of(dn_op_kind kind);
/* By its name in model files; NULL when there is none. */
const dn_op *dn_op_find(const char *name, dn_op_kind *kind);
static inline bool dn_op_has(dn_op_kind kind, unsigned trait)
{
    return (dn_op_of(kind)->traits & trait) != 0;
}
/* Adds a node with the given attributes; its builder in net/graph.h calls this. Returns as builders do. */
int dn_graph_append(dn_graph *graph, dn_node node, const char *name, const int *inputs, int count);

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
/* DN_ESHAPE: an array of weights of these sizes has 2^31 elements or more (as tensors are limited): all products of some of them are good.
 */
DN_CHECKED dn_status dn_weight_fits(const int64_t *dims, size_t n);
/* A convolution's shape, of either direction (node->kind says which). */
DN_CHECKED dn_status dn_conv_shape(dn_node *node, const dn_shape *in);
/* .defaults and .as_conv of convolutions of either direction. */
void dn_conv_defaults(dn_node *node);
dn_conv dn_conv_itself(const dn_node *node);
/* .looks_at of operations that need what went in. */
unsigned dn_looks_at_inputs(const dn_node *node);
/* A zero counts as 1. */
static inline void dn_at_least_one(int64_t values[3])
{
    for (int i = 0; i < 3; ++i) {
        values[i] = values[i] == 0 ? 1 : values[i];
    }
}
/* The attributes of convolutions and pools in model files. */
dn_field_need dn_padding_need(dn_node *node);
extern const dn_op_field dn_conv_fields[];
enum { DN_CONV_FIELDS = 9 };
/* Shared by pad and crop, which are each other's backward pass. */
extern const dn_op_field dn_margin_fields[];
enum { DN_MARGIN_FIELDS = 2 };
void dn_margin_loop(const struct dn_loop *loop, int64_t begin, int64_t end, float *x);
void dn_margin_loop_backward(const struct dn_gradient_loop *loop);

#define DN_OP_ROW(KIND, name) extern const dn_op dn_op_##name;
DN_OPS(DN_OP_ROW)
#undef DN_OP_ROW

#endif
