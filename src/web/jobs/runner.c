/* The threads that take jobs from the queue. */
#define _GNU_SOURCE
#include "web/jobs/runner.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/threads.h"
#include "cohort/run/pool.h"
#include "web/database.h"
#include "web/ids.h"
#include "web/jobs/events.h"
#include "web/jobs/job_prepare.h"
#include "web/jobs/job_settle.h"
#include "web/jobs/jobs.h"
#include "web/jobs/uploads.h"
#include "web/remedy.h"
#include "web/server.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOKED_AT = 16, TICK_MS = 250 };

/* Before the stages of measuring come two of ours; the shares of the time are those of one head of 1 mm (2026-11-30, f32, one thread). */
static const struct {
    const char *name;
    double share;
} stages[] = {{"Preparing the scan", 0.02},         {"Starting", 0.03},          {"Reading the scan", 0.01},
              {"Preparing the scan", 0.01},         {"Finding the brain", 0.03}, {"Labelling the whole head", 0.42},
              {"Labelling the hypothalamus", 0.25}, {"Measuring", 0.08},         {"Writing the results", 0.15}};
enum { STAGES = sizeof stages / sizeof *stages, OWN_STAGES = 2 };
_Static_assert((int)STAGES == (int)OWN_STAGES + (int)DN_STAGE_COUNT, "a name for each stage");

typedef struct slot {
    struct dn_runner *runner;
    pthread_t thread;
    bool started;
    /* Under the runner's lock. */
    char id[DN_ID_SIZE]; /* "": idle */
    dn_job *job;
    int64_t need;
    int stage;
    double began, stage_began;
    double expected; /* seconds; 0: not known */
    bool alone, cancelled;
} slot;

struct dn_runner {
    dn_web *web;
    slot *slots;
    int count;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    time_t cleaned;
};

/* ---- how far a job is --------------------------------------------------------------------------------------------- */

static void measure_progress(const slot *at, dn_live *out)
{
    const double now = dn_clock_now(), elapsed = now - at->began;
    double done = 0.0;
    for (int s = 0; s < at->stage; ++s) {
        done += stages[s].share;
    }
    const double usual = at->expected > 0.0 ? at->expected * stages[at->stage].share : 0.0;
    const double part = usual > 0.0 ? fmin(0.95, (now - at->stage_began) / usual) : 0.0;
    out->stage = stages[at->stage].name;
    out->index = at->stage;
    out->count = STAGES;
    out->fraction = done + part * stages[at->stage].share;
    out->seconds_left = at->expected > 0.0     ? fmax(1.0, at->expected * (1.0 - out->fraction))
                        : out->fraction > 0.25 ? elapsed / out->fraction - elapsed
                                               : (double)NAN;
}

static slot *find(const dn_runner *runner, const char *id)
{
    for (int i = 0; i < runner->count; ++i) {
        if (strcmp(runner->slots[i].id, id) == 0) {
            return &runner->slots[i];
        }
    }
    return NULL;
}

bool dn_runner_live(dn_runner *runner, const char *id, dn_live *out)
{
    pthread_mutex_lock(&runner->lock);
    const slot *at = find(runner, id);
    if (at != NULL) {
        measure_progress(at, out);
    }
    pthread_mutex_unlock(&runner->lock);
    return at != NULL;
}

bool dn_runner_cancel(dn_runner *runner, const char *id)
{
    pthread_mutex_lock(&runner->lock);
    slot *at = find(runner, id);
    if (at != NULL) {
        at->cancelled = true;
        dn_job_cancel(at->job);
    }
    pthread_mutex_unlock(&runner->lock);
    return at != NULL;
}

static void set_stage(slot *at, int stage)
{
    pthread_mutex_lock(&at->runner->lock);
    if (stage != at->stage) {
        at->stage = stage;
        at->stage_began = dn_clock_now();
    }
    pthread_mutex_unlock(&at->runner->lock);
    dn_hub_tell(at->runner->web->hub, DN_EVENT_JOB, at->id);
}

/* ---- choosing ----------------------------------------------------------------------------------------------------- */

static dn_precision precision_of(const json_t *row)
{
    const char *settings = json_string_value(json_object_get(row, "settings"));
    json_t *asked = dn_json_of_text(settings);
    const bool fast = json_is_true(json_object_get(asked, "fast"));
    json_decref(asked);
    return fast ? DN_PRECISION_BF16 : DN_PRECISION_F32;
}

