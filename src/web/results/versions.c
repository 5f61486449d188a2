/* Label maps that a person corrected, as new versions; and a person's word about a result. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/io.h"
#include "report/correct.h"
#include "study/tables/review.h"
#include "web/database.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/events.h"
#include "web/jobs/jobs.h"
#include "web/jobs/uploads.h"
#include "web/results/results.h"
#include "web/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHO_LIMIT = 200, WHY_LIMIT = 2000 };

/* ---- headers ------------------------------------------------------------------------------------------------------ */

/* A header with percent-encoded UTF-8 in it. *out: owned. */
static dn_status read_header(const dn_request *request, dn_reply *reply, const char *name, size_t limit, char **out)
{
    const char *text = dn_request_header(request, name);
    DN_TRY(dn_strdup(text != NULL ? text : "", out));
    dn_percent_decode(*out);
    const size_t n = strlen(*out);
    json_t *checked = json_string(*out);
    json_decref(checked);
    if (checked == NULL || strspn(*out, " ") == n || n > limit) {
        free(*out);
        *out = NULL;
        DN_WEB_FAIL(
            reply, 400,
            "a correction needs the headers X-Who and X-Why: who corrected it, and why, in percent-encoded UTF-8, at most %zu bytes",
            limit);
    }
    return DN_OK;
}

/* ---- POST --------------------------------------------------------------------------------------------------------- */

dn_status dn_post_version_begin(dn_request *request, dn_reply *reply)
{
    json_t *row = NULL;
    DN_TRY(dn_job_get_done(request, reply, &row));
    json_decref(row);
    if (request->length < 0) {
        DN_WEB_FAIL(reply, 411, "the request has to say how long the label map is (Content-Length)");
    }
    if (request->length > request->web->options.upload_limit) {
        DN_WEB_FAIL(reply, 413, "the label map is larger than an upload may be");
    }
    DN_TRY(dn_room_check(request->web, request->length));
    /* The reader tells by the bytes whether it is compressed, and needs the name of a label map. */
    DN_TRY(dn_asprintf(&request->sink.path, "%s/uploads/map-XXXXXX.nii.gz", request->web->options.state));
    request->sink.fd = mkstemps(request->sink.path, (int)strlen(".nii.gz"));
    if (request->sink.fd < 0) {
        DN_FAIL(dn_error_of(errno, DN_EIO), "the server cannot write the label map: %s", strerror(errno));
    }
    request->sink.left = request->web->options.upload_limit;
    return DN_OK;
}

static dn_status insert(dn_web *web, const char *id, const dn_correction *about)
{
    return dn_database_run(web->database, "INSERT INTO versions(job, number, base, who, why, created, by_hand) VALUES(?, ?, ?, ?, ?, ?, 1)",
                           "tiittt", id, (int64_t)about->version, (int64_t)about->base, about->who, about->why, about->when);
}

/* The picture and the report. Without them the version is kept all the same: what a person painted must not get lost for a picture. */
static void draw(const dn_web *web, const dn_result_place *base, const char *folder)
{
    const json_t *age = json_object_get(base->job, "age");
    const char *stem = json_string_value(json_object_get(base->job, "stem")), *sex = json_string_value(json_object_get(base->job, "sex"));
    const char *inside = json_string_value(json_object_get(base->job, "scan"));
    const dn_report_options report = {.age = json_is_number(age) ? json_number_value(age) : 0.0,
                                      .sex = sex == NULL                  ? DN_SEX_UNKNOWN
                                             : strcmp(sex, "female") == 0 ? DN_SEX_FEMALE
                                                                          : DN_SEX_MALE,
                                      .norms = web->norms,
                                      .norm_count = web->norm_count};
    char *scan = NULL;
    if (inside == NULL || dn_job_folder(web, json_string_value(json_object_get(base->job, "id")), inside, &scan) != DN_OK ||
        dn_corrected_draw(scan, stem, folder, &report) != DN_OK) {
        dn_log(DN_LOG_WARNING, "a corrected version has no picture: %s", dn_error_message());
        dn_error_clear();
    }
    free(scan);
}

/* Why a version could not be put into the list, where somebody else was there first. */
static dn_status explain(dn_web *web, dn_reply *reply, dn_status status, const char *id, int version)
{
    json_t *row = NULL;
    const dn_status asked = dn_database_row(web->database, &row,
                                            "SELECT (SELECT COUNT(*) FROM jobs WHERE id = ?1) AS job,"
                                            " (SELECT COUNT(*) FROM versions WHERE job = ?1 AND number = ?2) AS taken",
                                            "ti", id, (int64_t)version);
    const bool gone = asked == DN_OK && json_integer_value(json_object_get(row, "job")) == 0;
    const bool taken = asked == DN_OK && json_integer_value(json_object_get(row, "taken")) == 1;
    json_decref(row);
    if (gone) {
        DN_WEB_FAIL(reply, 404, "the scan was deleted meanwhile");
    }
    if (taken) {
        DN_WEB_FAIL(reply, 409, "somebody else saved a version at the same time; save once more");
    }
    return status;
}

