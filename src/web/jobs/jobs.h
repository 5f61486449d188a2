/* A scan on its way: queued, measured, done. In the database is what has to outlast the server; how far a job is that runs, the runner
 * knows. A job's folder is STATE/jobs/ID: in/ (what was uploaded), scan/ (the scan that is measured), v1, v2, ... (versions of its
 * results), work-... (results that are being made). */
#ifndef DN_WEB_JOBS_H
#define DN_WEB_JOBS_H

#include "web/request.h"

/* A row of the table of jobs with its review. *out: owned, NULL: there is none. */
DN_CHECKED dn_status dn_job_find(dn_web *web, const char *id, json_t **out);
/* id NULL: all that are queued or running. *out: owned. */
DN_CHECKED dn_status dn_jobs_find(dn_web *web, const char *id, json_t **out);
/* The job that the request's first part names. 404. */
DN_CHECKED dn_status dn_job_get(dn_request *request, dn_reply *reply, json_t **out);
/* The same, and 409 unless it is done. */
DN_CHECKED dn_status dn_job_get_done(dn_request *request, dn_reply *reply, json_t **out);
/* As the API shows it. Owned. */
json_t *dn_job_json(dn_web *web, const json_t *row);

/* STATE/jobs/ID, or what is in it. *out: owned. */
DN_CHECKED dn_status dn_job_folder(const dn_web *web, const char *id, const char *inside, char **out);

/* Removes one with everything that was made of it; one that runs is stopped. */
DN_CHECKED dn_status dn_job_delete(dn_web *web, const char *id);
/* After a process that measured it: the folder goes if the job was deleted meanwhile. */
void dn_job_sweep(dn_web *web, const char *id);
/* Those that are older than they may be; starting: nothing else runs yet, and folders that belong to no job or group go, too. */
DN_CHECKED dn_status dn_jobs_clean(dn_web *web, bool starting);

#endif
