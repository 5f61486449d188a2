/* Parses TSV and CSV (quotes as in RFC 4180). */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/table_private.h"
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LARGEST_FILE ((int64_t)256 << 20)

enum { FIELDS_BETWEEN_CHECKS = 16384 };

typedef struct reader {
    const char *name;
    const char *p, *end;
    size_t line;
    char separator;
    char *field; /* the last field, decoded; as large as the text, so that it always fits */
    bool quoted;
    size_t fields; /* read so far */
} reader;

static dn_status check_text(const char *text, size_t size, const char *name)
{
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *end = p + size;
    size_t line = 1;
    if (size >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF))) {
        DN_FAIL(DN_EFORMAT, "%s is text in UTF-16; save it as UTF-8", name);
    }
    if (size >= 4 && memcmp(text, "PK\003\004", 4) == 0) {
        DN_FAIL(DN_EFORMAT, "%s is a spreadsheet or an archive, not a table in text; export it as TSV or CSV", name);
    }
    while (p < end) {
        size_t n = dn_text_character((const char *)p, (size_t)(end - p));
        if (*p == '\0') {
            DN_FAIL(DN_EFORMAT, "%s, line %zu: there is a zero byte; this is not a table in text", name, line);
        }
        if (n == 0) {
            DN_FAIL(DN_EFORMAT, "%s, line %zu: the text is not UTF-8; save the table as UTF-8", name, line);
        }
        line += *p == '\n';
        p += n;
    }
    return DN_OK;
}

/* Tabs win; commas and semicolons count only where the file has no tab in its first line, or is a .csv. */
static char choose_separator(const char *text, size_t size, const char *name)
{
    size_t tabs = 0;
    size_t commas = 0;
    size_t semicolons = 0;
    bool quoted = false;
    for (size_t i = 0; i < size && (quoted || (text[i] != '\n' && text[i] != '\r')); ++i) {
        quoted ^= text[i] == '"';
        tabs += !quoted && text[i] == '\t';
        commas += !quoted && text[i] == ',';
        semicolons += !quoted && text[i] == ';';
    }
    if (tabs > 0 && (!dn_path_has_extension(name, ".csv") || commas + semicolons == 0)) {
        return '\t';
    }
    if (semicolons > commas) {
        return ';';
    }
    return commas > 0 ? ',' : '\t';
}

/* Excel's "sep=;" as the first line: the separator, and *skip bytes to the end of what it is; 0: there is none. */
static char told_separator(const char *text, size_t size, size_t *skip)
{
    size_t quote = size > 0 && text[0] == '"';
    if (size < 2 * quote + 5 || strncasecmp(text + quote, "sep=", 4) != 0) {
        return '\0';
    }
    char separator = text[quote + 4];
    size_t end = quote + 5;
    if (quote != 0 && text[end] == '"') {
        ++end;
    }
    /* Excel may have filled the line up with separators. */
    while (end < size && text[end] == separator) {
        ++end;
    }
    if ((end < size && text[end] != '\n' && text[end] != '\r') || strchr(",;\t|", separator) == NULL) {
        return '\0';
    }
    *skip = end;
    return separator;
}

static bool at_line_end(const reader *r)
{
    return r->p == r->end || *r->p == '\n' || *r->p == '\r';
}

static void skip_line_end(reader *r)
{
    if (r->p < r->end && *r->p == '\r') {
        r->p++;
        if (r->p < r->end && *r->p == '\n') {
            r->p++;
        }
    } else if (r->p < r->end) {
        r->p++;
    }
    r->line++;
}

/* Reads one field into r->field; leaves p on the separator or the line end. */
static dn_status read_field(reader *r)
{
    size_t n = 0;
    if (r->fields++ % FIELDS_BETWEEN_CHECKS == 0) {
        DN_TRY(dn_cancel_check());
    }
    while (!at_line_end(r) && *r->p == ' ') {
        r->p++;
    }
    r->quoted = r->p < r->end && *r->p == '"';
    if (r->quoted) {
        size_t opened = r->line;
        r->p++;
        for (;;) {
            if (r->p == r->end) {
                DN_FAIL(DN_EFORMAT, "%s, line %zu: a quote (\") is opened and never closed", r->name, opened);
            }
            if (*r->p == '"') {
                r->p++;
                if (r->p == r->end || *r->p != '"') {
                    break;
                }
            }
            r->line += *r->p == '\n';
            r->field[n++] = *r->p++;
        }
        while (!at_line_end(r) && *r->p == ' ' && r->separator != ' ') {
            r->p++;
        }
        if (!at_line_end(r) && *r->p != r->separator) {
            DN_FAIL(DN_EFORMAT, "%s, line %zu: there is text after a closing quote; a quote inside a field has to be written twice (\"\")",
                    r->name, r->line);
        }
    } else {
        while (!at_line_end(r) && *r->p != r->separator) {
            r->field[n++] = *r->p++;
        }
        while (n > 0 && r->field[n - 1] == ' ') {
            --n;
        }
    }
    r->field[n] = '\0';
    return DN_OK;
}

