/* k-means of the intensities inside the brain, written as label maps. */
#include "labelmap/classes.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/io.h"
#include "labelmap/numbers.h"
#include "labelmap/on_grid.h"
#include "labelmap/picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STARTS = 20, MOST_STEPS = 300 };

dn_status dn_classes_check(int low, int high)
{
    if (low < DN_CLASSES_LEAST || high > DN_CLASS_MOST || low > high) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_CLASSES, "k = %d is not possible: tissue is divided into %d to %d classes (4 to 9 are usual)",
                      low < DN_CLASSES_LEAST || low > high ? low : high, DN_CLASSES_LEAST, DN_CLASS_MOST);
    }
    return DN_OK;
}

/* Everything of the scan that is outside the mask becomes NaN, which no voxel of a scan is. *count: voxels inside. */
static dn_status blank_outside(dn_volume *volume, const char *scan, const char *mask, int64_t *count)
{
    dn_labels *brain = NULL;
    if (mask != NULL) {
        DN_TRY(dn_on_grid_read(mask, &volume->grid, scan, &brain));
    }
    *count = 0;
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        const bool inside = brain != NULL ? brain->data[v] != 0 : volume->data[v] != 0.0f;
        volume->data[v] = inside ? volume->data[v] : NAN;
        *count += inside;
    }
    dn_labels_destroy(brain);
    if (*count == 0) {
        DN_FAIL(DN_EDATA, "'%s' has no voxel inside its mask, so there is no tissue to be divided", scan);
    }
    return DN_OK;
}

static dn_status sorted(const dn_volume *volume, int64_t count, dn_kmeans_data *data)
{
    float *inside = NULL;
    int64_t n = 0;
    DN_TRY(dn_alloc(&inside, (size_t)count, sizeof *inside, "the voxels of a brain"));
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        if (!isnan(volume->data[v])) {
            inside[n++] = volume->data[v];
        }
    }
    dn_status status = dn_kmeans_prepare(inside, (size_t)count, data);
    free(inside);
    return status;
}

static dn_status one(const dn_volume *volume, const dn_kmeans_data *data, int k, uint64_t seed, const char *output)
{
    dn_labels *map = NULL;
    dn_kmeans run;
    char title[64];
    DN_TRY(dn_kmeans_best(data, k, seed, STARTS, MOST_STEPS, &run));
    DN_TRY(dn_labels_create(&volume->grid, &map));
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        map->data[v] = isnan(volume->data[v]) ? 0 : (uint16_t)(DN_CLASS_LEFT + 1 + dn_kmeans_nearest(&run, (double)volume->data[v]));
    }
    dn_status status = dn_labels_write(map, output, NULL);
    if (status == DN_OK) {
        snprintf(title, sizeof title, "Tissue in %d classes", k);
        status = dn_labelmap_picture(NULL, map, title, output);
    }
    dn_labels_destroy(map);
    return status;
}

dn_status dn_labelmap_classes(const char *scan, const char *mask, const dn_classes_options *options, const char *const *outputs)
{
    dn_kmeans_data data = {0};
    dn_volume *volume = NULL;
    dn_status status = DN_OK;
    int64_t count;
    DN_TRY(dn_classes_check(options->low, options->high));
    for (int k = options->low; k <= options->high; ++k) {
        DN_TRY(dn_labelmap_may_write(outputs[k - options->low]));
    }
    DN_TRY(dn_scan_read(scan, NULL, &volume, NULL));
    DN_TRY_GOTO(status, blank_outside(volume, scan, mask, &count), done);
    DN_TRY_GOTO(status, sorted(volume, count, &data), done);
    for (int k = options->low; k <= options->high; ++k) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, one(volume, &data, k, options->seed, outputs[k - options->low]), done);
        dn_progress("classes", k - options->low + 1, options->high - options->low + 1);
    }
done:
    dn_kmeans_release(&data);
    dn_volume_destroy(volume);
    return dn_error_in_file(status, scan);
}
