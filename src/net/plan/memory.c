/* Gives each value of a plan its place in the arena, where possible that of a value that is read for the last time. */
#include "net/plan/internal.h"

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
    bool voxelwise = dn_op_has(step->node.kind, DN_TRAIT_VOXELWISE);
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
            plan->buffers[shared] = (dn_buffer){.span = {.bytes = dn_arena_bytes(bytes, plan->guard), .first = first}, .output = -1};
        }
        out->buffer = shared;
        dn_buffer *buffer = &plan->buffers[shared];
        int last = out->last < s ? s : out->last; /* an unread result still needs room */
        buffer->span.last = last > buffer->span.last ? last : buffer->span.last;
        if (out->output >= 0) {
            buffer->output = out->output;
        }
    }
    return DN_OK;
}

dn_status dn_plan_place(dn_plan *plan)
{
    DN_TRY(assign_buffers(plan));
    dn_span **spans;
    DN_TRY(dn_alloc(&spans, (size_t)plan->buffer_count, sizeof *spans, "a plan"));
    int count = 0;
    for (int i = 0; i < plan->buffer_count; ++i) {
        if (plan->buffers[i].output < 0) {
            spans[count++] = &plan->buffers[i].span;
        }
    }
    plan->arena_bytes = dn_arena_place(spans, count);
    dn_status status = plan->guard ? dn_arena_check(spans, count, plan->arena_bytes) : DN_OK;
    free(spans);
    plan->scratch =
        (dn_span){.bytes = dn_arena_bytes(plan->scratch_bytes, plan->guard), .offset = plan->arena_bytes, .last = plan->step_count};
    plan->arena_bytes += plan->scratch.bytes;
    return status;
}
