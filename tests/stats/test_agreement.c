/* Agreement, repeated measures and stability against R (tools/reference_agreement.R), 1e-8 relative, p values 1e-6. */
#include "reference_cases.h"

#include "stats/agreement.h"
#include "stats/anova.h"
#include "stats/repeated.h"
#include "stats/stability.h"

#define CLOSE 1e-8
#define P_CLOSE 1e-6

static void bland_altman_is_r(void **state)
{
    (void)state;
    FILE *file = reference_open("reference_agreement.txt");
    reference_case it = {0};
    int cases = 0;
    while (reference_next(file, "bland_altman", &it)) {
        size_t n = 0;
        const double *a = reference_data(&it, "a", &n), *b = reference_data(&it, "b", NULL),
                     *options = reference_data(&it, "options", NULL);
        dn_bland_altman exact, approximate;
        assert_ok(dn_bland_altman_fit(a, b, n, options[1] != 0.0, options[0], DN_LIMITS_EXACT, NULL, NULL, &exact));
        assert_ok(dn_bland_altman_fit(a, b, n, options[1] != 0.0, options[0], DN_LIMITS_APPROXIMATE, NULL, NULL, &approximate));
        double tiny = 1e-10 * exact.sd;
        reference_check(&it, "bias", exact.bias.value, CLOSE, tiny);
        reference_check(&it, "bias_low", exact.bias.low, CLOSE, tiny);
        reference_check(&it, "bias_high", exact.bias.high, CLOSE, tiny);
        reference_check(&it, "p", exact.p, P_CLOSE, 0.0);
        reference_check(&it, "sd", exact.sd, CLOSE, 0.0);
        reference_check(&it, "lower", exact.lower.value, CLOSE, tiny);
        reference_check(&it, "upper", exact.upper.value, CLOSE, tiny);
        reference_check(&it, "upper_low", exact.upper.low, CLOSE, tiny);
        reference_check(&it, "upper_high", exact.upper.high, CLOSE, tiny);
        reference_check(&it, "lower_low", exact.lower.low, CLOSE, tiny);
        reference_check(&it, "lower_high", exact.lower.high, CLOSE, tiny);
        reference_check(&it, "approximate_low", approximate.upper.low, CLOSE, tiny);
        reference_check(&it, "approximate_high", approximate.upper.high, CLOSE, tiny);
        reference_check(&it, "intercept", exact.intercept, CLOSE, tiny);
        reference_check(&it, "slope", exact.slope.value, CLOSE, 0.0);
        reference_check(&it, "slope_low", exact.slope.low, CLOSE, 0.0);
        reference_check(&it, "slope_high", exact.slope.high, CLOSE, 0.0);
        reference_check(&it, "slope_p", exact.slope_p, P_CLOSE, 0.0);
        reference_check(&it, "r", exact.r, CLOSE, 0.0);
        reference_finish(&it);
        ++cases;
    }
    fclose(file);
    assert_true(cases >= 20);
}

static void icc_is_r(void **state)
{
    (void)state;
    FILE *file = reference_open("reference_agreement.txt");
    reference_case it = {0};
    int cases = 0;
    while (reference_next(file, "icc", &it)) {
        const double *values = reference_data(&it, "values", NULL), *shape = reference_data(&it, "shape", NULL);
        size_t n = (size_t)shape[0], k = (size_t)shape[1];
        dn_icc icc;
        dn_within_subject within;
        assert_ok(dn_icc_fit(values, n, k, shape[2], &icc));
        assert_ok(dn_within_subject_fit(values, n, k, shape[2], &within));
        double tiny = 1e-12;
        reference_check(&it, "ms_subjects", icc.ms_subjects, CLOSE, 0.0);
        reference_check(&it, "ms_raters", icc.ms_raters, CLOSE, 1e-13 * icc.ms_subjects);
        reference_check(&it, "ms_error", icc.ms_error, CLOSE, 1e-13 * icc.ms_subjects);
        reference_check(&it, "agreement", icc.agreement.value, CLOSE, tiny);
        reference_check(&it, "agreement_low", icc.agreement.low, CLOSE, tiny);
        reference_check(&it, "agreement_high", icc.agreement.high, CLOSE, tiny);
        reference_check(&it, "consistency", icc.consistency.value, CLOSE, tiny);
        reference_check(&it, "consistency_low", icc.consistency.low, CLOSE, tiny);
        reference_check(&it, "consistency_high", icc.consistency.high, CLOSE, tiny);
        reference_check(&it, "agreement_average", icc.agreement_average.value, CLOSE, tiny);
        reference_check(&it, "consistency_average", icc.consistency_average.value, CLOSE, tiny);
        reference_check(&it, "f", icc.f, CLOSE, 0.0);
        reference_check(&it, "p", icc.p, P_CLOSE, 0.0);
        reference_check(&it, "within_sd", within.sd.value, CLOSE, 0.0);
        reference_check(&it, "within_low", within.sd.low, CLOSE, 0.0);
        reference_check(&it, "within_high", within.sd.high, CLOSE, 0.0);
        reference_check(&it, "cv", within.cv, CLOSE, 0.0);
        reference_check(&it, "cv_of_mean", within.cv_of_mean, CLOSE, 0.0);
        reference_check(&it, "repeatability", within.repeatability.value, CLOSE, 0.0);
        reference_finish(&it);
        ++cases;
    }
    fclose(file);
    assert_true(cases >= 20);
}

