/* `dien icv`: the intracranial volume of scans marked by two thresholds, or by a 2-D network. */
#ifndef DN_COHORT_MARK_ICV_H
#define DN_COHORT_MARK_ICV_H

#include "cohort/batch.h"
#include "prepare/stack.h"

typedef struct dn_mark_icv_options {
    const char *folder;
    double low, high, fluid;     /* thresholds, the scan's intensity; NaN: shares of the white matter's (prepare/icv_thresholds.h) */
    double bridge_mm, close_mm;  /* as prepare/icv_mark.h has them */
    const char *model;           /* a 2-D network instead, name or file; NULL: the thresholds */
    const char *frame;           /* for model: the one scan's _frame.json */
    dn_stack_geometry geometry;  /* for model */
    const dn_line_sink *results; /* gets "STEM<tab>VOLUME mm3" of each */
} dn_mark_icv_options;

/* For each scan STEM_desc-HOW_label-ICV_mask.nii.gz on its own grid, STEM_desc-HOW_volumes.tsv and STEM_desc-HOW_icv.png, HOW being
 * thresholds or slices. Errors as dn_batch_run; DN_EUSAGE for model and frame with several scans. */
DN_CHECKED dn_status dn_mark_icv(const char *const *paths, size_t count, const dn_mark_icv_options *options);

#endif
