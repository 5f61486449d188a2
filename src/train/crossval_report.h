/* The tables and figures of a finished cross-validation, from what its folds left on disk. For train/ only. */
#ifndef DN_TRAIN_CROSSVAL_REPORT_H
#define DN_TRAIN_CROSSVAL_REPORT_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* output: the folder with fold-1/ and so on. sees_slices: the folds have evaluation.tsv, else validation.tsv. Writes evaluation.tsv and
 * crossval.tsv, and with figure the box plots and Bland-Altman plots (without gnuplot a warning). */
DN_CHECKED dn_status dn_crossval_report(bool sees_slices, int64_t folds, const char *output, bool figure);

#endif
