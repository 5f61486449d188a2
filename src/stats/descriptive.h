/* A sample and its description. No function here accepts NaN: missing values are left out (and named) before. */
#ifndef DN_STATS_DESCRIPTIVE_H
#define DN_STATS_DESCRIPTIVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Borrowed: name ("ALS") and n values. */
typedef struct dn_sample {
    const char *name;
    const double *values;
    size_t n;
} dn_sample;

/* Whether a number can be computed with: finite, and small enough (1e100) that squares and their sums are finite too. */
static inline bool dn_usable(double value)
{
    return value >= -1e100 && value <= 1e100;
}

typedef struct dn_summary {
    size_t n;
    double mean, sd, se; /* sd, se: NaN when n < 2 */
    double median, q1, q3, iqr;
    double minimum, maximum;
    double skewness; /* g1 (moments, population form); NaN when n < 3 or all equal */
} dn_summary;

/* DN_EDATA when empty or when a value is not usable. */
DN_CHECKED dn_status dn_summarise(const double *values, size_t n, dn_summary *out);

/* Two-pass, compensated: exact to the last digits on NIST's NumAcc sets. n >= 1; variance and sd (n - 1) need n >= 2, else NaN. */
double dn_mean(const double *values, size_t n);
double dn_variance(const double *values, size_t n);
double dn_sd(const double *values, size_t n);
/* Quantile of type 7 (R's and NumPy's default) of values sorted upwards; 0 <= p <= 1, n >= 1. */
double dn_quantile_sorted(const double *sorted, size_t n, double p);
/* The same of unsorted values. */
DN_CHECKED dn_status dn_quantile(const double *values, size_t n, double p, double *out);
void dn_sort(double *values, size_t n);
/* Mid-ranks from 1; *ties (may be NULL): the sum of t^3 - t over groups of equal values. ranks: n numbers. */
DN_CHECKED dn_status dn_ranks(const double *values, size_t n, double *ranks, double *ties);

/* Tukey 1977: values farther than this many interquartile ranges from the quartiles are outliers. */
#define DN_TUKEY_FACTOR 1.5

/* The rule of Vernikouskaya et al. 2023 and Kassubek et al. 2025: outside [Q1 - factor IQR, Q3 + factor IQR] of the sample itself
 * (DN_TUKEY_FACTOR). removed[i] is 1 for an outlier; *count of them. */
DN_CHECKED dn_status dn_iqr_outliers(const double *values, size_t n, double factor, unsigned char *removed, size_t *count, double *low,
                                     double *high);

#endif
