/* SQLite: the schema, and statements with values in and JSON out. */
#define _GNU_SOURCE
#include "web/database.h"

#include "base/memory.h"

#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct dn_database {
    sqlite3 *handle;
    pthread_mutex_t lock; /* recursive: held from begin to end */
};

enum { SCHEMA_VERSION = 1, WAIT_MS = 5000 };

/* Times are ISO 8601 in UTC. state: queued, running, done, failed, cancelled. settings, warnings: JSON. */
static const char schema[] =
    "CREATE TABLE jobs(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, name TEXT NOT NULL, stem TEXT NOT NULL,"
    " kind TEXT NOT NULL, state TEXT NOT NULL, settings TEXT NOT NULL, age REAL, sex TEXT, alone INTEGER NOT NULL DEFAULT 0,"
    " created TEXT NOT NULL, started TEXT, finished TEXT, error TEXT, remedy TEXT, accepted INTEGER, warnings TEXT, seconds REAL,"
    " scan TEXT, series TEXT);"
    "CREATE INDEX jobs_by_state ON jobs(state, number);"
    "CREATE TABLE versions(job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, number INTEGER NOT NULL, base INTEGER, who TEXT,"
    " why TEXT, created TEXT NOT NULL, by_hand INTEGER NOT NULL, PRIMARY KEY(job, number));"
    "CREATE TABLE reviews(job TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE, accepted INTEGER NOT NULL, reason TEXT NOT NULL,"
    " who TEXT NOT NULL, created TEXT NOT NULL);"
    "CREATE TABLE groups(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, name TEXT NOT NULL, folder TEXT UNIQUE,"
    " created TEXT NOT NULL);"
    "CREATE TABLE group_jobs(grp TEXT NOT NULL REFERENCES groups(id) ON DELETE CASCADE,"
    " job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, place INTEGER NOT NULL, PRIMARY KEY(grp, job));"
    "PRAGMA user_version = 1;";

static dn_status fail(const dn_database *database, const char *what)
{
    const int code = sqlite3_errcode(database->handle);
    if (code == SQLITE_NOMEM) {
        DN_FAIL(DN_ENOMEM, "not enough memory for the list of jobs");
    }
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
        DN_FAIL(DN_EFORMAT, "the list of jobs is damaged (%s); move the file dien.sqlite away to begin a new one",
                sqlite3_errmsg(database->handle));
    }
    DN_FAIL(DN_EIO, "%s the list of jobs: %s%s", what, sqlite3_errmsg(database->handle), code == SQLITE_FULL ? "; is the disk full?" : "");
}

/* ---- statements --------------------------------------------------------------------------------------------------- */

static int bind(sqlite3_stmt *statement, const char *kinds, va_list values)
{
    int result = SQLITE_OK;
    for (int i = 0; kinds[i] != '\0' && result == SQLITE_OK; ++i) {
        if (kinds[i] == 't') {
            const char *text = va_arg(values, const char *);
            result = text != NULL ? sqlite3_bind_text(statement, i + 1, text, -1, SQLITE_TRANSIENT) : sqlite3_bind_null(statement, i + 1);
        } else if (kinds[i] == 'i') {
            result = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
        } else {
            const double number = va_arg(values, double);
            result = isnan(number) ? sqlite3_bind_null(statement, i + 1) : sqlite3_bind_double(statement, i + 1, number);
        }
    }
    return result;
}

static json_t *value_of(sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
        return json_string((const char *)sqlite3_column_text(statement, column));
    default:
        return json_null();
    }
}

static json_t *row_of(sqlite3_stmt *statement)
{
    json_t *row = json_object();
    const int columns = sqlite3_column_count(statement);
    for (int c = 0; c < columns; ++c) {
        json_t *value = value_of(statement, c);
        json_object_set_new(row, sqlite3_column_name(statement, c), value != NULL ? value : json_null());
    }
    return row;
}

/* rows: NULL: none are wanted. most: of them. */
static dn_status execute(dn_database *database, json_t *rows, size_t most, int64_t *changed, const char *sql, const char *kinds,
                         va_list values)
{
    sqlite3_stmt *statement = NULL;
    dn_status status = DN_OK;
    pthread_mutex_lock(&database->lock);
    int result = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = bind(statement, kinds, values);
    }
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW && rows != NULL &&
            (json_array_append_new(rows, row_of(statement)) != 0 || json_array_size(rows) == most)) {
            result = SQLITE_DONE;
        }
    }
    if (result != SQLITE_DONE) {
        status = fail(database, rows != NULL ? "cannot read" : "cannot write");
    }
    sqlite3_finalize(statement);
    if (changed != NULL) {
        *changed = status == DN_OK ? sqlite3_changes(database->handle) : 0;
    }
    pthread_mutex_unlock(&database->lock);
    return status;
}

