/* What the files of the training loop share. For trainer*.c only.
 *
 *   trainer.c          the loop over steps, validation, what is saved
 *   trainer_prepare.c  network, data, checkpoint: everything before the first step
 *   trainer_model.c    the model file at the end */
#ifndef DN_TRAIN_TRAINER_PRIVATE_H
#define DN_TRAIN_TRAINER_PRIVATE_H

#include "base/lock.h"
#include "models/model.h"
#include "net/train/train_plan.h"
#include "train/checkpoint.h"
#include "train/dataset.h"
#include "train/trainer.h"

typedef struct dn_trainer {
    const dn_train_config *config;
    const dn_trainer_options *options;
    char *checkpoint; /* path */
    dn_dataset *dataset;
    dn_queue *queue;
    dn_weights *weights, *best;
    bool has_best;
    dn_train_plan *plan;
    dn_optimizer *optimizer;
    dn_train_state state;
    const dn_peers *peers; /* NULL: alone */
    int64_t batch;         /* samples of a batch that this process has */
    int64_t voxels;        /* of these */
    dn_weights *running;   /* with peers: what a forward pass changes, as it was before the step */
    float *input;          /* one batch */
    uint8_t *targets;
    float *soft; /* its probabilities; NULL: there are none */
    /* Validation, made once: rounds of one batch each. */
    int64_t rounds;
    float *validation_input;
    uint8_t *validation_targets;
    float *validation_soft;
    double began, saved, logged; /* seconds */
    int64_t first_step;
    dn_folder_lock lock;
    double smooth_loss; /* what the bar shows */
    double dice;
} dn_trainer;

/* Whether this process writes the run's files and messages. */
static inline bool dn_trainer_writes(const dn_trainer *t)
{
    return t->peers == NULL || t->peers->rank == 0;
}

/* Everything before the first step. t: config and options are set, the rest zero; to be released also after a failure. */
DN_CHECKED dn_status dn_trainer_prepare(dn_trainer *t);
void dn_trainer_release(dn_trainer *t);
/* The model of these weights, checked, and where it belongs; both owned by the caller, NULL on failure. */
DN_CHECKED dn_status dn_trainer_make_model(const dn_trainer *t, const dn_weights *from, dn_model **out, char **path);
/* NAME.safetensors: the best weights (or the last, by `keep`) with everything that a reader has to know. */
DN_CHECKED dn_status dn_trainer_write_model(dn_trainer *t);

#endif
