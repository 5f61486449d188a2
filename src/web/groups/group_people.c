/* The participants table of a group, and who in it is which scan. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "study/tables/join.h"
#include "web/groups/groups.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/uploads.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID "participant_id"
#define FILE_NAME "participants.tsv"

dn_status dn_group_people_read(const dn_page_group *group, dn_table **out)
{
    char *path = NULL;
    *out = NULL;
    DN_TRY(dn_path_join(group->place, FILE_NAME, &path));
    dn_status status = dn_path_exists(path) ? dn_table_read(path, out) : DN_OK;
    free(path);
    return status;
}

/* ---- matching ----------------------------------------------------------------------------------------------------- */

/* Ids by their likeness (study/tables/join.h): "01", "sub-01" and "sub-1" are one person. Owned texts; NULL where a cell is empty. */
static dn_status likenesses(const dn_table *people, char ***out)
{
    const size_t rows = dn_table_rows(people), column = dn_table_find(people, ID);
    DN_TRY(dn_alloc(out, rows, sizeof **out, "the names of the participants"));
    for (size_t r = 0; column != DN_TABLE_NONE && r < rows; ++r) {
        const char *id = dn_table_text(people, r, column);
        if (id != NULL) {
            DN_TRY(dn_id_likeness(id, &(*out)[r]));
        }
    }
    return DN_OK;
}

static dn_status match_member(dn_member *member, char *const *ids, size_t rows)
{
    const char *own = dn_member_text(member, ID);
    char *like = NULL;
    if (own == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_id_likeness(own, &like));
    for (size_t r = 0; r < rows && member->person == DN_TABLE_NONE; ++r) {
        if (ids[r] != NULL && strcmp(ids[r], like) == 0) {
            member->person = r;
        }
    }
    free(like);
    return DN_OK;
}

dn_status dn_group_people_match(dn_page_group *group)
{
    char **ids = NULL;
    if (group->people == NULL) {
        return DN_OK;
    }
    const size_t rows = dn_table_rows(group->people);
    dn_status status = likenesses(group->people, &ids);
    for (size_t i = 0; status == DN_OK && i < group->count; ++i) {
        status = match_member(&group->member[i], ids, rows);
    }
    for (size_t r = 0; ids != NULL && r < rows; ++r) {
        free(ids[r]);
    }
    free(ids);
    return status;
}

json_t *dn_group_unmatched_rows(const dn_page_group *group)
{
    json_t *list = json_array();
    for (size_t i = 0; group->people != NULL && i < group->count; ++i) {
        if (group->member[i].person == DN_TABLE_NONE) {
            json_array_append_new(list, json_string(group->member[i].name));
        }
    }
    return list;
}

json_t *dn_group_unmatched_people(const dn_page_group *group)
{
    json_t *list = json_array();
    const size_t rows = group->people != NULL ? dn_table_rows(group->people) : 0;
    for (size_t r = 0; r < rows; ++r) {
        bool found = false;
        for (size_t i = 0; i < group->count && !found; ++i) {
            found = group->member[i].person == r;
        }
        const char *id = dn_table_text(group->people, r, dn_table_find(group->people, ID));
        if (!found && id != NULL) {
            json_array_append_new(list, json_string(id));
        }
    }
    return list;
}

static json_t *cell(const dn_table *table, size_t row, size_t column)
{
    const char *text = dn_table_text(table, row, column);
    double value = NAN;
    if (text == NULL) {
        return json_null();
    }
    const bool code = text[0] == '0' && text[1] >= '0' && text[1] <= '9'; /* "01" is a name, and the group of that name is not "1" */
    if (!code && strcmp(dn_table_column_name(table, column), ID) != 0 && !dn_table_is_text(table, row, column) &&
        dn_table_number(table, row, column, &value) == DN_OK && isfinite(value)) {
        return json_real(value);
    }
    dn_error_clear();
    return json_string(text);
}

json_t *dn_group_person_json(const dn_page_group *group, const dn_member *member)
{
    if (member->person == DN_TABLE_NONE) {
        return json_null();
    }
    json_t *out = json_object();
    for (size_t c = 0; c < dn_table_columns(group->people); ++c) {
        json_object_set_new(out, dn_table_column_name(group->people, c), cell(group->people, member->person, c));
    }
    return out;
}

/* ---- the table for a comparison ----------------------------------------------------------------------------------- */

static dn_status put_person(const dn_page_group *group, const dn_member *member, dn_table *to)
{
    size_t row;
    DN_TRY(dn_table_add_row(to, &row));
    DN_TRY(dn_table_put_text(to, ID, dn_member_text(member, ID)));
    for (size_t c = 0; member->person != DN_TABLE_NONE && c < dn_table_columns(group->people); ++c) {
        const char *name = dn_table_column_name(group->people, c);
        if (strcmp(name, ID) != 0) {
            DN_TRY(dn_table_put_text(to, name, dn_table_text(group->people, member->person, c)));
        }
    }
    const size_t age = dn_table_find(to, "age"), sex = dn_table_find(to, "sex");
    if (!isnan(member->age) && (age == DN_TABLE_NONE || dn_table_text(to, row, age) == NULL)) {
        DN_TRY(dn_table_put_number(to, "age", member->age));
    }
    if (member->sex != NULL && (sex == DN_TABLE_NONE || dn_table_text(to, row, sex) == NULL)) {
        DN_TRY(dn_table_put_text(to, "sex", member->sex));
    }
    return DN_OK;
}

