/* The one shape of a result, for every test, fit and agreement in stats/: numbers for a table, and a sentence to paste.
 *
 * A number that a method does not have is NaN here; the table writes n/a for it and the sentence leaves it out. Names are static texts
 * or point into strings that outlive the result. */
#ifndef DN_STATS_RESULT_H
#define DN_STATS_RESULT_H

#include "base/status.h"
#include "base/table.h"

#include <stddef.h>

typedef struct dn_result {
    const char *method;         /* "Welch's t test" */
    const char *statistic_name; /* "t", "W", "V", "F", "H", "r", ... */
    double statistic;
    double df1, df2; /* df2 only for F */
    double p;        /* two-sided where a side exists */
    double p_adjusted;
    const char *adjustment;    /* "Holm"; NULL: not adjusted */
    size_t n;                  /* values (pairs, subjects) that entered */
    size_t groups;             /* 0: none */
    const char *estimate_name; /* "difference of means", "slope"; NULL: none */
    double estimate, low, high;
    const char *effect_name; /* "Cohen's d"; NULL: none */
    double effect, effect_low, effect_high;
    double level;     /* of the intervals, 0.95 */
    const char *note; /* "exact", "normal approximation with continuity correction", NULL */
} dn_result;

/* All numbers NaN, all names NULL, n and groups 0. */
dn_result dn_result_empty(void);

/* "t(151) = 2.53, p = 0.013, difference of means 34.0 (95 % CI 7.6 to 60.4), Cohen's d = 0.45 (95 % CI 0.10 to 0.80), n = 153": what a
 * paper puts into brackets. Written to text (size bytes, always terminated); returns text. */
char *dn_result_sentence(const dn_result *result, char *text, size_t size);
/* "p = 0.013", "p < 0.001" when smaller than that. */
char *dn_result_format_p(double p, char *text, size_t size);
/* Four significant digits without an exponent where that is readable ("812.4", "0.0312", "−3.021"), with a typographic minus. */
char *dn_result_format_number(double value, char *text, size_t size);

/* The same for an effect size, of which nobody reads the fifth decimal: "0.000" and not "1.389e-05". */
char *dn_result_format_effect(double value, char *text, size_t size);
/* With the decimals of a spread's third digit: "852.1" and "77.0" for a mean of 852.08 and an SD of 77.01. */
char *dn_result_format_spread(double value, double spread, char *text, size_t size);

/* Adds a row to table with the columns analysis, method, n, groups, statistic_name, statistic, df1, df2, p, p_adjusted, adjustment,
 * estimate_name, estimate, estimate_low, estimate_high, effect_name, effect, effect_low, effect_high, level, note (added at need); analysis
 * says what was compared ("hypothalamus: ALS vs CON"). Further dn_table_put_* calls may add cells to the same row. */
DN_CHECKED dn_status dn_result_append(dn_table *table, const char *analysis, const dn_result *result);

#endif
