/* Groups: which scans, and their volumes. */
#define _GNU_SOURCE
#include "web/groups/groups.h"

#include "base/file.h"
#include "base/memory.h"
#include "study/tables/load.h"
#include "web/clean.h"
#include "web/database.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/server.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

void dn_group_release(dn_page_group *group)
{
    for (size_t i = 0; group->member != NULL && i < group->count; ++i) {
        dn_member *member = &group->member[i];
        free(member->name);
        free(member->table);
        free(member->picture);
        free(member->job);
        free(member->sex);
        free(member->thumbnail);
        dn_kept_put(group->kept, member->scan);
    }
    free(group->member);
    free(group->id);
    free(group->name);
    free(group->source);
    free(group->folder);
    free(group->place);
    dn_table_destroy(group->people);
    *group = (dn_page_group){.id = NULL};
}

/* ---- members ------------------------------------------------------------------------------------------------------ */

/* The volumes as they are now. */
static dn_status read_member(dn_page_group *group, dn_member *member)
{
    member->person = DN_TABLE_NONE;
    return dn_kept_get(group->kept, member->table, &member->scan);
}

static dn_status fill_job(const dn_web *web, dn_page_group *group, const json_t *row, dn_member *out)
{
    const char *id = text_of(row, "id"), *stem = text_of(row, "stem"), *sex = text_of(row, "sex");
    const json_t *age = json_object_get(row, "age");
    const int version = (int)json_integer_value(json_object_get(row, "version"));
    snprintf(out->key, sizeof out->key, "%s", id);
    out->age = json_is_number(age) ? json_number_value(age) : (double)NAN;
    DN_TRY(dn_strdup(id, &out->job));
    DN_TRY(dn_strdup(text_of(row, "name"), &out->name));
    if (sex != NULL) {
        DN_TRY(dn_strdup(sex, &out->sex));
    }
    DN_TRY(dn_asprintf(&out->table, "%s/jobs/%s/v%d/%s_volumes.tsv", web->options.state, id, version, stem));
    DN_TRY(dn_asprintf(&out->picture, "%s/jobs/%s/v%d/%s_qc.png", web->options.state, id, version, stem));
    DN_TRY(dn_asprintf(&out->thumbnail, "%s/jobs/%s/thumbnail-v%d.png", web->options.state, id, version));
    return read_member(group, out);
}

static dn_status count_listed(dn_web *web, dn_page_group *group)
{
    json_t *row = NULL;
    DN_TRY(dn_database_row(web->database, &row, "SELECT COUNT(*) AS n FROM group_jobs WHERE grp = ?", "t", group->id));
    group->listed = json_integer_value(json_object_get(row, "n"));
    json_decref(row);
    return DN_OK;
}

static dn_status add_jobs(dn_web *web, const char *only, dn_page_group *group)
{
    json_t *rows = NULL, *row;
    size_t i;
    DN_TRY(dn_database_rows(
        web->database, &rows,
        "SELECT jobs.*, (SELECT MAX(v.number) FROM versions v WHERE v.job = jobs.id) AS version FROM group_jobs"
        " JOIN jobs ON jobs.id = group_jobs.job WHERE group_jobs.grp = ? AND jobs.state = 'done' ORDER BY group_jobs.place",
        "t", group->id));
    dn_status status = count_listed(web, group);
    status = status == DN_OK ? dn_alloc(&group->member, json_array_size(rows), sizeof *group->member, "the scans of a group") : status;
    json_array_foreach(rows, i, row)
    {
        if (status == DN_OK && (only == NULL || strcmp(text_of(row, "id"), only) == 0)) {
            status = fill_job(web, group, row, &group->member[group->count++]);
        }
    }
    json_decref(rows);
    return status;
}

/* What tells a scan of a run apart, in addresses. */
static void make_key(const dn_page_group *group, const char *path, char out[17])
{
    snprintf(out, 17, "%016" PRIx64, dn_text_hash(path + strlen(group->folder)));
}

