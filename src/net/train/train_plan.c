/* Compiles a training plan, runs it, and describes its layers and memory. */
#define _GNU_SOURCE /* open_memstream */
#include "net/train/train_plan.h"

#include "base/job.h"
#include "net/pages.h"
#include "net/train/run.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

static dn_status allocate_arena(dn_train_plan *plan)
{
    plan->arena = dn_pages_allocate(plan->arena_bytes);
    if (plan->arena == NULL) {
        DN_FAIL(DN_ENOMEM, "training needs %.0f MiB of memory, but the machine does not have it; use smaller patches or batches",
                (double)plan->arena_bytes / MIB);
    }
    return DN_OK;
}

static dn_status copy_loss(dn_train_plan *plan, const dn_loss *loss, int64_t classes)
{
    DN_TRY(dn_loss_check(loss, classes));
    plan->loss = *loss;
    if (loss->class_weights != NULL) {
        DN_TRY(dn_alloc(&plan->class_weights, (size_t)classes, sizeof(float), "class weights"));
        memcpy(plan->class_weights, loss->class_weights, (size_t)classes * sizeof(float));
        plan->loss.class_weights = plan->class_weights;
    }
    return DN_OK;
}

static dn_status copy_graph(dn_train_plan *plan, const dn_graph *graph)
{
    dn_shape *shapes;
    DN_TRY(dn_alloc(&shapes, (size_t)graph->input_count, sizeof *shapes, "a training plan"));
    for (int i = 0; i < graph->input_count; ++i) {
        shapes[i] = dn_graph_input_shape(graph, i);
    }
    dn_status status = dn_graph_reshape(graph, shapes, &plan->graph);
    free(shapes);
    return status;
}

static dn_status compile(dn_train_plan *plan, const dn_graph *graph, const dn_loss *loss)
{
    DN_TRY(dn_engine_create(&plan->engine));
    DN_TRY(copy_graph(plan, graph));
    DN_TRY(dn_train_build(plan));
    DN_TRY(copy_loss(plan, loss, plan->values[plan->logits].shape.c));
    DN_TRY(dn_train_assign(plan));
    DN_TRY(dn_train_make_kernels(plan));
    DN_TRY(dn_train_place(plan));
    return allocate_arena(plan);
}

