/* Reads an HDF5 file first in a child process with limits of memory and time. */
#define _GNU_SOURCE
#include "models/keras/probe.h"

#include "base/clock.h"
#include "base/job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct report {
    dn_status status;
    char message[2048];
} report;

dn_probe_limits dn_probe_defaults(void)
{
    return (dn_probe_limits){.memory = INT64_C(4) << 30, .cpu_seconds = 10, .seconds = 60};
}

/* A limit that is there and lower stays. */
static void lower(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit now;
    if (getrlimit(what, &now) == 0) {
        now.rlim_cur = value < now.rlim_cur ? value : now.rlim_cur;
        now.rlim_max = what == RLIMIT_CPU ? now.rlim_max : now.rlim_cur; /* at the hard limit it would be SIGKILL, which says less */
        setrlimit(what, &now);
    }
}

static void limit_memory(int64_t more)
{
#ifndef __SANITIZE_ADDRESS__
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%lld", &pages) == 1 && pages > 0) {
            lower(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)more);
        }
        fclose(file);
    }
#else
    (void)more;
#endif
}

/* Never returns. */
static void child(const char *path, const dn_probe_limits *limits, int to, dn_status (*read)(const char *path))
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGXCPU, SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    report said = {.status = DN_OK};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; ++i) {
        signal(signals[i], SIG_DFL); /* no handlers of the program, no report of a sanitizer */
    }
    lower(RLIMIT_CORE, 0);
    lower(RLIMIT_CPU, (rlim_t)limits->cpu_seconds);
    limit_memory(limits->memory);
    alarm((unsigned)limits->seconds + 5); /* should its parent be gone by then */
    int null = open("/dev/null", O_WRONLY);
    if (null >= 0) {
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    said.status = read(path);
    snprintf(said.message, sizeof said.message, "%s", dn_error_message());
    ssize_t written = write(to, &said, sizeof said);
    _exit(written == (ssize_t)sizeof said ? 0 : 1);
}

/* Until the child has said something or has ended (true), or its time is over or the user wants to stop (false). */
static bool wait_for(int from, int seconds)
{
    const double end = dn_clock_now() + seconds;
    struct pollfd pipe_end = {.fd = from, .events = POLLIN};
    while (!dn_cancel_requested() && dn_clock_now() < end) {
        if (poll(&pipe_end, 1, 100) > 0) {
            return true;
        }
    }
    return false;
}

static ssize_t take(int from, report *said)
{
    ssize_t n;
    do {
        n = read(from, said, sizeof *said);
    } while (n < 0 && errno == EINTR);
    return n;
}

static dn_status ended(const char *path, const dn_probe_limits *limits, int result)
{
    const int number = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    if (number == SIGINT || number == SIGTERM || number == SIGHUP) {
        DN_FAIL(DN_ECANCELLED, "interrupted");
    }
    if (number == SIGXCPU || number == SIGALRM) {
        DN_FAIL(DN_EFORMAT,
                "%s: the HDF5 library was stopped after %d s of processor time, far more than a network needs; the file is damaged", path,
                limits->cpu_seconds);
    }
    if (number == SIGKILL) {
        DN_FAIL(DN_ENOMEM, "cannot read %s: the process that reads it was killed; is there too little memory?", path);
    }
    DN_FAIL(DN_EFORMAT, "%s: the HDF5 library fails on it (%s); the file is damaged", path,
            number != 0 ? strsignal(number) : "it ended without a result");
}

dn_status dn_keras_probe(const char *path, const dn_probe_limits *limits, dn_status (*read)(const char *path))
{
    int ends[2];
    report said = {.status = DN_OK};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        DN_FAIL(DN_ENOMEM, "cannot read %s: no pipe for it: %s", path, strerror(errno));
    }
    pid_t process = fork();
    if (process < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        DN_FAIL(DN_ENOMEM, "cannot read %s: this needs a separate process, which cannot be started: %s%s", path, strerror(error),
                error == EAGAIN ? " (a limit on processes, ulimit -u or of the container, is reached)" : "");
    }
    if (process == 0) {
        close(ends[0]);
        child(path, limits, ends[1], read);
    }
    close(ends[1]);
    dn_child_note((int)process);
    const bool answered = wait_for(ends[0], limits->seconds);
    ssize_t got = answered ? take(ends[0], &said) : 0;
    if (!answered) {
        kill(process, SIGKILL);
    }
    close(ends[0]);
    dn_child_forget((int)process); /* while its number is still its own */
    int result = 0;
    while (waitpid(process, &result, 0) < 0) {
        if (errno != EINTR) {
            DN_FAIL(DN_EINTERNAL, "cannot read %s: the process that reads it was lost: %s", path, strerror(errno));
        }
    }
    DN_TRY(dn_cancel_check());
    if (!answered) {
        DN_FAIL(DN_EFORMAT,
                "%s: the HDF5 library did not end within %d s and was stopped; the file is damaged, or its disk does not answer", path,
                limits->seconds);
    }
    if (got != (ssize_t)sizeof said) {
        return ended(path, limits, result);
    }
    said.message[sizeof said.message - 1] = '\0';
    return said.status == DN_OK ? DN_OK : dn_error_set(said.status, "%s", said.message);
}
