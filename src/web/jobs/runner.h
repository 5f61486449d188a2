/* The threads that take jobs from the queue: each starts a process that measures (cohort/run/worker.h), one for one job, and ends it. */
#ifndef DN_WEB_RUNNER_H
#define DN_WEB_RUNNER_H

#include "web/web.h"

typedef struct dn_runner dn_runner;

/* How far a job is that runs. */
typedef struct dn_live {
    const char *stage; /* static */
    int index, count;
    double fraction;     /* 0..1 */
    double seconds_left; /* NaN: not known */
} dn_live;

/* Jobs that ran when the server ended are queued again. *out: owned. */
DN_CHECKED dn_status dn_runner_start(dn_web *web, dn_runner **out);
/* Ends the processes; what ran is queued at the next start. NULL: nothing. */
void dn_runner_stop(dn_runner *runner);
/* There is something in the queue. */
void dn_runner_wake(dn_runner *runner);
/* false: it does not run. */
bool dn_runner_live(dn_runner *runner, const char *id, dn_live *out);
/* Asks a job that runs to stop; its row is changed by the runner. false: it does not run. */
bool dn_runner_cancel(dn_runner *runner, const char *id);

#endif
