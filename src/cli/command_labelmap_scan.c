/* dien labelmap orient, resample, background, bias, classes: the steps from a scan to classes of its tissue. */
#include "base/memory.h"
#include "cli/labelmap_options.h"
#include "image/label_list.h"
#include "labelmap/background.h"
#include "labelmap/classes.h"
#include "labelmap/correct.h"
#include "labelmap/orient.h"

#include <string.h>

static dn_status orient(const dn_arguments *arguments)
{
    const dn_orient_options how = {.right = strcmp(dn_arguments_text(arguments, "side"), "right") == 0,
                                   .written = dn_arguments_text(arguments, "axes"),
                                   .tissues = dn_arguments_text(arguments, "tissues")};
    return dn_labelmap_orient(dn_arguments_at(arguments, 0), dn_arguments_flag(arguments, "labels"), &how,
                              dn_arguments_text(arguments, "output"));
}

static dn_status resample(const dn_arguments *arguments)
{
    const dn_orient_options how = {.right = strcmp(dn_arguments_text(arguments, "side"), "right") == 0,
                                   .written = dn_arguments_text(arguments, "axes"),
                                   .tissues = dn_arguments_text(arguments, "tissues"),
                                   .spacing = dn_arguments_real(arguments, "spacing")};
    return dn_labelmap_orient(dn_arguments_at(arguments, 0), dn_arguments_flag(arguments, "labels"), &how,
                              dn_arguments_text(arguments, "output"));
}

static dn_status background(const dn_arguments *arguments)
{
    const dn_background_options how = {.classes = (int)dn_arguments_integer(arguments, "intensities"),
                                       .outside = (int)dn_arguments_integer(arguments, "outside"),
                                       .any_size = dn_arguments_flag(arguments, "any-size"),
                                       .seed = (uint64_t)dn_arguments_integer(arguments, "seed")};
    return dn_labelmap_background(dn_arguments_at(arguments, 0), &how, dn_arguments_text(arguments, "output"), NULL);
}

static dn_status bias(const dn_arguments *arguments)
{
    const dn_bias_options how = {.wave_mm = dn_arguments_real(arguments, "wave"),
                                 .seed = (uint64_t)dn_arguments_integer(arguments, "seed")};
    return dn_labelmap_bias(dn_arguments_at(arguments, 0), dn_arguments_text(arguments, "mask"), &how,
                            dn_arguments_text(arguments, "output"), dn_arguments_text(arguments, "field"));
}

static dn_status classes(const dn_arguments *arguments)
{
    const int k = (int)dn_arguments_integer(arguments, "classes");
    const dn_classes_options how = {.low = k, .high = k, .seed = (uint64_t)dn_arguments_integer(arguments, "seed")};
    const char *output = dn_arguments_text(arguments, "output");
    return dn_labelmap_classes(dn_arguments_at(arguments, 0), dn_arguments_text(arguments, "mask"), &how, &output);
}

static const dn_option orient_options[] = {
    DN_OPTION_MAP_OUTPUT, DN_OPTION_SIDE,
    DN_OPTION_AXES,       {.name = "labels", .kind = DN_OPTION_FLAG, .help = "the file is a label map"},
    DN_OPTION_TISSUES,    {0},
};

const dn_command dn_labelmap_orient_command = {
    .name = "labelmap orient",
    .summary = "bring a hemisphere's scan to RAS, a right one to the left",
    .positional = "SCAN",
    .positional_min = 1,
    .positional_max = 1,
    .options = orient_options,
    .description =
        "Permutes and flips the voxel axes so that they run to the right, front and top. No value is interpolated. A scan of more "
        "than 1073 million voxels does not fit: 'dien labelmap resample' does the same while it reads the scan plane by plane.",
    .examples = "dien labelmap orient exvivo.nii.gz -o oriented.nii.gz --side right",
    .run = orient,
};

static const dn_option resample_options[] = {
    DN_OPTION_MAP_OUTPUT,
    {.name = "spacing",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "0.3",
     .low = 0.05,
     .high = 10,
     .help = "voxel size of the result"},
    {.name = "labels",
     .kind = DN_OPTION_FLAG,
     .help = "the file is a label map: a voxel of the result gets the label with the largest share of it"},
    DN_OPTION_SIDE,
    DN_OPTION_AXES,
    DN_OPTION_TISSUES,
    {0},
};

