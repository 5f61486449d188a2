/* The work of `dien evaluate`: which files belong together, and the comparison of each pair. */
#define _GNU_SOURCE
#include "study/evaluate/evaluate.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/io.h"
#include "image/translate.h"
#include "study/evaluate/compare.h"
#include "study/evaluate/job.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void measures_of(const dn_evaluation *e, double seconds, double out[MEASURES])
{
    const double values[MEASURES] = {e->dice,         e->iou,
                                     e->precision,    e->recall,
                                     e->hausdorff,    e->hausdorff95,
                                     e->mean,         e->volume,
                                     e->truth_volume, e->truth > 0 ? 100.0 * (e->volume / e->truth_volume - 1.0) : NAN,
                                     e->mean_iou,     seconds};
    memcpy(out, values, sizeof values);
}

/* ---- whose ---- */

static dn_status add_subject(evaluation_job *job, const char *name, const char *predicted, const char *truth)
{
    DN_TRY(dn_realloc(&job->subjects, job->subject_count + 1, sizeof *job->subjects, "subjects"));
    subject *made = &job->subjects[job->subject_count++];
    *made = (subject){.seconds = NAN};
    DN_TRY(dn_strdup(name, &made->name));
    DN_TRY(dn_strdup(predicted, &made->predicted));
    return dn_strdup(truth, &made->truth);
}

/* Every truth of the folder whose prediction is there; the others are named. */
static dn_status pair_folders(evaluation_job *job, const char *predictions, const char *truths, size_t *missing)
{
    dn_status status = DN_OK;
    struct dirent **entries = NULL;
    const char *suffix = job->options->suffix;
    const char *truth_suffix = job->options->truth_suffix != NULL ? job->options->truth_suffix : suffix;
    int count = scandir(truths, &entries, NULL, dn_path_by_name);
    if (count < 0) {
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read the folder %s: %s", truths, strerror(errno));
    }
    for (int i = 0; i < count && status == DN_OK; ++i) {
        const char *file = entries[i]->d_name;
        size_t length = strlen(file);
        size_t tail = strlen(truth_suffix);
        char *name = NULL, *predicted = NULL, *truth = NULL;
        if (length <= tail || strcmp(file + length - tail, truth_suffix) != 0) {
            continue;
        }
        status = dn_asprintf(&name, "%.*s", (int)(length - tail), file);
        status = status == DN_OK ? dn_asprintf(&predicted, "%s/%s%s", predictions, name, suffix) : status;
        status = status == DN_OK ? dn_path_join(truths, file, &truth) : status;
        if (status == DN_OK && !dn_path_exists(predicted)) {
            dn_log(DN_LOG_WARNING, "%s has a truth, but there is no %s", name, predicted);
            ++*missing;
        } else if (status == DN_OK) {
            status = add_subject(job, name, predicted, truth);
        }
        free(name);
        free(predicted);
        free(truth);
    }
    for (int i = 0; i < count; ++i) {
        free(entries[i]);
    }
    free(entries);
    if (status == DN_OK && job->subject_count == 0) {
        DN_FAIL_OFFER(DN_EINPUT, DN_REMEDY_SUFFIXES, "no file in %s that ends in %s has a partner in %s that ends in %s", truths,
                      truth_suffix, predictions, suffix);
    }
    return status;
}

static dn_status find_subjects(evaluation_job *job, size_t *missing)
{
    const char *predicted = job->options->predicted;
    const char *truth = job->options->truth;
    if (dn_path_is_folder(predicted) != dn_path_is_folder(truth)) {
        DN_FAIL(DN_EUSAGE, "%s and %s: give two files or two folders", predicted, truth);
    }
    if (dn_path_is_folder(truth)) {
        return pair_folders(job, predicted, truth, missing);
    }
    char *stem;
    DN_TRY(dn_path_scan_stem(predicted, &stem));
    dn_status status = add_subject(job, stem, predicted, truth);
    free(stem);
    return status;
}

static dn_status read_times(evaluation_job *job)
{
    const char *path = job->options->times;
    dn_status status = DN_OK;
    dn_table *table = NULL;
    size_t who, column, found = 0;
    if (path == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_table_read(path, &table));
    DN_TRY_GOTO(status, dn_table_column(table, "subject", &who), done);
    DN_TRY_GOTO(status, dn_table_column(table, "seconds", &column), done);
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        const char *name = dn_table_text(table, row, who);
        for (size_t i = 0; i < job->subject_count && name != NULL; ++i) {
            if (strcmp(job->subjects[i].name, name) == 0) {
                DN_TRY_GOTO(status, dn_table_number(table, row, column, &job->subjects[i].seconds), done);
                ++found;
            }
        }
    }
    if (found == 0) {
        DN_FAIL_OFFER_GOTO(status, done, DN_EDATA, DN_REMEDY_TIMES,
                           "the table of times, %s, has no row for any of the subjects, of which the first is %s", path,
                           job->subjects[0].name);
    }
