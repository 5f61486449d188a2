/* Adjustment of p values for many comparisons, as R's p.adjust. NaN stays NaN and does not count. */
#ifndef DN_STATS_MULTIPLE_H
#define DN_STATS_MULTIPLE_H

#include "stats/result.h"

typedef enum { DN_ADJUST_NONE, DN_ADJUST_BONFERRONI, DN_ADJUST_HOLM, DN_ADJUST_BH } dn_adjustment;

/* Of "none", "bonferroni", "holm", "bh". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_adjustment_of(const char *text, dn_adjustment *out);
/* "Holm"; static. */
const char *dn_adjustment_name(dn_adjustment adjustment);
DN_CHECKED dn_status dn_adjust_p(const double *p, size_t n, dn_adjustment adjustment, double *out);
/* Sets p_adjusted and adjustment of n results from their p. DN_ADJUST_NONE leaves them. */
DN_CHECKED dn_status dn_adjust_results(dn_result *results, size_t n, dn_adjustment adjustment);

#endif
