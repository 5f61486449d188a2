/* A group as the page shows it: its table, its pictures, and a person's word about a row. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "report/picture.h"
#include "web/database.h"
#include "web/groups/groups.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/events.h"
#include "web/server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *text_or_null(const char *text)
{
    json_t *out = text != NULL ? json_string(text) : NULL;
    return out != NULL ? out : json_null();
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static json_t *volumes_of(const dn_member *member)
{
    json_t *out = json_object();
    const dn_table *table = member->scan->values.table;
    for (size_t c = 0; table != NULL && c < dn_table_columns(table); ++c) {
        if (dn_table_unit(table, c) != NULL) {
            json_object_set_new(out, dn_table_column_name(table, c),
                                number_or_null(dn_member_volume(member, dn_table_column_name(table, c))));
        }
    }
    return out;
}

/* Codes of quality control, one text each. */
static json_t *warnings_of(const dn_member *member)
{
    json_t *list = json_array();
    const char *text = member->scan->values.count > 0 ? member->scan->values.scan[0].warnings : NULL;
    while (text != NULL && *text != '\0') {
        const size_t n = strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, n));
        text += n;
        text += strspn(text, ", ");
    }
    return list;
}

static json_t *review_of(const dn_member *member)
{
    const dn_review *review = &member->scan->review;
    return member->scan->reviewed ? json_pack("{s:b, s:s, s:s, s:s}", "accepted", review->accepted, "reason", review->reason, "who",
                                              review->who, "when", review->when)
                                  : json_null();
}

/* As the table of participants has it, or else as the page knows it. */
static json_t *about(const json_t *person, const char *key, json_t *own)
{
    json_t *value = json_object_get(person, key);
    if (value == NULL || json_is_null(value)) {
        return own;
    }
    json_decref(own);
    return json_incref(value);
}

/* Addresses of the picture and of a small one, where there is a picture. */
static dn_status add_pictures(const dn_page_group *group, const dn_member *member, json_t *out)
{
    static const char *const kinds[] = {"picture", "thumbnail"};
    const bool there = dn_path_exists(member->picture);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
        char *url = NULL;
        if (there) {
            DN_TRY(dn_asprintf(&url, "/api/groups/%s/rows/%s/%s", group->id, member->key, kinds[i]));
        }
        json_object_set_new(out, kinds[i], text_or_null(url));
        free(url);
    }
    return DN_OK;
}

static dn_status row_json(const dn_page_group *group, const dn_member *member, json_t **out)
{
    const dn_kept_scan *scan = member->scan;
    const dn_scan_record *record = scan->values.count > 0 ? &scan->values.scan[0] : NULL;
    json_t *person = dn_group_person_json(group, member);
    *out = json_pack("{s:s, s:s, s:o, s:o, s:b, s:o}", "key", member->key, "name", member->name, "participant",
                     text_or_null(dn_member_text(member, "participant_id")), "session", text_or_null(dn_member_text(member, "session")),
                     "accepted", dn_member_accepted(member), "verdict", text_or_null(dn_member_text(member, "accepted")));
    json_object_set_new(*out, "reason", text_or_null(scan->reason != NULL ? scan->reason : record != NULL ? record->reason : NULL));
    json_object_set_new(*out, "review", review_of(member));
    json_object_set_new(*out, "corrected", json_boolean(record != NULL && record->corrected != NULL));
    json_object_set_new(*out, "networks", text_or_null(record != NULL ? record->networks : NULL));
    json_object_set_new(*out, "warnings", warnings_of(member));
    json_object_set_new(*out, "flags", json_deep_copy(scan->flags)); /* the kept one belongs to all threads */
    json_object_set_new(*out, "age", about(person, "age", number_or_null(member->age)));
    json_object_set_new(*out, "sex", about(person, "sex", text_or_null(member->sex)));
    json_object_set_new(*out, "volumes", volumes_of(member));
    json_object_set_new(*out, "icv_mm3", number_or_null(dn_member_volume(member, "icv")));
    json_object_set_new(*out, "job", text_or_null(member->job));
    json_object_set_new(*out, "participants", person);
    return add_pictures(group, member, *out);
}

/* ---- the group ---------------------------------------------------------------------------------------------------- */

/* Names of all volumes, in the order in which they are met. */
static json_t *columns_of(const dn_page_group *group)
{
    json_t *seen = json_object(), *list = json_array();
    for (size_t i = 0; i < group->count; ++i) {
        const dn_table *table = group->member[i].scan->values.table;
        for (size_t c = 0; table != NULL && c < dn_table_columns(table); ++c) {
            const char *name = dn_table_column_name(table, c);
            if (dn_table_unit(table, c) != NULL && json_object_get(seen, name) == NULL) {
                json_object_set_new(seen, name, json_true());
                json_array_append_new(list, json_string(name));
            }
        }
    }
    json_decref(seen);
    return list;
}

static json_t *people_columns(const dn_page_group *group)
{
    json_t *list = json_array();
    for (size_t c = 0; group->people != NULL && c < dn_table_columns(group->people); ++c) {
        json_array_append_new(list, json_string(dn_table_column_name(group->people, c)));
    }
    return list;
}

