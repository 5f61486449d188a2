/* Corrects the bias field of a scan within the mask of its brain. */
#include "labelmap/correct.h"

#include "base/memory.h"
#include "image/io.h"
#include "labelmap/on_grid.h"
#include "labelmap/picture.h"

#include <stdlib.h>

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
    DN_TRY_GOTO(status, dn_on_grid_read(mask, &volume->grid, scan, &brain), done);
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
