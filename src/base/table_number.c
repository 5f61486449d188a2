/* Cells as numbers: which texts are numbers, which are ambiguous, and the message for each of these. */
#include "base/memory.h"
#include "base/table_private.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

bool dn_number_of_three(const char *text, char separator)
{
    const char *p = text + (*text == '+' || *text == '-');
    size_t whole = digits(p);
    return whole >= 1 && whole <= 3 && *p != '0' && p[whole] == separator && digits(p + whole + 1) == 3 && p[whole + 4] == '\0';
}

/* "1.428.059", "1'428'059,5", "1 428 059": groups of three behind a separator that is not a comma, and perhaps a decimal comma. */
static bool has_groups(const char *p)
{
    size_t whole = digits(p);
    char separator = p[whole];
    size_t groups = 0;
    if (whole < 1 || whole > 3 || separator == '\0' || strchr(".' ", separator) == NULL) {
        return false;
    }
    for (p += whole; *p == separator && digits(p + 1) == 3; p += 4) {
        ++groups;
    }
    bool comma = *p == ',' && digits(p + 1) > 0 && p[1 + digits(p + 1)] == '\0';
    return (*p == '\0' && groups > (separator == '.' ? 1 : 0)) || (comma && groups > 0);
}

dn_number_form dn_number_form_of(const char *text, double *value)
{
    /* Only these letters: strtod alone would take "inf", "0x1p3" and "nan(7)". */
    size_t length = strlen(text);
    size_t plain = strspn(text, "0123456789+-.eE");
    const char *p = text + strspn(text, "+-");
    if (length > 0 && plain == length) {
        char *end = NULL;
        double x = dn_number_parse(text, &end);
        if (end == text + length) {
            if (!isfinite(x)) {
                return DN_FORM_INFINITE;
            }
            *value = x;
            return DN_FORM_NUMBER;
        }
        return has_groups(p) ? DN_FORM_THOUSANDS : DN_FORM_TEXT;
    }
    if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0) {
        return DN_FORM_INFINITE;
    }
    /* One comma between digits, and nothing that a number with a point could not have in its place. */
    size_t whole = digits(p);
    if (p[whole] == ',') {
        size_t fraction = digits(p + whole + 1);
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
    return has_groups(p) ? DN_FORM_THOUSANDS : DN_FORM_TEXT;
}

static bool has_points(const dn_table *table)
{
    double value;
    for (size_t c = 0; c < table->columns; ++c) {
        for (size_t r = 0; r < table->rows; ++r) {
            const char *text = table->column[c].cells[r];
            if (text != NULL && strchr(text, '.') != NULL && dn_number_form_of(text, &value) == DN_FORM_NUMBER) {
                return true;
            }
        }
    }
    return false;
}

/* "76,3", "7,411" */
static dn_status comma_refused(const dn_table *table, size_t row, size_t column)
{
    const char *text = table->column[column].cells[row], *name = table->column[column].name, *comma = strchr(text, ',');
    int whole = (int)(comma - text);
    size_t line = table->lines[row];
    if (dn_number_of_three(text, ',')) {
        DN_FAIL(DN_EDATA,
                "%s, line %zu, column %s: does the comma of \"%s\" separate thousands (%.*s%s) or decimals (%.*s.%s)? %sWrite the column "
                "as one "
                "of the two",
                table->name, line, name, text, whole, text, comma + 1, whole, text, comma + 1,
                has_points(table) ? "Other numbers of the file have decimal points, so it probably separates thousands. " : "");
    }
    if (table->mixed_commas) {
        DN_FAIL(DN_EDATA,
                "%s, line %zu, column %s: \"%s\" has a decimal comma, but other numbers of the file have a point; write all of them "
                "with a point",
                table->name, line, name, text);
    }
    DN_FAIL(DN_EDATA, "%s, line %zu, column %s: \"%s\" has a comma instead of a decimal point; write it as %.*s.%s", table->name, line,
            name, text, whole, text, comma + 1);
}

static dn_status not_a_number(const dn_table *table, size_t row, size_t column, dn_number_form form)
{
    const char *text = table->column[column].cells[row];
    const char *name = table->column[column].name;
    size_t line = table->lines[row];
    switch (form) {
    case DN_FORM_COMMA:
        return comma_refused(table, row, column);
    case DN_FORM_THOUSANDS:
        DN_FAIL(DN_EDATA, "%s, line %zu, column %s: \"%s\" has thousands separators; write it without them", table->name, line, name, text);
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
    if (form != DN_FORM_NUMBER) {
        return not_a_number(table, row, column, form);
    }
    if (table->column[column].doubtful_points && strchr(text, '.') != NULL) {
        const char *point = strchr(text, '.');
        DN_FAIL(
            DN_EDATA,
            "%s, line %zu, column %s: does the point of \"%s\" separate thousands (%.*s%s) or decimals? Decimals have a comma elsewhere in "
            "the file: %s. Write all decimals with a point and thousands without one",
            table->name, table->lines[row], table->column[column].name, text, (int)(point - text), text, point + 1,
            table->comma != NULL ? table->comma : "another column");
    }
    return DN_OK;
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
