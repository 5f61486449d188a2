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
     .help = "what to compare, as in thalamus=10+49,csf=24,17: label numbers and ranges (801-805), joined by +; without it every "
             "label that is there, and both sides together"},
    {.name = "translate", .kind = DN_OPTION_FILE, .value = "FILE", .help = "TSV (label, to) that renumbers the truth"},
    {.name = "translate-pred", .kind = DN_OPTION_FILE, .value = "FILE", .help = "the same for the prediction"},
    {.name = "resample", .kind = DN_OPTION_FLAG, .help = "bring predictions onto the truth's grid where grids differ"},
    {.name = "suffix",
     .kind = DN_OPTION_TEXT,
     .value = "TEXT",
     .preset = "_dseg.nii.gz",
     .help = "end of the names of predictions in a folder; what is before it is the subject"},
    {.name = "times",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table (subject, seconds) of how long the predictions took, as `dien segment --times` writes it"},
    {.name = "truth-suffix", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "the same for truths; without it as --suffix"},
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
        "PRED and TRUTH are two label maps, or two folders of them. Of each structure: Dice, intersection over union, precision, recall, "
        "Hausdorff distance, its 95th percentile, average surface distance (mm, with the voxels' own spacing along each axis), both "
        "volumes, and with --times the seconds that the prediction took. One subject is printed as it is; of several, mean and standard "
        "deviation are, "
        "and -o DIR has every row.\n\n"
        "The surface of a structure are its voxels that share a face with a voxel outside. Distances are exact, from centre to centre; "
        "the 95th percentile is taken over both directions together, the average is the mean of both directions' means (as MedPy has "
        "them). mean_iou is the mean of the structure's IoU and that of all else in the image, which some papers call IoU. A structure "
        "that only one side has gets Dice 0 and no distance; one that neither has gets no row.\n\n"
        "The seconds are of a whole scan, on the clock, and the same in each of its rows; n/a without --times.",
    .examples =
        "dien evaluate sub-01_dseg.nii.gz sub-01_truth.nii.gz\ndien evaluate out/ truth/ --truth-suffix _manual.nii.gz -o comparison\n"
        "dien evaluate a.nii.gz b.nii.gz --structures thalamus=10+49,hypothalamus=801-810",
    .run = run,
};
