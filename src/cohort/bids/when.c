/* Reads acq_time from BIDS's tables of scans and of sessions. */
#include "cohort/bids/when.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double dn_bids_days(const char *text)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0;
    double second = 0.0;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%lf", &year, &month, &day, &hour, &minute, &second) < 3 || month < 1 || month > 12 || day < 1 ||
        day > 31) {
        return (double)NAN;
    }
    /* Since 0000-03-01, so that the day of a leap year is the last of the year. */
    year -= month < 3;
    month = (month + 9) % 12;
    return 365.0 * year + floor(year / 4.0) - floor(year / 100.0) + floor(year / 400.0) + floor((153.0 * month + 2.0) / 5.0) + day +
           (hour + (minute + second / 60.0) / 60.0) / 24.0;
}

/* acq_time of the row whose column `key` has this text. */
static dn_status look_up(const char *path, const char *key, const char *wanted, char out[DN_BIDS_WHEN])
{
    dn_table *table = NULL;
    size_t column, time;
    if (!dn_path_exists(path)) {
        return DN_OK;
    }
    const dn_status status = dn_table_read(path, &table);
    if (status != DN_OK) {
        if (status == DN_ENOMEM || status == DN_ECANCELLED) {
            return status;
        }
        dn_log(DN_LOG_WARNING, "no times of acquisition: %s", dn_error_message());
        dn_error_clear();
        return DN_OK;
    }
    column = dn_table_find(table, key);
    time = dn_table_find(table, "acq_time");
    for (size_t row = 0; column < dn_table_columns(table) && time < dn_table_columns(table) && row < dn_table_rows(table); ++row) {
        const char *name = dn_table_text(table, row, column);
        const char *text = dn_table_text(table, row, time);
        if (name != NULL && text != NULL && strcmp(name, wanted) == 0 && isfinite(dn_bids_days(text))) {
            snprintf(out, DN_BIDS_WHEN, "%s", text);
            break;
        }
    }
    dn_table_destroy(table);
    return DN_OK;
}

dn_status dn_bids_when(const char *dataset, const char *participant, const char *session, const char *inside, char out[DN_BIDS_WHEN])
{
    char *path = NULL;
    *out = '\0';
    DN_TRY(session != NULL ? dn_asprintf(&path, "%s/%s/%s/%s_%s_scans.tsv", dataset, participant, session, participant, session)
                           : dn_asprintf(&path, "%s/%s/%s_scans.tsv", dataset, participant, participant));
    /* Names in it are relative to its folder. */
    const size_t folder = strlen(participant) + (session != NULL ? strlen(session) + 1 : 0) + 1;
    dn_status status = strlen(inside) > folder ? look_up(path, "filename", inside + folder, out) : DN_OK;
    free(path);
    DN_TRY(status);
    if (*out != '\0' || session == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&path, "%s/%s/%s_sessions.tsv", dataset, participant, participant));
    status = look_up(path, "session_id", session, out);
    free(path);
    return status;
}
