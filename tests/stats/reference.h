/* Reads tests/stats/reference_{samples,results}.tsv (made by tools/reference_stats.R) and compares with them. */
#ifndef DN_TEST_REFERENCE_H
#define DN_TEST_REFERENCE_H

#include "test.h"

#include "base/table.h"

#include <math.h>
#include <string.h>

#define STATISTIC 1e-8 /* relative, of statistics, estimates and intervals */
#define P_VALUE 1e-6   /* relative, of p values */

enum { LARGEST_SAMPLE = 1024 };

static dn_table *reference_samples, *reference_results;
static size_t reference_checks;   /* comparisons made */
static size_t reference_failures; /* told one by one, failed at the end */

static inline void reference_load(void)
{
    assert_ok(dn_table_read(DIEN_TEST_FOLDER "/reference_samples.tsv", &reference_samples));
    assert_ok(dn_table_read(DIEN_TEST_FOLDER "/reference_results.tsv", &reference_results));
}

static inline void reference_unload(void)
{
    dn_table_destroy(reference_samples);
    dn_table_destroy(reference_results);
    reference_samples = reference_results = NULL;
}

/* Row of (set, name); rows of one set follow each other, so the search goes on from the last hit. */
static inline size_t reference_row(const dn_table *table, const char *set, const char *name)
{
    static size_t last;
    size_t rows = dn_table_rows(table);
    for (size_t i = 0; i < rows; ++i) {
        size_t r = (last + i) % rows;
        if (strcmp(dn_table_text(table, r, 0), set) == 0 && strcmp(dn_table_text(table, r, 1), name) == 0) {
            last = r;
            return r;
        }
    }
    return DN_TABLE_NONE;
}

/* Sample of a set with its missing values as NaN; its length, or 0 when there is none. values: LARGEST_SAMPLE numbers. */
static inline size_t reference_sample(const char *set, const char *name, double *values)
{
    size_t row = reference_row(reference_samples, set, name);
    size_t n = 0;
    if (row == DN_TABLE_NONE) {
        return 0;
    }
    for (const char *p = dn_table_text(reference_samples, row, 2); p != NULL && *p != '\0';) {
        char *end;
        assert_true(n < LARGEST_SAMPLE);
        values[n] = strncmp(p, "NA", 2) == 0 ? NAN : strtod(p, &end);
        p += strcspn(p, " ");
        p += strspn(p, " ");
        ++n;
    }
    return n;
}

/* Drops NaN in place. */
static inline size_t without_missing(double *values, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; ++i) {
        if (!isnan(values[i])) {
            values[kept++] = values[i];
        }
    }
    return kept;
}

/* NULL: no such result. */
static inline const char *reference_text(const char *set, const char *quantity)
{
    size_t row = reference_row(reference_results, set, quantity);
    if (row == DN_TABLE_NONE) {
        return NULL;
    }
    const char *text = dn_table_text(reference_results, row, 2);
    return text != NULL ? text : "NA";
}

static inline double reference_number(const char *set, const char *quantity)
{
    const char *text = reference_text(set, quantity);
    return text == NULL || strcmp(text, "NA") == 0 ? NAN : strtod(text, NULL);
}

/* Compares where the reference has the quantity. scale: numbers below tolerance * scale are equal (differences of large values). */
static inline void check_scaled(const char *set, const char *quantity, double found, double tolerance, double scale)
{
    const char *text = reference_text(set, quantity);
    if (text == NULL) {
        return;
    }
    double expected = reference_number(set, quantity);
    double allowed = tolerance * fmax(fabs(expected), scale);
    ++reference_checks;
    if (isnan(expected) ? !isnan(found) : !(fabs(found - expected) <= allowed)) {
        print_error("%s, %s: expected %s, found %.17g\n", set, quantity, text, found);
        ++reference_failures;
    }
}

static inline void check(const char *set, const char *quantity, double found, double tolerance)
{
    check_scaled(set, quantity, found, tolerance, 0.0);
}

/* The reference says that this cannot be computed: then the status is DN_EDATA with a sentence. */
static inline int reference_is_error(const char *set, const char *quantity, dn_status status)
{
    const char *text = reference_text(set, quantity);
    if (text != NULL && strcmp(text, "error") == 0) {
        ++reference_checks;
        if (status != DN_EDATA || strlen(dn_error_message()) < 20) {
            print_error("%s, %s: expected DN_EDATA with a sentence, found %s: %s\n", set, quantity, dn_status_name(status),
                        dn_error_message());
            ++reference_failures;
        }
        return 1;
    }
    if (text != NULL && status != DN_OK) {
        print_error("%s, %s: expected %s, found %s: %s\n", set, quantity, text, dn_status_name(status), dn_error_message());
        ++reference_failures;
        return 1;
    }
    return status != DN_OK;
}

/* Calls visit once for every set whose name begins with prefix; gives their number. */
static inline size_t for_each_set(const char *prefix, void (*visit)(const char *set))
{
    size_t sets = 0;
    const char *before = "";
    for (size_t r = 0; r < dn_table_rows(reference_results); ++r) {
        const char *set = dn_table_text(reference_results, r, 0);
        if (strncmp(set, prefix, strlen(prefix)) == 0 && strcmp(set, before) != 0) {
            visit(set);
            ++sets;
        }
        before = set;
    }
    return sets;
}

#endif
