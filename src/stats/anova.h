/* Comparisons of k >= 2 groups. Every group needs 2 values (Kruskal-Wallis: 1). DN_EDATA: too few, or no variance within the groups. */
#ifndef DN_STATS_ANOVA_H
#define DN_STATS_ANOVA_H

#include "stats/descriptive.h"
#include "stats/result.h"

/* effect: eta squared, interval from the noncentral F distribution. */
DN_CHECKED dn_status dn_anova(const dn_sample *groups, size_t k, double level, dn_result *out);
/* Welch 1951, as R's oneway.test. */
DN_CHECKED dn_status dn_anova_welch(const dn_sample *groups, size_t k, double level, dn_result *out);
/* H with the correction for ties; effect: epsilon squared, H / (n - 1), without an interval. */
DN_CHECKED dn_status dn_kruskal_wallis(const dn_sample *groups, size_t k, double level, dn_result *out);
/* Interval of epsilon squared: percentiles of 1000 seeded resamples within the groups. Resamples in which all values are equal count as 0.
 */
DN_CHECKED dn_status dn_kruskal_interval(const dn_sample *groups, size_t k, double level, double *low, double *high);

typedef enum { DN_LEVENE_MEAN, DN_LEVENE_MEDIAN } dn_levene_centre;
/* Levene's test (centre: mean) or Brown and Forsythe's (median): analysis of variance of the absolute distances from the centre. */
DN_CHECKED dn_status dn_levene(const dn_sample *groups, size_t k, dn_levene_centre centre, dn_result *out);

/* All k (k - 1) / 2 pairs (i, j), i < j, in the order (0,1), (0,2), ... (1,2) ...; results: that many. Differences are first minus second.
 */
size_t dn_pair_count(size_t k);
/* Dunn's z on the ranks of all groups, tie-corrected; p not adjusted (see multiple.h). */
DN_CHECKED dn_status dn_dunn(const dn_sample *groups, size_t k, dn_result *results);
/* Tukey's honest significant difference (Tukey-Kramer): p and intervals simultaneous, as R's TukeyHSD. */
DN_CHECKED dn_status dn_tukey(const dn_sample *groups, size_t k, double level, dn_result *results);

#endif