/* Shrout and Fleiss 1979, table 4: what the paper prints. */
static void icc_is_the_paper(void **state)
{
    (void)state;
    const double table[] = {9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7};
    dn_icc icc;
    assert_ok(dn_icc_fit(table, 6, 4, 0.95, &icc));
    assert_close(icc.agreement.value, 0.29, 0.005);
    assert_close(icc.consistency.value, 0.71, 0.006);
    assert_close(icc.agreement_average.value, 0.62, 0.005);
    assert_close(icc.consistency_average.value, 0.91, 0.005);
}

static void check_numbered(reference_case *it, const char *stem, size_t i, double found, double relative, double absolute)
{
    char name[48];
    snprintf(name, sizeof name, "%s%zu", stem, i);
    reference_check(it, name, found, relative, absolute);
}

static void repeated_is_r(void **state)
{
    (void)state;
    FILE *file = reference_open("reference_agreement.txt");
    reference_case it = {0};
    int cases = 0;
    while (reference_next(file, "repeated", &it)) {
        const double *values = reference_data(&it, "values", NULL), *shape = reference_data(&it, "shape", NULL);
        size_t n = (size_t)shape[0], k = (size_t)shape[1];
        dn_repeated anova;
        dn_result holm[64], bonferroni[64];
        double d_z[64];
        /* The sets whose means were made equal have an F of rounding errors. */
        double nothing = strcmp(it.name, "equal_means") == 0 ? 1e-6 : 0.0;
        assert_ok(dn_repeated_anova(values, n, k, &anova));
        assert_ok(dn_repeated_pairs(values, n, k, 0.95, DN_ADJUST_HOLM, holm, d_z));
        assert_ok(dn_repeated_pairs(values, n, k, 0.95, DN_ADJUST_BONFERRONI, bonferroni, NULL));
        reference_check(&it, "f", anova.f, CLOSE, nothing);
        reference_check(&it, "p", anova.p, P_CLOSE, 0.0);
        reference_check(&it, "partial", anova.partial_eta_squared, CLOSE, nothing);
        reference_check(&it, "generalised", anova.generalised_eta_squared, CLOSE, nothing);
        reference_check(&it, "gg", anova.epsilon_gg, CLOSE, 0.0);
        if (reference_has(&it, "p_hf")) {
            reference_check(&it, "hf", anova.epsilon_hf, CLOSE, 0.0);
        } else {
            reference_check(&it, "hf", INFINITY, 1.0, INFINITY); /* n - 1 = (k - 1) epsilon: R divides by 0 */
        }
        reference_check(&it, "p_gg", anova.p_gg, P_CLOSE, 0.0);
        reference_check(&it, "p_hf", anova.p_hf, P_CLOSE, 0.0);
        reference_check(&it, "w", anova.mauchly_w, CLOSE, 0.0);
        reference_check(&it, "w_p", anova.mauchly_p, P_CLOSE, 0.0);
        for (size_t i = 0; i < dn_pair_count(k); ++i) {
            double scale = fabs(holm[i].high - holm[i].low);
            check_numbered(&it, "t", i, holm[i].statistic, CLOSE, nothing);
            check_numbered(&it, "p", i, holm[i].p, P_CLOSE, 0.0);
            check_numbered(&it, "low", i, holm[i].low, CLOSE, 1e-10 * scale);
            check_numbered(&it, "high", i, holm[i].high, CLOSE, 1e-10 * scale);
            check_numbered(&it, "d", i, holm[i].effect, CLOSE, nothing);
            check_numbered(&it, "dz", i, d_z[i], CLOSE, nothing);
            check_numbered(&it, "holm", i, holm[i].p_adjusted, P_CLOSE, 0.0);
            check_numbered(&it, "bonferroni", i, bonferroni[i].p_adjusted, P_CLOSE, 0.0);
        }
        reference_finish(&it);
        ++cases;
    }
    fclose(file);
    assert_true(cases >= 20);
}

