/* The side of whoever starts worker processes. */
#define _GNU_SOURCE
#include "cohort/run/worker.h"

#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void dn_worker_answer_release(dn_worker_answer *answer)
{
    free(answer->text);
    json_decref(answer->outputs);
    json_decref(answer->series);
    *answer = (dn_worker_answer){.status = DN_OK};
}

/* ---- starting and stopping ---------------------------------------------------------------------------------------- */

static dn_status fail_start(int error)
{
    DN_FAIL(DN_ENOMEM, "cannot start a process that measures: %s%s", strerror(error),
            error == EAGAIN ? " (a limit on processes, ulimit -u or of the container, is reached)" : "");
}

static dn_status start(dn_worker *worker, const char *program)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0) {
        return fail_start(errno);
    }
    if (pipe2(from, O_CLOEXEC) != 0) {
        const int error = errno;
        close(to[0]);
        close(to[1]);
        return fail_start(error);
    }
    static const char *const arguments[] = {"dien", "worker", NULL};
    const dn_program_start how = {.arguments = arguments,
                                  .program = program != NULL ? program : "/proc/self/exe",
                                  .files = {to[0], from[1], -1}};
    const int error = dn_program_spawn(&how, &worker->process);
    close(to[0]);
    close(from[1]);
    if (error != 0) {
        worker->process = 0;
        close(to[1]);
        close(from[0]);
        return fail_start(error);
    }
    worker->to = to[1];
    worker->from = from[0];
    dn_child_note((int)worker->process);
    return DN_OK;
}

/* Its end is waited for; how it ended. */
static int reap(dn_worker *worker)
{
    int result = 0;
    close(worker->to);
    close(worker->from);
    dn_child_forget((int)worker->process);
    while (waitpid(worker->process, &result, 0) < 0 && errno == EINTR) {
    }
    free(worker->line);
    *worker = (dn_worker){.process = 0};
    return result;
}

void dn_worker_stop(dn_worker *worker, bool at_once)
{
    if (worker->process != 0) {
        if (at_once || worker->busy) {
            kill(worker->process, at_once ? SIGKILL : SIGTERM);
        }
        reap(worker);
    }
}

/* ---- talking ------------------------------------------------------------------------------------------------------ */

