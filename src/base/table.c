#define _GNU_SOURCE
#include "base/table.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/table_private.h"
#include "base/words.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_table_create(const char *name, dn_table **out)
{
    dn_table *table = NULL;
    DN_TRY(dn_alloc(&table, 1, sizeof *table, "a table"));
    dn_status status = dn_strdup(name, &table->name);
    if (status != DN_OK) {
        free(table);
        return status;
    }
    *out = table;
    return DN_OK;
}

void dn_table_destroy(dn_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t c = 0; c < table->columns; ++c) {
        for (size_t r = 0; r < table->rows; ++r) {
            free(table->column[c].cells[r]);
        }
        free(table->column[c].cells);
        free(table->column[c].name);
    }
    free(table->column);
    free(table->lines);
    free(table->name);
    free(table);
}

const char *dn_table_name(const dn_table *table)
{
    return table->name;
}

size_t dn_table_rows(const dn_table *table)
{
    return table->rows;
}

size_t dn_table_columns(const dn_table *table)
{
    return table->columns;
}

const char *dn_table_column_name(const dn_table *table, size_t column)
{
    return table->column[column].name;
}

size_t dn_table_line(const dn_table *table, size_t row)
{
    return table->lines[row];
}

const char *dn_table_text(const dn_table *table, size_t row, size_t column)
{
    return table->column[column].cells[row];
}

size_t dn_table_find(const dn_table *table, const char *name)
{
    for (size_t c = 0; c < table->columns; ++c) {
        if (strcmp(table->column[c].name, name) == 0) {
            return c;
        }
    }
    return DN_TABLE_NONE;
}

dn_status dn_table_column(const dn_table *table, const char *name, size_t *out)
{
    *out = dn_table_find(table, name);
    if (*out != DN_TABLE_NONE) {
        return DN_OK;
    }
    const char **all = NULL;
    char names[1024] = "";
    DN_TRY(dn_alloc(&all, table->columns + 1, sizeof *all, "names of columns"));
    for (size_t c = 0; c < table->columns; ++c) {
        size_t used = strlen(names);
        all[c] = table->column[c].name;
        if (used + strlen(all[c]) + 8 < sizeof names) {
            snprintf(names + used, sizeof names - used, "%s%s", c ? ", " : "", all[c]);
        } else if (used + 6 < sizeof names && strcmp(names + used - 3, "...") != 0) {
            strcat(names, ", ...");
        }
    }
    const char *nearest = dn_nearest_name(name, all);
    free(all);
    if (table->columns == 0) {
        DN_FAIL(DN_EDATA, "%s has no column \"%s\": it has no columns at all", table->name, name);
    }
    if (nearest != NULL) {
        DN_FAIL(DN_EDATA, "%s has no column \"%s\"; did you mean \"%s\"? Its columns are: %s", table->name, name, nearest, names);
    }
    DN_FAIL(DN_EDATA, "%s has no column \"%s\"; its columns are: %s", table->name, name, names);
}

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double parse_c(const char *text, char **end)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return c_locale != (locale_t)0 ? strtod_l(text, end, c_locale) : strtod(text, end);
}

dn_number_form dn_number_form_of(const char *text, double *value)
{
    /* Only these letters: strtod alone would take "inf", "0x1p3" and "nan(7)". */
    size_t length = strlen(text);
    size_t plain = strspn(text, "0123456789+-.eE");
    if (length > 0 && plain == length) {
        char *end = NULL;
        double x = parse_c(text, &end);
        if (end == text + length) {
            if (!isfinite(x)) {
                return DN_FORM_INFINITE;
            }
            *value = x;
            return DN_FORM_NUMBER;
        }
        return DN_FORM_TEXT;
    }
    const char *p = text + strspn(text, "+-");
    if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0) {
        return DN_FORM_INFINITE;
    }
    /* One comma between digits, and nothing that a number with a point could not have in its place. */
    size_t whole = strspn(p, "0123456789");
    if (p[whole] == ',') {
        size_t fraction = strspn(p + whole + 1, "0123456789");
        const char *rest = p + whole + 1 + fraction;
        if (whole + fraction > 0 && p - text <= 1) {
            if (*rest == 'e' || *rest == 'E') {
                rest += 1 + strspn(rest + 1, "+-0123456789");
            }
            if (*rest == '\0') {
                return DN_FORM_COMMA;
            }
            if (fraction == 3 && strspn(rest, "0123456789,.") == strlen(rest)) {
                return DN_FORM_THOUSANDS;
            }
        }
    }
    return DN_FORM_TEXT;
}

