/* The forward and the backward pass of a training step, layer by layer. */
#include "net/train/run.h"

#include "net/ops/dropout.h"

#include <stdlib.h>

static const dn_node identity = {.kind = DN_OP_ACTIVATION, .activation = {.kind = DN_ACT_NONE}};

static void *buffer_at(const dn_train_plan *plan, int buffer)
{
    return plan->arena + plan->buffers[buffer].span.offset;
}

/* Where a value lies; back: what the backward pass sees. */
static const void *value_at(const dn_train_plan *plan, const dn_train_batch *batch, int value, bool back)
{
    const dn_train_value *v = &plan->values[value];
    if (back && v->again >= 0) {
        return buffer_at(plan, v->again);
    }
    return v->buffer < 0 ? (const void *)batch->inputs[v->input] : buffer_at(plan, v->buffer);
}

static unsigned char *scratch_at(const dn_train_plan *plan, int buffer)
{
    return buffer < 0 ? NULL : buffer_at(plan, buffer);
}

static void *gradient_at(const dn_train_plan *plan, int value)
{
    return plan->values[value].needs ? buffer_at(plan, plan->values[value].gradient) : NULL;
}

static unsigned char *align64(unsigned char *p)
{
    return (unsigned char *)(((uintptr_t)p + 63) / 64 * 64);
}

/* Guards of what begins to live at a moment. */
static void enter(const dn_train_plan *plan, int time)
{
    for (int i = 0; plan->guard && i < plan->buffer_count; ++i) {
        if (plan->buffers[i].span.first == time) {
            dn_arena_enter(plan->arena, &plan->buffers[i].span);
        }
    }
}

/* Looks at the guards of all that lives at a moment. */
static dn_status leave(const dn_train_plan *plan, int time, const char *what)
{
    for (int i = 0; plan->guard && i < plan->buffer_count; ++i) {
        const dn_span *span = &plan->buffers[i].span;
        if (span->first <= time && time <= span->last) {
            DN_TRY(dn_arena_intact(plan->arena, span, what));
        }
    }
    return DN_OK;
}

/* Runs a kernel; one that should add and cannot goes through scratch memory. */
static dn_status run_kernel(dn_train_plan *plan, dn_kernel *kernel, const void *in, void *out, bool add, bool sums, int64_t n,
                            unsigned char *scratch)
{
    void *to = out;
    if (add && !sums) {
        to = scratch;
        scratch = align64(scratch + n * dn_type_size(plan->type));
    }
    dn_kernel_call call = {.in = in, .out = to, .scratch = scratch};
    DN_TRY(dn_kernel_run(kernel, &call));
    if (to != out) {
        dn_gradient_copy(out, plan->type, to, plan->type, true, n, plan->threads);
    }
    return DN_OK;
}

static void run_tail(dn_train_plan *plan, const dn_train_layer *layer, void *y)
{
    dn_post post = {.kind = DN_POST_ACTIVATION, .activation = layer->tail, .alpha = layer->tail_alpha};
    dn_operand operand = {.shape = layer->node->shape, .type = plan->type, .data = y};
    dn_loop loop = {.node = &identity,
                    .in = &operand,
                    .in_count = 1,
                    .out_shape = layer->node->shape,
                    .out_type = plan->type,
                    .out = y,
                    .posts = &post,
                    .post_count = 1};
    dn_loop_run(&loop, scratch_at(plan, plan->loop_scratch), plan->threads);
}

/* Scratch memory behind the corners of an up-sampled part. */
static unsigned char *behind(const dn_train_plan *plan, const dn_train_part *part, unsigned char *scratch)
{
    return align64(scratch + dn_shape_size(&part->out) * dn_type_size(plan->type));
}

static dn_corners corners_of(const dn_train_plan *plan, const dn_train_layer *layer, const dn_train_part *part, void *corners)
{
    return (dn_corners){.corners = part->out,
                        .whole = layer->node->shape,
                        .halved = {part->halved[0], part->halved[1], part->halved[2]},
                        .type = plan->type,
                        .data = corners,
                        .threads = plan->threads};
}

