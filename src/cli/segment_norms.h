/* What `dien segment` is told of the person: --age, --sex and --norm. */
#ifndef DN_CLI_SEGMENT_NORMS_H
#define DN_CLI_SEGMENT_NORMS_H

#include "cli/command.h"
#include "report/page.h"

/* Reads the norms. scans: how many there are; age and sex belong to one. out and *norms: release with dn_segment_norms_release, also after
 * a failure. DN_EUSAGE; DN_EINPUT, DN_EFORMAT: a norm. */
DN_CHECKED dn_status dn_segment_norms_read(const dn_arguments *arguments, size_t scans, dn_report_options *out);
void dn_segment_norms_release(dn_report_options *options);

#endif
