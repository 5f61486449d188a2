/* Rank tests of two samples, with R's wilcox.test as the model: exact when both samples are below 50 and nothing is tied (signed rank: nor
 * zero), else the normal approximation with corrections for ties and continuity; result.note says which.
 * estimate: the Hodges-Lehmann shift (median of pairwise differences, of Walsh averages), interval by inversion of the same test.
 * With more than 30 million such differences (5500 by 5500 people) the shift is left out (NaN); W, V and p are always given.
 * effect: the rank-biserial correlation, interval through Fisher's z. */
#ifndef DN_STATS_RANK_TEST_H
#define DN_STATS_RANK_TEST_H

#include "stats/descriptive.h"
#include "stats/result.h"

/* statistic W: pairs with a > b, ties as half. DN_EDATA: an empty sample, all values equal. */
DN_CHECKED dn_status dn_mann_whitney(const dn_sample *a, const dn_sample *b, double level, dn_result *out);
/* statistic V: rank sum of the positive differences a - b; zero differences are dropped (n counts the rest). DN_EDATA: all are zero. */
DN_CHECKED dn_status dn_wilcoxon_signed_rank(const double *a, const double *b, size_t n, double level, dn_result *out);

#endif
