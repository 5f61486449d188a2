#include "net/plan_internal.h"

#include <stdlib.h>

/* The value whose memory the step's result may take over, or -1. */
static int in_place_source(const dn_plan *plan, int s)
{
    const dn_step *step = &plan->steps[s];
    const dn_value *out = &plan->values[step->output];
    for (int p = 0; p < step->post_count; ++p) {
        if (step->posts[p].kind == DN_POST_SUM) {
            return step->posts[p].value;
        }
    }
    const dn_step *lead = s > 0 && plan->steps[s - 1].slab > 0 ? &plan->steps[s - 1] : NULL;
    if (lead != NULL) {
        /* The second of a pair writes slices that the first has read and is two slices past. */
        const dn_value *first = &plan->values[lead->inputs[0]];
        bool same = first->type == out->type && dn_shape_equal(&first->shape, &out->shape);
        bool free_after = first->last == s - 1 && first->input < 0 && !dn_step_reads_aside(lead, lead->inputs[0]);
        return same && free_after ? lead->inputs[0] : -1;
    }
    bool voxelwise = step->node.kind == DN_OP_ACTIVATION || step->node.kind == DN_OP_SOFTMAX || step->node.kind == DN_OP_MULTIPLY ||
                     step->node.kind == DN_OP_NORM;
    const dn_value *in = &plan->values[step->inputs[0]];
    if (!voxelwise || in->last != s || in->input >= 0 || in->type != out->type || !dn_shape_equal(&in->shape, &out->shape)) {
        return -1;
    }
    /* b of a * b, or an added tensor, may be the same tensor read at another place. */
    for (int k = 1; k < step->input_count; ++k) {
        if (step->inputs[k] == step->inputs[0]) {
            return -1;
        }
    }
    return step->inputs[0];
}

/* Values to buffers: a buffer lives from its first value's making to its last value's last reading. */
static dn_status assign_buffers(dn_plan *plan)
{
    DN_TRY(dn_alloc(&plan->buffers, (size_t)plan->value_count, sizeof *plan->buffers, "a plan"));
    for (int s = 0; s < plan->step_count; ++s) {
        dn_value *out = &plan->values[plan->steps[s].output];
        int64_t bytes = dn_shape_size(&out->shape) * dn_type_size(out->type);
        if (plan->steps[s].slab > 0) {
            bytes = bytes / (out->shape.n * out->shape.d) * 2 * plan->steps[s].slab;
        }
        int source = in_place_source(plan, s);
        int shared = source < 0 ? -1 : plan->values[source].buffer;
        if (shared >= 0 && out->output >= 0 && plan->buffers[shared].output >= 0) {
            /* Two outputs cannot share; only a sum insists, and it never adds onto an output. */
            shared = -1;
        }
        if (shared < 0) {
            shared = plan->buffer_count++;
            /* The second of a pair writes while the first still reads. */
            int first = s > 0 && plan->steps[s - 1].slab > 0 ? s - 1 : s;
            plan->buffers[shared] = (dn_buffer){.bytes = (bytes + 63) / 64 * 64, .first = first, .output = -1};
        }
        out->buffer = shared;
        dn_buffer *buffer = &plan->buffers[shared];
        int last = out->last < s ? s : out->last; /* an unread result still needs room */
        buffer->last = last > buffer->last ? last : buffer->last;
        if (out->output >= 0) {
            buffer->output = out->output;
        }
    }
    return DN_OK;
}

static int by_size(const void *a, const void *b, void *buffers)
{
    const dn_buffer *x = (const dn_buffer *)buffers + *(const int *)a;
    const dn_buffer *y = (const dn_buffer *)buffers + *(const int *)b;
    if (x->bytes != y->bytes) {
        return x->bytes > y->bytes ? -1 : 1;
    }
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : 0;
}

static void sort_by_size(int *order, int count, dn_buffer *buffers)
{
    for (int i = 1; i < count; ++i) { /* insertion: qsort has no context in C17, and plans have few buffers */
        int item = order[i];
        int k = i;
        while (k > 0 && by_size(&order[k - 1], &item, buffers) > 0) {
            order[k] = order[k - 1];
            --k;
        }
        order[k] = item;
    }
}

/* The lowest offset at which buffer overlaps no placed buffer that lives at the same time. */
static int64_t lowest_offset(const dn_plan *plan, const int *placed, int count, const dn_buffer *buffer)
{
    int64_t offset = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < count; ++i) {
            const dn_buffer *other = &plan->buffers[placed[i]];
            bool together = other->first <= buffer->last && buffer->first <= other->last;
            if (together && offset < other->offset + other->bytes && other->offset < offset + buffer->bytes) {
                offset = other->offset + other->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

dn_status dn_plan_place(dn_plan *plan)
{
    DN_TRY(assign_buffers(plan));
    int *order;
    DN_TRY(dn_alloc(&order, (size_t)plan->buffer_count, sizeof *order, "a plan"));
    int count = 0;
    for (int i = 0; i < plan->buffer_count; ++i) {
        if (plan->buffers[i].output < 0) {
            order[count++] = i;
        }
    }
    sort_by_size(order, count, plan->buffers); /* largest first wastes least */
    for (int i = 0; i < count; ++i) {
        dn_buffer *buffer = &plan->buffers[order[i]];
        buffer->offset = lowest_offset(plan, order, i, buffer);
        int64_t end = buffer->offset + buffer->bytes;
        plan->arena_bytes = end > plan->arena_bytes ? end : plan->arena_bytes;
    }
    plan->scratch_offset = plan->arena_bytes;
    plan->arena_bytes += (plan->scratch_bytes + 63) / 64 * 64;
    free(order);
    return DN_OK;
}
