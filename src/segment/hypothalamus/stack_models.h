/* Networks that work on slices, ready for stacks: one, or several averaged. */
#ifndef DN_SEGMENT_HYPOTHALAMUS_STACK_MODELS_H
#define DN_SEGMENT_HYPOTHALAMUS_STACK_MODELS_H

#include "infer/postprocess.h"
#include "infer/slice_network.h"

typedef struct dn_stack_models dn_stack_models;

/* names: of models or their files, separated by commas. *out: NULL when the first of them works on volumes and stands alone; else owned by
 * the caller (dn_stack_models_destroy). DN_EINPUT: there is no such model; DN_EFORMAT: they do not go together. */
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

/* Whether their files say on which stack of a head they run (region.h): such models take whole heads, too. */
DN_CHECKED dn_status dn_stack_models_know_frame(const dn_stack_models *models, bool *out);

#endif
