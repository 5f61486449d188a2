#include "net/train_internal.h"

#include <stdlib.h>

static int64_t align64(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static int new_buffer(dn_train_plan *plan, int64_t bytes, int first, int last)
{
    plan->buffers[plan->buffer_count] = (dn_train_buffer){.bytes = align64(bytes), .first = first, .last = last};
    return plan->buffer_count++;
}

static void extend(dn_train_plan *plan, int buffer, int last)
{
    dn_train_buffer *b = &plan->buffers[buffer];
    b->last = last > b->last ? last : b->last;
}

static void read_until(dn_train_value *value, int time)
{
    value->last = time > value->last ? time : value->last;
}

/* Whether the backward pass looks at what the layer read. */
static bool backward_reads_inputs(const dn_train_layer *layer)
{
    switch (layer->node->kind) {
    case DN_OP_CONV:
    case DN_OP_DECONV:
    case DN_OP_DENSE:
    case DN_OP_NORM:
    case DN_OP_MULTIPLY:
        return true;
    case DN_OP_ACTIVATION:
        return layer->node->activation.kind != DN_ACT_NONE;
    case DN_OP_POOL:
        return layer->node->pool.kind == DN_POOL_MAX;
    case DN_OP_GLOBAL_POOL:
        return layer->node->global_pool == DN_POOL_MAX;
    default:
        return false;
    }
}

static void find_lifetimes(dn_train_plan *plan)
{
    for (int l = 0; l < plan->count; ++l) {
        const dn_train_layer *layer = &plan->layers[l];
        dn_train_value *made = &plan->values[layer->value];
        bool needs = made->needs;
        int back = dn_train_backward_time(plan, l);
        read_until(made, l);
        for (int k = 0; k < layer->input_count; ++k) {
            read_until(&plan->values[layer->inputs[k]], needs && backward_reads_inputs(layer) ? back : l);
        }
        if (needs && (layer->tail != DN_ACT_NONE || layer->node->kind == DN_OP_SOFTMAX)) {
            read_until(made, back);
        }
    }
    read_until(&plan->values[plan->logits], plan->count);
}

static int64_t bytes_of(const dn_train_plan *plan, int value)
{
    return dn_shape_size(&plan->values[value].shape) * dn_type_size(plan->type);
}

/* The input whose memory the result may take: nobody reads it later, and the operation goes element by element. */
static int in_place_source(const dn_train_plan *plan, int l)
{
    const dn_train_layer *layer = &plan->layers[l];
    if (layer->node->kind != DN_OP_ADD && layer->node->kind != DN_OP_DROPOUT) {
        return -1;
    }
    if (layer->input_count == 2 && layer->inputs[0] == layer->inputs[1]) {
        return -1;
    }
    for (int k = 0; k < layer->input_count; ++k) {
        const dn_train_value *in = &plan->values[layer->inputs[k]];
        if (in->buffer >= 0 && plan->buffers[in->buffer].last <= l) {
            return k;
        }
    }
    return -1;
}

static void assign_values(dn_train_plan *plan)
{
    for (int i = 0; i < plan->graph->count; ++i) {
        dn_train_value *value = &plan->values[i];
        if (value->input >= 0 && plan->type != DN_TYPE_F32) { /* converted before the first layer */
            value->buffer = new_buffer(plan, bytes_of(plan, i), 0, value->last);
        }
    }
    for (int l = 0; l < plan->count; ++l) {
        dn_train_layer *layer = &plan->layers[l];
        dn_train_value *value = &plan->values[layer->value];
        layer->in_place = in_place_source(plan, l);
        if (layer->in_place >= 0) {
            value->buffer = plan->values[layer->inputs[layer->in_place]].buffer;
            extend(plan, value->buffer, value->last);
        } else {
            value->buffer = new_buffer(plan, bytes_of(plan, layer->value), l, value->last);
        }
    }
}

/* A gradient of input 0 may be made where the gradient of the result lies. */
static bool goes_in_place(const dn_train_plan *plan, const dn_train_layer *layer)
{
    switch (layer->node->kind) {
    case DN_OP_ACTIVATION:
    case DN_OP_DROPOUT:
    case DN_OP_ADD:
    case DN_OP_NORM:
    case DN_OP_SOFTMAX:
    case DN_OP_MULTIPLY:
        break;
    default:
        return false;
    }
    const dn_train_value *in = &plan->values[layer->inputs[0]];
    return in->needs && in->gradient < 0 && (layer->input_count < 2 || layer->inputs[0] != layer->inputs[1]);
}

static void assign_gradients(dn_train_plan *plan)
{
    dn_train_value *logits = &plan->values[plan->logits];
    int64_t count = dn_shape_size(&logits->shape);
    if (plan->type == DN_TYPE_F32 && logits->last == plan->count) {
        plan->loss_buffer = logits->gradient = logits->buffer;
        extend(plan, logits->buffer, dn_train_backward_time(plan, logits->layer));
    } else {
        logits->gradient = new_buffer(plan, bytes_of(plan, plan->logits), plan->count, dn_train_backward_time(plan, logits->layer));
        plan->loss_buffer =
            plan->type == DN_TYPE_F32 ? logits->gradient : new_buffer(plan, count * (int64_t)sizeof(float), plan->count, plan->count);
    }
    for (int l = plan->count - 1; l >= 0; --l) {
        dn_train_layer *layer = &plan->layers[l];
        const dn_train_value *made = &plan->values[layer->value];
        int time = dn_train_backward_time(plan, l);
        if (!made->needs) {
            continue;
        }
        layer->gradient_in_place = goes_in_place(plan, layer);
        for (int k = layer->input_count - 1; k >= 0; --k) { /* the order in which they are made */
            dn_train_value *in = &plan->values[layer->inputs[k]];
            layer->add[k] = in->gradient >= 0;
            if (!in->needs || in->gradient >= 0) {
                continue;
            }
            int last = dn_train_backward_time(plan, in->layer);
            if (k == 0 && layer->gradient_in_place) {
                in->gradient = made->gradient;
                extend(plan, in->gradient, last);
            } else {
                in->gradient = new_buffer(plan, bytes_of(plan, layer->inputs[k]), time, last);
            }
        }
    }
}

/* The lowest offset at which buffer overlaps no placed buffer that lives at the same time. */
static int64_t lowest_offset(const dn_train_plan *plan, const int *placed, int count, const dn_train_buffer *buffer)
{
    int64_t offset = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < count; ++i) {
            const dn_train_buffer *other = &plan->buffers[placed[i]];
            bool together = other->first <= buffer->last && buffer->first <= other->last;
            if (together && offset < other->offset + other->bytes && other->offset < offset + buffer->bytes) {
                offset = other->offset + other->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

static void place_buffers(dn_train_plan *plan, int *order)
{
    for (int i = 0; i < plan->buffer_count; ++i) { /* largest first wastes least; insertion keeps equals in order */
        int k = i;
        for (; k > 0 && plan->buffers[order[k - 1]].bytes < plan->buffers[i].bytes; --k) {
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
    for (int i = 0; i < plan->buffer_count; ++i) {
        dn_train_buffer *buffer = &plan->buffers[order[i]];
        buffer->offset = lowest_offset(plan, order, i, buffer);
        int64_t end = buffer->offset + buffer->bytes;
        plan->arena_bytes = end > plan->arena_bytes ? end : plan->arena_bytes;
    }
}

dn_status dn_train_place(dn_train_plan *plan)
{
    int *order;
    size_t most = 2 * (size_t)plan->graph->count + 2;
    DN_TRY(dn_alloc(&plan->buffers, most, sizeof *plan->buffers, "a training plan"));
    DN_TRY(dn_alloc(&order, most, sizeof *order, "a training plan"));
    find_lifetimes(plan);
    assign_values(plan);
    assign_gradients(plan);
    place_buffers(plan, order);
    free(order);
    return DN_OK;
}
