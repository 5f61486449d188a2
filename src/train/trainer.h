/* The training loop: from samples to a model file, in a run that can be stopped and continued at any step.
 *
 * In the output folder: checkpoint.safetensors (every few minutes, at Ctrl-C and at the end), log.tsv (one row per several steps),
 * validation.tsv (Dice of each class), curves.svg/.pdf/.png, and at the end NAME.safetensors, the model of the lowest validation loss
 * (without validation: the last). A run that was stopped and resumed leaves the same files as one that was not. */
#ifndef DN_TRAIN_TRAINER_H
#define DN_TRAIN_TRAINER_H

#include "net/peers.h"
#include "train/config.h"

typedef struct dn_trainer_options {
    bool resume;        /* continue from the checkpoint in the output folder, if there is one */
    bool restart;       /* begin a new run, even if there is a checkpoint */
    int64_t stop_after; /* steps to do in this call, then save and return; 0: to the end */
    bool write_model;   /* no step: write the model file of the checkpoint that is there; DN_EINPUT where there is none */
    bool check;         /* no step and no file: everything that a run does before its first step, its first batch of samples included */
    bool no_figure;
    /* The other processes of the run: each has batch / count samples of every batch, the first writes all files. The run is that of one
     * process with the whole batch, but for rounding: the same samples, losses and statistics over all of them. NULL: alone. */
    const dn_peers *peers;
} dn_trainer_options;

typedef struct dn_trainer_result {
    bool finished;                  /* false: stopped by stop_after */
    int64_t step;                   /* steps done in all */
    int64_t best_step;              /* 0: no validation */
    double loss;                    /* smoothed over the last steps of this call; 0 when there were none */
    double seconds, seconds_waited; /* of this call; of it, waiting for samples */
    bool together;                  /* with peers: every process ends with this status; else this one failed, and the others wait */
    bool speaks;                    /* with peers: the message of a failure is this process's to show */
} dn_trainer_result;

/* One run at a time writes into the output folder: DN_EUSAGE for a second one. A run that has ended continues if config has more steps.
 * DN_ECANCELLED after Ctrl-C: everything is saved, and the message says how to continue. DN_EUSAGE: there is a checkpoint, and neither
 * resume nor restart; or the batch cannot be dealt out evenly to the processes. With peers DN_ECANCELLED also when another process died:
 * the last whole step is saved. DN_EFORMAT: the checkpoint is of another config or network. DN_EIO: cannot write; the last good checkpoint
 * is there.
 */
DN_CHECKED dn_status dn_trainer_run(const dn_train_config *config, const dn_trainer_options *options, dn_trainer_result *result);

#endif
