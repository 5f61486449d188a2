/* Records of scans: read and compared with the present, written, removed. */
#define _GNU_SOURCE
#include "cohort/run/scan_status.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void dn_scan_status_release(dn_scan_status *record)
{
    free(record->reason);
    *record = (dn_scan_status){.state = DN_SCAN_NEW};
}

static dn_status path_of(const char *output, const dn_bids_scan *scan, char **out)
{
    return dn_asprintf(out, "%s/" DN_SCAN_STATUS_FOLDER "/%s.json", output, scan->key);
}

/* What a run that was killed while it wrote the record left beside it; the scan's lock is ours. */
static dn_status sweep(const char *output, const dn_bids_scan *scan)
{
    char *folder = NULL, *name = NULL;
    dn_status status = dn_path_join(output, DN_SCAN_STATUS_FOLDER, &folder);
    if (status == DN_OK) {
        status = dn_asprintf(&name, "%s.json", scan->key);
    }
    if (status == DN_OK) {
        dn_folder_sweep(folder, name, 0.0);
    }
    free(folder);
    free(name);
    return status;
}

/* ---- looking ------------------------------------------------------------------------------------------------------ */

/* *changed: the scan is not the file that was measured. */
static dn_status compare_input(const dn_bids_scan *scan, const json_t *input, bool *changed)
{
    dn_scan_input now;
    char sha256[65];
    bool there;
    const char *then = json_string_value(json_object_get(input, "Modified"));
    const char *hash = json_string_value(json_object_get(input, "SHA256"));
    *changed = true;
    DN_TRY(dn_scan_input_look(scan->path, &now, &there));
    if (!there) {
        *changed = json_object_get(input, "Bytes") != NULL; /* it was not there then, either */
        return DN_OK;
    }
    if (json_integer_value(json_object_get(input, "Bytes")) != (json_int_t)now.bytes) {
        return DN_OK;
    }
    if (then != NULL && strcmp(then, now.modified) == 0) {
        *changed = false;
        return DN_OK;
    }
    dn_status status = dn_scan_input_hash(scan->path, sha256);
    if (status == DN_ENOMEM || status == DN_ECANCELLED) {
        return status;
    }
    dn_error_clear();
    *changed = status != DN_OK || hash == NULL || strcmp(hash, sha256) != 0;
    return DN_OK;
}

static int64_t time_ns(const struct stat *facts)
{
    return (int64_t)facts->st_mtim.tv_sec * 1000000000 + facts->st_mtim.tv_nsec;
}

/* A file that a record lists, as it is now; -1 bytes: it is not there. */
static dn_status look_at_result(const char *output, const json_t *record, const char *name, struct stat *facts)
{
    const char *folder = json_string_value(json_object_get(record, "Folder"));
    char *path = NULL;
    DN_TRY(dn_asprintf(&path, "%s/%s/%s", output, folder != NULL ? folder : ".", name));
    if (stat(path, facts) != 0) {
        *facts = (struct stat){.st_size = -1};
    }
    free(path);
    return DN_OK;
}

/* The first file that was written and is not there any more, or has another size; *name is borrowed from record. A table or mask that the
 * page corrected is recorded by whoever corrects it. */
static dn_status find_missing(const char *output, const json_t *record, const char **name)
{
    const json_t *file;
    size_t i;
    *name = NULL;
    json_array_foreach(json_object_get(record, "Outputs"), i, file)
    {
        const char *what = json_string_value(json_object_get(file, "name"));
        struct stat facts;
        if (what == NULL || *name != NULL) {
            continue;
        }
        DN_TRY(look_at_result(output, record, what, &facts));
        if ((json_int_t)facts.st_size != json_integer_value(json_object_get(file, "bytes"))) {
            *name = what;
        }
    }
    return DN_OK;
}

static dn_status compare_models(const json_t *now, const json_t *then, char **reason)
{
    const json_t *model;
    size_t i;
    if (json_equal(now, then)) {
        return DN_OK;
    }
    json_array_foreach(now, i, model)
    {
        const json_t *other = json_array_get(then, i);
        if (!json_equal(model, other)) {
            return dn_asprintf(reason, "the network %s is not the one of then", json_string_value(json_object_get(model, "name")));
        }
    }
    return dn_asprintf(reason, "other networks are used now");
}

bool dn_scan_status_may_pass(dn_status status)
{
    return status == DN_ENOMEM || status == DN_EIO || status == DN_EINTERNAL || status == DN_ECANCELLED;
}

