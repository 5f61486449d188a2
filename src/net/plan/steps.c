/* The values and steps of a plan: made one after the other by whoever builds it. */
#include "net/plan/internal.h"

#include "base/memory.h"

#include <string.h>

bool dn_step_is_conv(const dn_step *step)
{
    return step->node.kind == DN_OP_CONV || step->node.kind == DN_OP_DECONV;
}

int64_t dn_step_in_channels(const dn_step *step, const dn_plan *plan)
{
    return step->in_shape.c + (step->joined ? plan->values[step->inputs[1]].shape.c : 0);
}

dn_status dn_plan_new_value(dn_plan *plan, const dn_shape *shape, int *out)
{
    if (plan->value_count == plan->value_capacity) {
        int capacity = plan->value_capacity ? 2 * plan->value_capacity : 64;
        DN_TRY(dn_realloc(&plan->values, (size_t)capacity, sizeof *plan->values, "a plan"));
        plan->value_capacity = capacity;
    }
    plan->values[plan->value_count] = (dn_value){.shape = *shape, .input = -1, .output = -1, .producer = -1, .buffer = -1};
    *out = plan->value_count++;
    return DN_OK;
}

dn_status dn_plan_new_step(dn_plan *plan, const dn_node *node, const dn_shape *in_shape, const int *inputs, int count, int output,
                           dn_step **out)
{
    if (plan->step_count == plan->step_capacity) {
        int capacity = plan->step_capacity ? 2 * plan->step_capacity : 64;
        DN_TRY(dn_realloc(&plan->steps, (size_t)capacity, sizeof *plan->steps, "a plan"));
        plan->step_capacity = capacity;
    }
    dn_step *step = &plan->steps[plan->step_count];
    memset(step, 0, sizeof *step);
    step->node = *node;
    step->node.inputs = NULL;
    step->node.name = dn_arena_strdup(&plan->strings, node->name);
    step->inputs = dn_arena_alloc(&plan->strings, (size_t)count, sizeof(int));
    step->operands = dn_arena_alloc(&plan->strings, (size_t)count, sizeof(dn_operand));
    if (step->node.name == NULL || step->inputs == NULL || step->operands == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a plan");
    }
    memcpy(step->inputs, inputs, (size_t)count * sizeof(int));
    step->input_count = count;
    step->in_shape = *in_shape;
    step->output = output;
    plan->values[output].producer = plan->step_count++;
    *out = step;
    return DN_OK;
}
