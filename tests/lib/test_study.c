/* The public API of statistics, norms and evaluation: what a program gets that links libdien. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "dien.h"

#include "base/file.h"
#include "image/io.h"
#include "image/volume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64] = "/tmp/dien-lib-study-XXXXXX";

static const char *path(const char *name)
{
    static char paths[8][256];
    static unsigned turn;
    char *out = paths[turn++ % 8];
    snprintf(out, sizeof paths[0], "%s/%s", folder, name);
    return out;
}

/* 60 people: the second group is smaller by 50; a plane in age and ICV, with a wave in place of noise. */
static void write_people(void)
{
    FILE *file = fopen(path("people.tsv"), "w");
    assert_non_null(file);
    fprintf(file, "participant_id\tgroup\tage\tsex\ticv\tvolume\n");
    for (int i = 0; i < 60; ++i) {
        double age = 20 + i * 7 % 50, icv = 1400000 + 4000.0 * (i * 13 % 60);
        double volume = 900 + 2e-4 * (icv - 1.5e6) - 1.5 * age + 20 * sin(i * 2.4) - (i % 2 ? 50 : 0);
        fprintf(file, "sub-%02d\t%s\t%g\t%s\t%.0f\t%.3f\n", i, i % 2 ? "ALS" : "CON", age, i % 3 ? "F" : "M", icv, volume);
    }
    fclose(file);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    write_people();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return test_remove_tree(folder);
}

static int messages;
static void on_message(void *user, int warning, const char *text)
{
    (void)user;
    (void)text;
    messages += warning;
}

static int always(void *user)
{
    (void)user;
    return 1;
}

static dien_tables people(const char *const *paths)
{
    dien_tables tables;
    dien_tables_init(&tables);
    tables.paths = paths;
    tables.count = 1;
    return tables;
}

