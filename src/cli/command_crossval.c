/* dien crossval: k folds by subject, one model per fold, measured on the scans that were held out. */
#include "cli/command.h"
#include "train/crossval.h"

#include <stdio.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for all results, instead of the config's"},
    {.name = "folds", .kind = DN_OPTION_INTEGER, .value = "K", .preset = "5", .help = "number of folds", .low = 2, .high = 100},
    {.name = "participants",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table with participant_id and the column that --group names"},
    {.name = "group",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "column of that table; each fold then has about the same share of each group"},
    {.name = "fold",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .help = "train only this fold (several machines can share one folder); a last call with --resume and without --fold writes the tables",
     .low = 1,
     .high = 100},
    {.name = "resume", .kind = DN_OPTION_FLAG, .help = "continue where it was stopped, also in the middle of a fold"},
    {.name = "restart", .kind = DN_OPTION_FLAG, .help = "begin a new one, even if the folder already holds one"},
    {.name = "steps",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .help = "length of each fold's run, instead of the config's",
     .low = 1,
     .high = 1e9},
    {.name = "no-figure", .kind = DN_OPTION_FLAG, .help = "draw nothing"},
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    const dn_crossval_options how = {.folds = dn_arguments_integer(arguments, "folds"),
                                     .only = dn_arguments_integer(arguments, "fold"),
                                     .steps = dn_arguments_integer(arguments, "steps"),
                                     .threads = dn_arguments_integer(arguments, "threads") > 0 ? 0 : -1,
                                     .output = dn_arguments_given(arguments, "output") ? dn_arguments_text(arguments, "output") : NULL,
                                     .participants = dn_arguments_text(arguments, "participants"),
                                     .group = dn_arguments_text(arguments, "group"),
                                     .resume = dn_arguments_flag(arguments, "resume"),
                                     .restart = dn_arguments_flag(arguments, "restart"),
                                     .no_figure = dn_arguments_flag(arguments, "no-figure")};
    if (how.resume && how.restart) {
        DN_FAIL(DN_EUSAGE, "--resume continues a run and --restart begins a new one; give only one of them");
    }
    if ((how.participants == NULL) != (how.group == NULL)) {
        DN_FAIL(DN_EUSAGE, "--participants names the table and --group its column; give both or neither");
    }
    return dn_crossval_run(dn_arguments_at(arguments, 0), &how);
}

const dn_command dn_command_crossval = {
    .name = "crossval",
    .summary = "train and measure in folds (cross-validation)",
    .positional = "CONFIG",
    .positional_min = 1,
    .positional_max = 1,
    .options = options,
    .description = "Divides the subjects of CONFIG's scans (data and data.validation together) into K folds. For each fold it trains a "
                   "model on the other folds, as `dien train` does, and measures the model on the subjects of the fold itself, which were "
                   "held out. All scans and slices of a subject are in one fold. With --group, each fold has about the same share of each "
                   "group.\n\nDIR gets folds.tsv and one folder per fold: fold-1/ with NAME-fold-1.safetensors, and so on. For networks "
                   "that work on slices it also gets evaluation.tsv (one row per scan and structure, measured while the scan was held "
                   "out), crossval.tsv (mean and SD of each fold and of all folds), box plots of Dice by fold, and Bland-Altman plots of "
                   "volumes. For networks that work on volumes, crossval.tsv has the validation of each fold's best step.",
    .examples = "dien crossval configs/hypothalamus_2d.yaml -o folds\n"
                "dien crossval my.yaml -o folds --folds 5 --participants participants.tsv --group diagnosis\n"
                "dien crossval my.yaml -o folds --resume",
    .run = run,
};