static dn_status judge(const char *output, const dn_bids_scan *scan, const dn_run_identity *now, const json_t *record, dn_scan_status *out)
{
    const char *version = json_string_value(json_object_get(record, "Version"));
    const char *state = json_string_value(json_object_get(record, "State"));
    const char *message = json_string_value(json_object_get(record, "Message"));
    const char *place = json_string_value(json_object_get(record, "Scan"));
    bool changed = false;
    out->state = DN_SCAN_STALE;
    if (place == NULL || strcmp(place, scan->inside) != 0) {
        return dn_asprintf(&out->reason, "the scan was %s then", place != NULL ? place : "another file");
    }
    if (version == NULL || strcmp(version, now->version) != 0) {
        return dn_asprintf(&out->reason, "measured by version %s", version != NULL ? version : "?");
    }
    DN_TRY(compare_models(now->models, json_object_get(record, "Models"), &out->reason));
    if (out->reason != NULL) {
        return DN_OK;
    }
    DN_TRY(dn_run_settings_difference(now->settings, json_object_get(record, "Settings"), &out->reason));
    if (out->reason != NULL) {
        return DN_OK;
    }
    DN_TRY(compare_input(scan, json_object_get(record, "Input"), &changed));
    if (changed) {
        return dn_asprintf(&out->reason, "the scan has changed");
    }
    if (state == NULL || strcmp(state, "done") != 0) {
        out->state = dn_scan_status_may_pass(out->status) ? DN_SCAN_STALE : DN_SCAN_FAILED;
        return dn_asprintf(&out->reason, "%s", message != NULL ? message : "could not be measured");
    }
    const char *missing;
    DN_TRY(find_missing(output, record, &missing));
    if (missing != NULL) {
        return dn_asprintf(&out->reason, "%s is missing or was changed", missing);
    }
    out->state = DN_SCAN_DONE;
    return DN_OK;
}

