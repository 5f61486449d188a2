/* A group as the page shows it: its table, its pictures, and a person's word about a row. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "web/database.h"
#include "web/groups/groups.h"
#include "web/handlers.h"
#include "web/jobs/events.h"
#include "web/server.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    const dn_table *table = member->values.table;
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
    const char *text = member->values.count > 0 ? member->values.scan[0].warnings : NULL;
    while (text != NULL && *text != '\0') {
        const size_t n = strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, n));
        text += n;
        text += strspn(text, ", ");
    }
    return list;
}

static dn_status review_of(const dn_member *member, json_t **out)
{
    dn_review review;
    bool there = false;
    DN_TRY(dn_review_read(member->table, &review, &there));
    *out = there ? json_pack("{s:b, s:s, s:s, s:s}", "accepted", review.accepted, "reason", review.reason, "who", review.who, "when",
                             review.when)
                 : json_null();
    dn_review_release(&review);
    return DN_OK;
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

static dn_status row_json(const dn_page_group *group, const dn_member *member, json_t **out)
{
    json_t *review = NULL, *person = dn_group_person_json(group, member);
    const dn_scan_record *record = member->values.count > 0 ? &member->values.scan[0] : NULL;
    dn_status status = review_of(member, &review);
    if (status != DN_OK) {
        json_decref(person);
        return status;
    }
    *out = json_pack("{s:s, s:s, s:o, s:o, s:b, s:o}", "key", member->key, "name", member->name, "participant",
                     text_or_null(dn_member_text(member, "participant_id")), "session", text_or_null(dn_member_text(member, "session")),
                     "accepted", dn_member_accepted(member), "verdict", text_or_null(dn_member_text(member, "accepted")));
    json_object_set_new(*out, "reason", text_or_null(member->reason != NULL ? member->reason : record != NULL ? record->reason : NULL));
    json_object_set_new(*out, "review", review);
    json_object_set_new(*out, "corrected", json_boolean(record != NULL && record->corrected != NULL));
    json_object_set_new(*out, "warnings", warnings_of(member));
    json_object_set_new(*out, "age", about(person, "age", number_or_null(member->age)));
    json_object_set_new(*out, "sex", about(person, "sex", text_or_null(member->sex)));
    json_object_set_new(*out, "volumes", volumes_of(member));
    json_object_set_new(*out, "icv_mm3", number_or_null(dn_member_volume(member, "icv")));
    json_object_set_new(*out, "job", text_or_null(member->job));
    json_object_set_new(*out, "participants", person);
    char *picture = NULL;
    if (member->picture != NULL && dn_path_exists(member->picture)) {
        status = dn_asprintf(&picture, "/api/groups/%s/rows/%s/picture", group->id, member->key);
    }
    json_object_set_new(*out, "picture", text_or_null(picture));
    free(picture);
    return status;
}

/* ---- the group ---------------------------------------------------------------------------------------------------- */

/* Names of all volumes, in the order in which they are met. */
static json_t *columns_of(const dn_page_group *group)
{
    json_t *seen = json_object(), *list = json_array();
    for (size_t i = 0; i < group->count; ++i) {
        const dn_table *table = group->member[i].values.table;
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

dn_status dn_get_group(dn_request *request, dn_reply *reply)
{
    dn_page_group group;
    json_t *rows = json_array(), *failed = NULL;
    dn_status status = dn_group_open(request, reply, &group);
    for (size_t i = 0; status == DN_OK && i < group.count; ++i) {
        json_t *row = NULL;
        status = row_json(&group, &group.member[i], &row);
        json_array_append_new(rows, row);
    }
    status = status == DN_OK ? dn_group_failed(&group, &failed) : status;
    if (status == DN_OK) {
        reply->json =
            json_pack("{s:s, s:s, s:s, s:O, s:o, s:o, s:{s:o, s:o}, s:o}", "id", group.id, "name", group.name, "source", group.source,
                      "rows", rows, "columns", columns_of(&group), "participants_columns", people_columns(&group), "unmatched", "rows",
                      dn_group_unmatched_rows(&group), "participants", dn_group_unmatched_people(&group), "failed", failed);
    }
    json_decref(rows);
    dn_group_release(&group);
    return status;
}

/* ---- pictures and reviews ----------------------------------------------------------------------------------------- */

static dn_status find_member(dn_request *request, dn_reply *reply, dn_page_group *group, dn_member **out)
{
    DN_TRY(dn_group_open(request, reply, group));
    *out = dn_group_member(group, request->part[1]);
    if (*out == NULL) {
        DN_WEB_FAIL(reply, 404, "the group has no such scan");
    }
    return DN_OK;
}

dn_status dn_get_picture(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_member *member = NULL;
    dn_status status = find_member(request, reply, &group, &member);
    if (status == DN_OK) {
        status = dn_reply_file(reply, member->picture, "image/png", NULL);
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

static dn_status put_row(const dn_page_group *group, const dn_member *member, dn_table *to)
{
    size_t row;
    const dn_table *own = member->values.table;
    DN_TRY(dn_table_add_row(to, &row));
    DN_TRY(dn_table_put_text(to, "scan", member->name));
    for (size_t c = 0; own != NULL && c < dn_table_columns(own); ++c) {
        DN_TRY(dn_table_put_text(to, dn_table_column_name(own, c), dn_table_text(own, 0, c)));
    }
    for (size_t c = 0; member->person != DN_TABLE_NONE && c < dn_table_columns(group->people); ++c) {
        const char *name = dn_table_column_name(group->people, c);
        const char *text = dn_table_text(group->people, member->person, c);
        if (strcmp(name, "participant_id") != 0 && text != NULL) {
            DN_TRY(dn_table_put_text(to, name, text));
        }
    }
    return DN_OK;
}

dn_status dn_get_table(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_table *table = NULL;
    char *path = NULL, *name = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_group_open(request, reply, &group), done);
    DN_TRY_GOTO(status, dn_table_create("the group", &table), done);
    for (size_t i = 0; i < group.count; ++i) {
        DN_TRY_GOTO(status, put_row(&group, &group.member[i], table), done);
    }
    DN_TRY_GOTO(status, dn_path_make_folder(group.place), done);
    DN_TRY_GOTO(status, dn_path_join(group.place, "table.tsv", &path), done);
    DN_TRY_GOTO(status, dn_table_write(table, path), done);
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s.tsv", group.name), done);
    status = dn_reply_file(reply, path, dn_media_type(path), name);
done:
    free(name);
    free(path);
    dn_table_destroy(table);
    dn_group_release(&group);
    return status;
}
