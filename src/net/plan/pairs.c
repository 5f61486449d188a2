/* Two convolutions one after the other, run slab by slab so that the tensor between them stays in the cache. */
#include "net/plan/internal.h"

#include <stdlib.h>

/* Slices of a slab: even, and long enough that the second convolution's reach lies in the slab before. */
#define SLAB 4
/* Smaller tensors stay in the cache by themselves. */
#define LEAST_BYTES (1 << 20)

static bool can_lead(const dn_plan *plan, const dn_step *step)
{
    const dn_conv *c = &step->node.conv;
    if (step->kernel == NULL || step->node.kind != DN_OP_CONV || step->own_posts || step->algorithm == DN_ALGORITHM_PARITY) {
        return false;
    }
    for (int p = 0; p < step->post_count; ++p) {
        if (step->posts[p].kind == DN_POST_SUM || (step->posts[p].kind == DN_POST_ADD && step->algorithm == DN_ALGORITHM_DIRECT)) {
            return false;
        }
    }
    const dn_shape *out = &plan->values[step->output].shape;
    return step->in_shape.d == out->d && c->kernel[0] == 3 && c->stride[0] == 1 && c->dilation[0] == 1 && c->pad_begin[0] == 1 &&
           out->d >= 2 * SLAB && dn_shape_size(out) / out->n * dn_type_size(plan->values[step->output].type) >= LEAST_BYTES;
}

bool dn_step_reads_aside(const dn_step *step, int value)
{
    bool found = false;
    for (int k = 1; k < step->input_count; ++k) {
        found = found || step->inputs[k] == value;
    }
    for (int p = 0; p < step->post_count; ++p) {
        found = found || (step->posts[p].kind == DN_POST_ADD && step->posts[p].value == value);
    }
    return found;
}

static bool can_follow(const dn_plan *plan, int s)
{
    const dn_step *step = &plan->steps[s];
    int between = plan->steps[s - 1].output;
    if (step->algorithm != DN_ALGORITHM_WINOGRAD || step->inputs[0] != between || plan->values[between].last != s ||
        plan->values[between].output >= 0 || step->node.conv.pad_begin[0] != 1 || step->node.conv.pad_end[0] != 1) {
        return false;
    }
    for (int k = 1; k < step->input_count; ++k) {
        if (step->inputs[k] == between) {
            return false;
        }
    }
    for (int p = 0; p < step->post_count; ++p) {
        const dn_post *post = &step->posts[p];
        if ((post->kind == DN_POST_ADD || post->kind == DN_POST_SUM) && post->value == between) {
            return false;
        }
        if (post->kind == DN_POST_SUM && dn_step_reads_aside(&plan->steps[s - 1], post->value)) {
            return false; /* it would be overwritten while the first still reads it; its main input is behind by then */
        }
    }
    return true;
}

/* The library's convolutions are made for one shape: one for the first slab, the middle ones and the last. */
static dn_status make_slab_kernels(dn_plan *plan, dn_step *step, bool *usable)
{
    int64_t depth = step->in_shape.d;
    int64_t last = (depth - 1) % SLAB + 1;
    *usable = true;
    for (int i = 0; i < 3; ++i) {
        dn_kernel_request r = dn_step_request(plan, step);
        r.in.n = r.out.n = 1;
        r.out.d = i == 2 ? last : SLAB;
        r.in.d = r.out.d + (i == 1 ? 2 : 1);
        r.conv.pad_begin[0] = i == 0 ? 1 : 0;
        r.conv.pad_end[0] = i == 2 ? 1 : 0;
        DN_TRY(dn_kernel_create(plan->engine, &r, &step->slab_kernels[i]));
        if (step->slab_kernels[i] == NULL) {
            *usable = false;
            return DN_OK;
        }
        int64_t scratch = dn_kernel_scratch_bytes(step->slab_kernels[i]);
        plan->scratch_bytes = scratch > plan->scratch_bytes ? scratch : plan->scratch_bytes;
    }
    plan->packed_bytes -= dn_kernel_packed_bytes(step->kernel);
    for (int i = 0; i < 3; ++i) {
        plan->packed_bytes += dn_kernel_packed_bytes(step->slab_kernels[i]);
    }
    dn_kernel_destroy(step->kernel);
    step->kernel = NULL;
    return DN_OK;
}

