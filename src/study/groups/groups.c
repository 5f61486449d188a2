/* The work of `dien stats groups`: each column analysed, p values adjusted together, results written. */
#define _GNU_SOURCE
#include "study/groups/groups.h"

#include "base/memory.h"
#include "base/words.h"
#include "study/groups/groups_figure.h"
#include "study/tables/load.h"

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
    DN_TRY(dn_study_write_table(folder, "groups", o->tests));
    DN_TRY(dn_study_write_table(folder, "groups_summary", o->summary));
    return dn_table_rows(o->people) > 0 ? dn_study_write_table(folder, "groups_people", o->people) : DN_OK;
}

dn_status dn_outlier_rule_of(const char *text, dn_outlier_rule *out)
{
    static const char *const words[] = {"none", "iqr", "vernikouskaya2023", "kassubek2025", NULL};
    int which = 0;
    DN_TRY(dn_choice_of("the rule for outliers", text, words, &which));
    *out = (dn_outlier_rule)which;
    return DN_OK;
}

/* Whose rule it is; NULL: nobody's. */
static const char *outlier_source(dn_outlier_rule rule)
{
    return rule == DN_OUTLIERS_VERNIKOUSKAYA_2023 ? "Vernikouskaya et al. 2023"
           : rule == DN_OUTLIERS_KASSUBEK_2025    ? "Kassubek et al. 2025"
                                                  : NULL;
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

static dn_status check_asked(const dn_groups_options *asked, char **values, size_t count)
{
    if (asked->group == NULL) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_GROUP, "name the column of the groups");
    }
    if (asked->icv != NULL && asked->control == NULL) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_CONTROL, "name the control group, to whose mean ICV the volumes are scaled");
    }
    for (size_t i = 1; i < count; ++i) {
        for (size_t k = 0; k < i; ++k) {
            if (strcmp(values[k], values[i]) == 0) {
                DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_VALUE, "the column %s is named twice", values[i]);
            }
        }
    }
    return DN_OK;
}

/* After the tests of all columns: their p values are adjusted together, and each column gets its rows and its paragraph. */
static dn_status tell(dn_group_analysis *analyses, size_t measured, const outputs *o, char **paragraphs)
{
    DN_TRY(dn_group_adjust_family(analyses, measured));
    for (size_t i = 0; i < measured; ++i) {
        char *one = NULL;
        DN_TRY(dn_group_tabulate(&analyses[i], o->tests, o->summary, o->people));
        DN_TRY(dn_group_paragraph(&analyses[i], &one));
        DN_TRY(append_paragraph(paragraphs, one));
    }
    return DN_OK;
}

static dn_status run_groups(const dn_groups_options *asked, const dn_table *table, char **values, size_t count, const dn_remarks *remarks,
                            dn_study_result *result)
{
    dn_status status = DN_OK;
    const char *folder = asked->output.folder;
    dn_group_analysis *analyses = NULL;
    outputs o = {0};
    char **covariates = NULL;
    char *paragraphs = NULL;
    size_t measured = 0; /* values that are numbers */
    dn_group_options options = {.group = asked->group,
                                .control = asked->control,
                                .id = asked->tables.id,
                                .icv = asked->icv,
                                .normalise = asked->normalise,
                                .outlier_factor = asked->outliers == DN_OUTLIERS_NONE ? 0.0 : DN_TUKEY_FACTOR,
                                .outlier_source = outlier_source(asked->outliers),
                                .test = asked->test,
                                .equal_variances = asked->equal_variances,
                                .adjustment = asked->adjustment,
                                .level = asked->level,
                                .alpha = asked->alpha};
    DN_TRY(check_asked(asked, values, count));
    DN_TRY_GOTO(status, dn_split_list(asked->covariates, &covariates, &options.covariate_count), done);
    options.covariates = (const char *const *)covariates;
    options.label = count == 1 ? asked->label : NULL;
    DN_TRY_GOTO(status, dn_alloc(&analyses, count, sizeof *analyses, "analyses"), done);
    DN_TRY_GOTO(status, outputs_create(&o), done);
    for (size_t i = 0; i < count; ++i) {
        size_t column;
        options.value = values[i];
        options.unit = dn_study_unit(&asked->tables, table, values[i]);
        DN_TRY_GOTO(status, dn_table_column(table, values[i], &column), done);
        if (dn_column_is_category(table, column)) {
            DN_TRY_GOTO(status, run_category(table, &options, &o, &paragraphs), done);
        } else {
            DN_TRY_GOTO(status, dn_group_analyse(table, &options, &analyses[measured++]), done);
        }
    }
    DN_TRY_GOTO(status, tell(analyses, measured, &o, &paragraphs), done);
    DN_TRY_GOTO(status, outputs_write(&o, folder), done);
    DN_TRY_GOTO(status, dn_study_emit(folder, "groups", paragraphs, remarks, result), done);
    dn_study_figures figures = {.folder = folder};
    for (size_t i = 0; i < measured && dn_study_draw_next(&figures); ++i) {
        dn_study_drawn(&figures, dn_groups_figure(&analyses[i], folder, asked->output.note));
    }
    status = dn_study_figures_end(&figures);
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

/* What a paired comparison does not do is refused, and never passed over. */
static dn_status check_paired(const dn_groups_options *asked, size_t count)
{
    const char *what = asked->icv != NULL          ? "take head size into account: of one person it is the same in both"
                       : asked->covariates != NULL ? "take covariates: those of a person are the same in both"
                       : asked->outliers != DN_OUTLIERS_NONE
                           ? "leave out outliers: look at groups_people.tsv, and leave rows out by a choice of rows"
                       : asked->equal_variances ? "assume equal variances: it has one sample, the differences"
                       : asked->control != NULL && count == 2
                           ? "have a control group where two columns are compared: the first column is what the second is compared with"
                           : NULL;
    if (what != NULL) {
        DN_FAIL(DN_EUSAGE, "a paired comparison cannot %s", what);
    }
    return DN_OK;
}

static dn_status run_paired(const dn_groups_options *asked, const dn_table *table, char **values, size_t count, const dn_remarks *remarks,
                            dn_study_result *result)
{
    dn_status status = DN_OK;
    const char *folder = asked->output.folder;
    dn_paired_analysis a = {0};
    outputs o = {0};
    char *paragraph = NULL;
    const dn_paired_options options = {.first = values[0],
                                       .second = count == 2 ? values[1] : NULL,
                                       .group = count == 1 ? asked->group : NULL,
                                       .id = asked->tables.id,
                                       .label = asked->label,
                                       .unit = dn_study_unit(&asked->tables, table, values[0]),
                                       .test = asked->test,
                                       .level = asked->level,
                                       .alpha = asked->alpha};
    if (count > 2 || (count == 1 && options.group == NULL)) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_PAIRS, "a paired comparison takes two columns, or one column in two groups");
    }
    DN_TRY_GOTO(status, dn_paired_analyse(table, &options, &a), done);
    DN_TRY_GOTO(status, outputs_create(&o), done);
    DN_TRY_GOTO(status, dn_paired_tabulate(&a, o.tests, o.summary, o.people), done);
    DN_TRY_GOTO(status, dn_paired_paragraph(&a, &paragraph), done);
    DN_TRY_GOTO(status, outputs_write(&o, folder), done);
    DN_TRY_GOTO(status, dn_study_emit(folder, "groups", paragraph, remarks, result), done);
    dn_study_figures figures = {.folder = folder};
    if (dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, dn_paired_figure(&a, folder, asked->output.note));
    }
    status = dn_study_figures_end(&figures);
