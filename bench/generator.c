/* Times the generator of training samples on one core: one JSON line.
 *   bench_generator LABELMAP TISSUES SPACING D H W SAMPLES */
#include "synth/generator.h"
#include "base/job.h"
#include "image/io.h"
#include "timing.h"

#include <inttypes.h>

enum { LIMIT = 64 };

static dn_status measure(char **argv, int samples)
{
    dn_status status = DN_OK;
    dn_labels *map = NULL;
    dn_tissues *tissues = NULL;
    double wall[LIMIT];
    double cpu[LIMIT];
    dn_synth_options how = dn_synth_defaults();
    DN_TRY_GOTO(status, dn_labels_read(argv[1], NULL, &map, NULL), done);
    DN_TRY_GOTO(status, dn_tissues_read(argv[2], &tissues), done);
    double spacing = strtod(argv[3], NULL);
    double centre[3];
    double middle[3];
    dn_grid target = {.dim = {atoll(argv[4]), atoll(argv[5]), atoll(argv[6])}};
    for (int d = 0; d < 3; ++d) {
        middle[d] = 0.5 * (double)(map->grid.dim[d] - 1);
    }
    dn_affine_apply(&map->grid.affine, middle, centre);
    for (int d = 0; d < 3; ++d) {
        target.affine.m[d][d] = spacing;
        target.affine.m[d][3] = centre[d] - 0.5 * spacing * (double)(target.dim[d] - 1);
    }
    for (int s = 0; s < samples; ++s) {
        dn_volume *scan = NULL;
        dn_labels *truth = NULL;
        dn_random random;
        dn_random_seed_stream(&random, 1, (uint64_t)s);
        double from = dn_clock_now();
        double from_cpu = dn_clock_cpu();
        DN_TRY_GOTO(status, dn_synth_sample(map, tissues, &target, centre, &how, &random, &scan, &truth), done);
        wall[s] = dn_clock_now() - from;
        cpu[s] = dn_clock_cpu() - from_cpu;
        dn_volume_destroy(scan);
        dn_labels_destroy(truth);
    }
    printf("{\"peer\": \"dien\", \"version\": \"%s\", \"what\": \"generator\", \"dtype\": \"f32\", \"shape\": [%" PRId64 ", %" PRId64
           ", %" PRId64 "], \"spacing\": %g, \"threads\": 1, ",
           DIEN_VERSION, target.dim[0], target.dim[1], target.dim[2], spacing);
    bench_print_times(wall, cpu, samples);
done:
    dn_tissues_destroy(tissues);
    dn_labels_destroy(map);
    return status;
}

int main(int argc, char **argv)
{
    int samples = argc == 8 ? atoi(argv[7]) : 0;
    if (samples < 1 || samples > LIMIT) {
        fprintf(stderr, "usage: bench_generator LABELMAP TISSUES SPACING D H W SAMPLES (at most %d)\n", LIMIT);
        return 2;
    }
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_set_threads(&job, 1);
    dn_job_enter(&job);
    dn_status status = measure(argv, samples);
    if (status != DN_OK) {
        fprintf(stderr, "bench_generator: %s\n", dn_error_message());
    }
    return dn_status_exit_code(status);
}
