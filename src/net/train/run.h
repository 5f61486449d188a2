/* The passes of a training plan. For train_*.c only. */
#ifndef DN_NET_TRAIN_RUN_H
#define DN_NET_TRAIN_RUN_H

#include "net/train/internal.h"

typedef struct dn_train_batch {
    const float *const *inputs;
    const dn_targets *targets;
    bool training;
    double scale;
    dn_loss_result *result;
    dn_loss_counts *counts;
} dn_train_batch;

DN_CHECKED dn_status dn_train_run(dn_train_plan *plan, const dn_train_batch *batch);

#endif
