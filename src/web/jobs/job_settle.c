/* The end of a job: its results and its row. */
#define _GNU_SOURCE
#include "web/jobs/job_settle.h"

#include "base/cut_folders.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "web/database.h"
#include "web/ids.h"
#include "web/jobs/jobs.h"
#include "web/remedy.h"
#include "web/server.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARNINGS = 64 };

void dn_outcome_release(dn_outcome *outcome)
{
    dn_worker_answer_release(&outcome->answer);
    free(outcome->work);
    free(outcome->scan);
    free(outcome->series);
    json_decref(outcome->warnings);
}

static const char *text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

void dn_outcome_note(void *user, dn_log_level level, const char *text)
{
    dn_outcome *outcome = user;
    if (level == DN_LOG_WARNING && json_array_size(outcome->warnings) < WARNINGS) {
        json_array_append_new(outcome->warnings, json_string(text));
    }
}

dn_status dn_job_worker_settings(const dn_web *web, const json_t *row, json_t **out)
{
    json_t *asked = dn_json_of_text(text_of(row, "settings"));
    const char *model = text_of(asked, "model");
    const dn_run_settings settings = {.model = model != NULL ? model : web->options.model,
                                      .structures = text_of(asked, "structures"),
                                      .norms = web->options.norms,
                                      .precision = json_is_true(json_object_get(asked, "fast")) ? DN_PRECISION_BF16 : DN_PRECISION_F32,
                                      .memory_gb = 2.0};
    dn_status status = dn_run_settings_write(&settings, out);
    json_decref(asked);
    return status;
}

dn_status dn_job_work_folder(const char *folder, char **out)
{
    char id[DN_ID_SIZE];
    DIR *open = opendir(folder);
    const struct dirent *entry;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        char *path = NULL;
        if (strncmp(entry->d_name, "work-", 5) == 0 && dn_path_join(folder, entry->d_name, &path) == DN_OK) {
            dn_folder_remove(path);
        }
        free(path);
    }
    if (open != NULL) {
        closedir(open);
    }
    DN_TRY(dn_id_make(id));
    DN_TRY(dn_asprintf(out, "%s/work-%s", folder, id));
    return dn_path_make_folder(*out);
}

/* ---- words -------------------------------------------------------------------------------------------------------- */

/* Folders of this machine say nothing to a visitor. What speaks of the folder itself speaks of what was sent, which has the job's name.
 * NULL: there is no text, or no memory for it. */
static char *clean_text(const dn_web *web, const json_t *row, const char *text)
{
    static const char *const inside[] = {"scan", "in", NULL}; /* of the job's folder; at last that itself */
    char *copy = NULL, *folder[4] = {NULL};
    dn_status status = text == NULL ? DN_EINPUT : dn_strdup(text, &copy);
    for (size_t i = 0; status == DN_OK && i < sizeof inside / sizeof *inside; ++i) {
        status = dn_job_folder(web, text_of(row, "id"), inside[i], &folder[i]);
    }
    if (status == DN_OK) {
        status = dn_cut_folders(&copy, &(const dn_cut_rule){.folders = (const char *const *)folder, .itself = text_of(row, "name")});
    }
    for (size_t i = 0; i < sizeof folder / sizeof *folder; ++i) {
        free(folder[i]);
    }
    if (status != DN_OK) {
        free(copy);
        return NULL;
    }
    return copy;
}

/* Each warning begins with the name of the scan, which the page shows anyway. */
static char *warnings_text(const dn_web *web, const json_t *row, const json_t *warnings)
{
    json_t *list = json_array(), *one;
    const char *stem = text_of(row, "stem");
    const size_t n = strlen(stem);
    size_t i;
    json_array_foreach(warnings, i, one)
    {
        char *text = clean_text(web, row, json_string_value(one));
        if (text != NULL) {
            const bool named = strncmp(text, stem, n) == 0 && text[n] == ':' && text[n + 1] == ' ';
            json_array_append_new(list, json_string(text + (named ? n + 2 : 0)));
        }
        free(text);
    }
    char *out = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return out;
}