/* Bytes that it will take. Of DICOM files nothing is known before they are a volume: those of a small scan. */
static int64_t need_of(const dn_web *web, const json_t *row)
{
    const char *id = json_string_value(json_object_get(row, "id")), *scan = json_string_value(json_object_get(row, "scan"));
    char *path = NULL;
    if (dn_job_folder(web, id, scan != NULL ? scan : "in", &path) != DN_OK) {
        return 0;
    }
    const int64_t need = dn_scan_memory(path, precision_of(row));
    free(path);
    return need;
}

/* Whether a job fits beside those that run. */
static bool fits(const dn_runner *runner, int64_t need, bool alone)
{
    int64_t used = 0;
    int running = 0;
    for (int i = 0; i < runner->count; ++i) {
        if (runner->slots[i].id[0] != '\0') {
            used += runner->slots[i].need;
            ++running;
            alone = alone || runner->slots[i].alone;
        }
    }
    const int64_t free_now = dn_memory_available();
    return running == 0 || (!alone && need <= runner->web->options.memory_budget - used && (free_now == 0 || need <= free_now));
}

/* Seconds that the last few scans took; 0: none was measured yet. */
static double usual_seconds(dn_web *web)
{
    json_t *row = NULL;
    double seconds = 0.0;
    if (dn_database_row(web->database, &row,
                        "SELECT AVG(seconds) AS mean FROM (SELECT seconds FROM jobs WHERE state = 'done' ORDER BY number DESC LIMIT 5)",
                        "") == DN_OK) {
        seconds = json_number_value(json_object_get(row, "mean"));
    }
    json_decref(row);
    return seconds;
}

/* Makes it this slot's; false: somebody cancelled it meanwhile. */
static dn_status mark(slot *at, const json_t *row, int64_t need, bool *mine)
{
    dn_web *web = at->runner->web;
    char now[DN_TIME_SIZE];
    int64_t changed = 0;
    const char *id = json_string_value(json_object_get(row, "id"));
    dn_time_text(0.0, now);
    DN_TRY(dn_database_change(web->database, &changed, "UPDATE jobs SET state = 'running', started = ? WHERE id = ? AND state = 'queued'",
                              "tt", now, id));
    *mine = changed == 1;
    if (*mine) {
        snprintf(at->id, sizeof at->id, "%s", id);
        at->need = need;
        at->stage = 0;
        at->began = at->stage_began = dn_clock_now();
        at->expected = usual_seconds(web);
        at->alone = json_integer_value(json_object_get(row, "alone")) != 0;
        at->cancelled = false;
    }
    return DN_OK;
}

/* The first of the queue that fits. *out: owned; NULL: none now. */
static dn_status choose(slot *at, json_t **out)
{
    dn_web *web = at->runner->web;
    json_t *rows = NULL, *row;
    size_t i;
    dn_status status = DN_OK;
    *out = NULL;
    DN_TRY(dn_database_rows(web->database, &rows, "SELECT * FROM jobs WHERE state = 'queued' ORDER BY number LIMIT ?", "i",
                            (int64_t)LOOKED_AT));
    json_array_foreach(rows, i, row)
    {
        bool mine = false;
        if (*out != NULL || status != DN_OK || find(at->runner, json_string_value(json_object_get(row, "id"))) != NULL) {
            continue; /* one that was cancelled and is wanted again waits until its slot is free */
        }
        const int64_t need = need_of(web, row);
        if (fits(at->runner, need, json_integer_value(json_object_get(row, "alone")) != 0)) {
            status = mark(at, row, need, &mine);
            *out = mine ? json_incref(row) : NULL;
        }
    }
    json_decref(rows);
    return status;
}

/* ---- one job ------------------------------------------------------------------------------------------------------ */

/* One scan alone may have all cores: then it is done soonest. */
static int threads_now(dn_runner *runner)
{
    json_t *row = NULL;
    int64_t waiting = 0;
    if (runner->web->options.threads > 0) {
        return runner->web->options.threads;
    }
    if (dn_database_row(runner->web->database, &row, "SELECT COUNT(*) AS n FROM jobs WHERE state IN ('queued', 'running')", "") == DN_OK) {
        waiting = json_integer_value(json_object_get(row, "n"));
    }
    json_decref(row);
    const int64_t together = waiting < 1 ? 1 : waiting > runner->count ? runner->count : waiting;
    const int threads = dn_threads_available() / (int)together;
    return threads > 0 ? threads : 1;
}

