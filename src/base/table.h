/* Tables of text cells: TSV and CSV in and out, numbers checked on the way, joins, and volumes gathered from scans.
 *
 * Reading: UTF-8 (a byte order mark is skipped), line ends LF, CRLF or CR, fields quoted as in RFC 4180, separated by tabs, or in a file
 * that is named .csv or has no tab in its first line by commas or semicolons, whichever the first line has more of. The first line
 * names the columns. Empty cells and n/a, NA, N/A, NaN, nan, NULL, null, #N/A and a lone point are missing: dn_table_text gives NULL for
 * them. Text is kept as it stands; it becomes a number only when someone asks for one.
 *
 * Decimal commas: "812,5" is a number only in a file separated by semicolons whose numbers all have one; in any other file, and beside
 * numbers with a point, it is refused with its place. Infinite numbers are refused. Nothing becomes 0 in silence.
 *
 * Messages name the file, the row as the file's line ("line 7") and the column. */
#ifndef DN_BASE_TABLE_H
#define DN_BASE_TABLE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_table dn_table;

#define DN_TABLE_NONE ((size_t)-1)

/* DN_EINPUT: cannot be read; DN_EFORMAT: no header, not UTF-8, two columns of one name, a line with too many or too few fields, an
 * open quote. *out is owned by the caller (dn_table_destroy). */
DN_CHECKED dn_status dn_table_read(const char *path, dn_table **out);
/* The same from memory; name stands for the file in messages and decides (.csv, .tsv) as a file's would. */
DN_CHECKED dn_status dn_table_parse(const char *text, size_t size, const char *name, dn_table **out);
/* No rows, no columns. name: what messages call it. */
DN_CHECKED dn_status dn_table_create(const char *name, dn_table **out);
void dn_table_destroy(dn_table *table);

const char *dn_table_name(const dn_table *table);
size_t dn_table_rows(const dn_table *table);
size_t dn_table_columns(const dn_table *table);
const char *dn_table_column_name(const dn_table *table, size_t column);
/* Line of the file that row (from 0) came from; row + 2 in a table that was made here. */
size_t dn_table_line(const dn_table *table, size_t row);
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
/* DN_EDATA when two rows have the same text in all of the count columns, or one has none in the first: names both lines. */
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

/* Joins on the column key, which both have and which is unique in right; left keeps its order. Rows of left without a match are
 * dropped, as are rows of right; their keys are told to the caller in *unmatched (NULL: not wanted) as one text "sub-03, sub-07" (25 names,
 * then "and 12 more"), owned by the caller, NULL when all matched. A column that both have besides key comes from left and must agree where
 * both have a value, else DN_EDATA. Keys match with and without BIDS's "sub-". DN_EDATA when no row matches. */
DN_CHECKED dn_status dn_table_join(const dn_table *left, const dn_table *right, const char *key, dn_table **out, char **unmatched);

/* Gathers `*_volumes.tsv` files of `dien segment` (columns structure, hemi, volume_mm3, ...) into one wide table: one row a file, the
 * columns participant_id ("sub-01", from the file's name), session where a name has ses-, and one volume column a structure and side named
 * structure (whole, hemi n/a or B) or structure_L, structure_R. A structure with both sides but no
 * whole gets their sum. DN_EDATA when two files are of one participant and session. */
DN_CHECKED dn_status dn_table_gather_volumes(const char *const *paths, size_t count, dn_table **out);

/* Rows for which keep(user, table, row) is true, in order. *out owned by the caller. */
DN_CHECKED dn_status dn_table_filter(const dn_table *table, bool (*keep)(void *user, const dn_table *table, size_t row), void *user,
                                     dn_table **out);

/* Atomic. Comma-separated and quoted at need when path ends in .csv, else tab-separated; missing cells as n/a. */
DN_CHECKED dn_status dn_table_write(const dn_table *table, const char *path);

#endif
