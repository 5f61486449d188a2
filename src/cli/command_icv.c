/* dien icv: the intracranial volume by two thresholds or by a 2-D network. */
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/table.h"
#include "cli/command.h"
#include "cli/scan_list.h"
#include "image/io.h"
#include "models/store.h"
#include "prepare/frame_record.h"
#include "prepare/icv_thresholds.h"
#include "prepare/mask_picture.h"
#include "report/sidecars.h"
#include "segment/head/icv_slices.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for what is written", .required = true},
    {.name = "low",
     .kind = DN_OPTION_REAL,
     .value = "X",
     .help = "lower threshold, the scan's intensity; without it half of white matter's"},
    {.name = "high", .kind = DN_OPTION_REAL, .value = "X", .help = "upper threshold; without it 1.4 times white matter's intensity"},
    {.name = "fluid",
     .kind = DN_OPTION_REAL,
     .value = "X",
     .help = "intensity from which dark voxels around the brain are fluid, not bone; without it 0.15 of white matter's; 0: none are added"},
    {.name = "bridge",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "3",
     .help = "connections thinner than twice this break",
     .low = 0.1,
     .high = 20},
    {.name = "close",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "8",
     .help = "gaps narrower than twice this close",
     .low = 0.1,
     .high = 30},
    {.name = "model",
     .kind = DN_OPTION_TEXT,
     .value = "MODEL",
     .help = "a 2-D network instead of the thresholds, name or file; needs --frame"},
    {.name = "frame", .kind = DN_OPTION_FILE, .value = "FILE", .help = "the scan's _frame.json from 'dien prepare', for --model"},
    {.name = "geometry",
     .kind = DN_OPTION_TEXT,
     .value = "GRID",
     .preset = "512x512:0.5x0.5",
     .help = "slices for --model: SLICESxPIXELS:THICKNESSxPIXEL in mm"},
    {0},
};

