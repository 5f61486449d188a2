/* Stacks of slices (as `dien prepare` cuts them) by networks that work on slices: one, or several averaged. Internal to segment/. */
#ifndef DN_SEGMENT_HYPOTHALAMUS_STACK_H
#define DN_SEGMENT_HYPOTHALAMUS_STACK_H

#include "segment/hypothalamus/stack_models.h"
#include "segment/result.h"

/* Whether the files are stacks and no heads. Models that do not know on which stack of a head they run (region.h) take nothing else.
 * DN_EUSAGE: some of the files are, some are not. */
DN_CHECKED dn_status dn_stacks_given(const dn_stack_models *models, const char *const *paths, size_t count, dn_trust trust, bool *out);

/* r: conformed as the models ask. Labels the stack and keeps each structure's largest component (postprocess.h); fills r->stack and
 * r->hypothalamus. */
DN_CHECKED dn_status dn_hypothalamus_in_stack(const dn_stack_models *models, dn_segment_result *r);

#endif
