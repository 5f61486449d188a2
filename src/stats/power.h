/* Power and sample sizes, as R's power.t.test and power.anova.test. In each structure exactly one field is NaN: it is solved for. */
#ifndef DN_STATS_POWER_H
#define DN_STATS_POWER_H

#include "base/status.h"

typedef enum { DN_POWER_TWO_SAMPLE, DN_POWER_ONE_SAMPLE, DN_POWER_PAIRED } dn_power_kind;

typedef struct dn_power_t {
    dn_power_kind kind;
    int one_sided;
    int strict;   /* count rejections on the wrong side too */
    double n;     /* per group (or pairs) */
    double ratio; /* of the second group's n to the first's; two samples only, 1 */
    double delta, sd, alpha, power;
} dn_power_t;

typedef struct dn_power_anova {
    double groups, n, between_variance, within_variance, alpha, power;
} dn_power_anova;

/* DN_EDATA: not exactly one NaN, or no solution. The n of an ANOVA is at least 2. */
DN_CHECKED dn_status dn_power_t_solve(dn_power_t *power);
DN_CHECKED dn_status dn_power_anova_solve(dn_power_anova *power);

#endif