dn_status dn_train_plan_compile(const dn_graph *graph, dn_weights *weights, const dn_loss *loss, const dn_train_options *options,
                                dn_train_plan **out)
{
    dn_train_plan *plan;
    *out = NULL;
    if (!graph->finished) {
        DN_FAIL(DN_EINTERNAL, "the network is not finished (dn_graph_finish)");
    }
    if (options->precision == DN_PRECISION_BF16 && !dn_engine_bf16()) {
        DN_FAIL(DN_EUSAGE, "this CPU has no bf16 arithmetic; use f32");
    }
    DN_TRY(dn_alloc(&plan, 1, sizeof *plan, "a training plan"));
    dn_arena_init(&plan->strings);
    plan->options = *options;
    plan->guard = options->guard || DN_ARENA_GUARDED;
    plan->weights = weights;
    plan->type = options->precision == DN_PRECISION_BF16 ? DN_TYPE_BF16 : DN_TYPE_F32;
    plan->threads = options->threads > 0 ? options->threads : dn_threads_get();
    int before = omp_get_max_threads();
    omp_set_num_threads(plan->threads); /* kernels are made for the team they run with */
    dn_status status = compile(plan, graph, loss);
    omp_set_num_threads(before);
    if (status != DN_OK) {
        dn_train_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return DN_OK;
}

void dn_train_plan_destroy(dn_train_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (int l = 0; l < plan->count; ++l) {
        for (int k = 0; k < plan->layers[l].part_count; ++k) {
            dn_train_part *part = &plan->layers[l].parts[k];
            dn_kernel_destroy(part->forward);
            dn_kernel_destroy(part->backward);
            dn_weight_gradient_destroy(part->gradient);
        }
    }
    dn_engine_destroy(plan->engine);
    dn_graph_destroy(plan->graph);
    dn_weights_destroy(plan->gradients);
    dn_arena_release(&plan->strings);
    free(plan->class_weights);
    free(plan->values);
    free(plan->layers);
    free(plan->buffers);
    free(plan->arena);
    free(plan->slice);
    free(plan->folded);
    free(plan);
}

static dn_status run(dn_train_plan *plan, const dn_train_batch *batch)
{
    int before = omp_get_max_threads();
    omp_set_num_threads(plan->threads);
    dn_status status = dn_train_run(plan, batch);
    omp_set_num_threads(before);
    return status;
}

dn_status dn_train_forward_backward(dn_train_plan *plan, const float *const *inputs, const dn_targets *targets, double scale,
                                    dn_loss_result *result, dn_loss_counts *counts)
{
    dn_train_batch batch = {.inputs = inputs, .targets = targets, .training = true, .scale = scale, .result = result, .counts = counts};
    dn_status status = run(plan, &batch);
    plan->sends = false;
    plan->step += status == DN_OK;
    return status;
}

void dn_train_send_gradients(dn_train_plan *plan)
{
    plan->sends = true;
}

dn_status dn_train_finish_gradients(dn_train_plan *plan)
{
    const dn_peers *peers = plan->options.peers;
    return peers != NULL ? peers->finish(peers->user) : DN_OK;
}

dn_status dn_train_evaluate(dn_train_plan *plan, const float *const *inputs, const dn_targets *targets, dn_loss_result *result,
                            dn_loss_counts *counts)
{
    dn_train_batch batch = {.inputs = inputs, .targets = targets, .result = result, .counts = counts};
    return run(plan, &batch);
}

dn_weights *dn_train_gradients(dn_train_plan *plan)
{
    return plan->gradients;
}

void dn_train_zero_gradients(dn_train_plan *plan)
{
    for (size_t i = 0; i < dn_weights_count(plan->gradients); ++i) {
        dn_weight *g = dn_weights_at(plan->gradients, i);
        memset(g->data, 0, (size_t)dn_weight_count(g) * sizeof(float));
    }
}

void dn_train_set_step(dn_train_plan *plan, uint64_t step)
{
    plan->step = step;
}

int64_t dn_train_peak_bytes(const dn_train_plan *plan)
{
    return plan->arena_bytes + plan->packed_bytes + plan->gradient_bytes + (plan->slice_size + plan->folded_size) * (int64_t)sizeof(float);
}

static void describe_layer(FILE *to, const dn_train_plan *plan, int l)
{
    const dn_train_layer *layer = &plan->layers[l];
    const dn_train_value *value = &plan->values[layer->value];
    char shape[64];
    fprintf(to, "%s %s %s", layer->node->name, dn_op_of(layer->node->kind)->name, dn_shape_text(&value->shape, shape));
    for (int k = 0; k < layer->part_count; ++k) {
        const dn_train_part *part = &layer->parts[k];
        fprintf(to, "%s [%lld%s: %s; %s; %s]", k > 0 ? " +" : "", (long long)part->channels, part->up ? " up" : "",
                dn_kernel_name(part->forward),
                part->backward != NULL ? dn_kernel_name(part->backward)
                : part->depthwise      ? "loop"
                                       : "-",
                part->own_gradient ? "loop" : dn_weight_gradient_name(part->gradient));
    }
    fprintf(to, "%s%s%s\n", layer->tail != DN_ACT_NONE ? " activated" : "", layer->own_tail ? " after" : "",
            layer->again > 0 ? ", made again" : "");
}

static void describe_memory(FILE *to, const dn_train_plan *plan)
{
    int64_t bytes[DN_TRAIN_USES];
    int time = dn_train_fullest(plan, bytes);
    bool back = time > plan->count;
    int l = back ? plan->count - 1 - (time - plan->count - 1) / 2 : time < plan->count ? time : plan->count - 1;
    fprintf(to, "arena %.1f MiB; packed weights %.1f; gradients %.1f\n", (double)plan->arena_bytes / MIB, (double)plan->packed_bytes / MIB,
            (double)plan->gradient_bytes / MIB);
    fprintf(to, "most at %s, %s: %.1f MiB kept, %.1f made again, %.1f of gradients, %.1f scratch\n", plan->layers[l].node->name,
            back ? "backward" : "forward", (double)bytes[DN_TRAIN_KEPT] / MIB, (double)bytes[DN_TRAIN_AGAIN] / MIB,
            (double)bytes[DN_TRAIN_GRADIENT] / MIB, (double)bytes[DN_TRAIN_SCRATCH] / MIB);
}

dn_status dn_train_describe(const dn_train_plan *plan, char **out)
{
    size_t size;
    *out = NULL;
    FILE *to = open_memstream(out, &size);
    if (to == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory to describe a training plan");
    }
    for (int l = 0; l < plan->count; ++l) {
        describe_layer(to, plan, l);
    }
    describe_memory(to, plan);
    if (fclose(to) != 0) {
        free(*out);
        *out = NULL;
        DN_FAIL(DN_ENOMEM, "not enough memory to describe a training plan");
    }
    return DN_OK;
}
