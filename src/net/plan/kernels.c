/* Chooses f32 or bf16 for each value of a plan, and makes the kernels, loops and tails of its steps. */
#include "net/plan/internal.h"

#include <stdlib.h>
#include <string.h>

/* Fills dn_value.producer and .last. */
static void find_lifetimes(dn_plan *plan)
{
    for (int v = 0; v < plan->value_count; ++v) {
        plan->values[v].producer = -1;
        plan->values[v].last = plan->values[v].output >= 0 ? plan->step_count : -1;
        plan->values[v].to_softmax = plan->values[v].output < 0;
    }
    for (int s = 0; s < plan->step_count; ++s) {
        const dn_step *step = &plan->steps[s];
        plan->values[step->output].producer = s;
        for (int k = 0; k < step->input_count; ++k) {
            dn_value *value = &plan->values[step->inputs[k]];
            value->last = value->last > s ? value->last : s;
            value->to_softmax = value->to_softmax && step->node.kind == DN_OP_SOFTMAX;
        }
        for (int p = 0; p < step->post_count; ++p) {
            if (step->posts[p].kind == DN_POST_ADD || step->posts[p].kind == DN_POST_SUM) {
                dn_value *value = &plan->values[step->posts[p].value];
                value->last = value->last > s ? value->last : s;
                value->to_softmax = false;
            }
        }
    }
}

/* A convolution that reads an f32 value reads its bf16 copy instead; the step that makes the copy is added before the first of them.
 * converted: a value's copy, 0 while it has none. */
static dn_status convert_input(dn_plan *plan, dn_step *step, int *converted)
{
    int source = step->inputs[0];
    if (!dn_step_is_conv(step) || step->algorithm == DN_ALGORITHM_WINOGRAD || plan->values[source].type != DN_TYPE_F32) {
        return DN_OK;
    }
    if (converted[source] == 0) {
        dn_node copy = {.kind = DN_OP_ACTIVATION, .name = step->node.name, .shape = step->in_shape};
        dn_step *convert;
        DN_TRY(dn_plan_new_value(plan, &step->in_shape, &converted[source]));
        plan->values[converted[source]].type = DN_TYPE_BF16;
        DN_TRY(dn_plan_new_step(plan, &copy, &step->in_shape, &source, 1, converted[source], &convert));
    }
    step->inputs[0] = converted[source];
    return DN_OK;
}

/* Moves a step, with the arrays that it owns, to the end of the plan. */
static dn_status move_step(dn_plan *plan, const dn_step *step)
{
    dn_step *added;
    DN_TRY(dn_plan_new_step(plan, &step->node, &step->in_shape, step->inputs, step->input_count, step->output, &added));
    dn_step blank = *added;
    *added = *step;
    added->node.name = blank.node.name;
    added->inputs = blank.inputs;
    added->operands = blank.operands;
    return DN_OK;
}

void dn_step_release_arrays(dn_step *step)
{
    free(step->weight);
    free(step->bias);
    for (int p = 0; p < step->post_count; ++p) {
        free(step->posts[p].scale);
        free(step->posts[p].shift);
    }
    for (int p = 0; p < step->pre_count; ++p) {
        free(step->pre[p].scale);
        free(step->pre[p].shift);
    }
}

/* Inputs and outputs are f32, and so is what a softmax reads. In a bf16 plan the rest is bf16, and convolutions read bf16:
 * an f32 value gets a step that converts it. */