static dn_status forward_conv(dn_train_plan *plan, const dn_train_layer *layer, const dn_train_batch *batch, void *y)
{
    int64_t n = dn_shape_size(&layer->node->shape);
    unsigned char *scratch = scratch_at(plan, layer->scratch[DN_TRAIN_FORWARD]);
    for (int k = 0; k < layer->part_count; ++k) {
        const dn_train_part *part = &layer->parts[k];
        const void *x = value_at(plan, batch, part->input, false);
        if (!part->up) {
            DN_TRY(run_kernel(plan, part->forward, x, y, k > 0, part->forward_sums, n, scratch));
            continue;
        }
        DN_TRY(run_kernel(plan, part->forward, x, scratch, false, false, n, behind(plan, part, scratch)));
        dn_corners corners = corners_of(plan, layer, part, scratch);
        dn_corners_spread(&corners, y, k > 0, k == 0 && layer->conv.bias ? layer->weights[1]->data : NULL,
                          k == layer->part_count - 1 ? layer->tail : DN_ACT_NONE, layer->tail_alpha);
    }
    if (layer->own_tail) {
        run_tail(plan, layer, y);
    }
    return DN_OK;
}

static bool is_fixed(const dn_train_plan *plan, const dn_train_layer *layer, bool training)
{
    return layer->node->norm.kind == DN_NORM_BATCH && (!training || plan->options.freeze_norms);
}

static dn_norm_run norm_run_of(const dn_train_plan *plan, const dn_train_layer *layer, const dn_train_batch *batch, bool back)
{
    return (dn_norm_run){.shape = layer->node->shape,
                         .groups = layer->groups,
                         .type = plan->type,
                         .epsilon = layer->node->norm.epsilon,
                         .gamma = layer->weights[0]->data,
                         .beta = layer->weights[1]->data,
                         .tail = layer->tail,
                         .tail_alpha = layer->tail_alpha,
                         .x = value_at(plan, batch, layer->inputs[0], back),
                         .mean = layer->mean,
                         .variance = layer->variance,
                         .fixed = is_fixed(plan, layer, batch->training),
                         .peers = layer->node->norm.kind == DN_NORM_BATCH ? plan->options.peers : NULL,
                         .threads = plan->threads};
}

static dn_status find_statistics(const dn_train_plan *plan, const dn_train_layer *layer, const dn_norm_run *run)
{
    const dn_shape *s = &layer->node->shape;
    for (int64_t c = 0; run->fixed && c < s->c; ++c) {
        layer->mean[c] = (double)layer->weights[2]->data[c];
        layer->variance[c] = (double)layer->weights[3]->data[c];
    }
    if (run->fixed) {
        return DN_OK;
    }
    DN_TRY(dn_norm_statistics(run));
    double keep = plan->options.norm_momentum > 0.0 ? plan->options.norm_momentum : 0.99;
    double n = (double)(dn_shape_size(s) / s->c) * (run->peers != NULL ? run->peers->count : 1);
    double unbiased = plan->options.torch_variance && n > 1.0 ? n / (n - 1.0) : 1.0;
    for (int64_t c = 0; layer->node->norm.kind == DN_NORM_BATCH && c < s->c; ++c) {
        float *mean = &layer->weights[2]->data[c];
        float *variance = &layer->weights[3]->data[c];
        *mean = (float)(keep * (double)*mean + (1.0 - keep) * layer->mean[c]);
        *variance = (float)(keep * (double)*variance + (1.0 - keep) * layer->variance[c] * unbiased);
    }
    return DN_OK;
}

/* again: the statistics are there. */
static dn_status forward_norm(const dn_train_plan *plan, const dn_train_layer *layer, const dn_train_batch *batch, void *y, bool again)
{
    dn_norm_run run = norm_run_of(plan, layer, batch, again);
    run.y = y;
    if (!again) {
        DN_TRY(find_statistics(plan, layer, &run));
    }
    return dn_norm_run_again(&run);
}

