/* What a training plan is made of. For net/train/ only.
 *
 *   build.c       graph -> layers: dead nodes dropped, activations joined to what they follow, concatenations that only
 *                 convolutions read replaced by convolutions of the parts, summed
 *   kernels.c     layers -> kernels; weights into them, gradients of weights out of them
 *   memory.c      values and gradients -> buffers by lifetime
 *   place.c       buffers and scratch memory -> offsets in one arena (arena.h)
 *   run.c         forward, loss, backward
 *   train_plan.c  compile, describe, destroy
 *
 * A value is a node's result; its number is the node's. Time runs from 0: layer l goes forward at l, the loss is taken at
 * `count`, and then the layers go backward, two moments each: gradients of weights, gradients of inputs.
 *
 * What memory holds between the passes: what a convolution read or a norm read. What follows from that by an operation that is bound by
 * memory (a norm with its activation, an activation, a product) is made again when the backward pass first looks at it, by the same
 * arithmetic on the same numbers, hence with the same bits. A gradient's memory is handed on where it can be: in place, and an
 * addition's to both its inputs where one is through with it before the other changes it. Scratch memory lives for its moment only. */
#ifndef DN_NET_TRAIN_INTERNAL_H
#define DN_NET_TRAIN_INTERNAL_H

#include "net/arena.h"
#include "net/engine/training.h"
#include "net/ops/gradient_loops.h"
#include "net/ops/loops.h"
#include "net/train/train_plan.h"

/* A convolution of some of the input channels. */
typedef struct dn_train_part {
    /* Of an input that would be up-sampled by two and read by 3 taps: each output reads two of its voxels along an axis, and
     * outputs 2j - 1 and 2j read the same two. So one convolution with 2 taps per axis makes the 2, 4 or 8 results of each
     * corner j as channels (`out`), which then go to their places. Else as the layer. */
    bool up, halved[3];
    int64_t corners; /* results of a corner; 1 without up */
    dn_conv conv;
    dn_shape out;
    int input;               /* value */
    int64_t first, channels; /* input channels of the weights */
    dn_kernel *forward, *backward;
    dn_weight_gradient *gradient;
    bool forward_sums;  /* the kernel adds to what is there; else it goes through scratch memory, if anything is there */
    bool backward_sums; /* the same */
    bool depthwise;     /* backward is a loop of our own */
    bool own_gradient;  /* so is that of the weights; `gradient` is NULL */
    bool flipped;       /* backward is a convolution with mirrored weights */
} dn_train_part;

/* Of a layer's work; each has scratch memory of its own. */
enum { DN_TRAIN_FORWARD, DN_TRAIN_WEIGHTS, DN_TRAIN_DATA, DN_TRAIN_PHASES };

typedef struct dn_train_layer {
    const dn_node *node; /* of the plan's graph */
    int value;           /* the number of the value it makes: of its activation, where that is joined */
    int *inputs;         /* values; in the plan's strings */
    int input_count;
    dn_activation tail; /* of an activation that follows */
    float tail_alpha;
    bool own_tail; /* no kernel does it */
    dn_conv conv;  /* of conv, deconv and dense */
    dn_train_part *parts;
    int part_count;
    dn_weight *weights[DN_MAX_PARAMETERS];
    dn_weight *gradients[DN_MAX_PARAMETERS]; /* NULL: not trainable */
    int parameter_count;
    double *mean, *variance; /* of norms; in the plan's strings */
    int64_t groups;
    bool *add;            /* for each input: its gradient is added to others */
    dn_operand *operands; /* of a loop */
    int in_place;         /* the input whose memory the result takes, or -1 */
    int again;            /* time at which its result is made again; 0: never */
    int64_t scratch_bytes[DN_TRAIN_PHASES];
    int scratch[DN_TRAIN_PHASES]; /* buffers; -1: none */
} dn_train_layer;

typedef struct dn_train_value {
    dn_shape shape;
    int layer;                 /* that makes it, or -1 */
    int input;                 /* index among the plan's inputs, or -1 */
    bool needs;                /* a gradient */
    int last;                  /* time of its last reading, before it is made again */
    int back_first, back_last; /* times of its first and last reading in the backward pass; 0: none */
    int buffer;                /* -1: the caller's input */
    int again;                 /* buffer in which the backward pass finds it; -1: made once only */
    int gradient;              /* buffer; -1: none */
    bool shared;               /* the gradient's memory is another's too, and left alone */
} dn_train_value;

typedef enum { DN_TRAIN_KEPT, DN_TRAIN_AGAIN, DN_TRAIN_GRADIENT, DN_TRAIN_SCRATCH, DN_TRAIN_USES } dn_train_use;

typedef struct dn_train_buffer {
    dn_train_use use;
    dn_span span;
} dn_train_buffer;

struct dn_train_plan {
    dn_train_options options;
    int threads;
    bool guard; /* net/arena.h */
    dn_type type;
    dn_loss loss;
    float *class_weights; /* owned */
    dn_graph *graph;      /* owned copy */
    dn_arena strings;
    dn_engine *engine;
    dn_weights *weights; /* borrowed */
    dn_weights *gradients;
    dn_train_value *values;
    dn_train_layer *layers;
    int count; /* of layers */
    int logits;
    int loss_buffer; /* f32; may be the logits' own */
    dn_train_buffer *buffers;
    int buffer_count;
    unsigned char *arena;
    int64_t loop_scratch_bytes; /* of operations that are no convolution */
    int loop_scratch;           /* buffer */
    int64_t arena_bytes, packed_bytes, gradient_bytes;
    float *slice;  /* part of a weight array, or its gradient */
    float *folded; /* weights of an up-sampled part */
    int64_t slice_size, folded_size;
    uint64_t step;
    bool sends; /* gradients, to the peers */
};

bool dn_train_is_conv(const dn_train_layer *layer);
static inline int dn_train_weights_time(const dn_train_plan *plan, int layer)
{
    return plan->count + 1 + 2 * (plan->count - 1 - layer);
}
static inline int dn_train_data_time(const dn_train_plan *plan, int layer)
{
    return dn_train_weights_time(plan, layer) + 1;
}

DN_CHECKED dn_status dn_train_build(dn_train_plan *plan);
DN_CHECKED dn_status dn_train_make_kernels(dn_train_plan *plan);
DN_CHECKED dn_status dn_train_load_weights(dn_train_plan *plan);
void dn_train_add_slice(const dn_train_plan *plan, const dn_train_layer *layer, const dn_train_part *part);
/* Which buffers there are, but for scratch memory. */
DN_CHECKED dn_status dn_train_assign(dn_train_plan *plan);
int dn_train_new_buffer(dn_train_plan *plan, dn_train_use use, int64_t bytes, int first, int last);
/* A convolution whose two backward passes are two moments: what the first read may be gone in the second. */
bool dn_train_splits(const dn_train_layer *layer);
/* Offsets of all buffers; after the kernels have told their scratch memory. */
DN_CHECKED dn_status dn_train_place(dn_train_plan *plan);
/* Bytes that live at the moment with the most, by use; returns that time. */
int dn_train_fullest(const dn_train_plan *plan, int64_t bytes[DN_TRAIN_USES]);

#endif
