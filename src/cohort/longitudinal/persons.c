/* All persons of a data set with several sessions: which scans, what is done already, one person after the other. */
#define _GNU_SOURCE
#include "cohort/longitudinal/persons.h"

#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/memory.h"
#include "cohort/bids/dataset.h"
#include "cohort/bids/when.h"
#include "cohort/group/choice.h"
#include "cohort/longitudinal/dicom_sessions.h"
#include "cohort/run/scan_status.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One person: the scans that are taken, in the order of their sessions' names. */
typedef struct person {
    const char *name; /* "sub-01"; of the roster */
    const dn_roster_scan **scan;
    char **paths;
    const char **sources;  /* of sessions in DICOM files; NULL: the file's name */
    const char **given;    /* the folders or archives of DICOM files */
    dn_dicom_scan *opened; /* [count]; of sessions in DICOM files, while they are measured; NULL */
    double *times;         /* years; NULL: not all are known */
    bool by_header;        /* times are days of DICOM headers */
    size_t count, rejected;
    bool accepted;   /* of results that are there: quality control rejected no session */
    json_t *made_of; /* what decides about the results */
    char *folder, *record;
} person;

typedef struct run {
    const dn_persons_options *options;
    dn_roster cohort;
    json_t *settings;
    size_t persons, done, measured, quality, failed, elsewhere;
    dn_status last;
} run;

static void release(person *p)
{
    for (size_t i = 0; p->paths != NULL && i < p->count; ++i) {
        free(p->paths[i]);
    }
    for (size_t i = 0; p->opened != NULL && i < p->count; ++i) {
        dn_dicom_close(&p->opened[i]);
    }
    free((void *)p->scan);
    free((void *)p->given);
    free((void *)p->sources);
    free(p->opened);
    free(p->paths);
    free(p->times);
    free(p->folder);
    free(p->record);
    json_decref(p->made_of);
    memset(p, 0, sizeof *p);
}

/* ---- what a person is made of ------------------------------------------------------------------------------------- */

/* One scan per session; rejected ones only if they are to count. */
static dn_status choose_scans(run *it, size_t from, size_t end, person *p)
{
    DN_TRY(dn_alloc(&p->scan, end - from, sizeof(dn_roster_scan *), "the sessions of a person"));
    for (size_t i = from, next; i < end; i = next) {
        next = dn_roster_session_end(&it->cohort, i);
        dn_roster_choose(it->cohort.scan + i, next - i);
        for (size_t k = i; k < next; ++k) {
            const dn_roster_scan *scan = &it->cohort.scan[k];
            if (dn_roster_counts(scan, it->options->count_rejected)) {
                p->scan[p->count++] = scan;
            } else if (scan->used) {
                ++p->rejected;
            }
        }
    }
    return DN_OK;
}

/* Years since the first, where all sessions have a time and they are not one. */
static dn_status read_times(const run *it, person *p, json_t *when)
{
    double first = INFINITY, last = -INFINITY;
    char(*tables)[DN_BIDS_WHEN] = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&p->times, p->count, sizeof *p->times, "the times of sessions"));
    DN_TRY(dn_alloc(&tables, p->count, sizeof *tables, "the times of sessions"));
    /* All of one source: the data set's days may have been moved, those of headers were not. */
    for (size_t i = 0; i < p->count && status == DN_OK; ++i) {
        const dn_roster_scan *scan = p->scan[i];
        status = dn_bids_when(it->options->dataset, scan->participant, scan->session, scan->inside, tables[i]);
        p->by_header = p->by_header || (*tables[i] == '\0' && *scan->day != '\0');
    }
    for (size_t i = 0; i < p->count && status == DN_OK; ++i) {
        const char *text = p->by_header ? p->scan[i]->day : tables[i];
        /* How the days of headers lie to each other is enough: the record names none. */
        json_array_append_new(when, p->by_header ? json_real(dn_bids_days(text) - dn_bids_days(p->scan[0]->day)) : json_string(text));
        p->times[i] = dn_bids_days(text) / DN_DAYS_PER_YEAR;
        first = p->times[i] < first ? p->times[i] : first;
        last = p->times[i] > last ? p->times[i] : last;
        if (!isfinite(p->times[i])) {
            first = NAN;
        }
    }
    free(tables);
    DN_TRY(status);
    for (size_t i = 0; i < p->count; ++i) {
        p->times[i] -= first;
    }
    if (!(last > first)) {
        free(p->times);
        p->times = NULL;
    }
    return DN_OK;
}

