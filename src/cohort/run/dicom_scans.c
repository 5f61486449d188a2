/* Series that were asked for, and the labels of folders of DICOM files. */
#include "cohort/run/dicom_scans.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

/* ---- series ------------------------------------------------------------------------------------------------------- */

static bool is_table(const char *text)
{
    return dn_path_has_extension(text, ".tsv") || dn_path_has_extension(text, ".csv");
}

/* The row of a scan; rows: there is none. A row without a session is for all sessions. */
static size_t find_row(const dn_table *table, size_t participant, size_t session, const dn_bids_scan *scan)
{
    size_t row = 0;
    for (; row < dn_table_rows(table); ++row) {
        const char *who = dn_table_text(table, row, participant);
        const char *when = session != DN_TABLE_NONE ? dn_table_text(table, row, session) : NULL;
        if (who != NULL && dn_bids_same(DN_BIDS_SUB, who, scan->subject) &&
            (when == NULL || (scan->session != NULL && dn_bids_same(DN_BIDS_SES, when, scan->session)))) {
            break;
        }
    }
    return row;
}

static dn_status take_table(dn_bids_layout *layout, const dn_table *table)
{
    size_t participant, series;
    const size_t session = dn_table_find(table, "session_id");
    DN_TRY(dn_table_column(table, "participant_id", &participant));
    DN_TRY(dn_table_column(table, "series", &series));
    for (size_t i = 0; i < layout->count; ++i) {
        dn_bids_scan *scan = &layout->scan[i];
        const size_t row = scan->dicom != NULL ? find_row(table, participant, session, scan) : dn_table_rows(table);
        const char *text = row < dn_table_rows(table) ? dn_table_text(table, row, series) : NULL;
        if (text != NULL) {
            DN_TRY(dn_strdup(text, &scan->dicom->series));
        }
    }
    return DN_OK;
}

dn_status dn_dicom_scans_set_series(dn_bids_layout *layout, const char *series)
{
    dn_table *table = NULL;
    if (series == NULL) {
        return DN_OK;
    }
    if (layout->dicom == 0) {
        DN_FAIL(DN_EUSAGE, "a series can be chosen of DICOM files only, and the scans of this data set are images");
    }
    if (is_table(series)) {
        DN_TRY(dn_table_read(series, &table));
        const dn_status status = take_table(layout, table);
        dn_table_destroy(table);
        return status;
    }
    for (size_t i = 0; i < layout->count; ++i) {
        if (layout->scan[i].dicom != NULL) {
            DN_TRY(dn_strdup(series, &layout->scan[i].dicom->series));
        }
    }
    return DN_OK;
}

dn_status dn_dicom_scan_settings(const dn_bids_scan *scan, json_t *settings, json_t **out)
{
    const char *series = scan->dicom != NULL ? scan->dicom->series : NULL;
    *out = series == NULL ? json_incref(settings) : json_copy(settings);
    if (*out == NULL || (series != NULL && json_object_set_new(*out, "series", json_string(series)) != 0)) {
        json_decref(*out);
        *out = NULL;
        DN_FAIL(DN_ENOMEM, "not enough memory for the settings of a scan");
    }
    return DN_OK;
}

/* ---- labels ------------------------------------------------------------------------------------------------------- */

static dn_status put_row(dn_table *table, const char *participant, const char *session, const char *source)
{
    size_t row;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(dn_table_put_text(table, "participant_id", participant));
    DN_TRY(dn_table_put_text(table, "session_id", session));
    return dn_table_put_text(table, "source", source);
}

static dn_status put_scan(dn_table *table, const dn_bids_scan *scan)
{
    char *participant = NULL, *session = NULL;
    dn_status status = dn_asprintf(&participant, "sub-%s", scan->subject);
    if (status == DN_OK && scan->session != NULL) {
        status = dn_asprintf(&session, "ses-%s", scan->session);
    }
    status = status == DN_OK ? put_row(table, participant, session, scan->dicom->origin) : status;
    free(session);
    free(participant);
    return status;
}

static bool is_in(const dn_bids_layout *layout, const char *participant, const char *session)
{
    for (size_t i = 0; i < layout->count; ++i) {
        const dn_bids_scan *scan = &layout->scan[i];
        if (scan->dicom != NULL && dn_bids_same(DN_BIDS_SUB, participant, scan->subject) && (session == NULL) == (scan->session == NULL) &&
            (session == NULL || dn_bids_same(DN_BIDS_SES, session, scan->session))) {
            return true;
        }
    }
    return false;
}

/* Rows of an earlier run for other participants stay. A table that cannot be read is written anew. */
static dn_status keep_rows(const dn_bids_layout *layout, const char *path, dn_table *table)
{
    dn_table *before = NULL;
    dn_status status = dn_path_exists(path) ? dn_table_read(path, &before) : DN_OK;
    if (status != DN_OK && status != DN_ENOMEM && status != DN_ECANCELLED) {
        dn_error_clear();
        return DN_OK;
    }
    DN_TRY(status);
    if (before == NULL) {
        return DN_OK;
    }
    const size_t participant = dn_table_find(before, "participant_id"), session = dn_table_find(before, "session_id"),
                 source = dn_table_find(before, "source");
    for (size_t row = 0; row < dn_table_rows(before) && status == DN_OK; ++row) {
        const char *who = participant != DN_TABLE_NONE ? dn_table_text(before, row, participant) : NULL;
        const char *when = session != DN_TABLE_NONE ? dn_table_text(before, row, session) : NULL;
        if (who != NULL && !is_in(layout, who, when)) {
            status = put_row(table, who, when, source != DN_TABLE_NONE ? dn_table_text(before, row, source) : NULL);
        }
    }
    dn_table_destroy(before);
    return status;
}

dn_status dn_dicom_scans_write_sources(const dn_bids_layout *layout, const char *output)
{
    char *path = NULL;
    dn_table *table = NULL;
    dn_status status = DN_OK;
    if (layout->dicom == 0) {
        return DN_OK;
    }
    DN_TRY(dn_path_join(output, DN_DICOM_SOURCES, &path));
    DN_TRY_GOTO(status, dn_table_create(path, &table), done);
    for (size_t i = 0; i < layout->count; ++i) {
        if (layout->scan[i].dicom != NULL) {
            DN_TRY_GOTO(status, put_scan(table, &layout->scan[i]), done);
        }
    }
    DN_TRY_GOTO(status, keep_rows(layout, path, table), done);
    status = dn_table_write(table, path);
done:
    dn_table_destroy(table);
    free(path);
    return status;
}
