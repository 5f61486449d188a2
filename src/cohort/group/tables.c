/* The cohort's tables, and the JSON files that say what their columns mean (BIDS's data dictionaries). */
#define _GNU_SOURCE
#include "cohort/group/tables.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dn_status put(dn_table *table, const char *column, const char *text)
{
    return dn_table_put_text(table, column, text);
}

static dn_status write_table(const dn_table *table, const char *folder, const char *name)
{
    char *path = NULL;
    DN_TRY(dn_path_join(folder, name, &path));
    dn_status status = dn_table_write(table, path);
    free(path);
    return status;
}

/* ---- scans.tsv ---------------------------------------------------------------------------------------------------- */

static dn_status put_scan(dn_table *table, const dn_roster_scan *scan)
{
    size_t row;
    const char *reason = scan->state != DN_ROSTER_MEASURED ? scan->reason : scan->record.reason;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(put(table, "participant_id", scan->participant));
    DN_TRY(put(table, "session_id", scan->session));
    DN_TRY(put(table, "scan", scan->key));
    DN_TRY(put(table, "filename", scan->inside));
    DN_TRY(put(table, "state", dn_roster_state_name(scan->state)));
    DN_TRY(put(table, "accepted", dn_roster_accepted(scan)));
    DN_TRY(put(table, "used", scan->used ? "yes" : "no"));
    DN_TRY(put(table, "choice", scan->choice));
    DN_TRY(put(table, "reason", reason));
    DN_TRY(dn_table_put_number(table, "score", scan->state == DN_ROSTER_MEASURED ? scan->score : (double)NAN));
    DN_TRY(put(table, "flags", scan->state == DN_ROSTER_MEASURED ? scan->record.warnings : NULL));
    return dn_table_put_number(table, "outliers", scan->tested ? (double)scan->outliers : (double)NAN);
}

static dn_status write_scans(const dn_roster *cohort, const char *folder)
{
    dn_table *table = NULL;
    DN_TRY(dn_table_create("the table of scans", &table));
    dn_status status = DN_OK;
    for (size_t i = 0; i < cohort->count && status == DN_OK; ++i) {
        status = put_scan(table, &cohort->scan[i]);
    }
    status = status == DN_OK ? write_table(table, folder, "scans.tsv") : status;
    dn_table_destroy(table);
    return status;
}

/* ---- volumes_wide.tsv --------------------------------------------------------------------------------------------- */

/* A column that no scan has a number in (its table was refused) is not written. */
static dn_status list_columns(const dn_roster *cohort, size_t **out, size_t *count)
{
    const size_t columns = dn_table_columns(cohort->columns);
    *count = 0;
    DN_TRY(dn_alloc(out, columns, sizeof **out, "the columns of the table"));
    for (size_t c = 0; c < columns; ++c) {
        bool filled = false;
        for (size_t i = 0; i < cohort->count && !filled; ++i) {
            filled = cohort->scan[i].used && !isnan(dn_roster_value(&cohort->scan[i], c));
        }
        if (filled) {
            (*out)[(*count)++] = c;
        }
    }
    return DN_OK;
}

static dn_status write_wide_row(dn_file_writer *w, const dn_roster_scan *scan, const size_t *columns, size_t count)
{
    DN_TRY(dn_file_printf(w, "%s\t%s\t%s\t%s\t%s", scan->participant, scan->session != NULL ? scan->session : "n/a", scan->key,
                          dn_roster_accepted(scan), scan->first ? "yes" : "no"));
    DN_TRY(isnan(scan->score) ? dn_file_printf(w, "\tn/a") : dn_file_printf(w, "\t%.4g", scan->score));
    for (size_t c = 0; c < count; ++c) {
        const double value = dn_roster_value(scan, columns[c]);
        DN_TRY(isnan(value) ? dn_file_printf(w, "\tn/a") : dn_file_printf(w, "\t%.3f", value));
    }
    return dn_file_printf(w, "\n");
}

