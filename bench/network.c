/* Times a model's network on random voxels: one JSON line like those of bench/peers.
 *   bench_network MODEL D H W THREADS REPEATS f32|bf16 [--describe]
 *   bench_network --bf16          "yes" or "no": whether bf16 runs natively here
 * One warm-up run; making the plan is timed apart. */
#include "base/job.h"
#include "models/model.h"
#include "timing.h"

#include <inttypes.h>
#include <string.h>

static dn_status measure(const dn_model *model, dn_shape shape, int repeats, dn_precision precision, bool describe)
{
    dn_status status = DN_OK;
    dn_graph *graph = NULL;
    bench_times times;
    DN_TRY(dn_model_graph(model, shape, &graph));
    DN_TRY_GOTO(status, bench_time_plan(graph, model->weights, shape, precision, repeats, describe, &times), done);
    printf("{\"peer\": \"dien\", \"version\": \"%s\", \"dtype\": \"%s\", \"shape\": [%" PRId64 ", %" PRId64 ", %" PRId64
           "], \"threads\": %d, \"gflop\": %.1f, \"compile_seconds\": %.4f, ",
           DIEN_VERSION, precision == DN_PRECISION_BF16 ? "bf16" : "f32", shape.d, shape.h, shape.w, dn_threads_get(), times.gflop,
           times.compile);
    bench_print_times(times.wall, times.cpu, times.count);
done:
    dn_graph_destroy(graph);
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
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_set_threads(&job, atoi(argv[5]));
    dn_job_enter(&job);
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
