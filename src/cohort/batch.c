/* The loop over scans, the list of scans without the second files of pairs (.img beside .hdr), and the summary of what failed. */
#define _GNU_SOURCE
#include "cohort/batch.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cohort/dicom/intake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

dn_status dn_line_say(const dn_line_sink *sink, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const dn_status status = dn_vasprintf(&text, format, arguments);
    va_end(arguments);
    DN_TRY(status);
    if (sink != NULL && sink->line != NULL) {
        sink->line(sink->user, text);
    }
    free(text);
    return DN_OK;
}

/* path up to ".hdr", ".img" or their ".gz": what the two halves of a pair share; 0 for other files. */
static size_t pair_length(const char *path)
{
    static const char *const extensions[] = {".hdr", ".img", ".hdr.gz", ".img.gz"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; ++i) {
        if (dn_path_has_extension(path, extensions[i])) {
            return strlen(path) - strlen(extensions[i]);
        }
    }
    return 0;
}

static bool is_other_half(const char *a, const char *b)
{
    size_t n = pair_length(a);
    return n > 0 && n == pair_length(b) && strncmp(a, b, n) == 0 && strcmp(a, b) != 0;
}

dn_status dn_batch_list(const char *const *given, size_t given_count, const char *ending, const char ***paths, size_t *count)
{
    size_t n = 0;
    const char **list = NULL;
    char **stems = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&list, given_count, sizeof *list, "the list of scans"), done);
    DN_TRY_GOTO(status, dn_alloc(&stems, given_count, sizeof *stems, "the list of scans"), done);
    for (size_t i = 0; i < given_count; ++i) {
        const char *path = given[i];
        if (dn_dicom_is_input(path)) { /* its results have another name */
            list[n++] = path;
            continue;
        }
        DN_TRY_GOTO(status, dn_path_scan_stem(path, &stems[n]), done);
        size_t k = 0;
        while (k < n && (stems[k] == NULL || strcmp(stems[k], stems[n]) != 0)) {
            ++k;
        }
        if (k == n) {
            list[n++] = path;
        } else if (is_other_half(list[k], path)) {
            free(stems[n]);
            stems[n] = NULL;
        } else {
            status =
                dn_error_set(DN_EUSAGE, "%s and %s would both be written as %s%s and so on; rename one of them, or use two output folders",
                             list[k], path, stems[k], ending);
            ++n; /* its stem is to be freed */
            goto done;
        }
    }
    *count = n;
    *paths = list;
    list = NULL;
done:
    for (size_t i = 0; stems != NULL && i < n; ++i) {
        free(stems[i]);
    }
    free(stems);
    free(list);
    return status;
}

/* What to say of a batch of which some could not be done, each with a message of its own above; last: the last one's status. */
static dn_status say_broken(const dn_batch *batch, dn_status last, size_t broken)
{
    if (batch->count == 1) {
        return last; /* its own message stands */
    }
    if (broken == batch->count) {
        DN_FAIL(last, "none of the %zu %s; the reasons are above", batch->count, batch->done);
    }
    DN_FAIL(DN_EPARTIAL, "%zu of %zu %s; the reasons for the others are above, the results are in %s", batch->count - broken, batch->count,
            batch->done, batch->folder);
}

static dn_status run_all(const dn_batch *batch, dn_batch_work work, void *user)
{
    size_t broken = 0;
    size_t doubtful = 0;
    dn_status last = DN_OK;
    for (size_t i = 0; i < batch->count; ++i) {
        bool bad = false;
        DN_TRY(dn_cancel_check());
        if (batch->count > 1) {
            dn_log(DN_LOG_NOTE, "[%zu/%zu] %s", i + 1, batch->count, dn_path_name(batch->paths[i]));
        }
        dn_status status = work(user, batch->paths[i], &bad);
        if (status == DN_ECANCELLED) {
            return status;
        }
        if (status != DN_OK) {
            last = status;
            ++broken;
            if (batch->count > 1) {
                dn_log(DN_LOG_WARNING, "%s", dn_error_message());
            }
        }
        doubtful += bad;
    }
    if (broken > 0) {
        return say_broken(batch, last, broken);
    }
    if (doubtful > 0 && batch->count == 1) {
        DN_FAIL(DN_EQUALITY, "done, but the scan failed quality control; the reasons are above and %s", batch->reasons_of_one);
    }
    if (doubtful > 0) {
        DN_FAIL(DN_EQUALITY, "done, but %zu of %zu scans failed quality control; the reasons are above and %s", doubtful, batch->count,
                batch->reasons);
    }
    return DN_OK;
}

dn_status dn_batch_run(const dn_batch *batch, dn_batch_work work, void *user)
{
    const bool was_there = dn_path_exists(batch->folder);
    DN_TRY(dn_path_make_folder(batch->folder));
    dn_status status = run_all(batch, work, user);
    if (!was_there) {
        rmdir(batch->folder); /* if it is empty: nothing could be done */
    }
    return status;
}
