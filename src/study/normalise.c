#define _GNU_SOURCE
#include "study/normalise.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "stats/icv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One volume column: people without a volume or without an ICV stay missing. */
typedef struct column_work {
    double *volume, *icv, *result; /* of the people who have both, in order */
    unsigned char *control;
    size_t *row; /* of the table */
    size_t n, controls;
    double mean, slope;
} column_work;

static void column_release(column_work *work)
{
    free(work->volume);
    free(work->icv);
    free(work->result);
    free(work->control);
    free(work->row);
}

static dn_status column_collect(const dn_normalise_options *options, const dn_table *table, const char *value, column_work *work)
{
    const char *group = options->group, *control = options->control;
    const char *icv = options->icv;
    const size_t rows = dn_table_rows(table);
    size_t value_column, icv_column, group_column = DN_TABLE_NONE;
    DN_TRY(dn_table_column(table, value, &value_column));
    DN_TRY(dn_table_column(table, icv, &icv_column));
    if (group != NULL) {
        DN_TRY(dn_table_column(table, group, &group_column));
    }
    DN_TRY(dn_alloc(&work->volume, rows, sizeof *work->volume, "volumes"));
    DN_TRY(dn_alloc(&work->icv, rows, sizeof *work->icv, "volumes"));
    DN_TRY(dn_alloc(&work->result, rows, sizeof *work->result, "volumes"));
    DN_TRY(dn_alloc(&work->control, rows, 1, "volumes"));
    DN_TRY(dn_alloc(&work->row, rows, sizeof *work->row, "volumes"));
    for (size_t r = 0; r < rows; ++r) {
        double v, i;
        DN_TRY(dn_table_number(table, r, value_column, &v));
        DN_TRY(dn_table_number(table, r, icv_column, &i));
        if (isnan(v) || isnan(i)) {
            continue;
        }
        if (!(v > 0.0) || !(i > 0.0)) {
            DN_FAIL(DN_EDATA, "%s, line %zu: %s is %g and %s is %g; both must be above 0", dn_table_name(table), dn_table_line(table, r),
                    value, v, icv, i);
        }
        const char *own = group_column != DN_TABLE_NONE ? dn_table_text(table, r, group_column) : NULL;
        work->volume[work->n] = v;
        work->icv[work->n] = i;
        work->row[work->n] = r;
        work->control[work->n] = group == NULL || (own != NULL && strcmp(own, control) == 0);
        work->controls += work->control[work->n];
        ++work->n;
    }
    if (work->controls == 0 && group != NULL) {
        DN_FAIL(DN_EDATA, "%s: nobody with %s = %s has both %s and %s", dn_table_name(table), group, control, value, icv);
    }
    return DN_OK;
}

static dn_status one_column(const dn_normalise_options *options, dn_table *table, const char *value, dn_table *numbers, FILE *text)
{
    dn_status status = DN_OK;
    column_work work = {.n = 0};
    char *name = NULL;
    size_t column, row;
    const char *icv = options->icv, *how = dn_icv_method_name(options->normalise);
    const char *control = options->control;
    DN_TRY_GOTO(status, column_collect(options, table, value, &work), done);
    DN_TRY_GOTO(status,
                dn_icv_normalise(options->normalise, work.volume, work.icv, work.control, work.n, work.result, &work.mean, &work.slope),
                done);
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s_normalised", value), done);
    DN_TRY_GOTO(status, dn_table_add_column(table, name, &column), done);
    DN_TRY_GOTO(status, dn_table_set_unit(table, column, dn_study_unit(&options->tables, table, value)), done);
    for (size_t i = 0; i < work.n; ++i) {
        DN_TRY_GOTO(status, dn_table_set_number(table, work.row[i], column, work.result[i]), done);
    }
    if (work.n < dn_table_rows(table)) {
        dn_log(DN_LOG_WARNING, "%zu of %zu people lack %s or %s; %s is n/a for them", dn_table_rows(table) - work.n, dn_table_rows(table),
               value, icv, name);
    }
    DN_TRY_GOTO(status, dn_table_add_row(numbers, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "value", value), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "method", how), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "people", (double)work.n), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "controls", (double)work.controls), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "unit", dn_study_unit(&options->tables, table, value)), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "mean_icv", work.mean), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "b", work.slope), done);
    fprintf(text, "%s of %zu people was normalised to a mean %s of %.6g (%zu %s): ", value, work.n, icv, work.mean, work.controls,
            control != NULL ? control : "people, all of them");
    switch (options->normalise) {
    case DN_ICV_RESIDUAL:
        fprintf(text, "V - b (ICV - mean ICV) with b = %.6g, the slope of the line through them. ", work.slope);
        break;
    case DN_ICV_POWER:
        fprintf(text, "V (mean ICV / ICV)^b with b = %.6g, the slope of the line through their logarithms. ", work.slope);
        break;
    default:
        fprintf(text, "V / ICV x mean ICV. ");
        break;
    }
done:
    column_release(&work);
    free(name);
    return status;
}

static dn_status check(const dn_normalise_options *options)
{
    const struct {
        const char *name, *text;
    } needed[] = {{"value", options->values}, {"icv", options->icv}, {"output", options->output.folder}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; ++i) {
        if (needed[i].text == NULL) {
            DN_FAIL(DN_EUSAGE, "dien stats normalise needs --value COLUMNS, --icv COLUMN and -o DIR; --%s is missing", needed[i].name);
        }
    }
    if ((options->group != NULL) != (options->control != NULL)) {
        DN_FAIL(DN_EUSAGE, "to normalise by a control group, give both --group COLUMN and --control NAME");
    }
    return DN_OK;
}

dn_status dn_study_normalise(const dn_normalise_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_table *table = NULL, *numbers = NULL;
    dn_remarks remarks = {0};
    char **values = NULL, *paragraph = NULL;
    size_t count = 0;
    dn_text text = {0};
    const char *folder = options->output.folder;
    DN_TRY(check(options));
    DN_TRY_GOTO(status, dn_study_load(&options->tables, true, &table, &remarks), done);
    DN_TRY_GOTO(status, dn_split_list(options->values, &values, &count), done);
    const dn_table_roles roles = {.id = options->tables.id,
                                  .group = options->group,
                                  .icv = options->icv,
                                  .values = (const char *const *)values,
                                  .value_count = count};
    DN_TRY_GOTO(status, dn_study_check(&options->tables, table, &roles, &remarks), done);
    DN_TRY_GOTO(status, dn_table_create("normalisation", &numbers), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, one_column(options, table, values[i], numbers, text.stream), done);
    }
    DN_TRY_GOTO(status, dn_study_write_table(folder, "normalised", table), done);
    DN_TRY_GOTO(status, dn_study_write_table(folder, "normalisation", numbers), done);
    fprintf(text.stream, "The volumes are in %s/normalised.tsv.", folder);
    DN_TRY_GOTO(status, dn_text_take(&text, &paragraph), done);
    status = dn_study_emit(folder, "normalisation", paragraph, &remarks, result);
done:
    dn_text_discard(&text);
    free(paragraph);
    free(values);
    dn_table_destroy(numbers);
    dn_table_destroy(table);
    return dn_study_end(status, &remarks);
}
