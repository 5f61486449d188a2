/* The checks of ages, codes for "missing", units and covariates; limits.h has their limits. */
#define _GNU_SOURCE
#include "study/tables/table_check.h"

#include "base/memory.h"
#include "stats/normative.h"
#include "study/groups/group_analysis.h"
#include "study/tables/check_texts.h"
#include "study/tables/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct checking {
    const dn_table *table;
    size_t id; /* column or DN_TABLE_NONE */
    dn_remarks *remarks;
} checking;

/* "sub-01", or "line 7" in text. */
static const char *person(const checking *it, size_t row, char text[32])
{
    const char *name = it->id != DN_TABLE_NONE ? dn_table_text(it->table, row, it->id) : NULL;
    snprintf(text, 32, "line %zu", dn_table_line(it->table, row));
    return name != NULL ? name : text;
}

/* A column as numbers; *out is NULL for one that is none (the statistic itself refuses it). */
static dn_status numbers_of(const dn_table *table, size_t column, double **out)
{
    *out = NULL;
    if (!dn_table_is_numeric(table, column)) {
        return DN_OK;
    }
    dn_status status = dn_table_numbers(table, column, out);
    if (status == DN_EDATA) {
        dn_error_clear();
        *out = NULL;
        status = DN_OK;
    }
    return status;
}

/* Sorted, without what is missing; *n of them. Owned by the caller. */
static int compare_numbers(const void *pa, const void *pb)
{
    double a = *(const double *)pa;
    double b = *(const double *)pb;
    return (a > b) - (a < b);
}

static dn_status sorted_of(const double *numbers, size_t rows, double **out, size_t *n)
{
    *n = 0;
    DN_TRY(dn_alloc(out, rows, sizeof **out, "numbers"));
    for (size_t r = 0; r < rows; ++r) {
        if (!isnan(numbers[r])) {
            (*out)[(*n)++] = numbers[r];
        }
    }
    qsort(*out, *n, sizeof **out, compare_numbers);
    return DN_OK;
}

/* Names of rows for which odd(numbers[r]) holds, with the cell as it stands. */
typedef bool (*is_odd)(double value, const double limits[2]);

static bool is_outside(double value, const double limits[2])
{
    return value < limits[0] || value > limits[1];
}

static bool is_code(double value, const double limits[2])
{
    static const double codes[] = {DN_MISSING_CODES};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; ++i) {
        if (value >= codes[i] && value <= codes[i]) {
            return is_outside(value, limits);
        }
    }
    return false;
}

static dn_status list_odd(const checking *it, const char *code, const double *numbers, size_t column, is_odd odd, const double limits[2],
                          dn_list *list)
{
    for (size_t r = 0; r < dn_table_rows(it->table); ++r) {
        char text[32];
        if (!isnan(numbers[r]) && odd(numbers[r], limits)) {
            char why[128];
            snprintf(why, sizeof why, "%.60s is %.60s", dn_table_column_name(it->table, column), dn_table_text(it->table, r, column));
            DN_TRY(dn_list_add(list, person(it, r, text), dn_table_text(it->table, r, column)));
            DN_TRY(dn_remarks_name(it->remarks, code, person(it, r, text), dn_table_name(it->table), why));
        }
    }
    return DN_OK;
}

/* ---- ages ---- */

static bool is_age(const char *name)
{
    bool named = strcasecmp(name, "age") == 0 || strncasecmp(name, "age_", 4) == 0 || strcasecmp(name, "alter") == 0;
    return named && strcasestr(name, "month") == NULL && strcasestr(name, "day") == NULL && strcasestr(name, "group") == NULL;
}

static dn_status check_age(const checking *it, size_t column)
{
    static const double limits[2] = {0.0, DN_AGE_HIGHEST};
    dn_list list = {0};
    const char *text;
    double *numbers = NULL;
    double *sorted = NULL;
    size_t n = 0;
    dn_status status = numbers_of(it->table, column, &numbers);
    if (status != DN_OK || numbers == NULL) {
        return status;
    }
    DN_TRY_GOTO(status, list_odd(it, "age", numbers, column, is_outside, limits, &list), done);
    if (list.count > 0) {
        DN_TRY_GOTO(status, sorted_of(numbers, dn_table_rows(it->table), &sorted, &n), done);
        bool months = n > 0 && sorted[n / 2] > DN_AGE_HIGHEST;
        const size_t count = list.count;
        DN_TRY_GOTO(status, dn_list_close(&list, &text), done);
        status = dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "age", "%s of %zu %s outside 0 to %g years: %s.%s",
                                dn_table_column_name(it->table, column), count, count == 1 ? "person is" : "people is", DN_AGE_HIGHEST,
                                text, months ? " Are these months or days?" : "");
    }
