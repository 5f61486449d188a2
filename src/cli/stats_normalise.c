/* dien stats normalise: volumes with head size taken out, as a table for what comes after. */
#define _GNU_SOURCE
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/stats_command.h"
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

static dn_status column_collect(const dn_arguments *arguments, const dn_table *table, const char *value, column_work *work)
{
    const char *group = dn_arguments_text(arguments, "group"), *control = dn_arguments_text(arguments, "control");
    const char *icv = dn_arguments_text(arguments, "icv");
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

static dn_status one_column(const dn_arguments *arguments, dn_table *table, const char *value, dn_icv_method method, dn_table *numbers,
                            FILE *text)
{
    dn_status status = DN_OK;
    column_work work = {.n = 0};
    char *name = NULL;
    size_t column, row;
    const char *icv = dn_arguments_text(arguments, "icv"), *how = dn_arguments_text(arguments, "normalise");
    const char *control = dn_arguments_text(arguments, "control");
    DN_TRY_GOTO(status, column_collect(arguments, table, value, &work), done);
    DN_TRY_GOTO(status, dn_icv_normalise(method, work.volume, work.icv, work.control, work.n, work.result, &work.mean, &work.slope), done);
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s_normalised", value), done);
    DN_TRY_GOTO(status, dn_table_add_column(table, name, &column), done);
    DN_TRY_GOTO(status, dn_table_set_unit(table, column, dn_stats_unit(arguments, table, value)), done);
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
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "unit", dn_stats_unit(arguments, table, value)), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "mean_icv", work.mean), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "b", work.slope), done);
    fprintf(text, "%s of %zu people was normalised to a mean %s of %.6g (%zu %s): ", value, work.n, icv, work.mean, work.controls,
            control != NULL ? control : "people, all of them");
    switch (method) {
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

static dn_status check(const dn_arguments *arguments)
{
    static const char *const needed[] = {"value", "icv", "output"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; ++i) {
        if (!dn_arguments_given(arguments, needed[i])) {
            DN_FAIL(DN_EUSAGE, "dien stats normalise needs --value COLUMNS, --icv COLUMN and -o DIR; --%s is missing", needed[i]);
        }
    }
    if (dn_arguments_given(arguments, "group") != dn_arguments_given(arguments, "control")) {
        DN_FAIL(DN_EUSAGE, "to normalise by a control group, give both --group COLUMN and --control NAME");
    }
    return DN_OK;
}

dn_status dn_stats_normalise_run(const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    dn_table *table = NULL, *numbers = NULL;
    dn_remarks remarks = {0};
    char **values = NULL, *paragraph = NULL;
    size_t count = 0;
    dn_text text = {0};
    const char *how = dn_arguments_text(arguments, "normalise"), *folder = dn_arguments_text(arguments, "output");
    const dn_icv_method method = strcmp(how, "residual") == 0 ? DN_ICV_RESIDUAL : strcmp(how, "power") == 0 ? DN_ICV_POWER : DN_ICV_RATIO;
    DN_TRY(check(arguments));
    DN_TRY_GOTO(status,
                dn_tables_load(arguments, 1, dn_arguments_text(arguments, "where"), dn_arguments_text(arguments, "unit"), true, &table,
                               &remarks),
                done);
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "value"), &values, &count), done);
    const dn_table_roles roles = {.id = dn_arguments_text(arguments, "id"),
                                  .group = dn_arguments_text(arguments, "group"),
                                  .icv = dn_arguments_text(arguments, "icv"),
                                  .values = (const char *const *)values,
                                  .value_count = count};
    DN_TRY_GOTO(status, dn_stats_check(arguments, table, &roles, &remarks), done);
    DN_TRY_GOTO(status, dn_table_create("normalisation", &numbers), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, one_column(arguments, table, values[i], method, numbers, text.stream), done);
    }
    DN_TRY_GOTO(status, dn_stats_write_table(folder, "normalised", table), done);
    DN_TRY_GOTO(status, dn_stats_write_table(folder, "normalisation", numbers), done);
    fprintf(text.stream, "The volumes are in %s/normalised.tsv.", folder);
    DN_TRY_GOTO(status, dn_text_take(&text, &paragraph), done);
    status = dn_stats_emit(folder, "normalisation", paragraph, &remarks);
done:
    dn_text_discard(&text);
    free(paragraph);
    free(values);
    dn_table_destroy(numbers);
    dn_table_destroy(table);
    return dn_stats_end(status, &remarks);
}
