/* Corrects the bias field of a scan within the mask of its brain. */
#include "labelmap/correct.h"

#include "base/memory.h"
#include "image/io.h"
#include "labelmap/picture.h"

#include <stdlib.h>

/* A tenth of a voxel of 0.3 mm. */
#define SAME_MM 0.03

dn_status dn_labelmap_read_on(const char *path, const dn_grid *grid, const char *of, dn_labels **out)
{
    dn_labels *labels = NULL;
    DN_TRY(dn_labels_read(path, NULL, &labels, NULL));
    if (!dn_grid_equal(&labels->grid, grid, SAME_MM)) {
        const int64_t *a = labels->grid.dim, *b = grid->dim;
        dn_status status = dn_error_set(
            DN_EGEOMETRY,
            "'%s' (%lld x %lld x %lld voxels) lies on another grid than '%s' (%lld x %lld x %lld voxels); labels have to be drawn on "
            "the scan itself, or brought onto its grid first",
            path, (long long)a[0], (long long)a[1], (long long)a[2], of, (long long)b[0], (long long)b[1], (long long)b[2]);
        dn_labels_destroy(labels);
        return status;
    }
    *out = labels;
    return DN_OK;
}

static dn_status correct(dn_volume *volume, const dn_labels *mask, const dn_bias_options *options, dn_bias_field *found)
{
    const int64_t count = dn_grid_count(&volume->grid);
    uint8_t *inside = NULL;
    DN_TRY(dn_alloc(&inside, (size_t)count, 1, "a mask"));
    for (int64_t v = 0; v < count; ++v) {
        inside[v] = mask->data[v] != 0;
    }
    dn_status status = dn_bias_find(volume, inside, options, found);
    free(inside);
    DN_TRY(status);
    DN_TRY(dn_bias_field_remove(found, volume));
    for (int64_t v = 0; v < count; ++v) {
        volume->data[v] = mask->data[v] != 0 ? volume->data[v] : 0.0f;
    }
    return DN_OK;
}

dn_status dn_labelmap_bias(const char *scan, const char *mask, const dn_bias_options *options, const char *output, const char *field)
{
    dn_volume *volume = NULL, *drawn = NULL;
    dn_labels *brain = NULL;
    dn_bias_field found;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    DN_TRY(dn_scan_read(scan, NULL, &volume, NULL));
    DN_TRY_GOTO(status, dn_labelmap_read_on(mask, &volume->grid, scan, &brain), done);
    DN_TRY_GOTO(status, dn_error_in_file(correct(volume, brain, options, &found), scan), done);
    DN_TRY_GOTO(status, dn_volume_write(volume, output, NULL), done);
    DN_TRY_GOTO(status, dn_labelmap_picture(volume, NULL, "Bias field removed", output), done);
    if (field != NULL) {
        DN_TRY_GOTO(status, dn_bias_field_draw(&found, &volume->grid, &drawn), done);
        DN_TRY_GOTO(status, dn_volume_write(drawn, field, NULL), done);
    }
done:
    dn_volume_destroy(volume);
    dn_volume_destroy(drawn);
    dn_labels_destroy(brain);
    return status;
}
