/* What is asked of a scan: which structures, by which network, how. It is kept as JSON in the job's row, {"structures", "model", "fast"},
 * each only where it was asked for. */
#ifndef DN_WEB_JOB_ASK_H
#define DN_WEB_JOB_ASK_H

#include "web/routes.h"

/* From the body's members of these names. *out: owned, the JSON; *any: whether one of them is there. 400. */
DN_CHECKED dn_status dn_job_ask_read(const dn_request *request, dn_reply *reply, char **out, bool *any);
/* Whether a network can be chosen for the hypothalamus: it labels it, and it is not one of those of the whole head. */
struct dn_model;
bool dn_job_ask_may_choose(const struct dn_model *model);

#endif
