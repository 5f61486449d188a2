/* The figure of a run: loss, and Dice per class, over steps. (chart/figure.h and net/tensor.h both have a dn_shape, so
 * nothing here may see the network.) */
#ifndef DN_TRAIN_CURVES_H
#define DN_TRAIN_CURVES_H

#include "base/status.h"

#include <stdint.h>

/* log, validation: texts of log.tsv and validation.tsv. path: without extension. best_step: marked when above 0. Does
 * nothing before there are two rows. DN_EIO as dn_figure_write. */
DN_CHECKED dn_status dn_train_curves(const char *log, const char *validation, const char *name, int64_t best_step, const char *path);

#endif
