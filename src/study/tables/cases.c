/* Takes the rows with all numbers, and keeps the names of the others. */
#define _GNU_SOURCE
#include "study/tables/cases.h"

#include "base/job.h"
#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED = 20 };

const char *dn_case_name(const dn_table *table, size_t row, const char *id, char text[32])
{
    size_t column = id != NULL ? dn_table_find(table, id) : DN_TABLE_NONE;
    const char *name = column != DN_TABLE_NONE ? dn_table_text(table, row, column) : NULL;
    snprintf(text, 32, "line %zu", dn_table_line(table, row));
    return name != NULL ? name : text;
}

/* Adds a row to the text of the omitted. */
static dn_status omit(dn_cases *cases, const dn_table *table, size_t row, const char *id, const char *column)
{
    char place[32], *longer = NULL;
    const char *before = cases->omitted_text != NULL ? cases->omitted_text : "";
    if (cases->omitted++ < NAMED) {
        DN_TRY(dn_asprintf(&longer, "%s%s%s (no %s)", before, *before != 0 ? ", " : "", dn_case_name(table, row, id, place), column));
        free(cases->omitted_text);
        cases->omitted_text = longer;
    }
    return DN_OK;
}

dn_status dn_cases_take(const dn_table *table, const char *const *columns, size_t k, const char *id, int id_repeats, dn_cases *out)
{
    dn_status status = DN_OK;
    double **numbers = NULL;
    size_t rows = dn_table_rows(table), id_column = id != NULL ? dn_table_find(table, id) : DN_TABLE_NONE;
    *out = (dn_cases){.k = k};
    if (id_column != DN_TABLE_NONE && !id_repeats) {
        DN_TRY(dn_table_check_unique(table, &id_column, 1)); /* two sessions of a person are no two people */
    }
    DN_TRY_GOTO(status, dn_alloc(&numbers, k, sizeof *numbers, "the columns"), done);
    for (size_t c = 0; c < k; ++c) {
        size_t column = 0;
        DN_TRY_GOTO(status, dn_table_column(table, columns[c], &column), done);
        DN_TRY_GOTO(status, dn_table_numbers(table, column, &numbers[c]), done);
    }
    DN_TRY_GOTO(status, dn_alloc(&out->values, rows * k, sizeof *out->values, "the values"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->row, rows, sizeof *out->row, "the rows"), done);
    for (size_t r = 0; r < rows; ++r) {
        size_t c = 0;
        while (c < k && !isnan(numbers[c][r])) {
            out->values[out->n * k + c] = numbers[c][r];
            ++c;
        }
        if (c == k) {
            out->row[out->n++] = r;
        } else {
            DN_TRY_GOTO(status, omit(out, table, r, id, columns[c]), done);
        }
    }
    if (out->omitted > NAMED) {
        char *longer = NULL;
        DN_TRY_GOTO(status, dn_asprintf(&longer, "%s and %zu more", out->omitted_text, out->omitted - NAMED), done);
        free(out->omitted_text);
        out->omitted_text = longer;
    }
    if (out->n == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "no row of %s has all the numbers that are needed; %s", dn_table_name(table),
                     out->omitted_text != NULL ? out->omitted_text : "it has no rows");
    }
    if (out->omitted > 0) {
        dn_log(DN_LOG_WARNING, "left out, incomplete: %s", out->omitted_text);
    }
done:
    for (size_t c = 0; numbers != NULL && c < k; ++c) {
        free(numbers[c]);
    }
    free(numbers);
    return status;
}

void dn_cases_release(dn_cases *cases)
{
    free(cases->values);
    free(cases->row);
    free(cases->omitted_text);
    *cases = (dn_cases){0};
}

void dn_cases_say_omitted(FILE *stream, const dn_cases *cases)
{
    if (cases->omitted > 0) {
        fprintf(stream, " Left out as incomplete: %s.", cases->omitted_text);
    }
}
