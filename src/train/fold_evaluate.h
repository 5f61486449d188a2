/* A network that works on slices, on the scans that were held out from its training. */
#ifndef DN_TRAIN_FOLD_EVALUATE_H
#define DN_TRAIN_FOLD_EVALUATE_H

#include "train/folds.h"

/* Runs model on every slice of config's validation, puts the slices of each scan (of pictures: of each subject) together again on the
 * model's grid, and adds to table a row for each scan and structure: each class, and both sides of a structure together. Columns: fold
 * (from 1), subject, group, scan, structure, slices, the measures of study/evaluate/compare.h (dice, iou, precision, recall, hausdorff_mm,
 * hd95_mm, assd_mm, volume_mm3, truth_volume_mm3), seconds_a_slice (wall, the network alone). Voxels under ignore_labels count on neither
 * side. */
DN_CHECKED dn_status dn_fold_evaluate(const dn_train_config *config, const dn_model *model, int64_t fold, const dn_folds *folds,
                                      dn_table *table);

#endif
