/* Times a model's network on random voxels: one JSON line like those of bench/peers.
 *   bench_network MODEL D H W THREADS REPEATS f32|bf16 [--describe]
 *   bench_network --bf16          "yes" or "no": whether bf16 runs natively here
 * One warm-up run; making the plan is timed apart. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "models/model.h"
#include "net/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static dn_status measure(const dn_model *model, dn_shape shape, int repeats, dn_precision precision, bool describe)
{
    dn_status status = DN_OK;
    dn_graph *graph = NULL;
    dn_plan *plan = NULL;
    dn_tensor *in = NULL;
    dn_tensor *out = NULL;
    double *wall = NULL;
    double *cpu = NULL;
    char *text = NULL;
    DN_TRY_GOTO(status, dn_alloc(&wall, (size_t)repeats + 1, sizeof *wall, "times"), done);
    DN_TRY_GOTO(status, dn_alloc(&cpu, (size_t)repeats + 1, sizeof *cpu, "times"), done);
    DN_TRY_GOTO(status, dn_model_graph(model, shape, &graph), done);
    double start = now(CLOCK_MONOTONIC);
    dn_plan_options options = {.precision = precision};
    DN_TRY_GOTO(status, dn_plan_compile(graph, model->weights, &options, &plan), done);
    double compile = now(CLOCK_MONOTONIC) - start;
    DN_TRY_GOTO(status, dn_tensor_create(&shape, &in), done);
    dn_shape out_shape = dn_graph_output_shape(graph, 0);
    DN_TRY_GOTO(status, dn_tensor_create(&out_shape, &out), done);
    dn_random random;
    dn_random_seed(&random, 0);
    for (int64_t i = 0; i < shape.n * shape.d * shape.h * shape.w * shape.c; ++i) {
        in->data[i] = (float)dn_random_unit(&random);
    }
    for (int r = 0; r <= repeats; ++r) {
        double from = now(CLOCK_MONOTONIC);
        double from_cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        DN_TRY_GOTO(status, dn_plan_run(plan, (const float *const[]){in->data}, (float *const[]){out->data}), done);
        wall[r] = now(CLOCK_MONOTONIC) - from;
        cpu[r] = now(CLOCK_PROCESS_CPUTIME_ID) - from_cpu;
    }
    if (describe) {
        DN_TRY_GOTO(status, dn_plan_describe(plan, &text), done);
        fputs(text, stderr);
    }
    printf("{\"peer\": \"dien\", \"version\": \"%s\", \"dtype\": \"%s\", \"shape\": [%" PRId64 ", %" PRId64 ", %" PRId64
           "], \"threads\": %d, \"gflop\": %.1f, \"compile_seconds\": %.4f, \"seconds\": [",
           DIEN_VERSION, precision == DN_PRECISION_BF16 ? "bf16" : "f32", shape.d, shape.h, shape.w, dn_threads_get(),
           1e-9 * dn_plan_flops(plan), compile);
    for (int r = 1; r <= repeats; ++r) {
        printf("%s%.4f", r > 1 ? ", " : "", wall[r]);
    }
    printf("], \"cpu_seconds\": [");
    for (int r = 1; r <= repeats; ++r) {
        printf("%s%.4f", r > 1 ? ", " : "", cpu[r]);
    }
    printf("], \"peak_rss_mb\": %.0f}\n", (double)dn_memory_peak_rss() / 1048576.0);
done:
    free(text);
    dn_tensor_destroy(out);
    dn_tensor_destroy(in);
    dn_plan_destroy(plan);
    dn_graph_destroy(graph);
    free(cpu);
    free(wall);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--bf16") == 0) {
        puts(dn_plan_bf16_supported() ? "yes" : "no");
        return 0;
    }
    if (argc < 8) {
        fprintf(stderr, "usage: bench_network MODEL D H W THREADS REPEATS f32|bf16 [--describe]\n");
        return 2;
    }
    dn_model *model = NULL;
    dn_threads_set(atoi(argv[5]));
    dn_status status = dn_model_read(argv[1], &model);
    if (status == DN_OK) {
        dn_shape shape = {1, atoll(argv[2]), atoll(argv[3]), atoll(argv[4]), model->input.channels};
        status = measure(model, shape, atoi(argv[6]), strcmp(argv[7], "bf16") == 0 ? DN_PRECISION_BF16 : DN_PRECISION_F32, argc > 8);
    }
    dn_model_destroy(model);
    if (status != DN_OK) {
        fprintf(stderr, "bench_network: %s\n", dn_error_message());
    }
    return dn_status_exit_code(status);
}