/* Until the answer is there. */
static dn_status wait_answer(slot *at, dn_worker *worker, dn_worker_answer *answer)
{
    bool done = false;
    int stage = 0;
    double told = dn_clock_now();
    while (!done) {
        struct pollfd end = {.fd = worker->from, .events = POLLIN};
        DN_TRY(dn_cancel_check());
        if (poll(&end, 1, TICK_MS) > 0) {
            DN_TRY(dn_worker_listen(worker, &done, answer));
        }
        if (worker->stage != stage || dn_clock_now() - told > 1.0) {
            stage = worker->stage;
            told = dn_clock_now();
            set_stage(at, OWN_STAGES + (stage < (int)DN_STAGE_COUNT ? stage : (int)DN_STAGE_COUNT - 1));
        }
    }
    return DN_OK;
}

static dn_status measure(slot *at, const json_t *row, const char *scan, const char *work, dn_worker_answer *answer)
{
    const dn_web *web = at->runner->web;
    dn_worker worker = {.process = 0};
    json_t *settings = NULL;
    DN_TRY(dn_job_worker_settings(web, row, &settings));
    dn_status status = dn_worker_start(&worker, web->options.program, settings, threads_now(at->runner), NULL);
    json_decref(settings);
    if (status == DN_OK) {
        status = dn_worker_give(&worker, scan, work, dn_path_name(scan), NULL);
    }
    if (status == DN_OK) {
        status = wait_answer(at, &worker, answer);
    }
    dn_worker_stop(&worker, true);
    return status;
}

static dn_status check_need(slot *at, const json_t *row, const char *scan)
{
    const int64_t need = dn_scan_memory(scan, precision_of(row)), budget = at->runner->web->options.memory_budget;
    pthread_mutex_lock(&at->runner->lock);
    at->need = need;
    pthread_mutex_unlock(&at->runner->lock);
    if (need > budget) {
        DN_FAIL_OFFER(DN_ENOMEM, DN_REMEDY_MORE_MEMORY,
                      "measuring this scan takes about %.1f GB of memory, more than the %.1f GB that the server may use",
                      1e-9 * (double)need, 1e-9 * (double)budget);
    }
    return DN_OK;
}

static dn_status work_on(slot *at, const json_t *row, dn_outcome *outcome)
{
    char *folder = NULL, *scan = NULL;
    dn_status status;
    DN_TRY(dn_job_folder(at->runner->web, at->id, NULL, &folder));
    DN_TRY_GOTO(status, dn_job_prepare(at->runner->web, row, folder, &scan, &outcome->series), done);
    DN_TRY_GOTO(status, check_need(at, row, scan), done);
    set_stage(at, 1);
    DN_TRY_GOTO(status, dn_job_work_folder(folder, &outcome->work), done);
    DN_TRY_GOTO(status, dn_strdup(scan + strlen(folder) + 1, &outcome->scan), done);
    status = measure(at, row, scan, outcome->work, &outcome->answer);
done:
    free(scan);
    free(folder);
    return status;
}

static void run(slot *at, const json_t *row)
{
    dn_outcome outcome = {.warnings = json_array()};
    const dn_job_sink sink = {.user = &outcome, .message = dn_outcome_note, .remedy = dn_web_remedy_write};
    dn_job job;
    dn_job_init(&job, &sink);
    dn_job *before = dn_job_enter(&job);
    pthread_mutex_lock(&at->runner->lock);
    at->job = &job;
    if (at->cancelled || at->runner->ending) {
        dn_job_cancel(&job);
    }
    pthread_mutex_unlock(&at->runner->lock);
    dn_hub_tell(at->runner->web->hub, DN_EVENT_JOB, at->id);
    outcome.status = work_on(at, row, &outcome);
    pthread_mutex_lock(&at->runner->lock);
    outcome.cancelled = at->cancelled;
    outcome.stopped = outcome.status == DN_ECANCELLED && !at->cancelled;
    outcome.alone = at->alone;
    outcome.seconds = dn_clock_now() - at->began;
    pthread_mutex_unlock(&at->runner->lock);
    dn_job_settle(at->runner->web, row, &outcome);
    pthread_mutex_lock(&at->runner->lock);
    at->job = NULL;
    at->id[0] = '\0';
    pthread_cond_broadcast(&at->runner->wake);
    pthread_mutex_unlock(&at->runner->lock);
    /* Only now: whoever deletes it while it is this slot's leaves what is written to us. */
    dn_job_sweep(at->runner->web, json_string_value(json_object_get(row, "id")));
    dn_hub_tell(at->runner->web->hub, DN_EVENT_JOB, json_string_value(json_object_get(row, "id")));
    dn_outcome_release(&outcome);
    dn_job_leave(before);
    dn_job_release(&job);
}

