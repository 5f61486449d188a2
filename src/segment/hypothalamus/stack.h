/* Stacks of slices (as `dien prepare` cuts them) through networks that see slices: one, or several averaged. */
#ifndef DN_SEGMENT_HYPOTHALAMUS_STACK_H
#define DN_SEGMENT_HYPOTHALAMUS_STACK_H

#include "image/io.h"
#include "segment/hypothalamus/stack_models.h"
#include "segment/score.h"

/* Whether the file is a stack and no head: along one axis it reaches less than 60 mm. false also for a file that cannot be read. DN_ENOMEM,
 * DN_ECANCELLED. */
DN_CHECKED dn_status dn_stack_is_one(const char *path, dn_trust trust, bool *out);

typedef struct dn_stack_options {
    dn_trust trust;
    const char *folder; /* exists */
    bool posteriors;
    bool accept; /* a stack that the rules reject is accepted, and that is recorded */
} dn_stack_options;

typedef struct dn_stack_result {
    char stem[128];
    dn_volume_rows rows; /* owned */
    int64_t slices;
    double spacing[3];                    /* mm, of the stack as it came */
    double seconds_a_slice, disagreement; /* slice_network.h */
    dn_quality quality;                   /* of its rules those that need no head */
    dn_score score;
} dn_stack_result;

/* Labels the stack, keeps each structure's largest component (postprocess.h), measures, judges, and writes STEM_dseg.nii.gz and .tsv (on
 * the stack's own grid), STEM_volumes.tsv, a .json of both (records.h; slices, disagreement), and with posteriors STEM_probseg.nii.gz on
 * the models' grid. *out: release with dn_stack_result_release. DN_EDATA: nothing was found. A stack that failed quality control is DN_OK
 * here: see score.verdict. */
DN_CHECKED dn_status dn_segment_stack(dn_stack_models *models, const char *path, const dn_stack_options *options, dn_stack_result *out);
void dn_stack_result_release(dn_stack_result *result);

#endif
