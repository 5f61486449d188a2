/* The tables of a run, kept as text in its state so that a checkpoint holds them. */
#ifndef DN_TRAIN_RUN_LOG_H
#define DN_TRAIN_RUN_LOG_H

#include "train/checkpoint.h"

/* Mean Dice over the classes but the background that are in truth or prediction; NaN when there are none. */
double dn_run_mean_dice(const dn_loss_counts *counts, int64_t classes);
/* Likewise of intersection over union. */
double dn_run_mean_iou(const dn_loss_counts *counts, int64_t classes);
/* Heads of both tables; nothing when they are there. */
DN_CHECKED dn_status dn_run_log_start(const dn_train_config *config, dn_train_state *state);
/* A row of log.tsv from the sums of state, which start again at 0. */
DN_CHECKED dn_status dn_run_log_row(const dn_train_config *config, dn_train_state *state, double rate);
/* A row of validation.tsv. */
DN_CHECKED dn_status dn_run_validation_row(const dn_train_config *config, dn_train_state *state, double loss, const dn_loss_counts *counts);
/* Writes log.tsv, validation.tsv and, unless figure is false, the curves into the config's output folder. Without gnuplot a warning. */
DN_CHECKED dn_status dn_run_log_write(const dn_train_config *config, const dn_train_state *state, bool figure);

#endif