static dn_status not_a_number(const dn_table *table, size_t row, size_t column, dn_number_form form)
{
    const char *text = table->column[column].cells[row];
    const char *name = table->column[column].name;
    size_t line = table->lines[row];
    switch (form) {
    case DN_FORM_COMMA:
        if (table->mixed_commas) {
            DN_FAIL(DN_EDATA,
                    "%s, line %zu, column %s: \"%s\" has a decimal comma, but other numbers of the file have a point; write all of them "
                    "with a point",
                    table->name, line, name, text);
        }
        DN_FAIL(DN_EDATA, "%s, line %zu, column %s: \"%s\" has a comma where a number has a point; write it as %.*s.%s", table->name, line,
                name, text, (int)(strchr(text, ',') - text), text, strchr(text, ',') + 1);
    case DN_FORM_THOUSANDS:
        DN_FAIL(DN_EDATA, "%s, line %zu, column %s: \"%s\" has separators of thousands; write it without them", table->name, line, name,
                text);
    case DN_FORM_INFINITE:
        DN_FAIL(DN_EDATA, "%s, line %zu, column %s: \"%s\" is infinite or too large for a number; correct it or write n/a", table->name,
                line, name, text);
    default:
        DN_FAIL(DN_EDATA, "%s, line %zu, column %s: \"%s\" is not a number; correct it, or write n/a if it is missing", table->name, line,
                name, text);
    }
}

dn_status dn_table_number(const dn_table *table, size_t row, size_t column, double *out)
{
    const char *text = table->column[column].cells[row];
    if (text == NULL) {
        *out = NAN;
        return DN_OK;
    }
    dn_number_form form = dn_number_form_of(text, out);
    return form == DN_FORM_NUMBER ? DN_OK : not_a_number(table, row, column, form);
}

dn_status dn_table_numbers(const dn_table *table, size_t column, double **out)
{
    double *values = NULL;
    DN_TRY(dn_alloc(&values, table->rows, sizeof *values, "a column of numbers"));
    for (size_t r = 0; r < table->rows; ++r) {
        dn_status status = dn_table_number(table, r, column, &values[r]);
        if (status != DN_OK) {
            free(values);
            return status;
        }
    }
    *out = values;
    return DN_OK;
}

bool dn_table_is_text(const dn_table *table, size_t row, size_t column)
{
    const char *text = table->column[column].cells[row];
    double value;
    return text != NULL && dn_number_form_of(text, &value) == DN_FORM_TEXT;
}

bool dn_table_is_numeric(const dn_table *table, size_t column)
{
    bool any = false;
    for (size_t r = 0; r < table->rows; ++r) {
        const char *text = table->column[column].cells[r];
        double value;
        if (text != NULL) {
            if (dn_number_form_of(text, &value) != DN_FORM_NUMBER) {
                return false;
            }
            any = true;
        }
    }
    return any;
}

typedef struct row_key {
    const dn_table *table;
    const size_t *columns;
    size_t count;
    size_t row;
} row_key;

static int compare_rows(const void *pa, const void *pb)
{
    const row_key *a = pa;
    const row_key *b = pb;
    for (size_t i = 0; i < a->count; ++i) {
        const char *x = a->table->column[a->columns[i]].cells[a->row];
        const char *y = b->table->column[b->columns[i]].cells[b->row];
        int order = x == NULL || y == NULL ? (x != NULL) - (y != NULL) : strcmp(x, y);
        if (order != 0) {
            return order;
        }
    }
    return (a->row > b->row) - (a->row < b->row);
}

static bool same_key(const row_key *a, const row_key *b)
{
    for (size_t i = 0; i < a->count; ++i) {
        const char *x = a->table->column[a->columns[i]].cells[a->row];
        const char *y = b->table->column[b->columns[i]].cells[b->row];
        if (x == NULL || y == NULL ? x != y : strcmp(x, y) != 0) {
            return false;
        }
    }
    return true;
}

dn_status dn_table_check_unique(const dn_table *table, const size_t *columns, size_t count)
{
    dn_status status = DN_OK;
    row_key *keys = NULL;
    DN_TRY(dn_alloc(&keys, table->rows, sizeof *keys, "a table's keys"));
    for (size_t r = 0; r < table->rows; ++r) {
        if (table->column[columns[0]].cells[r] == NULL) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: there is no %s", table->name, table->lines[r],
                         table->column[columns[0]].name);
        }
        keys[r] = (row_key){table, columns, count, r};
    }
    qsort(keys, table->rows, sizeof *keys, compare_rows);
    for (size_t r = 1; r < table->rows; ++r) {
        if (same_key(&keys[r - 1], &keys[r])) {
            char text[256] = "";
            for (size_t i = 0; i < count; ++i) {
                const char *cell = table->column[columns[i]].cells[keys[r].row];
                size_t used = strlen(text);
                snprintf(text + used, sizeof text - used, "%s%s %s", i ? ", " : "", table->column[columns[i]].name, cell ? cell : "n/a");
            }
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s: %s is there twice, on lines %zu and %zu; keep one of them", table->name, text,
                         table->lines[keys[r - 1].row], table->lines[keys[r].row]);
        }
    }
done:
    free(keys);
    return status;
}