/* The files first, then the row that names them. A review was about another label map: it does not hold for this one. */
static dn_status keep(dn_web *web, dn_reply *reply, const dn_result_place *base, const dn_labels *labels, const dn_correction *about)
{
    char *work = NULL, *target = NULL;
    const char *id = json_string_value(json_object_get(base->job, "id")), *stem = json_string_value(json_object_get(base->job, "stem"));
    char unique[DN_ID_SIZE];
    dn_status status;
    DN_TRY(dn_id_make(unique));
    DN_TRY_GOTO(status, dn_asprintf(&work, "%s/jobs/%s/work-%s", web->options.state, id, unique), done);
    DN_TRY_GOTO(status, dn_asprintf(&target, "%s/jobs/%s/v%d", web->options.state, id, about->version), done);
    if (mkdir(work, 0700) != 0) { /* the folder above it is not made again: it went with the scan */
        status = dn_error_set(dn_error_of(errno, DN_EIO), "the server cannot keep the label map: %s", strerror(errno));
        status = explain(web, reply, status, id, about->version);
        goto done;
    }
    DN_TRY_GOTO(status, dn_corrected_write(base->folder, stem, labels, about, work), done);
    draw(web, base, work);
    DN_TRY_GOTO(status, dn_database_begin(web->database), done);
    status = insert(web, id, about);
    status = status != DN_OK ? explain(web, reply, status, id, about->version) : status;
    if (status == DN_OK) {
        status = dn_database_run(web->database, "DELETE FROM reviews WHERE job = ?", "t", id);
    }
    if (status == DN_OK) {
        dn_folder_remove(target); /* of a server that was killed here */
        status = rename(work, target) == 0
                     ? DN_OK
                     : dn_error_set(dn_error_of(errno, DN_EIO), "the server cannot keep the label map: %s", strerror(errno));
    }
    status = dn_database_end(web->database, status);
done:
    if (work != NULL) {
        dn_folder_remove(work);
    }
    free(work);
    free(target);
    return status;
}

/* The next number; two who save at once get two, because the table refuses the same one twice. */
static int next_number(const dn_result_place *place)
{
    const size_t count = json_array_size(place->versions);
    return 1 + (int)json_integer_value(json_object_get(json_array_get(place->versions, count - 1), "number"));
}

/* Before its voxels are unpacked: a small file may hold billions. That it lies where the scan does is checked with them (report/correct).
 */
static dn_status check_size(const char *path, const dn_result_place *base)
{
    dn_grid given, own;
    char *map = NULL;
    DN_TRY(dn_scan_read_grid(path, NULL, &given, NULL));
    DN_TRY(dn_result_path(base, "_dseg.nii.gz", &map));
    dn_status status =
        dn_path_exists(map) ? dn_scan_read_grid(map, NULL, &own, NULL) : dn_error_set(DN_EDATA, "this result has no label map");
    free(map);
    DN_TRY(status);
    if (memcmp(given.dim, own.dim, sizeof own.dim) != 0) {
        DN_FAIL(DN_EGEOMETRY, "the label map has %lld x %lld x %lld voxels, and the scan has %lld x %lld x %lld", (long long)given.dim[0],
                (long long)given.dim[1], (long long)given.dim[2], (long long)own.dim[0], (long long)own.dim[1], (long long)own.dim[2]);
    }
    return DN_OK;
}

static dn_status correct(dn_request *request, dn_reply *reply, const dn_result_place *base, dn_correction *about)
{
    char now[DN_TIME_SIZE];
    dn_labels *labels = NULL;
    dn_status status = check_size(request->sink.path, base);
    status = status == DN_OK ? dn_labels_read(request->sink.path, NULL, &labels, NULL) : status;
    if (status != DN_OK) {
        reply->code = 400;
        return dn_error_rename(status, request->sink.path, "the label map");
    }
    dn_time_text(0.0, now);
    about->when = now;
    about->base = base->number;
    about->version = next_number(base);
    status = keep(request->web, reply, base, labels, about);
    dn_labels_destroy(labels);
    return status;
}

