/* Another program, run to its end. */
#define _GNU_SOURCE
#include "base/program.h"

#include "base/clock.h"
#include "base/job.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* A pause in which a Ctrl-C may wait. */
enum { POLL_MS = 50, OUTPUT_LIMIT = 1 << 20 };

void dn_program_end_release(dn_program_end *end)
{
    free(end->output);
    *end = (dn_program_end){.code = 0};
}

static int set_file(posix_spawn_file_actions_t *actions, int file, int as)
{
    if (file < 0) {
        return as == STDIN_FILENO ? posix_spawn_file_actions_addopen(actions, as, "/dev/null", O_RDONLY, 0) : 0;
    }
    return posix_spawn_file_actions_adddup2(actions, file, as);
}

int dn_program_spawn(const dn_program_start *start, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        for (int i = 0; i < 3 && error == 0; ++i) {
            error = set_file(&actions, start->files[i], i);
        }
        if (start->folder != NULL && error == 0) {
            error = posix_spawn_file_actions_addchdir_np(&actions, start->folder);
        }
        error = error != 0 ? error : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        error = error != 0 ? error : posix_spawnattr_setpgroup(&attributes, 0);
        if (error == 0) { /* without a search where there is a slash */
            error = posix_spawnp(process, start->program, &actions, &attributes, (char *const *)(uintptr_t)start->arguments,
                                 start->environment != NULL ? start->environment : environ);
        }
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Takes what there is; what is beyond the limit is dropped. *open: more may come. */
static void take(int from, char *output, size_t *length, bool *open)
{
    char dropped[4096];
    const bool full = *length >= OUTPUT_LIMIT;
    const ssize_t n = full ? read(from, dropped, sizeof dropped) : read(from, output + *length, OUTPUT_LIMIT - *length);
    if (n > 0 && !full) {
        *length += (size_t)n;
    }
    *open = n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static int reap(pid_t process, bool stop)
{
    int state = 0;
    if (stop) {
        kill(-process, SIGKILL);
    }
    while (waitpid(process, &state, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

/* Until it has closed its outputs and ended. */
static void attend(pid_t process, int from, double seconds, dn_program_end *out)
{
    const double began = dn_clock_now();
    size_t length = 0;
    bool open = true, stop = false;
    siginfo_t ended = {0};
    while (!stop) {
        struct pollfd ready = {.fd = from, .events = POLLIN};
        if (open && poll(&ready, 1, POLL_MS) > 0) {
            take(from, out->output, &length, &open);
        } else if (!open) {
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        }
        ended.si_pid = 0;
        if (!open && waitid(P_PID, (id_t)process, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == process) {
            break;
        }
        out->late = dn_clock_now() - began > seconds;
        stop = out->late || dn_cancel_requested();
    }
    out->output[length] = '\0';
    dn_child_forget((int)process);
    out->code = reap(process, stop);
}

dn_status dn_program_run(const char *const *arguments, double seconds, dn_program_end *out)
{
    return dn_program_run_in(NULL, NULL, arguments, seconds, out);
}

dn_status dn_program_run_in(const char *folder, char *const *environment, const char *const *arguments, double seconds, dn_program_end *out)
{
    int ends[2];
    pid_t process = 0;
    *out = (dn_program_end){.code = -1};
    DN_TRY(dn_cancel_check());
    DN_TRY(dn_alloc(&out->output, OUTPUT_LIMIT + 1, 1, "what another program says"));
    if (pipe2(ends, O_CLOEXEC) != 0) {
        DN_FAIL(DN_ENOMEM, "cannot start %s: %s", arguments[0], strerror(errno));
    }
    const dn_program_start start = {
        .arguments = arguments, .program = arguments[0], .files = {-1, ends[1], ends[1]}, .folder = folder, .environment = environment};
    const int error = dn_program_spawn(&start, &process);
    close(ends[1]);
    if (error == ENOENT || error == EACCES || error == ENOTDIR) {
        close(ends[0]);
        out->missing = true;
        return DN_OK;
    }
    if (error != 0) {
        close(ends[0]);
        DN_FAIL(DN_ENOMEM, "cannot start %s: %s", arguments[0], strerror(error));
    }
    dn_child_note((int)process);
    attend(process, ends[0], seconds, out);
    close(ends[0]);
    return dn_cancel_check();
}
