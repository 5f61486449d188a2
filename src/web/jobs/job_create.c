/* A job made of an upload, of the scan of an earlier job, or of the demo head. */
#define _GNU_SOURCE
#include "base/archive.h"
#include "base/file.h"
#include "base/memory.h"
#include "web/database.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/events.h"
#include "web/jobs/job_ask.h"
#include "web/jobs/jobs.h"
#include "web/jobs/runner.h"
#include "web/jobs/uploads.h"
#include "web/server.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_LIMIT = 200 };

/* A job that is being made. Texts are owned. */
typedef struct draft {
    char id[DN_ID_SIZE];
    char *folder, *name, *stem, *scan, *settings;
    const char *kind, *sex;
    double age;
} draft;

static void draft_release(draft *it)
{
    free(it->folder);
    free(it->name);
    free(it->stem);
    free(it->scan);
    free(it->settings);
}

dn_status dn_body_sex(const dn_request *request, dn_reply *reply, const char **out)
{
    const char *text;
    DN_TRY(dn_body_text(request, reply, "sex", 16, &text));
    *out = text == NULL || *text == '\0'                               ? NULL
           : strcasecmp(text, "female") == 0 || strcmp(text, "F") == 0 ? "female"
           : strcasecmp(text, "male") == 0 || strcmp(text, "M") == 0   ? "male"
                                                                       : text;
    if (*out == text && text != NULL && strcmp(text, "female") != 0 && strcmp(text, "male") != 0) {
        DN_WEB_FAIL(reply, 400, "\"sex\" has to be \"female\", \"male\" or null");
    }
    return DN_OK;
}

static dn_status read_settings(const dn_request *request, dn_reply *reply, draft *it)
{
    bool any;
    DN_TRY(dn_job_ask_read(request, reply, &it->settings, &any));
    DN_TRY(dn_body_number(request, reply, "age", 0.0, 130.0, &it->age));
    return dn_body_sex(request, reply, &it->sex);
}

/* The name on the page, and the one that results begin with. usual: what stands for a name that was not given; NULL: there is none. */
static dn_status set_names(const dn_request *request, dn_reply *reply, const char *usual, draft *it)
{
    const char *given;
    char *stem = NULL;
    DN_TRY(dn_body_text(request, reply, "name", NAME_LIMIT, &given));
    const char *name = given != NULL && *given != '\0' ? given : usual;
    if (name != NULL) {
        DN_TRY(dn_path_scan_stem(name, &stem));
    }
    dn_status status = dn_file_name_of(stem != NULL && *stem != '\0' ? stem : "scan", &it->stem);
    if (status == DN_OK) {
        status = given != NULL && *given != '\0' ? dn_strdup(given, &it->name)
                                                 : dn_strdup(stem != NULL && *stem != '\0' ? stem : "scan", &it->name);
    }
    free(stem);
    return status;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static bool is_scan_name(const char *name)
{
    return dn_path_scan_length(name) < strlen(name);
}

/* The end of the name of an archive; "": it is none by its name. */
static const char *archive_end(const char *name)
{
    static const char *const ends[] = {".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        if (dn_path_has_extension(name, ends[i])) {
            return ends[i];
        }
    }
    return "";
}

static dn_status move(const char *folder, const char *from, const char *to)
{
    char *a = NULL, *b = NULL;
    dn_status status = dn_path_join(folder, from, &a);
    status = status == DN_OK ? dn_path_join(folder, to, &b) : status;
    if (status == DN_OK && rename(a, b) != 0) {
        status = dn_error_set(dn_error_of(errno, DN_EIO), "the server cannot keep the scan: %s", strerror(errno));
    }
    free(a);
    free(b);
    return status;
}