done:
    dn_list_release(&list);
    free(sorted);
    free(numbers);
    return status;
}

/* ---- numbers that are used ---- */

/* Codes for "missing" lie far from everything else. */
static dn_status check_codes(const checking *it, size_t column, const double *numbers, const double *sorted, size_t n, bool *found)
{
    dn_list list = {0};
    const char *text;
    static const double everything[2] = {INFINITY, -INFINITY}; /* every code is outside */
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t i = 0; i < n; ++i) {
        if (!is_code(sorted[i], everything)) {
            low = fmin(low, sorted[i]);
            high = fmax(high, sorted[i]);
        }
    }
    if (!(low < high)) {
        return DN_OK;
    }
    const double apart = DN_CODE_APART * (high - low);
    const double limits[2] = {low >= 0.0 ? fmax(low - apart, 0.0) : low - apart, high + apart};
    dn_status status = list_odd(it, "code", numbers, column, is_code, limits, &list);
    if (status == DN_OK && list.count > 0) {
        *found = true;
        status = dn_list_close(&list, &text);
        if (status == DN_OK) {
            status = dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "code",
                                    "%s of %s looks like a code for \"missing\" (all others lie from %g to %g); write n/a if it is one.",
                                    dn_table_column_name(it->table, column), text, low, high);
        }
    }
    dn_list_release(&list);
    return status;
}

static bool is_not_positive(double value, const double limits[2])
{
    (void)limits;
    return value <= 0.0;
}

/* A few values of 0 or below among others that are all far above it: volumes have no sign. */
static dn_status check_signs(const checking *it, size_t column, const double *numbers, const double *sorted, size_t n)
{
    enum { FEW = 5, RANGE = 20 };
    static const double none[2] = {0.0, 0.0};
    dn_list list = {0};
    const char *text;
    size_t low = 0;
    while (low < n && sorted[low] <= 0.0) {
        ++low;
    }
    if (low == 0 || low * FEW > n || sorted[n - 1] > (double)RANGE * sorted[low]) {
        return DN_OK;
    }
    dn_status status = list_odd(it, "sign", numbers, column, is_not_positive, none, &list);
    if (status == DN_OK) {
        status = dn_list_close(&list, &text);
    }
    if (status == DN_OK) {
        status = dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "sign",
                                "%s of %s is 0 or below, among values from %g on; write n/a if it is missing.",
                                dn_table_column_name(it->table, column), text, sorted[low]);
    }
    dn_list_release(&list);
    return status;
}

/* Two units in one column leave a gap that no people leave. */
static dn_status check_magnitude(const checking *it, size_t column, const double *sorted, size_t n)
{
    for (size_t i = 1; i < n; ++i) {
        if (sorted[i - 1] > 0.0 && sorted[i] / sorted[i - 1] >= DN_UNITS_GAP && sorted[n - 1] / sorted[0] >= DN_UNITS_RANGE) {
            return dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "magnitude",
                                  "%s has values up to %g (%zu) and from %g on (%zu): are they in two units, or thousands and decimals?",
                                  dn_table_column_name(it->table, column), sorted[i - 1], i, sorted[i], n - i);
        }
    }
    return DN_OK;
}

/* Few whole numbers are more often names (of sites) than amounts. */
static dn_status check_slope(const checking *it, size_t column, const double *sorted, size_t n)
{
    static const char *const names[] = {"site", "scanner", "center", "centre", "batch", "cohort", "group", "race", "ethnicity", "vendor"};
    const char *name = dn_table_column_name(it->table, column);
    char words[DN_REMEDY_WORDS];
    size_t different = n > 0;
    bool named = false;
    for (size_t i = 0; i < n; ++i) {
        if (sorted[i] < floor(sorted[i]) || sorted[i] > floor(sorted[i])) {
            return DN_OK;
        }
        different += i > 0 && sorted[i] > sorted[i - 1];
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        named |= strcasestr(name, names[i]) != NULL;
    }
    if (different < DN_NAMES_LEAST || (different > DN_NAMES_FEW && !named) || (!named && n < DN_NAMES_REPEATS * different)) {
        return DN_OK;
    }
    return dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "slope",
                          "The covariate %s has %zu different whole numbers and is used as an amount, with one slope; if the numbers are "
                          "names (sites, scanners), use them as categories%s.",
                          name, different, dn_remedy_words(DN_REMEDY_CATEGORIES, name, words));
}

typedef enum { AS_VALUE, AS_ICV, AS_COVARIATE } used_as;

