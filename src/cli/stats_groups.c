/* dien stats groups: comparison of groups, and of two values of the same people. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "cli/stats_command.h"
#include "cli/stats_groups_figure.h"
#include "stats/group_analysis.h"
#include "study/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct outputs {
    dn_table *tests, *summary, *people;
} outputs;

static dn_status outputs_create(outputs *o)
{
    DN_TRY(dn_table_create("the table of tests", &o->tests));
    DN_TRY(dn_table_create("the table of groups", &o->summary));
    return dn_table_create("the table of people", &o->people);
}

static void outputs_release(outputs *o)
{
    dn_table_destroy(o->tests);
    dn_table_destroy(o->summary);
    dn_table_destroy(o->people);
}

static dn_status outputs_write(const outputs *o, const char *folder)
{
    DN_TRY(dn_stats_write_table(folder, "groups", o->tests));
    DN_TRY(dn_stats_write_table(folder, "groups_summary", o->summary));
    return dn_table_rows(o->people) > 0 ? dn_stats_write_table(folder, "groups_people", o->people) : DN_OK;
}

static dn_test_choice test_choice(const dn_arguments *arguments)
{
    const char *test = dn_arguments_text(arguments, "test");
    return strcmp(test, "parametric") == 0 ? DN_TEST_PARAMETRIC : strcmp(test, "rank") == 0 ? DN_TEST_RANK : DN_TEST_AUTO;
}

static dn_adjustment adjustment(const dn_arguments *arguments)
{
    const char *how = dn_arguments_text(arguments, "adjust");
    return strcmp(how, "holm") == 0         ? DN_ADJUST_HOLM
           : strcmp(how, "bonferroni") == 0 ? DN_ADJUST_BONFERRONI
           : strcmp(how, "bh") == 0         ? DN_ADJUST_BH
                                            : DN_ADJUST_NONE;
}

static const char *outlier_source(const dn_arguments *arguments)
{
    const char *rule = dn_arguments_text(arguments, "outliers");
    return strcmp(rule, "vernikouskaya2023") == 0 ? "Vernikouskaya et al. 2023"
           : strcmp(rule, "kassubek2025") == 0    ? "Kassubek et al. 2025"
                                                  : NULL;
}

static dn_icv_method normalisation(const dn_arguments *arguments)
{
    const char *how = dn_arguments_text(arguments, "normalise");
    return strcmp(how, "residual") == 0 ? DN_ICV_RESIDUAL : strcmp(how, "power") == 0 ? DN_ICV_POWER : DN_ICV_RATIO;
}

/* Adds one (consumed) to the text, after an empty line. */
static dn_status append_paragraph(char **text, char *one)
{
    char *both = NULL;
    dn_status status = dn_asprintf(&both, "%s%s%s", *text ? *text : "", *text ? "\n" : "", one);
    free(one);
    if (status == DN_OK) {
        free(*text);
        *text = both;
    }
    return status;
}

static dn_status run_category(const dn_table *table, const dn_group_options *options, const outputs *o, char **paragraphs)
{
    dn_status status = DN_OK;
    dn_category_analysis a = {0};
    char *one = NULL;
    DN_TRY_GOTO(status, dn_category_analyse(table, options, &a), done);
    DN_TRY_GOTO(status, dn_category_tabulate(&a, o->tests, o->summary), done);
    DN_TRY_GOTO(status, dn_category_paragraph(&a, &one), done);
    status = append_paragraph(paragraphs, one);
done:
    dn_category_analysis_release(&a);
    return status;
}

static dn_status run_groups(const dn_arguments *arguments, const dn_table *table, char **values, size_t count, const dn_remarks *remarks)
{
    dn_status status = DN_OK;
    const char *folder = dn_arguments_text(arguments, "output");
    dn_group_analysis *analyses = NULL;
    outputs o = {0};
    char **covariates = NULL;
    char *paragraphs = NULL;
    size_t measured = 0; /* values that are numbers */
    dn_group_options options = {.group = dn_arguments_text(arguments, "group"),
                                .control = dn_arguments_text(arguments, "control"),
                                .id = dn_arguments_text(arguments, "id"),
                                .icv = dn_arguments_text(arguments, "icv"),
                                .normalise = normalisation(arguments),
                                .outlier_factor = strcmp(dn_arguments_text(arguments, "outliers"), "none") == 0 ? 0.0 : 1.5,
                                .outlier_source = outlier_source(arguments),
                                .test = test_choice(arguments),
                                .equal_variances = dn_arguments_flag(arguments, "equal-variances"),
                                .adjustment = adjustment(arguments),
                                .level = dn_arguments_real(arguments, "level"),
                                .alpha = dn_arguments_real(arguments, "alpha")};
    if (options.group == NULL) {
        DN_FAIL(DN_EUSAGE, "which column names the groups? type --group COLUMN");
    }
    if (options.icv != NULL && options.control == NULL) {
        DN_FAIL(DN_EUSAGE, "--icv needs --control NAME, the group whose mean ICV the volumes are scaled to");
    }
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "covariates"), &covariates, &options.covariate_count), done);
    options.covariates = (const char *const *)covariates;
    options.label = count == 1 ? dn_arguments_text(arguments, "label") : NULL;
    DN_TRY_GOTO(status, dn_alloc(&analyses, count, sizeof *analyses, "analyses"), done);
    DN_TRY_GOTO(status, outputs_create(&o), done);
    for (size_t i = 0; i < count; ++i) {
        size_t column;
        options.value = values[i];
        options.unit = dn_stats_unit(arguments, table, values[i]);
        for (size_t k = 0; k < i; ++k) {
            if (strcmp(values[k], values[i]) == 0) {
                DN_FAIL_GOTO(status, done, DN_EUSAGE, "--value names the column %s twice", values[i]);
            }
        }
        DN_TRY_GOTO(status, dn_table_column(table, values[i], &column), done);
        if (dn_column_is_category(table, column)) {
            DN_TRY_GOTO(status, run_category(table, &options, &o, &paragraphs), done);
        } else {
            DN_TRY_GOTO(status, dn_group_analyse(table, &options, &analyses[measured++]), done);
        }
    }
    DN_TRY_GOTO(status, dn_group_adjust_family(analyses, measured), done);
    for (size_t i = 0; i < measured; ++i) {
        char *one = NULL;
        DN_TRY_GOTO(status, dn_group_tabulate(&analyses[i], o.tests, o.summary, o.people), done);
        DN_TRY_GOTO(status, dn_group_paragraph(&analyses[i], &one), done);
        DN_TRY_GOTO(status, append_paragraph(&paragraphs, one), done);
    }
    DN_TRY_GOTO(status, outputs_write(&o, folder), done);
    DN_TRY_GOTO(status, dn_stats_emit(folder, "groups", paragraphs, remarks), done);
    dn_stats_figures figures = {.folder = folder};
    for (size_t i = 0; i < measured && dn_stats_draw_next(&figures); ++i) {
        dn_stats_drawn(&figures, dn_groups_figure(&analyses[i], folder, dn_arguments_text(arguments, "note")));
    }
    status = dn_stats_figures_end(&figures);
