/* The volumes of the cohort's scans, read one session after the other. */
#define _GNU_SOURCE
#include "cohort/group/volumes.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/remedy.h"
#include "cohort/group/choice.h"
#include "study/tables/gather.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Becomes DAMAGED for the reason in the last message, or in text; what is no fault of the file (memory, Ctrl-C) is passed on. */
static dn_status give_up(const dn_roster *cohort, dn_roster_scan *scan, dn_status status)
{
    char *message = NULL;
    if (status == DN_OK || status == DN_ENOMEM || status == DN_ECANCELLED) {
        return status;
    }
    DN_TRY(dn_strdup(dn_error_message(), &message));
    dn_error_clear();
    scan->state = DN_ROSTER_DAMAGED;
    scan->value_count = 0;
    free(scan->reason);
    scan->reason = NULL;
    status = dn_roster_without_folders(cohort, message, scan->inside, &scan->reason);
    free(message);
    return status;
}

/* Whether the table is the one that the record speaks of. */
static dn_status check_file(const dn_roster_scan *scan, const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        char words[DN_REMEDY_WORDS];
        DN_FAIL(DN_EDATA, "%s is missing%s", path, dn_remedy_words(DN_REMEDY_MEASURE_SET, NULL, words));
    }
    if ((int64_t)facts.st_size != scan->table_bytes) {
        char words[DN_REMEDY_WORDS];
        DN_FAIL(DN_EDATA, "%s has %lld bytes and its record says %lld: it was cut off, or changed after the scan was measured%s", path,
                (long long)facts.st_size, (long long)scan->table_bytes, dn_remedy_words(DN_REMEDY_MEASURE_SET, NULL, words));
    }
    return DN_OK;
}

/* The volumes of one row into the scan, in the order of the cohort's columns, which grow at need. */
static dn_status take_values(dn_roster *cohort, const dn_table *row, const char *path, dn_roster_scan *scan)
{
    size_t found = 0;
    for (size_t c = 0; c < dn_table_columns(row); ++c) {
        size_t column;
        double value;
        if (dn_table_unit(row, c) == NULL) { /* who and what, not a volume */
            continue;
        }
        DN_TRY(dn_table_number(row, 0, c, &value));
        if (value < 0.0) {
            DN_FAIL(DN_EDATA, "%s: %s has a volume below 0", path, dn_table_column_name(row, c));
        }
        column = dn_table_find(cohort->columns, dn_table_column_name(row, c));
        if (column == DN_TABLE_NONE) {
            DN_TRY(dn_table_add_column(cohort->columns, dn_table_column_name(row, c), &column));
        }
        if (column >= scan->value_count) {
            const size_t count = dn_table_columns(cohort->columns);
            DN_TRY(dn_realloc(&scan->values, count, sizeof *scan->values, "the volumes of the cohort"));
            for (size_t k = scan->value_count; k < count; ++k) {
                scan->values[k] = NAN;
            }
            scan->value_count = count;
        }
        scan->values[column] = value;
        found += isnan(value) ? 0 : 1;
    }
    if (found == 0) {
        DN_FAIL(DN_EDATA, "%s has no volumes", path);
    }
    return DN_OK;
}

/* Verdict, reasons and networks of the files beside the table; what these do not say stays as the record in status/ has it. */
static void take_record(dn_scan_record *from, dn_scan_record *to)
{
    dn_scan_record old = *to;
    *to = *from;
    *from = (dn_scan_record){.path = NULL};
    if (to->verdict == DN_SCAN_UNJUDGED) {
        to->verdict = old.verdict;
    }
    if (to->version == NULL) {
        to->version = old.version;
        old.version = NULL;
    }
    dn_scan_record_release(&old);
}

static dn_status read_scan(dn_roster *cohort, dn_roster_scan *scan, const char *path)
{
    dn_gathered gathered = {0};
    DN_TRY(check_file(scan, path));
    DN_TRY(dn_gather_volumes((const char *const *)&path, 1, &gathered));
    dn_status status = take_values(cohort, gathered.table, path, scan);
    if (status == DN_OK) {
        take_record(&gathered.scan[0], &scan->record);
    }
    dn_gathered_release(&gathered);
    return status;
}

