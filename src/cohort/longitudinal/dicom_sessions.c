/* Opens the DICOM inputs among a person's sessions, names them by time, and has all measured in one frame. */
#include "cohort/longitudinal/dicom_sessions.h"

#include "base/job.h"
#include "base/memory.h"
#include "cohort/bids/when.h"
#include "cohort/dicom/intake.h"
#include "cohort/dicom/peek.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One input. */
typedef struct {
    bool dicom;
    double when;      /* years or days; NaN: not known */
    char person[128]; /* PatientID; "": not known; for comparison only */
} input;

typedef struct {
    const char *const *given;
    size_t count, dicom;
    input *at;             /* owned */
    dn_dicom_scan *opened; /* owned; [count] */
    const char **paths;    /* owned; of images */
    const char **sources;  /* owned; for the records; NULL: the file's name */
    double *times;         /* owned; years since the first examination; NULL: not by the headers */
} work;

/* What the headers say. */
static dn_status look(work *w, const double *times)
{
    for (size_t n = 0; n < w->count; ++n) {
        input *it = &w->at[n];
        it->dicom = dn_dicom_is_input(w->given[n]);
        it->when = times != NULL ? times[n] : (double)NAN;
        w->paths[n] = w->given[n];
        if (!it->dicom) {
            continue;
        }
        dn_dicom_header *header = NULL;
        bool found = false;
        w->dicom += 1;
        DN_TRY(dn_alloc(&header, 1, sizeof *header, "a DICOM header"));
        const dn_status status = dn_dicom_peek(w->given[n], header, &found);
        if (status == DN_OK && found) {
            char day[11];
            dn_dicom_day(header, day);
            it->when = times != NULL ? times[n] : dn_bids_days(day);
            snprintf(it->person, sizeof it->person, "%s", header->text[DN_DICOM_PATIENT_ID]);
        }
        free(header);
        DN_TRY(status);
    }
    return DN_OK;
}

/* Hospitals number persons on their own, so this is no reason to stop: whether the heads match is seen later. */
static void compare_persons(const work *w)
{
    const char *first = NULL;
    for (size_t n = 0; n < w->count; ++n) {
        const char *own = w->at[n].person;
        if (*own != '\0' && first != NULL && strcmp(first, own) != 0) {
            dn_log(DN_LOG_WARNING, "the DICOM files have different numbers of a person (PatientID): make sure that all are of one person");
            return;
        }
        first = *own != '\0' ? own : first;
    }
}

/* Days of all examinations, where they are known and not one. */
static dn_status set_times(work *w)
{
    double first = INFINITY, last = -INFINITY;
    for (size_t n = 0; n < w->count; ++n) {
        if (!isfinite(w->at[n].when)) {
            return DN_OK;
        }
        first = fmin(first, w->at[n].when);
        last = fmax(last, w->at[n].when);
    }
    if (!(last > first)) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&w->times, w->count, sizeof *w->times, "the times of sessions"));
    for (size_t n = 0; n < w->count; ++n) {
        w->times[n] = (w->at[n].when - first) / DN_DAYS_PER_YEAR;
    }
    return DN_OK;
}

/* Which of the DICOM sessions it is, from 1; those without a time come last. */
static size_t number_of(const work *w, size_t n)
{
    const double own = isfinite(w->at[n].when) ? w->at[n].when : INFINITY;
    size_t number = 1;
    for (size_t k = 0; k < w->count; ++k) {
        const double other = isfinite(w->at[k].when) ? w->at[k].when : INFINITY;
        number += w->at[k].dicom && (other < own || (other <= own && k < n));
    }
    return number;
}

static dn_status open_one(work *w, size_t n, const char *series, const char *person)
{
    char *name = NULL;
    dn_dicom_scan *scan = &w->opened[n];
    DN_TRY(dn_asprintf(&name, "%s_ses-%zu", person, number_of(w, n)));
    const dn_dicom_options how = {.series = series, .name = name};
    const dn_status status = dn_dicom_open(w->given[n], &how, scan);
    for (size_t i = 0; status == DN_OK && i < scan->warnings.count; ++i) {
        dn_log(DN_LOG_WARNING, "%s: %s", name, scan->warnings.text[i]);
    }
    free(name);
    DN_TRY(status);
    w->paths[n] = scan->path;
    w->sources[n] = scan->source;
    return DN_OK;
}

dn_status dn_dicom_sessions_error(const dn_dicom_scan *opened, const char *const *given, size_t count, dn_status status)
{
    for (size_t n = 0; status != DN_OK && n < count; ++n) {
        if (opened[n].path != NULL && strstr(dn_error_message(), opened[n].path) != NULL) {
            return dn_dicom_error(&opened[n], given[n], status);
        }
    }
    return status;
}

dn_status dn_longitudinal_inputs(const char *const *paths, size_t count, const char *series, const dn_longitudinal_options *options)
{
    work w = {.given = paths, .count = count};
    dn_longitudinal_options how = *options;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&w.at, count, sizeof *w.at, "the sessions"), done);
    DN_TRY_GOTO(status, dn_alloc(&w.opened, count, sizeof *w.opened, "the sessions"), done);
    DN_TRY_GOTO(status, dn_alloc(&w.paths, count, sizeof *w.paths, "the sessions"), done);
    DN_TRY_GOTO(status, dn_alloc(&w.sources, count, sizeof *w.sources, "the sessions"), done);
    DN_TRY_GOTO(status, look(&w, options->times), done);
    if (series != NULL && w.dicom == 0) {
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "a series can be chosen of DICOM files only, and none of the scans is one");
    }
    compare_persons(&w);
    if (options->times == NULL) {
        DN_TRY_GOTO(status, set_times(&w), done);
        how.times = w.times;
        how.times_from = w.times != NULL ? "days of examination in the DICOM headers" : NULL;
    }
    how.sources = w.sources;
    for (size_t n = 0; n < count; ++n) {
        if (w.at[n].dicom) {
            DN_TRY_GOTO(status, open_one(&w, n, series, options->name != NULL ? options->name : "person"), done);
        }
    }
    status = dn_dicom_sessions_error(w.opened, paths, count, dn_longitudinal(w.paths, count, &how));
done:
    for (size_t n = 0; w.opened != NULL && n < count; ++n) {
        dn_dicom_close(&w.opened[n]);
    }
    free(w.times);
    free((void *)w.sources);
    free((void *)w.paths);
    free(w.opened);
    free(w.at);
    return status;
}
