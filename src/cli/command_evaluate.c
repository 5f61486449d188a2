/* dien evaluate: label maps against a truth. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/install.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/table.h"
#include "cli/evaluate_report.h"
#include "cli/stats_command.h"
#include "image/io.h"
#include "image/translate.h"
#include "models/label_table.h"
#include "train/evaluate.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write evaluation.tsv, evaluation_summary.tsv, a box plot of Dice and Bland-Altman figures into this folder"},
    {.name = "structures",
     .kind = DN_OPTION_TEXT,
     .value = "LIST",
     .help = "what to compare, as in thalamus=10+49,csf=24,17: label numbers and ranges (801-805), joined by +; without it every "
             "label that is there, and both sides together"},
    {.name = "translate", .kind = DN_OPTION_FILE, .value = "FILE", .help = "TSV (label, to) that renumbers the truth"},
    {.name = "translate-pred", .kind = DN_OPTION_FILE, .value = "FILE", .help = "the same for the prediction"},
    {.name = "resample", .kind = DN_OPTION_FLAG, .help = "bring predictions onto the truth's grid where grids differ"},
    {.name = "suffix",
     .kind = DN_OPTION_TEXT,
     .value = "TEXT",
     .preset = "_dseg.nii.gz",
     .help = "end of the names of predictions in a folder; what is before it is the subject"},
    {.name = "times",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table (subject, seconds) of how long the predictions took, as `dien segment --times` writes it"},
    {.name = "truth-suffix", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "the same for truths; without it as --suffix"},
    {0},
};

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

/* ---- what is compared ---- */

static dn_status add_structure(evaluation_job *job, const char *name, structure **out)
{
    if (job->structure_count == STRUCTURES) {
        DN_FAIL(DN_EUSAGE, "there are more than %d structures; choose some with --structures", STRUCTURES);
    }
    for (size_t s = 0; s < job->structure_count; ++s) {
        if (strncmp(job->structures[s].name, name, sizeof job->structures[s].name - 1) == 0) {
            DN_FAIL(DN_EUSAGE, "two structures are called %s; give them names with --structures", name);
        }
    }
    *out = &job->structures[job->structure_count++];
    snprintf((*out)->name, sizeof(*out)->name, "%s", name);
    return DN_OK;
}

static dn_status add_range(structure *to, long low, long high)
{
    DN_TRY(dn_realloc(&to->labels, to->count + (size_t)(high - low) + 1, sizeof *to->labels, "labels"));
    for (long label = low; label <= high; ++label) {
        to->labels[to->count++] = (uint16_t)label;
    }
    return DN_OK;
}

/* "thalamus=10+49" or "10" */
static dn_status parse_structure(evaluation_job *job, const char *item)
{
    const char *equals = strchr(item, '=');
    char name[64];
    structure *made = NULL;
    snprintf(name, sizeof name, "%.*s", equals != NULL ? (int)(equals - item) : 63, item);
    DN_TRY(add_structure(job, name, &made));
    for (const char *p = equals != NULL ? equals + 1 : item;;) {
        char *end;
        long low = strtol(p, &end, 10);
        bool good = end != p && *p != '-' && *p != '+';
        long high = low;
        if (good && *end == '-') {
            const char *second = end + 1;
            high = strtol(second, &end, 10);
            good = end != second;
        }
        if (!good || low < 1 || high < low || high > 65535 || (*end != '\0' && *end != '+')) {
            DN_FAIL(DN_EUSAGE, "--structures: \"%s\" is not like thalamus=10+49, hypothalamus=801-810 or 17", item);
        }
        DN_TRY(add_range(made, low, high));
        if (*end == '\0') {
            return DN_OK;
        }
        p = end + 1;
    }
}

static void mark_present(const dn_labels *labels, bool *present)
{
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        present[labels->data[v]] = true;
    }
}

/* FreeSurfer's names, from the table of labels and, for tissues that are not measured, from that of tissues. */
static void name_of(const dn_table *names, long label, char out[64])
{
    dn_label_entry entry;
    if (label >= 801 && label <= 810 && dn_label_table_number(label, &entry)) {
        snprintf(out, 64, "%s", entry.name);
        return;
    }
    if (label == 819 || label == 820) {
        /* Not the name of the row for both numberings together. */
        snprintf(out, 64, "%s_whole_hypothalamus", label == 819 ? "left" : "right");
        return;
    }
    snprintf(out, 64, "%ld", label);
    for (size_t row = 0; names != NULL && row < dn_table_rows(names); ++row) {
        const char *number = dn_table_text(names, row, 0);
        const char *name = dn_table_text(names, row, 1);
        if (number != NULL && name != NULL && strtol(number, NULL, 10) == label) {
            snprintf(out, 64, "%.63s", name);
        }
    }
}

