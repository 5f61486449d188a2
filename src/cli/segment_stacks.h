/* `dien segment` with networks that see slices. For cli/command_segment.c. */
#ifndef DN_CLI_SEGMENT_STACKS_H
#define DN_CLI_SEGMENT_STACKS_H

#include "base/table.h"
#include "cli/command.h"
#include "segment/hypothalamus/stack.h"

/* What quality control has to say, a line each. */
void dn_flags_say(const char *stem, const dn_quality *quality);
/* A row of --times: of a whole scan or stack, from opening it to its last file, the networks loaded before. times: NULL: not wanted. */
DN_CHECKED dn_status dn_segment_note_time(dn_table *times, const char *stem, double seconds);
/* Labels every path; DN_EPARTIAL when some of several failed; DN_EQUALITY when all are done, and some were rejected. */
DN_CHECKED dn_status dn_segment_stacks(dn_stack_models *models, const char *const *paths, size_t count, const dn_stack_options *options,
                                       dn_table *times);
/* Whether these are stacks to be labelled as they are, and not heads in which the models find theirs. DN_EUSAGE: both kinds. */
DN_CHECKED dn_status dn_stacks_given(const dn_stack_models *models, const char *const *paths, size_t count, dn_trust trust, bool *out);

#endif