done:
    free(paragraph);
    outputs_release(&o);
    dn_paired_analysis_release(&a);
    return status;
}

/* --categories and --order, then the look at the columns that are used. */
static dn_status prepare(const dn_groups_options *options, dn_table *table, char **values, size_t count, dn_remarks *remarks)
{
    const char *group = options->group;
    dn_status status = DN_OK;
    dn_table_roles roles = {
        .id = options->tables.id, .group = group, .icv = options->icv, .values = (const char *const *)values, .value_count = count};
    char **lists[3] = {NULL, NULL, NULL};
    size_t counts[3] = {0};
    DN_TRY_GOTO(status, dn_split_list(options->categories, &lists[0], &counts[0]), done);
    DN_TRY_GOTO(status, dn_split_list(options->order, &lists[1], &counts[1]), done);
    DN_TRY_GOTO(status, dn_split_list(options->covariates, &lists[2], &counts[2]), done);
    DN_TRY_GOTO(status, dn_study_make_categories(table, (const char *const *)lists[0], counts[0]), done);
    if (counts[1] > 0 && group != NULL) {
        DN_TRY_GOTO(status, dn_study_put_in_order(table, group, (const char *const *)lists[1], counts[1]), done);
    }
    if (options->paired && options->control != NULL && group != NULL) { /* differences are from it */
        DN_TRY_GOTO(status, dn_study_put_in_order(table, group, &options->control, 1), done);
    }
    roles.covariates = (const char *const *)lists[2];
    roles.covariate_count = counts[2];
    status = dn_study_check(&options->tables, table, &roles, remarks);
done:
    for (size_t i = 0; i < 3; ++i) {
        free(lists[i]);
    }
    return status;
}

dn_status dn_study_groups(const dn_groups_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    dn_remarks remarks = {0};
    char **values = NULL;
    size_t count = 0;
    DN_TRY_GOTO(status, dn_split_list(options->values, &values, &count), done);
    if (count == 0) {
        DN_FAIL_OFFER_GOTO(status, done, DN_EUSAGE, DN_REMEDY_VALUE, "name the column that is compared");
    }
    if (options->paired) {
        DN_TRY_GOTO(status, check_paired(options, count), done);
    }
    DN_TRY_GOTO(status, dn_study_load(&options->tables, options->paired, &table, &remarks), done);
    DN_TRY_GOTO(status, prepare(options, table, values, count, &remarks), done);
    status = options->paired ? run_paired(options, table, values, count, &remarks, result)
                             : run_groups(options, table, values, count, &remarks, result);
done:
    free(values);
    dn_table_destroy(table);
    return dn_study_end(status, &remarks);
}
