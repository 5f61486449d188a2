/* What groups keep of scans, and how it goes with them: comparisons, rows of participants, groups without scans. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "study/tables/gather.h"
#include "study/tables/join.h"
#include "web/clean.h"
#include "web/database.h"
#include "web/groups/groups.h"
#include "web/ids.h"
#include "web/server.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

dn_status dn_groups_of_job(dn_web *web, const char *job, json_t **groups)
{
    return dn_database_rows(web->database, groups, "SELECT grp FROM group_jobs WHERE job = ?", "t", job);
}

/* ---- participants ------------------------------------------------------------------------------------------------- */

/* Whom a scan is of, as ids are compared. *out: owned. */
static dn_status person_of(const char *stem, char **out)
{
    char *name = NULL, *id = NULL;
    DN_TRY(dn_asprintf(&name, "%s_volumes.tsv", stem));
    dn_status status = dn_gather_participant(name, &id);
    status = status == DN_OK ? dn_id_likeness(id, out) : status;
    free(id);
    free(name);
    return status;
}

/* The person of a scan, unless another scan of the group is of the same. *out: owned; NULL: nobody goes. */
static dn_status who_goes(dn_web *web, const char *group, const char *job, char **out)
{
    json_t *rows = NULL, *row;
    size_t i;
    bool stays = false;
    *out = NULL;
    DN_TRY(dn_database_rows(web->database, &rows,
                            "SELECT jobs.id, jobs.stem FROM group_jobs JOIN jobs ON jobs.id = group_jobs.job WHERE group_jobs.grp = ?"
                            " ORDER BY jobs.id <> ?",
                            "tt", group, job)); /* the one that goes comes first */
    dn_status status = DN_OK;
    json_array_foreach(rows, i, row)
    {
        char *person = NULL;
        const bool own = strcmp(text_of(row, "id"), job) == 0;
        status = status == DN_OK ? person_of(text_of(row, "stem"), &person) : status;
        if (status == DN_OK && own) {
            *out = person;
            continue;
        }
        stays = stays || (*out != NULL && person != NULL && strcmp(*out, person) == 0);
        free(person);
    }
    json_decref(rows);
    if (stays || status != DN_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

static bool is_other(void *user, const dn_table *table, size_t row)
{
    const char *id = dn_table_text(table, row, dn_table_find(table, "participant_id"));
    char *like = NULL;
    const bool other = id == NULL || dn_id_likeness(id, &like) != DN_OK || strcmp(like, user) != 0;
    free(like);
    return other;
}

/* A table that cannot be read or written without the row goes as a whole: what is asked for is that nothing stays. */
static dn_status forget_person(const char *place, char *person)
{
    char *path = NULL;
    dn_table *table = NULL, *left = NULL;
    DN_TRY(dn_path_join(place, "participants.tsv", &path));
    dn_status status = DN_OK;
    if (dn_path_exists(path)) {
        status = dn_table_read(path, &table);
        status = status == DN_OK && dn_table_find(table, "participant_id") == DN_TABLE_NONE ? DN_EFORMAT : status;
        status = status == DN_OK ? dn_table_filter(table, is_other, person, &left) : status;
        status = status == DN_OK ? dn_table_write(left, path) : status;
        if (status != DN_OK) {
            dn_folder_remove(path);
            dn_error_clear();
            status = dn_path_exists(path) ? dn_error_set(DN_EIO, "the participants table of a group cannot be deleted") : DN_OK;
        }
    }
    dn_table_destroy(left);
    dn_table_destroy(table);
    free(path);
    return status;
}

/* ---- groups ------------------------------------------------------------------------------------------------------- */

static void remove_inside(const char *place, const char *name)
{
    char *path = NULL;
    if (dn_path_join(place, name, &path) == DN_OK) {
        dn_folder_remove(path);
    }
    free(path);
}

static dn_status forget_in(dn_web *web, const char *group, const char *job)
{
    char *place = NULL, *person = NULL;
    int64_t changed = 0;
    dn_status status;
    DN_TRY(dn_web_folder(web, "groups", group, &place));
    remove_inside(place, "comparisons");
    DN_TRY_GOTO(status, who_goes(web, group, job, &person), done);
    if (person != NULL) {
        DN_TRY_GOTO(status, forget_person(place, person), done);
    }
    status =
        dn_database_change(web->database, &changed,
                           "DELETE FROM groups WHERE id = ? AND folder IS NULL AND NOT EXISTS (SELECT 1 FROM group_jobs WHERE grp = id)",
                           "t", group);
    if (status == DN_OK && changed > 0) {
        dn_web_discard(web, "groups", group);
    }
done:
    free(person);
    free(place);
    return status;
}

dn_status dn_groups_forget(dn_web *web, const json_t *groups, const char *job)
{
    const json_t *row;
    size_t i;
    dn_status first = DN_OK;
    json_array_foreach(groups, i, row)
    {
        const dn_status status = forget_in(web, text_of(row, "grp"), job);
        first = first == DN_OK ? status : first;
    }
    return first;
}

dn_status dn_group_check_whole(dn_web *web, dn_reply *reply, const dn_page_group *group)
{
    json_t *row = NULL;
    DN_TRY(dn_database_row(web->database, &row,
                           "SELECT (SELECT COUNT(*) FROM groups WHERE id = ?1) AS there, (SELECT COUNT(*) FROM group_jobs WHERE grp = ?1)"
                           " AS listed",
                           "t", group->id));
    const bool there = json_integer_value(json_object_get(row, "there")) == 1;
    const bool same = json_integer_value(json_object_get(row, "listed")) == group->listed;
    json_decref(row);
    if (!there || !same) {
        DN_WEB_FAIL(reply, 409, "%s", there ? "a scan of the group was deleted meanwhile; begin again" : "the group was deleted meanwhile");
    }
    return DN_OK;
}
