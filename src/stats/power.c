/* Solves for the missing one of number, difference, SD and power. */
#include "stats/power.h"

#include "stats/distribution.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static double power_of_t(const dn_power_t *w)
{
    double n = w->n;
    double sides = w->one_sided ? 1.0 : 2.0;
    double df = n - 1.0;
    double root = sqrt(n);
    if (w->kind == DN_POWER_TWO_SAMPLE) {
        double other = n * w->ratio;
        df = n + other - 2.0;
        root = sqrt(n * other / (n + other));
    }
    df = df > 1e-7 ? df : 1e-7;
    double delta = w->one_sided ? w->delta : fabs(w->delta);
    double ncp = root * delta / w->sd;
    double critical = dn_t_quantile(1.0 - w->alpha / sides, df);
    double power = 1.0 - dn_noncentral_t_lower(critical, df, ncp);
    if (w->strict && !w->one_sided) {
        power += dn_noncentral_t_lower(-critical, df, ncp);
    }
    return power;
}

static double power_of_anova(const dn_power_anova *w)
{
    double df1 = w->groups - 1.0;
    double df2 = (w->n - 1.0) * w->groups;
    double ncp = df1 * w->n * w->between_variance / w->within_variance;
    return 1.0 - dn_noncentral_f_lower(dn_f_quantile(1.0 - w->alpha, df1, df2), df1, df2, ncp);
}

/* The unknown field of a structure, searched on a logarithmic scale. */
typedef struct unknown {
    dn_power_t t;
    dn_power_anova anova;
    size_t field; /* its place in here, by offsetof */
    double target;
    int is_anova;
} unknown;

static double gap(double log_x, const void *user)
{
    const unknown *known = user;
    unknown u = *known;
    double x = exp(log_x);
    memcpy((char *)&u + u.field, &x, sizeof x);
    return (u.is_anova ? power_of_anova(&u.anova) : power_of_t(&u.t)) - u.target;
}

static dn_status solve(unknown *u, double low, double high, const char *what, double *out)
{
    double root = dn_root(gap, u, log(low), log(high));
    if (isnan(root)) {
        DN_FAIL(DN_EDATA, "no %s between %g and %g gives this power; is the difference 0, or is the power already reached?", what, low,
                high);
    }
    *out = exp(root);
    return DN_OK;
}

static dn_status check_range(double value, double low, double high, const char *what)
{
    if (!isnan(value) && !(value > low && value < high)) {
        DN_FAIL(DN_EDATA, "%s is %g; it must be between %g and %g", what, value, low, high);
    }
    return DN_OK;
}

static dn_status one_unknown(const double *values, size_t count)
{
    size_t missing = 0;
    for (size_t i = 0; i < count; ++i) {
        missing += isnan(values[i]) ? 1 : 0;
    }
    if (missing != 1) {
        DN_FAIL(DN_EDATA, "exactly one quantity can be computed from the others, but %zu are not given", missing);
    }
    return DN_OK;
}

dn_status dn_power_t_solve(dn_power_t *power)
{
    const double fields[] = {power->n, power->delta, power->sd, power->alpha, power->power};
    DN_TRY(one_unknown(fields, 5));
    DN_TRY(check_range(power->n, 1.0, 1e9, "n"));
    DN_TRY(check_range(power->sd, 0.0, 1e300, "the standard deviation"));
    DN_TRY(check_range(power->alpha, 0.0, 1.0, "alpha"));
    DN_TRY(check_range(power->power, 0.0, 1.0, "the power"));
    if (power->kind != DN_POWER_TWO_SAMPLE || isnan(power->ratio) || power->ratio == 0.0) {
        power->ratio = 1.0;
    }
    DN_TRY(check_range(power->ratio, 0.0, 1e6, "the ratio of the groups"));
    if (power->delta == 0.0 && !isnan(power->power)) {
        DN_FAIL(DN_EDATA, "a difference of 0 cannot be found with any number of people; give the smallest difference that is of interest");
    }
    if (isnan(power->power)) {
        power->power = power_of_t(power);
        return DN_OK;
    }
    unknown u = {.t = *power, .target = power->power};
    double scale = isnan(power->delta) ? power->sd : fabs(power->delta);
    if (isnan(power->n)) {
        u.field = offsetof(unknown, t.n);
        return solve(&u, power->kind == DN_POWER_TWO_SAMPLE ? 1.0 / fmin(1.0, power->ratio) + 1e-3 : 1.001, 1e7, "number of people",
                     &power->n);
    }
    if (isnan(power->delta)) {
        u.field = offsetof(unknown, t.delta);
        return solve(&u, 1e-7 * scale, 1e3 * scale, "difference", &power->delta);
    }
    if (isnan(power->sd)) {
        u.field = offsetof(unknown, t.sd);
        return solve(&u, 1e-3 * scale, 1e7 * scale, "standard deviation", &power->sd);
    }
    u.field = offsetof(unknown, t.alpha);
    return solve(&u, 1e-10, 1.0 - 1e-10, "alpha", &power->alpha);
}

dn_status dn_power_anova_solve(dn_power_anova *power)
{
    const double fields[] = {power->groups, power->n, power->between_variance, power->within_variance, power->alpha, power->power};
    DN_TRY(one_unknown(fields, 6));
    DN_TRY(check_range(power->groups, 1.5, 1e4, "the number of groups"));
    DN_TRY(check_range(power->n, 1.0, 1e9, "n"));
    DN_TRY(check_range(power->between_variance, 0.0, 1e300, "the variance between groups"));
    DN_TRY(check_range(power->within_variance, 0.0, 1e300, "the variance within groups"));
    DN_TRY(check_range(power->alpha, 0.0, 1.0, "alpha"));
    DN_TRY(check_range(power->power, 0.0, 1.0, "the power"));
    if (isnan(power->power)) {
        power->power = power_of_anova(power);
        return DN_OK;
    }
    unknown u = {.anova = *power, .target = power->power, .is_anova = 1};
    if (isnan(power->n)) {
        u.field = offsetof(unknown, anova.n);
        if (gap(log(2.0), &u) >= 0.0) {
            power->n = 2.0;
            return DN_OK;
        }
        return solve(&u, 2.0, 1e6, "number of people", &power->n);
    }
    if (isnan(power->groups)) {
        u.field = offsetof(unknown, anova.groups);
        return solve(&u, 2.0, 1000.0, "number of groups", &power->groups);
    }
    if (isnan(power->between_variance)) {
        u.field = offsetof(unknown, anova.between_variance);
        return solve(&u, 1e-7 * power->within_variance, 1e3 * power->within_variance, "variance between groups", &power->between_variance);
    }
    if (isnan(power->within_variance)) {
        u.field = offsetof(unknown, anova.within_variance);
        return solve(&u, 1e-3 * power->between_variance, 1e7 * power->between_variance, "variance within groups", &power->within_variance);
    }
    u.field = offsetof(unknown, anova.alpha);
    return solve(&u, 1e-10, 1.0 - 1e-10, "alpha", &power->alpha);
}
