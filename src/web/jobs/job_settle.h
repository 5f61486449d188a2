/* What became of a job, and how it is kept: the results first, then the row that names them. */
#ifndef DN_WEB_JOB_SETTLE_H
#define DN_WEB_JOB_SETTLE_H

#include "base/job.h"
#include "cohort/run/worker.h"
#include "web/web.h"

/* Zero-initialise, but for warnings. */
typedef struct dn_outcome {
    dn_status status; /* of our side; its sentence is the calling thread's last one */
    dn_worker_answer answer;
    char *work, *scan, *series; /* owned; folder of the results; the scan below the job's folder; which series it is; NULL: not reached */
    json_t *warnings;           /* owned; sentences */
    bool cancelled;             /* by a person */
    bool stopped;               /* the server ends: it is measured at the next start */
    bool alone;                 /* nothing ran beside it */
    double seconds;
} dn_outcome;
void dn_outcome_release(dn_outcome *outcome);
/* For dn_job_sink.message: keeps warnings. user: a dn_outcome. */
void dn_outcome_note(void *user, dn_log_level level, const char *text);

/* What the process that measures is told. *out: owned. */
DN_CHECKED dn_status dn_job_worker_settings(const dn_web *web, const json_t *row, json_t **out);
/* A new folder for results; those that earlier tries left are removed. *out: owned. */
DN_CHECKED dn_status dn_job_work_folder(const char *folder, char **out);
/* Writes it down. */
void dn_job_settle(dn_web *web, const json_t *row, dn_outcome *outcome);

#endif
