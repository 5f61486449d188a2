/* Notes, warnings and progress on their way from any module to whoever shows them.
 *
 * Modules call dn_log and dn_progress_*; nothing is printed here. cli/ installs a sink that writes to stderr (a bar on
 * a terminal, plain lines elsewhere); the library's default sink drops everything. */
#ifndef DN_BASE_LOG_H
#define DN_BASE_LOG_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { DN_LOG_DEBUG, DN_LOG_NOTE, DN_LOG_WARNING } dn_log_level;

typedef struct dn_log_sink {
    void *user;
    void (*message)(void *user, dn_log_level level, const char *text);
    /* done of total steps of the named work; total 0: unknown. done == total ends it. */
    void (*progress)(void *user, const char *what, int64_t done, int64_t total);
    /* The same with what changes from step to step ("loss 0.42, 3 min left"). NULL: goes to progress without detail. */
    void (*detail)(void *user, const char *what, const char *detail, int64_t done, int64_t total);
} dn_log_sink;

/* Process-wide; set once before threads start. NULL restores the silent sink. */
void dn_log_set_sink(const dn_log_sink *sink);
void dn_log(dn_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* May be called from one thread at a time. */
void dn_progress(const char *what, int64_t done, int64_t total);
void dn_progress_detail(const char *what, const char *detail, int64_t done, int64_t total);

/* Cancellation: a signal handler calls dn_cancel_request (async-signal-safe); long work calls dn_cancel_check between
 * steps and passes DN_ECANCELLED up, so that cleanup ladders run. */
void dn_cancel_request(void);
bool dn_cancel_requested(void);
DN_CHECKED dn_status dn_cancel_check(void);
void dn_cancel_reset(void);
/* A process that works for us (one at a time; 0: it has ended). dn_cancel_stop_child ends it, for handlers that leave at once
 * (async-signal-safe). */
void dn_cancel_child(int process);
void dn_cancel_stop_child(void);

#endif