/* Which part of the batch the samples here are. */
static int part_of(const dn_train_plan *plan)
{
    return plan->options.peers != NULL ? plan->options.peers->rank : 0;
}

static void forward_dropout(const dn_train_plan *plan, const dn_train_layer *layer, const void *x, void *y, bool training, uint64_t key)
{
    if (!training) {
        if (x != y) {
            dn_gradient_copy(y, plan->type, x, plan->type, false, dn_shape_size(&layer->node->shape), plan->threads);
        }
        return;
    }
    /* Forward and backward are the same product. */
    dn_gradient_operand out = {.shape = layer->node->shape, .g = y};
    dn_gradient_loop loop = {.node = layer->node,
                             .in = &out,
                             .in_count = 1,
                             .type = plan->type,
                             .g = x,
                             .dropout_key = key,
                             .dropout_part = part_of(plan),
                             .threads = plan->threads};
    dn_gradient_loop_run(&loop);
}

static uint64_t dropout_key(const dn_train_plan *plan, const dn_train_layer *layer)
{
    return dn_dropout_key(plan->options.seed, plan->step, (uint64_t)(layer->node - plan->graph->nodes));
}

static void forward_loop(dn_train_plan *plan, const dn_train_layer *layer, const dn_train_batch *batch, void *y, bool again)
{
    dn_post posts[2];
    const void *added[1];
    dn_loop loop = {.node = layer->node,
                    .in = layer->operands,
                    .in_count = layer->input_count,
                    .out_shape = layer->node->shape,
                    .out_type = plan->type,
                    .out = y,
                    .posts = posts};
    for (int k = 0; k < layer->input_count; ++k) {
        layer->operands[k].data = value_at(plan, batch, layer->inputs[k], again);
    }
    if (layer->node->kind == DN_OP_ADD) {
        int base = layer->in_place == 1 ? 1 : 0; /* the one whose memory the sum takes */
        loop.node = &identity;
        loop.in = &layer->operands[base];
        loop.in_count = 1;
        added[0] = layer->operands[1 - base].data;
        loop.added[0] = added[0];
        posts[loop.post_count++] = (dn_post){.kind = DN_POST_ADD, .type = plan->type};
    }
    if (layer->tail != DN_ACT_NONE) {
        posts[loop.post_count++] = (dn_post){.kind = DN_POST_ACTIVATION, .activation = layer->tail, .alpha = layer->tail_alpha};
    }
    dn_loop_run(&loop, scratch_at(plan, plan->loop_scratch), plan->threads);
}

static dn_status forward(dn_train_plan *plan, const dn_train_batch *batch)
{
    enter(plan, 0);
    for (int i = 0; i < plan->graph->count; ++i) {
        const dn_train_value *v = &plan->values[i];
        if (v->input >= 0 && v->buffer >= 0) {
            dn_gradient_copy(buffer_at(plan, v->buffer), plan->type, batch->inputs[v->input], DN_TYPE_F32, false, dn_shape_size(&v->shape),
                             plan->threads);
        }
    }
    for (int l = 0; l < plan->count; ++l) {
        const dn_train_layer *layer = &plan->layers[l];
        void *y = buffer_at(plan, plan->values[layer->value].buffer);
        if (l > 0) {
            enter(plan, l);
        }
        if (dn_train_is_conv(layer)) {
            DN_TRY(forward_conv(plan, layer, batch, y));
        } else if (layer->node->kind == DN_OP_NORM) {
            DN_TRY(forward_norm(plan, layer, batch, y, false));
        } else if (layer->node->kind == DN_OP_DROPOUT) {
            forward_dropout(plan, layer, value_at(plan, batch, layer->inputs[0], false), y, batch->training, dropout_key(plan, layer));
        } else {
            forward_loop(plan, layer, batch, y, false);
        }
        DN_TRY(leave(plan, l, layer->node->name));
    }
    return DN_OK;
}

