/* The work of `dien stats normalise`: each column of volumes normalised, and written as a table. */
#define _GNU_SOURCE
#include "study/normalise.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "study/tables/icv_column.h"

#include <stdio.h>
#include <stdlib.h>

static dn_status one_column(const dn_normalise_options *options, dn_table *table, const char *value, dn_table *numbers, FILE *text)
{
    dn_status status = DN_OK;
    const dn_icv_by by = {.icv = options->icv, .group = options->group, .control = options->control, .method = options->normalise};
    const char *unit = dn_study_unit(&options->tables, table, value);
    dn_icv_column made;
    char *name = NULL;
    size_t row;
    const char *icv = options->icv, *how = dn_icv_method_name(options->normalise);
    const char *control = options->control;
    DN_TRY(dn_asprintf(&name, "%s_normalised", value));
    DN_TRY_GOTO(status, dn_icv_column_add(table, value, &by, name, unit, &made), done);
    if (made.people < dn_table_rows(table)) {
        dn_log(DN_LOG_WARNING, "%zu of %zu people lack %s or %s; %s is n/a for them", dn_table_rows(table) - made.people,
               dn_table_rows(table), value, icv, name);
    }
    DN_TRY_GOTO(status, dn_table_add_row(numbers, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "value", value), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "method", how), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "people", (double)made.people), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "controls", (double)made.controls), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "unit", unit), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "mean_icv", made.mean), done);
    DN_TRY_GOTO(status, dn_table_put_number(numbers, "b", made.slope), done);
    fprintf(text, "%s of %zu people was normalised to a mean %s of %.6g (%zu %s): ", value, made.people, icv, made.mean, made.controls,
            control != NULL ? control : "people, all of them");
    switch (options->normalise) {
    case DN_ICV_RESIDUAL:
        fprintf(text, "V - b (ICV - mean ICV) with b = %.6g, the slope of the line through them. ", made.slope);
        break;
    case DN_ICV_POWER:
        fprintf(text, "V (mean ICV / ICV)^b with b = %.6g, the slope of the line through their logarithms. ", made.slope);
        break;
    default:
        fprintf(text, "V / ICV x mean ICV. ");
        break;
    }
done:
    free(name);
    return status;
}

static dn_status check(const dn_normalise_options *options)
{
    const struct {
        const char *name, *text;
    } needed[] = {{"the columns of the volumes are", options->values},
                  {"the column of the ICV is", options->icv},
                  {"the folder is", options->output.folder}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; ++i) {
        if (needed[i].text == NULL) {
            DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_VALUE_ICV_FOLDER,
                          "to normalise, columns of volumes, a column of the ICV and a folder for the result are needed; %s missing",
                          needed[i].name);
        }
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