/* Scans keep their endings, which say how they are read; everything else about names is ours. */
static dn_status arrange_scans(const json_t *list, draft *it)
{
    char *folder = NULL, *target = NULL;
    json_t *one;
    size_t i;
    DN_TRY(dn_path_join(it->folder, "scan", &folder));
    dn_status status = dn_path_make_folder(folder);
    free(folder);
    json_array_foreach(list, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        char from[32];
        snprintf(from, sizeof from, "in/%zu", i);
        free(target);
        target = NULL;
        status = status == DN_OK ? dn_asprintf(&target, "scan/%s%s", it->stem, name + dn_path_scan_length(name)) : status;
        status = status == DN_OK ? move(it->folder, from, target) : status;
    }
    it->scan = target;
    return status;
}

/* One scan (or the pair of a header and its image) is measured as it is; all else is DICOM, in files or in an archive. */
static dn_status arrange(const json_t *list, draft *it)
{
    const size_t count = json_array_size(list);
    const char *name = json_string_value(json_object_get(json_array_get(list, 0), "name"));
    const char *other = count == 2 ? json_string_value(json_object_get(json_array_get(list, 1), "name")) : NULL;
    char archive[32];
    if (is_scan_name(name) &&
        (count == 1 || (count == 2 && is_scan_name(other) && dn_path_scan_length(name) == dn_path_scan_length(other) &&
                        strncmp(name, other, dn_path_scan_length(name)) == 0))) {
        return arrange_scans(list, it);
    }
    if (count == 1 && *archive_end(name) != '\0') {
        snprintf(archive, sizeof archive, "archive%s", archive_end(name));
        return move(it->folder, "in/0", archive);
    }
    return DN_OK;
}

static dn_status take_upload(dn_request *request, dn_reply *reply, const char *upload_id, draft *it)
{
    dn_upload upload = {.folder = NULL};
    char *in = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_upload_open(request->web, reply, upload_id, &upload), done);
    DN_TRY_GOTO(status, dn_upload_check_whole(&upload, reply), done);
    const char *name = json_string_value(json_object_get(json_array_get(upload.list, 0), "name"));
    DN_TRY_GOTO(status, set_names(request, reply, json_array_size(upload.list) <= 2 && is_scan_name(name) ? name : NULL, it), done);
    DN_TRY_GOTO(status, dn_path_make_folder(it->folder), done);
    DN_TRY_GOTO(status, dn_path_join(it->folder, "in", &in), done);
    if (rename(upload.folder, in) != 0) {
        DN_FAIL_GOTO(status, done, dn_error_of(errno, DN_EIO), "the server cannot keep the scan: %s", strerror(errno));
    }
    status = arrange(upload.list, it);
done:
    free(in);
    dn_upload_release(&upload);
    return status;
}

/* ---- a scan that is here ------------------------------------------------------------------------------------------- */

/* The file in another place: the same bytes on the disk where the file system can do that. */
static dn_status share(const char *from, const char *to)
{
    return link(from, to) == 0 ? DN_OK : dn_file_copy(from, to);
}

