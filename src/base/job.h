/* A job: one piece of work, and the receiver of its messages and progress.
 *
 * Notes, progress, cancellation, the number of threads and the files that must not be overwritten belong to a job and not to the process,
 * so that two jobs at once are independent. A thread works for one job at a time: whoever starts the work makes a job and enters it, and
 * everything below calls dn_log, dn_progress, dn_cancel_check and dn_threads_get, which speak to the job of the calling thread. Nothing is
 * printed here: cli/ gives its job a sink that writes to stderr, the library one that calls the caller's functions.
 *
 *     dn_job job;
 *     dn_job_init(&job, &sink);
 *     dn_job *before = dn_job_enter(&job);
 *     ... the work ...
 *     dn_job_leave(before);
 *     dn_job_release(&job);
 *
 * Without a job messages and progress are dropped, nothing is ever cancelled, and the threads are those that the process may use.
 *
 * A thread that a job starts (pthread_create) makes a job within that of its parent (dn_job_init_within) and enters it. The threads of a
 * parallel region, but for the one that opened it, have no job: they must not log or show progress. To check for cancellation, take
 * dn_job_current() before the region and call dn_job_cancelled(job) in it. */
#ifndef DN_BASE_JOB_H
#define DN_BASE_JOB_H

#include "base/status.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { DN_LOG_DEBUG, DN_LOG_NOTE, DN_LOG_WARNING } dn_log_level;

/* The receivers of a job's messages. Any may be NULL. */
typedef struct dn_job_sink {
    void *user;
    /* Also called by threads that the job starts, perhaps by several at a time. */
    void (*message)(void *user, dn_log_level level, const char *text);
    /* done of total steps of the named work; total 0: unknown. done == total ends it. */
    void (*progress)(void *user, const char *what, int64_t done, int64_t total);
    /* The same with a text that changes from step to step ("loss 0.42, 3 min left"). NULL: goes to progress without detail. */
    void (*detail)(void *user, const char *what, const char *detail, int64_t done, int64_t total);
    /* Called between steps, by the thread that entered the job: true cancels the job. */
    bool (*cancelled)(void *user);
    /* Writes how a person chooses this remedy here (an option of the program, a button of a page) to out, size bytes; about: "", or what is
     * named behind it. NULL: texts state the fact only. Call it through dn_remedy_words. */
    void (*remedy)(void *user, dn_remedy remedy, const char *about, char *out, size_t size);
} dn_job_sink;

/* The fields are for job.c and file.c; it is defined here so that it can stand on the stack of whoever starts the work. */
typedef struct dn_job {
    struct dn_job *parent; /* NULL: it stands alone */
    dn_job_sink sink;
    int threads;
    bool finishing;
    atomic_bool cancelled;
    unsigned requests; /* dn_cancel_request: how many there had been when it began */
    atomic_bool starved;
    pthread_mutex_t lock; /* of inputs */
    char **inputs;
    size_t input_count;
} dn_job;

/* sink: copied; NULL: silent. Its threads are all that the process may use. */
void dn_job_init(dn_job *job, const dn_job_sink *sink);
/* A part of parent's work in a separate thread, with this many threads: messages go to parent's sink, and what cancels parent
 * cancels it. parent has to outlive it; NULL: stands alone, silent. */
void dn_job_init_within(dn_job *job, dn_job *parent, int threads);
/* For work in the calling thread after its job was cancelled (the last curves of a training): it is not cancelled again. */
void dn_job_init_finishing(dn_job *job);
void dn_job_release(dn_job *job);

/* The calling thread works for job from now on, with job's number of threads. Returns the job before, for dn_job_leave. */
dn_job *dn_job_enter(dn_job *job);
void dn_job_leave(dn_job *before);
/* Of the calling thread; NULL: none. */
dn_job *dn_job_current(void);

/* n <= 0: all that the process may use (dn_threads_available). For a job that the calling thread has entered, or nobody yet. */
void dn_job_set_threads(dn_job *job, int n);
/* How many threads the calling thread's job has for parallel regions; oneDNN takes as many. 1 in a parallel region's own threads. */
int dn_threads_get(void);

/* A message of the calling thread's job, one line; without a job it is dropped. */
void dn_log(dn_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* From one of the job's threads at a time. */
void dn_progress(const char *what, int64_t done, int64_t total);
void dn_progress_detail(const char *what, const char *detail, int64_t done, int64_t total);

/* Long work calls dn_cancel_check between steps and passes DN_ECANCELLED up, so that cleanup ladders run. */
DN_CHECKED dn_status dn_cancel_check(void);
bool dn_cancel_requested(void);
/* From any thread, also in a parallel region; NULL: false. */
bool dn_job_cancelled(const dn_job *job);
/* Asks one job to stop; from any thread or a signal handler. NULL: nothing. */
void dn_job_cancel(dn_job *job);
/* Asks every job of the process that exists now to stop; from any thread or a signal handler. */
void dn_cancel_request(void);

/* A process that works for us, until dn_child_forget: dn_child_stop_all ends it, for handlers that leave at once (async-signal-safe). Of
 * all jobs together; beyond 64 at a time they are not noted. */
void dn_child_note(int process);
void dn_child_forget(int process);
void dn_child_stop_all(void);

/* Notes that memory was short in a call of jansson in the calling thread's job (base/json.c). */
void dn_job_note_starved(void);
bool dn_job_starved(void);

#endif
