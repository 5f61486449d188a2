/* Makes the samples of one label map and writes them as files. */
#include "synth/samples.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/random.h"
#include "image/io.h"
#include "image/resample.h"
#include "synth/head_picture.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The grid of a sample, RAS, and the point of the map that lies in its middle. */
static void plan_target(const dn_labels *map, double spacing, double size, dn_grid *target, double centre[3])
{
    double low[3], high[3];
    for (int d = 0; d < 3; ++d) {
        low[d] = -0.5;
        high[d] = (double)map->grid.dim[d] - 0.5;
    }
    dn_affine_bounds(&map->grid.affine, low, high, low, high);
    *target = (dn_grid){0};
    for (int d = 0; d < 3; ++d) {
        centre[d] = 0.5 * (low[d] + high[d]);
        double extent = size > 0.0 ? size : high[d] - low[d];
        target->dim[d] = (int64_t)(extent / spacing + 0.5);
        target->dim[d] = target->dim[d] < 1 ? 1 : target->dim[d];
        target->affine.m[d][d] = spacing;
        target->affine.m[d][3] = centre[d] - 0.5 * spacing * (double)(target->dim[d] - 1);
    }
}

static bool is_empty(const dn_labels *map)
{
    const int64_t voxels = dn_grid_count(&map->grid);
    for (int64_t v = 0; v < voxels; ++v) {
        if (map->data[v] != 0) {
            return false;
        }
    }
    return true;
}

static dn_status write_pair(const dn_volume *scan, const dn_labels *truth, const dn_samples_options *options, const char *stem,
                            int64_t number)
{
    const char *const suffix[2] = {options->kind != NULL ? options->kind : "T1w", "dseg"};
    for (int what = 0; what < 2; ++what) {
        char *name = NULL;
        char *path = NULL;
        DN_TRY(dn_asprintf(&name, "%s_sample-%04" PRId64 "_%s.nii.gz", stem, number, suffix[what]));
        dn_status status = dn_path_join(options->folder, name, &path);
        if (status == DN_OK) {
            status = what == 0 ? dn_volume_write(scan, path, NULL) : dn_labels_write(truth, path, NULL);
        }
        free(path);
        free(name);
        DN_TRY(status);
    }
    return DN_OK;
}

/* ---- preview ------------------------------------------------------------------------------------------------------ */

static dn_status open_preview(const dn_samples_options *options, const char *stem, const dn_tissues *tissues, dn_head_picture **out)
{
    char *title = NULL;
    if (!options->preview) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&title, "%s: synthetic scans and their labels, seed %" PRIu64, stem, options->seed));
    const int rows = options->count < DN_HEAD_PICTURE_ROWS ? (int)options->count : DN_HEAD_PICTURE_ROWS;
    dn_status status = dn_head_picture_create(rows, title, tissues, out);
    free(title);
    return status;
}

static dn_status close_preview(const dn_head_picture *preview, const char *folder, const char *stem)
{
    char *name = NULL;
    char *path = NULL;
    dn_status status = DN_OK;
    if (preview == NULL) {
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s_preview.png", stem), done);
    DN_TRY_GOTO(status, dn_path_join(folder, name, &path), done);
    DN_TRY_GOTO(status, dn_head_picture_write(preview, path), done);
    dn_log(DN_LOG_NOTE, "picture: %s", path);
done:
    free(path);
    free(name);
    return status;
}

/* ---- samples ------------------------------------------------------------------------------------------------------ */

typedef struct sampling {
    const dn_samples_options *options;
    const dn_tissues *tissues;
    dn_labels *map;
    dn_head_picture *preview; /* NULL: not asked for */
    char *stem;
    dn_grid target;
    double centre[3];
} sampling;

/* Both as a scanner with thick slices hands them over: a slice is the mean over its profile, a Gaussian as wide as its thickness, and the
 * truth is the label with the largest share. */
static dn_status cut_slices(const dn_samples_options *options, dn_random *random, dn_volume **scan, dn_labels **truth)
{
    double spacing[3];
    dn_grid grid;
    dn_volume *thick = NULL;
    dn_labels *thick_truth = NULL;
    const dn_resample_options how = {.antialias = true};
    if (!(options->slice_mm > 0.0)) {
        return DN_OK;
    }
    const int axis = options->slice_axis >= 0 ? options->slice_axis : (int)(3.0 * dn_random_unit(random));
    dn_grid_spacing(&(*scan)->grid, spacing);
    spacing[axis] = fmax(spacing[axis], options->slice_mm);
    DN_TRY(dn_grid_with_spacing(&(*scan)->grid, spacing, &grid));
    DN_TRY(dn_resample_volume(*scan, &grid, &how, &thick));
    dn_status status = dn_resample_labels(*truth, &grid, NULL, &thick_truth);
    if (status != DN_OK) {
        dn_volume_destroy(thick);
        return status;
    }
    dn_volume_destroy(*scan);
    dn_labels_destroy(*truth);
    *scan = thick;
    *truth = thick_truth;
    return DN_OK;
}

static dn_status make_sample(const sampling *it, int64_t n)
{
    dn_volume *scan = NULL;
    dn_labels *truth = NULL;
    dn_random random;
    DN_TRY(dn_cancel_check());
    dn_random_seed_stream(&random, it->options->seed, (uint64_t)n);
    DN_TRY(dn_synth_sample(it->map, it->tissues, &it->target, it->centre, &it->options->how, &random, &scan, &truth));
    dn_status status = cut_slices(it->options, &random, &scan, &truth);
    if (status == DN_OK) {
        status = write_pair(scan, truth, it->options, it->stem, n + 1);
    }
    if (status == DN_OK && it->preview != NULL && n < DN_HEAD_PICTURE_ROWS) {
        char caption[64];
        snprintf(caption, sizeof caption, "sample %" PRId64, n + 1);
        status = dn_head_picture_add(it->preview, scan, truth, caption);
    }
    dn_volume_destroy(scan);
    dn_labels_destroy(truth);
    return status;
}

dn_status dn_samples_write(const char *map_path, const dn_tissues *tissues, const dn_samples_options *options)
{
    dn_status status = DN_OK;
    sampling it = {.options = options, .tissues = tissues};
    DN_TRY_GOTO(status, dn_labels_read(map_path, NULL, &it.map, NULL), done);
    if (is_empty(it.map)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "'%s' has no labels: every voxel is 0", map_path);
    }
    DN_TRY_GOTO(status, dn_path_scan_stem(map_path, &it.stem), done);
    plan_target(it.map, options->spacing, options->size, &it.target, it.centre);
    DN_TRY_GOTO(status, open_preview(options, it.stem, tissues, &it.preview), done);
    for (int64_t n = 0; n < options->count; ++n) {
        DN_TRY_GOTO(status, make_sample(&it, n), done);
        dn_progress(it.stem, n + 1, options->count);
    }
    status = close_preview(it.preview, options->folder, it.stem);
done:
    dn_head_picture_destroy(it.preview);
    free(it.stem);
    dn_labels_destroy(it.map);
    return dn_error_in_file(status, map_path);
}