/* FROM/scan/OLD.end becomes FOLDER/scan/STEM.end, for each file of the scan. */
static dn_status share_scan(const char *from, const char *old, draft *it)
{
    struct dirent **entries = NULL;
    const size_t n = strlen(old);
    dn_status status = DN_OK;
    const int count = scandir(from, &entries, NULL, alphasort);
    for (int i = 0; i < count; ++i) {
        const char *name = entries[i]->d_name;
        char *a = NULL, *b = NULL;
        if (status == DN_OK && strncmp(name, old, n) == 0 && name[n] == '.') {
            status = dn_path_join(from, name, &a);
            status = status == DN_OK ? dn_asprintf(&b, "%s/scan/%s%s", it->folder, it->stem, name + n) : status;
            status = status == DN_OK ? share(a, b) : status;
        }
        free(a);
        free(b);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static dn_status take_scan(dn_request *request, dn_reply *reply, const char *of, draft *it)
{
    json_t *row = NULL;
    char *from = NULL, *folder = NULL;
    dn_status status;
    DN_TRY(dn_job_find(request->web, of, &row));
    const char *inside = json_string_value(json_object_get(row, "scan")), *old = json_string_value(json_object_get(row, "stem"));
    if (inside == NULL) {
        reply->code = row == NULL ? 404 : 409;
        DN_FAIL_GOTO(status, done, DN_EUSAGE,
                     row == NULL ? "there is no such scan; it may have been deleted" : "this scan has not been measured");
    }
    DN_TRY_GOTO(status, set_names(request, reply, json_string_value(json_object_get(row, "name")), it), done);
    DN_TRY_GOTO(status, dn_path_join(it->folder, "scan", &folder), done);
    DN_TRY_GOTO(status, dn_path_make_folder(folder), done);
    DN_TRY_GOTO(status, dn_job_folder(request->web, of, "scan", &from), done);
    DN_TRY_GOTO(status, share_scan(from, old, it), done);
    DN_TRY_GOTO(status, dn_asprintf(&it->scan, "scan/%s%s", it->stem, inside + strlen("scan/") + strlen(old)), done);
    it->age = isnan(it->age) && json_is_number(json_object_get(row, "age")) ? json_number_value(json_object_get(row, "age")) : it->age;
    const char *sex = json_string_value(json_object_get(row, "sex"));
    it->sex = it->sex != NULL || sex == NULL ? it->sex : strcmp(sex, "female") == 0 ? "female" : "male";
done:
    free(from);
    free(folder);
    json_decref(row);
    return status;
}

/* ---- POST --------------------------------------------------------------------------------------------------------- */

static dn_status insert(dn_web *web, const draft *it)
{
    char now[DN_TIME_SIZE];
    dn_time_text(0.0, now);
    return dn_database_run(web->database,
                           "INSERT INTO jobs(id, name, stem, kind, state, settings, age, sex, created, scan)"
                           " VALUES(?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)",
                           "tttttdttt", it->id, it->name, it->stem, it->kind, it->settings, it->age, it->sex, now, it->scan);
}

static dn_status fill(dn_request *request, dn_reply *reply, draft *it)
{
    const char *upload, *of;
    const bool demo = json_is_true(json_object_get(request->json, "demo"));
    DN_TRY(dn_body_text(request, reply, "upload", 32, &upload));
    DN_TRY(dn_body_text(request, reply, "scan_of", 32, &of));
    if ((demo ? 1 : 0) + (upload != NULL ? 1 : 0) + (of != NULL ? 1 : 0) != 1 || (of != NULL && !dn_is_id(of))) {
        DN_WEB_FAIL(reply, 400,
                    "a scan is made of an upload (\"upload\": its id), is that of an earlier job (\"scan_of\": its id), or is the demo head"
                    " (\"demo\": true)");
    }
    DN_TRY(read_settings(request, reply, it));
    DN_TRY(dn_id_make(it->id));
    DN_TRY(dn_job_folder(request->web, it->id, NULL, &it->folder));
    it->kind = demo ? "demo" : "scan";
    if (of != NULL) {
        return take_scan(request, reply, of, it);
    }
    if (!demo) {
        return take_upload(request, reply, upload, it);
    }
    DN_TRY(set_names(request, reply, "demo", it));
    return dn_path_make_folder(it->folder);
}

dn_status dn_post_job(dn_request *request, dn_reply *reply)
{
    draft it = {.kind = NULL};
    json_t *row = NULL;
    dn_status status = fill(request, reply, &it);
    status = status == DN_OK ? insert(request->web, &it) : status;
    status = status == DN_OK ? dn_job_find(request->web, it.id, &row) : status;
    if (status == DN_OK && row != NULL) {
        reply->code = 201;
        reply->json = dn_job_json(request->web, row);
        dn_hub_tell(request->web->hub, DN_EVENT_JOB, it.id);
        dn_runner_wake(request->web->runner);
    } else if (it.folder != NULL) {
        dn_folder_remove(it.folder);
    }
    json_decref(row);
    draft_release(&it);
    return status;
}
