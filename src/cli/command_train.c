/* dien train: trains a network from label maps or scans with labels, as a config says. */
#define _GNU_SOURCE /* _exit */
#include "base/job.h"
#include "base/memory.h"
#include "cli/command.h"
#include "train/parallel/parallel.h"
#include "train/sample_picture.h"
#include "train/trainer.h"

#include <inttypes.h>
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

static dn_status check(const dn_train_config *config)
{
    char hash[65];
    DN_TRY(dn_train_config_hash(config, hash));
    printf("name\t%s\narchitecture\t%s %s\n", config->name, config->architecture, config->architecture_config);
    printf("patch\t%" PRId64 " x %" PRId64 " x %" PRId64 " voxels of %g x %g x %g mm\n", config->patch[0], config->patch[1],
           config->patch[2], config->spacing[0], config->spacing[1], config->spacing[2]);
    printf("classes\t%" PRId64 "\nlabel_maps\t%zu\nscans\t%zu\n", config->class_count, config->training.map_count,
           config->training.pair_count);
    printf("validation\t%" PRId64 " samples from %zu label maps and %zu scans\n", config->validation_samples, config->validation.map_count,
           config->validation.pair_count);
    printf("steps\t%" PRId64 "\noutput\t%s\nconfig_sha256\t%s\n", config->steps, config->output, hash);
    return DN_OK;
}

/* One training, in one process or as one of several. */
static dn_status train(const dn_arguments *arguments, const dn_peers *peers, dn_trainer_result *result)
{
    dn_status status = DN_OK;
    dn_train_config *config = NULL;
    dn_trainer_options how = {.resume = dn_arguments_flag(arguments, "resume"),
                              .restart = dn_arguments_flag(arguments, "restart"),
                              .write_model = dn_arguments_flag(arguments, "write-model"),
                              .stop_after = dn_arguments_integer(arguments, "stop-after"),
                              .no_figure = dn_arguments_flag(arguments, "no-figure"),
                              .peers = peers};
    if (how.resume + how.restart + how.write_model > 1) {
        DN_FAIL(
            DN_EUSAGE,
            "--resume continues a run, --restart begins a new one, and --write-model only writes the model file; give only one of them");
    }
    DN_TRY(dn_peers_agree(peers, dn_train_config_read(dn_arguments_at(arguments, 0), dn_arguments_integer(arguments, "steps"), &config),
                          &result->speaks));
    if (dn_arguments_given(arguments, "output")) {
        free(config->output);
        config->output = NULL;
        DN_TRY_GOTO(status, dn_strdup(dn_arguments_text(arguments, "output"), &config->output), done);
    }
    if (dn_arguments_integer(arguments, "threads") > 0) {
        config->threads = 0; /* the option wins */
    }
    if (dn_arguments_flag(arguments, "check")) {
        how.check = true;
        DN_TRY_GOTO(status, dn_trainer_run(config, &how, result), done);
        status = peers == NULL || peers->rank == 0 ? check(config) : DN_OK;
        goto done;
    }
    if (dn_arguments_given(arguments, "preview")) {
        status = peers != NULL && peers->rank > 0 ? DN_OK : dn_sample_picture_write(config, dn_arguments_text(arguments, "preview"));
        goto done;
    }
    dn_log(DN_LOG_NOTE, "seed %" PRId64, config->seed);
    DN_TRY_GOTO(status, dn_trainer_run(config, &how, result), done);
    if (result->seconds > 0.0) {
        dn_log(DN_LOG_NOTE, "%s step %" PRId64 ", loss %.4f; %.1f s, of them %.1f %% waiting for samples",
               result->finished ? "done at" : "stopped and saved after", result->step, result->loss, result->seconds,
               100.0 * result->seconds_waited / result->seconds);
    }
done:
    dn_train_config_destroy(config);
    return status;
}

/* The first process speaks for all; another only of a failure that is its own. */
static dn_status train_among(const dn_arguments *arguments, dn_parallel *parallel)
{
    dn_trainer_result result = {.together = true, .speaks = true};
    const dn_peers *peers = dn_parallel_peers(parallel);
    const int rank = peers->rank;
    const int count = peers->count;
    dn_job quiet;
    dn_job *before = NULL;
    if (rank > 0) {
        dn_job_init(&quiet, NULL);
        dn_job_set_threads(&quiet, dn_threads_get());
        before = dn_job_enter(&quiet);
    }
    dn_status status = train(arguments, peers, &result);
    if (rank > 0) {
        dn_job_leave(before);
        dn_job_release(&quiet);
    }
    dn_parallel_leave(parallel, result.together);
    if (status != DN_OK && !result.speaks) {
        _exit(dn_status_exit_code(status));
    }
    return status != DN_OK && rank > 0 ? dn_error_context(status, "process %d of %d", rank + 1, count) : status;
}

static dn_status run(const dn_arguments *arguments)
{
    dn_parallel *parallel;
    dn_trainer_result result;
    DN_TRY(dn_parallel_join(&parallel));
    return parallel == NULL ? train(arguments, NULL, &result) : train_among(arguments, parallel);
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
