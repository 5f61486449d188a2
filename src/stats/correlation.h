/* Correlations of pairs x[i], y[i]. DN_EDATA: too few pairs (3), or one side constant. */
#ifndef DN_STATS_CORRELATION_H
#define DN_STATS_CORRELATION_H

#include "stats/result.h"

/* statistic: t with n - 2 degrees of freedom; effect: r with Fisher's interval (n >= 4). */
DN_CHECKED dn_status dn_pearson(const double *x, const double *y, size_t n, double level, dn_result *out);
/* statistic: S; p exact up to n = 9 and by an Edgeworth series above (AS 89) without ties, by t with ties, as R's cor.test (but by t where
 * the series ends at 0, and 2 / n! for a perfect order). effect: rho, interval with Bonett and Wright's standard error. */
DN_CHECKED dn_status dn_spearman(const double *x, const double *y, size_t n, double level, dn_result *out);
/* Of x and y given k further variables z[j][i]: n - 2 - k degrees of freedom. ranks != 0: of the ranks of all of them. */
DN_CHECKED dn_status dn_partial_correlation(const double *x, const double *y, const double *const *z, size_t k, size_t n, int ranks,
                                            double level, dn_result *out);

#endif