dn_status dn_plan_choose_types(dn_plan *plan)
{
    find_lifetimes(plan);
    bool half = plan->options.precision == DN_PRECISION_BF16;
    for (int v = 0; v < plan->value_count; ++v) {
        dn_value *value = &plan->values[v];
        value->type = !half || value->input >= 0 || value->output >= 0 || value->to_softmax ? DN_TYPE_F32 : DN_TYPE_BF16;
    }
    if (!half) {
        return DN_OK;
    }
    int old_count = plan->step_count;
    dn_step *old = plan->steps;
    plan->steps = NULL;
    plan->step_count = plan->step_capacity = 0;
    int *converted;
    dn_status status = dn_alloc(&converted, (size_t)plan->value_count, sizeof *converted, "a plan");
    int done = 0;
    for (; status == DN_OK && done < old_count; ++done) {
        status = convert_input(plan, &old[done], converted);
        status = status == DN_OK ? move_step(plan, &old[done]) : status;
        if (status != DN_OK) {
            break;
        }
    }
    /* On failure the old steps that were not moved still own their arrays. */
    for (; done < old_count; ++done) {
        dn_step_release_arrays(&old[done]);
    }
    free(converted);
    free(old);
    return status;
}

/* The first sum may happen in the other tensor's own memory when nobody reads that afterwards. */
static int sum_candidate(const dn_plan *plan, int s)
{
    const dn_step *step = &plan->steps[s];
    for (int p = 0; p < step->post_count; ++p) {
        if (step->posts[p].kind != DN_POST_ADD) {
            continue;
        }
        const dn_value *other = &plan->values[step->posts[p].value];
        bool free_after = other->last == s && other->input < 0 && other->type == plan->values[step->output].type;
        for (int q = 0; q < step->post_count; ++q) {
            free_after = free_after && (q == p || step->posts[q].kind != DN_POST_ADD || step->posts[q].value != step->posts[p].value);
        }
        return free_after && step->posts[p].value != step->inputs[0] ? p : -1;
    }
    return -1;
}

/* Winograd and parity. A convolution that joins two inputs has a second try: Winograd serves more kinds of tails. */
static dn_status make_own(dn_plan *plan, int s, const dn_kernel_request *request)
{
    dn_step *step = &plan->steps[s];
    dn_kernel_request r = *request;
    r.multiply_type = plan->options.precision == DN_PRECISION_BF16 ? DN_TYPE_BF16 : DN_TYPE_F32;
    r.algorithm = step->algorithm;
    if (r.algorithm == DN_ALGORITHM_PARITY) {
        DN_TRY(dn_kernel_create(plan->engine, &r, &step->kernel));
        if (step->kernel != NULL) {
            return DN_OK;
        }
        r.algorithm = step->algorithm = DN_ALGORITHM_WINOGRAD;
    }
    int sum = sum_candidate(plan, s);
    if (sum >= 0) {
        step->posts[sum].kind = DN_POST_SUM;
    }
    return dn_kernel_create(plan->engine, &r, &step->kernel);
}

static dn_status make_direct(dn_plan *plan, int s, dn_kernel_request *request)
{
    dn_step *step = &plan->steps[s];
    int sum = sum_candidate(plan, s);
    if (sum >= 0) {
        step->posts[sum].kind = DN_POST_SUM;
        DN_TRY(dn_kernel_create(plan->engine, request, &step->kernel));
        if (step->kernel == NULL) {
            step->posts[sum].kind = DN_POST_ADD;
        }
    }
    if (step->kernel == NULL) {
        DN_TRY(dn_kernel_create(plan->engine, request, &step->kernel));
    }
    if (step->kernel == NULL) {
        request->post_count = 0;
        step->own_posts = step->post_count > 0;
        DN_TRY(dn_kernel_create(plan->engine, request, &step->kernel));
    }
    if (step->kernel == NULL) {
        request->allow_reference = true;
        DN_TRY(dn_kernel_create(plan->engine, request, &step->kernel));
    }
    return DN_OK;
}

