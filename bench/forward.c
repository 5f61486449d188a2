/* Times a network of an architecture's config on random values, with random weights: one JSON line like those of bench/peers.
 *   bench_forward ARCHITECTURE CONFIG N D H W C THREADS REPEATS f32|bf16 [--describe]
 * One warm-up run. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "clock.h"
#include "models/registry.h"
#include "net/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static dn_status measure(const char *architecture, const char *config, dn_shape shape, int repeats, dn_precision precision, bool describe)
{
    dn_status status = DN_OK;
    dn_graph *graph = NULL;
    dn_weights *weights = NULL;
    dn_plan *plan = NULL;
    dn_tensor *in = NULL;
    dn_tensor *out = NULL;
    double *wall = NULL;
    double *cpu = NULL;
    char *text = NULL;
    dn_plan_options options = {.precision = precision};
    dn_random random;
    dn_random_seed(&random, 0);
    DN_TRY_GOTO(status, dn_alloc(&wall, (size_t)repeats + 1, sizeof *wall, "times"), done);
    DN_TRY_GOTO(status, dn_alloc(&cpu, (size_t)repeats + 1, sizeof *cpu, "times"), done);
    DN_TRY_GOTO(status, dn_architecture_build(architecture, config, "the config", shape, &graph), done);
    DN_TRY_GOTO(status, dn_graph_start_weights(graph, &random, &weights), done);
    DN_TRY_GOTO(status, dn_plan_compile(graph, weights, &options, &plan), done);
    DN_TRY_GOTO(status, dn_tensor_create(&shape, &in), done);
    dn_shape out_shape = dn_graph_output_shape(graph, 0);
    DN_TRY_GOTO(status, dn_tensor_create(&out_shape, &out), done);
    for (int64_t i = 0; i < shape.n * shape.d * shape.h * shape.w * shape.c; ++i) {
        in->data[i] = (float)dn_random_unit(&random);
    }
    for (int r = 0; r <= repeats; ++r) {
        double from = bench_now(CLOCK_MONOTONIC);
        double from_cpu = bench_now(CLOCK_PROCESS_CPUTIME_ID);
        DN_TRY_GOTO(status, dn_plan_run(plan, (const float *const[]){in->data}, (float *const[]){out->data}), done);
        wall[r] = bench_now(CLOCK_MONOTONIC) - from;
        cpu[r] = bench_now(CLOCK_PROCESS_CPUTIME_ID) - from_cpu;
    }
    if (describe) {
        DN_TRY_GOTO(status, dn_plan_describe(plan, &text), done);
        fputs(text, stderr);
    }
    printf("{\"peer\": \"dien\", \"version\": \"%s\", \"what\": \"forward\", \"dtype\": \"%s\", \"shape\": [%" PRId64 ", %" PRId64
           ", %" PRId64 ", %" PRId64 "], \"threads\": %d, \"gflop\": %.1f, ",
           DIEN_VERSION, precision == DN_PRECISION_BF16 ? "bf16" : "f32", shape.n, shape.d, shape.h, shape.w, dn_threads_get(),
           1e-9 * dn_plan_flops(plan));
    bench_print_list("seconds", wall + 1, repeats);
    printf(", ");
    bench_print_list("cpu_seconds", cpu + 1, repeats);
    printf(", \"peak_rss_mb\": %.0f}\n", (double)dn_memory_peak_rss() / 1048576.0);
done:
    free(text);
    dn_tensor_destroy(out);
    dn_tensor_destroy(in);
    dn_plan_destroy(plan);
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
    free(cpu);
    free(wall);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 11) {
        fprintf(stderr, "usage: bench_forward ARCHITECTURE CONFIG N D H W C THREADS REPEATS f32|bf16 [--describe]\n");
        return 2;
    }
    dn_shape shape = {atoll(argv[3]), atoll(argv[4]), atoll(argv[5]), atoll(argv[6]), atoll(argv[7])};
    dn_threads_set(atoi(argv[8]));
    dn_status status =
        measure(argv[1], argv[2], shape, atoi(argv[9]), strcmp(argv[10], "bf16") == 0 ? DN_PRECISION_BF16 : DN_PRECISION_F32, argc > 11);
    if (status != DN_OK) {
        fprintf(stderr, "bench_forward: %s\n", dn_error_message());
    }
    return dn_status_exit_code(status);
}
