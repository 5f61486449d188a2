/* Times training steps (forward, cross entropy + Dice, backward, Adam) on random voxels: one JSON line like those of
 * bench/peers.
 *   bench_train_step ARCHITECTURE CONFIG N D H W C THREADS STEPS f32|bf16 [--describe]
 * for example unet3d '{"classes":11,"features":[24,48,96],...}' 1 96 96 96 1 2 3 f32, or the published 2-D hypothalamus network with its
 * batch: unet2d '{"encoder":"efficientnetb0","classes":2}' 4 1 512 512 3 2 3 f32. One warm-up step. */
#include "base/job.h"
#include "models/registry.h"
#include "net/train/optimizer.h"
#include "net/train/train_plan.h"
#include "timing.h"

#include <inttypes.h>
#include <string.h>

typedef struct trainer {
    dn_graph *graph;
    dn_weights *weights;
    dn_train_plan *plan;
    dn_optimizer *optimizer;
    dn_tensor *scan;
    uint8_t *targets;
    double *wall, *cpu;
} trainer;

static dn_status open_trainer(trainer *t, const char *architecture, const char *config, dn_shape shape, dn_precision precision, int steps)
{
    dn_random random;
    dn_random_seed(&random, 0);
    dn_loss loss = {.terms = {{.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0}, {.kind = DN_LOSS_DICE, .weight = 1.0}},
                    .term_count = 2,
                    .ignore = -1};
    dn_train_options options = {.precision = precision};
    dn_optimizer_options adam = dn_optimizer_defaults(DN_OPTIMIZER_ADAM);
    DN_TRY(dn_architecture_build(architecture, config, "the config", shape, &t->graph));
    DN_TRY(dn_graph_start_weights(t->graph, &random, &t->weights));
    DN_TRY(dn_train_plan_compile(t->graph, t->weights, &loss, &options, &t->plan));
    DN_TRY(dn_optimizer_create(dn_train_gradients(t->plan), &adam, &t->optimizer));
    DN_TRY(dn_tensor_create(&shape, &t->scan));
    for (int64_t i = 0; i < shape.n * shape.d * shape.h * shape.w * shape.c; ++i) {
        t->scan->data[i] = (float)dn_random_normal(&random, 0.0, 1.0);
    }
    dn_shape out = dn_graph_output_shape(t->graph, 0);
    int64_t voxels = out.n * out.d * out.h * out.w;
    DN_TRY(dn_alloc(&t->targets, (size_t)voxels, 1, "targets"));
    for (int64_t i = 0; i < voxels; ++i) {
        t->targets[i] = (uint8_t)dn_random_below(&random, (uint64_t)out.c);
    }
    DN_TRY(dn_alloc(&t->wall, (size_t)steps + 1, sizeof *t->wall, "times"));
    return dn_alloc(&t->cpu, (size_t)steps + 1, sizeof *t->cpu, "times");
}

static dn_status step(trainer *t, int number)
{
    const float *inputs[1] = {t->scan->data};
    dn_targets targets = {.type = DN_TARGET_U8, .data = t->targets};
    dn_loss_result result;
    double wall = dn_clock_now();
    double cpu = dn_clock_cpu();
    dn_train_zero_gradients(t->plan);
    DN_TRY(dn_train_forward_backward(t->plan, inputs, &targets, 1.0, &result, NULL));
    DN_TRY(dn_optimizer_step(t->optimizer, t->weights, dn_train_gradients(t->plan), 1e-4, NULL));
    t->wall[number] = dn_clock_now() - wall;
    t->cpu[number] = dn_clock_cpu() - cpu;
    return DN_OK;
}

static void report(const trainer *t, dn_shape s, dn_precision precision, int steps)
{
    printf("{\"peer\": \"dien\", \"version\": \"%s\", \"what\": \"training step\", \"dtype\": \"%s\", \"shape\": [%" PRId64 ", %" PRId64
           ", %" PRId64 "], \"batch\": %" PRId64 ", \"threads\": %d, \"gflop\": %.1f, \"plan_mb\": %.0f, ",
           DIEN_VERSION, precision == DN_PRECISION_BF16 ? "bf16" : "f32", s.d, s.h, s.w, s.n, dn_threads_get(),
           3e-9 * dn_graph_flops(t->graph), (double)dn_train_peak_bytes(t->plan) / 1048576.0);
    bench_print_times(t->wall + 1, t->cpu + 1, steps);
}

int main(int argc, char **argv)
{
    if (argc < 11) {
        fprintf(stderr, "usage: bench_train_step ARCHITECTURE CONFIG N D H W C THREADS STEPS f32|bf16 [--describe]\n");
        return 2;
    }
    dn_shape shape = {strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10), strtoll(argv[5], NULL, 10), strtoll(argv[6], NULL, 10),
                      strtoll(argv[7], NULL, 10)};
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_set_threads(&job, (int)strtol(argv[8], NULL, 10));
    dn_job_enter(&job);
    int steps = (int)strtol(argv[9], NULL, 10);
    dn_precision precision = strcmp(argv[10], "bf16") == 0 ? DN_PRECISION_BF16 : DN_PRECISION_F32;
    trainer t = {0};
    dn_status status = open_trainer(&t, argv[1], argv[2], shape, precision, steps);
    for (int i = 0; status == DN_OK && i <= steps; ++i) {
        status = step(&t, i);
    }
    char *text = NULL;
    if (status == DN_OK && argc > 11 && (status = dn_train_describe(t.plan, &text)) == DN_OK) {
        fputs(text, stderr);
    }
    if (status == DN_OK) {
        report(&t, shape, precision, steps);
    } else {
        fprintf(stderr, "bench_train_step: %s\n", dn_error_message());
    }
    free(text);
    free(t.wall);
    free(t.cpu);
    free(t.targets);
    dn_tensor_destroy(t.scan);
    dn_optimizer_destroy(t.optimizer);
    dn_train_plan_destroy(t.plan);
    dn_weights_destroy(t.weights);
    dn_graph_destroy(t.graph);
    return dn_status_exit_code(status);
}
