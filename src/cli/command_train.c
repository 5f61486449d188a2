/* dien train: trains a network from label maps or scans with labels, as a config says. */
#define _GNU_SOURCE /* _exit */
#include "cli/command.h"
#include "train/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for the run, instead of the config's"},
    {.name = "resume", .kind = DN_OPTION_FLAG, .help = "continue from the checkpoint in the folder, if there is one"},
    {.name = "restart", .kind = DN_OPTION_FLAG, .help = "begin a new run, even if the folder has a checkpoint"},
    {.name = "steps", .kind = DN_OPTION_INTEGER, .value = "N", .help = "length of the run, instead of the config's", .low = 1, .high = 1e9},
    {.name = "stop-after",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .help = "save and end after N steps of this call; --resume continues",
     .low = 1,
     .high = 1e9},
    {.name = "write-model",
     .kind = DN_OPTION_FLAG,
     .help = "write the model file with the best weights of the run's checkpoint, and end; a run in progress is not stopped"},
    {.name = "no-figure", .kind = DN_OPTION_FLAG, .help = "do not draw the curves"},
    {.name = "preview",
     .kind = DN_OPTION_FILE,
     .value = "FILE.png",
     .help = "draw the first training samples with their truth, and end",
     .written = true},
    {.name = "check",
     .kind = DN_OPTION_FLAG,
     .help = "do everything before the first step (read config and data, make the network and samples), print a summary, and end"},
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    const dn_train_order order = {.config = dn_arguments_at(arguments, 0),
                                  .output = dn_arguments_text(arguments, "output"),
                                  .steps = dn_arguments_integer(arguments, "steps"),
                                  .own_threads = dn_arguments_integer(arguments, "threads") > 0,
                                  .check = dn_arguments_flag(arguments, "check"),
                                  .preview = dn_arguments_text(arguments, "preview"),
                                  .how = {.resume = dn_arguments_flag(arguments, "resume"),
                                          .restart = dn_arguments_flag(arguments, "restart"),
                                          .write_model = dn_arguments_flag(arguments, "write-model"),
                                          .stop_after = dn_arguments_integer(arguments, "stop-after"),
                                          .no_figure = dn_arguments_flag(arguments, "no-figure")}};
    char *summary;
    bool speaks;
    if (order.how.resume + order.how.restart + order.how.write_model > 1) {
        DN_FAIL(
            DN_EUSAGE,
            "--resume continues a run, --restart begins a new one, and --write-model only writes the model file; give only one of them");
    }
    const dn_status status = dn_train(&order, &summary, &speaks);
    if (summary != NULL) {
        fputs(summary, stdout);
    }
    free(summary);
    if (status != DN_OK && !speaks) {
        _exit(dn_status_exit_code(status)); /* another of the processes shows the message */
    }
    return status;
}

const dn_command dn_command_train = {
    .name = "train",
    .summary = "train a network on label maps and scans",
    .positional = "CONFIG",
    .positional_min = 1,
    .positional_max = 1,
    .options = options,
    .description =
        "Trains the network that CONFIG describes (YAML; docs/manual/training.md explains every key, configs/ has examples). Training data "
        "are scans made from label maps, as `dien synth` makes them, or real scans with labels, or both. Samples are made while the "
        "network is trained.\n\n"
        "The run's folder gets log.tsv, validation.tsv, a figure of the curves, and checkpoint.safetensors every few minutes. At the end "
        "it gets NAME.safetensors, a model file for `dien segment --model` with the weights of the lowest validation loss. Ctrl-C saves "
        "and ends. --resume then gives the same numbers as a run that was not stopped, with the same number of threads. With more steps, "
        "epochs or patience, --resume also continues a run that has ended. Only one run at a time can write into a folder.\n\n"
        "`mpirun -n P dien train CONFIG` trains in P processes, on one machine or on several: each takes its part of every batch, so "
        "training.batch has to be a multiple of P. The result is that of one process, but for rounding (docs/manual/training.md).",
    .examples = "dien train configs/whole_head_coarse.yaml\ndien train configs/whole_head_coarse.yaml --resume\n"
                "dien train my.yaml -o trial --steps 50 --threads 2",
    .run = run,
};
