/* dien synth: scans and their truth from label maps. */
#include "base/file.h"
#include "base/install.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/random.h"
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cli/synth_scanners.h"
#include "image/io.h"
#include "synth/generator.h"
#include "synth/head_picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for scans and truths", .required = true},
    {.name = "count",
     .letter = 'n',
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "1",
     .help = "scans from each label map",
     .low = 1,
     .high = 100000},
    {.name = "seed",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "1",
     .help = "seed of the random numbers; equal seeds give equal files",
     .low = 0,
     .high = 4e9},
    {.name = "spacing", .kind = DN_OPTION_REAL, .value = "MM", .preset = "1", .help = "voxel size of the scans", .low = 0.2, .high = 10},
    {.name = "size",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "0",
     .help = "edge of a cube around the middle of the map; 0: the whole map",
     .low = 0,
     .high = 1000},
    {.name = "tissues",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "tissue table (TSV); without it the one that comes with dien, for FreeSurfer labels"},
    {.name = "from-scan",
     .kind = DN_OPTION_FLAG,
     .help = "the files are scans: show each as --count simulated scanners would (seed and settings go to scanners.tsv)"},
    {.name = "preview",
     .kind = DN_OPTION_FLAG,
     .help = "also draw the first twelve samples of each map, with and without their labels, into NAME_preview.png"},
    {.name = "plain", .kind = DN_OPTION_FLAG, .help = "no change of shape and no artefacts: only tissue contrast, blur and noise"},
    {0},
};

/* The grid of a sample, RAS, and the point of the map that lies in its middle. */
static void plan_target(const dn_labels *map, double spacing, double size, dn_grid *target, double centre[3])
{
    double low[3];
    double high[3];
    for (int corner = 0; corner < 8; ++corner) {
        double ijk[3];
        double xyz[3];
        for (int d = 0; d < 3; ++d) {
            ijk[d] = (corner >> d) & 1 ? (double)map->grid.dim[d] - 0.5 : -0.5;
        }
        dn_affine_apply(&map->grid.affine, ijk, xyz);
        for (int d = 0; d < 3; ++d) {
            low[d] = corner == 0 || xyz[d] < low[d] ? xyz[d] : low[d];
            high[d] = corner == 0 || xyz[d] > high[d] ? xyz[d] : high[d];
        }
    }
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

static dn_status write_pair(const dn_volume *scan, const dn_labels *truth, const char *folder, const char *stem, int64_t number)
{
    static const char *const suffix[2] = {"T1w", "dseg"};
    for (int what = 0; what < 2; ++what) {
        char *name = NULL;
        char *path = NULL;
        DN_TRY(dn_asprintf(&name, "%s_sample-%04" PRId64 "_%s.nii.gz", stem, number, suffix[what]));
        dn_status status = dn_path_join(folder, name, &path);
        if (status == DN_OK) {
            status = what == 0 ? dn_volume_write(scan, path, NULL) : dn_labels_write(truth, path, NULL);
        }
        free(path);
        free(name);
        DN_TRY(status);
    }
    return DN_OK;
}

static dn_status open_preview(const dn_arguments *arguments, const char *stem, int64_t count, const dn_tissues *tissues,
                              dn_head_picture **out)
{
    char *title = NULL;
    if (!dn_arguments_flag(arguments, "preview")) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&title, "%s: synthetic scans and their labels, seed %" PRId64, stem, dn_arguments_integer(arguments, "seed")));
    dn_status status = dn_head_picture_create(count < DN_HEAD_PICTURE_ROWS ? (int)count : DN_HEAD_PICTURE_ROWS, title, tissues, out);
    free(title);
    return status;
}