done:
    dn_table_destroy(table);
    return status;
}

/* ---- the comparison ---- */

static dn_status read_both(const evaluation_job *job, const subject *who, bool match, dn_labels *both[2])
{
    const char *const paths[2] = {who->predicted, who->truth};
    const char *const tables[2] = {job->options->translate_predicted, job->options->translate_truth};
    for (int i = 0; i < 2; ++i) {
        DN_TRY(dn_labels_read(paths[i], NULL, &both[i], NULL));
        if (tables[i] != NULL) {
            DN_TRY(dn_labels_translate(both[i], tables[i]));
        }
    }
    if (match) {
        dn_status status = dn_evaluate_match(&both[0], &both[1], job->options->resample);
        return status == DN_OK ? DN_OK : dn_error_context(status, "%s, %s", who->predicted, who->truth);
    }
    return DN_OK;
}

static dn_status put_row(dn_table *table, const char *who, const structure *what, const double values[MEASURES])
{
    size_t row;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(dn_table_put_text(table, "subject", who));
    DN_TRY(dn_table_put_text(table, "structure", what->name));
    for (size_t m = 0; m < MEASURES; ++m) {
        char text[32];
        snprintf(text, sizeof text, dn_measure_format(m), values[m]);
        DN_TRY(dn_table_put_text(table, dn_measure_name(m), isfinite(values[m]) ? text : NULL));
    }
    return DN_OK;
}

static dn_status compare_subject(evaluation_job *job, const subject *who)
{
    dn_status status = DN_OK;
    dn_labels *both[2] = {NULL, NULL};
    DN_TRY_GOTO(status, read_both(job, who, true, both), done);
    for (size_t s = 0; s < job->structure_count; ++s) {
        const structure *what = &job->structures[s];
        dn_evaluation found;
        double values[MEASURES];
        DN_TRY_GOTO(status, dn_evaluate_labels(both[0], both[1], what->labels, what->count, &found), done);
        if (found.predicted == 0 && found.truth == 0) {
            continue; /* neither has it */
        }
        measures_of(&found, who->seconds, values);
        DN_TRY_GOTO(status, put_row(job->table, who->name, what, values), done);
    }
done:
    dn_labels_destroy(both[0]);
    dn_labels_destroy(both[1]);
    return status;
}

static void mark_present(const dn_labels *labels, bool *present)
{
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        present[labels->data[v]] = true;
    }
}

static dn_status choose_structures(evaluation_job *job)
{
    dn_status status = DN_OK;
    bool *present = NULL;
    if (job->options->structures != NULL) {
        return dn_evaluation_choose(job, job->options->structures);
    }
    DN_TRY(dn_alloc(&present, 65536, sizeof *present, "labels"));
    for (size_t i = 0; i < job->subject_count && status == DN_OK; ++i) {
        dn_labels *both[2] = {NULL, NULL};
        status = read_both(job, &job->subjects[i], false, both);
        if (status == DN_OK) {
            mark_present(both[0], present);
            mark_present(both[1], present);
        }
        dn_labels_destroy(both[0]);
        dn_labels_destroy(both[1]);
    }
    status = status == DN_OK ? dn_evaluation_choose_all(job, present) : status;
    free(present);
    return status;
}

dn_status dn_study_evaluate(const dn_evaluate_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    size_t missing = 0;
    evaluation_job *job = NULL;
    DN_TRY(dn_alloc(&job, 1, sizeof *job, "an evaluation"));
    job->options = options;
    DN_TRY_GOTO(status, find_subjects(job, &missing), done);
    DN_TRY_GOTO(status, read_times(job), done);
    DN_TRY_GOTO(status, choose_structures(job), done);
    DN_TRY_GOTO(status, dn_table_create("evaluation", &job->table), done);
    for (size_t i = 0; i < job->subject_count; ++i) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, compare_subject(job, &job->subjects[i]), done);
        dn_progress("comparing", (int64_t)i + 1, (int64_t)job->subject_count);
    }
    if (dn_table_rows(job->table) == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "neither the prediction nor the truth has a voxel of the structures that are compared");
    }
    DN_TRY_GOTO(status, dn_evaluation_report(job, options->output.folder, result), done);
    if (missing > 0) {
        DN_FAIL_GOTO(status, done, DN_EPARTIAL, "%zu of %zu truths have no prediction", missing, missing + job->subject_count);
    }
done:
    for (size_t i = 0; i < job->subject_count; ++i) {
        free(job->subjects[i].name);
        free(job->subjects[i].predicted);
        free(job->subjects[i].truth);
    }
    for (size_t s = 0; s < job->structure_count; ++s) {
        free(job->structures[s].labels);
    }
    free(job->subjects);
    dn_table_destroy(job->table);
    free(job);
    return status;
}
