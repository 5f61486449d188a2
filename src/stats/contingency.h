/* Counts of categories by groups: sex in patients and controls. */
#ifndef DN_STATS_CONTINGENCY_H
#define DN_STATS_CONTINGENCY_H

#include "stats/result.h"

/* counts[i * columns + j] >= 0, whole numbers. Rows and columns without any count are left out.
 * Pearson's chi squared, in a 2 x 2 table with Yates' correction, as R's chisq.test; effect: Cramer's V (without the correction).
 * result.note says when an expected count is below 5. DN_EDATA: fewer than two rows or columns with counts. */
DN_CHECKED dn_status dn_chi_squared_test(const double *counts, size_t rows, size_t columns, dn_result *out);
/* Fisher's exact test of a 2 x 2 table, two-sided, as R's fisher.test: estimate is the conditional odds ratio with its exact interval; an
 * end or the estimate that is infinite is NaN. */
DN_CHECKED dn_status dn_fisher_test(const double counts[4], double level, dn_result *out);

#endif
