/* The side of the worker process: takes scans from a pipe, measures them, answers. */
#define _GNU_SOURCE
#include "cohort/run/worker.h"

#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "cohort/run/scan_input.h"
#include "stats/normative.h"

#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct service {
    FILE *out;
    pthread_mutex_t lock; /* messages may come from several threads */
    dn_norm_model *norms;
    size_t norm_count;
    dn_measurer *measurer;
    dn_consensus_options consensus; /* which the measurer borrows */
    const char *hidden, *shown;     /* of DICOM files: the path, which may name a person, and what messages have in its place; NULL */
} service;

/* message: consumed. */
static void send_line(service *it, json_t *message)
{
    char *text = message != NULL ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    if (text != NULL) {
        pthread_mutex_lock(&it->lock);
        fputs(text, it->out);
        fputc('\n', it->out);
        fflush(it->out);
        pthread_mutex_unlock(&it->lock);
    }
    free(text);
}

/* A text without the path that is hidden. */
static json_t *shown_text(const service *it, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = it->hidden != NULL && strstr(text, it->hidden) != NULL ? open_memstream(&out, &size) : NULL;
    if (stream == NULL) {
        return dn_json_string(text);
    }
    for (const char *at; (at = strstr(text, it->hidden)) != NULL; text = at + strlen(it->hidden)) {
        fprintf(stream, "%.*s%s", (int)(at - text), text, it->shown);
    }
    fputs(text, stream);
    json_t *shown = fclose(stream) == 0 ? dn_json_string(out) : NULL;
    free(out);
    return shown;
}

static void pass_message(void *user, dn_log_level level, const char *text)
{
    send_line(user, json_pack("{s:i, s:o}", "log", (int)level, "text", shown_text(user, text)));
}

static void pass_progress(void *user, const char *what, int64_t done, int64_t total)
{
    (void)what;
    if (total == DN_STAGE_COUNT) {
        send_line(user, json_pack("{s:I}", "stage", (json_int_t)done));
    }
}

static json_t *failure(const service *it, dn_status status)
{
    return json_pack("{s:i, s:o, s:i, s:o}", "status", (int)status, "text", shown_text(it, dn_error_message()), "remedy",
                     (int)dn_error_remedy(), "about", dn_json_string(dn_error_remedy_about()));
}

/* ---- one scan ----------------------------------------------------------------------------------------------------- */

/* So that the peak of the next scan is its own (Linux: the high-water mark starts again). */
static void forget_peak(void)
{
    malloc_trim(0);
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
}

/* What was written: the files of all names that there may be. */
static json_t *list_outputs(const char *folder, const char *stem)
{
    json_t *list = json_array();
    for (size_t i = 0; dn_output_suffix(i) != NULL; ++i) {
        char *name = NULL, *path = NULL;
        struct stat facts;
        if (dn_asprintf(&name, "%s%s", stem, dn_output_suffix(i)) == DN_OK && dn_path_join(folder, name, &path) == DN_OK &&
            stat(path, &facts) == 0) {
            json_array_append_new(list, json_pack("{s:s, s:I}", "name", name, "bytes", (json_int_t)facts.st_size));
        }
        free(path);
        free(name);
    }
    return list;
}

/* What is asked for. */
typedef struct scan_request {
    const char *scan, *folder, *source;
    dn_dicom_options dicom; /* name NULL: the scan is an image */
} scan_request;

static dn_status measure_dicom(service *it, const scan_request *of, dn_measured *measured, json_t *series)
{
    dn_dicom_scan opened = {.path = NULL};
    const dn_status status = dn_measurer_measure_dicom(it->measurer, of->scan, &of->dicom, of->folder, &opened, measured);
    for (size_t i = 0; i < opened.reasons.count; ++i) {
        json_array_append_new(series, dn_json_string(opened.reasons.text[i]));
    }
    dn_dicom_close(&opened);
    return status;
}

static json_t *measure_request(service *it, const scan_request *of)
{
    dn_measured measured = {.score = NAN};
    char sha256[65] = "";
    char *stem = NULL;
    json_t *series = of->dicom.name != NULL ? json_array() : NULL;
    dn_status status =
        of->scan != NULL && of->folder != NULL ? DN_OK : dn_error_set(DN_EFORMAT, "a request to the worker names no scan or no folder");
    status = status == DN_OK && series == NULL ? dn_file_protect(of->scan) : status;
    const dn_status hashed = status == DN_OK ? dn_scan_input_hash(of->scan, sha256) : status; /* the sentence of the reader is better */
    if (status == DN_OK) {
        status = series != NULL ? measure_dicom(it, of, &measured, series)
                                : dn_measurer_measure(it->measurer, of->scan, of->folder, of->source, &measured);
    }
    json_t *answer = failure(it, status == DN_OK ? hashed : status);
    json_object_set_new(answer, "rejected", json_boolean(measured.rejected));
    json_object_set_new(answer, "score", isnan(measured.score) ? json_null() : json_real(measured.score));
    json_object_set_new(answer, "seconds", json_real(measured.seconds));
    json_object_set_new(answer, "peak_mb", json_real((double)dn_memory_peak_rss() / 1e6));
    json_object_set_new(answer, "sha256", json_string(sha256));
    if (status == DN_OK && hashed == DN_OK &&
        (series != NULL ? dn_strdup(of->dicom.name, &stem) : dn_path_scan_stem(of->scan, &stem)) == DN_OK) {
        json_object_set_new(answer, "outputs", list_outputs(of->folder, stem));
    }
    if (series != NULL) {
        json_object_set_new(answer, "series", series);
    }
    free(stem);
    return answer;
}