static dn_status write_wide_rows(dn_file_writer *w, const dn_roster *cohort, const size_t *columns, size_t count)
{
    DN_TRY(dn_file_printf(w, "participant_id\tsession_id\tscan\taccepted\tfirst_session\tscore"));
    for (size_t c = 0; c < count; ++c) {
        DN_TRY(dn_file_printf(w, "\t%s", dn_table_column_name(cohort->columns, columns[c])));
    }
    DN_TRY(dn_file_printf(w, "\n"));
    for (size_t i = 0; i < cohort->count; ++i) {
        if (cohort->scan[i].used) {
            DN_TRY(dn_cancel_check());
            DN_TRY(write_wide_row(w, &cohort->scan[i], columns, count));
        }
    }
    return DN_OK;
}

static dn_status write_wide(const dn_roster *cohort, const char *folder)
{
    dn_file_writer writer = {0};
    size_t *columns = NULL, count = 0;
    char *path = NULL;
    dn_status status;
    DN_TRY_GOTO(status, list_columns(cohort, &columns, &count), done);
    DN_TRY_GOTO(status, dn_path_join(folder, "volumes_wide.tsv", &path), done);
    DN_TRY_GOTO(status, dn_file_create(&writer, path), done);
    status = write_wide_rows(&writer, cohort, columns, count);
    status = dn_file_end(&writer, status);
done:
    free(path);
    free(columns);
    return status;
}

/* ---- outliers.tsv ------------------------------------------------------------------------------------------------- */

static dn_status put_outlier(dn_table *table, const dn_roster *cohort, const dn_roster_outliers *outliers, const dn_roster_outlier *one)
{
    const dn_roster_scan *scan = &cohort->scan[one->scan];
    const dn_roster_measure *m = &outliers->measure[one->measure];
    const char side[2] = {m->side, '\0'};
    size_t row;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(put(table, "participant_id", scan->participant));
    DN_TRY(put(table, "session_id", scan->session));
    DN_TRY(put(table, "scan", scan->key));
    DN_TRY(put(table, "structure", m->structure));
    DN_TRY(put(table, "hemi", side));
    DN_TRY(put(table, "measure", m->asymmetry ? "asymmetry" : "volume_mm3"));
    DN_TRY(dn_table_put_number(table, "value", round(1e4 * one->value) / 1e4));
    DN_TRY(dn_table_put_number(table, "expected", round(1e4 * one->expected) / 1e4));
    DN_TRY(dn_table_put_number(table, "robust_z", isinf(one->z) ? (double)NAN : round(1e3 * one->z) / 1e3));
    DN_TRY(put(table, "head_size", one->head_size ? "yes" : "no"));
    return dn_table_put_number(table, "n", (double)m->n);
}

static dn_status write_outliers(const dn_roster *cohort, const dn_roster_outliers *outliers, const char *folder)
{
    static const char *const names[] = {"participant_id", "session_id", "scan",     "structure", "hemi", "measure",
                                        "value",          "expected",   "robust_z", "head_size", "n"};
    dn_table *table = NULL;
    size_t ignored;
    DN_TRY(dn_table_create("the table of outliers", &table));
    dn_status status = DN_OK;
    for (size_t c = 0; c < sizeof names / sizeof *names && status == DN_OK; ++c) {
        status = dn_table_add_column(table, names[c], &ignored);
    }
    for (size_t i = 0; i < outliers->count && status == DN_OK; ++i) {
        status = put_outlier(table, cohort, outliers, &outliers->found[i]);
    }
    status = status == DN_OK ? write_table(table, folder, "outliers.tsv") : status;
    dn_table_destroy(table);
    return status;
}

dn_status dn_roster_write_tables(const dn_roster *cohort, const dn_roster_outliers *outliers, const char *folder)
{
    DN_TRY(write_scans(cohort, folder));
    DN_TRY(write_wide(cohort, folder));
    DN_TRY(write_outliers(cohort, outliers, folder));
    return dn_roster_write_dictionaries(cohort, folder);
}
