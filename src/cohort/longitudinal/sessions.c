/* Reads the scans of a person and finds out when they were made. */
#define _GNU_SOURCE
#include "cohort/longitudinal/sessions.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cohort/bids/when.h"
#include "image/io.h"
#include "models/sha256.h"
#include "report/scan_about.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status hash_volume(const dn_volume *volume, char hex[65])
{
    const size_t voxels = (size_t)dn_grid_count(&volume->grid) * sizeof *volume->data;
    char both[64 + sizeof volume->grid];
    dn_sha256((const unsigned char *)volume->data, voxels, hex);
    memcpy(both, hex, 64);
    memcpy(both + 64, &volume->grid, sizeof volume->grid);
    dn_sha256((const unsigned char *)both, sizeof both, hex);
    return DN_OK;
}

static int by_content(const void *a, const void *b)
{
    const dn_session *x = a;
    const dn_session *y = b;
    const int order = strcmp(x->hash, y->hash);
    return order != 0 ? order : strcmp(x->stem, y->stem);
}

/* One fact per session, which the files beside the scans may have. */
typedef struct {
    double days, age;
} when;

/* All known, and not all the same. */
static bool useful(const when *found, size_t count, bool age)
{
    bool differ = false;
    for (size_t n = 0; n < count; ++n) {
        const double value = age ? found[n].age : found[n].days;
        const double first = age ? found[0].age : found[0].days;
        if (!isfinite(value)) {
            return false;
        }
        differ = differ || value != first;
    }
    return differ;
}

/* All ages are whole years, so that a difference of two may be wrong by a year. */
static bool whole_years(const when *found, size_t count)
{
    size_t n = 0;
    while (n < count && found[n].age == floor(found[n].age)) {
        ++n;
    }
    return n == count;
}

/* Two have one age. */
static bool any_equal(const when *found, size_t count)
{
    for (size_t n = 0; n < count; ++n) {
        for (size_t k = 0; k < n; ++k) {
            if (found[n].age == found[k].age) {
                return true;
            }
        }
    }
    return false;
}

/* Years since the first. */
static void set_times(dn_sessions *s, const when *found, bool age)
{
    double first = INFINITY;
    for (size_t n = 0; n < s->count; ++n) {
        s->at[n].time = age ? found[n].age : found[n].days / DN_DAYS_PER_YEAR;
        first = fmin(first, s->at[n].time);
    }
    for (size_t n = 0; n < s->count; ++n) {
        s->at[n].time -= first;
    }
    s->unit = "year";
    s->time_from = age ? "age in participants.tsv or beside the scans" : "day of acquisition, from the files beside the scans";
}

static void number_by_name(dn_sessions *s)
{
    for (size_t n = 0; n < s->count; ++n) {
        s->at[n].time = 1;
        for (size_t k = 0; k < s->count; ++k) {
            const int order = strverscmp(s->at[k].stem, s->at[n].stem); /* ses-2 before ses-10 */
            s->at[n].time += order < 0 || (order == 0 && k < n) ? 1.0 : 0.0;
        }
    }
    s->unit = "session";
    s->time_from = "none: the sessions are numbered by their names";
}

static dn_status find_times(dn_sessions *s)
{
    when *found = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&found, s->count, sizeof *found, "the sessions"));
    for (size_t n = 0; n < s->count && status == DN_OK; ++n) {
        dn_scan_about about;
        status = dn_scan_about_read(s->at[n].path, NAN, DN_SEX_UNKNOWN, &about);
        if (status == DN_OK) {
            found[n].days = dn_bids_days(about.date);
            found[n].age = about.age;
            memcpy(s->at[n].date, about.date, sizeof s->at[n].date);
        }
        dn_scan_about_release(&about);
    }
    if (status == DN_OK && useful(found, s->count, false)) {
        set_times(s, found, false);
    } else if (status == DN_OK && useful(found, s->count, true) && !(whole_years(found, s->count) && any_equal(found, s->count))) {
        set_times(s, found, true);
        if (whole_years(found, s->count)) {
            s->time_from = "age in whole years: each time may be wrong by up to a year, and the change per year with it";
            dn_log(DN_LOG_WARNING,
                   "the times of the sessions are only known as ages in whole years, and may be wrong by up to a year; so may "
                   "the change per year");
        }
    } else {
        number_by_name(s);
    }
    free(found);
    return status;
}

/* Before long work: results of two would have one name. */
static dn_status check_names(const dn_sessions *s)
{
    for (size_t n = 0; n < s->count; ++n) {
        for (size_t k = 0; k < n; ++k) {
            if (strcmp(s->at[n].stem, s->at[k].stem) == 0) {
                DN_FAIL(DN_EUSAGE, "the results of %s and %s would have one name, %s; rename one of them", s->at[k].path, s->at[n].path,
                        s->at[n].stem);
            }
        }
    }
    return DN_OK;
}

dn_status dn_sessions_read(const char *const *paths, size_t count, const double *times, const char *times_from, dn_sessions *out)
{
    memset(out, 0, sizeof *out);
    DN_TRY(dn_alloc(&out->at, count, sizeof *out->at, "the sessions"));
    out->count = count;
    for (size_t n = 0; n < count; ++n) {
        dn_session *session = &out->at[n];
        session->path = paths[n];
        session->given = n;
        session->time = times != NULL ? times[n] : NAN;
        DN_TRY(dn_path_scan_stem(paths[n], &session->stem));
    }
    DN_TRY(check_names(out));
    for (size_t n = 0; n < count; ++n) {
        dn_session *session = &out->at[n];
        DN_TRY(dn_cancel_check());
        DN_TRY(dn_error_in_file(dn_scan_read(paths[n], NULL, &session->volume, NULL), paths[n]));
        DN_TRY(hash_volume(session->volume, session->hash));
    }
    qsort(out->at, count, sizeof *out->at, by_content);
    if (times == NULL) {
        return find_times(out);
    }
    out->unit = "year";
    out->time_from = times_from != NULL ? times_from : "given by the user";
    return DN_OK;
}

void dn_sessions_release(dn_sessions *sessions)
{
    for (size_t n = 0; n < sessions->count; ++n) {
        free(sessions->at[n].stem);
        dn_volume_destroy(sessions->at[n].volume);
    }
    free(sessions->at);
    memset(sessions, 0, sizeof *sessions);
}

static bool earlier(const dn_session *a, const dn_session *b)
{
    return a->time < b->time || (a->time == b->time && strverscmp(a->stem, b->stem) < 0);
}

void dn_sessions_by_time(const dn_sessions *sessions, size_t *order)
{
    for (size_t n = 0; n < sessions->count; ++n) {
        size_t k = n;
        for (; k > 0 && earlier(&sessions->at[n], &sessions->at[order[k - 1]]); --k) {
            order[k] = order[k - 1];
        }
        order[k] = n;
    }
}
