/* Cross-validation on toy heads: who is held out when, what the tables say, and what a second call may do. Numbers of crossval.tsv are
 * taken again from evaluation.tsv here. tests/cli/test_crossval.sh has the command. */
#define _GNU_SOURCE
#include "toy_head.h"

#include "base/job.h"
#include "base/table.h"
#include "train/crossval.h"

enum { SUBJECTS = 5, FOLDS = 2 };

static char *folder, *config_path, *output;

#define NETWORK                                                                                                                            \
    "model:\n  architecture: graph\n  spacing_mm: 4\n  patch: [32, 32]\n  slices: {channels: 3}\n  config:\n    dims: 2\n    nodes:\n"     \
    "      - {op: input, name: x, channels: 3}\n"                                                                                          \
    "      - {op: conv, name: a, input: x, out: 6, kernel: 3, padding: same, bias: true}\n"                                                \
    "      - {op: activation, name: r, input: a, kind: relu}\n"                                                                            \
    "      - {op: conv, name: b, input: r, out: 3, kernel: 3, padding: same, bias: true}\n"                                                \
    "      - {op: softmax, name: s, input: b}\n    outputs: [s]\n"
#define LABELS                                                                                                                             \
    "labels:\n  - {name: background, from: [0, 2, 10, 24, 41, 49]}\n  - {name: left_shell, from: [515]}\n"                                 \
    "  - {name: right_shell, from: [507]}\n"
#define DATA "data: {scans: [{scan: '*_stack.nii.gz', labels: '*_dseg.nii.gz'}]}\naugmentation: {preset: plain, noise_sd: 0}\n"
#define TRAINING(seed) "training: {seed: " seed ", epochs: 2, batch: 8, schedule: {kind: constant, peak: 0.02}}\n"

static int make(void **state)
{
    (void)state;
    folder = toy_folder();
    for (int n = 1; n <= SUBJECTS; ++n) { /* a label map is its own scan: its numbers are intensities */
        char name[64];
        for (int labels = 0; labels < 2; ++labels) {
            snprintf(name, sizeof name, "sub-%02d_%s.nii.gz", n, labels ? "dseg" : "stack");
            char *path = toy_path(folder, name);
            toy_head_write(path, 52.0 + (double)n, 0);
            free(path);
        }
    }
    toy_text(folder, "c.yaml", "name: toy\noutput: run\n" NETWORK LABELS DATA TRAINING("1"));
    toy_text(folder, "seed.yaml", "name: toy\noutput: run\n" NETWORK LABELS DATA TRAINING("6"));
    config_path = toy_path(folder, "c.yaml");
    output = toy_path(folder, "out");
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    free(config_path);
    free(output);
    toy_remove(folder);
    return 0;
}

static dn_crossval_options plain(void)
{
    return (dn_crossval_options){.folds = FOLDS, .threads = 1, .output = output, .no_figure = true};
}

static bool is_there(const char *name)
{
    char *path = toy_path(output, name);
    const bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

static dn_table *table_of(const char *name)
{
    dn_table *table = NULL;
    char *path = toy_path(output, name);
    assert_ok(dn_table_read(path, &table));
    free(path);
    return table;
}

static const char *text_at(const dn_table *table, size_t row, const char *column)
{
    size_t c;
    assert_ok(dn_table_column(table, column, &c));
    return dn_table_text(table, row, c);
}

static double number_at(const dn_table *table, size_t row, const char *column)
{
    const char *text = text_at(table, row, column);
    return text != NULL ? strtod(text, NULL) : (double)NAN;
}

/* One fold alone: its files and nothing of all folds. */
static void one_fold(void **state)
{
    (void)state;
    dn_crossval_options options = plain();
    options.only = 2;
    assert_ok(dn_crossval_run(config_path, &options));
    assert_true(is_there("folds.tsv") && is_there("fold-2/evaluation.tsv") && is_there("fold-2/toy-fold-2.safetensors"));
    assert_false(is_there("fold-1") || is_there("crossval.tsv") || is_there("evaluation.tsv"));
    options.only = FOLDS + 1;
    options.resume = true;
    assert_int_equal(dn_crossval_run(config_path, &options), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "no fold 3 of 2"));
}

