/* Student's, Welch's and paired t tests, Cohen's d and Hedges's g (Hedges 1981). */
#include "stats/t_test.h"

#include "base/memory.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>

static dn_status check_sample(const dn_sample *sample)
{
    const char *name = sample->name != NULL ? sample->name : "a sample";
    if (sample->n < 2) {
        DN_FAIL(DN_EDATA, "%s has %zu value%s; a t test needs at least 2 per group", name, sample->n, sample->n == 1 ? "" : "s");
    }
    for (size_t i = 0; i < sample->n; ++i) {
        if (!dn_usable(sample->values[i])) {
            DN_FAIL(DN_EDATA, "value %zu of %s is not a number, or too large to compute with", i + 1, name);
        }
    }
    return DN_OK;
}

/* R's rule: a standard error that is nothing beside the means is rounding, not variance. */
static bool no_variance(double se, double largest)
{
    return !(se > 10.0 * 2.2204460492503131e-16 * fabs(largest)) || se == 0.0;
}

/* Fills statistic, p and interval from the estimate, its standard error and the degrees of freedom. */
static void finish(dn_result *out, double estimate, double mu, double se, double df, double level)
{
    double reach = dn_t_quantile(0.5 + 0.5 * level, df) * se;
    out->statistic_name = "t";
    out->statistic = (estimate - mu) / se;
    out->df1 = df;
    out->p = dn_t_two_sided(out->statistic, df);
    out->estimate = estimate;
    out->low = estimate - reach;
    out->high = estimate + reach;
    out->level = level;
}

/* Interval of a noncentrality, scaled: the values of which t is the upper and the lower end. */
static dn_effect effect_interval(double value, double t, double df, double scale, double level)
{
    dn_effect effect = {.value = value};
    effect.low = scale * dn_noncentral_t_ncp(t, df, 0.5 + 0.5 * level);
    effect.high = scale * dn_noncentral_t_ncp(t, df, 0.5 - 0.5 * level);
    return effect;
}

dn_status dn_cohens_d(const dn_sample *a, const dn_sample *b, double level, dn_effect *out)
{
    DN_TRY(check_sample(a));
    DN_TRY(check_sample(b));
    double n1 = (double)a->n;
    double n2 = (double)b->n;
    double m1 = dn_mean(a->values, a->n);
    double m2 = dn_mean(b->values, b->n);
    double df = n1 + n2 - 2.0;
    double pooled = sqrt(((n1 - 1.0) * dn_variance(a->values, a->n) + (n2 - 1.0) * dn_variance(b->values, b->n)) / df);
    double scale = sqrt(1.0 / n1 + 1.0 / n2);
    if (no_variance(pooled * scale, fmax(fabs(m1), fabs(m2)))) {
        DN_FAIL(DN_EDATA, "the values of %s and of %s do not vary; there is no standardised difference", a->name ? a->name : "one group",
                b->name ? b->name : "the other");
    }
    double d = (m1 - m2) / pooled;
    *out = effect_interval(d, d / scale, df, scale, level);
    return DN_OK;
}

dn_status dn_hedges_g(const dn_sample *a, const dn_sample *b, double level, dn_effect *out)
{
    DN_TRY(dn_cohens_d(a, b, level, out));
    double df = (double)(a->n + b->n) - 2.0;
    if (df < 2.0) {
        DN_FAIL(DN_EDATA, "Hedges' g needs at least 4 values in the two groups together; there are %zu", a->n + b->n);
    }
    double j = exp(lgamma(0.5 * df) - lgamma(0.5 * (df - 1.0))) / sqrt(0.5 * df);
    out->value *= j;
    out->low *= j;
    out->high *= j;
    return DN_OK;
}

dn_status dn_percent_difference(const dn_sample *a, const dn_sample *b, double *out)
{
    DN_TRY(a->n > 0 && b->n > 0 ? DN_OK : dn_error_set(DN_EDATA, "a group without values has no mean"));
    double reference = dn_mean(b->values, b->n);
    if (reference == 0.0) {
        DN_FAIL(DN_EDATA, "the mean of %s is 0; there is no difference in percent of it", b->name ? b->name : "the reference group");
    }
    *out = 100.0 * (dn_mean(a->values, a->n) - reference) / reference;
    return DN_OK;
}

