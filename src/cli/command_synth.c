/* dien synth: scans and their truth from label maps. */
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cohort/make_scans.h"

#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for scans and truths", .required = true},
    {.name = "count",
     .letter = 'n',
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "1",
     .help = "number of scans per label map",
     .low = 1,
     .high = 100000},
    {.name = "seed",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "1",
     .help = "seed of the random numbers; the same seed gives the same files",
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
    {.name = "contrast",
     .kind = DN_OPTION_CHOICE,
     .value = "WHICH",
     .preset = "mixed",
     .choices = "mixed|t1|any",
     .help = "t1: as in T1-weighted scans of people; any: a mean and a spread at random for each tissue, as in scans of any kind "
             "(files end in _MR); mixed: one scan in five of any kind, as for the training of the shipped networks"},
    {.name = "slices",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "0",
     .help = "thickness of slices; 0: voxels are cubes",
     .low = 0,
     .high = 20},
    {.name = "plane",
     .kind = DN_OPTION_CHOICE,
     .value = "PLANE",
     .preset = "random",
     .choices = "random|sagittal|coronal|axial",
     .help = "of the slices"},
    {.name = "variation",
     .kind = DN_OPTION_REAL,
     .value = "SHARE",
     .preset = "0",
     .help = "largest change of brightness inside a structure, along a direction and in patches, as a share of the brightest tissue's",
     .low = 0,
     .high = 1},
    {.name = "borders",
     .kind = DN_OPTION_REAL,
     .value = "SHARE",
     .preset = "0",
     .help =
         "how much fluid and grey matter show beyond their labels, as they do beyond FreeSurfer's on real scans, with dark rims of white "
         "matter beside the ventricles; 1: as measured",
     .low = 0,
     .high = 1},
    {.name = "tissues",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "tissue table (TSV; default: the table that comes with dien, for FreeSurfer labels)"},
    {.name = "from-scan",
     .kind = DN_OPTION_FLAG,
     .help = "the files are scans, not label maps: show each as --count simulated scanners would (seed and settings are in scanners.tsv)"},
    {.name = "preview",
     .kind = DN_OPTION_FLAG,
     .help = "also draw the first twelve samples of each map, with and without their labels, into NAME_preview.png"},
    {.name = "plain", .kind = DN_OPTION_FLAG, .help = "no change of shape and no artefacts: only tissue contrast, blur and noise"},
    {0},
};

/* What the options say of the samples. */
static dn_samples_options samples_of(const dn_arguments *arguments)
{
    static const char *const planes[] = {"sagittal", "coronal", "axial"};
    const char *contrast = dn_arguments_text(arguments, "contrast");
    const bool any = strcmp(contrast, "any") == 0;
    dn_samples_options how = {.folder = dn_arguments_text(arguments, "output"),
                              .count = dn_arguments_integer(arguments, "count"),
                              .seed = (uint64_t)dn_arguments_integer(arguments, "seed"),
                              .spacing = dn_arguments_real(arguments, "spacing"),
                              .slice_mm = dn_arguments_real(arguments, "slices"),
                              .slice_axis = -1,
                              .kind = any ? "MR" : "T1w",
                              .size = dn_arguments_real(arguments, "size"),
                              .preview = dn_arguments_flag(arguments, "preview"),
                              .how = dn_arguments_flag(arguments, "plain") ? dn_synth_plain() : dn_synth_defaults()};
    for (int axis = 0; axis < 3; ++axis) {
        how.slice_axis = strcmp(dn_arguments_text(arguments, "plane"), planes[axis]) == 0 ? axis : how.slice_axis;
    }
    dn_appearance_options *look = &how.how.appearance;
    if (strcmp(contrast, "mixed") != 0) {
        look->free_contrast_probability = any ? 1.0 : 0.0;
    }
    if (how.slice_mm > 0.0) {
        look->thick_probability = 0.0; /* these slices are read back on cubes */
    }
    look->inner.gradient = look->inner.texture = dn_arguments_real(arguments, "variation");
    look->border.share = dn_arguments_real(arguments, "borders");
    look->border.rim_probability = 0.6 * look->border.share;
    return how;
}

static dn_status run(const dn_arguments *arguments)
{
    static const char *const of_maps[] = {"contrast", "slices", "plane", "variation", "borders"};
    const bool from_scan = dn_arguments_flag(arguments, "from-scan");
    const dn_samples_options how = samples_of(arguments);
    const char **paths = NULL;
    size_t count = 0;
    for (size_t i = 0; from_scan && i < sizeof of_maps / sizeof *of_maps; ++i) {
        if (dn_arguments_given(arguments, of_maps[i])) {
            DN_FAIL(DN_EUSAGE, "--%s is for label maps; --from-scan shows scans as they are, through other scanners", of_maps[i]);
        }
    }
    DN_TRY(dn_scan_list(arguments,
                        from_scan                      ? "_scanner-01_T1w.nii.gz"
                        : strcmp(how.kind, "T1w") == 0 ? "_sample-0001_T1w.nii.gz"
                                                       : "_sample-0001_MR.nii.gz",
                        &paths, &count));
    dn_status status = from_scan ? dn_make_scanner_copies(paths, count, how.seed, how.count, how.folder)
                                 : dn_make_samples(paths, count, dn_arguments_text(arguments, "tissues"), &how);
    free(paths);
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
        "Changes the shape of each label map smoothly, gives each tissue the intensity of a T1-weighted scan (sometimes of a random "
        "contrast), and adds the effects of real scans: partial volume, bias field, noise, gamma, blur, thick slices, ghosts, a stripped "
        "skull, a removed face, a short field of view. Writes NAME_sample-0001_T1w.nii.gz and its truth, NAME_sample-0001_dseg.nii.gz. "
        "--contrast, --slices, --plane, --variation and --borders make scans of other kinds.\n\n"
        "With --from-scan, the files are scans, and each is written as --count simulated scanners would show it (resolution, coil profile, "
        "slice thickness, contrast, noise; scanner number n is the same for all scans): NAME_scanner-01_T1w.nii.gz. Measure these scans "
        "and give the volumes to 'dien stability'.\n\nIf one of several files fails, it is named, the others are done, and the exit code "
        "is 6.",
    .examples = "dien synth labels.nii.gz -o synthetic --count 20 --preview\ndien synth labels.nii.gz -o plain --plain --size 96\n"
                "dien synth head_T1w.nii.gz --from-scan -n 20 -o scanners",
    .run = run,
};