dn_status dn_database_run(dn_database *database, const char *sql, const char *kinds, ...)
{
    va_list values;
    va_start(values, kinds);
    dn_status status = execute(database, NULL, 0, NULL, sql, kinds, values);
    va_end(values);
    return status;
}

dn_status dn_database_change(dn_database *database, int64_t *changed, const char *sql, const char *kinds, ...)
{
    va_list values;
    va_start(values, kinds);
    dn_status status = execute(database, NULL, 0, changed, sql, kinds, values);
    va_end(values);
    return status;
}

dn_status dn_database_rows(dn_database *database, json_t **out, const char *sql, const char *kinds, ...)
{
    va_list values;
    va_start(values, kinds);
    json_t *rows = json_array();
    dn_status status = rows != NULL ? execute(database, rows, SIZE_MAX, NULL, sql, kinds, values)
                                    : dn_error_set(DN_ENOMEM, "not enough memory for the list of jobs");
    va_end(values);
    if (status != DN_OK) {
        json_decref(rows);
        rows = NULL;
    }
    *out = rows;
    return status;
}

dn_status dn_database_row(dn_database *database, json_t **out, const char *sql, const char *kinds, ...)
{
    va_list values;
    va_start(values, kinds);
    json_t *rows = json_array();
    dn_status status = rows != NULL ? execute(database, rows, 1, NULL, sql, kinds, values)
                                    : dn_error_set(DN_ENOMEM, "not enough memory for the list of jobs");
    va_end(values);
    *out = status == DN_OK ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return status;
}

dn_status dn_database_begin(dn_database *database)
{
    pthread_mutex_lock(&database->lock);
    dn_status status = dn_database_run(database, "BEGIN IMMEDIATE", "");
    if (status != DN_OK) {
        pthread_mutex_unlock(&database->lock);
    }
    return status;
}

dn_status dn_database_end(dn_database *database, dn_status status)
{
    if (status == DN_OK) {
        status = dn_database_run(database, "COMMIT", "");
    }
    if (status != DN_OK) {
        (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&database->lock);
    return status;
}

dn_status dn_database_forget(dn_database *database)
{
    dn_status status = DN_OK;
    pthread_mutex_lock(&database->lock);
    if (sqlite3_exec(database->handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) != SQLITE_OK) {
        status = fail(database, "cannot clean");
    }
    pthread_mutex_unlock(&database->lock);
    return status;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static dn_status set_up(dn_database *database)
{
    json_t *row = NULL;
    dn_status status = DN_OK;
    (void)sqlite3_busy_timeout(database->handle, WAIT_MS);
    if (sqlite3_exec(database->handle,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;", NULL,
                     NULL, NULL) != SQLITE_OK) {
        return fail(database, "cannot open");
    }
    DN_TRY(dn_database_row(database, &row, "PRAGMA user_version", ""));
    const json_int_t version = json_integer_value(json_object_get(row, "user_version"));
    json_decref(row);
    if (version > SCHEMA_VERSION) {
        DN_FAIL(DN_EFORMAT, "the folder of scans and results is of a later version of dien; use that version, or another folder");
    }
    if (version == 0) {
        DN_TRY(dn_database_begin(database));
        status = sqlite3_exec(database->handle, schema, NULL, NULL, NULL) == SQLITE_OK ? DN_OK : fail(database, "cannot make");
        status = dn_database_end(database, status);
    }
    return status;
}

dn_status dn_database_open(const char *path, dn_database **out)
{
    dn_database *database = NULL;
    pthread_mutexattr_t kind;
    DN_TRY(dn_alloc(&database, 1, sizeof *database, "the list of jobs"));
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&database->lock, &kind);
    pthread_mutexattr_destroy(&kind);
    dn_status status =
        sqlite3_open_v2(path, &database->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK
            ? set_up(database)
        : database->handle != NULL ? fail(database, "cannot open")
                                   : dn_error_set(DN_ENOMEM, "not enough memory for the list of jobs");
    if (status != DN_OK) {
        dn_database_close(database);
        return status;
    }
    *out = database;
    return DN_OK;
}

void dn_database_close(dn_database *database)
{
    if (database != NULL) {
        sqlite3_close(database->handle);
        pthread_mutex_destroy(&database->lock);
        free(database);
    }
}