/* message: consumed. */
static dn_status send_line(dn_worker *worker, json_t *message)
{
    char *text = message != NULL ? json_dumps(message, JSON_COMPACT) : NULL;
    char *line = NULL;
    json_decref(message);
    if (text == NULL || dn_asprintf(&line, "%s\n", text) != DN_OK) {
        free(text);
        DN_FAIL(DN_ENOMEM, "not enough memory for a request to a process that measures");
    }
    free(text);
    const size_t size = strlen(line);
    size_t sent = 0;
    int why = 0;
    /* It may have died: then a write must not end us. */
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    while (sent < size) {
        const ssize_t n = write(worker->to, line + sent, size - sent);
        if (n < 0 && errno != EINTR) {
            why = errno;
            break;
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    signal(SIGPIPE, before);
    free(line);
    if (sent < size && why != EPIPE) { /* one that has ended is noticed where its answer is read, which says why */
        DN_FAIL(DN_EINTERNAL, "a process that measures does not take work any more: %s", strerror(why));
    }
    return DN_OK;
}

/* Reads once what there is. *ended: there will be no more. */
static dn_status take_bytes(dn_worker *worker, bool *ended)
{
    if (worker->length + 4096 > worker->room) {
        const size_t room = 2 * worker->room + 8192;
        DN_TRY(dn_realloc(&worker->line, room, 1, "an answer of a process that measures"));
        worker->room = room;
    }
    ssize_t n;
    do {
        n = read(worker->from, worker->line + worker->length, worker->room - worker->length);
    } while (n < 0 && errno == EINTR);
    worker->length += n > 0 ? (size_t)n : 0;
    *ended = n <= 0;
    return DN_OK;
}

/* The first whole line, parsed; NULL when there is none yet. */
static json_t *next_message(dn_worker *worker)
{
    json_t *message = NULL;
    char *end;
    while (message == NULL && worker->length > 0 && (end = memchr(worker->line, '\n', worker->length)) != NULL) {
        const size_t used = (size_t)(end - worker->line) + 1;
        *end = '\0';
        message = dn_json_of_text(worker->line); /* what is no JSON was printed by a library: passed over */
        memmove(worker->line, worker->line + used, worker->length - used);
        worker->length -= used;
    }
    return message;
}

static double number_of(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static dn_status status_of(const json_t *object)
{
    const json_int_t code = json_integer_value(json_object_get(object, "status"));
    return code >= 0 && code < (json_int_t)DN_STATUS_COUNT ? (dn_status)code : DN_EINTERNAL;
}

static dn_status read_answer(const json_t *object, dn_worker_answer *out)
{
    const char *text = json_string_value(json_object_get(object, "text"));
    const char *sha256 = json_string_value(json_object_get(object, "sha256"));
    *out = (dn_worker_answer){.status = status_of(object),
                              .remedy = (dn_remedy)json_integer_value(json_object_get(object, "remedy")),
                              .rejected = json_is_true(json_object_get(object, "rejected")),
                              .score = number_of(object, "score", NAN),
                              .seconds = number_of(object, "seconds", 0.0),
                              .peak_mb = number_of(object, "peak_mb", 0.0)};
    const char *about = json_string_value(json_object_get(object, "about"));
    snprintf(out->about, sizeof out->about, "%s", about != NULL ? about : "");
    snprintf(out->sha256, sizeof out->sha256, "%s", sha256 != NULL ? sha256 : "");
    out->outputs = json_incref(json_object_get(object, "outputs"));
    out->series = json_incref(json_object_get(object, "series"));
    return out->status != DN_OK && text != NULL ? dn_strdup(text, &out->text) : DN_OK;
}

/* It ended without an answer. */
static dn_status read_end(dn_worker *worker, dn_worker_answer *out)
{
    const int result = reap(worker);
    const int number = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    *out = (dn_worker_answer){.status = DN_EINTERNAL, .score = NAN, .killed = number == SIGKILL};
    if (out->killed) {
        out->status = DN_ENOMEM;
        return dn_asprintf(&out->text, "the process that measured it was killed, most likely because memory ran out");
    }
    if (number != 0) {
        return dn_asprintf(&out->text,
                           "the process that measured it ended with a fault of the program (%s); please report it with the scan",
                           strsignal(number));
    }
    return dn_asprintf(&out->text, "the process that measured it ended without a result (exit code %d)", WEXITSTATUS(result));
}

dn_status dn_worker_listen(dn_worker *worker, bool *done, dn_worker_answer *answer)
{
    bool ended = false;
    json_t *message;
    *done = false;
    DN_TRY(take_bytes(worker, &ended));
    while (!*done && (message = next_message(worker)) != NULL) {
        const json_t *object;
        dn_status status = DN_OK;
        if ((object = json_object_get(message, "log")) != NULL) {
            const char *text = json_string_value(json_object_get(message, "text"));
            dn_log((dn_log_level)json_integer_value(object), "%s", text != NULL ? text : "");
        } else if ((object = json_object_get(message, "stage")) != NULL) {
            worker->stage = (int)json_integer_value(object);
        } else if ((object = json_object_get(message, "done")) != NULL) {
            *done = true;
            worker->busy = false;
            status = read_answer(object, answer);
        }
        json_decref(message);
        DN_TRY(status);
    }
    if (!*done && ended) {
        *done = true;
        return read_end(worker, answer);
    }
    return DN_OK;
}

/* Until it says that it is ready, or why not. */
static dn_status wait_ready(dn_worker *worker, json_t **models)
{
    enum { STEP_MS = 100 };
    for (;;) {
        json_t *message;
        struct pollfd end = {.fd = worker->from, .events = POLLIN};
        bool ended = false;
        DN_TRY(dn_cancel_check());
        if (poll(&end, 1, STEP_MS) <= 0) {
            continue;
        }
        DN_TRY(take_bytes(worker, &ended));
        while ((message = next_message(worker)) != NULL) {
            json_t *ready = json_object_get(message, "ready");
            const json_t *failed = json_object_get(message, "failed");
            const json_t *level = json_object_get(message, "log");
            if (level != NULL) {
                dn_log((dn_log_level)json_integer_value(level), "%s", json_string_value(json_object_get(message, "text")));
            } else if (failed != NULL) {
                const char *text = json_string_value(json_object_get(failed, "text"));
                dn_status status = dn_error_set(status_of(failed), "%s", text != NULL ? text : "a process that measures cannot start");
                const char *about = json_string_value(json_object_get(failed, "about"));
                dn_error_offer_of(status, (dn_remedy)json_integer_value(json_object_get(failed, "remedy")), about != NULL ? about : "");
                json_decref(message);
                return status;
            } else if (ready != NULL) {
                if (models != NULL) {
                    *models = json_incref(ready);
                }
                json_decref(message);
                return DN_OK;
            }
            json_decref(message);
        }
        if (ended) {
            DN_FAIL(DN_EINTERNAL, "a process that measures ended before it was ready");
        }
    }
}

dn_status dn_worker_start(dn_worker *worker, const char *program, json_t *settings, int threads, json_t **models)
{
    *worker = (dn_worker){.process = 0};
    DN_TRY(start(worker, program));
    dn_status status = send_line(worker, json_pack("{s:O, s:i}", "settings", settings, "threads", threads));
    if (status == DN_OK) {
        status = wait_ready(worker, models);
    }
    if (status != DN_OK) {
        dn_worker_stop(worker, true);
    }
    return status;
}

dn_status dn_worker_give(dn_worker *worker, const char *scan, const char *folder, const char *source, const dn_dicom_options *dicom)
{
    json_t *request = json_pack("{s:s, s:s, s:s}", "scan", scan, "folder", folder, "source", source);
    if (request == NULL) {
        DN_FAIL(DN_EINPUT, "%s: the name of the scan, or of a folder, is not written in UTF-8; rename it", source);
    }
    if (dicom != NULL) {
        json_object_set_new(request, "dicom", json_pack("{s:s, s:s*}", "name", dicom->name, "series", dicom->series));
    }
    worker->stage = 0;
    DN_TRY(send_line(worker, request));
    worker->busy = true;
    return DN_OK;
}
