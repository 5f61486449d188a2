/* Jobs: read, shown, changed, deleted. How one is made is in job_create.c. */
#define _GNU_SOURCE
#include "web/jobs/jobs.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "web/clean.h"
#include "web/database.h"
#include "web/groups/groups.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/events.h"
#include "web/jobs/job_ask.h"
#include "web/jobs/runner.h"
#include "web/server.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A job with its review and its last version. */
#define SELECT                                                                                                                             \
    "SELECT jobs.*, reviews.accepted AS r_accepted, reviews.reason AS r_reason, reviews.who AS r_who, reviews.created AS r_created,"       \
    " (SELECT MAX(v.number) FROM versions v WHERE v.job = jobs.id) AS version,"                                                            \
    " (SELECT MAX(v.by_hand) FROM versions v WHERE v.job = jobs.id) AS by_hand"                                                            \
    " FROM jobs LEFT JOIN reviews ON reviews.job = jobs.id "

dn_status dn_job_folder(const dn_web *web, const char *id, const char *inside, char **out)
{
    return inside != NULL ? dn_asprintf(out, "%s/jobs/%s/%s", web->options.state, id, inside)
                          : dn_asprintf(out, "%s/jobs/%s", web->options.state, id);
}

dn_status dn_job_find(dn_web *web, const char *id, json_t **out)
{
    return dn_database_row(web->database, out, SELECT "WHERE jobs.id = ?", "t", id);
}

dn_status dn_jobs_find(dn_web *web, const char *id, json_t **out)
{
    return id != NULL ? dn_database_rows(web->database, out, SELECT "WHERE jobs.id = ?", "t", id)
                      : dn_database_rows(web->database, out, SELECT "WHERE jobs.state IN ('queued', 'running') ORDER BY jobs.number", "");
}

dn_status dn_job_get(dn_request *request, dn_reply *reply, json_t **out)
{
    DN_TRY(dn_job_find(request->web, request->part[0], out));
    if (*out == NULL) {
        DN_WEB_FAIL(reply, 404, "there is no such scan; it may have been deleted");
    }
    return DN_OK;
}

static bool is_in(const json_t *row, const char *state)
{
    return strcmp(json_string_value(json_object_get(row, "state")), state) == 0;
}

dn_status dn_job_get_done(dn_request *request, dn_reply *reply, json_t **out)
{
    DN_TRY(dn_job_get(request, reply, out));
    if (!is_in(*out, "done")) {
        json_decref(*out);
        *out = NULL;
        DN_WEB_FAIL(reply, 409, "this scan has not been measured");
    }
    return DN_OK;
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static void copy(json_t *to, const json_t *row, const char *key)
{
    json_t *value = json_object_get(row, key);
    json_object_set(to, key, value != NULL ? value : json_null());
}

static json_t *truth(const json_t *value)
{
    return json_is_integer(value) ? json_boolean(json_integer_value(value) != 0) : json_null();
}

static json_t *review_of(const json_t *row)
{
    const json_t *accepted = json_object_get(row, "r_accepted");
    if (!json_is_integer(accepted)) {
        return json_null();
    }
    return json_pack("{s:o, s:O, s:O, s:O}", "accepted", truth(accepted), "reason", json_object_get(row, "r_reason"), "who",
                     json_object_get(row, "r_who"), "when", json_object_get(row, "r_created"));
}

static void add_progress(dn_web *web, const json_t *row, json_t *out)
{
    dn_live live = {.stage = NULL};
    if (is_in(row, "running") && dn_runner_live(web->runner, json_string_value(json_object_get(row, "id")), &live)) {
        json_object_set_new(out, "stage", json_string(live.stage));
        json_object_set_new(out, "stage_index", json_integer(live.index));
        json_object_set_new(out, "stage_count", json_integer(live.count));
        json_object_set_new(out, "fraction", json_real(round(1e3 * live.fraction) * 1e-3));
        json_object_set_new(out, "seconds_left", isnan(live.seconds_left) ? json_null() : json_real(round(live.seconds_left)));
        return;
    }
    json_object_set_new(out, "stage", json_null());
    json_object_set_new(out, "stage_index", json_integer(0));
    json_object_set_new(out, "stage_count", json_integer(0));
    json_object_set_new(out, "fraction", json_real(is_in(row, "done") ? 1.0 : 0.0));
    json_object_set_new(out, "seconds_left", json_null());
}

json_t *dn_job_json(dn_web *web, const json_t *row)
{
    static const char *const plain[] = {"id",      "number",   "name",  "state",  "kind",    "age",     "sex",   "created",
                                        "started", "finished", "error", "remedy", "seconds", "version", "series"};
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof plain / sizeof *plain; ++i) {
        copy(out, row, plain[i]);
    }
    const char *warnings = json_string_value(json_object_get(row, "warnings"));
    const char *settings = json_string_value(json_object_get(row, "settings"));
    json_t *list = dn_json_of_text(warnings);
    json_object_set_new(out, "warnings", list != NULL ? list : json_array());
    json_t *how = dn_json_of_text(settings);
    json_object_set_new(out, "settings", how != NULL ? how : json_object());
    json_object_set_new(out, "accepted", truth(json_object_get(row, "accepted")));
    json_object_set_new(out, "review", review_of(row));
    json_object_set_new(out, "corrected", json_boolean(json_integer_value(json_object_get(row, "by_hand")) != 0));
    add_progress(web, row, out);
    return out;
}

