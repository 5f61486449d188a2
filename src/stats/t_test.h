/* Student's and Welch's t tests and the standardised differences. Values must be finite; level is that of the intervals (0.95).
 * Differences are first minus second. DN_EDATA: a sample of fewer than 2 values, or no variance at all. */
#ifndef DN_STATS_T_TEST_H
#define DN_STATS_T_TEST_H

#include "stats/descriptive.h"
#include "stats/result.h"

#include <stdbool.h>

/* effect: Cohen's d with the pooled SD, interval from the noncentral t distribution (of Student's t; exact under equal variances). */
DN_CHECKED dn_status dn_t_test(const dn_sample *a, const dn_sample *b, bool equal_variances, double level, dn_result *out);
/* a[i] and b[i] belong together. effect: d_z, the mean difference over the SD of the differences. */
DN_CHECKED dn_status dn_t_test_paired(const double *a, const double *b, size_t n, double level, dn_result *out);

typedef struct dn_effect {
    double value, low, high;
} dn_effect;

/* The difference of the means over the pooled SD, with its interval. DN_EDATA: fewer than two values on a side. */
DN_CHECKED dn_status dn_cohens_d(const dn_sample *a, const dn_sample *b, double level, dn_effect *out);
/* d times the exact small-sample factor J(n1 + n2 - 2) (Hedges 1981); so are the ends of its interval. */
DN_CHECKED dn_status dn_hedges_g(const dn_sample *a, const dn_sample *b, double level, dn_effect *out);
/* 100 (mean a - mean b) / mean b, as Vernikouskaya et al. 2023 report it ("-3 % vs. controls"); DN_EDATA when mean b is 0. */
DN_CHECKED dn_status dn_percent_difference(const dn_sample *a, const dn_sample *b, double *out);

#endif