/* The scan's own record: its bytes' hash, and the networks. */
static dn_status describe_scan(const char *output, const dn_roster_scan *scan, json_t *list)
{
    static const char *const keys[] = {"Scan", "Input", "Version", "Models", "Series"};
    char *path = NULL;
    json_t *root = NULL;
    DN_TRY(dn_asprintf(&path, "%s/" DN_SCAN_STATUS_FOLDER "/%s.json", output, scan->key));
    dn_status status = dn_json_read(path, DN_JSON_OBJECT, &root);
    free(path);
    DN_TRY(status);
    json_t *one = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
        json_object_set(one, keys[i], json_object_get(root, keys[i]));
    }
    json_object_del(json_object_get(one, "Input"), "Modified"); /* a copy with another date is the same scan */
    json_array_append_new(list, one);
    json_decref(root);
    return DN_OK;
}

static dn_status describe(run *it, person *p)
{
    json_t *list = json_array(), *when = json_array();
    dn_status status = DN_OK;
    p->made_of = json_object();
    json_object_set_new(p->made_of, "Person", json_string(p->name));
    json_object_set_new(p->made_of, "Version", json_string(DIEN_VERSION));
    json_object_set(p->made_of, "Settings", it->settings);
    json_object_set_new(p->made_of, "Sessions", list);
    json_object_set_new(p->made_of, "Times", when);
    for (size_t i = 0; i < p->count && status == DN_OK; ++i) {
        status = describe_scan(it->options->output, p->scan[i], list);
    }
    return status == DN_OK ? read_times(it, p, when) : status;
}

static dn_status set_paths(const run *it, person *p)
{
    const char *output = it->options->output;
    DN_TRY(dn_alloc(&p->paths, p->count, sizeof *p->paths, "the sessions of a person"));
    for (size_t i = 0; i < p->count; ++i) {
        if (p->scan[i]->dicom == NULL) { /* else when it is opened */
            DN_TRY(dn_path_join(it->options->dataset, p->scan[i]->inside, &p->paths[i]));
        }
    }
    DN_TRY(dn_asprintf(&p->folder, "%s/" DN_LONGITUDINAL_FOLDER "/%s", output, p->name));
    return dn_asprintf(&p->record, "%s/" DN_LONGITUDINAL_FOLDER "/status/%s.json", output, p->name);
}

/* *reason: static; NULL: it is done. */
static dn_status look(const run *it, person *p, const char **reason)
{
    json_t *then = NULL;
    char *table = NULL;
    bool good;
    *reason = "not measured yet";
    DN_TRY(dn_error_excuse(dn_json_read_if_there(p->record, DN_JSON_OBJECT, &then), DN_EFORMAT, &good));
    if (then != NULL) {
        p->accepted = !json_is_false(json_object_get(then, "Accepted"));
        json_object_del(then, "Accepted");
        *reason = json_equal(then, p->made_of) ? NULL : "a session, a time, a network, the version or an option is another one now";
        json_decref(then);
    }
    if (*reason == NULL) {
        DN_TRY(dn_asprintf(&table, "%s/%s_longitudinal.tsv", p->folder, p->name));
        *reason = dn_path_exists(table) ? NULL : "its results are missing";
        free(table);
    }
    *reason = *reason == NULL && it->options->again ? "asked for" : *reason;
    return DN_OK;
}

/* ---- measuring ---------------------------------------------------------------------------------------------------- */

/* Sessions in DICOM files become images in private folders, under the names that their own results have. */
static dn_status open_dicom(person *p)
{
    DN_TRY(dn_alloc(&p->opened, p->count, sizeof *p->opened, "the sessions of a person"));
    DN_TRY(dn_alloc(&p->sources, p->count, sizeof *p->sources, "the sessions of a person"));
    DN_TRY(dn_alloc(&p->given, p->count, sizeof *p->given, "the sessions of a person"));
    for (size_t i = 0; i < p->count; ++i) {
        const dn_roster_scan *scan = p->scan[i];
        const dn_dicom_options options = {.name = scan->key, .series = scan->series};
        p->given[i] = scan->dicom;
        if (scan->dicom != NULL) {
            DN_TRY(dn_dicom_open(scan->dicom, &options, &p->opened[i]));
            DN_TRY(dn_strdup(p->opened[i].path, &p->paths[i]));
            p->sources[i] = p->opened[i].source;
        }
    }
    return DN_OK;
}

