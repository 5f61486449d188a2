/* The list of jobs, versions, reviews and groups, in SQLite with a write-ahead log: what is written when a call returns is there after a
 * kill. database.c alone includes sqlite3.h; what the rows mean is known to those who write them (schema: database.c).
 *
 * Values of statements are given by a text with a letter each: 't' const char * (NULL: null), 'i' int64_t, 'd' double (NaN: null). Any
 * thread may call; one statement runs at a time. */
#ifndef DN_WEB_DATABASE_H
#define DN_WEB_DATABASE_H

#include "base/status.h"

#include <jansson.h>

typedef struct dn_database dn_database;

/* Opens the file, or makes it. *out: owned (dn_database_close). DN_EIO: it cannot be opened; DN_EFORMAT: it is of a later version of dien,
 * or damaged. */
DN_CHECKED dn_status dn_database_open(const char *path, dn_database **out);
void dn_database_close(dn_database *database);

/* A statement that gives no rows. DN_EIO. */
DN_CHECKED dn_status dn_database_run(dn_database *database, const char *sql, const char *kinds, ...);
/* The same; *changed: how many rows it changed. */
DN_CHECKED dn_status dn_database_change(dn_database *database, int64_t *changed, const char *sql, const char *kinds, ...);
/* All rows, as an array of objects by the names of the columns. *out: owned. */
DN_CHECKED dn_status dn_database_rows(dn_database *database, json_t **out, const char *sql, const char *kinds, ...);
/* The first row; *out NULL: there is none. */
DN_CHECKED dn_status dn_database_row(dn_database *database, json_t **out, const char *sql, const char *kinds, ...);

/* Several statements, all or none: between the two calls other threads wait. Ends with DN_OK if status is, and gives back what failed. */
DN_CHECKED dn_status dn_database_begin(dn_database *database);
DN_CHECKED dn_status dn_database_end(dn_database *database, dn_status status);

/* After rows were deleted: what was in them is in no file any more, neither in the log (they are overwritten as they go). DN_EIO. */
DN_CHECKED dn_status dn_database_forget(dn_database *database);

#endif