dn_kernel_request dn_step_request(const dn_plan *plan, const dn_step *step)
{
    const dn_value *in = &plan->values[step->inputs[0]];
    dn_kernel_request request = {.block = step->block,
                                 .in = step->in_shape,
                                 .out = step->full_shape,
                                 .conv = step->node.conv,
                                 .transposed = step->node.kind == DN_OP_DECONV,
                                 .in_type = in->type,
                                 .out_type = plan->values[step->output].type,
                                 .weight = step->weight,
                                 .bias = step->bias,
                                 .posts = step->posts,
                                 .post_count = step->post_count,
                                 .threads = plan->threads};
    if (step->joined) {
        request.up = plan->values[step->inputs[1]].shape;
        request.up_type = plan->values[step->inputs[1]].type;
        request.in_first = step->in_first;
        request.up_first = step->up_first;
    }
    return request;
}

static dn_status make_conv(dn_plan *plan, int s)
{
    dn_step *step = &plan->steps[s];
    for (int p = 0; p < step->post_count; ++p) {
        if (step->posts[p].kind == DN_POST_ADD) {
            step->posts[p].type = plan->values[step->posts[p].value].type;
        }
    }
    dn_kernel_request request = dn_step_request(plan, step);
    if (step->algorithm == DN_ALGORITHM_DIRECT) {
        DN_TRY(make_direct(plan, s, &request));
    } else {
        DN_TRY(make_own(plan, s, &request));
        if (step->kernel == NULL) {
            plan->retry = true; /* only these join inputs and project */
            return DN_OK;
        }
    }
    if (step->kernel == NULL) {
        DN_FAIL(DN_EINTERNAL, "layer %s: the network library has no implementation of this convolution", step->node.name);
    }
    plan->packed_bytes += dn_kernel_packed_bytes(step->kernel);
    return DN_OK;
}

static void make_loop(dn_plan *plan, dn_step *step)
{
    for (int p = 0; p < step->post_count; ++p) {
        if (step->posts[p].kind == DN_POST_ADD) {
            step->posts[p].type = plan->values[step->posts[p].value].type;
        }
    }
    for (int k = 0; k < step->input_count; ++k) {
        const dn_value *value = &plan->values[step->inputs[k]];
        step->operands[k] = (dn_operand){.shape = value->shape, .type = value->type};
    }
    const dn_value *out = &plan->values[step->output];
    step->loop = (dn_loop){.node = &step->node,
                           .in = step->operands,
                           .in_count = step->input_count,
                           .out_shape = out->shape,
                           .out_type = out->type,
                           .scale = step->weight,
                           .shift = step->bias,
                           .pre = step->pre,
                           .pre_count = step->pre_count,
                           .posts = step->posts,
                           .post_count = step->post_count};
}

/* Runs over the result of a convolution in place. */
static void make_tail(dn_plan *plan, dn_step *step)
{
    static const dn_node identity = {.kind = DN_OP_ACTIVATION, .activation = {.kind = DN_ACT_NONE}};
    const dn_value *out = &plan->values[step->output];
    step->tail_operand = (dn_operand){.shape = out->shape, .type = out->type};
    step->tail = (dn_loop){.node = &identity,
                           .in = &step->tail_operand,
                           .in_count = 1,
                           .out_shape = out->shape,
                           .out_type = out->type,
                           .posts = step->posts,
                           .post_count = step->post_count};
}

dn_status dn_plan_make_kernels(dn_plan *plan)
{
    find_lifetimes(plan);
    for (int s = 0; s < plan->step_count; ++s) {
        dn_step *step = &plan->steps[s];
        int64_t scratch;
        if (dn_step_is_conv(step)) {
            DN_TRY(make_conv(plan, s));
            if (plan->retry) {
                return DN_OK;
            }
            scratch = dn_kernel_scratch_bytes(step->kernel);
            if (step->own_posts) {
                make_tail(plan, step);
                int64_t tail = dn_loop_scratch_bytes(&step->tail, plan->threads);
                scratch = tail > scratch ? tail : scratch;
            }
        } else {
            make_loop(plan, step);
            scratch = dn_loop_scratch_bytes(&step->loop, plan->threads);
        }
        plan->scratch_bytes = scratch > plan->scratch_bytes ? scratch : plan->scratch_bytes;
        plan->flops += step->flops;
    }
    return DN_OK;
}