/* "sub-01" of "sub-01_volumes.tsv"; the picture lies beside it. */
static dn_status fill_file(dn_page_group *group, const char *path, dn_member *out)
{
    static const char end[] = "_volumes.";
    const char *name = dn_path_name(path);
    const char *cut = strstr(name, end);
    const int stem = (int)(cut != NULL ? (size_t)(cut - name) : strlen(name)), folder = (int)(name - path);
    out->age = NAN;
    make_key(group, path, out->key);
    DN_TRY(dn_strdup(path, &out->table));
    DN_TRY(dn_asprintf(&out->name, "%.*s", stem, name));
    DN_TRY(dn_asprintf(&out->picture, "%.*s%.*s_qc.png", folder, path, stem, name));
    DN_TRY(dn_asprintf(&out->thumbnail, "%s/thumbnails/%s.png", group->place, out->key));
    return read_member(group, out);
}

static dn_status add_files(const char *only, dn_page_group *group)
{
    char **paths = NULL;
    size_t count = 0;
    DN_TRY(dn_study_find_volumes(group->folder, &paths, &count));
    dn_status status = dn_alloc(&group->member, count, sizeof *group->member, "the scans of a group");
    for (size_t i = 0; status == DN_OK && i < count; ++i) {
        char key[17];
        make_key(group, paths[i], key);
        if (only == NULL || strcmp(key, only) == 0) {
            status = fill_file(group, paths[i], &group->member[group->count++]);
        }
    }
    dn_study_volumes_release(paths, count);
    return status;
}

/* Whether the server was given the folder this time. */
static bool is_given(const dn_web *web, const char *folder)
{
    for (size_t i = 0; i < web->options.result_count; ++i) {
        char *real = realpath(web->options.results[i], NULL);
        const bool same = real != NULL && strcmp(real, folder) == 0;
        free(real);
        if (same) {
            return true;
        }
    }
    return false;
}

static dn_status fill_group(dn_web *web, const json_t *row, const char *only, dn_page_group *out)
{
    const char *folder = text_of(row, "folder");
    out->kept = web->kept;
    DN_TRY(dn_strdup(text_of(row, "id"), &out->id));
    DN_TRY(dn_strdup(text_of(row, "name"), &out->name));
    DN_TRY(dn_strdup(folder != NULL ? "folder" : "jobs", &out->source));
    DN_TRY(dn_web_folder(web, "groups", out->id, &out->place));
    if (folder != NULL) {
        DN_TRY(dn_strdup(folder, &out->folder));
        DN_TRY(add_files(only, out));
    } else {
        DN_TRY(add_jobs(web, only, out));
    }
    DN_TRY(dn_group_people_read(out, &out->people));
    return dn_group_people_match(out);
}

dn_status dn_group_open(dn_request *request, dn_reply *reply, const char *only, dn_page_group *out)
{
    json_t *row = NULL;
    *out = (dn_page_group){.id = NULL};
    DN_TRY(dn_database_row(request->web->database, &row, "SELECT * FROM groups WHERE id = ?", "t", request->part[0]));
    const char *folder = row != NULL ? text_of(row, "folder") : NULL;
    if (row == NULL || (folder != NULL && !is_given(request->web, folder))) {
        json_decref(row);
        DN_WEB_FAIL(reply, 404, "there is no such group; it may have been deleted");
    }
    dn_status status = fill_group(request->web, row, only, out);
    json_decref(row);
    return status;
}

dn_member *dn_group_member(const dn_page_group *group, const char *key)
{
    for (size_t i = 0; i < group->count; ++i) {
        if (strcmp(group->member[i].key, key) == 0) {
            return &group->member[i];
        }
    }
    return NULL;
}

const char *dn_member_text(const dn_member *member, const char *column)
{
    const dn_table *table = member->scan->values.table;
    const size_t c = table != NULL ? dn_table_find(table, column) : DN_TABLE_NONE;
    return c != DN_TABLE_NONE ? dn_table_text(table, 0, c) : NULL;
}

double dn_member_volume(const dn_member *member, const char *column)
{
    const dn_table *table = member->scan->values.table;
    const size_t c = table != NULL ? dn_table_find(table, column) : DN_TABLE_NONE;
    double value = NAN;
    if (c != DN_TABLE_NONE && dn_table_unit(table, c) != NULL && dn_table_number(table, 0, c, &value) != DN_OK) {
        dn_error_clear();
        value = NAN;
    }
    return value;
}

bool dn_member_accepted(const dn_member *member)
{
    const char *accepted = dn_member_text(member, "accepted");
    return member->scan->reason == NULL && (accepted == NULL || strcmp(accepted, "no") != 0);
}

/* ---- the list ----------------------------------------------------------------------------------------------------- */

