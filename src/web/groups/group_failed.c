/* Scans of a group without volumes: those of a run that could not be measured, by their records (cohort/run/scan_status.h), and those of
 * the page that wait, run or failed. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "cohort/run/scan_status.h"
#include "web/database.h"
#include "web/groups/groups.h"
#include "web/server.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Adds the record's scan if it failed. A record that cannot be read says nothing. */
static dn_status add_record(const char *path, json_t *list)
{
    json_t *root = NULL;
    DN_TRY(dn_json_read_or_empty(path, &root));
    const char *state = json_string_value(json_object_get(root, "State")), *scan = json_string_value(json_object_get(root, "Scan"));
    const char *message = json_string_value(json_object_get(root, "Message"));
    if (state != NULL && scan != NULL && strcmp(state, "failed") == 0) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", scan, "reason", message != NULL ? message : ""));
    }
    json_decref(root);
    return DN_OK;
}

static dn_status read_records(const char *folder, json_t *list)
{
    struct dirent **entries = NULL;
    dn_status status = DN_OK;
    const int count = scandir(folder, &entries, NULL, dn_path_by_name);
    for (int i = 0; i < count; ++i) {
        char *path = NULL;
        if (status == DN_OK && entries[i]->d_name[0] != '.' && dn_path_has_extension(entries[i]->d_name, ".json")) {
            status = dn_path_join(folder, entries[i]->d_name, &path);
            status = status == DN_OK ? add_record(path, list) : status;
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static dn_status add_failed_of_run(const dn_page_group *group, json_t *failed)
{
    char *folder = NULL;
    DN_TRY(dn_path_join(group->folder, DN_SCAN_STATUS_FOLDER, &folder));
    dn_status status = dn_path_is_folder(folder) ? read_records(folder, failed) : DN_OK;
    free(folder);
    return status;
}

static dn_status add_jobs(dn_web *web, const dn_page_group *group, json_t *failed, json_t *pending)
{
    json_t *rows = NULL, *row;
    size_t i;
    DN_TRY(dn_database_rows(web->database, &rows,
                            "SELECT jobs.id, jobs.name, jobs.state, jobs.error FROM group_jobs JOIN jobs ON jobs.id = group_jobs.job"
                            " WHERE group_jobs.grp = ? AND jobs.state <> 'done' ORDER BY group_jobs.place",
                            "t", group->id));
    json_array_foreach(rows, i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state")), *error = json_string_value(json_object_get(row, "error"));
        if (strcmp(state, "queued") == 0 || strcmp(state, "running") == 0) {
            json_array_append(pending, json_object_get(row, "id"));
        } else {
            json_array_append_new(failed, json_pack("{s:O, s:s, s:O}", "name", json_object_get(row, "name"), "reason",
                                                    error != NULL ? error : "it was cancelled", "job", json_object_get(row, "id")));
        }
    }
    json_decref(rows);
    return DN_OK;
}

dn_status dn_group_without(dn_web *web, const dn_page_group *group, json_t **failed, json_t **pending)
{
    *failed = json_array();
    *pending = json_array();
    return group->folder != NULL ? add_failed_of_run(group, *failed) : add_jobs(web, group, *failed, *pending);
}