/* ---- the long table ----------------------------------------------------------------------------------------------- */

/* Columns that are taken from the tables of the scans. */
static const char *const taken[] = {"structure", "hemi", "volume_mm3", "hard_volume_mm3", "mean_posterior"};
enum { TAKEN = sizeof taken / sizeof *taken };

static dn_status write_header(dn_file_writer *w)
{
    DN_TRY(dn_file_printf(w, "participant_id\tsession_id\tscan\taccepted\tused"));
    for (size_t c = 0; c < (size_t)TAKEN; ++c) {
        DN_TRY(dn_file_printf(w, "\t%s", taken[c]));
    }
    return dn_file_printf(w, "\n");
}

static dn_status write_rows(dn_file_writer *w, const dn_roster_scan *scan, const dn_table *one)
{
    size_t column[TAKEN];
    for (size_t c = 0; c < (size_t)TAKEN; ++c) {
        column[c] = dn_table_find(one, taken[c]);
    }
    for (size_t r = 0; r < dn_table_rows(one); ++r) {
        if (dn_table_text(one, r, column[2]) == NULL) { /* not measured: a missing row */
            continue;
        }
        DN_TRY(dn_file_printf(w, "%s\t%s\t%s\t%s\t%s", scan->participant, scan->session != NULL ? scan->session : "n/a", scan->key,
                              dn_roster_accepted(scan), scan->used ? "yes" : "no"));
        for (size_t c = 0; c < (size_t)TAKEN; ++c) {
            const char *text = column[c] != DN_TABLE_NONE ? dn_table_text(one, r, column[c]) : NULL;
            DN_TRY(dn_file_printf(w, "\t%s", text != NULL ? text : "n/a"));
        }
        DN_TRY(dn_file_printf(w, "\n"));
    }
    return DN_OK;
}

/* ---- all ---------------------------------------------------------------------------------------------------------- */

static dn_status path_of(const dn_roster *cohort, const dn_roster_scan *scan, char **out)
{
    return dn_asprintf(out, "%s/%s/%s", cohort->output, scan->folder, scan->table);
}

static dn_status read_session(dn_roster *cohort, size_t from, size_t end, dn_file_writer *w)
{
    for (size_t i = from; i < end; ++i) {
        dn_roster_scan *scan = &cohort->scan[i];
        char *path = NULL;
        if (scan->state == DN_ROSTER_MEASURED) {
            DN_TRY(path_of(cohort, scan, &path));
            dn_status status = give_up(cohort, scan, read_scan(cohort, scan, path));
            free(path);
            DN_TRY(status);
        }
    }
    dn_roster_choose(cohort->scan + from, end - from);
    for (size_t i = from; i < end; ++i) {
        const dn_roster_scan *scan = &cohort->scan[i];
        dn_table *one = NULL;
        if (scan->state == DN_ROSTER_MEASURED) {
            DN_TRY(dn_table_read(scan->record.path, &one)); /* it was read a moment ago */
            dn_status status = write_rows(w, scan, one);
            dn_table_destroy(one);
            DN_TRY(status);
        }
    }
    return DN_OK;
}

dn_status dn_roster_read_volumes(dn_roster *cohort, const char *folder)
{
    dn_file_writer writer = {0};
    char *path = NULL;
    DN_TRY(dn_path_join(folder, "volumes_long.tsv", &path));
    dn_status status = dn_file_create(&writer, path);
    free(path);
    DN_TRY(status);
    DN_TRY_GOTO(status, write_header(&writer), failed);
    for (size_t i = 0, end; i < cohort->count; i = end) {
        end = dn_roster_session_end(cohort, i);
        DN_TRY_GOTO(status, dn_cancel_check(), failed);
        DN_TRY_GOTO(status, read_session(cohort, i, end, &writer), failed);
        dn_progress("reading volumes", (int64_t)end, (int64_t)cohort->count);
    }
    DN_TRY_GOTO(status, dn_roster_choose_first(cohort), failed);
    return dn_file_commit(&writer);
failed:
    dn_file_discard(&writer);
    return status;
}