static dn_status take_loss(dn_train_plan *plan, const dn_train_batch *batch)
{
    const dn_train_value *v = &plan->values[plan->logits];
    int64_t n = dn_shape_size(&v->shape);
    float *logits = buffer_at(plan, plan->loss_buffer);
    enter(plan, plan->count);
    if (plan->loss_buffer != v->buffer) {
        dn_gradient_copy(logits, DN_TYPE_F32, buffer_at(plan, v->buffer), plan->type, false, n, plan->threads);
    }
    DN_TRY(dn_loss_run(&plan->loss, logits, n / v->shape.c, v->shape.c, batch->targets, batch->training, batch->scale, plan->threads,
                       plan->options.peers, batch->result, batch->counts));
    if (batch->training && plan->loss_buffer != v->gradient) {
        dn_gradient_copy(buffer_at(plan, v->gradient), plan->type, logits, DN_TYPE_F32, false, n, plan->threads);
    }
    return leave(plan, plan->count, "the loss");
}

static dn_status backward_depthwise(const dn_train_plan *plan, const dn_train_layer *layer, const void *g)
{
    const dn_shape *s = &plan->values[layer->inputs[0]].shape;
    int64_t taps = dn_weight_count(layer->weights[0]) / s->c;
    for (int64_t c = 0; c < s->c; ++c) {
        for (int64_t k = 0; k < taps; ++k) {
            plan->slice[k * s->c + c] = layer->weights[0]->data[c * taps + k];
        }
    }
    dn_gradient_operand in = {.shape = *s, .g = gradient_at(plan, layer->inputs[0]), .add = layer->add[0]};
    return dn_gradient_depthwise(&layer->conv, &in, &layer->node->shape, plan->type, g, plan->slice, plan->threads);
}

/* The gradients of layer l are complete: they travel while the layers before it go backward. */
static dn_status send_gradients(const dn_train_plan *plan, const dn_train_layer *layer)
{
    const dn_peers *peers = plan->options.peers;
    for (int p = 0; peers != NULL && plan->sends && p < layer->parameter_count; ++p) {
        if (layer->gradients[p] != NULL) {
            DN_TRY(peers->begin(peers->user, layer->gradients[p]->data, dn_weight_count(layer->gradients[p])));
        }
    }
    return DN_OK;
}

static dn_status backward_conv(dn_train_plan *plan, const dn_train_layer *layer, const dn_train_batch *batch, void *g)
{
    int64_t n = dn_shape_size(&layer->node->shape);
    const void *y = buffer_at(plan, plan->values[layer->value].buffer);
    DN_TRY(dn_gradient_tail(layer->tail, layer->tail_alpha, y, g, plan->type, n, layer->node->shape.c,
                            layer->conv.bias ? layer->gradients[1]->data : NULL, plan->threads));
    for (int k = layer->part_count - 1; k >= 0; --k) {
        const dn_train_part *part = &layer->parts[k];
        const void *x = value_at(plan, batch, part->input, true);
        bool turned = layer->node->kind == DN_OP_DECONV;
        unsigned char *scratch = scratch_at(plan, layer->scratch[DN_TRAIN_WEIGHTS]);
        const void *dy = g;
        if (part->up) {
            dn_corners corners = corners_of(plan, layer, part, scratch);
            dn_corners_gather(&corners, g);
            dy = scratch;
            scratch = behind(plan, part, scratch);
        }
        if (part->own_gradient) {
            dn_gradient_depthwise_weights(&part->conv, &plan->values[part->input].shape, x, &part->out, dy, plan->type, plan->slice,
                                          scratch, plan->threads);
        } else {
            DN_TRY(dn_weight_gradient_run(part->gradient, turned ? dy : x, turned ? x : dy, plan->slice, scratch));
        }
        dn_train_add_slice(plan, layer, part);
        if (k == 0) {
            DN_TRY(send_gradients(plan, layer));
        }
        if (dn_train_splits(layer)) {
            int l = plan->values[layer->value].layer;
            DN_TRY(leave(plan, dn_train_weights_time(plan, l), layer->node->name));
            enter(plan, dn_train_data_time(plan, l));
            scratch = scratch_at(plan, layer->scratch[DN_TRAIN_DATA]);
        }
        if (part->depthwise) {
            DN_TRY(backward_depthwise(plan, layer, g));
        } else if (part->backward != NULL) {
            DN_TRY(run_kernel(plan, part->backward, dy, gradient_at(plan, part->input), layer->add[k], part->backward_sums,
                              dn_shape_size(&plan->values[part->input].shape), scratch));
        }
    }
    return DN_OK;
}

