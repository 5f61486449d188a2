/* What belongs to one server; for the files of this folder. */
#ifndef DN_WEB_SERVER_H
#define DN_WEB_SERVER_H

#include "base/lock.h"
#include "stats/normative.h"
#include "web/database.h"
#include "web/groups/kept.h"
#include "web/http/guard.h"
#include "web/http/http.h"
#include "web/jobs/events.h"
#include "web/jobs/runner.h"
#include "web/request.h"

struct dn_web {
    dn_web_options options; /* with the defaults filled in */
    dn_guard guard;
    const char **hosts; /* owned, the texts in it borrowed or own_name */
    char own_name[256];
    char *url; /* owned */
    bool open; /* others than this machine can reach it */
    dn_folder_lock lock;
    dn_database *database;
    dn_hub *hub;
    dn_runner *runner;
    dn_kept *kept;          /* scans of groups that were read */
    int64_t *training_seen; /* owned; what each run had come to when it was last looked at (trainings.c) */
    dn_norm_model *norms;   /* owned */
    char **norm_names;      /* owned; as the page shows them */
    size_t norm_count;
    dn_http *http;
};

/* STATE/kind/ID, or STATE/kind with id NULL. *out: owned. */
DN_CHECKED dn_status dn_web_folder(const dn_web *web, const char *kind, const char *id, char **out);

#endif
