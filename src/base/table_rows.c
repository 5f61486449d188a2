/* Makes tables from tables: rows are copied, kept, or put in another order. */
#include "base/job.h"
#include "base/memory.h"
#include "base/table_private.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_BETWEEN_CHECKS = 4096 };

dn_status dn_table_add_column_like(dn_table *table, const dn_table *like, size_t column, size_t *out)
{
    DN_TRY(dn_table_add_column(table, like->column[column].name, out));
    table->column[*out].doubtful_points = like->column[column].doubtful_points;
    table->mixed_commas |= like->mixed_commas;
    if (table->comma == NULL && like->comma != NULL) {
        DN_TRY(dn_strdup(like->comma, &table->comma));
    }
    return dn_table_set_unit(table, *out, like->column[column].unit);
}

dn_status dn_table_create_like(const dn_table *like, const char *name, dn_table **out)
{
    dn_table *result = NULL;
    size_t ignored;
    DN_TRY(dn_table_create(name != NULL ? name : like->name, &result));
    for (size_t c = 0; c < like->columns; ++c) {
        dn_status status = dn_table_add_column_like(result, like, c, &ignored);
        if (status != DN_OK) {
            dn_table_destroy(result);
            return status;
        }
    }
    *out = result;
    return DN_OK;
}

dn_status dn_table_add_row_of(dn_table *to, const dn_table *from, size_t row, size_t *out)
{
    DN_TRY(dn_table_add_row(to, out));
    to->lines[*out] = from->lines[row];
    if (from->sources != NULL) {
        DN_TRY(dn_table_set_source(to, *out, from->sources[row]));
    }
    for (size_t c = 0; c < from->columns; ++c) {
        DN_TRY(dn_table_set_text(to, *out, c, from->column[c].cells[row]));
    }
    return DN_OK;
}

dn_status dn_table_filter(const dn_table *table, bool (*keep)(void *user, const dn_table *table, size_t row), void *user, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *result = NULL;
    size_t ignored;
    DN_TRY(dn_table_create_like(table, NULL, &result));
    for (size_t r = 0; r < table->rows; ++r) {
        if (r % ROWS_BETWEEN_CHECKS == 0) {
            DN_TRY_GOTO(status, dn_cancel_check(), done);
        }
        if (keep(user, table, r)) {
            DN_TRY_GOTO(status, dn_table_add_row_of(result, table, r, &ignored), done);
        }
    }
    *out = result;
    result = NULL;
done:
    dn_table_destroy(result);
    return status;
}

/* scratch: rows pointers. */
static void permute(char **cells, const size_t *order, size_t rows, char **scratch)
{
    for (size_t r = 0; r < rows; ++r) {
        scratch[r] = cells[order[r]];
    }
    memcpy(cells, scratch, rows * sizeof *cells);
}

dn_status dn_table_reorder(dn_table *table, const size_t *order)
{
    char **scratch = NULL;
    size_t *lines = NULL;
    if (table->rows == 0) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&scratch, table->rows, sizeof *scratch, "a table"));
    dn_status status = dn_alloc(&lines, table->capacity, sizeof *lines, "a table");
    if (status != DN_OK) {
        free(scratch);
        return status;
    }
    for (size_t c = 0; c < table->columns; ++c) {
        permute(table->column[c].cells, order, table->rows, scratch);
    }
    if (table->sources != NULL) {
        permute(table->sources, order, table->rows, scratch);
    }
    for (size_t r = 0; r < table->rows; ++r) {
        lines[r] = table->lines[order[r]];
    }
    free(table->lines);
    table->lines = lines;
    free(scratch);
    return DN_OK;
}
