/* dien crossval: k folds by subject, a model a fold, measured on what was held out. */
#include "cli/command.h"
#include "train/crossval.h"

#include <stdio.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for all of it, in place of the config's"},
    {.name = "folds", .kind = DN_OPTION_INTEGER, .value = "K", .preset = "5", .help = "how many folds", .low = 2, .high = 100},
    {.name = "participants",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table with participant_id and the column that --group names"},
    {.name = "group",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "column of the participants; each fold gets its share of each group"},
    {.name = "fold",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .help = "only this fold, for several machines on one folder; --resume without it then makes the tables",
     .low = 1,
     .high = 100},
    {.name = "resume", .kind = DN_OPTION_FLAG, .help = "go on where it was stopped, in the middle of a fold too"},
    {.name = "restart", .kind = DN_OPTION_FLAG, .help = "begin again where there is one"},
    {.name = "steps",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .help = "length of each fold's run, in place of the config's",
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
        DN_FAIL(DN_EUSAGE, "--resume goes on and --restart begins again; give one of them");
    }
    if ((how.participants == NULL) != (how.group == NULL)) {
        DN_FAIL(DN_EUSAGE, "--participants names the table and --group its column; give both or neither");
    }
    if (how.only > how.folds) {
        DN_FAIL(DN_EUSAGE, "there is no fold %d of %d", (int)how.only, (int)how.folds);
    }
    return dn_crossval_run(dn_arguments_at(arguments, 0), &how);
}

const dn_command dn_command_crossval = {
    .name = "crossval",
    .summary = "train and measure in folds",
    .positional = "CONFIG",
    .positional_min = 1,
    .positional_max = 1,
    .options = options,
    .description =
        "Deals the subjects of CONFIG's scans (those of data and of data.validation together) into K folds, trains a model for each on the "
        "other folds as `dien train` does, and measures it on the subjects that were held out; they are its validation. Subjects are never "
        "split, whatever the number of their scans and slices; with --group each fold has its share of each group.\n\n"
        "DIR gets folds.tsv, fold-1/ and so on with NAME-fold-1.safetensors, and for networks that see slices evaluation.tsv (every scan "
        "once, held out), crossval.tsv (mean and SD of each fold and of all), box plots of Dice by fold and Bland-Altman plots of volumes; "
        "for "
        "networks that see volumes crossval.tsv has the validation of each fold's best step.",
    .examples = "dien crossval configs/hypothalamus_2d.yaml -o folds\n"
                "dien crossval my.yaml -o folds --folds 5 --participants participants.tsv --group diagnosis\n"
                "dien crossval my.yaml -o folds --resume",
    .run = run,
};
