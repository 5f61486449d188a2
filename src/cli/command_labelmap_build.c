/* dien labelmap build: all steps from the scan of a hemisphere to label maps of whole heads. */
#include "cli/labelmap_options.h"
#include "labelmap/build.h"

#include <stdio.h>
#include <string.h>

/* "4-9" or "6". */
static dn_status range(const dn_arguments *arguments, int *low, int *high)
{
    const char *text = dn_arguments_text(arguments, "classes");
    char rest;
    if (sscanf(text, "%d-%d%c", low, high, &rest) == 2) {
        return DN_OK;
    }
    if (sscanf(text, "%d%c", low, &rest) == 1) {
        *high = *low;
        return DN_OK;
    }
    DN_FAIL(DN_EUSAGE, "--classes takes a number or a range (4-9), not \"%s\"", text);
}

static dn_status build(const dn_arguments *arguments)
{
    const uint64_t seed = (uint64_t)dn_arguments_integer(arguments, "seed");
    dn_build_options how = {.folder = dn_arguments_text(arguments, "output"),
                            .manual = dn_arguments_text(arguments, "manual"),
                            .orient = {.right = strcmp(dn_arguments_text(arguments, "side"), "right") == 0,
                                       .written = dn_arguments_text(arguments, "axes"),
                                       .tissues = dn_arguments_text(arguments, "tissues"),
                                       .spacing = dn_arguments_real(arguments, "spacing")},
                            .background = {.outside = (int)dn_arguments_integer(arguments, "outside"),
                                           .any_size = dn_arguments_flag(arguments, "any-size"),
                                           .seed = seed},
                            .wave_mm = dn_arguments_real(arguments, "wave"),
                            .radius = dn_arguments_real(arguments, "radius"),
                            .alpha = dn_arguments_real(arguments, "alpha")};
    how.classes.seed = seed;
    DN_TRY(range(arguments, &how.classes.low, &how.classes.high));
    return dn_labelmap_build(dn_arguments_at(arguments, 0), &how);
}

static const dn_option build_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "folder for the results of all steps",
     .required = true},
    {.name = "manual", .kind = DN_OPTION_FILE, .value = "FILE", .help = "label map that was drawn on the scan (FreeSurfer numbers)"},
    DN_OPTION_SIDE,
    DN_OPTION_AXES,
    {.name = "spacing", .kind = DN_OPTION_REAL, .value = "MM", .preset = "0.3", .low = 0.05, .high = 10, .help = "voxel size of the maps"},
    DN_OPTION_OUTSIDE,
    DN_OPTION_WAVE,
    {.name = "classes",
     .letter = 'k',
     .kind = DN_OPTION_TEXT,
     .value = "K|LOW-HIGH",
     .preset = "4-9",
     .help = "numbers of classes of tissue; one map for each"},
    DN_OPTION_RADIUS,
    DN_OPTION_ALPHA,
    DN_OPTION_ANY_SIZE,
    DN_OPTION_SEED,
    DN_OPTION_TISSUES,
    {0},
};

const dn_command dn_labelmap_build_command = {
    .name = "labelmap build",
    .summary = "make whole-head label maps from a hemisphere's scan",
    .positional = "SCAN",
    .positional_min = 1,
    .positional_max = 1,
    .options = build_options,
    .description =
        "Runs all steps: orient and resample, background, bias field, classes, merge, place, mirror. Each writes its results and a "
        "picture into DIR. The command can be stopped at any time: started again, it continues after the last finished step. A "
        "changed setting repeats its own step and those that depend on it.\n\n"
        "The scan is read plane by plane, so that scans of 0.1 mm need no more than 6 GB of memory.\n\n"
        "For NAME.nii.gz, the maps are NAME_k-4_dseg.nii.gz to NAME_k-9_dseg.nii.gz, with a tissue table for 'dien synth' each.",
    .examples = "dien labelmap build exvivo.nii.gz -o maps --manual manual.nii.gz\n"
                "dien labelmap build exvivo.nii.gz -o maps --manual manual.nii.gz --side right --classes 6",
    .run = build,
};