static void measure_one(service *it, const json_t *line)
{
    const json_t *dicom = json_object_get(line, "dicom");
    const scan_request of = {.scan = json_string_value(json_object_get(line, "scan")),
                             .folder = json_string_value(json_object_get(line, "folder")),
                             .source = json_string_value(json_object_get(line, "source")),
                             .dicom = {.name = json_string_value(json_object_get(dicom, "name")),
                                       .series = json_string_value(json_object_get(dicom, "series"))}};
    forget_peak();
    dn_error_clear();
    if (of.dicom.name != NULL && of.source != NULL) {
        it->hidden = of.scan;
        it->shown = of.source;
    }
    send_line(it, json_pack("{s:o}", "done", measure_request(it, &of)));
    it->hidden = it->shown = NULL;
}

/* Each scan is a job of its own: what must not be overwritten is its file, and not those of all scans before it, too. */
static void measure(service *it, const json_t *request)
{
    dn_job job;
    dn_job_init_within(&job, dn_job_current(), dn_threads_get());
    dn_job *around = dn_job_enter(&job);
    measure_one(it, request);
    dn_job_leave(around);
    dn_job_release(&job);
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static dn_status open_networks(service *it, const json_t *first)
{
    dn_run_settings settings;
    it->consensus = dn_consensus_defaults();
    DN_TRY(dn_run_settings_read(json_object_get(first, "settings"), &settings));
    if (settings.norms != NULL) {
        DN_TRY(dn_norm_read_list(settings.norms, &it->norms, &it->norm_count));
    }
    const dn_measure_options options = {
        .segmenter = dn_run_settings_segmenter(&settings, &it->consensus),
        .outputs = {.posteriors = settings.posteriors, .report = {.norms = it->norms, .norm_count = it->norm_count}},
    };
    return dn_measurer_create(&options, NULL, 0, &it->measurer);
}

static dn_status say_ready(service *it)
{
    const dn_model *models[DN_SEGMENT_MODELS];
    size_t count;
    DN_TRY(dn_measurer_models(it->measurer, models, &count));
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", models[i]->name, "sha256", models[i]->sha256));
    }
    send_line(it, json_pack("{s:o}", "ready", list));
    return DN_OK;
}

static dn_status work(service *it, FILE *in, dn_job *job)
{
    char *line = NULL;
    size_t room = 0;
    bool first = true;
    dn_status status = DN_OK;
    while (status == DN_OK && getline(&line, &room, in) > 0) {
        json_t *request = NULL;
        status = dn_json_parse(line, strlen(line), DN_JSON_OBJECT | DN_JSON_UNIQUE, "a request to the worker", &request);
        if (status != DN_OK) {
            break;
        }
        if (first) {
            dn_job_set_threads(job, (int)json_integer_value(json_object_get(request, "threads")));
            status = open_networks(it, request);
            if (status == DN_OK) {
                status = say_ready(it);
            }
            first = false;
        } else {
            measure(it, request);
            status = dn_cancel_check();
        }
        json_decref(request);
    }
    free(line);
    return status;
}

/* Nothing is printed, unlike in the program that a person sees; without SA_RESTART the wait for the next scan ends, too. */
static void on_end(int number)
{
    (void)number;
    dn_cancel_request();
}

static void install_handlers(void)
{
    struct sigaction action = {.sa_handler = on_end};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGINT, SIG_IGN); /* the terminal's Ctrl-C: whoever started us decides */
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* whoever started us is gone: nobody would know of the results */
}

dn_status dn_worker_serve(FILE *in, FILE *out)
{
    service it = {.out = out};
    const dn_job *around = dn_job_current(); /* knows the words for remedies */
    const dn_job_sink sink = {.user = &it,
                              .message = pass_message,
                              .progress = pass_progress,
                              .remedy = around != NULL ? around->sink.remedy : NULL};
    dn_job job;
    install_handlers();
    pthread_mutex_init(&it.lock, NULL);
    dn_job_init(&job, &sink);
    dn_job *before = dn_job_enter(&job);
    dn_status status = work(&it, in, &job);
    if (status != DN_OK) {
        send_line(&it, json_pack("{s:o}", "failed", failure(&it, status)));
    }
    dn_measurer_destroy(it.measurer);
    dn_norm_list_release(it.norms, it.norm_count);
    dn_job_leave(before);
    dn_job_release(&job);
    pthread_mutex_destroy(&it.lock);
    return status;
}
