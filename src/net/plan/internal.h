/* What a plan is made of. For net/plan/ only.
 *
 *   build.c   graph -> steps: dead layers dropped, norms folded, tails fused
 *   split.c   shortcuts over concatenations that need not exist
 *   steps.c   values and steps, one after the other
 *   kernels.c steps -> kernels: types of values, convolutions prepared, in-place decisions
 *   pairs.c   convolutions that take turns slab by slab, so that the tensor between them stays in the cache
 *   memory.c  values -> buffers -> offsets in one arena by lifetime (arena.h)
 *   plan.c    compile, run, describe */
#ifndef DN_NET_PLAN_INTERNAL_H
#define DN_NET_PLAN_INTERNAL_H

#include "net/arena.h"
#include "net/ops/loops.h"
#include "net/plan/plan.h"

/* A tensor between steps. */
typedef struct dn_value {
    dn_shape shape;
    dn_type type;
    int input;       /* index among the plan's inputs, or -1 */
    int output;      /* index among the plan's outputs, or -1 */
    int producer;    /* step, or -1 for an input */
    int last;        /* last step that reads it; step_count when it is an output */
    int buffer;      /* plan->buffers, or -1 for an input */
    bool to_softmax; /* every reader is a softmax */
} dn_value;

typedef struct dn_buffer {
    dn_span span;
    int output; /* the caller's output that it lies in, or -1: the arena */
} dn_buffer;

typedef struct dn_step {
    dn_node node; /* a copy; name and inputs are owned by the plan's strings */
    dn_shape in_shape;
    /* A convolution over a concatenation of inputs[0] and inputs[1] up-sampled by two (build.c says when). */
    bool joined;
    bool projected;             /* posts hold a projection */
    int64_t in_first, up_first; /* input channels of the weights that belong to each */
    int *inputs;                /* values; in the plan's strings */
    int input_count;
    int output;                  /* value */
    dn_post posts[DN_MAX_POSTS]; /* value says which tensor SUM and ADD add; scale and shift are owned */
    int post_count;
    dn_post pre[DN_MAX_POSTS]; /* of a pool: what a layer before it did to its input; scale and shift are owned */
    int pre_count;
    dn_shape full_shape;  /* of a convolution: its own result, before a projection */
    float *weight, *bias; /* owned; of a convolution until its kernel is made, of an instance norm always */
    dn_kernel *kernel;    /* NULL: a loop */
    bool own_posts;       /* the library could not fuse the tail: a loop over the result does it */
    dn_loop loop;
    dn_loop tail; /* with own_posts */
    dn_operand *operands;
    dn_operand tail_operand;
    dn_algorithm algorithm;
    int64_t block; /* Winograd's, 0: the default */
    /* A convolution whose only reader is the Winograd convolution after it: the two take turns, `slab` slices at a time,
     * and the result between them is a ring of two slabs. 0: not so. */
    int64_t slab;
    dn_kernel *slab_kernels[3]; /* of a direct convolution: first, middle and last slab */
    double flops;
    double seconds; /* of the last run */
} dn_step;

struct dn_plan {
    dn_plan_options options;
    int threads;
    bool plain;   /* nothing but direct convolutions: the second try when the library lacks a part of the fast ones */
    bool measure; /* only to know its size */
    bool retry;   /* such a part was missing */
    bool guard;   /* net/arena.h */
    dn_arena strings;
    dn_engine *engine;
    dn_value *values;
    int value_count, value_capacity;
    dn_step *steps;
    int step_count, step_capacity;
    dn_buffer *buffers;
    int buffer_count;
    int input_count, output_count;
    int *output_values; /* value of each output */
    unsigned char *arena;
    int64_t arena_bytes, packed_bytes, scratch_bytes;
    dn_span scratch; /* behind all buffers, of all steps */
    double flops;
    const void **pointers; /* inputs' and values' addresses of the present run */
};

/* A 1x1x1 convolution over a concatenation with something up-sampled, as two values whose sum it is; whole < 0: none. */
typedef struct dn_split {
    int whole; /* of what is concatenated, with the bias */
    int half;  /* of the other, before it is up-sampled by two */
} dn_split;

/* The 1x1x1 convolution that reads a concatenation beside one other reader and may be split, or -1. */
int dn_split_shortcut(const dn_graph *graph, const bool *live, const int *readers, int concat);
/* joined: the step of the convolution that reads the same concatenation. weight, bias (or NULL): of the whole. */
DN_CHECKED dn_status dn_plan_build_split(dn_plan *plan, const dn_node *node, const float *weight, const float *bias, int joined,
                                         dn_split *out);
bool dn_step_is_conv(const dn_step *step);
/* Input channels of a convolution's weights. */
int64_t dn_step_in_channels(const dn_step *step, const dn_plan *plan);
DN_CHECKED dn_status dn_plan_new_value(dn_plan *plan, const dn_shape *shape, int *out);
DN_CHECKED dn_status dn_plan_new_step(dn_plan *plan, const dn_node *node, const dn_shape *in_shape, const int *inputs, int count,
                                      int output, dn_step **out);
/* Weights, bias, and scales and shifts of what goes with them; not its kernels. */
void dn_step_release_arrays(dn_step *step);
DN_CHECKED dn_status dn_plan_build(dn_plan *plan, const dn_graph *graph, const dn_weights *weights);
DN_CHECKED dn_status dn_plan_choose_types(dn_plan *plan);
DN_CHECKED dn_status dn_plan_make_kernels(dn_plan *plan);
/* Finds the pairs that take turns. After dn_plan_make_kernels. */
DN_CHECKED dn_status dn_plan_find_pairs(dn_plan *plan);
/* Whether a step reads a value other than as its main input. */
bool dn_step_reads_aside(const dn_step *step, int value);
/* Runs steps s and s + 1 in turns. */
DN_CHECKED dn_status dn_plan_run_pair(dn_plan *plan, int s, void *between, void *out);
/* The other tensors of a step's DN_POST_ADDs. */
void dn_step_added(const dn_plan *plan, const dn_step *step, const void *added[DN_MAX_POSTS]);
/* A request for the step's convolution, without algorithm. */
dn_kernel_request dn_step_request(const dn_plan *plan, const dn_step *step);
/* Buffers shared in place, then offsets; sets arena_bytes. */
DN_CHECKED dn_status dn_plan_place(dn_plan *plan);

#endif
