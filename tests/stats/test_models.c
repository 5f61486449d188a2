/* Linear models, adjusted p values, power and the distributions themselves against R. */
#include "reference.h"

#include "stats/contingency.h"
#include "stats/distribution.h"
#include "stats/icv.h"
#include "stats/multiple.h"
#include "stats/power.h"
#include "stats/regression.h"

static void model(const char *set)
{
    enum { LARGEST_K = 6 };
    static double y[LARGEST_SAMPLE];
    static double x[LARGEST_K][LARGEST_SAMPLE];
    const double *columns[LARGEST_K];
    const char *names[LARGEST_K];
    dn_linear_model m;
    char q[64];
    size_t k = (size_t)reference_number(set, "k");
    size_t n = reference_sample(set, "y", y);
    for (size_t j = 0; j < k; ++j) {
        snprintf(q, sizeof q, "x%zu", j + 1);
        reference_sample(set, q, x[j]);
        columns[j] = x[j];
        names[j] = "x";
    }
    assert_ok(dn_linear_fit(y, columns, names, k, n, &m));
    check(set, "r2", m.r_squared, STATISTIC);
    check_scaled(set, "r2_adjusted", m.adjusted_r_squared, STATISTIC, 0.1);
    check(set, "sigma", m.sigma, STATISTIC);
    check(set, "f", m.f, STATISTIC);
    check(set, "f_p", m.f_p, P_VALUE);
    check(set, "b0", m.coefficients[0], STATISTIC);
    check(set, "b0_se", sqrt(m.covariance[0]), STATISTIC);
    for (size_t j = 1; j <= k; ++j) {
        dn_result r = dn_linear_coefficient(&m, j, "x", 0.95);
        const struct {
            const char *name;
            double value;
            double tolerance;
        } parts[] = {{"", r.estimate, STATISTIC},
                     {"_se", r.estimate / r.statistic, STATISTIC},
                     {"_p", r.p, P_VALUE},
                     {"_low", r.low, STATISTIC},
                     {"_high", r.high, STATISTIC}};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
            snprintf(q, sizeof q, "b%zu%s", j, parts[i].name);
            check_scaled(set, q, parts[i].value, parts[i].tolerance, i == 2 ? 1e-300 : 1e-2 * (r.high - r.low));
        }
    }
    double at[LARGEST_K];
    double value;
    double low;
    double high;
    for (size_t j = 0; j < k; ++j) {
        at[j] = x[j][1];
    }
    double scale = fabs(m.coefficients[0]) * 1e-5;
    dn_linear_predict(&m, at, 0.95, 0, &value, &low, &high);
    check_scaled(set, "at2", value, STATISTIC, scale);
    check_scaled(set, "at2_low", low, STATISTIC, scale);
    check_scaled(set, "at2_high", high, STATISTIC, scale);
    dn_linear_predict(&m, at, 0.95, 1, &value, &low, &high);
    check_scaled(set, "at2_plow", low, STATISTIC, scale);
    dn_linear_model_release(&m);
}

static void adjustment(const char *set)
{
    double p[LARGEST_SAMPLE];
    double expected[LARGEST_SAMPLE];
    double found[LARGEST_SAMPLE];
    static const struct {
        const char *name;
        dn_adjustment adjustment;
    } methods[] = {{"bonferroni", DN_ADJUST_BONFERRONI}, {"holm", DN_ADJUST_HOLM}, {"BH", DN_ADJUST_BH}};
    size_t n = reference_sample(set, "p", p);
    assert_true(n > 0);
    for (size_t m = 0; m < 3; ++m) {
        assert_int_equal(reference_sample(set, methods[m].name, expected), n);
        assert_ok(dn_adjust_p(p, n, methods[m].adjustment, found));
        for (size_t i = 0; i < n; ++i) {
            ++reference_checks;
            if (isnan(expected[i]) ? !isnan(found[i]) : !(fabs(found[i] - expected[i]) <= 1e-12 * expected[i])) {
                print_error("%s, %s, %zu: expected %.17g, found %.17g\n", set, methods[m].name, i, expected[i], found[i]);
                ++reference_failures;
            }
        }
    }
}

