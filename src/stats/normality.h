/* Shapiro-Wilk: Royston's AS R94 (Applied Statistics 44, 1995), the algorithm of R's shapiro.test. */
#ifndef DN_STATS_NORMALITY_H
#define DN_STATS_NORMALITY_H

#include "stats/result.h"

/* So many values Royston's approximations were made for. */
enum { DN_SHAPIRO_LEAST = 3, DN_SHAPIRO_MOST = 5000 };

/* W and p. DN_EDATA: fewer or more values than these, or all equal. */
DN_CHECKED dn_status dn_shapiro_wilk(const double *values, size_t n, dn_result *out);

#endif
