/* Times a network of an architecture's config on random values, with random weights: one JSON line like those of bench/peers.
 *   bench_forward ARCHITECTURE CONFIG N D H W C THREADS REPEATS f32|bf16 [--describe]
 * One warm-up run. */
#include "base/job.h"
#include "models/registry.h"
#include "timing.h"

#include <inttypes.h>
#include <string.h>

static dn_status measure(const char *architecture, const char *config, dn_shape shape, int repeats, dn_precision precision, bool describe)
{
    dn_status status = DN_OK;
    dn_graph *graph = NULL;
    dn_weights *weights = NULL;
    bench_times times;
    dn_random random;
    dn_random_seed(&random, 0);
    DN_TRY_GOTO(status, dn_architecture_build(architecture, config, "the config", shape, &graph), done);
    DN_TRY_GOTO(status, dn_graph_start_weights(graph, &random, &weights), done);
    DN_TRY_GOTO(status, bench_time_plan(graph, weights, shape, precision, repeats, describe, &times), done);
    printf("{\"peer\": \"dien\", \"version\": \"%s\", \"what\": \"forward\", \"dtype\": \"%s\", \"shape\": [%" PRId64 ", %" PRId64
           ", %" PRId64 ", %" PRId64 "], \"threads\": %d, \"gflop\": %.1f, ",
           DIEN_VERSION, precision == DN_PRECISION_BF16 ? "bf16" : "f32", shape.n, shape.d, shape.h, shape.w, dn_threads_get(),
           times.gflop);
    bench_print_times(times.wall, times.cpu, times.count);
done:
    dn_weights_destroy(weights);
    dn_graph_destroy(graph);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 11) {
        fprintf(stderr, "usage: bench_forward ARCHITECTURE CONFIG N D H W C THREADS REPEATS f32|bf16 [--describe]\n");
        return 2;
    }
    dn_shape shape = {atoll(argv[3]), atoll(argv[4]), atoll(argv[5]), atoll(argv[6]), atoll(argv[7])};
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_set_threads(&job, atoi(argv[8]));
    dn_job_enter(&job);
    dn_status status =
        measure(argv[1], argv[2], shape, atoi(argv[9]), strcmp(argv[10], "bf16") == 0 ? DN_PRECISION_BF16 : DN_PRECISION_F32, argc > 11);
    if (status != DN_OK) {
        fprintf(stderr, "bench_forward: %s\n", dn_error_message());
    }
    return dn_status_exit_code(status);
}