static void power(const char *set)
{
    const dn_power_t known = {.kind = (dn_power_kind)reference_number(set, "kind"),
                              .one_sided = (int)reference_number(set, "one_sided"),
                              .ratio = 1.0,
                              .n = reference_number(set, "n"),
                              .delta = reference_number(set, "delta"),
                              .sd = reference_number(set, "sd"),
                              .alpha = reference_number(set, "alpha"),
                              .power = reference_number(set, "target")};
    dn_power_t t = known;
    t.power = NAN;
    assert_ok(dn_power_t_solve(&t));
    check(set, "power", t.power, STATISTIC);
    t = known;
    t.n = NAN;
    assert_ok(dn_power_t_solve(&t));
    check(set, "solved_n", t.n, STATISTIC);
    t = known;
    t.delta = NAN;
    assert_ok(dn_power_t_solve(&t));
    check(set, "solved_delta", t.delta, STATISTIC);
    t = known;
    t.power = NAN;
    t.strict = 1;
    t.one_sided = 0;
    assert_ok(dn_power_t_solve(&t));
    check(set, "strict", t.power, STATISTIC);
    dn_power_anova a = {.groups = reference_number(set, "groups"),
                        .n = known.n,
                        .between_variance = reference_number(set, "between"),
                        .within_variance = reference_number(set, "within"),
                        .alpha = known.alpha,
                        .power = NAN};
    assert_ok(dn_power_anova_solve(&a));
    check(set, "anova_power", a.power, STATISTIC);
    check_scaled(set, "anova_power_r", a.power, STATISTIC, 1.0);
    if (reference_text(set, "anova_n") != NULL) {
        a.power = known.power;
        a.n = NAN;
        assert_ok(dn_power_anova_solve(&a));
        check(set, "anova_n", a.n, STATISTIC);
    }
}

static void distribution(const char *set)
{
    double t = reference_number(set, "t");
    double df = reference_number(set, "df");
    check(set, "t_p", dn_t_two_sided(t, df), 1e-10);
    check(set, "f_p", dn_f_upper(t, 3.0, df), 1e-10);
    check(set, "chi_p", dn_chi_squared_upper(5.0 * t, df), 1e-8);
    check(set, "t_q", dn_t_quantile(0.9 + t / 400.0, df), 1e-10);
    check(set, "f_q", dn_f_quantile(0.9 + t / 400.0, 3.0, df), 1e-10);
    check(set, "chi_q", dn_chi_squared_quantile(0.9 + t / 400.0, df), 1e-10);
    check_scaled(set, "nct", dn_noncentral_t_lower(t, df, 1.5), 1e-9, 1e-2);
    check_scaled(set, "nct_negative", dn_noncentral_t_lower(t, df, -2.0), 1e-9, 1.0);
    check_scaled(set, "ncf", dn_noncentral_f_lower(t, 3.0, df, 4.0), 1e-10, 1e-2);
    check_scaled(set, "tukey", dn_tukey_upper(t, 4.0, df > 2.0 ? df : 2.0), 1e-8, 1e-1);
}

static void two_by_two(const char *set)
{
    double counts[LARGEST_SAMPLE];
    dn_result r;
    assert_int_equal(reference_sample(set, "counts", counts), 4);
    if (reference_is_error(set, "chi", dn_chi_squared_test(counts, 2, 2, &r))) {
        assert_int_equal(dn_fisher_test(counts, 0.95, &r), DN_EDATA);
        return;
    }
    check_scaled(set, "chi", r.statistic, STATISTIC, 1e-6);
    check(set, "chi_p", r.p, P_VALUE);
    check_scaled(set, "v", r.effect, STATISTIC, 1e-6);
    assert_ok(dn_fisher_test(counts, 0.95, &r));
    check(set, "fisher_p", r.p, P_VALUE);
    check(set, "fisher_or", r.estimate, STATISTIC);
    check(set, "fisher_low", r.low, STATISTIC);
    check(set, "fisher_high", r.high, STATISTIC);
}

static void crossed(const char *set)
{
    double counts[LARGEST_SAMPLE];
    dn_result r;
    assert_int_equal(reference_sample(set, "counts", counts), 12);
    assert_ok(dn_chi_squared_test(counts, 3, 4, &r));
    check(set, "chi", r.statistic, STATISTIC);
    check(set, "chi_p", r.p, P_VALUE);
    check(set, "v", r.effect, STATISTIC);
}

