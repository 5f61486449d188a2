/* Adds rows to the tables of a run, and writes them and the curves. */
#include "train/run_log.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "train/curves.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double dn_run_mean_dice(const dn_loss_counts *counts, int64_t classes)
{
    double sum = 0.0;
    int n = 0;
    for (int64_t c = 1; c < classes; ++c) {
        double dice = dn_loss_counts_dice(&counts[c]);
        if (isfinite(dice)) {
            sum += dice;
            ++n;
        }
    }
    return n > 0 ? sum / n : NAN;
}

double dn_run_mean_iou(const dn_loss_counts *counts, int64_t classes)
{
    double sum = 0.0;
    int n = 0;
    for (int64_t c = 1; c < classes; ++c) {
        int64_t any = counts[c].predicted + counts[c].truth - counts[c].both;
        if (any > 0) {
            sum += (double)counts[c].both / (double)any;
            ++n;
        }
    }
    return n > 0 ? sum / n : NAN;
}

static dn_status append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static dn_status append(char **text, const char *format, ...)
{
    char piece[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    size_t used = *text != NULL ? strlen(*text) : 0;
    DN_TRY(dn_realloc(text, used + strlen(piece) + 1, 1, "the log of a run"));
    memcpy(*text + used, piece, strlen(piece) + 1);
    return DN_OK;
}

static dn_status append_number(char **text, double value)
{
    return isfinite(value) ? append(text, "\t%.9g", value) : append(text, "\tn/a");
}

dn_status dn_run_log_start(const dn_train_config *config, dn_train_state *state)
{
    if (state->log == NULL) {
        DN_TRY(append(&state->log, "step\trate\tloss\tdice\tiou\tgradient_norm\n"));
    }
    if (state->validation == NULL) {
        DN_TRY(append(&state->validation, "step\tloss\tdice\tiou"));
        for (int64_t c = 1; c < config->class_count; ++c) {
            DN_TRY(append(&state->validation, "\t%.400s", config->classes[c].name));
        }
        DN_TRY(append(&state->validation, "\n"));
    }
    return DN_OK;
}

/* Runs that began before there was this column go on without it. */
static bool has_iou(const char *table)
{
    const char *column = strstr(table, "\tiou\t");
    return column != NULL && column < strchr(table, '\n');
}

dn_status dn_run_log_row(const dn_train_config *config, dn_train_state *state, double rate)
{
    double batches = (double)state->batches;
    double steps = batches / (double)config->accumulate;
    DN_TRY(append(&state->log, "%lld\t%.9g", (long long)state->step, rate));
    DN_TRY(append_number(&state->log, state->loss / batches));
    DN_TRY(append_number(&state->log, dn_run_mean_dice(state->counts, config->class_count)));
    if (has_iou(state->log)) {
        DN_TRY(append_number(&state->log, dn_run_mean_iou(state->counts, config->class_count)));
    }
    DN_TRY(append_number(&state->log, state->norm / steps));
    DN_TRY(append(&state->log, "\n"));
    state->loss = 0.0;
    state->norm = 0.0;
    state->batches = 0;
    memset(state->counts, 0, sizeof state->counts);
    return DN_OK;
}

dn_status dn_run_validation_row(const dn_train_config *config, dn_train_state *state, double loss, const dn_loss_counts *counts)
{
    DN_TRY(append(&state->validation, "%lld", (long long)state->step));
    DN_TRY(append_number(&state->validation, loss));
    DN_TRY(append_number(&state->validation, dn_run_mean_dice(counts, config->class_count)));
    if (has_iou(state->validation)) {
        DN_TRY(append_number(&state->validation, dn_run_mean_iou(counts, config->class_count)));
    }
    for (int64_t c = 1; c < config->class_count; ++c) {
        DN_TRY(append_number(&state->validation, dn_loss_counts_dice(&counts[c])));
    }
    return append(&state->validation, "\n");
}

static dn_status write_text(const char *folder, const char *name, const char *text)
{
    char *path;
    DN_TRY(dn_path_join(folder, name, &path));
    dn_status status = dn_file_write_all(path, text, strlen(text));
    free(path);
    return status;
}

dn_status dn_run_log_write(const dn_train_config *config, const dn_train_state *state, bool figure)
{
    char *path;
    DN_TRY(write_text(config->output, "log.tsv", state->log));
    if (config->validation_samples > 0) {
        DN_TRY(write_text(config->output, "validation.tsv", state->validation));
    }
    if (!figure) {
        return DN_OK;
    }
    DN_TRY(dn_path_join(config->output, "curves", &path));
    /* A run is not lost for want of gnuplot; and after Ctrl-C, which has asked to stop, its curves are what one wants to see. */
    const bool stopping = dn_cancel_requested();
    dn_job last;
    dn_job *before = NULL;
    if (stopping) {
        dn_job_init_finishing(&last);
        before = dn_job_enter(&last);
    }
    if (dn_train_curves(state->log, state->validation, config->name, state->best_step, path) != DN_OK) {
        dn_log(DN_LOG_WARNING, "the figure of the curves was not drawn: %s", dn_error_message());
    }
    if (stopping) {
        dn_job_leave(before);
        dn_job_release(&last);
    }
    free(path);
    return DN_OK;
}