static dn_status check_number(const checking *it, size_t column, used_as as)
{
    double *numbers = NULL;
    double *sorted = NULL;
    size_t n = 0;
    dn_status status = numbers_of(it->table, column, &numbers);
    if (status != DN_OK || numbers == NULL) {
        return status;
    }
    DN_TRY_GOTO(status, sorted_of(numbers, dn_table_rows(it->table), &sorted, &n), done);
    bool codes = false;
    if (!is_age(dn_table_column_name(it->table, column))) {
        DN_TRY_GOTO(status, check_codes(it, column, numbers, sorted, n, &codes), done);
    }
    if (as == AS_COVARIATE) {
        status = check_slope(it, column, sorted, n);
    } else {
        DN_TRY_GOTO(status, codes ? DN_OK : check_signs(it, column, numbers, sorted, n), done);
        status = check_magnitude(it, column, sorted, n);
    }
done:
    free(sorted);
    free(numbers);
    return status;
}

static dn_status middle_of(const dn_table *table, size_t column, double *out)
{
    double *numbers = NULL;
    double *sorted = NULL;
    size_t n = 0;
    *out = NAN;
    dn_status status = numbers_of(table, column, &numbers);
    if (status != DN_OK || numbers == NULL) {
        return status;
    }
    status = sorted_of(numbers, dn_table_rows(table), &sorted, &n);
    if (status == DN_OK && n > 0) {
        *out = sorted[n / 2];
    }
    free(sorted);
    free(numbers);
    return status;
}

static dn_status check_head(const checking *it, size_t value, size_t icv)
{
    double volume;
    double head;
    DN_TRY(middle_of(it->table, value, &volume));
    DN_TRY(middle_of(it->table, icv, &head));
    if (value == icv || !(volume > head) || !(head > 0.0)) {
        return DN_OK;
    }
    return dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "unit",
                          "%s (%g in the middle) is larger than %s (%g): are they in different units?",
                          dn_table_column_name(it->table, value), volume, dn_table_column_name(it->table, icv), head);
}

/* ---- all ---- */

static size_t column_of(const dn_table *table, const char *name)
{
    return name != NULL ? dn_table_find(table, name) : DN_TABLE_NONE;
}

static dn_status check_column(const checking *it, const char *name, used_as as)
{
    size_t column = column_of(it->table, name);
    if (column == DN_TABLE_NONE) {
        return DN_OK;
    }
    if (!dn_column_is_category(it->table, column)) {
        DN_TRY(check_number(it, column, as));
    } else {
        DN_TRY(dn_check_categories(it->table, column, it->remarks));
    }
    return dn_check_sex(it->table, column, it->remarks);
}

static dn_status check_category(const checking *it, const char *name)
{
    size_t column = column_of(it->table, name);
    return column != DN_TABLE_NONE ? dn_check_categories(it->table, column, it->remarks) : DN_OK;
}

dn_status dn_table_check(const dn_table *table, const dn_table_roles *roles, dn_remarks *remarks)
{
    const checking it = {table, column_of(table, roles->id), remarks};
    const size_t icv = column_of(table, roles->icv);
    for (size_t c = 0; c < dn_table_columns(table); ++c) {
        if (is_age(dn_table_column_name(table, c)) || c == column_of(table, roles->age)) {
            DN_TRY(check_age(&it, c));
        }
    }
    DN_TRY(check_category(&it, roles->group));
    DN_TRY(check_category(&it, roles->scanner));
    for (size_t i = 0; i < roles->value_count; ++i) {
        size_t value = column_of(table, roles->values[i]);
        DN_TRY(check_column(&it, roles->values[i], AS_VALUE));
        if (value != DN_TABLE_NONE && icv != DN_TABLE_NONE) {
            DN_TRY(check_head(&it, value, icv));
        }
    }
    DN_TRY(check_column(&it, roles->icv, AS_ICV));
    DN_TRY(check_column(&it, roles->sex, AS_VALUE));
    for (size_t i = 0; i < roles->covariate_count; ++i) {
        DN_TRY(check_column(&it, roles->covariates[i], AS_COVARIATE));
    }
    return DN_OK;
}

dn_status dn_table_check_facts(const dn_table *table, dn_remarks *remarks)
{
    const dn_table_facts *facts = dn_table_facts_of(table);
    if (facts->line_after_empty > 0) {
        DN_TRY(dn_remarks_add(remarks, DN_REMARK_DOUBT, "empty_rows",
                              "%s has empty rows (line %zu) and more rows after them (line %zu): do these belong to the same table?",
                              dn_table_name(table), facts->empty_line, facts->line_after_empty));
    }
    if (facts->comma_of_three != NULL) {
        DN_TRY(dn_remarks_add(remarks, DN_REMARK_DOUBT, "thousands",
                              "%s: the commas in its numbers (%s) were read as decimal commas, but could be thousands separators.",
                              dn_table_name(table), facts->comma_of_three));
    }
    return DN_OK;
}