/* The text comes back, is what is in the folder, and says what was found; nothing is printed. */
static void test_groups(void **state)
{
    char *text = NULL, in_file[4096] = "";
    const char *const paths[] = {path("people.tsv")};
    dien_tables tables = people(paths);
    dien_groups_options options;
    (void)state;
    dien_groups_options_init(&options);
    options.values = "volume";
    options.group = "group";
    options.control = "CON";
    options.covariates = "age";
    assert_int_equal(dien_groups(&tables, &options, path("groups"), NULL, &text), DIEN_OK);
    assert_non_null(strstr(text, "ALS vs. CON"));
    FILE *file = fopen(path("groups/groups.txt"), "r");
    assert_non_null(file);
    in_file[fread(in_file, 1, sizeof in_file - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, in_file);
    dien_text_destroy(text);
    /* Without a folder and a place for the text: nothing but the code. */
    assert_int_equal(dien_groups(&tables, &options, NULL, NULL, NULL), DIEN_OK);
}

static void test_groups_refuses(void **state)
{
    char *text = NULL;
    const char *const paths[] = {path("people.tsv")}, *const none[] = {path("none.tsv")};
    dien_tables tables = people(paths);
    dien_groups_options options;
    (void)state;
    dien_groups_options_init(&options);
    options.values = "volume";
    options.group = "group";
    options.adjust = "sometimes";
    assert_int_equal(dien_groups(&tables, &options, NULL, NULL, &text), DIEN_USAGE);
    assert_string_equal(dien_last_error(), "the adjustment of p must be one of none, bonferroni, holm or bh, not 'sometimes'");
    assert_null(text);
    options.adjust = "bh";
    options.level = 95;
    assert_int_equal(dien_groups(&tables, &options, NULL, NULL, &text), DIEN_USAGE);
    assert_non_null(strstr(dien_last_error(), "level is 95"));
    options.level = 0.95;
    options.size = 3;
    assert_int_equal(dien_groups(&tables, &options, NULL, NULL, &text), DIEN_USAGE);
    assert_non_null(strstr(dien_last_error(), "dien_groups_options_init"));
    options.size = sizeof options;
    tables.paths = none;
    assert_int_equal(dien_groups(&tables, &options, NULL, NULL, &text), DIEN_INPUT);
    assert_non_null(strstr(dien_last_error(), "none.tsv"));
    assert_int_equal(dien_groups(NULL, NULL, NULL, NULL, &text), DIEN_USAGE);
}

/* A cancelled call has its numbers, but draws nothing. */
static void test_cancel(void **state)
{
    char *text = NULL;
    const char *const paths[] = {path("people.tsv")};
    dien_tables tables = people(paths);
    dien_groups_options options;
    dien_options calls;
    (void)state;
    dien_groups_options_init(&options);
    options.values = "volume";
    options.group = "group";
    dien_options_init(&calls);
    calls.cancel = always;
    assert_int_equal(dien_groups(&tables, &options, path("cancelled"), &calls, &text), DIEN_CANCELLED);
    assert_false(dn_path_exists(path("cancelled/groups_figure_volume.svg")));
    dien_text_destroy(text);
}

/* A norm is made of the controls, and someone far below it is reduced. */
static void test_norm(void **state)
{
    char *text = NULL;
    const char *const paths[] = {path("people.tsv")}, *const patient[] = {path("patient.tsv")};
    dien_tables tables = people(paths);
    dien_norm_options options;
    dien_options calls;
    (void)state;
    dien_norm_options_init(&options);
    options.value = "volume";
    options.scanner_sd = 5.0;
    options.simulated = 1;
    tables.where = "group=CON";
    tables.unit = "mm3";
    assert_int_equal(dien_norm_fit(&tables, &options, NULL, NULL, &text), DIEN_USAGE); /* no folder for it */
    assert_null(text);
    assert_int_equal(dien_norm_fit(&tables, &options, path("norm"), NULL, &text), DIEN_OK);
    assert_non_null(strstr(text, "from 30 people"));
    dien_text_destroy(text);

    FILE *file = fopen(path("patient.tsv"), "w");
    assert_non_null(file);
    fprintf(file, "participant_id\tage\tsex\ticv\tvolume\nsub-low\t45\tF\t1500000\t600\nsub-none\t45\tF\tn/a\t600\n");
    fclose(file);
    tables = people(patient);
    dien_norm_options_init(&options);
    dien_options_init(&calls);
    calls.message = on_message;
    messages = 0;
    assert_int_equal(dien_norm_apply(path("norm/norm.json"), &tables, &options, path("applied"), &calls, &text), DIEN_OK);
    assert_non_null(strstr(text, ": reduced."));
    assert_non_null(strstr(text, "SIMULATED"));
    assert_true(messages > 0); /* sub-none was left out */
    dien_text_destroy(text);
    assert_true(dn_path_exists(path("applied/normative.tsv")));
    assert_int_equal(dien_norm_apply(NULL, &tables, &options, NULL, NULL, &text), DIEN_USAGE);
}

/* Two of four voxels of a label agree: Dice is 2 x 2 / (4 + 2). */
static void test_evaluate(void **state)
{
    char *text = NULL;
    dn_labels *labels = NULL;
    dn_grid grid = {.dim = {8, 8, 8}, .affine.m = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    dien_evaluate_options options;
    (void)state;
    assert_ok(dn_labels_create(&grid, &labels));
    for (int i = 0; i < 4; ++i) {
        labels->data[64 * 3 + 8 * 3 + 2 + i] = 10;
    }
    assert_ok(dn_labels_write(labels, path("truth.nii.gz"), &(dn_scan_write_options){0}));
    labels->data[64 * 3 + 8 * 3 + 2] = labels->data[64 * 3 + 8 * 3 + 3] = 0;
    assert_ok(dn_labels_write(labels, path("pred.nii.gz"), &(dn_scan_write_options){0}));
    dn_labels_destroy(labels);
    dien_evaluate_options_init(&options);
    options.structures = "left=10";
    assert_int_equal(dien_evaluate(path("pred.nii.gz"), path("truth.nii.gz"), &options, NULL, NULL, &text), DIEN_OK);
    assert_non_null(strstr(text, "pred\tleft\t0.6667\t0.5000\t1.0000\t0.5000\t"));
    dien_text_destroy(text);
    options.structures = "left=";
    assert_int_equal(dien_evaluate(path("pred.nii.gz"), path("truth.nii.gz"), &options, NULL, NULL, &text), DIEN_USAGE);
    assert_int_equal(dien_evaluate(NULL, path("truth.nii.gz"), NULL, NULL, NULL, &text), DIEN_USAGE);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups), cmocka_unit_test(test_groups_refuses), cmocka_unit_test(test_cancel),
                                       cmocka_unit_test(test_norm), cmocka_unit_test(test_evaluate)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