static dn_status backward_loop(dn_train_plan *plan, const dn_train_layer *layer, const dn_train_batch *batch, void *g)
{
    dn_gradient_operand stack[8];
    dn_gradient_operand *operands = stack;
    if (layer->input_count > 8) {
        DN_TRY(dn_alloc(&operands, (size_t)layer->input_count, sizeof *operands, "a backward pass"));
    }
    const void *y = buffer_at(plan, plan->values[layer->value].buffer);
    for (int k = 0; k < layer->input_count; ++k) {
        int input = layer->inputs[k];
        operands[k] = (dn_gradient_operand){.shape = plan->values[input].shape,
                                            .x = value_at(plan, batch, input, true),
                                            .g = gradient_at(plan, input),
                                            .add = layer->add[k]};
    }
    dn_status status = dn_gradient_tail(layer->tail, layer->tail_alpha, y, g, plan->type, dn_shape_size(&layer->node->shape),
                                        layer->node->shape.c, NULL, plan->threads);
    if (status == DN_OK) {
        dn_gradient_loop loop = {.node = layer->node,
                                 .in = operands,
                                 .in_count = layer->input_count,
                                 .type = plan->type,
                                 .y = y,
                                 .g = g,
                                 .dropout_key = dropout_key(plan, layer),
                                 .dropout_part = part_of(plan),
                                 .threads = plan->threads};
        dn_gradient_loop_run(&loop);
    }
    if (operands != stack) {
        free(operands);
    }
    return status;
}

/* What layer l's backward pass is the first to look at. */
static dn_status make_again(dn_train_plan *plan, const dn_train_batch *batch, int l)
{
    for (int m = 0; m < l; ++m) { /* front to back: one may follow from another */
        const dn_train_layer *layer = &plan->layers[m];
        if (layer->again != dn_train_weights_time(plan, l)) {
            continue;
        }
        void *y = buffer_at(plan, plan->values[layer->value].again);
        if (layer->node->kind == DN_OP_NORM) {
            DN_TRY(forward_norm(plan, layer, batch, y, true));
        } else {
            forward_loop(plan, layer, batch, y, true);
        }
    }
    return DN_OK;
}

static dn_status backward(dn_train_plan *plan, const dn_train_batch *batch)
{
    for (int l = plan->count - 1; l >= 0; --l) {
        const dn_train_layer *layer = &plan->layers[l];
        void *g = gradient_at(plan, layer->value);
        if (g == NULL) {
            continue;
        }
        enter(plan, dn_train_weights_time(plan, l));
        DN_TRY(make_again(plan, batch, l));
        if (dn_train_is_conv(layer)) {
            DN_TRY(backward_conv(plan, layer, batch, g));
        } else if (layer->node->kind == DN_OP_NORM) {
            dn_norm_run run = norm_run_of(plan, layer, batch, true);
            DN_TRY(dn_norm_backward(&run, g, gradient_at(plan, layer->inputs[0]), layer->add[0], layer->gradients[0]->data,
                                    layer->gradients[1]->data));
            DN_TRY(send_gradients(plan, layer));
        } else {
            DN_TRY(backward_loop(plan, layer, batch, g));
        }
        if (!dn_train_splits(layer)) {
            DN_TRY(leave(plan, dn_train_weights_time(plan, l), layer->node->name));
        }
        DN_TRY(leave(plan, dn_train_data_time(plan, l), layer->node->name));
    }
    return DN_OK;
}

dn_status dn_train_run(dn_train_plan *plan, const dn_train_batch *batch)
{
    DN_TRY(dn_train_load_weights(plan));
    DN_TRY(forward(plan, batch));
    DN_TRY(take_loss(plan, batch));
    return batch->training ? backward(plan, batch) : DN_OK;
}