static dn_status measure(run *it, person *p)
{
    const dn_consensus_options consensus = dn_consensus_defaults();
    dn_longitudinal_options how = {.segmenter = dn_run_settings_segmenter(&it->options->settings, &consensus),
                                   .outputs = {.folder = p->folder},
                                   .name = p->name,
                                   .times = p->times,
                                   .times_from = p->by_header ? "days of examination in the DICOM headers"
                                                              : "acq_time in the data set's tables of scans and sessions"};
    char *folder = NULL;
    DN_TRY(dn_asprintf(&folder, "%s/" DN_LONGITUDINAL_FOLDER "/status", it->options->output));
    dn_status status = dn_path_make_folder(folder);
    free(folder);
    DN_TRY(status);
    if (remove(p->record) != 0 && errno != ENOENT) { /* until it is whole again */
        DN_FAIL(DN_EIO, "cannot remove %s: %s", p->record, strerror(errno));
    }
    dn_log(DN_LOG_NOTE, "%s: %zu sessions", p->name, p->count);
    DN_TRY(open_dicom(p));
    how.sources = p->sources;
    const dn_status measured =
        dn_dicom_sessions_error(p->opened, p->given, p->count, dn_longitudinal((const char *const *)p->paths, p->count, &how));
    if (measured != DN_OK && measured != DN_EQUALITY) {
        return measured;
    }
    json_object_set_new(p->made_of, "Accepted", json_boolean(measured == DN_OK));
    DN_TRY(dn_json_write(json_incref(p->made_of), 17, p->record));
    it->measured += 1;
    it->quality += measured == DN_EQUALITY;
    return DN_OK;
}

/* A failure of one person never stops the others, unless it is the machine's. */
static dn_status measure_locked(run *it, person *p)
{
    dn_folder_lock lock = {0};
    char *path = NULL;
    bool taken = false;
    DN_TRY(dn_path_make_folder(p->folder));
    DN_TRY(dn_path_join(p->folder, ".lock", &path));
    dn_status status = dn_work_lock_take(&lock, path, &taken);
    free(path);
    DN_TRY(status);
    if (!taken) {
        it->elsewhere += 1;
        return DN_OK;
    }
    status = measure(it, p);
    dn_folder_lock_release(&lock);
    if (status == DN_OK || status == DN_ECANCELLED || status == DN_EIO || status == DN_ENOMEM) {
        return status;
    }
    dn_log(DN_LOG_WARNING, "%s was not measured: %s", p->name, dn_error_message());
    it->failed += 1;
    it->last = status;
    return DN_OK;
}

static dn_status take_person(run *it, person *p)
{
    const dn_persons_options *options = it->options;
    const char *reason = NULL;
    if (p->count < 2) {
        return options->dry && p->count + p->rejected > 1
                   ? dn_line_say(options->results, "%s\tskipped\tfewer than two sessions that quality control accepted", p->name)
                   : DN_OK;
    }
    const size_t number = it->persons++;
    if (options->shards > 1 && (int)(number % (size_t)options->shards) != options->shard - 1) {
        return DN_OK;
    }
    DN_TRY(set_paths(it, p));
    DN_TRY(describe(it, p));
    DN_TRY(look(it, p, &reason));
    if (options->dry) {
        return dn_line_say(options->results, "%s\t%s\t%s", p->name, reason != NULL ? "measure" : "done", reason != NULL ? reason : "");
    }
    if (reason == NULL) {
        it->done += 1;
        it->quality += !p->accepted;
        return DN_OK;
    }
    return measure_locked(it, p);
}

/* ---- what is known of a person ------------------------------------------------------------------------------------ */

/* *equal: the record's sessions are the scans that count now. */
static dn_status compare_sessions(const dn_roster *cohort, size_t from, size_t end, bool count_rejected, const json_t *then, bool *equal)
{
    json_t *list = json_array();
    dn_status status = DN_OK;
    for (size_t i = from; i < end && status == DN_OK; ++i) {
        if (dn_roster_counts(&cohort->scan[i], count_rejected)) {
            status = describe_scan(cohort->output, &cohort->scan[i], list);
        }
    }
    *equal = status == DN_OK && json_equal(list, then);
    json_decref(list);
    return status;
}

