/* Compiles a plan, allocates its memory, runs it, and describes it. */
#define _GNU_SOURCE /* open_memstream */
#include "net/plan/plan.h"

#include "base/clock.h"
#include "base/job.h"
#include "net/pages.h"
#include "net/plan/internal.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

bool dn_plan_bf16_pays(void)
{
    return dn_engine_matrix_units();
}

bool dn_plan_bf16_supported(void)
{
    return dn_engine_bf16();
}

static dn_status allocate_arena(dn_plan *plan)
{
    plan->arena = dn_pages_allocate(plan->arena_bytes);
    if (plan->arena == NULL) {
        DN_FAIL_OFFER(DN_ENOMEM, DN_REMEDY_SMALLER_TILES, "the network needs %.0f MiB of memory, but the machine does not have it",
                      (double)dn_plan_peak_bytes(plan) / MIB);
    }
    return DN_OK;
}

/* The kernels have packed copies. */
static void free_weights(dn_plan *plan)
{
    for (int s = 0; s < plan->step_count; ++s) {
        dn_step *step = &plan->steps[s];
        if (dn_step_is_conv(step)) {
            free(step->weight);
            free(step->bias);
            step->weight = step->bias = NULL;
        }
    }
}

static dn_status compile(dn_plan *plan, const dn_graph *graph, const dn_weights *weights)
{
    DN_TRY(dn_engine_create(&plan->engine));
    DN_TRY(dn_plan_build(plan, graph, weights));
    DN_TRY(dn_plan_choose_types(plan));
    DN_TRY(dn_plan_make_kernels(plan));
    if (plan->retry) {
        return DN_OK;
    }
    DN_TRY(dn_plan_find_pairs(plan));
    free_weights(plan);
    DN_TRY(dn_plan_place(plan));
    if (plan->measure) {
        return DN_OK;
    }
    int64_t peak = dn_plan_peak_bytes(plan);
    if (plan->options.memory_limit > 0 && peak > plan->options.memory_limit) {
        DN_FAIL_OFFER(DN_ENOMEM, DN_REMEDY_MORE_MEMORY, "the network needs %.0f MiB of memory, more than the limit of %.0f MiB",
                      (double)peak / MIB, (double)plan->options.memory_limit / MIB);
    }
    DN_TRY(allocate_arena(plan));
    return dn_alloc(&plan->pointers, (size_t)plan->value_count, sizeof *plan->pointers, "a plan");
}