/* Sentences about scans that were measured differently, of those that are used: what the comparison will say, too
 * (study/tables/provenance). */
static dn_status mixtures_of(const dn_page_group *group, json_t **out)
{
    static const char *const codes[] = {"networks", "versions", "options", "resolutions", NULL};
    const dn_scan_record **records = NULL;
    dn_remarks remarks = {0};
    size_t count = 0;
    *out = json_array();
    DN_TRY(dn_alloc(&records, group->count, sizeof *records, "the scans of a group"));
    for (size_t i = 0; i < group->count; ++i) {
        if (dn_member_accepted(&group->member[i]) && group->member[i].scan->values.count > 0) {
            records[count++] = &group->member[i].scan->values.scan[0];
        }
    }
    dn_status status = dn_scan_records_remark(records, count, &remarks);
    for (size_t i = 0; status == DN_OK && i < remarks.count; ++i) {
        if (dn_is_among(remarks.remark[i].code, codes)) {
            json_array_append_new(*out, json_string(remarks.remark[i].text));
        }
    }
    dn_remarks_release(&remarks);
    free(records);
    return status;
}

dn_status dn_get_group(dn_request *request, dn_reply *reply)
{
    dn_page_group group;
    json_t *rows = json_array(), *failed = NULL, *pending = NULL, *mixed = NULL;
    dn_status status = dn_group_open(request, reply, NULL, &group);
    for (size_t i = 0; status == DN_OK && i < group.count; ++i) {
        json_t *row = NULL;
        status = row_json(&group, &group.member[i], &row);
        json_array_append_new(rows, row);
    }
    status = status == DN_OK ? dn_group_without(request->web, &group, &failed, &pending) : status;
    status = status == DN_OK ? mixtures_of(&group, &mixed) : status;
    if (status == DN_OK) {
        reply->json = json_pack("{s:s, s:s, s:s, s:O, s:o, s:o, s:{s:o, s:o}, s:O, s:O, s:O}", "id", group.id, "name", group.name, "source",
                                group.source, "rows", rows, "columns", columns_of(&group), "participants_columns", people_columns(&group),
                                "unmatched", "rows", dn_group_unmatched_rows(&group), "participants", dn_group_unmatched_people(&group),
                                "failed", failed, "pending", pending, "mixed", mixed);
    }
    json_decref(failed);
    json_decref(pending);
    json_decref(mixed);
    json_decref(rows);
    dn_group_release(&group);
    return status;
}

/* ---- pictures and reviews ----------------------------------------------------------------------------------------- */

static dn_status find_member(dn_request *request, dn_reply *reply, dn_page_group *group, dn_member **out)
{
    DN_TRY(dn_group_open(request, reply, request->part[1], group));
    *out = dn_group_member(group, request->part[1]);
    if (*out == NULL) {
        DN_WEB_FAIL(reply, 404, "the group has no such scan");
    }
    return DN_OK;
}

/* A picture that the browser may keep for as long as the file is the same. picture: whose time and size tell. */
static dn_status send_picture(dn_request *request, dn_reply *reply, const char *path, const char *picture)
{
    const char *known = dn_request_header(request, "If-None-Match");
    struct stat facts;
    if (stat(picture, &facts) != 0) {
        DN_WEB_FAIL(reply, 404, "this scan has no picture");
    }
    snprintf(reply->etag, sizeof reply->etag, "\"%08" PRIx64 "%08" PRIx64 "\"", (uint64_t)facts.st_mtim.tv_sec & UINT32_MAX,
             ((uint64_t)facts.st_mtim.tv_nsec ^ (uint64_t)facts.st_size) & UINT32_MAX);
    if (known != NULL && strcmp(known, reply->etag) == 0) {
        reply->code = 304;
        return DN_OK;
    }
    return dn_reply_file(reply, path, "image/png", NULL);
}

dn_status dn_get_picture(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_member *member = NULL;
    dn_status status = find_member(request, reply, &group, &member);
    if (status == DN_OK) {
        status = send_picture(request, reply, member->picture, member->picture);
    }
    dn_group_release(&group);
    return status;
}

