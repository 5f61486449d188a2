/* A scan in finer voxels, for bench/parts.sh: bench_finer SCAN OUT MM. Linear, on a grid around the same middle, whole numbers as scanners
 * have them. */
#include "base/job.h"
#include "image/io.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static dn_status make(const char *in, const char *out, double mm)
{
    const double spacing[3] = {mm, mm, mm};
    dn_volume *scan = NULL;
    dn_volume *fine = NULL;
    dn_grid grid;
    dn_status status;
    DN_TRY(dn_scan_read(in, NULL, &scan, NULL));
    DN_TRY_GOTO(status, dn_grid_with_spacing(&scan->grid, spacing, &grid), done);
    DN_TRY_GOTO(status, dn_resample_volume(scan, &grid, NULL, &fine), done);
    for (int64_t v = 0; v < dn_grid_count(&fine->grid); ++v) {
        fine->data[v] = rintf(fine->data[v]);
    }
    status = dn_volume_write(fine, out, NULL);
done:
    dn_volume_destroy(fine);
    dn_volume_destroy(scan);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_finer SCAN OUT MM\n");
        return 2;
    }
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    const dn_status status = make(argv[1], argv[2], atof(argv[3]));
    if (status != DN_OK) {
        fprintf(stderr, "bench_finer: %s\n", dn_error_message());
    }
    return dn_status_exit_code(status);
}