dn_status dn_scan_status_look(const char *output, const dn_bids_scan *scan, const dn_run_identity *now, dn_scan_status *out)
{
    char *path = NULL;
    json_t *record = NULL;
    *out = (dn_scan_status){.state = DN_SCAN_NEW};
    DN_TRY(path_of(output, scan, &path));
    struct stat facts;
    dn_status status = dn_json_read_if_there(path, DN_JSON_OBJECT, &record);
    if (record != NULL && stat(path, &facts) == 0) {
        out->written = time_ns(&facts);
    }
    free(path);
    if (record == NULL) { /* nothing is counted as done that cannot be shown to be */
        dn_error_clear();
        return status == DN_ENOMEM || status == DN_ECANCELLED ? status : DN_OK;
    }
    const json_int_t code = json_integer_value(json_object_get(record, "Status"));
    out->status = code >= 0 && code < (json_int_t)DN_STATUS_COUNT ? (dn_status)code : DN_EINTERNAL;
    out->accepted = json_is_true(json_object_get(record, "Accepted"));
    out->seconds = json_number_value(json_object_get(record, "Seconds"));
    out->peak_mb = json_number_value(json_object_get(record, "PeakMemory_MB"));
    status = judge(output, scan, now, record, out);
    json_decref(record);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static json_t *input_of(const dn_scan_input *input, const char *sha256)
{
    return *input->modified == '\0' && input->bytes == 0
               ? json_object() /* it was not there */
               : json_pack("{s:I, s:s, s:s}", "Bytes", (json_int_t)input->bytes, "Modified", input->modified, "SHA256", sha256);
}

static dn_status aside_of(const char *output, const dn_bids_scan *scan, char **out)
{
    return dn_asprintf(out, "%s/" DN_SCAN_STATUS_FOLDER "/.%s.json.before", output, scan->key);
}

/* The record that was set aside is of no use any more. */
static dn_status forget_aside(const char *output, const dn_bids_scan *scan)
{
    char *path = NULL;
    DN_TRY(aside_of(output, scan, &path));
    unlink(path);
    free(path);
    return DN_OK;
}

dn_status dn_scan_status_write(const char *output, const dn_bids_scan *scan, const dn_run_identity *now, const dn_scan_input *input,
                               const dn_worker_answer *answer)
{
    char *path = NULL;
    const bool done = answer->status == DN_OK;
    json_t *record = json_object();
    json_object_set_new(record, "Scan", dn_json_string(scan->inside));
    json_object_set_new(record, "State", json_string(done ? "done" : "failed"));
    json_object_set_new(record, "Status", json_integer((json_int_t)answer->status));
    json_object_set_new(record, "Message", dn_json_string(answer->text != NULL ? answer->text : ""));
    json_object_set_new(record, "Accepted", json_boolean(done && !answer->rejected));
    json_object_set_new(record, "Score", isnan(answer->score) ? json_null() : json_real(answer->score));
    json_object_set_new(record, "Input", input_of(input, answer->sha256));
    json_object_set_new(record, "Version", json_string(now->version));
    json_object_set_new(record, "Models", json_deep_copy(now->models));
    json_object_set_new(record, "Settings", json_deep_copy(now->settings));
    json_object_set_new(record, "Folder", dn_json_string(scan->folder));
    json_object_set_new(record, "Outputs", answer->outputs != NULL ? json_deep_copy(answer->outputs) : json_array());
    if (scan->dicom != NULL) {
        json_object_set_new(record, "Dicom", scan->dicom->origin != NULL ? dn_json_string(scan->dicom->origin) : json_null());
        json_object_set_new(record, "Series", answer->series != NULL ? json_deep_copy(answer->series) : json_array());
    }
    json_object_set_new(record, "Seconds", json_real(round(answer->seconds * 100.0) / 100.0));
    json_object_set_new(record, "PeakMemory_MB", json_real(round(answer->peak_mb)));
    dn_status status = sweep(output, scan);
    if (status == DN_OK) {
        status = path_of(output, scan, &path);
    }
    if (status != DN_OK) {
        json_decref(record);
        return status;
    }
    status = dn_json_write(record, 12, path);
    free(path);
    return status == DN_OK ? forget_aside(output, scan) : status;
}

/* Names, sizes, times and numbers of the files that a record lists, as a text that is another one when any of them was written. */
static dn_status facts_of_results(const char *output, const json_t *record, char **out)
{
    const json_t *file;
    size_t i;
    dn_text text = {0};
    DN_TRY(dn_text_open(&text));
    json_array_foreach(json_object_get(record, "Outputs"), i, file)
    {
        const char *name = json_string_value(json_object_get(file, "name"));
        struct stat facts;
        const dn_status status = look_at_result(output, record, name != NULL ? name : "", &facts);
        if (status != DN_OK) {
            dn_text_discard(&text);
            return status;
        }
        fprintf(text.stream, "%s %lld %lld %llu\n", name != NULL ? name : "", (long long)facts.st_size, (long long)time_ns(&facts),
                (unsigned long long)facts.st_ino);
    }
    return dn_text_take(&text, out);
}

dn_status dn_scan_status_set_aside(const char *output, const dn_bids_scan *scan, char **results)
{
    char *path = NULL, *aside = NULL;
    json_t *record = NULL;
    *results = NULL;
    dn_status status = sweep(output, scan);
    DN_TRY_GOTO(status, status, done);
    DN_TRY_GOTO(status, path_of(output, scan, &path), done);
    DN_TRY_GOTO(status, aside_of(output, scan, &aside), done);
    status = dn_json_read_if_there(path, DN_JSON_OBJECT, &record);
    if (status == DN_ENOMEM || status == DN_ECANCELLED) {
        goto done;
    }
    status = DN_OK;
    dn_error_clear();
    if (record != NULL) {
        DN_TRY_GOTO(status, facts_of_results(output, record, results), done);
    }
    unlink(aside); /* of a run that was killed: what it was about is not known */
    if ((record != NULL ? rename(path, aside) : unlink(path)) != 0 && errno != ENOENT) {
        status = dn_error_set(DN_EIO, "cannot remove the old record %s: %s", path, strerror(errno));
    }
done:
    json_decref(record);
    free(aside);
    free(path);
    return status;
}

dn_status dn_scan_status_restore(const char *output, const dn_bids_scan *scan, const char *results, bool *restored)
{
    char *path = NULL, *aside = NULL, *now = NULL;
    json_t *record = NULL;
    dn_status status = DN_OK;
    *restored = false;
    if (results == NULL) {
        return DN_OK;
    }
    DN_TRY_GOTO(status, path_of(output, scan, &path), done);
    DN_TRY_GOTO(status, aside_of(output, scan, &aside), done);
    status = dn_json_read_if_there(aside, DN_JSON_OBJECT, &record);
    if (status == DN_ENOMEM || status == DN_ECANCELLED) {
        goto done;
    }
    if (status != DN_OK) { /* else the message of the failure that led here stays */
        dn_error_clear();
        status = DN_OK;
    }
    if (record != NULL) {
        DN_TRY_GOTO(status, facts_of_results(output, record, &now), done);
        *restored = strcmp(now, results) == 0 && rename(aside, path) == 0;
    }
done:
    json_decref(record);
    free(now);
    free(aside);
    free(path);
    return status;
}
