/* Prints messages and progress to stderr: a bar on a terminal, plain lines elsewhere. */
#define _GNU_SOURCE
#include "cli/terminal/report_stderr.h"

#include "base/clock.h"
#include "cli/terminal/remedy.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* One state for the process, as there is one stderr. */
static struct {
    pthread_mutex_t lock;
    dn_report_level level;
    bool terminal;
    bool open; /* a bar is on the line */
    char what[128];
    double started, shown; /* seconds, of the present work and of the last drawing */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void clear_bar(void)
{
    if (state.open) {
        fputs("\r\033[K", stderr);
        state.open = false;
    }
}

static void show_message(void *user, dn_log_level level, const char *text)
{
    (void)user;
    if ((level == DN_LOG_DEBUG && state.level < DN_REPORT_VERBOSE) || (level == DN_LOG_NOTE && state.level < DN_REPORT_NORMAL)) {
        return;
    }
    pthread_mutex_lock(&state.lock);
    clear_bar();
    fprintf(stderr, "%s%s%s\n", level == DN_LOG_WARNING ? "dien: warning: " : "", text, dn_remedy_clause_for(text));
    pthread_mutex_unlock(&state.lock);
}

static void draw_bar(const char *what, const char *detail, int64_t done, int64_t total)
{
    enum { WIDTH = 30 };
    struct winsize size;
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    char line[256];
    if (total > 0) {
        int filled = (int)(WIDTH * done / total);
        char bar[WIDTH + 1];
        for (int i = 0; i < WIDTH; ++i) {
            bar[i] = i < filled ? '#' : '.';
        }
        bar[WIDTH] = '\0';
        snprintf(line, sizeof line, "%-*.60s [%s] %3d %%  %s", *detail == '\0' ? 28 : 10, what, bar, (int)(100 * done / total), detail);
    } else {
        snprintf(line, sizeof line, "%-28.60s %lld", what, (long long)done);
    }
    /* A line wider than the terminal would wrap, and \r would no longer overwrite it. */
    fprintf(stderr, "\r%.*s\033[K", columns - 1, line);
    state.open = true;
}

static void show_detail(void *user, const char *what, const char *detail, int64_t done, int64_t total)
{
    (void)user;
    if (state.level < DN_REPORT_NORMAL) {
        return;
    }
    pthread_mutex_lock(&state.lock);
    double time = dn_clock_now();
    bool fresh = strncmp(state.what, what, sizeof state.what - 1) != 0;
    bool ended = total > 0 && done >= total;
    if (fresh) {
        snprintf(state.what, sizeof state.what, "%s", what);
        state.started = time;
    }
    if (state.terminal) {
        if (fresh || ended || time - state.shown > 0.1) {
            draw_bar(what, detail, ended ? total : done, total);
            state.shown = time;
        }
        if (ended) {
            fresh ? fprintf(stderr, "\n") : fprintf(stderr, "  %.1f s\n", time - state.started);
            state.open = false;
        }
    } else if (ended && fresh) {
        fprintf(stderr, "%s: done\n", what); /* one step: when it began is not known */
    } else if (ended) {
        fprintf(stderr, "%s: done in %.1f s\n", what, time - state.started);
    } else if (fresh) {
        state.shown = time; /* short work gets one line, when it ends */
    } else if (time - state.shown > 10.0) {
        if (total > 0) {
            fprintf(stderr, "%s: %d %%%s%s\n", what, (int)(100 * done / total), *detail == '\0' ? "" : ", ", detail);
        } else {
            fprintf(stderr, "%s: %lld\n", what, (long long)done);
        }
        state.shown = time;
    }
    if (ended) {
        state.what[0] = '\0';
    }
    pthread_mutex_unlock(&state.lock);
}

static void show_progress(void *user, const char *what, int64_t done, int64_t total)
{
    show_detail(user, what, "", done, total);
}

dn_job_sink dn_report_sink(dn_report_level level)
{
    const char *kind = getenv("TERM");
    state.level = level;
    state.terminal = isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
    return (dn_job_sink){.message = show_message, .progress = show_progress, .detail = show_detail, .remedy = dn_remedy_write};
}

void dn_report_finish(void)
{
    pthread_mutex_lock(&state.lock);
    clear_bar();
    pthread_mutex_unlock(&state.lock);
}
