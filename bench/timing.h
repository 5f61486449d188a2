/* The times of a network's plan, and how every program here prints them. */
#ifndef DN_BENCH_TIMING_H
#define DN_BENCH_TIMING_H

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "net/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

enum { BENCH_REPEATS = 64 };

typedef struct bench_times {
    int count;
    double wall[BENCH_REPEATS], cpu[BENCH_REPEATS];
    double compile, gflop;
} bench_times;

/* "name": [1.0, 2.0] */
static inline void bench_print_list(const char *name, const double *values, int count)
{
    printf("\"%s\": [", name);
    for (int i = 0; i < count; ++i) {
        printf("%s%.4f", i > 0 ? ", " : "", values[i]);
    }
    printf("]");
}

/* The end of a line of JSON. */
static inline void bench_print_times(const double *wall, const double *cpu, int count)
{
    bench_print_list("seconds", wall, count);
    printf(", ");
    bench_print_list("cpu_seconds", cpu, count);
    printf(", \"peak_rss_mb\": %.0f}\n", (double)dn_memory_peak_rss() / 1048576.0);
}

/* Runs a network on random values, repeats times (at most BENCH_REPEATS) after one warm-up. describe: the plan's steps to stderr. */
static inline dn_status bench_time_plan(dn_graph *graph, const dn_weights *weights, dn_shape shape, dn_precision precision, int repeats,
                                        bool describe, bench_times *out)
{
    dn_status status = DN_OK;
    dn_plan *plan = NULL;
    dn_tensor *in = NULL;
    dn_tensor *result = NULL;
    char *text = NULL;
    dn_random random;
    dn_random_seed(&random, 0);
    out->count = repeats < BENCH_REPEATS ? repeats : BENCH_REPEATS;
    double start = dn_clock_now();
    dn_plan_options options = {.precision = precision};
    DN_TRY_GOTO(status, dn_plan_compile(graph, weights, &options, &plan), done);
    out->compile = dn_clock_now() - start;
    out->gflop = 1e-9 * dn_plan_flops(plan);
    DN_TRY_GOTO(status, dn_tensor_create(&shape, &in), done);
    dn_shape result_shape = dn_graph_output_shape(graph, 0);
    DN_TRY_GOTO(status, dn_tensor_create(&result_shape, &result), done);
    for (int64_t i = 0; i < shape.n * shape.d * shape.h * shape.w * shape.c; ++i) {
        in->data[i] = (float)dn_random_unit(&random);
    }
    for (int r = -1; r < out->count; ++r) {
        double wall = dn_clock_now();
        double cpu = dn_clock_cpu();
        DN_TRY_GOTO(status, dn_plan_run(plan, (const float *const[]){in->data}, (float *const[]){result->data}), done);
        if (r >= 0) {
            out->wall[r] = dn_clock_now() - wall;
            out->cpu[r] = dn_clock_cpu() - cpu;
        }
    }
    if (describe) {
        DN_TRY_GOTO(status, dn_plan_describe(plan, &text), done);
        fputs(text, stderr);
    }
done:
    free(text);
    dn_tensor_destroy(result);
    dn_tensor_destroy(in);
    dn_plan_destroy(plan);
    return status;
}

#endif
