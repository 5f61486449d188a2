/* A run on disk: one safetensors file with weights, best weights, the optimizer's state, and how far it was.
 *
 * Arrays: "weight/NAME", "best/NAME", "optimizer...". Metadata: the config in canonical form, the state (doubles as hexadecimal floats, so
 * that nothing is rounded) and the logs as text. Written atomically: a full disk or a kill leaves the one before. */
#ifndef DN_TRAIN_CHECKPOINT_H
#define DN_TRAIN_CHECKPOINT_H

#include "net/train/optimizer.h"
#include "train/config.h"

typedef struct dn_train_state {
    int64_t step; /* optimizer steps done */
    dn_schedule_memory memory;
    double best_loss; /* of validation; of no meaning before best_step > 0 */
    int64_t best_step, waited;
    bool stopped; /* early */
    /* Sums since the last row of the log. */
    double loss, norm;
    int64_t batches;
    dn_loss_counts counts[DN_CLASS_LIMIT];
    char *log, *validation; /* texts of log.tsv and validation.tsv; owned */
} dn_train_state;

void dn_train_state_release(dn_train_state *state);

/* best: NULL before the first validation. DN_EIO: the file of before is still there. */
DN_CHECKED dn_status dn_checkpoint_write(const char *path, const dn_train_config *config, const dn_train_state *state,
                                         const dn_weights *weights, const dn_weights *best, const dn_optimizer *optimizer);
/* Fills state (released or zeroed before), the arrays of weights and, where there are any, of best (same names; *has_best says so), and
 * the optimizer. A config that only asks for another length (steps, epochs, patience) is the same run, prolonged. DN_EFORMAT: not a
 * checkpoint, or of another config (the sentence says what differs) or network; the run must not go on with what was filled then. */
DN_CHECKED dn_status dn_checkpoint_read(const char *path, const dn_train_config *config, dn_train_state *state, dn_weights *weights,
                                        dn_weights *best, bool *has_best, dn_optimizer *optimizer);
/* Copies all arrays that `to` has. DN_EFORMAT: one is missing under prefix + name, or has another shape; where: the file. */
DN_CHECKED dn_status dn_weights_take(dn_weights *to, const dn_weights *from, const char *prefix, const char *where);

#endif