const dn_command dn_labelmap_resample_command = {
    .name = "labelmap resample",
    .summary = "resample and orient a scan or labels of any size",
    .positional = "SCAN",
    .positional_min = 1,
    .positional_max = 1,
    .options = resample_options,
    .description = "Reads the file plane by plane, so that a scan of any size needs the memory of its result only. A new voxel is the mean "
                   "of what it covers. The result has RAS orientation, as after 'dien labelmap orient'.",
    .examples = "dien labelmap resample exvivo.nii.gz -o resampled.nii.gz\n"
                "dien labelmap resample manual.nii.gz -o manual_resampled.nii.gz --labels",
    .run = resample,
};

static const dn_option background_options[] = {
    DN_OPTION_MAP_OUTPUT,
    DN_OPTION_OUTSIDE,
    {.name = "intensities",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "5",
     .low = 2,
     .high = 12,
     .help = "classes of intensity of the mixture"},
    DN_OPTION_ANY_SIZE,
    DN_OPTION_SEED,
    {0},
};

const dn_command dn_labelmap_background_command = {
    .name = "labelmap background",
    .summary = "mark the brain, without background and packing",
    .positional = "SCAN",
    .positional_min = 1,
    .positional_max = 1,
    .options = background_options,
    .description =
        "Fits a mixture of Gaussians and a bias field to the scan (Puonti et al. 2016), on any contrast. The classes of intensity "
        "that lie outside are background and packing: from the edge of the scan inwards, as many as leave the volume of a "
        "hemisphere. The result is a mask. Look at the picture: if the fluid around the brain is as bright as tissue, it cannot "
        "be removed by intensity.",
    .examples = "dien labelmap background resampled.nii.gz -o brain.nii.gz",
    .run = background,
};

static const dn_option bias_options[] = {
    DN_OPTION_MAP_OUTPUT,
    {.name = "mask", .kind = DN_OPTION_FILE, .value = "FILE", .required = true, .help = "mask of the brain on the grid of the scan"},
    {.name = "field", .kind = DN_OPTION_FILE, .value = "FILE", .written = true, .help = "also write the field itself"},
    DN_OPTION_WAVE,
    DN_OPTION_SEED,
    {0},
};

const dn_command dn_labelmap_bias_command = {
    .name = "labelmap bias",
    .summary = "correct the bias field of a hemisphere's scan",
    .positional = "SCAN",
    .positional_min = 1,
    .positional_max = 1,
    .options = bias_options,
    .description = "Finds a smooth field that multiplies the scan, together with classes of intensity, and divides the scan by it (Van "
                   "Leemput et al. 1999). Outside the mask the result is 0.",
    .examples = "dien labelmap bias resampled.nii.gz -o corrected.nii.gz --mask brain.nii.gz --field bias.nii.gz",
    .run = bias,
};

static const dn_option classes_options[] = {
    DN_OPTION_MAP_OUTPUT,
    {.name = "classes",
     .letter = 'k',
     .kind = DN_OPTION_INTEGER,
     .value = "K",
     .preset = "6",
     .low = -1000,
     .high = 1000,
     .help = "number of classes, 2 to 20"},
    {.name = "mask", .kind = DN_OPTION_FILE, .value = "FILE", .help = "mask of the brain (default: every voxel that is not 0)"},
    DN_OPTION_SEED,
    {0},
};

const dn_command dn_labelmap_classes_command = {
    .name = "labelmap classes",
    .summary = "divide tissue into classes by its intensity (k-means)",
    .positional = "SCAN",
    .positional_min = 1,
    .positional_max = 1,
    .options = classes_options,
    .description = "k-means of the intensities, started by k-means++. The classes are labels 30001 (darkest), 30002, ...",
    .examples = "dien labelmap classes corrected.nii.gz -o classes.nii.gz --mask brain.nii.gz -k 6",
    .run = classes,
};