static dn_status compile_try(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, bool plain, bool measure,
                             dn_plan **out)
{
    dn_plan *plan;
    DN_TRY(dn_alloc(&plan, 1, sizeof *plan, "a plan"));
    dn_arena_init(&plan->strings);
    plan->plain = plain;
    plan->measure = measure;
    plan->options = *options;
    plan->guard = options->guard || DN_ARENA_GUARDED;
    plan->threads = options->threads > 0 ? options->threads : dn_threads_get();
    int before = omp_get_max_threads();
    omp_set_num_threads(plan->threads); /* kernels are made for the team they run with */
    dn_status status = compile(plan, graph, weights);
    omp_set_num_threads(before);
    if (status != DN_OK) {
        dn_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return DN_OK;
}

static dn_status compile_or_retry(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, bool measure,
                                  dn_plan **out)
{
    *out = NULL;
    if (!graph->finished) {
        DN_FAIL(DN_EINTERNAL, "the network is not finished (dn_graph_finish)");
    }
    if (options->precision == DN_PRECISION_BF16 && !dn_engine_bf16()) {
        DN_FAIL(DN_EUSAGE, "this CPU has no bf16 arithmetic; use f32");
    }
    DN_TRY(compile_try(graph, weights, options, false, measure, out));
    if ((*out)->retry) {
        dn_plan_destroy(*out);
        *out = NULL;
        DN_TRY(compile_try(graph, weights, options, true, measure, out));
    }
    return DN_OK;
}

dn_status dn_plan_compile(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, dn_plan **out)
{
    return compile_or_retry(graph, weights, options, false, out);
}

dn_status dn_plan_measure(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, int64_t *peak_bytes)
{
    dn_plan *plan;
    DN_TRY(compile_or_retry(graph, weights, options, true, &plan));
    *peak_bytes = dn_plan_peak_bytes(plan);
    dn_plan_destroy(plan);
    return DN_OK;
}

void dn_plan_destroy(dn_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (int s = 0; s < plan->step_count; ++s) {
        dn_step *step = &plan->steps[s];
        dn_kernel_destroy(step->kernel);
        for (int i = 0; i < 3; ++i) {
            dn_kernel_destroy(step->slab_kernels[i]);
        }
        dn_step_release_arrays(step);
    }
    dn_engine_destroy(plan->engine);
    dn_arena_release(&plan->strings);
    free(plan->steps);
    free(plan->values);
    free(plan->buffers);
    free(plan->output_values);
    free(plan->arena);
    free(plan->pointers);
    free(plan);
}

static void *address(const dn_plan *plan, int value, float *const *outputs)
{
    const dn_buffer *buffer = &plan->buffers[plan->values[value].buffer];
    return buffer->output >= 0 ? (void *)outputs[buffer->output] : (void *)(plan->arena + buffer->span.offset);
}

void dn_step_added(const dn_plan *plan, const dn_step *step, const void *added[DN_MAX_POSTS])
{
    int count = 0;
    for (int p = 0; p < step->post_count; ++p) {
        if (step->posts[p].kind == DN_POST_ADD) {
            added[count++] = plan->pointers[step->posts[p].value];
        }
    }
    for (; count < DN_MAX_POSTS; ++count) {
        added[count] = NULL;
    }
}

static dn_status run_step(dn_plan *plan, dn_step *step, float *const *outputs)
{
    void *out = address(plan, step->output, outputs);
    void *scratch = plan->arena + plan->scratch.offset;
    const void *added[DN_MAX_POSTS];
    dn_step_added(plan, step, added);
    if (step->kernel != NULL) {
        dn_kernel_call call = {.in = plan->pointers[step->inputs[0]], .out = out, .added = added, .scratch = scratch};
        if (step->input_count > 1) {
            call.up = plan->pointers[step->inputs[1]];
        }
        DN_TRY(dn_kernel_run(step->kernel, &call));
        if (step->own_posts) {
            step->tail_operand.data = out;
            step->tail.out = out;
            memcpy(step->tail.added, added, sizeof added);
            dn_loop_run(&step->tail, scratch, plan->threads);
        }
        return DN_OK;
    }
    for (int k = 0; k < step->input_count; ++k) {
        step->operands[k].data = plan->pointers[step->inputs[k]];
    }
    step->loop.node = &step->node;
    step->loop.pre = step->pre;
    step->loop.posts = step->posts;
    step->loop.out = out;
    memcpy(step->loop.added, added, sizeof added);
    dn_loop_run(&step->loop, scratch, plan->threads);
    return DN_OK;
}

/* Guards of what begins to live at step s. */
static void enter(const dn_plan *plan, int s)
{
    for (int i = 0; plan->guard && i < plan->buffer_count; ++i) {
        if (plan->buffers[i].output < 0 && plan->buffers[i].span.first == s) {
            dn_arena_enter(plan->arena, &plan->buffers[i].span);
        }
    }
    if (plan->guard && s == 0) {
        dn_arena_enter(plan->arena, &plan->scratch);
    }
}

/* Looks at the guards of all that lives at step s. */
static dn_status leave(const dn_plan *plan, int s)
{
    for (int i = 0; plan->guard && i < plan->buffer_count; ++i) {
        const dn_buffer *b = &plan->buffers[i];
        if (b->output < 0 && b->span.first <= s && s <= b->span.last) {
            DN_TRY(dn_arena_intact(plan->arena, &b->span, "the network's step"));
        }
    }
    return plan->guard ? dn_arena_intact(plan->arena, &plan->scratch, "the scratch memory of the network's step") : DN_OK;
}

dn_status dn_plan_run(dn_plan *plan, const float *const *inputs, float *const *outputs)
{
    int before = omp_get_max_threads();
    if (plan->arena == NULL) {
        DN_TRY(allocate_arena(plan)); /* after a rest */
    }
    omp_set_num_threads(plan->threads);
    dn_status status = DN_OK;
    for (int v = 0; v < plan->value_count; ++v) {
        const dn_value *value = &plan->values[v];
        plan->pointers[v] = value->input >= 0 ? (const void *)inputs[value->input] : value->buffer < 0 ? NULL : address(plan, v, outputs);
    }
    for (int s = 0; status == DN_OK && s < plan->step_count; ++s) {
        dn_step *step = &plan->steps[s];
        double start = dn_clock_now();
        enter(plan, s);
        status = dn_cancel_check();
        if (status == DN_OK && step->slab > 0) {
            status = dn_plan_run_pair(plan, s, address(plan, step->output, outputs), address(plan, step[1].output, outputs));
            step->seconds = dn_clock_now() - start;
            step[1].seconds = 0.0; /* of the pair together */
            ++s;
        } else if (status == DN_OK) {
            status = run_step(plan, step, outputs);
            step->seconds = dn_clock_now() - start;
        }
        if (status == DN_OK) {
            status = leave(plan, s);
        }
        if (status != DN_OK && status != DN_ECANCELLED) {
            status = dn_error_context(status, "layer %s", step->node.name);
        }
    }
    omp_set_num_threads(before);
    return status;
}

void dn_plan_rest(dn_plan *plan)
{
    free(plan->arena);
    plan->arena = NULL;
}

int64_t dn_plan_peak_bytes(const dn_plan *plan)
{
    return plan->arena_bytes + plan->packed_bytes;
}

double dn_plan_flops(const dn_plan *plan)
{
    return plan->flops;
}

static const char *post_name(const dn_post *post)
{
    static const char *const activations[] = {"none", "relu", "leaky_relu", "elu", "silu", "sigmoid"};
    switch (post->kind) {
    case DN_POST_ACTIVATION:
        return activations[post->activation];
    case DN_POST_SCALE:
        return "scale";
    case DN_POST_SUM:
        return "sum(in place)";
    case DN_POST_ADD:
        return post->twice ? "sum(up2)" : "sum";
    case DN_POST_PROJECT:
        return "conv1x1x1";
    case DN_POST_SOFTMAX:
        return "softmax";
    }
    return "?";
}

void dn_plan_engine_version(char text[64])
{
    dn_engine_version(text);
}

dn_status dn_plan_describe(const dn_plan *plan, char **out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory to describe a plan");
    }
    char version[64];
    dn_engine_version(version);
    fprintf(stream, "# %s, %d threads, %s, %.1f GFLOP, peak %.1f MiB (activations and scratch %.1f, packed weights %.1f)\n", version,
            plan->threads, plan->options.precision == DN_PRECISION_F32 ? "f32" : "bf16", plan->flops * 1e-9,
            (double)dn_plan_peak_bytes(plan) / MIB, (double)plan->arena_bytes / MIB, (double)plan->packed_bytes / MIB);
    for (int s = 0; s < plan->step_count; ++s) {
        const dn_step *step = &plan->steps[s];
        const dn_value *value = &plan->values[step->output];
        char shape[64];
        fprintf(stream, "%s %s %s->%s %s", step->node.name,
                step->node.kind == DN_OP_ACTIVATION && step->node.activation.kind == DN_ACT_NONE ? "copy" : dn_op_of(step->node.kind)->name,
                plan->values[step->inputs[0]].type == DN_TYPE_F32 ? "f32" : "bf16", value->type == DN_TYPE_F32 ? "f32" : "bf16",
                dn_shape_text(&value->shape, shape));
        if (dn_step_is_conv(step)) {
            const dn_conv *conv = &step->node.conv;
            fprintf(stream, " from %lld channels, kernel %lldx%lldx%lld, %.1f GFLOP, %s%s", (long long)step->in_shape.c,
                    (long long)conv->kernel[0], (long long)conv->kernel[1], (long long)conv->kernel[2], step->flops * 1e-9,
                    dn_kernel_name(step->kernel != NULL ? step->kernel : step->slab_kernels[1]), step->own_posts ? ", own tail" : "");
        }
        for (int p = 0; p < step->pre_count; ++p) {
            fprintf(stream, " %s+", post_name(&step->pre[p]));
        }
        for (int p = 0; p < step->post_count; ++p) {
            fprintf(stream, " +%s", post_name(&step->posts[p]));
        }
        if (step->slab > 0) {
            fprintf(stream, ", in turns with the next");
        }
        if (step->seconds > 0.0) {
            fprintf(stream, ", %.1f ms", step->seconds * 1e3);
        }
        fputc('\n', stream);
    }
    if (fclose(stream) != 0) {
        free(text);
        DN_FAIL(DN_ENOMEM, "not enough memory to describe a plan");
    }
    *out = text;
    return DN_OK;
}