/* Every label that is anywhere, then both sides together. */
static dn_status default_structures(evaluation_job *job, const bool *present)
{
    static const struct {
        const char *name;
        long low[2], high[2]; /* the second range may be empty: 0 */
    } together[] = {{"thalamus", {10, 49}, {10, 49}},
                    {"hypothalamus", {801, 819}, {810, 820}},
                    {"left_hypothalamus", {801, 819}, {805, 819}},
                    {"right_hypothalamus", {806, 820}, {810, 820}}};
    dn_status status = DN_OK;
    dn_table *names = NULL;
    char *path = NULL;
    structure *made = NULL;
    if (dn_install_path("synth/tissues.tsv", &path) == DN_OK && dn_path_exists(path)) {
        DN_TRY_GOTO(status, dn_table_read(path, &names), done);
    }
    for (long label = 1; label < 65536; ++label) {
        char name[64];
        if (present[label]) {
            name_of(names, label, name);
            DN_TRY_GOTO(status, add_structure(job, name, &made), done);
            DN_TRY_GOTO(status, add_range(made, label, label), done);
        }
    }
    for (size_t i = 0; i < sizeof together / sizeof *together; ++i) {
        bool any = false;
        for (int r = 0; r < 2; ++r) {
            for (long label = together[i].low[r]; label > 0 && label <= together[i].high[r]; ++label) {
                any = any || present[label];
            }
        }
        if (any) {
            DN_TRY_GOTO(status, add_structure(job, together[i].name, &made), done);
            for (int r = 0; r < 2 && together[i].low[r] > 0; ++r) {
                DN_TRY_GOTO(status, add_range(made, together[i].low[r], together[i].high[r]), done);
            }
        }
    }
done:
    dn_table_destroy(names);
    free(path);
    return status;
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
    const char *suffix = dn_arguments_text(job->arguments, "suffix");
    const char *truth_suffix =
        dn_arguments_given(job->arguments, "truth-suffix") ? dn_arguments_text(job->arguments, "truth-suffix") : suffix;
    int count = scandir(truths, &entries, NULL, alphasort);
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
        DN_FAIL(DN_EINPUT, "no file of %s that ends in %s has a partner in %s that ends in %s; see --suffix and --truth-suffix", truths,
                truth_suffix, predictions, suffix);
    }
    return status;
}

static dn_status find_subjects(evaluation_job *job, size_t *missing)
{
    const char *predicted = dn_arguments_at(job->arguments, 0);
    const char *truth = dn_arguments_at(job->arguments, 1);
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
    const char *path = dn_arguments_text(job->arguments, "times");
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
        DN_FAIL_GOTO(status, done, DN_EDATA, "--times: %s has no row of any subject (the first is %s)", path, job->subjects[0].name);
    }
done:
    dn_table_destroy(table);
    return status;
}

/* ---- the comparison ---- */

static dn_status read_both(const evaluation_job *job, const subject *who, bool match, dn_labels *both[2])
{
    const char *const paths[2] = {who->predicted, who->truth};
    const char *const tables[2] = {dn_arguments_text(job->arguments, "translate-pred"), dn_arguments_text(job->arguments, "translate")};
    for (int i = 0; i < 2; ++i) {
        DN_TRY(dn_labels_read(paths[i], NULL, &both[i], NULL));
        if (tables[i] != NULL) {
            DN_TRY(dn_labels_translate(both[i], tables[i]));
        }
    }
    if (match) {
        dn_status status = dn_evaluate_match(&both[0], &both[1], dn_arguments_flag(job->arguments, "resample"));
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

static dn_status choose_structures(evaluation_job *job)
{
    dn_status status = DN_OK;
    char **items = NULL;
    size_t count = 0;
    bool *present = NULL;
    const char *text = dn_arguments_text(job->arguments, "structures");
    if (text != NULL) {
        DN_TRY(dn_split_list(text, &items, &count));
        for (size_t i = 0; i < count && status == DN_OK; ++i) {
            status = parse_structure(job, items[i]);
        }
        free(items);
        return status;
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
    status = status == DN_OK ? default_structures(job, present) : status;
    free(present);
    return status;
}

static dn_status run(const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    size_t missing = 0;
    evaluation_job *job = NULL;
    DN_TRY(dn_alloc(&job, 1, sizeof *job, "an evaluation"));
    job->arguments = arguments;
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
        DN_FAIL_GOTO(status, done, DN_EDATA, "neither prediction nor truth has a voxel of the structures that are compared");
    }
    DN_TRY_GOTO(status, dn_evaluate_report(job, dn_arguments_text(arguments, "output")), done);
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

const dn_command dn_command_evaluate = {
    .name = "evaluate",
    .summary = "compare label maps with a truth",
    .positional = "PRED TRUTH",
    .positional_min = 2,
    .positional_max = 2,
    .options = options,
    .description =
        "PRED and TRUTH are two label maps, or two folders of them. Of each structure: Dice, intersection over union, precision, recall, "
        "Hausdorff distance, its 95th percentile, average surface distance (mm, with the voxels' own spacing along each axis), both "
        "volumes, and with --times the seconds that the prediction took. One subject is printed as it is; of several, mean and standard "
        "deviation are, "
        "and -o DIR has every row.\n\n"
        "The surface of a structure are its voxels that share a face with a voxel outside. Distances are exact, from centre to centre; "
        "the 95th percentile is taken over both directions together, the average is the mean of both directions' means (as MedPy has "
        "them). mean_iou is the mean of the structure's IoU and that of all else in the image, which some papers call IoU. A structure "
        "that only one side has gets Dice 0 and no distance; one that neither has gets no row.\n\n"
        "The seconds are of a whole scan, on the clock, and the same in each of its rows; n/a without --times.",
    .examples =
        "dien evaluate sub-01_dseg.nii.gz sub-01_truth.nii.gz\ndien evaluate out/ truth/ --truth-suffix _manual.nii.gz -o comparison\n"
        "dien evaluate a.nii.gz b.nii.gz --structures thalamus=10+49,hypothalamus=801-810",
    .run = run,
};
