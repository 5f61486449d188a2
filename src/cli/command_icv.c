/* dien icv: the intracranial volume by two thresholds or by a 2-D network. */
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cohort/mark_icv.h"

#include <math.h>
#include <stdlib.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for the results", .required = true},
    {.name = "low",
     .kind = DN_OPTION_REAL,
     .value = "X",
     .help = "lower threshold, in the scan's intensity (default: 0.5 times that of white matter)"},
    {.name = "high", .kind = DN_OPTION_REAL, .value = "X", .help = "upper threshold (default: 1.4 times the intensity of white matter)"},
    {.name = "fluid",
     .kind = DN_OPTION_REAL,
     .value = "X",
     .help = "dark voxels around the brain from this intensity on are fluid, not bone (default: 0.15 times the intensity of white matter; "
             "0: no fluid is added)"},
    {.name = "bridge",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "3",
     .help = "connections thinner than twice this are cut",
     .low = 0.1,
     .high = 20},
    {.name = "close",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "8",
     .help = "gaps narrower than twice this are closed",
     .low = 0.1,
     .high = 30},
    {.name = "model",
     .kind = DN_OPTION_TEXT,
     .value = "MODEL",
     .help = "2-D network (name or file) that replaces the thresholds; needs --frame"},
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
        DN_FAIL(DN_EUSAGE, "--model and --frame go together, for one scan; 'dien prepare IMAGE -o DIR' makes its _frame.json");
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
        "This command is for people who need training data for a network of their own. To measure ICV, use 'dien segment'.\n\nIt marks the "
        "connected tissue of the brain between two thresholds, closes the sulci, adds the rim of fluid, cuts at the foramen magnum, and "
        "smooths the surface. The thresholds are found from the brightness of white matter; --low, --high and --fluid set them by hand. "
        "Look at the picture afterwards: with an uneven coil or noise such a marking can leak or lose fluid. A warning is given only in "
        "clear cases.\n\nWith --model, a 2-D network (a published efficientnetb0ICV.h5 after 'dien models import', or one of 'dien train') "
        "marks the volume instead. It runs on 512 coronal slices of 512 x 512 pixels, 0.5 mm along each axis, in the AC-PC frame of "
        "--frame. The result is written on the scan's own grid.\n\n"
        "For sub-01_T1w.nii.gz, DIR gets sub-01_desc-thresholds_label-ICV_mask.nii.gz, sub-01_desc-thresholds_volumes.tsv and "
        "sub-01_desc-thresholds_icv.png (with --model desc-slices in place of desc-thresholds).\n\nIf one of several files fails, it is "
        "named, the others are done, and the exit code is 6.",
    .examples = "dien icv sub-01_T1w.nii.gz -o marked\n"
                "dien icv sub-01_T1w.nii.gz -o marked --low 240 --high 700\n"
                "dien icv sub-01_T1w.nii.gz -o icv --model efficientnetb0ICV --frame frames/sub-01_frame.json",
    .run = run,
};
