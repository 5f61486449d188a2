/* Several methods on the same cases: one-way analysis of variance for repeated measures, and what follows it. */
#ifndef DN_STATS_REPEATED_H
#define DN_STATS_REPEATED_H

#include "stats/multiple.h"
#include "stats/result.h"

typedef struct dn_repeated {
    size_t n, k; /* cases, methods */
    double f, df1, df2, p;
    double epsilon_gg, p_gg;        /* Greenhouse and Geisser 1959 */
    double epsilon_hf, p_hf;        /* Huynh and Feldt 1976; epsilon as it comes (it may pass 1), p with at most 1 */
    double mauchly_w, mauchly_p;    /* sphericity; NaN for two methods, or when n <= k. R's mauchly.test has a slip in its second term */
    double partial_eta_squared;     /* SS method / (SS method + SS error) */
    double generalised_eta_squared; /* SS method / SS total (Olejnik and Algina 2003) */
} dn_repeated;

/* values[i * k + j]: case i, method j; n >= 2, k >= 2. DN_EDATA: the methods differ by constants only (no error). */
DN_CHECKED dn_status dn_repeated_anova(const double *values, size_t n, size_t k, dn_repeated *out);

/* Paired t tests of all k (k - 1) / 2 pairs, in the order of dn_pair_count (anova.h), p adjusted. effect: Cohen's d, the mean difference
 * over the square root of the mean of both variances (as Opfer et al. 2022; without interval). d_z: mean over SD of the differences, one
 * per pair; may be NULL. A pair that differs by a constant has no t: statistic and p NaN, note says so. */
DN_CHECKED dn_status dn_repeated_pairs(const double *values, size_t n, size_t k, double level, dn_adjustment adjustment, dn_result *results,
                                       double *d_z);

#endif
