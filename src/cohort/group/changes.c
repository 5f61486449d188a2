/* Reads each person's table of changes and writes them all into one, row by row. */
#define _GNU_SOURCE
#include "cohort/group/changes.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cohort/group/tables.h"
#include "cohort/longitudinal/persons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns of NAME_longitudinal.tsv, all of which are taken. */
static const char *const columns[] = {"structure",   "hemi",         "sessions", "mean_mm3", "change_percent",
                                      "low_percent", "high_percent", "per",      "interval", "method"};
enum { COLUMNS = sizeof columns / sizeof *columns };

static dn_status find_columns(const dn_table *table, size_t at[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS; ++c) {
        DN_TRY(dn_table_column(table, columns[c], &at[c]));
    }
    return DN_OK;
}

static dn_status put_rows(dn_file_writer *w, const char *person, const dn_table *table, const size_t at[COLUMNS], bool accepted)
{
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        DN_TRY(dn_file_printf(w, "%s\t%s", person, accepted ? "yes" : "no"));
        for (size_t c = 0; c < COLUMNS; ++c) {
            const char *text = dn_table_text(table, row, at[c]);
            DN_TRY(dn_file_printf(w, "\t%s", text != NULL ? text : "n/a"));
        }
        DN_TRY(dn_file_printf(w, "\n"));
    }
    return DN_OK;
}

/* *there: whether it was measured, and from the scans that count now. */
static dn_status put_person(dn_file_writer *w, const dn_roster *cohort, size_t from, size_t end, bool *there)
{
    const char *person = cohort->scan[from].participant;
    char *path = NULL;
    dn_table *table = NULL;
    dn_person_state state;
    bool accepted;
    size_t at[COLUMNS];
    *there = false;
    DN_TRY(dn_person_look(cohort, from, end, &state, &accepted));
    if (state == DN_PERSON_STALE) {
        dn_log(DN_LOG_WARNING,
               "the change of %s is not counted: its sessions are other ones now, or were measured again; the step 'longitudinal' "
               "measures it again",
               person);
    }
    if (state != DN_PERSON_DONE) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&path, "%s/" DN_LONGITUDINAL_FOLDER "/%s/%s_longitudinal.tsv", cohort->output, person, person));
    dn_status status = dn_table_read(path, &table);
    free(path);
    status = status == DN_OK ? find_columns(table, at) : status;
    *there = status == DN_OK;
    if (status == DN_OK) {
        status = put_rows(w, person, table, at, accepted);
    } else if (status != DN_ENOMEM && status != DN_ECANCELLED) {
        dn_log(DN_LOG_WARNING, "the change of %s is not counted: %s", person, dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    dn_table_destroy(table);
    return status;
}

static dn_status put_all(dn_file_writer *w, const dn_roster *cohort, size_t *persons)
{
    DN_TRY(dn_file_printf(w, "participant_id\taccepted"));
    for (size_t c = 0; c < COLUMNS; ++c) {
        DN_TRY(dn_file_printf(w, "\t%s", columns[c]));
    }
    DN_TRY(dn_file_printf(w, "\n"));
    for (size_t i = 0, end; i < cohort->count; i = end) {
        bool there;
        for (end = i; end < cohort->count && strcmp(cohort->scan[end].participant, cohort->scan[i].participant) == 0; ++end) {
        }
        DN_TRY(dn_cancel_check());
        DN_TRY(put_person(w, cohort, i, end, &there));
        *persons += there;
    }
    return DN_OK;
}

static void remove_old(const char *path)
{
    if (dn_path_exists(path) && remove(path) != 0) {
        dn_log(DN_LOG_WARNING, "%s is of an earlier run and cannot be removed", path);
    }
}

dn_status dn_roster_write_changes(const dn_roster *cohort, const char *folder, size_t *persons)
{
    dn_file_writer writer = {0};
    char *path = NULL, *about = NULL;
    dn_status status;
    *persons = 0;
    DN_TRY_GOTO(status, dn_path_join(folder, "longitudinal.tsv", &path), done);
    DN_TRY_GOTO(status, dn_path_join(folder, "longitudinal.json", &about), done);
    DN_TRY_GOTO(status, dn_file_create(&writer, path), done);
    status = put_all(&writer, cohort, persons);
    if (status == DN_OK && *persons > 0) {
        status = dn_file_commit(&writer);
        status = status == DN_OK ? dn_roster_describe_changes(folder) : status;
    } else {
        dn_file_discard(&writer);
        if (status == DN_OK) {
            remove_old(path);
            remove_old(about);
        }
    }
done:
    free(about);
    free(path);
    return status;
}
