/* From when to when each tensor of a training step lives, which tensors share memory, and which are made again in the backward pass. */
#include "net/train/internal.h"

int dn_train_new_buffer(dn_train_plan *plan, dn_train_use use, int64_t bytes, int first, int last)
{
    plan->buffers[plan->buffer_count] =
        (dn_train_buffer){.use = use, .span = {.bytes = dn_arena_bytes(bytes, plan->guard), .first = first, .last = last}};
    return plan->buffer_count++;
}

static void extend(dn_train_plan *plan, int buffer, int last)
{
    dn_span *span = &plan->buffers[buffer].span;
    span->last = last > span->last ? last : span->last;
}

static void read_until(dn_train_value *value, int time)
{
    value->last = time > value->last ? time : value->last;
}

static void look_back(dn_train_value *value, int time)
{
    value->back_first = value->back_first == 0 || time < value->back_first ? time : value->back_first;
    value->back_last = time > value->back_last ? time : value->back_last;
}

bool dn_train_splits(const dn_train_layer *layer)
{
    return dn_train_is_conv(layer) && layer->part_count == 1 && !layer->parts[0].up;
}

/* What of the forward pass the operation's backward pass looks at. */
static unsigned looks_at(const dn_train_layer *layer)
{
    const dn_op *op = dn_op_of(layer->node->kind);
    return op->looks_at == NULL ? 0 : op->looks_at(layer->node);
}

/* The same of its result: at the slope of a tail (a norm tells it from what it read), too. */
static bool backward_reads_result(const dn_train_layer *layer)
{
    return (layer->tail != DN_ACT_NONE && layer->node->kind != DN_OP_NORM) || (looks_at(layer) & DN_LOOKS_AT_RESULT) != 0;
}

/* Whether the result is cheap to make again from what the backward pass keeps anyway. */
static bool can_be_made_again(const dn_train_plan *plan, const dn_train_layer *layer)
{
    return layer->value != plan->logits && dn_op_has(layer->node->kind, DN_TRAIT_CHEAP);
}

static void find_lifetimes(dn_train_plan *plan)
{
    for (int l = 0; l < plan->count; ++l) {
        const dn_train_layer *layer = &plan->layers[l];
        read_until(&plan->values[layer->value], l);
        for (int k = 0; k < layer->input_count; ++k) {
            read_until(&plan->values[layer->inputs[k]], l);
        }
    }
    read_until(&plan->values[plan->logits], plan->count);
    for (int l = plan->count - 1; l >= 0; --l) { /* readers of a value come after its maker: here they are all known */
        dn_train_layer *layer = &plan->layers[l];
        dn_train_value *made = &plan->values[layer->value];
        int first = dn_train_weights_time(plan, l);
        int last = dn_train_splits(layer) ? first : dn_train_data_time(plan, l);
        if (made->needs && backward_reads_result(layer)) {
            look_back(made, first);
            look_back(made, last);
        }
        for (int k = 0; made->needs && (looks_at(layer) & DN_LOOKS_AT_INPUTS) != 0 && k < layer->input_count; ++k) {
            look_back(&plan->values[layer->inputs[k]], first);
            look_back(&plan->values[layer->inputs[k]], last);
        }
        layer->again = can_be_made_again(plan, layer) ? made->back_first : 0;
        for (int k = 0; layer->again > 0 && k < layer->input_count; ++k) {
            look_back(&plan->values[layer->inputs[k]], layer->again);
        }
        if (layer->again == 0) {
            read_until(made, made->back_last);
        }
    }
    for (int i = 0; i < plan->graph->count; ++i) {
        if (plan->values[i].input >= 0) {
            read_until(&plan->values[i], plan->values[i].back_last);
        }
    }
}

static int64_t bytes_of(const dn_train_plan *plan, int value)
{
    return dn_shape_size(&plan->values[value].shape) * dn_type_size(plan->type);
}

/* The input whose memory the result may take: nobody reads it later, and the operation goes element by element. */
static int in_place_source(const dn_train_plan *plan, int l)
{
    const dn_train_layer *layer = &plan->layers[l];
    if (!dn_op_has(layer->node->kind, DN_TRAIT_VOXELWISE) || looks_at(layer) != 0) {
        return -1;
    }
    if (layer->input_count == 2 && layer->inputs[0] == layer->inputs[1]) {
        return -1;
    }
    for (int k = 0; k < layer->input_count; ++k) {
        const dn_train_value *in = &plan->values[layer->inputs[k]];
        if (in->buffer >= 0 && plan->buffers[in->buffer].span.last <= l) {
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
            value->buffer = dn_train_new_buffer(plan, DN_TRAIN_KEPT, bytes_of(plan, i), 0, value->last);
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
            value->buffer = dn_train_new_buffer(plan, DN_TRAIN_KEPT, bytes_of(plan, layer->value), l, value->last);
        }
        if (layer->again > 0) {
            value->again = dn_train_new_buffer(plan, DN_TRAIN_AGAIN, bytes_of(plan, layer->value), value->back_first, value->back_last);
        }
    }
}