/* ---- GET ---------------------------------------------------------------------------------------------------------- */

dn_status dn_get_jobs(dn_request *request, dn_reply *reply)
{
    json_t *rows = NULL, *row;
    size_t i;
    DN_TRY(dn_database_rows(request->web->database, &rows, SELECT "ORDER BY jobs.number DESC", ""));
    json_t *list = json_array();
    json_array_foreach(rows, i, row)
    {
        json_array_append_new(list, dn_job_json(request->web, row));
    }
    json_decref(rows);
    reply->json = json_pack("{s:o}", "jobs", list);
    return DN_OK;
}

dn_status dn_get_job(dn_request *request, dn_reply *reply)
{
    json_t *row = NULL;
    DN_TRY(dn_job_get(request, reply, &row));
    reply->json = dn_job_json(request->web, row);
    json_decref(row);
    return DN_OK;
}

/* ---- changes ------------------------------------------------------------------------------------------------------ */

dn_status dn_post_cancel(dn_request *request, dn_reply *reply)
{
    dn_web *web = request->web;
    const char *id = request->part[0];
    char now[DN_TIME_SIZE];
    int64_t changed = 0;
    json_t *row = NULL;
    DN_TRY(dn_job_get(request, reply, &row));
    json_decref(row);
    dn_time_text(0.0, now);
    DN_TRY(dn_database_change(web->database, &changed,
                              "UPDATE jobs SET state = 'cancelled', finished = ? WHERE id = ? AND state = 'queued'", "tt", now, id));
    if (changed == 0 && !dn_runner_cancel(web->runner, id)) {
        DN_WEB_FAIL(reply, 409, "this scan neither waits nor is it being measured");
    }
    dn_hub_tell(web->hub, DN_EVENT_JOB, id);
    return dn_get_job(request, reply);
}

/* One that failed or was cancelled waits again, with what was asked of it before, or with what is asked now. Its files are still there. */
dn_status dn_post_again(dn_request *request, dn_reply *reply)
{
    dn_web *web = request->web;
    const char *id = request->part[0];
    int64_t changed = 0;
    char *settings = NULL;
    bool any;
    json_t *row = NULL;
    DN_TRY(dn_job_get(request, reply, &row));
    json_decref(row);
    DN_TRY(dn_job_ask_read(request, reply, &settings, &any));
    dn_status status = dn_database_change(
        web->database, &changed,
        "UPDATE jobs SET state = 'queued', started = NULL, finished = NULL, error = NULL, remedy = NULL, warnings = NULL, alone = 0,"
        " settings = COALESCE(?, settings) WHERE id = ? AND state IN ('failed', 'cancelled')",
        "tt", any ? settings : NULL, id);
    free(settings);
    DN_TRY(status);
    if (changed == 0) {
        DN_WEB_FAIL(reply, 409, "this scan has neither failed nor was it cancelled");
    }
    dn_hub_tell(web->hub, DN_EVENT_JOB, id);
    dn_runner_wake(web->runner);
    return dn_get_job(request, reply);
}

