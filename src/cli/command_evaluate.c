/* dien evaluate: label maps against a truth. */
#include "cli/study_options.h"
#include "study/evaluate/evaluate.h"

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write evaluation.tsv, evaluation_summary.tsv, a box plot of Dice and Bland-Altman figures into this folder"},
    {.name = "structures",
     .kind = DN_OPTION_TEXT,
     .value = "LIST",
     .help = "what to compare, for example thalamus=10+49,csf=24,17: label numbers and ranges (801-805), joined by +; default: every label "
             "of the maps, and both sides of a structure together"},
    {.name = "translate",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table (TSV with the columns label and to) that changes the label numbers of the truth"},
    {.name = "translate-pred", .kind = DN_OPTION_FILE, .value = "FILE", .help = "the same for the predictions"},
    {.name = "resample", .kind = DN_OPTION_FLAG, .help = "resample a prediction onto the truth's grid if the grids differ"},
    {.name = "suffix",
     .kind = DN_OPTION_TEXT,
     .value = "TEXT",
     .preset = "_dseg.nii.gz",
     .help = "end of the predictions' file names; the text before it is the subject"},
    {.name = "times",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table (columns subject and seconds) of the time that each prediction took, as `dien segment --times` writes it"},
    {.name = "truth-suffix", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "the same for the truths (default: as --suffix)"},
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    const dn_evaluate_options how = {.predicted = dn_arguments_at(arguments, 0),
                                     .truth = dn_arguments_at(arguments, 1),
                                     .output = dn_study_output_of(arguments),
                                     .structures = dn_arguments_text(arguments, "structures"),
                                     .translate_truth = dn_arguments_text(arguments, "translate"),
                                     .translate_predicted = dn_arguments_text(arguments, "translate-pred"),
                                     .suffix = dn_arguments_text(arguments, "suffix"),
                                     .truth_suffix = dn_arguments_text(arguments, "truth-suffix"),
                                     .times = dn_arguments_text(arguments, "times"),
                                     .resample = dn_arguments_flag(arguments, "resample")};
    return dn_study_print(dn_study_evaluate(&how, &result), &result);
}

const dn_command dn_command_evaluate = {
    .name = "evaluate",
    .summary = "compare label maps with a truth",
    .positional = "PRED TRUTH",
    .positional_min = 2,
    .positional_max = 2,
    .options = options,
    .description =
        "PRED and TRUTH are two label maps, or two folders of label maps. For each structure dien gives Dice, intersection over union "
        "(IoU), precision, recall, Hausdorff distance, its 95th percentile, average surface distance (in mm, with the voxel spacing of "
        "each axis), both volumes, and with --times the seconds that the prediction took. For one subject these numbers are printed. For "
        "several subjects, their mean and standard deviation are printed, and the files in -o DIR have the rows of each subject.\n\nThe "
        "surface of a structure consists of its voxels that share a face with a voxel outside. Distances are exact, from voxel centre to "
        "voxel centre. The 95th percentile is taken over both directions together; the average is the mean of the means of both directions "
        "(the definitions of MedPy). mean_iou is the mean of two IoU: that of the structure and that of all other voxels of the image. "
        "Some papers call this IoU. A structure that only one of the two maps has gets Dice 0 and no distance. A structure that neither "
        "map has gets no row.\n\nThe seconds are the elapsed time of a whole scan, the same in each of its rows; n/a without --times.",
    .examples =
        "dien evaluate sub-01_dseg.nii.gz sub-01_truth.nii.gz\ndien evaluate out/ truth/ --truth-suffix _manual.nii.gz -o comparison\n"
        "dien evaluate a.nii.gz b.nii.gz --structures thalamus=10+49,hypothalamus=801-810",
    .run = run,
};
