/* How one asks the program for what might help (base/remedy.h: dn_remedy): the option or command, in a clause behind the fact. */
#ifndef DN_CLI_TERMINAL_REMEDY_H
#define DN_CLI_TERMINAL_REMEDY_H

#include "base/job.h"

/* For this thread's last failure: "; raise --memory", "" when nothing is known to help. Valid until the thread's next call. */
const char *dn_remedy_clause(void);
/* The same when text quotes the message of that failure, else "". */
const char *dn_remedy_clause_for(const char *text);
/* For dn_job_sink.remedy. */
void dn_remedy_write(void *user, dn_remedy remedy, const char *about, char *out, size_t size);

#endif
