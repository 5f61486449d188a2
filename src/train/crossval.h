/* Cross-validation: k folds by subject, one model per fold, measured on the subjects that were held out.
 *
 * In the output folder: folds.tsv (who is where), fold-1/ ... (runs as `dien train` leaves them, with NAME-fold-1.safetensors and
 * evaluation.tsv), and at the end evaluation.tsv (every held-out scan once), crossval.tsv (mean and SD of each fold and of all), a box plot
 * of Dice by fold and a Bland-Altman plot of volumes for each structure. Each part is left alone once it is there, so a run that was
 * stopped continues in the middle of a fold.
 *
 * Networks that see volumes are trained and listed with the validation of their best step; their held-out scans go through
 * `dien segment` and `dien evaluate`. */
#ifndef DN_TRAIN_CROSSVAL_H
#define DN_TRAIN_CROSSVAL_H

#include "train/trainer.h"

typedef struct dn_crossval_options {
    int64_t folds, only;              /* only: this fold (from 1) and no tables of all; 0: every fold */
    int64_t steps;                    /* > 0 replaces training.steps */
    int64_t threads;                  /* >= 0 replaces training.threads */
    const char *output;               /* folder; NULL: the config's */
    const char *participants, *group; /* table and its column; NULL: one group */
    bool resume, restart, no_figure;
} dn_crossval_options;

/* path: of the config. DN_ECANCELLED after Ctrl-C, as dn_trainer_run. DN_EUSAGE: only is above folds, or the folder holds a
 * cross-validation and neither resume nor restart; DN_EDATA: resume with other folds than folds.tsv has. */
DN_CHECKED dn_status dn_crossval_run(const char *path, const dn_crossval_options *options);

#endif
