/* How one asks the program for what might help against a failure (base/status.h: dn_remedy): the option, in a clause behind the message. */
#ifndef DN_CLI_REMEDY_H
#define DN_CLI_REMEDY_H

/* For this thread's last failure: "; raise --memory", "" when nothing is known to help. Static. */
const char *dn_remedy_clause(void);
/* The same when text quotes the message of that failure, else "". */
const char *dn_remedy_clause_for(const char *text);

#endif