/* STEM_desc-HOW_label-ICV_mask.nii.gz, STEM_desc-HOW_volumes.tsv, STEM_desc-HOW_icv.png; STEM_volumes.tsv is of 'dien segment'. */
static dn_status write_results(const char *folder, const char *stem, const char *how, const dn_volume *scan, const dn_scan_info *info,
                               const dn_labels *mask, double volume, const char *text)
{
    dn_status status = DN_OK;
    char *path = NULL, *suffix = NULL;
    dn_table *table = NULL;
    size_t row;
    dn_scan_write_options writing = dn_scan_write_like(info);
    writing.narrow = true;
    DN_TRY_GOTO(status, dn_asprintf(&suffix, "_desc-%s_label-ICV_mask.nii.gz", how), done);
    DN_TRY_GOTO(status, dn_output_path(folder, stem, suffix, &path), done);
    DN_TRY_GOTO(status, dn_labels_write(mask, path, &writing), done);
    free(path);
    path = NULL;
    DN_TRY_GOTO(status, dn_table_create("volumes", &table), done);
    DN_TRY_GOTO(status, dn_table_add_row(table, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(table, "structure", "icv"), done);
    DN_TRY_GOTO(status, dn_table_put_text(table, "hemi", "B"), done);
    DN_TRY_GOTO(status, dn_table_put_number(table, "volume_mm3", round(volume * 10.0) / 10.0), done);
    free(suffix);
    suffix = NULL;
    DN_TRY_GOTO(status, dn_asprintf(&suffix, "_desc-%s_volumes.tsv", how), done);
    DN_TRY_GOTO(status, dn_output_path(folder, stem, suffix, &path), done);
    DN_TRY_GOTO(status, dn_table_write(table, path), done);
    free(path);
    path = NULL;
    free(suffix);
    suffix = NULL;
    DN_TRY_GOTO(status, dn_asprintf(&suffix, "_desc-%s_icv.png", how), done);
    DN_TRY_GOTO(status, dn_output_path(folder, stem, suffix, &path), done);
    DN_TRY_GOTO(status, dn_mask_picture(scan, mask, stem, text, path), done);
    printf("%s\t%.0f mm3\n", stem, volume);
done:
    dn_table_destroy(table);
    free(suffix);
    return status;
}

static dn_status by_thresholds(const dn_arguments *arguments, const char *stem, const dn_volume *scan, const dn_scan_info *info)
{
    dn_icv_mark_options how = {.low = 0.0};
    dn_icv_mark mark;
    char text[320];
    DN_TRY(dn_icv_thresholds(scan, &how));
    how.low = dn_arguments_given(arguments, "low") ? dn_arguments_real(arguments, "low") : how.low;
    how.high = dn_arguments_given(arguments, "high") ? dn_arguments_real(arguments, "high") : how.high;
    how.fluid = dn_arguments_given(arguments, "fluid") ? dn_arguments_real(arguments, "fluid") : how.fluid;
    how.bridge_mm = dn_arguments_real(arguments, "bridge");
    how.close_mm = dn_arguments_real(arguments, "close");
    DN_TRY(dn_icv_mark_make(scan, &how, &mark));
    snprintf(text, sizeof text, "between %.4g and %.4g, fluid from %.4g: %.0f mL. A marking to check and correct, not a measurement.",
             how.low, how.high, how.fluid, mark.volume_mm3 / 1000.0);
    if (mark.touches_edge || mark.volume_mm3 > 2.2e6 || mark.volume_mm3 < 0.8e6) {
        dn_log(
            DN_LOG_WARNING,
            "%s: %.0f mL%s: the marking has leaked or is not whole; look at %s_desc-thresholds_icv.png and set --low, --high or --bridge",
            stem, mark.volume_mm3 / 1000.0, mark.touches_edge ? ", up to the scan's edge" : "", stem);
    }
    dn_status status =
        write_results(dn_arguments_text(arguments, "output"), stem, "thresholds", scan, info, mark.mask, mark.volume_mm3, text);
    dn_icv_mark_release(&mark);
    return status;
}

static dn_status geometry_of(const dn_arguments *arguments, dn_stack_geometry *out)
{
    const char *text = dn_arguments_text(arguments, "geometry");
    long long slices, pixels;
    char rest;
    *out = dn_stack_icv();
    if (sscanf(text, "%lldx%lld:%lfx%lf%c", &slices, &pixels, &out->thickness, &out->pixel, &rest) != 4 || slices < 1 || slices > 1024 ||
        pixels < 32 || pixels > 1024 || !(out->thickness > 0.05 && out->thickness < 20.0) || !(out->pixel > 0.05 && out->pixel < 20.0)) {
        DN_FAIL(DN_EUSAGE, "--geometry %s: should be SLICESxPIXELS:THICKNESSxPIXEL in mm, such as 512x512:0.5x0.5", text);
    }
    out->slices = slices;
    out->pixels = pixels;
    return DN_OK;
}

static dn_status by_network(const dn_arguments *arguments, const char *stem, const dn_volume *scan, const dn_scan_info *info)
{
    dn_status status = DN_OK;
    dn_frame frame;
    dn_stack_geometry geometry;
    dn_model *model = NULL;
    dn_icv_slices found = {.labels = NULL};
    char text[320];
    DN_TRY(geometry_of(arguments, &geometry));
    DN_TRY(dn_frame_read_json(dn_arguments_text(arguments, "frame"), &frame));
    DN_TRY_GOTO(status, dn_model_open(dn_arguments_text(arguments, "model"), &model), done);
    DN_TRY_GOTO(status, dn_icv_by_slices(model, scan, &frame, &geometry, &found), done);
    snprintf(text, sizeof text, "by %s on %lld slices in the AC-PC frame: %.0f mL", model->name, (long long)geometry.slices,
             found.volume_mm3 / 1000.0);
    status = write_results(dn_arguments_text(arguments, "output"), stem, "slices", scan, info, found.labels, found.volume_mm3, text);
done:
    dn_icv_slices_release(&found);
    dn_model_destroy(model);
    return status;
}

static dn_status one(const dn_arguments *arguments, const char *image)
{
    dn_status status = DN_OK;
    dn_volume *scan = NULL;
    dn_scan_info info;
    char *stem = NULL;
    DN_TRY(dn_path_scan_stem(image, &stem));
    DN_TRY_GOTO(status, dn_scan_read(image, NULL, &scan, &info), done);
    status =
        dn_arguments_given(arguments, "model") ? by_network(arguments, stem, scan, &info) : by_thresholds(arguments, stem, scan, &info);
done:
    dn_volume_destroy(scan);
    free(stem);
    return dn_error_in_file(status, image);
}

static dn_status run(const dn_arguments *arguments)
{
    const bool network = dn_arguments_given(arguments, "model");
    if (network != dn_arguments_given(arguments, "frame") || (network && dn_arguments_count(arguments) > 1)) {
        DN_FAIL(DN_EUSAGE, "--model and --frame go together, for one scan: 'dien prepare IMAGE -o DIR' makes its _frame.json");
    }
    const char **paths = NULL;
    size_t count = 0;
    DN_TRY(dn_scan_list(arguments, network ? "_desc-slices_icv.png" : "_desc-thresholds_icv.png", &paths, &count));
    dn_status status = dn_path_make_folder(dn_arguments_text(arguments, "output"));
    for (size_t i = 0; status == DN_OK && i < count; ++i) {
        status = dn_cancel_check();
        if (status == DN_OK) {
            status = one(arguments, paths[i]);
        }
    }
    free(paths);
    return status;
}

const dn_command dn_command_icv = {
    .name = "icv",
    .summary = "mark the intracranial volume by two thresholds, or by a 2-D network",
    .positional = "IMAGE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "For people who want truth for a network of their own, as the papers made it: marks the brain's tissue between two thresholds in "
        "one "
        "piece, closes it over the sulci, adds the rim of fluid, cuts it at the foramen magnum and smooths its surface. The thresholds "
        "come "
        "from the brightness of white matter; --low, --high and --fluid set them by hand. Look at the picture: bias and noise make such "
        "markings leak or lose fluid, and a warning names the plain cases. To measure ICV use 'dien segment', not this.\n\n"
        "With --model a 2-D network (a published efficientnetb0ICV.h5 after 'dien models import', or one from 'dien train') sees the scan "
        "as "
        "512 coronal slices of 512 x 512, 0.5 mm along each axis, in the AC-PC frame of --frame; what it marks comes back on the scan's "
        "own "
        "grid.\n\n"
        "For sub-01_T1w.nii.gz, DIR gets sub-01_desc-thresholds_label-ICV_mask.nii.gz, sub-01_desc-thresholds_volumes.tsv and "
        "sub-01_desc-thresholds_icv.png (with --model desc-slices in place of desc-thresholds).",
    .examples = "dien icv sub-01_T1w.nii.gz -o marked\n"
                "dien icv sub-01_T1w.nii.gz -o marked --low 240 --high 700\n"
                "dien icv sub-01_T1w.nii.gz -o icv --model efficientnetb0ICV --frame frames/sub-01_frame.json",
    .run = run,
};