static bool is_missing(const char *text)
{
    static const char *const words[] = {"", "n/a", "N/A", "NA", "na", "NaN", "nan", "NAN", "null", "NULL", "#N/A", "."};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* *named: columns up to the last one that has a name of its own. */
static dn_status read_header(reader *r, dn_table *table, size_t *named)
{
    *named = 0;
    for (;;) {
        size_t column;
        char numbered[32];
        DN_TRY(read_field(r));
        const char *name = r->field;
        if (*name == '\0') {
            /* R and pandas leave the name of their row names empty. */
            snprintf(numbered, sizeof numbered, "column_%zu", table->columns + 1);
            name = numbered;
        } else {
            *named = table->columns + 1;
        }
        DN_TRY(dn_table_add_column(table, name, &column));
        if (at_line_end(r)) {
            break;
        }
        r->p++;
    }
    skip_line_end(r);
    return DN_OK;
}

/* Nothing but separators, blanks and empty quotes up to the line's end: a spreadsheet's leftover. */
static bool is_empty_row(const reader *r)
{
    const char *p = r->p;
    bool separated = false; /* one column: "" is its missing cell */
    while (p < r->end && *p != '\n' && *p != '\r') {
        bool quotes = *p == '"' && p + 1 < r->end && p[1] == '"' && (p + 2 == r->end || p[2] != '"');
        if (*p != r->separator && *p != ' ' && !quotes) {
            return false;
        }
        separated |= *p == r->separator;
        p += quotes ? 2 : 1;
    }
    return separated;
}

static void skip_empty_row(reader *r, dn_table *table)
{
    table->facts.empty_line = table->facts.empty_rows == 0 ? r->line : table->facts.empty_line;
    table->facts.empty_rows++;
    while (!at_line_end(r)) {
        r->p++;
    }
    skip_line_end(r);
}

static dn_status read_row(reader *r, dn_table *table)
{
    size_t row;
    size_t line = r->line;
    size_t c = 0;
    DN_TRY(dn_table_add_row(table, &row));
    table->lines[row] = line;
    for (;;) {
        DN_TRY(read_field(r));
        if (c < table->columns) {
            DN_TRY(dn_table_set_text(table, row, c, !is_missing(r->field) ? r->field : NULL));
        }
        ++c;
        if (at_line_end(r)) {
            break;
        }
        r->p++;
    }
    if (c != table->columns) {
        DN_FAIL(DN_EFORMAT,
                "%s, line %zu has %zu field%s, but the header names %zu column%s; is a separator missing, or is there one too many?",
                r->name, line, c, c == 1 ? "" : "s", table->columns, table->columns == 1 ? "" : "s");
    }
    if (table->facts.empty_rows > 0 && table->facts.line_after_empty == 0) {
        table->facts.line_after_empty = line;
    }
    skip_line_end(r);
    return DN_OK;
}

static bool is_empty_column(const dn_table *table, size_t column)
{
    for (size_t r = 0; r < table->rows; ++r) {
        if (table->column[column].cells[r] != NULL) {
            return false;
        }
    }
    return true;
}

/* Columns at the end that have neither a name nor a cell: what a spreadsheet leaves of a format. named: how many have names of their own
 * up to the last of these. */
static void drop_empty_columns(dn_table *table, size_t named)
{
    size_t kept = table->columns;
    while (kept > named && kept > 1 && is_empty_column(table, kept - 1)) {
        --kept;
    }
    dn_table_keep_columns(table, kept);
}

/* What the commas and points of a column's numbers are. */
typedef struct signs {
    size_t commas, comma_three, points, point_three, others; /* *_three: could separate thousands; others: texts */
    size_t comma_row;                                        /* of the first decimal comma */
} signs;

static signs signs_of(const dn_table *table, size_t column)
{
    signs s = {0};
    double value;
    for (size_t r = 0; r < table->rows; ++r) {
        const char *text = table->column[column].cells[r];
        if (text == NULL) {
            continue;
        }
        dn_number_form form = dn_number_form_of(text, &value);
        if (form == DN_FORM_COMMA) {
            s.comma_row = s.commas == 0 ? r : s.comma_row;
            s.commas++;
            s.comma_three += dn_number_of_three(text, ',');
        } else if (form == DN_FORM_NUMBER && strchr(text, '.') != NULL) {
            s.points++;
            s.point_three += dn_number_of_three(text, '.');
        } else if (form == DN_FORM_TEXT) {
            s.others++;
        }
    }
    return s;
}

/* A column of decimal commas, of which at least one is none of thousands, makes points of three digits elsewhere doubtful. */
static dn_status settle_points(dn_table *table)
{
    for (size_t c = 0; c < table->columns && table->comma == NULL; ++c) {
        signs s = signs_of(table, c);
        if (s.commas > s.comma_three && s.commas > s.others) {
            DN_TRY(dn_asprintf(&table->comma, "%s (line %zu, column %s)", table->column[c].cells[s.comma_row], table->lines[s.comma_row],
                               table->column[c].name));
        }
    }
    for (size_t c = 0; c < table->columns && table->comma != NULL; ++c) {
        signs s = signs_of(table, c);
        table->column[c].doubtful_points = s.points > 0 && s.points == s.point_three && s.others == 0;
    }
    return DN_OK;
}

/* Semicolons are the separator where the decimal comma is the custom. */
static dn_status settle_decimal_commas(dn_table *table)
{
    size_t commas = 0;
    size_t three = 0;
    size_t points = 0;
    size_t doubtful = DN_TABLE_NONE; /* a column whose commas all could separate thousands */
    double value;
    for (size_t c = 0; c < table->columns; ++c) {
        signs s = signs_of(table, c);
        commas += s.commas;
        three += s.comma_three;
        points += s.points;
        doubtful = s.commas > 0 && s.commas == s.comma_three && doubtful == DN_TABLE_NONE ? c : doubtful;
    }
    table->mixed_commas = commas > 0 && points > 0;
    if (commas == 0 || points > 0) {
        return DN_OK;
    }
    if (commas == three) {
        size_t row = signs_of(table, doubtful).comma_row;
        DN_TRY(dn_asprintf(&table->facts.comma_of_three, "column %s, \"%s\" on line %zu", table->column[doubtful].name,
                           table->column[doubtful].cells[row], table->lines[row]));
    }
    for (size_t c = 0; c < table->columns; ++c) {
        for (size_t r = 0; r < table->rows; ++r) {
            char *text = table->column[c].cells[r];
            if (text != NULL && dn_number_form_of(text, &value) == DN_FORM_COMMA) {
                *strchr(text, ',') = '.';
            }
        }
    }
    return DN_OK;
}

static void skip_empty_lines(reader *r)
{
    while (r->p < r->end && at_line_end(r)) {
        skip_line_end(r);
    }
}

/* Skips what stands before the header, and finds the separator. */
static dn_status begin(reader *r)
{
    size_t skip = 0;
    skip_empty_lines(r);
    char told = told_separator(r->p, (size_t)(r->end - r->p), &skip);
    r->p += skip;
    skip_empty_lines(r);
    if (r->p == r->end) {
        DN_FAIL(DN_EFORMAT, "%s is empty; the first line of a table names its columns", r->name);
    }
    r->separator = told != '\0' ? told : choose_separator(r->p, (size_t)(r->end - r->p), r->name);
    return DN_OK;
}

dn_status dn_table_parse(const char *text, size_t size, const char *name, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    reader r = {.name = name, .line = 1};
    size_t named;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    DN_TRY(check_text(text, size, name));
    r.p = text;
    r.end = text + size;
    DN_TRY(begin(&r));
    DN_TRY_GOTO(status, dn_alloc(&r.field, size + 1, 1, name), done);
    DN_TRY_GOTO(status, dn_table_create(name, &table), done);
    DN_TRY_GOTO(status, read_header(&r, table, &named), done);
    while (r.p < r.end) {
        if (at_line_end(&r)) {
            skip_line_end(&r);
        } else if (is_empty_row(&r)) {
            skip_empty_row(&r, table);
        } else {
            DN_TRY_GOTO(status, read_row(&r, table), done);
        }
    }
    drop_empty_columns(table, named);
    if (r.separator == ';') {
        DN_TRY_GOTO(status, settle_decimal_commas(table), done);
    }
    DN_TRY_GOTO(status, settle_points(table), done);
    *out = table;
    table = NULL;
done:
    dn_table_destroy(table);
    free(r.field);
    return status;
}

dn_status dn_table_read(const char *path, dn_table **out)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    DN_TRY(dn_file_read(path, LARGEST_FILE, &bytes, &size));
    dn_status status = dn_table_parse((const char *)bytes, size, path, out);
    free(bytes);
    return status;
}
