/* Pairs against R: paired t, Wilcoxon signed rank, Pearson, Spearman, partial correlations. */
#include "reference.h"

#include "stats/correlation.h"
#include "stats/rank_test.h"
#include "stats/t_test.h"

static void tests_of_differences(const char *set, const double *x, const double *y, size_t n)
{
    dn_result r;
    if (!reference_is_error(set, "t_t", dn_t_test_paired(x, y, n, 0.95, &r))) {
        check_scaled(set, "t_t", r.statistic, STATISTIC, 1e-6);
        check(set, "t_df", r.df1, STATISTIC);
        check(set, "t_p", r.p, P_VALUE);
        check(set, "t_estimate", r.estimate, STATISTIC);
        check(set, "t_low", r.low, STATISTIC);
        check(set, "t_high", r.high, STATISTIC);
        check(set, "dz", r.effect, STATISTIC);
        check_scaled(set, "dz_low", r.effect_low, STATISTIC, 1.0);
        check_scaled(set, "dz_high", r.effect_high, STATISTIC, 1.0);
    }
    if (!reference_is_error(set, "v_v", dn_wilcoxon_signed_rank(x, y, n, 0.95, &r))) {
        double scale = fabs(x[0]) * 1e-6;
        check(set, "v_v", r.statistic, STATISTIC);
        check(set, "v_p", r.p, P_VALUE);
        check(set, "v_n", (double)r.n, STATISTIC);
        check_scaled(set, "v_estimate", r.estimate, STATISTIC, scale);
        check_scaled(set, "v_low", r.low, STATISTIC, scale);
        check_scaled(set, "v_high", r.high, STATISTIC, scale);
        check(set, "v_r", r.effect, STATISTIC);
        check(set, "v_r_low", r.effect_low, STATISTIC);
        check(set, "v_r_high", r.effect_high, STATISTIC);
    }
}

static void correlations(const char *set, const double *x, const double *y, size_t n)
{
    dn_result r;
    if (!reference_is_error(set, "r_r", dn_pearson(x, y, n, 0.95, &r))) {
        check_scaled(set, "r_r", r.effect, STATISTIC, 1e-3);
        check_scaled(set, "r_t", r.statistic, STATISTIC, 1e-3);
        check(set, "r_p", r.p, P_VALUE);
        check_scaled(set, "r_low", r.effect_low, STATISTIC, 1e-3);
        check_scaled(set, "r_high", r.effect_high, STATISTIC, 1e-3);
    }
    if (!reference_is_error(set, "rho_rho", dn_spearman(x, y, n, 0.95, &r))) {
        check_scaled(set, "rho_rho", r.effect, STATISTIC, 1e-3);
        check_scaled(set, "rho_s", r.statistic, STATISTIC, 1e-3);
        check(set, "rho_p", r.p, P_VALUE);
        check_scaled(set, "rho_low", r.effect_low, STATISTIC, 1e-3);
        check_scaled(set, "rho_high", r.effect_high, STATISTIC, 1e-3);
    }
}

static void pairs(const char *set)
{
    static const char *const names[4] = {"x", "y", "z", "u"};
    double raw[4][LARGEST_SAMPLE];
    double v[4][LARGEST_SAMPLE];
    size_t n = 0;
    size_t two = 0;
    size_t four = 0;
    for (size_t j = 0; j < 4; ++j) {
        n = reference_sample(set, names[j], raw[j]);
    }
    for (size_t i = 0; i < n; ++i) {
        if (!isnan(raw[0][i]) && !isnan(raw[1][i])) {
            v[0][two] = raw[0][i];
            v[1][two++] = raw[1][i];
        }
    }
    tests_of_differences(set, v[0], v[1], two);
    correlations(set, v[0], v[1], two);
    for (size_t i = 0; i < n; ++i) {
        if (!isnan(raw[0][i]) && !isnan(raw[1][i]) && !isnan(raw[2][i]) && !isnan(raw[3][i])) {
            for (size_t j = 0; j < 4; ++j) {
                v[j][four] = raw[j][i];
            }
            ++four;
        }
    }
    const double *z[2] = {v[2], v[3]};
    for (size_t k = 1; k <= 2; ++k) {
        for (int ranks = 0; ranks <= 1; ++ranks) {
            char q[64];
            dn_result r;
            snprintf(q, sizeof q, "partial%zu%d_r", k, ranks);
            if (reference_text(set, q) == NULL) {
                continue;
            }
            assert_ok(dn_partial_correlation(v[0], v[1], z, k, four, ranks, 0.95, &r));
            const struct {
                const char *name;
                double value;
                double tolerance;
            } parts[] = {{"r", r.effect, STATISTIC},
                         {"t", r.statistic, STATISTIC},
                         {"p", r.p, P_VALUE},
                         {"low", r.effect_low, STATISTIC},
                         {"high", r.effect_high, STATISTIC}};
            for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
                snprintf(q, sizeof q, "partial%zu%d_%s", k, ranks, parts[i].name);
                check_scaled(set, q, parts[i].value, parts[i].tolerance, i == 2 ? 0.0 : 1e-3);
            }
        }
    }
}

static void equal_r(void **state)
{
    (void)state;
    reference_load();
    size_t sets = for_each_set("pair_", pairs);
    reference_unload();
    print_message("%zu comparisons on %zu data sets, %zu differ\n", reference_checks, sets, reference_failures);
    assert_true(sets >= 20);
    assert_true(reference_checks > 900);
    assert_int_equal(reference_failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_r)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
