/* dien labelmap: makes label maps from scans (command_labelmap_*.c), an average of many, and turns one into its AC-PC frame. */
#include "cli/labelmap_options.h"
#include "labelmap/average.h"
#include "labelmap/turn.h"

#include <stdio.h>

static dn_status average(const dn_arguments *arguments)
{
    const dn_average_options how = {.tissues = dn_arguments_text(arguments, "tissues"),
                                    .spacing = dn_arguments_real(arguments, "spacing"),
                                    .rounds = (int)dn_arguments_integer(arguments, "rounds")};
    return dn_labelmap_average(dn_arguments_from(arguments, 0), dn_arguments_count(arguments), &how,
                               dn_arguments_text(arguments, "output"));
}

static dn_status frame(const dn_arguments *arguments)
{
    const char *text = dn_arguments_text(arguments, "frame");
    dn_turn_options how = {.tissues = dn_arguments_text(arguments, "tissues"), .spacing = dn_arguments_real(arguments, "spacing")};
    char rest;
    if (sscanf(text, "%lf,%lf,%lf,%lf%c", &how.ac[0], &how.ac[1], &how.pc[0], &how.pc[1], &rest) != 4) {
        DN_FAIL(DN_EUSAGE, "--frame takes four numbers ACY,ACZ,PCY,PCZ in mm, not \"%s\"", text);
    }
    return dn_labelmap_turn(dn_arguments_at(arguments, 0), &how, dn_arguments_text(arguments, "output"));
}

/* What both take. */
#define OPTIONS_TARGET                                                                                                                     \
    {.name = "output",                                                                                                                     \
     .letter = 'o',                                                                                                                        \
     .kind = DN_OPTION_FILE,                                                                                                               \
     .value = "FILE",                                                                                                                      \
     .help = "label map to write (.nii.gz)",                                                                                               \
     .required = true,                                                                                                                     \
     .written = true},                                                                                                                     \
    {                                                                                                                                      \
        .name = "spacing", .kind = DN_OPTION_REAL, .value = "MM", .preset = "1", .help = "voxel size of the map", .low = 0.2, .high = 10   \
    }

static const dn_option average_options[] = {
    OPTIONS_TARGET,
    {.name = "rounds",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "4",
     .help = "rounds of smooth alignment after the affine alignment; 0: affine alignment only",
     .low = 0,
     .high = 100},
    DN_OPTION_TISSUES,
    {0},
};

static const dn_command average_command = {
    .name = "labelmap average",
    .summary = "make one average label map of many people",
    .positional = "MAP...",
    .positional_min = 1,
    .positional_max = -1,
    .options = average_options,
    .description = "The maps (FreeSurfer numbers) are aligned to their mean shape: first by an affine transform per map, which fits the "
                   "centroids of its structures, then by a smooth displacement. Each voxel of the result gets the label that most of the "
                   "maps and their mirror images have there. The result is symmetric about x = 0.",
    .examples = "dien labelmap average maps/*.nii.gz -o average.nii.gz",
    .run = average,
};

static const dn_option frame_options[] = {
    OPTIONS_TARGET,
    {.name = "frame",
     .kind = DN_OPTION_TEXT,
     .value = "ACY,ACZ,PCY,PCZ",
     .help = "AC and PC in the map, mm: AC becomes the origin, PC lies on -y",
     .required = true},
    DN_OPTION_TISSUES,
    {0},
};

static const dn_command frame_command = {
    .name = "labelmap frame",
    .summary = "turn an average label map into the AC-PC frame",
    .positional = "MAP",
    .positional_min = 1,
    .positional_max = 1,
    .options = frame_options,
    .description = "Turns the result of 'dien labelmap average' into the AC-PC frame. Do not use it for other maps: the result is made "
                   "symmetric again.",
    .examples = "dien labelmap frame average.nii.gz -o head.nii.gz --frame 17.2,8.0,-11.8,-3.9",
    .run = frame,
};

static const dn_command *const subcommands[] = {
    &dn_labelmap_build_command,
    &dn_labelmap_orient_command,
    &dn_labelmap_resample_command,
    &dn_labelmap_background_command,
    &dn_labelmap_bias_command,
    &dn_labelmap_classes_command,
    &dn_labelmap_merge_command,
    &dn_labelmap_place_command,
    &dn_labelmap_mirror_command,
    &dn_labelmap_subdivide_command,
    &average_command,
    &frame_command,
    NULL,
};

const dn_command dn_command_labelmap = {
    .name = "labelmap",
    .summary = "label maps from scans of hemispheres, and averages of label maps",
    .description = "`build` makes label maps of whole heads from a high-resolution scan of one hemisphere and labels drawn on it "
                   "(Rodrigues et al. 2024); each of its steps is a command, too. `make template` makes the template of dien with "
                   "`average` and `frame`.",
    .examples = "dien labelmap build exvivo.nii.gz -o maps --manual manual.nii.gz\n"
                "dien labelmap average maps/*.nii.gz -o average.nii.gz\n"
                "dien labelmap frame average.nii.gz -o head.nii.gz --frame 17.2,8.0,-11.8,-3.9",
    .subcommands = subcommands,
};
