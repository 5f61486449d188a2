/* Parsing of TSV and CSV. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "base/table_private.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE ((int64_t)256 << 20)

typedef struct reader {
    const char *name;
    const char *p, *end;
    size_t line;
    char separator;
    char *field; /* the last field, decoded; as large as the text, so that it always fits */
    bool quoted;
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
            DN_FAIL(DN_EFORMAT, "%s, line %zu: there is text behind a closing quote; write a quote inside a field twice (\"\")", r->name,
                    r->line);
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

static dn_status read_header(reader *r, dn_table *table)
{
    for (;;) {
        size_t column;
        char numbered[32];
        DN_TRY(read_field(r));
        const char *name = r->field;
        if (*name == '\0') {
            /* R and pandas leave the name of their row names empty. */
            snprintf(numbered, sizeof numbered, "column_%zu", table->columns + 1);
            name = numbered;
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
        DN_FAIL(DN_EFORMAT, "%s, line %zu has %zu field%s, but the header names %zu column%s; is a separator missing or too many?", r->name,
                line, c, c == 1 ? "" : "s", table->columns, table->columns == 1 ? "" : "s");
    }
    skip_line_end(r);
    return DN_OK;
}

/* Semicolons are the separator where the decimal comma is the custom. */
static void settle_decimal_commas(dn_table *table)
{
    bool commas = false;
    bool points = false;
    double value;
    for (size_t c = 0; c < table->columns; ++c) {
        for (size_t r = 0; r < table->rows; ++r) {
            const char *text = table->column[c].cells[r];
            if (text != NULL) {
                dn_number_form form = dn_number_form_of(text, &value);
                commas |= form == DN_FORM_COMMA;
                points |= form == DN_FORM_NUMBER && strchr(text, '.') != NULL;
            }
        }
    }
    table->mixed_commas = commas && points;
    if (!commas || points) {
        return;
    }
    for (size_t c = 0; c < table->columns; ++c) {
        for (size_t r = 0; r < table->rows; ++r) {
            char *text = table->column[c].cells[r];
            if (text != NULL && dn_number_form_of(text, &value) == DN_FORM_COMMA) {
                *strchr(text, ',') = '.';
            }
        }
    }
}

dn_status dn_table_parse(const char *text, size_t size, const char *name, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    reader r = {.name = name, .line = 1};
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    DN_TRY(check_text(text, size, name));
    r.p = text;
    r.end = text + size;
    while (r.p < r.end && at_line_end(&r)) {
        skip_line_end(&r);
    }
    if (r.p == r.end) {
        DN_FAIL(DN_EFORMAT, "%s is empty; the first line of a table names its columns", name);
    }
    r.separator = choose_separator(r.p, (size_t)(r.end - r.p), name);
    DN_TRY_GOTO(status, dn_alloc(&r.field, size + 1, 1, name), done);
    DN_TRY_GOTO(status, dn_table_create(name, &table), done);
    DN_TRY_GOTO(status, read_header(&r, table), done);
    while (r.p < r.end) {
        if (at_line_end(&r)) {
            skip_line_end(&r);
            continue;
        }
        DN_TRY_GOTO(status, read_row(&r, table), done);
    }
    if (r.separator == ';') {
        settle_decimal_commas(table);
    }
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
