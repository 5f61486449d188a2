/* The folds of a cross-validation: subjects, not scans or slices, are divided among the folds, each group evenly. */
#ifndef DN_TRAIN_FOLDS_H
#define DN_TRAIN_FOLDS_H

#include "base/table.h"
#include "train/config.h"

typedef struct dn_fold_subject {
    char *name, *group; /* owned; group "" without groups */
    int64_t fold;       /* from 0 */
} dn_fold_subject;

typedef struct dn_folds {
    dn_fold_subject *subjects; /* by name, numbers in their order */
    size_t count;
    int64_t folds;
} dn_folds;

/* The subjects of all pairs of data and data.validation. participants (NULL: one group): a table with participant_id (with or without
 * "sub-") and the column group. In each group the subjects are shuffled by seed and dealt to the folds in turn; the next group goes on
 * where the one before ended, so that folds differ by one subject at most.
 * DN_EDATA: fewer subjects than folds; a subject without a row or a group. *out: release with dn_folds_release. */
DN_CHECKED dn_status dn_folds_deal(const dn_train_config *config, const dn_table *participants, const char *group, int64_t folds,
                                   uint64_t seed, dn_folds *out);
void dn_folds_release(dn_folds *folds);
/* NULL: no such subject. */
const dn_fold_subject *dn_folds_find(const dn_folds *folds, const char *name);
/* As a table: subject, group, fold (from 1). *out: owned by the caller. */
DN_CHECKED dn_status dn_folds_table(const dn_folds *folds, dn_table **out);

#endif