/* The small picture has the time of the large one: another time, and it is made again. */
static bool is_fresh(const char *thumbnail, const char *picture)
{
    struct stat a, b;
    return stat(thumbnail, &a) == 0 && stat(picture, &b) == 0 && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

static dn_status make_thumbnail(const dn_page_group *group, const dn_member *member)
{
    struct stat facts;
    if (stat(member->picture, &facts) != 0) {
        DN_FAIL(DN_EINPUT, "this scan has no picture");
    }
    if (member->job == NULL) { /* the folder of a run is not ours to write to */
        char *folder = NULL;
        DN_TRY(dn_path_join(group->place, "thumbnails", &folder));
        dn_status status = dn_path_make_folder(folder);
        free(folder);
        DN_TRY(status);
    }
    dn_status status = dn_picture_thumbnail(member->picture, member->thumbnail);
    if (status != DN_OK) {
        return dn_error_rename(status, member->picture, "the picture");
    }
    const struct timespec times[2] = {facts.st_mtim, facts.st_mtim};
    (void)utimensat(AT_FDCWD, member->thumbnail, times, 0); /* where it fails, the picture is made again next time */
    return DN_OK;
}

dn_status dn_get_thumbnail(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_member *member = NULL;
    dn_status status = find_member(request, reply, &group, &member);
    if (status == DN_OK && !is_fresh(member->thumbnail, member->picture)) {
        status = make_thumbnail(&group, member);
        reply->code = status == DN_EINPUT || status == DN_EFORMAT ? 404 : reply->code;
    }
    if (status == DN_OK) {
        status = send_picture(request, reply, member->thumbnail, member->picture);
    }
    dn_group_release(&group);
    return status;
}

/* Beside the table, where dien's own tables find it; of a scan of the page in the list, too. */
static dn_status write_review(dn_web *web, const dn_member *member, const dn_review *review)
{
    DN_TRY(dn_review_write(member->table, review));
    if (member->job == NULL) {
        return DN_OK;
    }
    dn_hub_tell(web->hub, DN_EVENT_JOB, member->job);
    return dn_database_run(web->database, "INSERT OR REPLACE INTO reviews(job, accepted, reason, who, created) VALUES(?, ?, ?, ?, ?)",
                           "tittt", member->job, (int64_t)(review->accepted ? 1 : 0), review->reason, review->who, review->when);
}

dn_status dn_put_row_review(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_member *member = NULL;
    dn_review review = {.reason = NULL};
    dn_status status;
    DN_TRY_GOTO(status, find_member(request, reply, &group, &member), done);
    DN_TRY_GOTO(status, dn_body_review(request, reply, &review), done);
    DN_TRY_GOTO(status, write_review(request->web, member, &review), done);
    dn_group_release(&group);
    DN_TRY_GOTO(status, find_member(request, reply, &group, &member), done);
    status = row_json(&group, member, &reply->json);
done:
    dn_review_release(&review);
    dn_group_release(&group);
    return status;
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

/* Whether a column of that name is the scans' own: that of the participants must not take its place. */
static bool is_measured(const dn_page_group *group, const char *name)
{
    bool found = strcmp(name, "scan") == 0;
    for (size_t i = 0; i < group->count && !found; ++i) {
        const dn_table *own = group->member[i].scan->values.table;
        found = own != NULL && dn_table_find(own, name) != DN_TABLE_NONE;
    }
    return found;
}

/* taken: by column of the participants, is_measured. */
static dn_status put_row(const dn_page_group *group, const dn_member *member, const bool *taken, dn_table *to)
{
    size_t row;
    const dn_table *own = member->scan->values.table;
    DN_TRY(dn_table_add_row(to, &row));
    DN_TRY(dn_table_put_text(to, "scan", member->name));
    for (size_t c = 0; own != NULL && c < dn_table_columns(own); ++c) {
        DN_TRY(dn_table_put_text(to, dn_table_column_name(own, c), dn_table_text(own, 0, c)));
    }
    for (size_t c = 0; member->person != DN_TABLE_NONE && c < dn_table_columns(group->people); ++c) {
        const char *name = dn_table_column_name(group->people, c);
        const char *text = dn_table_text(group->people, member->person, c);
        if (strcmp(name, "participant_id") != 0 && text != NULL) {
            char *own_name = NULL;
            DN_TRY(dn_asprintf(&own_name, "%s%s", name, taken[c] ? "_in_participants" : ""));
            const dn_status status = dn_table_put_text(to, own_name, text);
            free(own_name);
            DN_TRY(status);
        }
    }
    return DN_OK;
}

dn_status dn_get_table(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_table *table = NULL;
    bool *taken = NULL;
    char id[DN_ID_SIZE], *path = NULL, *name = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_group_open(request, reply, NULL, &group), done);
    DN_TRY_GOTO(status, dn_table_create("the group", &table), done);
    const size_t columns = group.people != NULL ? dn_table_columns(group.people) : 0;
    DN_TRY_GOTO(status, dn_alloc(&taken, columns, sizeof *taken, "the columns"), done);
    for (size_t c = 0; c < columns; ++c) {
        taken[c] = is_measured(&group, dn_table_column_name(group.people, c));
    }
    for (size_t i = 0; i < group.count; ++i) {
        DN_TRY_GOTO(status, put_row(&group, &group.member[i], taken, table), done);
    }
    DN_TRY_GOTO(status, dn_id_make(id), done);
    DN_TRY_GOTO(status, dn_asprintf(&path, "%s/uploads/table-%s.tsv", request->web->options.state, id), done);
    DN_TRY_GOTO(status, dn_table_write(table, path), done);
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s.tsv", group.name), done);
    status = dn_reply_file(reply, path, dn_media_type(path), name);
done:
    if (path != NULL) {
        unlink(path); /* what is sent is open */
    }
    free(taken);
    free(name);
    free(path);
    dn_table_destroy(table);
    dn_group_release(&group);
    return status;
}
