/* Tables of text cells: TSV and CSV in and out, numbers checked on the way. Joins, and volumes gathered from scans: study/.
 *
 * Reading: UTF-8 (a byte order mark is skipped), line ends LF, CRLF or CR, fields quoted as in RFC 4180, separated by tabs, or in a file
 * that is named .csv or has no tab in its first line by commas or semicolons, whichever the first line has more of. The first line
 * names the columns; a line "sep=;" before it names the separator. Rows of empty fields are skipped, and so are columns without name and
 * without a cell at the end. Empty cells and n/a, NA, N/A, NaN, nan, NULL, null, #N/A and a single point are missing: dn_table_text gives
 * NULL for them. Text is kept as it stands; it becomes a number only when someone asks for one.
 *
 * Decimal commas: "812,5" is a number only in a file separated by semicolons whose numbers all have one; in any other file, and beside
 * numbers with a point, it is refused with its place. So is "7.411" in a column where every point may separate thousands, when the file has
 * decimal commas elsewhere. Infinite numbers are refused. No cell becomes 0 without a message.
 *
 * Messages name the file, the row as the file's line ("line 7") and the column. */
#ifndef DN_BASE_TABLE_H
#define DN_BASE_TABLE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_table dn_table;

/* What the reader skipped, to be shown to the user. */
typedef struct dn_table_facts {
    size_t empty_rows, empty_line; /* rows without any cell, skipped; line of the first one */
    size_t line_after_empty;       /* of the first row that follows an empty one; 0: none does */
    char *comma_of_three;          /* "thalamus, 7,411 on line 2": read as a decimal comma, could separate thousands; NULL: none */
} dn_table_facts;

#define DN_TABLE_NONE ((size_t)-1)

/* DN_EINPUT: cannot be read; DN_EFORMAT: no header, not UTF-8, two columns of one name, a line with too many or too few fields, an
 * open quote; DN_ECANCELLED. *out is owned by the caller (dn_table_destroy). */
DN_CHECKED dn_status dn_table_read(const char *path, dn_table **out);
/* The same from memory; name stands for the file in messages and decides (.csv, .tsv) as a file's would. */
DN_CHECKED dn_status dn_table_parse(const char *text, size_t size, const char *name, dn_table **out);
/* No rows, no columns. name: what messages call it. */
DN_CHECKED dn_status dn_table_create(const char *name, dn_table **out);
void dn_table_destroy(dn_table *table);

/* The name that messages use, usually the path; rows without the head line; columns. Borrowed. */
const char *dn_table_name(const dn_table *table);
size_t dn_table_rows(const dn_table *table);
size_t dn_table_columns(const dn_table *table);
const char *dn_table_column_name(const dn_table *table, size_t column);
/* Line of the file that row (from 0) came from; row + 2 in a table that was made here. */
size_t dn_table_line(const dn_table *table, size_t row);
/* File that a row came from when it is not the table's own (rows gathered from many files); else NULL. */
const char *dn_table_source(const dn_table *table, size_t row);
DN_CHECKED dn_status dn_table_set_source(dn_table *table, size_t row, const char *path);
const dn_table_facts *dn_table_facts_of(const dn_table *table);
/* Unit of a column's numbers ("mm3"); NULL: the table does not know. unit is copied. */
const char *dn_table_unit(const dn_table *table, size_t column);
DN_CHECKED dn_status dn_table_set_unit(dn_table *table, size_t column, const char *unit);
/* NULL: missing. Borrowed from the table until the cell is set or the table goes. */
const char *dn_table_text(const dn_table *table, size_t row, size_t column);

/* DN_TABLE_NONE when there is none; the name must match exactly. */
size_t dn_table_find(const dn_table *table, const char *name);
/* DN_EDATA when there is none: the sentence names the nearest name and the columns there are. */
DN_CHECKED dn_status dn_table_column(const dn_table *table, const char *name, size_t *out);

/* One number. Missing gives NaN (the caller names the omission); DN_EDATA for text, a decimal comma, an infinity. */
DN_CHECKED dn_status dn_table_number(const dn_table *table, size_t row, size_t column, double *out);
/* A whole column, rows numbers, NaN where missing; owned by the caller (free). Also refuses decimal commas beside points. */
DN_CHECKED dn_status dn_table_numbers(const dn_table *table, size_t column, double **out);
/* Whether every cell that is not missing is a number, and at least one is. */
bool dn_table_is_numeric(const dn_table *table, size_t column);
/* Whether a cell is there and is no number, nor one in a form that is refused (decimal comma, thousands, infinity). */
bool dn_table_is_text(const dn_table *table, size_t row, size_t column);
/* DN_EDATA when two rows have the same text in all of the count columns, or one has none in the first: names both lines, or files. */
DN_CHECKED dn_status dn_table_check_unique(const dn_table *table, const size_t *columns, size_t count);

/* Growing. Columns first or later: new cells are missing. */
DN_CHECKED dn_status dn_table_add_column(dn_table *table, const char *name, size_t *out);
DN_CHECKED dn_status dn_table_add_row(dn_table *table, size_t *out);
/* NULL: missing. The text is copied. */
DN_CHECKED dn_status dn_table_set_text(dn_table *table, size_t row, size_t column, const char *text);
/* The shortest text that reads back as the same double; NaN is missing, an infinity DN_EINTERNAL. */
DN_CHECKED dn_status dn_table_set_number(dn_table *table, size_t row, size_t column, double value);
/* Adds the column at need, and sets the cell of the last row: to write a row name by name. */
DN_CHECKED dn_status dn_table_put_text(dn_table *table, const char *column, const char *text);
DN_CHECKED dn_status dn_table_put_number(dn_table *table, const char *column, double value);

/* No rows, and the columns of like with what is known of each. name: NULL: that of like. */
DN_CHECKED dn_status dn_table_create_like(const dn_table *like, const char *name, dn_table **out);
/* A column with name, unit and doubts of another table's; no cells. */
DN_CHECKED dn_status dn_table_add_column_like(dn_table *table, const dn_table *like, size_t column, size_t *out);
/* Adds a row of from, whose columns are the first ones of to, in the same order, with its line and source. */
DN_CHECKED dn_status dn_table_add_row_of(dn_table *to, const dn_table *from, size_t row, size_t *out);
/* Row i becomes what row order[i] was; order: a permutation. */
DN_CHECKED dn_status dn_table_reorder(dn_table *table, const size_t *order);
/* Rows for which keep(user, table, row) is true, in order. *out owned by the caller. */
DN_CHECKED dn_status dn_table_filter(const dn_table *table, bool (*keep)(void *user, const dn_table *table, size_t row), void *user,
                                     dn_table **out);

/* Atomic. Comma-separated and quoted at need when path ends in .csv, else tab-separated; missing cells as n/a. */
DN_CHECKED dn_status dn_table_write(const dn_table *table, const char *path);

#endif
