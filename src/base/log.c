#define _GNU_SOURCE
#include "base/log.h"

#include "base/text.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

enum { NAME_SIZE = 160 };

static dn_log_sink current;
static volatile sig_atomic_t cancelled;
static volatile sig_atomic_t child; /* a process id fits */

void dn_log_set_sink(const dn_log_sink *sink)
{
    current = sink == NULL ? (dn_log_sink){0} : *sink;
}

void dn_log(dn_log_level level, const char *format, ...)
{
    if (current.message == NULL) {
        return;
    }
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dn_text_make_line(text);
    current.message(current.user, level, text);
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
    if (current.progress != NULL) {
        char line[NAME_SIZE];
        current.progress(current.user, clean(what, line), done, total);
    }
}

void dn_progress_detail(const char *what, const char *detail, int64_t done, int64_t total)
{
    if (current.detail != NULL) {
        char line[NAME_SIZE];
        current.detail(current.user, clean(what, line), detail, done, total);
    } else {
        dn_progress(what, done, total);
    }
}

void dn_cancel_request(void)
{
    cancelled = 1;
}

bool dn_cancel_requested(void)
{
    return cancelled != 0;
}

dn_status dn_cancel_check(void)
{
    if (cancelled) {
        DN_FAIL(DN_ECANCELLED, "interrupted");
    }
    return DN_OK;
}

void dn_cancel_reset(void)
{
    cancelled = 0;
}

void dn_cancel_child(int process)
{
    child = process;
}

void dn_cancel_stop_child(void)
{
    if (child > 0) {
        kill((pid_t)child, SIGKILL);
        child = 0;
    }
}
