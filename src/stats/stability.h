/* Test-retest stability: the same person (or persons) scanned again on the same scanner and on others, as Opfer et al. 2022 with a
 * frequently travelling phantom.
 *
 * Within scanners: each value minus the mean of its scanner. Between scanners: each scanner's mean minus the mean of the scanners' means.
 * Residuals of all persons are pooled; means are taken within a person. */
#ifndef DN_STATS_STABILITY_H
#define DN_STATS_STABILITY_H

#include "stats/anova.h"
#include "stats/multiple.h"
#include "stats/result.h"

/* One pool of residuals. */
typedef struct dn_pool {
    size_t n;
    double *residuals; /* owned */
    double sd;         /* of the pooled residuals (n - 1), as Opfer et al. 2022 report it */
    double p50, p95;   /* percentiles (type 7) of the absolute residuals */
    double component;  /* unbiased: within: sqrt(SS / (n - sessions)); between: scanners' own SD, without what repeats add (0 when none) */
    double component_low, component_high; /* within only: chi-squared interval; else NaN */
} dn_pool;

typedef struct dn_stability {
    size_t n, persons, scanners, sessions; /* sessions: person-scanner pairs */
    size_t single;   /* sessions with one scan: they add a residual of 0 to the pool within, as in Opfer et al. 2022 */
    double mean;     /* of the sessions' means */
    dn_pool within;  /* n residuals; n 0 when no session has two scans */
    dn_pool between; /* sessions of persons seen on two scanners or more; n 0 when there are none */
} dn_stability;

/* values[i] of person[i] (0..persons-1; NULL: one person) on scanner[i] (0..scanners-1). Release with dn_stability_release, also after a
 * failure. DN_EDATA: neither repeats nor two scanners; a number that is not finite. */
DN_CHECKED dn_status dn_stability_fit(const double *values, const size_t *person, const size_t *scanner, size_t n, double level,
                                      dn_stability *out);
void dn_stability_release(dn_stability *stability);

/* Two methods' pools against each other. Levene and Brown-Forsythe take them as independent, as Opfer et al. 2022 do; pitman_morgan uses
 * that the same scans were measured (NaN statistic when the pools have different lengths, in which case order means nothing). A test that
 * the residuals cannot carry (two scanners) has statistic and p NaN and a note. */
typedef struct dn_pool_comparison {
    dn_result levene, brown_forsythe, pitman_morgan;
    double variance_ratio; /* first over second */
} dn_pool_comparison;

DN_CHECKED dn_status dn_pool_compare(const dn_pool *a, const char *name_a, const dn_pool *b, const char *name_b, dn_pool_comparison *out);

/* Ratio of two independent SDs with the F interval: inter-scanner over between-subject. n_*: residuals behind each (0: no interval). */
DN_CHECKED dn_status dn_sd_ratio(double sd_a, size_t n_a, double sd_b, size_t n_b, double level, double *ratio, double *low, double *high);

#endif