static bool is_new(const dn_table *table, const char *id)
{
    const size_t column = dn_table_find(table, ID);
    for (size_t r = 0; column != DN_TABLE_NONE && r < dn_table_rows(table); ++r) {
        const char *text = dn_table_text(table, r, column);
        if (text != NULL && strcmp(text, id) == 0) {
            return false;
        }
    }
    return true;
}

dn_status dn_group_people_write(const dn_page_group *group, const char *path)
{
    dn_table *table = NULL;
    DN_TRY(dn_table_create("the participants", &table));
    dn_status status = DN_OK;
    for (size_t i = 0; status == DN_OK && i < group->count; ++i) {
        const char *id = dn_member_text(&group->member[i], ID);
        if (id != NULL && is_new(table, id)) {
            status = put_person(group, &group->member[i], table);
        }
    }
    status = status == DN_OK ? dn_table_write(table, path) : status;
    dn_table_destroy(table);
    return status;
}

/* ---- PUT ---------------------------------------------------------------------------------------------------------- */

/* The column with the ids: by its name; DN_TABLE_NONE: none that is known. */
static size_t id_column(const dn_table *table)
{
    static const char *const names[] = {ID, "participant", "subject", "subject_id", "id", "sub", "person", "patient"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        for (size_t c = 0; c < dn_table_columns(table); ++c) {
            if (strcasecmp(dn_table_column_name(table, c), names[i]) == 0) {
                return c;
            }
        }
    }
    return DN_TABLE_NONE;
}

/* The same cells, with the ids first, as participant_id. */
static dn_status with_ids(const dn_table *from, size_t id, dn_table **out)
{
    size_t row, column;
    DN_TRY(dn_table_create("participants.tsv", out));
    DN_TRY(dn_table_add_column(*out, ID, &column));
    for (size_t c = 0; c < dn_table_columns(from); ++c) {
        if (c != id) {
            DN_TRY(dn_table_add_column(*out, dn_table_column_name(from, c), &column));
        }
    }
    for (size_t r = 0; r < dn_table_rows(from); ++r) {
        DN_TRY(dn_table_add_row(*out, &row));
        size_t at = 0;
        DN_TRY(dn_table_set_text(*out, row, at++, dn_table_text(from, r, id)));
        for (size_t c = 0; c < dn_table_columns(from); ++c) {
            if (c != id) {
                DN_TRY(dn_table_set_text(*out, row, at++, dn_table_text(from, r, c)));
            }
        }
    }
    return DN_OK;
}

static dn_status take_table(const dn_page_group *group, dn_reply *reply, const dn_table *given)
{
    const size_t id = id_column(given);
    char *path = NULL;
    dn_table *table = NULL;
    dn_status status;
    if (id == DN_TABLE_NONE) {
        DN_WEB_FAIL(reply, 400, "the table needs a column participant_id with the names of the people; its first column is \"%s\"",
                    dn_table_columns(given) > 0 ? dn_table_column_name(given, 0) : "");
    }
    if (dn_table_check_unique(given, &id, 1) != DN_OK) {
        reply->code = 400;
        return DN_EDATA;
    }
    DN_TRY_GOTO(status, with_ids(given, id, &table), done);
    DN_TRY_GOTO(status, dn_path_make_folder(group->place), done);
    DN_TRY_GOTO(status, dn_path_join(group->place, FILE_NAME, &path), done);
    status = dn_table_write(table, path);
done:
    free(path);
    dn_table_destroy(table);
    return status;
}

/* The reader of tables tells by the name what separates the cells: the uploaded file gets its end back. */
static dn_status read_upload(const dn_upload *upload, dn_reply *reply, dn_table **out)
{
    char *path = NULL, *named = NULL;
    const char *name = json_string_value(json_object_get(json_array_get(upload->list, 0), "name"));
    const char *end = dn_path_has_extension(name, ".csv") ? ".csv" : ".tsv";
    DN_TRY(dn_upload_single(upload, reply, &path));
    dn_status status = dn_asprintf(&named, "%s/participants%s", upload->folder, end);
    if (status == DN_OK && rename(path, named) != 0) {
        status = dn_error_set(DN_EIO, "the server cannot keep the table: %s", strerror(errno));
    }
    if (status == DN_OK) {
        status = dn_table_read(named, out);
        status = status != DN_OK ? dn_error_rename(status, named, "the table") : status;
    }
    free(path);
    free(named);
    return status;
}

/* The group went, or a scan of it: nobody may come back by a table that was sent before. */
static void forget_table(const dn_page_group *group)
{
    char *path = NULL;
    if (dn_path_join(group->place, FILE_NAME, &path) == DN_OK) {
        dn_folder_remove(path);
    }
    free(path);
}

dn_status dn_put_participants(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_upload upload = {.folder = NULL};
    dn_table *table = NULL;
    const char *id;
    dn_status status;
    DN_TRY(dn_body_text(request, reply, "upload", 32, &id));
    if (id == NULL) {
        DN_WEB_FAIL(reply, 400, "\"upload\" has to be the id of an uploaded table");
    }
    DN_TRY_GOTO(status, dn_group_open(request, reply, NULL, &group), done);
    DN_TRY_GOTO(status, dn_upload_open(request->web, reply, id, &upload), done);
    DN_TRY_GOTO(status, read_upload(&upload, reply, &table), done);
    DN_TRY_GOTO(status, take_table(&group, reply, table), done);
    dn_folder_remove(upload.folder);
    status = dn_group_check_whole(request->web, reply, &group);
    if (status != DN_OK) {
        forget_table(&group);
        goto done;
    }
    dn_group_release(&group);
    status = dn_get_group(request, reply);
done:
    dn_table_destroy(table);
    dn_upload_release(&upload);
    dn_group_release(&group);
    return status;
}
