/* Shapiro-Wilk: Royston's AS R94 (Applied Statistics 44, 1995), the algorithm of R's shapiro.test. */
#ifndef DN_STATS_NORMALITY_H
#define DN_STATS_NORMALITY_H

#include "stats/result.h"

/* W and p. DN_EDATA: fewer than 3 or more than 5000 values, or all equal. */
DN_CHECKED dn_status dn_shapiro_wilk(const double *values, size_t n, dn_result *out);

#endif
