/* dien icv: the intracranial volume by two thresholds or by a 2-D network. */
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cohort/mark_icv.h"

#include <math.h>
#include <stdlib.h>

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
     .preset = "published",
     .help = "slices for --model: published (512x512:0.5x0.5), quarter (512x256:0.5x1), or SLICESxPIXELS:THICKNESSxPIXEL in mm"},
    {0},
};

static double given_or_nan(const dn_arguments *arguments, const char *name)
{
    return dn_arguments_given(arguments, name) ? dn_arguments_real(arguments, name) : (double)NAN;
}

static dn_status run(const dn_arguments *arguments)
{
    const dn_line_sink results = dn_print_lines();
    const dn_stack_geometry published = dn_stack_icv();
    dn_mark_icv_options how = {.folder = dn_arguments_text(arguments, "output"),
                               .low = given_or_nan(arguments, "low"),
                               .high = given_or_nan(arguments, "high"),
                               .fluid = given_or_nan(arguments, "fluid"),
                               .bridge_mm = dn_arguments_real(arguments, "bridge"),
                               .close_mm = dn_arguments_real(arguments, "close"),
                               .model = dn_arguments_text(arguments, "model"),
                               .frame = dn_arguments_text(arguments, "frame"),
                               .results = &results};
    const char **paths = NULL;
    size_t count = 0;
    if ((how.model != NULL) != (how.frame != NULL) || (how.model != NULL && dn_arguments_count(arguments) > 1)) {
        DN_FAIL(DN_EUSAGE, "--model and --frame go together, for one scan: 'dien prepare IMAGE -o DIR' makes its _frame.json");
    }
    DN_TRY(dn_geometry_option(arguments, &published, &how.geometry));
    DN_TRY(dn_scan_list(arguments, how.model != NULL ? "_desc-slices_icv.png" : "_desc-thresholds_icv.png", &paths, &count));
    dn_status status = dn_mark_icv(paths, count, &how);
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
        "sub-01_desc-thresholds_icv.png (with --model desc-slices in place of desc-thresholds).\n\n"
        "Of several files, one that cannot be done is named and does not stop the others (exit code 6).",
    .examples = "dien icv sub-01_T1w.nii.gz -o marked\n"
                "dien icv sub-01_T1w.nii.gz -o marked --low 240 --high 700\n"
                "dien icv sub-01_T1w.nii.gz -o icv --model efficientnetb0ICV --frame frames/sub-01_frame.json",
    .run = run,
};
