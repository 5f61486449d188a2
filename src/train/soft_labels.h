/* Truth as probabilities: a 4-D file of `dien segment --posteriors`, STEM_probseg.nii.gz with STEM_probseg.json, in place of a
 * label map. Of the head only the box is kept in which some class has a probability. */
#ifndef DN_TRAIN_SOFT_LABELS_H
#define DN_TRAIN_SOFT_LABELS_H

#include "train/config.h"

typedef struct dn_soft_labels {
    dn_grid grid;    /* of the box, in the file's world */
    float *values;   /* owned; [k][j][i][class - 1], i slower than class: of every class but the background, which has the rest */
    int64_t classes; /* with the background */
} dn_soft_labels;

/* Whether a pair's labels are such a file: it holds more than one volume. Errors of reading a header. */
DN_CHECKED dn_status dn_soft_labels_given(const char *path, bool *given);

/* Reads one. Volume i belongs to the class that has the label LabelIndex[i] of the sidecar, or, without that, whose name is LabelMap[i];
 * volumes of one class are added, and sums above 1 are scaled down to it. *labels: the most probable class as a label map (numbers of the
 * config), on the file's grid, the caller's. out: release with dn_soft_labels_release. DN_EINPUT: no sidecar; DN_EFORMAT: it does not fit
 * the volumes; DN_EDATA: a volume of no class, values outside 0..1, or all 0. */
DN_CHECKED dn_status dn_soft_labels_read(const dn_train_config *config, const char *path, dn_labels **labels, dn_soft_labels *out);
void dn_soft_labels_release(dn_soft_labels *soft);

#endif
