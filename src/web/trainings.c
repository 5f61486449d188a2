/* Training runs: their state by the lock of their folder, their curves by its tables. */
#define _GNU_SOURCE
#include "web/trainings.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"
#include "web/handlers.h"
#include "web/jobs/events.h"
#include "web/server.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name on the page: that of the folder. */
static const char *name_of(const char *folder)
{
    const char *name = dn_path_name(folder);
    return *name != '\0' ? name : folder;
}

static const char *find(const dn_web *web, const char *name)
{
    for (size_t i = 0; i < web->options.training_count; ++i) {
        if (strcmp(name_of(web->options.trainings[i]), name) == 0) {
            return web->options.trainings[i];
        }
    }
    return NULL;
}

/* A run holds its folder's lock for as long as it works (base/lock.h). */
static bool is_running(const char *folder)
{
    char *path = NULL;
    bool held = false;
    if (dn_path_join(folder, ".lock", &path) == DN_OK) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            held = flock(fd, LOCK_SH | LOCK_NB) != 0;
            close(fd);
        }
        free(path);
    }
    return held;
}

/* A run that came to its end left a model. */
static bool has_model(const char *folder)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    bool found = false;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        found = found || (dn_path_has_extension(entry->d_name, ".safetensors") && strcmp(entry->d_name, "checkpoint.safetensors") != 0);
    }
    if (open != NULL) {
        closedir(open);
    }
    return found;
}

/* NULL: it is not there yet, or being written. */
static dn_table *read_table(const char *folder, const char *name)
{
    char *path = NULL;
    dn_table *table = NULL;
    if (dn_path_join(folder, name, &path) == DN_OK && dn_path_exists(path) && dn_table_read(path, &table) != DN_OK) {
        dn_error_clear();
        table = NULL;
    }
    free(path);
    return table;
}

static json_t *number_at(const dn_table *table, size_t row, size_t column)
{
    double value = NAN;
    if (column == DN_TABLE_NONE || dn_table_number(table, row, column, &value) != DN_OK) {
        dn_error_clear();
        return json_null();
    }
    return isfinite(value) ? json_real(value) : json_null();
}

/* The last row of log.tsv, by column. */
static void add_last_row(json_t *out, const dn_table *log)
{
    const size_t rows = log != NULL ? dn_table_rows(log) : 0;
    for (size_t c = 0; rows > 0 && c < dn_table_columns(log); ++c) {
        json_object_set_new(out, dn_table_column_name(log, c), number_at(log, rows - 1, c));
    }
}

json_t *dn_training_json(dn_web *web, const char *name)
{
    const char *folder = find(web, name);
    if (folder == NULL) {
        return NULL;
    }
    dn_table *log = read_table(folder, "log.tsv");
    json_t *out = json_pack("{s:s, s:s}", "name", name, "state",
                            is_running(folder)  ? "running"
                            : has_model(folder) ? "done"
                            : log != NULL       ? "stopped"
                                                : "not begun");
    add_last_row(out, log);
    dn_table_destroy(log);
    return out;
}

dn_status dn_get_trainings(dn_request *request, dn_reply *reply)
{
    const dn_web_options *options = &request->web->options;
    json_t *list = json_array();
    for (size_t i = 0; i < options->training_count; ++i) {
        json_array_append_new(list, dn_training_json(request->web, name_of(options->trainings[i])));
    }
    reply->json = json_pack("{s:o}", "trainings", list);
    return DN_OK;
}

static json_t *whole_table(const dn_table *table)
{
    json_t *columns = json_array(), *rows = json_array();
    const size_t n = table != NULL ? dn_table_rows(table) : 0, m = table != NULL ? dn_table_columns(table) : 0;
    for (size_t c = 0; c < m; ++c) {
        json_array_append_new(columns, json_string(dn_table_column_name(table, c)));
    }
    for (size_t r = 0; r < n; ++r) {
        json_t *row = json_array();
        for (size_t c = 0; c < m; ++c) {
            json_array_append_new(row, number_at(table, r, c));
        }
        json_array_append_new(rows, row);
    }
    return json_pack("{s:o, s:o}", "columns", columns, "rows", rows);
}

dn_status dn_get_curves(dn_request *request, dn_reply *reply)
{
    const char *folder = find(request->web, request->part[0]);
    if (folder == NULL) {
        DN_WEB_FAIL(reply, 404, "the server was given no training run of that name");
    }
    dn_table *log = read_table(folder, "log.tsv"), *validation = read_table(folder, "validation.tsv");
    reply->json = whole_table(log);
    json_object_set_new(reply->json, "validation", whole_table(validation));
    dn_table_destroy(log);
    dn_table_destroy(validation);
    return DN_OK;
}

/* What changes when a run writes a line, ends, or leaves its model. */
static int64_t stamp_of(const char *folder)
{
    char *path = NULL;
    struct stat facts = {0};
    if (dn_path_join(folder, "log.tsv", &path) != DN_OK || stat(path, &facts) != 0) {
        facts = (struct stat){0};
    }
    free(path);
    return ((int64_t)facts.st_mtim.tv_sec * 1000 + (int64_t)facts.st_mtim.tv_nsec / 1000000) * 4 + (is_running(folder) ? 1 : 0) +
           (has_model(folder) ? 2 : 0);
}

void dn_trainings_look(dn_web *web)
{
    const dn_web_options *options = &web->options;
    for (size_t i = 0; i < options->training_count; ++i) {
        const int64_t stamp = stamp_of(options->trainings[i]);
        if (web->training_seen[i] != stamp) {
            web->training_seen[i] = stamp;
            dn_hub_tell(web->hub, DN_EVENT_TRAINING, name_of(options->trainings[i]));
        }
    }
}