/* A gradient of input 0 may be made where the gradient of the result lies. */
static bool goes_in_place(const dn_train_plan *plan, const dn_train_layer *layer)
{
    if (!dn_op_has(layer->node->kind, DN_TRAIT_VOXELWISE)) {
        return false;
    }
    const dn_train_value *in = &plan->values[layer->inputs[0]];
    return in->needs && in->gradient < 0 && !plan->values[layer->value].shared &&
           (layer->input_count < 2 || layer->inputs[0] != layer->inputs[1]);
}

/* Whether all layers but `but` that read a value come before layer `before`. */
static bool read_before(const dn_train_plan *plan, int value, int but, int before)
{
    for (int l = before; l < plan->count; ++l) {
        for (int k = 0; l != but && k < plan->layers[l].input_count; ++k) {
            if (plan->layers[l].inputs[k] == value) {
                return false;
            }
        }
    }
    return true;
}

/* Of an addition's two inputs `other` may find its gradient where `owner` has its own: its maker goes backward before anybody
 * changes it, and leaves it alone. */
static bool can_share(const dn_train_plan *plan, int add, int owner, int other)
{
    const dn_train_value *mine = &plan->values[owner];
    const dn_train_value *its = &plan->values[other];
    if (owner == other || !mine->needs || !its->needs || mine->gradient >= 0 || its->gradient >= 0 || its->layer <= mine->layer) {
        return false;
    }
    const dn_train_layer *maker = &plan->layers[its->layer];
    bool leaves = maker->tail == DN_ACT_NONE || maker->node->kind == DN_OP_NORM;
    return leaves && read_before(plan, other, add, 0) && read_before(plan, owner, add, its->layer);
}

/* The gradient of a sum is that of each input. *owner: the input that takes its memory; *other: one that reads it there. -1: none. */
static void hand_on(const dn_train_plan *plan, int l, int *owner, int *other)
{
    const dn_train_layer *layer = &plan->layers[l];
    const int *in = layer->inputs;
    *owner = *other = -1;
    if (layer->node->kind != DN_OP_ADD) {
        *owner = goes_in_place(plan, layer) ? 0 : -1;
        return;
    }
    if (layer->input_count != 2 || in[0] == in[1]) {
        return;
    }
    for (int k = 0; k < 2; ++k) {
        if (*other < 0 && can_share(plan, l, in[k], in[1 - k])) {
            *owner = k;
            *other = 1 - k;
        }
    }
    for (int k = 0; k < 2 && !plan->values[layer->value].shared; ++k) {
        if (*owner < 0 && plan->values[in[k]].needs && plan->values[in[k]].gradient < 0) {
            *owner = k;
        }
    }
}

static void assign_layer_gradients(dn_train_plan *plan, int l)
{
    dn_train_layer *layer = &plan->layers[l];
    const dn_train_value *made = &plan->values[layer->value];
    int owner;
    int other;
    hand_on(plan, l, &owner, &other);
    for (int k = layer->input_count - 1; k >= 0; --k) { /* the order in which they are made */
        dn_train_value *in = &plan->values[layer->inputs[k]];
        layer->add[k] = in->gradient >= 0;
        if (!in->needs || in->gradient >= 0) {
            continue;
        }
        int last = dn_train_data_time(plan, in->layer);
        if (k == owner || k == other) {
            in->gradient = made->gradient;
            in->shared = k == other;
            extend(plan, in->gradient, last);
        } else {
            int first = dn_train_splits(layer) ? dn_train_data_time(plan, l) : dn_train_weights_time(plan, l);
            in->gradient = dn_train_new_buffer(plan, DN_TRAIN_GRADIENT, bytes_of(plan, layer->inputs[k]), first, last);
        }
    }
}

static void assign_gradients(dn_train_plan *plan)
{
    dn_train_value *logits = &plan->values[plan->logits];
    int64_t count = dn_shape_size(&logits->shape);
    int last = dn_train_data_time(plan, logits->layer);
    if (plan->type == DN_TYPE_F32 && logits->last == plan->count) {
        plan->loss_buffer = logits->gradient = logits->buffer;
        extend(plan, logits->buffer, last);
    } else {
        logits->gradient = dn_train_new_buffer(plan, DN_TRAIN_GRADIENT, bytes_of(plan, plan->logits), plan->count, last);
        plan->loss_buffer = plan->type == DN_TYPE_F32
                                ? logits->gradient
                                : dn_train_new_buffer(plan, DN_TRAIN_GRADIENT, count * (int64_t)sizeof(float), plan->count, plan->count);
    }
    for (int l = plan->count - 1; l >= 0; --l) {
        if (plan->values[plan->layers[l].value].needs) {
            assign_layer_gradients(plan, l);
        }
    }
}

dn_status dn_train_assign(dn_train_plan *plan)
{
    /* a value, the same made again and a gradient a node, three scratches a layer, the loss's two, the loops' scratch */
    DN_TRY(dn_alloc(&plan->buffers, 6 * (size_t)plan->graph->count + 3, sizeof *plan->buffers, "a training plan"));
    find_lifetimes(plan);
    assign_values(plan);
    assign_gradients(plan);
    return DN_OK;
}
