/* What the commands that work on images one after the other have in common: which images, how they are read, where results are told. */
#ifndef DN_CLI_SCAN_LIST_H
#define DN_CLI_SCAN_LIST_H

#include "cli/command.h"
#include "cohort/batch.h"
#include "image/io.h"
#include "prepare/stack.h"

/* Those among the arguments, as dn_batch_list has them (cohort/batch.h). */
DN_CHECKED dn_status dn_scan_list(const dn_arguments *arguments, const char *ending, const char ***paths, size_t *count);
/* What --trust (sform|qform) says; without it DN_TRUST_HEADER. */
dn_trust dn_scan_trust(const dn_arguments *arguments);
/* What --geometry says, as dn_stack_parse has it (prepare/stack.h). DN_EUSAGE. */
DN_CHECKED dn_status dn_geometry_option(const dn_arguments *arguments, const dn_stack_geometry *published, dn_stack_geometry *out);
/* Lines go to standard output. */
dn_line_sink dn_print_lines(void);

#endif