static dn_status show(dn_request *request, dn_reply *reply)
{
    dn_result_place place;
    dn_status status = dn_result_find(request, reply, NULL, &place);
    if (status == DN_OK) {
        status = dn_result_json(request->web, &place, &reply->json);
    }
    if (status == DN_OK) {
        reply->code = 201;
    }
    dn_result_place_release(&place);
    return status;
}

/* What was made of an older version would hold for the newest, which the person may not have seen. */
static dn_status check_newest(dn_reply *reply, const dn_result_place *place, const char *what)
{
    const json_t *last = json_array_get(place->versions, json_array_size(place->versions) - 1);
    const int newest = (int)json_integer_value(json_object_get(last, "number"));
    if (place->number != newest) {
        DN_WEB_FAIL(reply, 409, "version %d is not the newest any more, and cannot be %s: look at version %d", place->number, what, newest);
    }
    return DN_OK;
}

dn_status dn_post_version(dn_request *request, dn_reply *reply)
{
    dn_result_place base = {.job = NULL};
    char *who = NULL, *why = NULL;
    dn_status status;
    if (request->sink.over || request->sink.error != 0) {
        DN_WEB_FAIL(reply, request->sink.over ? 413 : 503, "the label map could not be taken: %s",
                    request->sink.over ? "it is larger than an upload may be" : strerror(request->sink.error));
    }
    DN_TRY_GOTO(status, read_header(request, reply, "X-Who", WHO_LIMIT, &who), done);
    DN_TRY_GOTO(status, read_header(request, reply, "X-Why", WHY_LIMIT, &why), done);
    DN_TRY_GOTO(status, dn_result_find(request, reply, "base", &base), done);
    DN_TRY_GOTO(status, check_newest(reply, &base, "corrected"), done);
    dn_correction about = {.who = who, .why = why};
    DN_TRY_GOTO(status, correct(request, reply, &base, &about), done);
    status = show(request, reply);
    dn_hub_tell(request->web->hub, DN_EVENT_JOB, request->part[0]);
done:
    dn_result_place_release(&base);
    free(who);
    free(why);
    return status;
}

/* ---- reviews ------------------------------------------------------------------------------------------------------ */

dn_status dn_body_review(const dn_request *request, dn_reply *reply, dn_review *out)
{
    const char *reason, *who;
    const json_t *accepted = json_object_get(request->json, "accepted");
    if (!json_is_boolean(accepted)) {
        DN_WEB_FAIL(reply, 400, "\"accepted\" has to be true or false");
    }
    DN_TRY(dn_body_text(request, reply, "reason", WHY_LIMIT, &reason));
    DN_TRY(dn_body_text(request, reply, "who", WHO_LIMIT, &who));
    if (who == NULL || *who == '\0') {
        DN_WEB_FAIL(reply, 400, "\"who\" has to say who looked at the result");
    }
    if (json_is_false(accepted) && (reason == NULL || *reason == '\0')) {
        DN_WEB_FAIL(reply, 400, "\"reason\" has to say why the result is rejected");
    }
    char now[DN_TIME_SIZE];
    dn_time_text(0.0, now);
    out->accepted = json_is_true(accepted);
    DN_TRY(dn_strdup(reason != NULL ? reason : "", &out->reason));
    DN_TRY(dn_strdup(who, &out->who));
    return dn_strdup(now, &out->when);
}

static dn_status write_review(dn_web *web, const dn_result_place *place, const dn_review *review)
{
    char *table = NULL;
    DN_TRY(dn_result_path(place, "_volumes.tsv", &table));
    dn_status status = dn_review_write(table, review);
    free(table);
    DN_TRY(status);
    return dn_database_run(web->database, "INSERT OR REPLACE INTO reviews(job, accepted, reason, who, created) VALUES(?, ?, ?, ?, ?)",
                           "tittt", json_string_value(json_object_get(place->job, "id")), (int64_t)(review->accepted ? 1 : 0),
                           review->reason, review->who, review->when);
}

dn_status dn_put_review(dn_request *request, dn_reply *reply)
{
    dn_result_place place = {.job = NULL};
    dn_review review = {.reason = NULL};
    json_t *row = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_result_find(request, reply, "version", &place), done);
    DN_TRY_GOTO(status, check_newest(reply, &place, "reviewed"), done);
    DN_TRY_GOTO(status, dn_body_review(request, reply, &review), done);
    DN_TRY_GOTO(status, write_review(request->web, &place, &review), done);
    DN_TRY_GOTO(status, dn_job_get(request, reply, &row), done);
    reply->json = dn_job_json(request->web, row);
    dn_hub_tell(request->web->hub, DN_EVENT_JOB, request->part[0]);
done:
    json_decref(row);
    dn_review_release(&review);
    dn_result_place_release(&place);
    return status;
}
