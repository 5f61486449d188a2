/* Where the program's notes, warnings and progress go: stderr, as a bar on a terminal and as plain lines elsewhere. */
#ifndef DN_CLI_TERMINAL_REPORT_STDERR_H
#define DN_CLI_TERMINAL_REPORT_STDERR_H

#include "base/job.h"

typedef enum { DN_REPORT_QUIET, DN_REPORT_NORMAL, DN_REPORT_VERBOSE } dn_report_level;

/* The sink of the program's job; call once. */
dn_job_sink dn_report_sink(dn_report_level level);
/* Removes a bar that is still on the line, so that what follows starts on an empty one. */
void dn_report_finish(void);

#endif
