/* A network as a list of operations, built front to back. Shapes are checked as each node is added.
 *
 * Builder functions return the new node's index. The first error stays in the graph: later calls do nothing and return
 * -1, and dn_graph_finish returns the error, whose message names the layer. So network code needs no checks:
 *
 *     int x = dn_graph_input(g, "scan", (dn_shape){1, 80, 96, 80, 1});
 *     x = dn_graph_conv(g, x, "enc0.conv0", &(dn_conv){.out = 24, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME, .bias = true});
 *     x = dn_graph_activation(g, x, "enc0.elu0", DN_ACT_ELU, 1.0f);
 *     dn_graph_output(g, x, "posteriors");
 *     DN_TRY(dn_graph_finish(g));
 */
#ifndef DN_NET_GRAPH_H
#define DN_NET_GRAPH_H

#include "net/tensor.h"
#include "net/weights.h"

#include "base/random.h"

/* The operations, one row per operation: net/ops/<name>.c defines dn_op_<name> (net/ops/op.h). New ones go to the end. */
#define DN_OPS(ROW)                                                                                                                        \
    ROW(INPUT, input)                                                                                                                      \
    ROW(CONV, conv)                                                                                                                        \
    ROW(DECONV, deconv)                                                                                                                    \
    ROW(POOL, pool)                                                                                                                        \
    ROW(GLOBAL_POOL, global_pool)                                                                                                          \
    ROW(NORM, norm)                                                                                                                        \
    ROW(ACTIVATION, activation)                                                                                                            \
    ROW(SOFTMAX, softmax)                                                                                                                  \
    ROW(UPSAMPLE, upsample)                                                                                                                \
    ROW(CONCAT, concat)                                                                                                                    \
    ROW(ADD, add)                                                                                                                          \
    ROW(MULTIPLY, multiply)                                                                                                                \
    ROW(PAD, pad)                                                                                                                          \
    ROW(CROP, crop)                                                                                                                        \
    ROW(DENSE, dense)                                                                                                                      \
    ROW(DROPOUT, dropout)

#define DN_OP_KIND(KIND, name) DN_OP_##KIND,
typedef enum { DN_OPS(DN_OP_KIND) DN_OP_COUNT } dn_op_kind;
#undef DN_OP_KIND

typedef enum { DN_ACT_NONE, DN_ACT_RELU, DN_ACT_LEAKY_RELU, DN_ACT_ELU, DN_ACT_SILU, DN_ACT_SIGMOID } dn_activation;
typedef enum { DN_PAD_SAME, DN_PAD_VALID, DN_PAD_EXPLICIT } dn_padding; /* SAME as in Keras: extra row at the end */
typedef enum { DN_POOL_MAX, DN_POOL_AVERAGE } dn_pool_kind;             /* average excludes padding, as Keras */
typedef enum { DN_NORM_BATCH, DN_NORM_INSTANCE } dn_norm_kind;
typedef enum { DN_UP_NEAREST, DN_UP_LINEAR } dn_up_kind; /* linear: half-pixel centres */

/* A zero in kernel, stride or dilation counts as 1. Axis order D, H, W. */
typedef struct dn_conv {
    int64_t out;
    int64_t kernel[3], stride[3], dilation[3];
    int64_t groups; /* 0 counts as 1 */
    dn_padding padding;
    /* DN_PAD_EXPLICIT. A negative pad_end of a deconvolution (above -stride) adds rows at the end (PyTorch's output_padding). */
    int64_t pad_begin[3], pad_end[3];
    bool bias;
} dn_conv;

typedef struct dn_pool {
    dn_pool_kind kind;
    int64_t kernel[3], stride[3]; /* stride 0: kernel */
    dn_padding padding;
    int64_t pad_begin[3], pad_end[3];
} dn_pool;

typedef struct dn_graph dn_graph;

DN_CHECKED dn_status dn_graph_create(dn_graph **out);
void dn_graph_destroy(dn_graph *graph);

int dn_graph_input(dn_graph *graph, const char *name, dn_shape shape);
int dn_graph_conv(dn_graph *graph, int x, const char *name, const dn_conv *attributes);
int dn_graph_deconv(dn_graph *graph, int x, const char *name, const dn_conv *attributes);
int dn_graph_pool(dn_graph *graph, int x, const char *name, const dn_pool *attributes);
int dn_graph_global_pool(dn_graph *graph, int x, const char *name, dn_pool_kind kind);
int dn_graph_norm(dn_graph *graph, int x, const char *name, dn_norm_kind kind, float epsilon);
int dn_graph_activation(dn_graph *graph, int x, const char *name, dn_activation kind, float alpha);
int dn_graph_softmax(dn_graph *graph, int x, const char *name); /* over channels */
int dn_graph_upsample(dn_graph *graph, int x, const char *name, dn_up_kind kind, const int64_t factor[3]);
int dn_graph_concat(dn_graph *graph, const int *inputs, int count, const char *name); /* along channels */
int dn_graph_add(dn_graph *graph, int a, int b, const char *name);
/* b may be [N,1,1,1,C] (squeeze and excite) or [N,D,H,W,1]. */
int dn_graph_multiply(dn_graph *graph, int a, int b, const char *name);
int dn_graph_pad(dn_graph *graph, int x, const char *name, const int64_t begin[3], const int64_t end[3]);
int dn_graph_crop(dn_graph *graph, int x, const char *name, const int64_t begin[3], const int64_t end[3]);
int dn_graph_dense(dn_graph *graph, int x, const char *name, int64_t out, bool bias);
int dn_graph_dropout(dn_graph *graph, int x, const char *name, float rate); /* identity at inference */
/* Drops whole samples of the batch (stochastic depth; Keras's FixedDropout and DropConnect with noise_shape (None, 1, 1, 1)). */
int dn_graph_drop_sample(dn_graph *graph, int x, const char *name, float rate);
void dn_graph_output(dn_graph *graph, int x, const char *name);

/* The first error of the building calls, or DN_ESHAPE when there is no output. */
DN_CHECKED dn_status dn_graph_finish(dn_graph *graph);
dn_shape dn_graph_shape(const dn_graph *graph, int node);

/* Inputs and outputs in the order of their calls; a shape of zeros when i is out of range. */
int dn_graph_input_count(const dn_graph *graph);
int dn_graph_output_count(const dn_graph *graph);
dn_shape dn_graph_input_shape(const dn_graph *graph, int i);
dn_shape dn_graph_output_shape(const dn_graph *graph, int i);
/* A layer by its name; -1 when there is none. */
int dn_graph_find(const dn_graph *graph, const char *name);

/* The same network for other input shapes (one per input). *out: owned by the caller. DN_ESHAPE names the layer that does
 * not fit. */
DN_CHECKED dn_status dn_graph_reshape(const dn_graph *graph, const dn_shape *inputs, dn_graph **out);
/* Floating-point operations of one forward pass as written (a multiply-add counts as two). */
double dn_graph_flops(const dn_graph *graph);

/* DN_EFORMAT: a weight is missing; DN_ESHAPE: it has another shape. Both name it. */
DN_CHECKED dn_status dn_graph_check_weights(const dn_graph *graph, const dn_weights *weights);
/* A random start: He normal for kernels, 0 and 1 for the rest. *out: owned by the caller (dn_weights_destroy). */
DN_CHECKED dn_status dn_graph_start_weights(const dn_graph *graph, dn_random *random, dn_weights **out);

#endif
