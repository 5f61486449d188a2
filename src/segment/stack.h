/* Stacks of slices (as `dien prepare` cuts them) through networks that see slices: one, or several averaged. */
#ifndef DN_SEGMENT_STACK_H
#define DN_SEGMENT_STACK_H

#include "image/io.h"
#include "prepare/slice_network.h"
#include "segment/native.h"
#include "segment/volumes.h"

typedef struct dn_stack_models dn_stack_models;

/* names: of models or their files, separated by commas. *out: NULL when the first of them sees volumes and stands alone; else owned by the
 * caller (dn_stack_models_destroy). DN_EINPUT: there is no such model; DN_EFORMAT: they do not go together. */
DN_CHECKED dn_status dn_stack_models_open(const char *names, dn_precision precision, dn_stack_models **out);
void dn_stack_models_destroy(dn_stack_models *models);
size_t dn_stack_models_count(const dn_stack_models *models);
const dn_model *dn_stack_models_at(const dn_stack_models *models, size_t n);
const dn_structures *dn_stack_models_structures(const dn_stack_models *models);
dn_slice_network *dn_stack_models_network(const dn_stack_models *models);
/* The posteriors as a box as large as the stack, each structure's largest component kept (postprocess.h); the maps become the same.
 * *box: release with dn_posteriors_release. groups: of structures. */
DN_CHECKED dn_status dn_stack_clean(const dn_structures *structures, dn_slice_posteriors *maps, dn_posteriors *box,
                                    dn_group_result *groups);

/* Whether their files say which stack of a head they look at (region.h): such models take whole heads, too. */
bool dn_stack_models_know_frame(const dn_stack_models *models);
/* Whether the file is a stack and no head: along one axis it reaches less than 60 mm. false also for a file that cannot be read. */
bool dn_stack_is_one(const char *path, dn_trust trust);

typedef struct dn_stack_options {
    dn_trust trust;
    const char *folder; /* exists */
    bool posteriors;
} dn_stack_options;

typedef struct dn_stack_result {
    char stem[128];
    dn_volume_rows rows; /* owned */
    int64_t slices;
    double seconds_a_slice, disagreement; /* slice_network.h */
} dn_stack_result;

/* Labels the stack, keeps each structure's largest component (postprocess.h), measures, and writes STEM_dseg.nii.gz and .tsv (on the
 * stack's own grid), STEM_volumes.tsv and .json (models, slices, disagreement), and with posteriors STEM_probseg.nii.gz on the models'
 * grid. *out: release with dn_stack_result_release. DN_EDATA: nothing was found. */
DN_CHECKED dn_status dn_segment_stack(dn_stack_models *models, const char *path, const dn_stack_options *options, dn_stack_result *out);
void dn_stack_result_release(dn_stack_result *result);

#endif
