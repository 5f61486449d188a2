/* The first and last steps of each call of the library: structures taken over by their size, a job with the caller's functions, status to
 * code. */
#include "lib/call.h"

#include <stdbool.h>
#include <string.h>

dien_status dn_lib_code(dn_status status)
{
    return (dien_status)dn_status_exit_code(status);
}

dn_status dn_lib_take(const void *given, void *out, size_t full, size_t least, const char *name)
{
    size_t size = 0;
    if (given == NULL) {
        return DN_OK;
    }
    memcpy(&size, given, sizeof size);
    if (size < least || size > 4096) {
        DN_FAIL(DN_EUSAGE, "%s was not initialised; call %s_init first", name, name);
    }
    memcpy(out, given, size < full ? size : full);
    return DN_OK;
}

static dn_status options_from(const dien_options *given, dien_options *out)
{
    dien_options_init(out);
    DN_TRY(dn_lib_take(given, out, sizeof *out, offsetof(dien_options, user) + sizeof out->user, "dien_options"));
    if (out->threads < 0 || out->memory < 0) {
        DN_FAIL(DN_EUSAGE, "threads and memory of dien_options must not be negative");
    }
    return DN_OK;
}

static void tell_message(void *user, dn_log_level level, const char *text)
{
    const dien_options *options = user;
    if (options->message != NULL && level != DN_LOG_DEBUG) {
        options->message(options->user, level == DN_LOG_WARNING, text);
    }
}

static void tell_progress(void *user, const char *what, int64_t done, int64_t total)
{
    const dien_options *options = user;
    if (options->progress != NULL) {
        options->progress(options->user, what, done, total);
    }
}

static bool ask_cancel(void *user)
{
    const dien_options *options = user;
    return options->cancel != NULL && options->cancel(options->user) != 0;
}

dn_status dn_lib_begin(const dien_options *options, dn_lib_call *call)
{
    DN_TRY(options_from(options, &call->options));
    dn_job_init(&call->job,
                &(dn_job_sink){.user = &call->options, .message = tell_message, .progress = tell_progress, .cancelled = ask_cancel});
    dn_job_set_threads(&call->job, call->options.threads);
    call->before = dn_job_enter(&call->job);
    return DN_OK;
}

void dn_lib_end(dn_lib_call *call)
{
    dn_job_leave(call->before);
    dn_job_release(&call->job);
}