static size_t *indices(const double *values, size_t n)
{
    size_t *out = calloc(n + 1, sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < n; ++i) {
        out[i] = (size_t)values[i];
    }
    return out;
}

static void check_comparison(reference_case *it, const char *label, const dn_pool *a, const dn_pool *b)
{
    dn_pool_comparison found;
    char name[48];
    assert_ok(dn_pool_compare(a, "a", b, "b", &found));
    const struct {
        const char *stem;
        double statistic, p;
    } rows[] = {{"mean_f", found.levene.statistic, NAN},           {"mean_p", NAN, found.levene.p},
                {"median_f", found.brown_forsythe.statistic, NAN}, {"median_p", NAN, found.brown_forsythe.p},
                {"pm_t", found.pitman_morgan.statistic, NAN},      {"pm_p", NAN, found.pitman_morgan.p}};
    for (size_t i = 0; i < 6; ++i) {
        snprintf(name, sizeof name, "%s_%s", label, rows[i].stem);
        double is_p = isnan(rows[i].statistic);
        reference_check(it, name, is_p ? rows[i].p : rows[i].statistic, is_p ? P_CLOSE : CLOSE, is_p ? 1e-14 : 1e-10);
    }
}

static void stability_is_r(void **state)
{
    (void)state;
    FILE *file = reference_open("reference_agreement.txt");
    reference_case it = {0};
    int cases = 0;
    while (reference_next(file, "stability", &it)) {
        size_t n = 0;
        const double *value = reference_data(&it, "value", &n), *other = reference_data(&it, "other", NULL);
        size_t *scanner = indices(reference_data(&it, "scanner", NULL), n), *person = indices(reference_data(&it, "person", NULL), n);
        dn_stability a, b;
        assert_ok(dn_stability_fit(value, person, scanner, n, 0.95, &a));
        assert_ok(dn_stability_fit(other, person, scanner, n, 0.95, &b));
        reference_check(&it, "within_sd", a.within.sd, CLOSE, 0.0);
        reference_check(&it, "within_p50", a.within.p50, CLOSE, 1e-14);
        reference_check(&it, "within_p95", a.within.p95, CLOSE, 0.0);
        reference_check(&it, "within_component", a.within.component, CLOSE, 0.0);
        reference_check(&it, "within_low", a.within.component_low, CLOSE, 0.0);
        reference_check(&it, "within_high", a.within.component_high, CLOSE, 0.0);
        reference_check(&it, "between_sd", a.between.sd, CLOSE, 0.0);
        reference_check(&it, "between_p50", a.between.p50, CLOSE, 0.0);
        reference_check(&it, "between_p95", a.between.p95, CLOSE, 0.0);
        reference_check(&it, "between_component", a.between.component, CLOSE, 0.0);
        if (a.within.n > 1) {
            check_comparison(&it, "within", &a.within, &b.within);
        }
        if (a.between.n > 1) {
            double ratio, low, high;
            check_comparison(&it, "between", &a.between, &b.between);
            assert_ok(dn_sd_ratio(a.between.sd, a.between.n, b.between.sd, b.between.n, 0.95, &ratio, &low, &high));
            reference_check(&it, "ratio", ratio, CLOSE, 0.0);
            reference_check(&it, "ratio_low", low, CLOSE, 0.0);
            reference_check(&it, "ratio_high", high, CLOSE, 0.0);
        }
        reference_finish(&it);
        dn_stability_release(&a);
        dn_stability_release(&b);
        free(scanner);
        free(person);
        ++cases;
    }
    fclose(file);
    assert_true(cases >= 20);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4}, shifted[] = {2, 3, 4, 5}, same[] = {5, 5, 5, 5}, hole[] = {1, NAN, 3, 4};
    const double opposite[] = {-1, 2, 3, 4}, one[] = {1, 2, 3, 5};
    dn_bland_altman limits;
    dn_icc icc;
    dn_within_subject within;
    dn_repeated anova;
    dn_stability stability;
    dn_pool_comparison comparison;
    double ratio, low, high;
    assert_int_equal(dn_bland_altman_fit(a, one, 2, false, 0.95, DN_LIMITS_EXACT, NULL, NULL, &limits), DN_EDATA);
    assert_int_equal(dn_bland_altman_fit(a, a, 4, false, 0.95, DN_LIMITS_EXACT, NULL, NULL, &limits), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "same column twice"));
    assert_int_equal(dn_bland_altman_fit(a, hole, 4, false, 0.95, DN_LIMITS_EXACT, NULL, NULL, &limits), DN_EDATA);
    assert_int_equal(dn_bland_altman_fit(a, opposite, 4, true, 0.95, DN_LIMITS_EXACT, NULL, NULL, &limits), DN_EDATA);
    /* Equal means but unequal differences: limits, no slope. */
    assert_ok(dn_bland_altman_fit((double[]){1, 2, 3}, (double[]){3, 2, 1}, 3, false, 0.95, DN_LIMITS_EXACT, NULL, NULL, &limits));
    assert_true(isnan(limits.slope.value) && isnan(limits.r));

    assert_int_equal(dn_icc_fit(same, 2, 2, 0.95, &icc), DN_EDATA);
    assert_int_equal(dn_icc_fit(a, 1, 4, 0.95, &icc), DN_EDATA);
    assert_int_equal(dn_icc_fit(hole, 2, 2, 0.95, &icc), DN_EDATA);
    const double perfect[] = {1, 1, 2, 2, 7, 7}, offset[] = {1, 3, 2, 4, 7, 9};
    assert_ok(dn_icc_fit(perfect, 3, 2, 0.95, &icc));
    assert_close(icc.agreement.value, 1.0, 1e-15);
    assert_true(isnan(icc.agreement.low) && isnan(icc.f));
    assert_ok(dn_icc_fit(offset, 3, 2, 0.95, &icc));
    assert_close(icc.consistency.value, 1.0, 1e-15);
    assert_true(icc.agreement.value < 0.99);

    assert_int_equal(dn_within_subject_fit(a, 4, 1, 0.95, &within), DN_EDATA);
    assert_ok(dn_within_subject_fit((double[]){-1, 1, 2, 3}, 2, 2, 0.95, &within));
    assert_true(isnan(within.cv));

    assert_int_equal(dn_repeated_anova(a, 1, 4, &anova), DN_EDATA);
    assert_int_equal(dn_repeated_anova(hole, 2, 2, &anova), DN_EDATA);
    assert_int_equal(dn_repeated_anova(offset, 3, 2, &anova), DN_EDATA);
    dn_result pairs[1];
    double d_z[1];
    assert_ok(dn_repeated_pairs(offset, 3, 2, 0.95, DN_ADJUST_HOLM, pairs, d_z));
    assert_true(isnan(pairs[0].p) && isnan(d_z[0]) && pairs[0].note != NULL);
    assert_close(pairs[0].estimate, -2.0, 1e-15);

    const size_t scanners[] = {0, 1, 2, 3}, people[] = {0, 1, 2, 3}, together[] = {0, 0, 1, 1};
    assert_int_equal(dn_stability_fit(a, people, scanners, 4, 0.95, &stability), DN_EDATA);
    dn_stability_release(&stability);
    assert_int_equal(dn_stability_fit(hole, NULL, scanners, 4, 0.95, &stability), DN_EDATA);
    dn_stability_release(&stability);
    assert_ok(dn_stability_fit(shifted, NULL, together, 4, 0.95, &stability));
    assert_int_equal(stability.sessions, 2);
    assert_int_equal(stability.persons, 1);
    assert_int_equal(dn_pool_compare(&stability.within, "a", &(dn_pool){0}, "b", &comparison), DN_EDATA);
    dn_stability_release(&stability);
    assert_int_equal(dn_sd_ratio(1.0, 3, 0.0, 3, 0.95, &ratio, &low, &high), DN_EDATA);
    assert_true(isnan(dn_noncentral_t_quantile(0.0, 3, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bland_altman_is_r), cmocka_unit_test(icc_is_r),       cmocka_unit_test(icc_is_the_paper),
        cmocka_unit_test(repeated_is_r),     cmocka_unit_test(stability_is_r), cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