dn_status dn_plan_find_pairs(dn_plan *plan)
{
    for (int s = 0; s + 1 < plan->step_count; ++s) {
        dn_step *step = &plan->steps[s];
        if (!can_lead(plan, step) || !can_follow(plan, s + 1)) {
            continue;
        }
        bool usable = true;
        if (step->algorithm == DN_ALGORITHM_DIRECT) {
            DN_TRY(make_slab_kernels(plan, step, &usable));
        }
        if (usable) {
            step->slab = SLAB;
            ++s; /* the second of a pair does not lead another */
        } else {
            for (int i = 0; i < 3; ++i) {
                dn_kernel_destroy(step->slab_kernels[i]);
                step->slab_kernels[i] = NULL;
            }
        }
    }
    return DN_OK;
}

static dn_status run_lead(dn_plan *plan, dn_step *step, dn_kernel_call *call, int64_t sample, int64_t begin, int64_t end)
{
    if (step->algorithm == DN_ALGORITHM_WINOGRAD) {
        call->sample_begin = sample;
        call->sample_end = sample + 1;
        call->slice_begin = begin;
        call->slice_end = end;
        call->out_ring = 2 * SLAB;
        return dn_kernel_run(step->kernel, call);
    }
    const dn_value *in = &plan->values[step->inputs[0]];
    const dn_value *out = &plan->values[step->output];
    int64_t in_slice = in->shape.h * in->shape.w * in->shape.c * dn_type_size(in->type);
    int64_t out_slice = out->shape.h * out->shape.w * out->shape.c * dn_type_size(out->type);
    int64_t first = begin > 0 ? begin - 1 : 0;
    dn_kernel_call part = *call;
    part.in = (const unsigned char *)call->in + (sample * in->shape.d + first) * in_slice;
    part.out = (unsigned char *)call->out + begin % (2 * SLAB) * out_slice;
    return dn_kernel_run(step->slab_kernels[begin == 0 ? 0 : end == out->shape.d ? 2 : 1], &part);
}

dn_status dn_plan_run_pair(dn_plan *plan, int s, void *between, void *out)
{
    dn_step *lead = &plan->steps[s];
    dn_step *follow = &plan->steps[s + 1];
    const void *lead_added[DN_MAX_POSTS];
    const void *follow_added[DN_MAX_POSTS];
    dn_step_added(plan, lead, lead_added);
    dn_step_added(plan, follow, follow_added);
    void *scratch = plan->arena + plan->scratch.offset;
    dn_kernel_call first = {.in = plan->pointers[lead->inputs[0]], .out = between, .added = lead_added, .scratch = scratch};
    dn_kernel_call second = {.in = between, .out = out, .added = follow_added, .scratch = scratch, .in_ring = 2 * SLAB};
    first.up = lead->input_count > 1 ? plan->pointers[lead->inputs[1]] : NULL;
    second.up = follow->input_count > 1 ? plan->pointers[follow->inputs[1]] : NULL;
    int64_t depth = lead->full_shape.d;
    for (int64_t n = 0; n < lead->full_shape.n; ++n) {
        int64_t done = 0;
        for (int64_t begin = 0; begin < depth; begin += SLAB) {
            int64_t end = begin + SLAB < depth ? begin + SLAB : depth;
            DN_TRY(run_lead(plan, lead, &first, n, begin, end));
            /* Slices whose reach of one to either side is there; even, because Winograd makes two at a time. */
            int64_t limit = end == depth ? depth : end - 2;
            second.sample_begin = n;
            second.sample_end = n + 1;
            second.slice_begin = done;
            second.slice_end = limit;
            if (limit > done) {
                DN_TRY(dn_kernel_run(follow->kernel, &second));
            }
            done = limit;
        }
    }
    return DN_OK;
}
