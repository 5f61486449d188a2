/* One training from its config file to its model file, in this process alone or as one of several that mpirun has started. */
#ifndef DN_TRAIN_TRAIN_H
#define DN_TRAIN_TRAIN_H

#include "train/trainer.h"

typedef struct dn_train_order {
    const char *config;     /* path */
    const char *output;     /* folder of the run; NULL: the config's */
    int64_t steps;          /* length of the run; 0: the config's */
    bool own_threads;       /* the job has a number of threads that was asked for, which counts instead of the config's */
    bool check;             /* everything before the first step, and a summary in *summary; nothing else */
    const char *preview;    /* only draw the first training samples into this PNG file; NULL: train */
    dn_trainer_options how; /* check and peers are set here */
} dn_train_order;

/* *summary: "KEY<tab>VALUE" lines, owned by the caller; NULL without check and in all processes but the first. *speaks: whether a failure
 * is this process's to show; of several that failed together one shows it. Errors of dn_train_config_read, dn_trainer_run,
 * dn_sample_picture_write and dn_parallel_join. */
DN_CHECKED dn_status dn_train(const dn_train_order *order, char **summary, bool *speaks);

#endif
