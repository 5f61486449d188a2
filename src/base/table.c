/* Tables in memory: columns, cells, units, the search for a column by name, and the check that ids occur once. Reading is in
 * table_read.c, numbers are in table_number.c. */
#define _GNU_SOURCE
#include "base/table.h"
#include "base/text.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/table_private.h"
#include "base/words.h"

#include <math.h>
#include <stdint.h>
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

static void release_column(const dn_table *table, dn_table_one_column *column)
{
    for (size_t r = 0; r < table->rows; ++r) {
        free(column->cells[r]);
    }
    free(column->cells);
    free(column->name);
    free(column->unit);
}

void dn_table_destroy(dn_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t c = 0; c < table->columns; ++c) {
        release_column(table, &table->column[c]);
    }
    for (size_t r = 0; table->sources != NULL && r < table->rows; ++r) {
        free(table->sources[r]);
    }
    free(table->sources);
    free(table->column);
    free(table->slots);
    free(table->lines);
    free(table->comma);
    free(table->facts.comma_of_three);
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

const char *dn_table_source(const dn_table *table, size_t row)
{
    return table->sources != NULL ? table->sources[row] : NULL;
}

dn_status dn_table_set_source(dn_table *table, size_t row, const char *path)
{
    char *copy = NULL;
    if (table->sources == NULL) {
        DN_TRY(dn_alloc(&table->sources, table->capacity, sizeof *table->sources, "a table"));
    }
    if (path != NULL) {
        DN_TRY(dn_strdup(path, &copy));
    }
    free(table->sources[row]);
    table->sources[row] = copy;
    return DN_OK;
}

const dn_table_facts *dn_table_facts_of(const dn_table *table)
{
    return &table->facts;
}

const char *dn_table_unit(const dn_table *table, size_t column)
{
    return table->column[column].unit;
}

dn_status dn_table_set_unit(dn_table *table, size_t column, const char *unit)
{
    char *copy = NULL;
    if (unit != NULL) {
        DN_TRY(dn_strdup(unit, &copy));
    }
    free(table->column[column].unit);
    table->column[column].unit = copy;
    return DN_OK;
}

/* ---- columns by name: a file may have a hundred thousand ---- */

/* Where name is, or the free slot where it would go. slot_count is a power of two and never full. */
static size_t slot_of(const dn_table *table, const char *name)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; ++p) {
        hash = (hash ^ *p) * 1099511628211u;
    }
    size_t slot = (size_t)(hash ^ (hash >> 29)) & (table->slot_count - 1);
    while (table->slots[slot] != 0 && strcmp(table->column[table->slots[slot] - 1].name, name) != 0) {
        slot = (slot + 1) & (table->slot_count - 1);
    }
    return slot;
}

/* Room for one more name. */
static dn_status grow_slots(dn_table *table)
{
    if (2 * (table->columns + 1) <= table->slot_count) {
        return DN_OK;
    }
    size_t *slots = NULL;
    size_t count = table->slot_count > 0 ? 2 * table->slot_count : 16;
    DN_TRY(dn_alloc(&slots, count, sizeof *slots, "a table"));
    free(table->slots);
    table->slots = slots;
    table->slot_count = count;
    for (size_t c = 0; c < table->columns; ++c) {
        table->slots[slot_of(table, table->column[c].name)] = c + 1;
    }
    return DN_OK;
}

size_t dn_table_find(const dn_table *table, const char *name)
{
    size_t found = table->slot_count > 0 ? table->slots[slot_of(table, name)] : 0;
    return found > 0 ? found - 1 : DN_TABLE_NONE;
}

dn_status dn_table_column(const dn_table *table, const char *name, size_t *out)
{
    *out = dn_table_find(table, name);
    if (*out != DN_TABLE_NONE) {
        return DN_OK;
    }
    const char **all = NULL;
    char names[1024] = "";
    size_t used = 0;
    bool cut = false;
    DN_TRY(dn_alloc(&all, table->columns + 1, sizeof *all, "names of columns"));
    for (size_t c = 0; c < table->columns; ++c) {
        all[c] = table->column[c].name;
        cut = cut || used + strlen(all[c]) + 8 >= sizeof names;
        if (!cut) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", c ? ", " : "", all[c]);
        }
    }
    if (cut) {
        snprintf(names + used, sizeof names - used, "%s...", used > 0 ? ", " : "");
    }
    const char *nearest = dn_nearest_name(name, all);
    free(all);
    if (table->columns == 0) {
        DN_FAIL(DN_EDATA, "%s has no column \"%s\"; it has no columns at all", table->name, name);
    }
    if (nearest != NULL) {
        DN_FAIL(DN_EDATA, "%s has no column \"%s\"; did you mean \"%s\"? Its columns are: %s", table->name, name, nearest, names);
    }
    DN_FAIL(DN_EDATA, "%s has no column \"%s\"; its columns are: %s", table->name, name, names);
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

/* Lines say where in a file, but nothing of rows that are files. */
static dn_status is_twice(const dn_table *table, const char *text, size_t a, size_t b)
{
    if (dn_table_source(table, a) != NULL && dn_table_source(table, b) != NULL) {
        DN_FAIL(DN_EDATA, "%s occurs twice, in %s and in %s; keep one of them", text, table->sources[a], table->sources[b]);
    }
    DN_FAIL(DN_EDATA, "%s: %s occurs twice, on lines %zu and %zu; keep one of them", table->name, text, table->lines[a], table->lines[b]);
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
            status = is_twice(table, text, keys[r - 1].row, keys[r].row);
            goto done;
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
    DN_TRY(grow_slots(table));
    if (table->columns == table->column_capacity) {
        size_t capacity = table->column_capacity * 2 + 8;
        DN_TRY(dn_realloc(&table->column, capacity, sizeof *table->column, "a table"));
        table->column_capacity = capacity;
    }
    dn_table_one_column *column = &table->column[table->columns];
    *column = (dn_table_one_column){0};
    DN_TRY(dn_alloc(&column->cells, table->capacity, sizeof *column->cells, "a table"));
    dn_status status = dn_strdup(name, &column->name);
    if (status != DN_OK) {
        free(column->cells);
        return status;
    }
    table->slots[slot_of(table, name)] = table->columns + 1;
    *out = table->columns++;
    return DN_OK;
}

void dn_table_keep_columns(dn_table *table, size_t count)
{
    if (count >= table->columns) {
        return;
    }
    while (table->columns > count) {
        release_column(table, &table->column[--table->columns]);
    }
    /* A free slot in the middle would hide names behind it: all are made again. */
    memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    for (size_t c = 0; c < count; ++c) {
        table->slots[slot_of(table, table->column[c].name)] = c + 1;
    }
}

dn_status dn_table_add_row(dn_table *table, size_t *out)
{
    if (table->rows == table->capacity) {
        size_t capacity = table->capacity * 2 + 16;
        DN_TRY(dn_realloc(&table->lines, capacity, sizeof *table->lines, "a table"));
        for (size_t c = 0; c < table->columns; ++c) {
            DN_TRY(dn_realloc(&table->column[c].cells, capacity, sizeof *table->column[c].cells, "a table"));
        }
        if (table->sources != NULL) {
            DN_TRY(dn_realloc(&table->sources, capacity, sizeof *table->sources, "a table"));
        }
        table->capacity = capacity;
    }
    for (size_t c = 0; c < table->columns; ++c) {
        table->column[c].cells[table->rows] = NULL;
    }
    if (table->sources != NULL) {
        table->sources[table->rows] = NULL;
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
        if (dn_number_parse(text, NULL) == value) {
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
    return dn_file_end(&writer, status);
}