static void head_size(const char *set)
{
    static double volume[LARGEST_SAMPLE];
    static double icv[LARGEST_SAMPLE];
    static double flag[LARGEST_SAMPLE];
    static double expected[LARGEST_SAMPLE];
    static double found[LARGEST_SAMPLE];
    static const struct {
        const char *name;
        dn_icv_method method;
    } methods[] = {{"ratio", DN_ICV_RATIO}, {"residual", DN_ICV_RESIDUAL}, {"power", DN_ICV_POWER}};
    unsigned char control[LARGEST_SAMPLE];
    size_t n = reference_sample(set, "volume", volume);
    reference_sample(set, "icv", icv);
    reference_sample(set, "control", flag);
    for (size_t i = 0; i < n; ++i) {
        control[i] = flag[i] != 0.0;
    }
    for (size_t m = 0; m < 3; ++m) {
        double mean;
        double slope;
        char q[64];
        assert_ok(dn_icv_normalise(methods[m].method, volume, icv, control, n, found, &mean, &slope));
        check(set, "mean", mean, STATISTIC);
        snprintf(q, sizeof q, "%s_slope", methods[m].name);
        check(set, q, slope, STATISTIC);
        assert_int_equal(reference_sample(set, methods[m].name, expected), n);
        for (size_t i = 0; i < n; ++i) {
            ++reference_checks;
            if (!(fabs(found[i] - expected[i]) <= STATISTIC * fabs(expected[i]))) {
                print_error("%s, %s, %zu: expected %.17g, found %.17g\n", set, methods[m].name, i, expected[i], found[i]);
                ++reference_failures;
            }
        }
    }
}

static void compare(const char *prefix, void (*visit)(const char *set), size_t least_sets, size_t least_checks)
{
    reference_checks = 0;
    reference_failures = 0;
    reference_load();
    size_t sets = for_each_set(prefix, visit);
    reference_unload();
    print_message("%zu comparisons on %zu sets, %zu differ\n", reference_checks, sets, reference_failures);
    assert_true(sets >= least_sets);
    assert_true(reference_checks > least_checks);
    assert_int_equal(reference_failures, 0);
}

static void linear_models_equal_r(void **state)
{
    (void)state;
    compare("lm_", model, 20, 500);
}

/* p.adjust has no results, only samples: count its sets here. */
static void adjusted_p_equal_r(void **state)
{
    (void)state;
    reference_checks = 0;
    reference_failures = 0;
    reference_load();
    for (int i = 1; i <= 22; ++i) {
        char set[32];
        snprintf(set, sizeof set, "adjust_%02d", i);
        adjustment(set);
    }
    reference_unload();
    print_message("%zu comparisons, %zu differ\n", reference_checks, reference_failures);
    assert_true(reference_checks > 300);
    assert_int_equal(reference_failures, 0);
}

static void power_equals_r(void **state)
{
    (void)state;
    compare("power_", power, 20, 160);
}

static void distributions_equal_r(void **state)
{
    (void)state;
    compare("dist_", distribution, 60, 550);
}

static void head_size_equals_r(void **state)
{
    (void)state;
    compare("icv_", head_size, 20, 2000);
}

static void counts_equal_r(void **state)
{
    (void)state;
    compare("count_", two_by_two, 20, 120);
    compare("cross_", crossed, 8, 20);
}

/* Groups that are worlds apart (found by fuzzing: the series once ran for minutes). The limit is a chi squared quantile. */
static void enormous_noncentralities(void **state)
{
    (void)state;
    static const double sizes[] = {1e3, 1e6, 1e12, 1e30};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        double t = sizes[i];
        double low = dn_chi_squared_quantile(0.025, 20.0);
        double high = dn_chi_squared_quantile(0.975, 20.0);
        assert_close(dn_noncentral_t_ncp(t, 20.0, 0.975) / t, sqrt(low / 20.0), 1e-3);
        assert_close(dn_noncentral_t_ncp(t, 20.0, 0.025) / t, sqrt(high / 20.0), 1e-3);
        assert_close(dn_noncentral_t_ncp(-t, 20.0, 0.025) / t, -sqrt(low / 20.0), 1e-3);
        assert_close(dn_noncentral_f_ncp(t, 2.0, 20.0, 0.975) / t, low / 10.0, 2e-2);
        assert_close(dn_noncentral_f_ncp(t, 2.0, 20.0, 0.025) / t, high / 10.0, 2e-2);
    }
    assert_true(dn_t_two_sided(1e200, 5.0) == 0.0 && dn_f_upper(1e308, 3.0, 4.0) >= 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(linear_models_equal_r),    cmocka_unit_test(adjusted_p_equal_r),
                                       cmocka_unit_test(power_equals_r),           cmocka_unit_test(counts_equal_r),
                                       cmocka_unit_test(enormous_noncentralities), cmocka_unit_test(head_size_equals_r),
                                       cmocka_unit_test(distributions_equal_r)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