/* ---- threads ------------------------------------------------------------------------------------------------------ */

/* Every few minutes: what is too old goes. */
static void clean(dn_runner *runner)
{
    enum { PAUSE_S = 300 };
    const time_t now = time(NULL);
    pthread_mutex_lock(&runner->lock);
    const bool due = difftime(now, runner->cleaned) > PAUSE_S;
    runner->cleaned = due ? now : runner->cleaned;
    pthread_mutex_unlock(&runner->lock);
    if (due) {
        dn_uploads_clean(runner->web);
        dn_kept_forget(runner->web->kept, PAUSE_S);
        if (dn_jobs_clean(runner->web, false) != DN_OK) {
            dn_error_clear();
        }
    }
}

static void *serve(void *user)
{
    slot *at = user;
    dn_runner *runner = at->runner;
    pthread_mutex_lock(&runner->lock);
    while (!runner->ending) {
        json_t *row = NULL;
        if (choose(at, &row) != DN_OK) {
            dn_error_clear();
        }
        if (row != NULL) {
            pthread_mutex_unlock(&runner->lock);
            run(at, row);
            json_decref(row);
            clean(runner);
            pthread_mutex_lock(&runner->lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 2; /* memory may have become free without anybody telling */
        pthread_cond_timedwait(&runner->wake, &runner->lock, &until);
        pthread_mutex_unlock(&runner->lock);
        clean(runner);
        pthread_mutex_lock(&runner->lock);
    }
    pthread_mutex_unlock(&runner->lock);
    return NULL;
}

dn_status dn_runner_start(dn_web *web, dn_runner **out)
{
    dn_runner *runner = NULL;
    DN_TRY(dn_database_run(web->database, "UPDATE jobs SET state = 'queued', started = NULL WHERE state = 'running'", ""));
    DN_TRY(dn_alloc(&runner, 1, sizeof *runner, "the queue"));
    *runner = (dn_runner){.web = web, .count = web->options.jobs};
    pthread_mutex_init(&runner->lock, NULL);
    pthread_cond_init(&runner->wake, NULL);
    dn_status status = dn_alloc(&runner->slots, (size_t)runner->count, sizeof *runner->slots, "the queue");
    *out = web->runner = runner;
    for (int i = 0; status == DN_OK && i < runner->count; ++i) {
        slot *at = &runner->slots[i];
        at->runner = runner;
        at->started = pthread_create(&at->thread, NULL, serve, at) == 0;
        if (!at->started) {
            status = dn_error_set(DN_ENOMEM, "cannot start a thread of the server (a limit on processes or memory is reached)");
        }
    }
    if (status != DN_OK) {
        dn_runner_stop(runner);
        *out = NULL;
    }
    return status;
}

void dn_runner_wake(dn_runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    pthread_cond_broadcast(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
}

void dn_runner_stop(dn_runner *runner)
{
    if (runner == NULL) {
        return;
    }
    pthread_mutex_lock(&runner->lock);
    runner->ending = true;
    for (int i = 0; runner->slots != NULL && i < runner->count; ++i) {
        dn_job_cancel(runner->slots[i].job);
    }
    pthread_cond_broadcast(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
    for (int i = 0; runner->slots != NULL && i < runner->count; ++i) {
        if (runner->slots[i].started) {
            pthread_join(runner->slots[i].thread, NULL);
        }
    }
    free(runner->slots);
    pthread_cond_destroy(&runner->wake);
    pthread_mutex_destroy(&runner->lock);
    free(runner);
}