dn_status dn_table_add_column(dn_table *table, const char *name, size_t *out)
{
    if (dn_table_find(table, name) != DN_TABLE_NONE) {
        DN_FAIL(DN_EFORMAT, "%s has two columns named \"%s\"; rename one of them", table->name, name);
    }
    DN_TRY(dn_realloc(&table->column, table->columns + 1, sizeof *table->column, "a table"));
    dn_table_one_column *column = &table->column[table->columns];
    *column = (dn_table_one_column){0};
    DN_TRY(dn_alloc(&column->cells, table->capacity, sizeof *column->cells, "a table"));
    dn_status status = dn_strdup(name, &column->name);
    if (status != DN_OK) {
        free(column->cells);
        return status;
    }
    *out = table->columns++;
    return DN_OK;
}

dn_status dn_table_add_row(dn_table *table, size_t *out)
{
    if (table->rows == table->capacity) {
        size_t capacity = table->capacity * 2 + 16;
        DN_TRY(dn_realloc(&table->lines, capacity, sizeof *table->lines, "a table"));
        for (size_t c = 0; c < table->columns; ++c) {
            DN_TRY(dn_realloc(&table->column[c].cells, capacity, sizeof *table->column[c].cells, "a table"));
        }
        table->capacity = capacity;
    }
    for (size_t c = 0; c < table->columns; ++c) {
        table->column[c].cells[table->rows] = NULL;
    }
    table->lines[table->rows] = table->rows + 2;
    *out = table->rows++;
    return DN_OK;
}

dn_status dn_table_set_text(dn_table *table, size_t row, size_t column, const char *text)
{
    char *copy = NULL;
    if (text != NULL) {
        DN_TRY(dn_strdup(text, &copy));
    }
    free(table->column[column].cells[row]);
    table->column[column].cells[row] = copy;
    return DN_OK;
}

dn_status dn_table_set_number(dn_table *table, size_t row, size_t column, double value)
{
    char text[40];
    if (isnan(value)) {
        return dn_table_set_text(table, row, column, NULL);
    }
    if (isinf(value)) {
        DN_FAIL(DN_EINTERNAL, "an infinite number was made for %s, column %s", table->name, table->column[column].name);
    }
    for (int digits = 15; digits <= 17; ++digits) {
        snprintf(text, sizeof text, "%.*g", digits, value + 0.0);
        if (parse_c(text, NULL) == value) {
            break;
        }
    }
    return dn_table_set_text(table, row, column, strcmp(text, "-0") == 0 ? "0" : text);
}

static dn_status put_column(dn_table *table, const char *name, size_t *column)
{
    if (table->rows == 0) {
        DN_FAIL(DN_EINTERNAL, "%s: a cell was put into a table without rows", table->name);
    }
    *column = dn_table_find(table, name);
    return *column != DN_TABLE_NONE ? DN_OK : dn_table_add_column(table, name, column);
}

dn_status dn_table_put_text(dn_table *table, const char *column, const char *text)
{
    size_t c;
    DN_TRY(put_column(table, column, &c));
    return dn_table_set_text(table, table->rows - 1, c, text);
}

dn_status dn_table_put_number(dn_table *table, const char *column, double value)
{
    size_t c;
    DN_TRY(put_column(table, column, &c));
    return dn_table_set_number(table, table->rows - 1, c, value);
}

static dn_status write_cell(dn_file_writer *writer, const char *text, char separator)
{
    if (text == NULL) {
        return dn_file_printf(writer, "n/a");
    }
    /* A separator, a quote or a line end inside, a blank at an end, or text that would read as missing, needs quotes. */
    size_t length = strlen(text);
    char special[] = {separator, '"', '\n', '\r', '\0'};
    bool quote = text[strcspn(text, special)] != '\0' || length == 0 || text[0] == ' ' || text[length - 1] == ' ';
    if (!quote) {
        return dn_file_write(writer, text, length);
    }
    DN_TRY(dn_file_write(writer, "\"", 1));
    for (const char *p = text; *p != '\0'; ++p) {
        DN_TRY(dn_file_write(writer, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1));
    }
    return dn_file_write(writer, "\"", 1);
}

static dn_status write_rows(const dn_table *table, dn_file_writer *writer, char separator)
{
    for (size_t r = 0; r <= table->rows; ++r) {
        for (size_t c = 0; c < table->columns; ++c) {
            if (c > 0) {
                DN_TRY(dn_file_write(writer, &separator, 1));
            }
            DN_TRY(write_cell(writer, r == 0 ? table->column[c].name : table->column[c].cells[r - 1], separator));
        }
        DN_TRY(dn_file_write(writer, "\n", 1));
    }
    return DN_OK;
}

dn_status dn_table_write(const dn_table *table, const char *path)
{
    dn_file_writer writer;
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = write_rows(table, &writer, dn_path_has_extension(path, ".csv") ? ',' : '\t');
    if (status != DN_OK) {
        dn_file_discard(&writer);
        return status;
    }
    return dn_file_commit(&writer);
}