static dn_status close_preview(const dn_head_picture *preview, const char *folder, const char *stem)
{
    char *name = NULL;
    char *path = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s_preview.png", stem), done);
    DN_TRY_GOTO(status, dn_path_join(folder, name, &path), done);
    DN_TRY_GOTO(status, dn_head_picture_write(preview, path), done);
    dn_log(DN_LOG_NOTE, "picture: %s", path);
done:
    free(path);
    free(name);
    return status;
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

static dn_status make_samples(const char *map_path, const dn_tissues *tissues, const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    dn_labels *map = NULL;
    dn_head_picture *preview = NULL;
    char *stem = NULL;
    const char *folder = dn_arguments_text(arguments, "output");
    int64_t count = dn_arguments_integer(arguments, "count");
    uint64_t seed = (uint64_t)dn_arguments_integer(arguments, "seed");
    dn_synth_options how = dn_arguments_flag(arguments, "plain") ? dn_synth_plain() : dn_synth_defaults();
    dn_grid target;
    double centre[3];
    DN_TRY_GOTO(status, dn_labels_read(map_path, NULL, &map, NULL), done);
    if (is_empty(map)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "'%s' labels nothing: every voxel is 0", map_path);
    }
    DN_TRY_GOTO(status, dn_path_scan_stem(map_path, &stem), done);
    plan_target(map, dn_arguments_real(arguments, "spacing"), dn_arguments_real(arguments, "size"), &target, centre);
    DN_TRY_GOTO(status, open_preview(arguments, stem, count, tissues, &preview), done);
    for (int64_t n = 0; n < count; ++n) {
        dn_volume *scan = NULL;
        dn_labels *truth = NULL;
        dn_random random;
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        dn_random_seed_stream(&random, seed, (uint64_t)n);
        DN_TRY_GOTO(status, dn_synth_sample(map, tissues, &target, centre, &how, &random, &scan, &truth), done);
        status = write_pair(scan, truth, folder, stem, n + 1);
        if (status == DN_OK && preview != NULL && n < DN_HEAD_PICTURE_ROWS) {
            char caption[64];
            snprintf(caption, sizeof caption, "sample %" PRId64, n + 1);
            status = dn_head_picture_add(preview, scan, truth, caption);
        }
        dn_volume_destroy(scan);
        dn_labels_destroy(truth);
        DN_TRY_GOTO(status, status, done);
        dn_progress(stem, n + 1, count);
    }
    if (preview != NULL) {
        DN_TRY_GOTO(status, close_preview(preview, folder, stem), done);
    }
done:
    dn_head_picture_destroy(preview);
    status = dn_error_in_file(status, map_path);
    free(stem);
    dn_labels_destroy(map);
    return status;
}

static dn_status run(const dn_arguments *arguments)
{
    if (dn_arguments_flag(arguments, "from-scan")) {
        return dn_synth_scanners_run(arguments);
    }
    dn_status status = DN_OK;
    dn_tissues *tissues = NULL;
    char *found = NULL;
    const char **paths = NULL;
    size_t count = 0;
    const char *table = dn_arguments_text(arguments, "tissues");
    DN_TRY_GOTO(status, dn_scan_list(arguments, "_sample-0001_T1w.nii.gz", &paths, &count), done);
    if (table == NULL) {
        DN_TRY_GOTO(status, dn_install_path("synth/tissues.tsv", &found), done);
        table = found;
    }
    DN_TRY_GOTO(status, dn_tissues_read(table, &tissues), done);
    DN_TRY_GOTO(status, dn_path_make_folder(dn_arguments_text(arguments, "output")), done);
    dn_log(DN_LOG_NOTE, "seed %" PRId64, dn_arguments_integer(arguments, "seed"));
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, make_samples(paths[i], tissues, arguments), done);
    }
done:
    free(paths);
    dn_tissues_destroy(tissues);
    free(found);
    return status;
}

const dn_command dn_command_synth = {
    .name = "synth",
    .summary = "make scans with known labels from label maps",
    .positional = "LABELMAP...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Bends each label map smoothly, paints it as a T1-weighted scan (now and then in a free contrast) and adds what scanners "
        "add: partial volume, bias field, noise, gamma, blur, thick slices, ghosts, a stripped skull, a face cut away, a short field "
        "of view. Writes NAME_sample-0001_T1w.nii.gz and its truth, NAME_sample-0001_dseg.nii.gz.\n\n"
        "With --from-scan, the files are scans instead, and each is shown as --count simulated scanners would show it (resolution, coil "
        "profile, slice thickness, contrast, noise; scanner number n is the same for all scans): NAME_scanner-01_T1w.nii.gz. 'dien "
        "stability' takes the volumes measured on them.",
    .examples = "dien synth labels.nii.gz -o synthetic --count 20 --preview\ndien synth labels.nii.gz -o plain --plain --size 96\n"
                "dien synth head_T1w.nii.gz --from-scan -n 20 -o scanners",
    .run = run,
};
