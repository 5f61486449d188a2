/* Jobs: which one a thread works for, what it tells its receiver, how it is cancelled, and the processes that work for it. */
#define _GNU_SOURCE
#include "base/job.h"

#include "base/text.h"
#include "base/threads.h"

#include <omp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { NAME_SIZE = 160, CHILDREN = 64 };

/* Written by signal handlers. */
static atomic_uint requests;
static atomic_int children[CHILDREN];

static _Thread_local dn_job *current;
static _Thread_local int threads_outside; /* what OpenMP had before the thread entered a job */

/* ---- whose it is -------------------------------------------------------------------------------------------------- */

void dn_job_init(dn_job *job, const dn_job_sink *sink)
{
    memset(job, 0, sizeof *job);
    job->sink = sink != NULL ? *sink : (dn_job_sink){0};
    job->threads = dn_threads_available();
    atomic_init(&job->cancelled, false);
    atomic_init(&job->starved, false);
    job->requests = atomic_load(&requests);
    pthread_mutex_init(&job->lock, NULL);
}

void dn_job_init_within(dn_job *job, dn_job *parent, int threads)
{
    dn_job_init(job, parent != NULL ? &parent->sink : NULL);
    job->sink.cancelled = NULL; /* the thread that entered parent asks */
    job->parent = parent;
    job->threads = threads > 0 ? threads : 1;
}

void dn_job_init_finishing(dn_job *job)
{
    dn_job_init_within(job, current, dn_threads_get());
    job->finishing = true;
}

void dn_job_release(dn_job *job)
{
    for (size_t i = 0; i < job->input_count; ++i) {
        free(job->inputs[i]);
    }
    free(job->inputs);
    pthread_mutex_destroy(&job->lock);
    memset(job, 0, sizeof *job);
}

static void bind(dn_job *job)
{
    if (current == NULL && job != NULL) {
        threads_outside = omp_get_max_threads();
    }
    if (current != NULL || job != NULL) {
        omp_set_num_threads(job != NULL ? job->threads : threads_outside);
    }
    current = job;
}

dn_job *dn_job_enter(dn_job *job)
{
    dn_job *before = current;
    bind(job);
    return before;
}

void dn_job_leave(dn_job *before)
{
    bind(before);
}

dn_job *dn_job_current(void)
{
    return current;
}

void dn_job_set_threads(dn_job *job, int n)
{
    job->threads = n > 0 ? n : dn_threads_available();
    if (job == current) {
        omp_set_num_threads(job->threads);
    }
}

int dn_threads_get(void)
{
    return current != NULL ? current->threads : omp_in_parallel() ? 1 : dn_threads_available();
}

void dn_job_note_starved(void)
{
    for (dn_job *job = current; job != NULL; job = job->parent) {
        atomic_store(&job->starved, true);
    }
}

bool dn_job_starved(void)
{
    return current != NULL && atomic_load(&current->starved);
}

/* ---- what it says ------------------------------------------------------------------------------------------------- */

void dn_log(dn_log_level level, const char *format, ...)
{
    if (current == NULL || current->sink.message == NULL) {
        return;
    }
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dn_text_make_line(text);
    current->sink.message(current->sink.user, level, text);
}

/* The work's name may be a file's. */
static const char *clean(const char *what, char line[NAME_SIZE])
{
    snprintf(line, NAME_SIZE, "%s", what);
    dn_text_make_line(line);
    return line;
}

void dn_progress(const char *what, int64_t done, int64_t total)
{
    if (current != NULL && current->sink.progress != NULL) {
        char line[NAME_SIZE];
        current->sink.progress(current->sink.user, clean(what, line), done, total);
    }
}

void dn_progress_detail(const char *what, const char *detail, int64_t done, int64_t total)
{
    if (current != NULL && current->sink.detail != NULL) {
        char line[NAME_SIZE];
        current->sink.detail(current->sink.user, clean(what, line), detail, done, total);
    } else {
        dn_progress(what, done, total);
    }
}

/* ---- whether to go on --------------------------------------------------------------------------------------------- */

void dn_cancel_request(void)
{
    atomic_fetch_add(&requests, 1u);
}

void dn_job_cancel(dn_job *job)
{
    if (job != NULL) {
        atomic_store(&job->cancelled, true);
    }
}

bool dn_job_cancelled(const dn_job *job)
{
    for (; job != NULL && !job->finishing; job = job->parent) {
        if (atomic_load(&job->cancelled) || atomic_load(&requests) != job->requests) {
            return true;
        }
    }
    return false;
}

bool dn_cancel_requested(void)
{
    if (current != NULL && current->sink.cancelled != NULL && !dn_job_cancelled(current) && current->sink.cancelled(current->sink.user)) {
        dn_job_cancel(current);
    }
    return dn_job_cancelled(current);
}

dn_status dn_cancel_check(void)
{
    if (dn_cancel_requested()) {
        DN_FAIL(DN_ECANCELLED, "interrupted");
    }
    return DN_OK;
}

/* ---- processes that work for it ----------------------------------------------------------------------------------- */

static void exchange(int from, int to)
{
    for (int i = 0; i < CHILDREN; ++i) {
        int expected = from;
        if (atomic_compare_exchange_strong(&children[i], &expected, to)) {
            return;
        }
    }
}

void dn_child_note(int process)
{
    exchange(0, process);
}

void dn_child_forget(int process)
{
    if (process > 0) {
        exchange(process, 0);
    }
}

void dn_child_stop_all(void)
{
    for (int i = 0; i < CHILDREN; ++i) {
        int process = atomic_exchange(&children[i], 0);
        if (process > 0) {
            kill((pid_t)process, SIGKILL);
        }
    }
}