dn_status dn_person_look(const dn_roster *cohort, size_t from, size_t end, dn_person_state *state, bool *accepted)
{
    char *path = NULL;
    json_t *record = NULL;
    bool good, equal = false;
    *state = DN_PERSON_UNMEASURED;
    *accepted = false;
    DN_TRY(dn_asprintf(&path, "%s/" DN_LONGITUDINAL_FOLDER "/status/%s.json", cohort->output, cohort->scan[from].participant));
    dn_status status = dn_error_excuse(dn_json_read_if_there(path, DN_JSON_OBJECT, &record), DN_EFORMAT, &good);
    free(path);
    if (status != DN_OK || record == NULL) {
        return status;
    }
    const json_t *then = json_object_get(record, "Sessions");
    *accepted = !json_is_false(json_object_get(record, "Accepted"));
    status = compare_sessions(cohort, from, end, false, then, &equal);
    if (status == DN_OK && !equal) { /* rejected ones, too, were asked for, or a person rejected one since */
        status = compare_sessions(cohort, from, end, true, then, &equal);
        *accepted = false;
    }
    *state = equal ? DN_PERSON_DONE : DN_PERSON_STALE;
    json_decref(record);
    return status;
}

/* ---- the run ------------------------------------------------------------------------------------------------------ */

static bool wanted(const dn_persons_options *options, const char *participant)
{
    for (size_t i = 0; i < options->participant_count; ++i) {
        const char *label = options->participants[i];
        if (strcmp(label, participant) == 0 || strcmp(label, participant + 4) == 0) {
            return true;
        }
    }
    return options->participant_count == 0;
}

static dn_status check_labels(const run *it)
{
    for (size_t k = 0; k < it->options->participant_count; ++k) {
        const char *label = it->options->participants[k];
        const dn_persons_options one = {.participants = &label, .participant_count = 1};
        size_t i = 0;
        while (i < it->cohort.count && !wanted(&one, it->cohort.scan[i].participant)) {
            ++i;
        }
        if (i == it->cohort.count) {
            DN_FAIL(DN_EUSAGE, "there is no participant %s in %s", label, it->options->dataset);
        }
    }
    return DN_OK;
}

static dn_status conclude(const run *it)
{
    if (it->persons == 0) {
        DN_FAIL(DN_EDATA, "no person has two sessions that are measured and accepted, so there is no change to measure");
    }
    const size_t all = it->measured + it->done;
    dn_log(DN_LOG_NOTE, "%zu person%s measured%s; results: %s/" DN_LONGITUDINAL_FOLDER, all, all == 1 ? "" : "s",
           it->done == 0      ? ""
           : it->measured > 0 ? ", some of them in earlier runs"
           : it->done == 1    ? ", in an earlier run"
                              : ", all of them in earlier runs",
           it->options->output);
    if (it->failed > 0 && it->measured + it->done + it->elsewhere == 0) {
        DN_FAIL(it->last, "none of the persons (%zu) could be measured; the reasons are above", it->failed);
    }
    if (it->failed > 0) {
        DN_FAIL(DN_EPARTIAL, "%zu of %zu persons could not be measured; the reasons are above", it->failed, it->persons);
    }
    if (it->elsewhere > 0) {
        DN_FAIL(DN_EPARTIAL, "%zu of %zu persons are left to another run, which is measuring them", it->elsewhere, it->persons);
    }
    if (it->quality > 0) {
        DN_FAIL(DN_EQUALITY, "done, but of %zu of %zu persons a session failed quality control; the reasons are above, and in the reports",
                it->quality, it->persons);
    }
    return DN_OK;
}

static dn_status take_all(run *it)
{
    DN_TRY(check_labels(it));
    for (size_t i = 0, end; i < it->cohort.count; i = end) {
        person p = {.name = it->cohort.scan[i].participant};
        for (end = i; end < it->cohort.count && strcmp(it->cohort.scan[end].participant, p.name) == 0; ++end) {
        }
        DN_TRY(dn_cancel_check());
        if (!wanted(it->options, p.name)) {
            continue;
        }
        dn_status status = choose_scans(it, i, end, &p);
        status = status == DN_OK ? take_person(it, &p) : status;
        release(&p);
        DN_TRY(status);
    }
    return it->options->dry ? DN_OK : conclude(it);
}

dn_status dn_run_persons(const dn_persons_options *options)
{
    run it = {.options = options};
    DN_TRY(dn_derivative_check(options->output));
    DN_TRY(dn_derivative_check_source(options->dataset, options->output));
    dn_status status = dn_run_settings_write(&options->settings, &it.settings);
    status = status == DN_OK ? dn_roster_read(options->dataset, options->output, &it.cohort) : status;
    status = status == DN_OK ? dn_roster_read_reviews(&it.cohort) : status;
    status = status == DN_OK ? take_all(&it) : status;
    dn_roster_release(&it.cohort);
    json_decref(it.settings);
    return status;
}
