/* Orientation and side of a hemisphere, and its resampling while it is read. */
#include "labelmap/orient.h"

#include "base/memory.h"
#include "image/orientation.h"
#include "labelmap/numbers.h"
#include "labelmap/picture.h"
#include "labelmap/stream.h"

#include <math.h>
#include <string.h>

/* The grid as if its axes ran as `written` says; its middle becomes the origin. */
static dn_status rewrite(dn_grid *grid, const char *written)
{
    dn_orientation o;
    double spacing[3];
    DN_TRY(dn_orientation_parse(written, &o));
    dn_grid_spacing(grid, spacing);
    memset(&grid->affine, 0, sizeof grid->affine);
    for (int c = 0; c < 3; ++c) {
        const double step = o.sign[c] * spacing[c];
        grid->affine.m[o.axis[c]][c] = step;
        grid->affine.m[o.axis[c]][3] = -0.5 * step * (double)(grid->dim[c] - 1);
    }
    return DN_OK;
}

static dn_status turn_grid(dn_grid *grid, const dn_orient_options *options)
{
    if (options->written != NULL) {
        DN_TRY(rewrite(grid, options->written));
    }
    for (int c = 0; c < 4 && options->right; ++c) {
        grid->affine.m[0][c] = -grid->affine.m[0][c];
    }
    return DN_OK;
}

dn_status dn_orient_volume(const char *path, const dn_orient_options *options, dn_volume **out)
{
    dn_volume *volume = NULL;
    dn_status status = options->spacing > 0.0 ? dn_stream_volume(path, NULL, options->spacing, "reading the scan", &volume)
                                              : dn_scan_read(path, NULL, &volume, NULL);
    if (status == DN_OK) {
        status = turn_grid(&volume->grid, options);
    }
    if (status == DN_OK) {
        status = dn_volume_reorient(volume, &DN_ORIENTATION_RAS, out);
    }
    dn_volume_destroy(volume);
    return status;
}

dn_status dn_orient_labels(const char *path, const dn_orient_options *options, dn_labels **out)
{
    dn_labels *labels = NULL;
    dn_status status = options->spacing > 0.0 ? dn_stream_labels(path, NULL, options->spacing, "reading the labels", &labels)
                                              : dn_labels_read(path, NULL, &labels, NULL);
    if (status == DN_OK) {
        status = turn_grid(&labels->grid, options);
    }
    if (status == DN_OK && options->right) {
        status = dn_error_in_file(dn_numbers_swap(labels, options->tissues), path);
    }
    if (status == DN_OK) {
        status = dn_labels_reorient(labels, &DN_ORIENTATION_RAS, out);
    }
    dn_labels_destroy(labels);
    return status;
}

dn_status dn_labelmap_orient(const char *path, bool labels, const dn_orient_options *options, const char *output)
{
    dn_volume *volume = NULL;
    dn_labels *map = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    if (labels) {
        DN_TRY_GOTO(status, dn_orient_labels(path, options, &map), done);
        DN_TRY_GOTO(status, dn_labels_write(map, output, NULL), done);
    } else {
        DN_TRY_GOTO(status, dn_orient_volume(path, options, &volume), done);
        DN_TRY_GOTO(status, dn_volume_write(volume, output, NULL), done);
    }
    status = dn_labelmap_picture(volume, map, "Orientation", output);
done:
    dn_volume_destroy(volume);
    dn_labels_destroy(map);
    return status;
}
