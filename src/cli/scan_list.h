/* The images that a command is to work on one after the other. */
#ifndef DN_CLI_SCAN_LIST_H
#define DN_CLI_SCAN_LIST_H

#include "cli/command.h"
#include "image/io.h"

/* Those among the arguments, as dn_batch_list has them (cohort/batch.h). */
DN_CHECKED dn_status dn_scan_list(const dn_arguments *arguments, const char *ending, const char ***paths, size_t *count);
/* What --trust (sform|qform) says; without it DN_TRUST_HEADER. */
dn_trust dn_scan_trust(const dn_arguments *arguments);

#endif