dn_status dn_groups_take_folders(dn_web *web)
{
    for (size_t i = 0; i < web->options.result_count; ++i) {
        char id[DN_ID_SIZE], now[DN_TIME_SIZE];
        char *real = realpath(web->options.results[i], NULL);
        if (real == NULL || !dn_path_is_folder(real)) {
            free(real);
            DN_FAIL(DN_EINPUT, "%s is not a folder of results", web->options.results[i]);
        }
        dn_time_text(0.0, now);
        dn_status status = dn_id_make(id);
        if (status == DN_OK) {
            status = dn_database_run(web->database, "INSERT OR IGNORE INTO groups(id, name, folder, created) VALUES(?, ?, ?, ?)", "tttt",
                                     id, dn_path_name(real), real, now);
        }
        free(real);
        DN_TRY(status);
    }
    return DN_OK;
}

dn_status dn_get_groups(dn_request *request, dn_reply *reply)
{
    json_t *rows = NULL, *row, *list = json_array();
    size_t i;
    DN_TRY(
        dn_database_rows(request->web->database, &rows,
                         "SELECT groups.*, (SELECT COUNT(*) FROM group_jobs g WHERE g.grp = groups.id) AS jobs FROM groups ORDER BY number",
                         ""));
    json_array_foreach(rows, i, row)
    {
        const char *folder = text_of(row, "folder");
        if (folder == NULL || is_given(request->web, folder)) {
            json_array_append_new(list, json_pack("{s:O, s:O, s:s, s:O, s:o}", "id", json_object_get(row, "id"), "name",
                                                  json_object_get(row, "name"), "source", folder != NULL ? "folder" : "jobs", "created",
                                                  json_object_get(row, "created"), "scans",
                                                  folder != NULL ? json_null() : json_incref(json_object_get(row, "jobs"))));
        }
    }
    json_decref(rows);
    reply->json = json_pack("{s:o}", "groups", list);
    return DN_OK;
}

/* ---- POST, DELETE ------------------------------------------------------------------------------------------------- */

static dn_status insert_group(dn_web *web, dn_reply *reply, const char *id, const char *name, const json_t *jobs)
{
    char now[DN_TIME_SIZE];
    size_t i;
    json_t *job;
    dn_time_text(0.0, now);
    DN_TRY(dn_database_run(web->database, "INSERT INTO groups(id, name, created) VALUES(?, ?, ?)", "ttt", id, name, now));
    json_array_foreach(jobs, i, job)
    {
        int64_t changed;
        DN_TRY(dn_database_change(web->database, &changed,
                                  "INSERT OR IGNORE INTO group_jobs(grp, job, place) SELECT ?, id, ? FROM jobs WHERE id = ?", "tit", id,
                                  (int64_t)i, json_string_value(job)));
        if (changed == 0) {
            DN_WEB_FAIL(reply, 404, "scan %zu of the list is not there (any more), or is in it twice", i + 1);
        }
    }
    return DN_OK;
}

dn_status dn_post_group(dn_request *request, dn_reply *reply)
{
    const char *name;
    const json_t *jobs;
    char id[DN_ID_SIZE];
    DN_TRY(dn_body_text(request, reply, "name", 200, &name));
    DN_TRY(dn_body_list(request, reply, "jobs", 100000, &jobs));
    if (name == NULL || *name == '\0' || json_array_size(jobs) == 0) {
        DN_WEB_FAIL(reply, 400, "a group needs a \"name\" and \"jobs\", a list of ids of scans");
    }
    DN_TRY(dn_id_make(id));
    DN_TRY(dn_database_begin(request->web->database));
    DN_TRY(dn_database_end(request->web->database, insert_group(request->web, reply, id, name, jobs)));
    reply->code = 201;
    reply->json = json_pack("{s:s, s:s, s:s}", "id", id, "name", name, "source", "jobs");
    return DN_OK;
}

/* The scans stay; of a run's folder, too, only what was added here goes. */
dn_status dn_delete_group(dn_request *request, dn_reply *reply)
{
    int64_t changed;
    DN_TRY(
        dn_database_change(request->web->database, &changed, "DELETE FROM groups WHERE id = ? AND folder IS NULL", "t", request->part[0]));
    if (changed == 0) {
        DN_WEB_FAIL(reply, 404, "there is no such group, or it is a folder of results, which the server was started with");
    }
    dn_web_discard(request->web, "groups", request->part[0]);
    DN_TRY(dn_database_forget(request->web->database));
    reply->code = 204;
    return DN_OK;
}