/* ---- the row ------------------------------------------------------------------------------------------------------ */

/* The results become version 1. A server that is killed between this and the row finds the folder, and measures once more. */
static dn_status keep_results(const dn_web *web, const json_t *row, const dn_outcome *outcome)
{
    char *target = NULL;
    DN_TRY(dn_job_folder(web, text_of(row, "id"), "v1", &target));
    dn_folder_remove(target);
    dn_status status = rename(outcome->work, target) == 0
                           ? DN_OK
                           : dn_error_set(dn_error_of(errno, DN_EIO), "the server cannot keep the results: %s", strerror(errno));
    free(target);
    return status;
}

static dn_status write_done(dn_web *web, const json_t *row, const dn_outcome *outcome, const char *warnings)
{
    char now[DN_TIME_SIZE];
    const char *id = text_of(row, "id");
    dn_time_text(0.0, now);
    DN_TRY(keep_results(web, row, outcome));
    DN_TRY(dn_database_begin(web->database));
    dn_status status =
        dn_database_run(web->database,
                        "UPDATE jobs SET state = 'done', finished = ?, accepted = ?, warnings = ?, seconds = ?, scan = ?, series = ?,"
                        " error = NULL, remedy = NULL WHERE id = ?",
                        "titdttt", now, (int64_t)(outcome->answer.rejected ? 0 : 1), warnings, outcome->seconds, outcome->scan,
                        outcome->series, id);
    if (status == DN_OK) {
        status = dn_database_run(web->database, "INSERT OR REPLACE INTO versions(job, number, created, by_hand) VALUES(?, 1, ?, 0)", "tt",
                                 id, now);
    }
    return dn_database_end(web->database, status);
}

static dn_status write_failed(dn_web *web, const json_t *row, const char *state, const char *error, const char *remedy,
                              const char *warnings)
{
    char now[DN_TIME_SIZE];
    dn_time_text(0.0, now);
    return dn_database_run(web->database, "UPDATE jobs SET state = ?, finished = ?, error = ?, remedy = ?, warnings = ? WHERE id = ?",
                           "tttttt", state, now, error, remedy, warnings, text_of(row, "id"));
}

/* Its process was killed beside others, most likely for want of memory: it runs again with nothing beside it. */
static dn_status queue_alone(dn_web *web, const json_t *row)
{
    return dn_database_run(web->database, "UPDATE jobs SET state = 'queued', started = NULL, alone = 1 WHERE id = ?", "t",
                           text_of(row, "id"));
}

static dn_status write_outcome(dn_web *web, const json_t *row, const dn_outcome *outcome)
{
    const dn_status ours = outcome->status, theirs = outcome->answer.status;
    char *error = NULL;
    if (outcome->cancelled) {
        return write_failed(web, row, "cancelled", NULL, NULL, NULL);
    }
    if (ours == DN_OK && outcome->answer.killed && !outcome->alone && web->options.jobs > 1) {
        return queue_alone(web, row);
    }
    error = clean_text(web, row, ours != DN_OK ? dn_error_message() : theirs != DN_OK ? outcome->answer.text : NULL);
    const char *remedy = dn_web_remedy_sentence(ours != DN_OK ? dn_error_remedy() : outcome->answer.remedy);
    char *warnings = warnings_text(web, row, outcome->warnings);
    dn_status status =
        ours == DN_OK && theirs == DN_OK
            ? write_done(web, row, outcome, warnings)
            : write_failed(web, row, "failed", error != NULL ? error : dn_status_text(ours != DN_OK ? ours : theirs), remedy, warnings);
    free(warnings);
    free(error);
    return status;
}

void dn_job_settle(dn_web *web, const json_t *row, dn_outcome *outcome)
{
    if (outcome->stopped) {
        return;
    }
    dn_status status = write_outcome(web, row, outcome);
    if (status != DN_OK) { /* the results cannot be kept: the sentence, at least */
        char *error = clean_text(web, row, dn_error_message());
        status = write_failed(web, row, "failed", error, NULL, NULL);
        free(error);
    }
    if (outcome->work != NULL) {
        dn_folder_remove(outcome->work);
    }
}