/* Name, age and sex, those that are in the body; null takes one away. */
dn_status dn_put_person(dn_request *request, dn_reply *reply)
{
    dn_database *database = request->web->database;
    const char *name, *sex, *id = request->part[0];
    double age;
    json_t *row = NULL;
    DN_TRY(dn_job_get(request, reply, &row));
    json_decref(row);
    DN_TRY(dn_body_text(request, reply, "name", 200, &name));
    DN_TRY(dn_body_number(request, reply, "age", 0.0, 130.0, &age));
    DN_TRY(dn_body_sex(request, reply, &sex));
    if (name != NULL && *name != '\0') {
        DN_TRY(dn_database_run(database, "UPDATE jobs SET name = ? WHERE id = ?", "tt", name, id));
    }
    if (json_object_get(request->json, "age") != NULL) {
        DN_TRY(dn_database_run(database, "UPDATE jobs SET age = ? WHERE id = ?", "dt", age, id));
    }
    if (json_object_get(request->json, "sex") != NULL) {
        DN_TRY(dn_database_run(database, "UPDATE jobs SET sex = ? WHERE id = ?", "tt", sex, id));
    }
    dn_hub_tell(request->web->hub, DN_EVENT_JOB, id);
    return dn_get_job(request, reply);
}

/* ---- the end of a job --------------------------------------------------------------------------------------------- */

/* What groups made of the scan goes first, then the row, then the folder: a kill in between leaves a scan that can be deleted again, or a
 * folder without a row, which goes at the next start. A process that still measures it finds its folder gone; what its end writes goes
 * with dn_job_sweep. */
dn_status dn_job_delete(dn_web *web, const char *id)
{
    json_t *groups = NULL;
    DN_TRY(dn_groups_of_job(web, id, &groups));
    dn_status status = dn_groups_forget(web, groups, id);
    status = status == DN_OK ? dn_database_run(web->database, "DELETE FROM jobs WHERE id = ?", "t", id) : status;
    if (status == DN_OK) {
        (void)dn_runner_cancel(web->runner, id);
        dn_web_discard(web, "jobs", id);
        status = dn_groups_forget(web, groups, id); /* comparisons that ended meanwhile */
        dn_kept_forget(web->kept, -1.0);
        dn_hub_tell(web->hub, DN_EVENT_DELETED, id);
        status = status == DN_OK ? dn_database_forget(web->database) : status;
    }
    json_decref(groups);
    return status;
}

void dn_job_sweep(dn_web *web, const char *id)
{
    json_t *row = NULL;
    if (dn_job_find(web, id, &row) != DN_OK) {
        dn_error_clear();
    } else if (row == NULL) {
        dn_web_discard(web, "jobs", id);
    }
    json_decref(row);
}

dn_status dn_delete_job(dn_request *request, dn_reply *reply)
{
    json_t *row = NULL;
    DN_TRY(dn_job_get(request, reply, &row));
    json_decref(row);
    DN_TRY(dn_job_delete(request->web, request->part[0]));
    reply->code = 204;
    return DN_OK;
}

static dn_status remove_old(dn_web *web)
{
    char limit[DN_TIME_SIZE];
    json_t *rows = NULL, *row;
    size_t i;
    dn_status status = DN_OK;
    if (!(web->options.keep_days > 0.0)) {
        return DN_OK;
    }
    dn_time_text(86400.0 * web->options.keep_days, limit);
    DN_TRY(dn_database_rows(web->database, &rows, "SELECT id FROM jobs WHERE created < ? AND state IN ('done', 'failed', 'cancelled')", "t",
                            limit));
    json_array_foreach(rows, i, row)
    {
        status = status == DN_OK ? dn_job_delete(web, json_string_value(json_object_get(row, "id"))) : status;
    }
    json_decref(rows);
    return status;
}

dn_status dn_jobs_clean(dn_web *web, bool starting)
{
    dn_web_sweep(web, starting);
    DN_TRY(remove_old(web));
    if (!starting) {
        return DN_OK;
    }
    /* What a kill left behind: between the folder and the row of a new one, or between the row and the folder of a deleted one. */
    DN_TRY(dn_web_remove_unlisted(web, "jobs", "SELECT id FROM jobs WHERE id = ?"));
    return dn_web_remove_unlisted(web, "groups", "SELECT id FROM groups WHERE id = ?");
}
