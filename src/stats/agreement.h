/* Agreement between two methods or raters, and of repeats: Bland and Altman, intraclass correlation, within-subject variation.
 *
 * Values are finite; a row with a missing value is left out (and named) by the caller. DN_EDATA names what a method cannot work with. */
#ifndef DN_STATS_AGREEMENT_H
#define DN_STATS_AGREEMENT_H

#include "stats/result.h"

#include <stdbool.h>

/* A number and its confidence interval; NaN where there is none. */
typedef struct dn_estimate {
    double value, low, high;
} dn_estimate;

typedef enum {
    DN_LIMITS_EXACT,      /* noncentral t (Carkeet 2015) */
    DN_LIMITS_APPROXIMATE /* Bland and Altman 1999: variance sd^2 (1 / n + z^2 / (2 (n - 1))), t quantile */
} dn_limits_method;

typedef struct dn_bland_altman {
    size_t n;
    double level;             /* of limits and intervals alike */
    double sd;                /* of the differences */
    dn_estimate bias;         /* mean of a - b, t interval */
    dn_estimate lower, upper; /* bias -+ z sd (z = 1.96 at 0.95) */
    double p;                 /* paired t test of bias = 0 */
    dn_estimate slope;        /* proportional bias: regression of difference on mean; NaN when all means are equal */
    double intercept, slope_p, r;
} dn_bland_altman;

/* n >= 3 pairs. percent: differences in percent of the pair's mean (which must not be 0). mean, difference: n numbers each, filled; may be
 * NULL. DN_EDATA: too few, or all differences equal. */
DN_CHECKED dn_status dn_bland_altman_fit(const double *a, const double *b, size_t n, bool percent, double level, dn_limits_method method,
                                         double *mean, double *difference, dn_bland_altman *out);

/* Intraclass correlation of n subjects by k raters, two-way (McGraw and Wong 1996; Shrout and Fleiss 1979). */
typedef struct dn_icc {
    size_t n, k;
    dn_estimate agreement;           /* ICC(2,1), ICC(A,1): absolute agreement, single rater */
    dn_estimate consistency;         /* ICC(3,1), ICC(C,1) */
    dn_estimate agreement_average;   /* ICC(2,k) */
    dn_estimate consistency_average; /* ICC(3,k) */
    double ms_subjects, ms_raters, ms_error;
    double f, df1, df2, p; /* subjects against error */
} dn_icc;

/* values[i * k + j]: subject i, rater j; n >= 2, k >= 2. Without any error (raters agree to the last digit, or differ by a constant) the
 * estimates are exact and have no interval. DN_EDATA: all values equal. */
DN_CHECKED dn_status dn_icc_fit(const double *values, size_t n, size_t k, double level, dn_icc *out);

typedef struct dn_within_subject {
    size_t n, k;
    dn_estimate sd;            /* square root of the mean within-subject variance, chi-squared interval */
    double cv;                 /* root mean square of SD / mean of each subject, in percent; NaN when a mean is not > 0 */
    double cv_of_mean;         /* sd over the grand mean, in percent */
    dn_estimate repeatability; /* z sqrt(2) sd: two repeats differ by less in 95 % */
} dn_within_subject;

/* values[i * k + j]: subject i, repeat j. DN_EDATA: fewer than 2 repeats. */
DN_CHECKED dn_status dn_within_subject_fit(const double *values, size_t n, size_t k, double level, dn_within_subject *out);

/* Quantile p of the noncentral t distribution by integration and bracketing; any ncp (AS 243 ends at 38). */
double dn_noncentral_t_quantile(double p, double df, double ncp);

#endif
