/* Two samples against R: description, Shapiro-Wilk, t tests, effect sizes, Mann-Whitney. */
#include "reference.h"

#include "stats/descriptive.h"
#include "stats/normality.h"
#include "stats/rank_test.h"
#include "stats/t_test.h"

static void one_sample(const char *set, const char *sample, const double *values, size_t n)
{
    char q[64];
    dn_summary s;
    dn_result r;
    size_t outliers;
    double low;
    double high;
    unsigned char removed[LARGEST_SAMPLE];
    double sorted[LARGEST_SAMPLE];
    double scale = 0.0;
    assert_ok(dn_summarise(values, n, &s));
    assert_ok(dn_iqr_outliers(values, n, 1.5, removed, &outliers, &low, &high));
    memcpy(sorted, values, n * sizeof *sorted);
    dn_sort(sorted, n);
    (void)scale;
    const struct {
        const char *name;
        double value;
    } described[] = {{"mean", s.mean},
                     {"sd", s.sd},
                     {"q1", s.q1},
                     {"median", s.median},
                     {"q3", s.q3},
                     {"q025", dn_quantile_sorted(sorted, n, 0.025)},
                     {"iqr", s.iqr},
                     {"outliers", (double)outliers},
                     {"q90", dn_quantile_sorted(sorted, n, 0.9)},
                     {"skewness", s.skewness}};
    for (size_t i = 0; i < sizeof described / sizeof *described; ++i) {
        snprintf(q, sizeof q, "%s_%s", sample, described[i].name);
        check_scaled(set, q, described[i].value, STATISTIC, 1e-8 * fabs(s.median));
    }
    snprintf(q, sizeof q, "%s_shapiro_w", sample);
    if (!reference_is_error(set, q, dn_shapiro_wilk(values, n, &r))) {
        check(set, q, r.statistic, STATISTIC);
        snprintf(q, sizeof q, "%s_shapiro_p", sample);
        check(set, q, r.p, P_VALUE);
    }
}

static void t_tests(const char *set, const dn_sample *a, const dn_sample *b)
{
    for (int equal = 0; equal <= 1; ++equal) {
        char q[64];
        dn_result r;
        const char *kind = equal ? "student" : "welch";
        snprintf(q, sizeof q, "%s_t", kind);
        if (reference_is_error(set, q, dn_t_test(a, b, equal, 0.95, &r))) {
            continue;
        }
        const struct {
            const char *name;
            double value;
            double tolerance;
        } parts[] = {{"t", r.statistic, STATISTIC},       {"df", r.df1, STATISTIC},  {"p", r.p, P_VALUE},
                     {"estimate", r.estimate, STATISTIC}, {"low", r.low, STATISTIC}, {"high", r.high, STATISTIC}};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
            snprintf(q, sizeof q, "%s_%s", kind, parts[i].name);
            check(set, q, parts[i].value, parts[i].tolerance);
        }
    }
    dn_effect d;
    dn_effect g;
    double percent;
    if (reference_text(set, "d") != NULL) {
        assert_ok(dn_cohens_d(a, b, 0.95, &d));
        assert_ok(dn_hedges_g(a, b, 0.95, &g));
        check(set, "d", d.value, STATISTIC);
        check_scaled(set, "d_low", d.low, STATISTIC, 1.0);
        check_scaled(set, "d_high", d.high, STATISTIC, 1.0);
        check(set, "g", g.value, STATISTIC);
        check_scaled(set, "g_low", g.low, STATISTIC, 1.0);
        check_scaled(set, "g_high", g.high, STATISTIC, 1.0);
    }
    assert_ok(dn_percent_difference(a, b, &percent));
    check(set, "percent", percent, STATISTIC);
}

static void two_samples(const char *set)
{
    double x[LARGEST_SAMPLE];
    double y[LARGEST_SAMPLE];
    dn_result r;
    dn_sample a = {"A", x, reference_sample(set, "a", x)};
    dn_sample b = {"B", y, reference_sample(set, "b", y)};
    a.n = without_missing(x, a.n);
    b.n = without_missing(y, b.n);
    one_sample(set, "a", x, a.n);
    one_sample(set, "b", y, b.n);
    t_tests(set, &a, &b);
    if (!reference_is_error(set, "mw_w", dn_mann_whitney(&a, &b, 0.95, &r))) {
        check(set, "mw_w", r.statistic, STATISTIC);
        check(set, "mw_p", r.p, P_VALUE);
        check_scaled(set, "mw_estimate", r.estimate, STATISTIC, fabs(x[0]) * 1e-6);
        check_scaled(set, "mw_low", r.low, STATISTIC, fabs(x[0]) * 1e-6);
        check_scaled(set, "mw_high", r.high, STATISTIC, fabs(x[0]) * 1e-6);
        check(set, "mw_exact", strcmp(r.note, "exact") == 0, STATISTIC);
        check(set, "mw_r", r.effect, STATISTIC);
        check(set, "mw_r_low", r.effect_low, STATISTIC);
        check(set, "mw_r_high", r.effect_high, STATISTIC);
    }
}

static void equal_r(void **state)
{
    (void)state;
    reference_load();
    size_t sets = for_each_set("two_", two_samples);
    reference_unload();
    print_message("%zu comparisons on %zu data sets, %zu differ\n", reference_checks, sets, reference_failures);
    assert_true(sets >= 20);
    assert_true(reference_checks > 1200);
    assert_int_equal(reference_failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_r)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