done:
    free(paragraphs);
    outputs_release(&o);
    for (size_t i = 0; i < count && analyses != NULL; ++i) {
        dn_group_analysis_release(&analyses[i]);
    }
    free(analyses);
    free(covariates);
    return status;
}

static dn_status run_paired(const dn_arguments *arguments, const dn_table *table, char **values, size_t count, const dn_remarks *remarks)
{
    dn_status status = DN_OK;
    const char *folder = dn_arguments_text(arguments, "output");
    dn_paired_analysis a = {0};
    outputs o = {0};
    char *paragraph = NULL;
    const dn_paired_options options = {.first = values[0],
                                       .second = count == 2 ? values[1] : NULL,
                                       .group = count == 1 ? dn_arguments_text(arguments, "group") : NULL,
                                       .id = dn_arguments_text(arguments, "id"),
                                       .label = dn_arguments_text(arguments, "label"),
                                       .unit = dn_stats_unit(arguments, table, values[0]),
                                       .test = test_choice(arguments),
                                       .level = dn_arguments_real(arguments, "level"),
                                       .alpha = dn_arguments_real(arguments, "alpha")};
    if (count > 2 || (count == 1 && options.group == NULL)) {
        DN_FAIL(DN_EUSAGE, "--paired compares two columns (--value A,B) or one column in two groups (--value A --group COLUMN)");
    }
    DN_TRY_GOTO(status, dn_paired_analyse(table, &options, &a), done);
    DN_TRY_GOTO(status, outputs_create(&o), done);
    DN_TRY_GOTO(status, dn_paired_tabulate(&a, o.tests, o.summary, o.people), done);
    DN_TRY_GOTO(status, dn_paired_paragraph(&a, &paragraph), done);
    DN_TRY_GOTO(status, outputs_write(&o, folder), done);
    DN_TRY_GOTO(status, dn_stats_emit(folder, "groups", paragraph, remarks), done);
    dn_stats_figures figures = {.folder = folder};
    if (dn_stats_draw_next(&figures)) {
        dn_stats_drawn(&figures, dn_paired_figure(&a, folder, dn_arguments_text(arguments, "note")));
    }
    status = dn_stats_figures_end(&figures);
done:
    free(paragraph);
    outputs_release(&o);
    dn_paired_analysis_release(&a);
    return status;
}

/* --categories and --order, then the look at the columns that are used. */
static dn_status prepare(const dn_arguments *arguments, dn_table *table, char **values, size_t count, dn_remarks *remarks)
{
    const char *group = dn_arguments_text(arguments, "group");
    dn_status status = DN_OK;
    dn_table_roles roles = {.id = dn_arguments_text(arguments, "id"),
                            .group = group,
                            .icv = dn_arguments_text(arguments, "icv"),
                            .values = (const char *const *)values,
                            .value_count = count};
    char **lists[3] = {NULL, NULL, NULL};
    size_t counts[3] = {0};
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "categories"), &lists[0], &counts[0]), done);
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "order"), &lists[1], &counts[1]), done);
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "covariates"), &lists[2], &counts[2]), done);
    DN_TRY_GOTO(status, dn_study_make_categories(table, (const char *const *)lists[0], counts[0]), done);
    if (counts[1] > 0 && group != NULL) {
        DN_TRY_GOTO(status, dn_study_put_in_order(table, group, (const char *const *)lists[1], counts[1]), done);
    }
    roles.covariates = (const char *const *)lists[2];
    roles.covariate_count = counts[2];
    status = dn_stats_check(arguments, table, &roles, remarks);
done:
    for (size_t i = 0; i < 3; ++i) {
        free(lists[i]);
    }
    return status;
}

dn_status dn_stats_groups_run(const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    dn_remarks remarks = {0};
    char **values = NULL;
    size_t count = 0;
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "value"), &values, &count), done);
    if (count == 0) {
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "which column is compared? type --value COLUMN");
    }
    DN_TRY_GOTO(status, dn_stats_load(arguments, 1, &table, &remarks), done);
    DN_TRY_GOTO(status, prepare(arguments, table, values, count, &remarks), done);
    status = dn_arguments_flag(arguments, "paired") ? run_paired(arguments, table, values, count, &remarks)
                                                    : run_groups(arguments, table, values, count, &remarks);
done:
    free(values);
    dn_table_destroy(table);
    return dn_stats_end(status, &remarks);
}