static void what_is_there(void **state)
{
    (void)state;
    dn_crossval_options options = plain();
    char *other = toy_path(folder, "seed.yaml");
    assert_int_equal(dn_crossval_run(config_path, &options), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "already holds a cross-validation"));
    options.resume = true;
    assert_int_equal(dn_crossval_run(other, &options), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "other folds"));
    free(other);
}

static void stopped(void **state)
{
    (void)state;
    dn_crossval_options options = plain();
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job *before = dn_job_enter(&job);
    dn_job_cancel(&job);
    options.resume = true;
    dn_status status = dn_crossval_run(config_path, &options);
    dn_job_leave(before);
    dn_job_release(&job);
    assert_int_equal(status, DN_ECANCELLED);
    assert_false(is_there("crossval.tsv"));
}

/* The rest: fold 2 stays what it was; every subject is held out once, in the fold that folds.tsv says. */
static void all_folds(void **state)
{
    (void)state;
    dn_crossval_options options = plain();
    char command[800];
    snprintf(command, sizeof command, "touch -d 2001-01-01 '%.600s/fold-2/toy-fold-2.safetensors'", output);
    assert_int_equal(system(command), 0);
    options.resume = true;
    assert_ok(dn_crossval_run(config_path, &options));
    snprintf(command, sizeof command, "[ \"$(date -r '%.600s/fold-2/toy-fold-2.safetensors' +%%Y)\" = 2001 ]", output);
    assert_int_equal(system(command), 0);
    dn_table *folds = table_of("folds.tsv"), *measured = table_of("evaluation.tsv");
    int size[FOLDS] = {0};
    assert_int_equal(dn_table_rows(folds), SUBJECTS);
    for (size_t s = 0; s < SUBJECTS; ++s) {
        const double fold = number_at(folds, s, "fold");
        int rows = 0;
        assert_true(fold == 1 || fold == 2);
        ++size[(int)fold - 1];
        for (size_t row = 0; row < dn_table_rows(measured); ++row) {
            if (strcmp(text_at(measured, row, "subject"), text_at(folds, s, "subject")) == 0) {
                assert_close(number_at(measured, row, "fold"), fold, 0);
                ++rows;
            }
        }
        assert_int_equal(rows, 3); /* left, right, both */
    }
    assert_in_range(size[0], SUBJECTS / 2, SUBJECTS / 2 + 1);
    dn_table_destroy(folds);
    dn_table_destroy(measured);
}

/* Mean and SD of each fold and of all, from the rows of the scans. */
static void means(void **state)
{
    (void)state;
    dn_table *summary = table_of("crossval.tsv"), *measured = table_of("evaluation.tsv");
    assert_int_equal(dn_table_rows(summary), 3 * (FOLDS + 1));
    for (size_t row = 0; row < dn_table_rows(summary); ++row) {
        const char *fold = text_at(summary, row, "fold");
        double sum = 0, squares = 0, n = 0;
        for (size_t m = 0; m < dn_table_rows(measured); ++m) {
            if (strcmp(text_at(measured, m, "structure"), text_at(summary, row, "structure")) == 0 &&
                (strcmp(fold, "all") == 0 || strcmp(fold, text_at(measured, m, "fold")) == 0)) {
                const double dice = number_at(measured, m, "dice");
                sum += dice;
                squares += dice * dice;
                n += 1;
            }
        }
        assert_true(n >= 2);
        assert_close(number_at(summary, row, "scans"), n, 0);
        assert_close(number_at(summary, row, "dice_mean"), sum / n, 1e-4);
        assert_close(number_at(summary, row, "dice_sd"), sqrt(fmax(0, (squares - sum * sum / n) / (n - 1))), 1e-4);
    }
    dn_table_destroy(summary);
    dn_table_destroy(measured);
}

int main(void)
{
    /* In this order: each goes on with the folder that the one before left. */
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_fold), cmocka_unit_test(what_is_there), cmocka_unit_test(stopped),
                                       cmocka_unit_test(all_folds), cmocka_unit_test(means)};
    return cmocka_run_group_tests(tests, make, destroy);
}