dn_status dn_t_test(const dn_sample *a, const dn_sample *b, bool equal_variances, double level, dn_result *out)
{
    DN_TRY(check_sample(a));
    DN_TRY(check_sample(b));
    double n1 = (double)a->n;
    double n2 = (double)b->n;
    double m1 = dn_mean(a->values, a->n);
    double m2 = dn_mean(b->values, b->n);
    double v1 = dn_variance(a->values, a->n);
    double v2 = dn_variance(b->values, b->n);
    double se;
    double df;
    if (equal_variances) {
        df = n1 + n2 - 2.0;
        se = sqrt(((n1 - 1.0) * v1 + (n2 - 1.0) * v2) / df * (1.0 / n1 + 1.0 / n2));
    } else {
        double e1 = v1 / n1;
        double e2 = v2 / n2;
        se = sqrt(e1 + e2);
        df = (e1 + e2) * (e1 + e2) / (e1 * e1 / (n1 - 1.0) + e2 * e2 / (n2 - 1.0));
    }
    if (no_variance(se, fmax(fabs(m1), fabs(m2)))) {
        DN_FAIL(DN_EDATA, "the values of %s and of %s do not vary; a t test is not possible", a->name ? a->name : "one group",
                b->name ? b->name : "the other");
    }
    dn_effect d;
    DN_TRY(dn_cohens_d(a, b, level, &d));
    *out = dn_result_empty();
    out->method = equal_variances ? "Student's t test" : "Welch's t test";
    out->n = a->n + b->n;
    out->groups = 2;
    out->estimate_name = "difference of means";
    finish(out, m1 - m2, 0.0, se, df, level);
    out->effect_name = "Cohen's d";
    out->effect = d.value;
    out->effect_low = d.low;
    out->effect_high = d.high;
    return DN_OK;
}

/* Of one sample against 0. */
static dn_status test_one(const double *values, size_t n, double level, dn_result *out)
{
    dn_sample sample = {"the sample", values, n};
    DN_TRY(check_sample(&sample));
    double mean = dn_mean(values, n);
    double sd = dn_sd(values, n);
    double root = sqrt((double)n);
    if (no_variance(sd / root, mean)) {
        DN_FAIL(DN_EDATA, "all %zu values are equal; a t test is not possible", n);
    }
    *out = dn_result_empty();
    out->method = "one-sample t test";
    out->n = n;
    out->groups = 1;
    out->estimate_name = "mean";
    finish(out, mean, 0.0, sd / root, (double)n - 1.0, level);
    dn_effect d = effect_interval(mean / sd, out->statistic, (double)n - 1.0, 1.0 / root, level);
    out->effect_name = "Cohen's d";
    out->effect = d.value;
    out->effect_low = d.low;
    out->effect_high = d.high;
    return DN_OK;
}

dn_status dn_t_test_paired(const double *a, const double *b, size_t n, double level, dn_result *out)
{
    double *difference = NULL;
    double largest = 0.0;
    if (n < 2) {
        DN_FAIL(DN_EDATA, "there %s %zu pair%s; a paired t test needs at least 2", n == 1 ? "is" : "are", n, n == 1 ? "" : "s");
    }
    DN_TRY(dn_alloc(&difference, n, sizeof *difference, "the differences of pairs"));
    for (size_t i = 0; i < n; ++i) {
        difference[i] = a[i] - b[i];
        largest = fmax(largest, fmax(fabs(a[i]), fabs(b[i])));
    }
    dn_status status = DN_OK;
    /* Differences that are equal but for rounding of the values themselves. */
    if (dn_sd(difference, n) <= 4.0 * 2.2204460492503131e-16 * largest) {
        status = dn_error_set(DN_EDATA, "the differences of all %zu pairs are equal; a paired t test is not possible", n);
    } else {
        status = test_one(difference, n, level, out);
    }
    free(difference);
    if (status == DN_OK) {
        out->method = "paired t test";
        out->estimate_name = "mean difference";
        out->effect_name = "Cohen's d_z";
    }
    return status;
}
