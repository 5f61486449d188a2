/* Where the program's notes, warnings and progress go: stderr, as a bar on a terminal and as plain lines elsewhere. */
#ifndef DN_CLI_REPORT_STDERR_H
#define DN_CLI_REPORT_STDERR_H

typedef enum { DN_REPORT_QUIET, DN_REPORT_NORMAL, DN_REPORT_VERBOSE } dn_report_level;

/* Installs the sink for the whole process; call once, before threads start. */
void dn_report_install(dn_report_level level);
/* Removes a bar that is still on the line, so that what follows starts on an empty one. */
void dn_report_finish(void);

#endif
