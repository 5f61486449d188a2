/* Several groups against R: ANOVA, Welch, Tukey, Kruskal-Wallis, Dunn, Levene, Brown-Forsythe, ANCOVA. */
#include "reference.h"

#include "stats/anova.h"
#include "stats/regression.h"

enum { LARGEST_K = 8 };

static double values[LARGEST_K][LARGEST_SAMPLE];
static double all[LARGEST_SAMPLE], age[LARGEST_SAMPLE], sex[LARGEST_SAMPLE];
static size_t member[LARGEST_SAMPLE];

static void variance_analyses(const char *set, const dn_sample *g, size_t k)
{
    dn_result r;
    if (!reference_is_error(set, "anova_f", dn_anova(g, k, 0.95, &r))) {
        check(set, "anova_f", r.statistic, STATISTIC);
        check(set, "anova_df1", r.df1, STATISTIC);
        check(set, "anova_df2", r.df2, STATISTIC);
        check(set, "anova_p", r.p, P_VALUE);
        check(set, "eta", r.effect, STATISTIC);
        check_scaled(set, "eta_low", r.effect_low, STATISTIC, 0.1);
        check_scaled(set, "eta_high", r.effect_high, STATISTIC, 0.1);
    }
    if (!reference_is_error(set, "welch_f", dn_anova_welch(g, k, 0.95, &r))) {
        check(set, "welch_f", r.statistic, STATISTIC);
        check(set, "welch_df2", r.df2, STATISTIC);
        check(set, "welch_p", r.p, P_VALUE);
    }
    if (!reference_is_error(set, "kw_h", dn_kruskal_wallis(g, k, 0.95, &r))) {
        check(set, "kw_h", r.statistic, STATISTIC);
        check(set, "kw_p", r.p, P_VALUE);
        check(set, "kw_effect", r.effect, STATISTIC);
    }
    if (!reference_is_error(set, "levene_f", dn_levene(g, k, DN_LEVENE_MEAN, &r))) {
        check(set, "levene_f", r.statistic, STATISTIC);
        check(set, "levene_p", r.p, P_VALUE);
    }
    if (!reference_is_error(set, "brown_f", dn_levene(g, k, DN_LEVENE_MEDIAN, &r))) {
        check(set, "brown_f", r.statistic, STATISTIC);
        check(set, "brown_p", r.p, P_VALUE);
    }
}

static void pairs(const char *set, const dn_sample *g, size_t k)
{
    dn_result dunn[LARGEST_K * LARGEST_K];
    dn_result tukey[LARGEST_K * LARGEST_K];
    int have_dunn = dn_dunn(g, k, dunn) == DN_OK;
    int have_tukey = dn_tukey(g, k, 0.95, tukey) == DN_OK;
    size_t at = 0;
    for (size_t i = 1; i <= k; ++i) {
        for (size_t j = i + 1; j <= k; ++j, ++at) {
            char q[64];
            if (have_dunn) {
                snprintf(q, sizeof q, "dunn_%zu_%zu_z", i, j);
                check_scaled(set, q, dunn[at].statistic, STATISTIC, 1e-3);
                snprintf(q, sizeof q, "dunn_%zu_%zu_p", i, j);
                check(set, q, dunn[at].p, P_VALUE);
            }
            if (have_tukey) {
                /* R's ptukey is good to about 1e-10; below that, its p is noise. */
                snprintf(q, sizeof q, "tukey_%zu_%zu_p", i, j);
                check_scaled(set, q, tukey[at].p, P_VALUE, 1e-3);
                snprintf(q, sizeof q, "tukey_%zu_%zu_estimate", i, j);
                check_scaled(set, q, tukey[at].estimate, STATISTIC, fabs(g[0].values[0]) * 1e-6);
                snprintf(q, sizeof q, "tukey_%zu_%zu_low", i, j);
                check_scaled(set, q, tukey[at].low, STATISTIC, fabs(tukey[at].estimate) + fabs(g[0].values[0]) * 1e-6);
                snprintf(q, sizeof q, "tukey_%zu_%zu_high", i, j);
                check_scaled(set, q, tukey[at].high, STATISTIC, fabs(tukey[at].estimate) + fabs(g[0].values[0]) * 1e-6);
            }
        }
    }
}

static void covariance_analysis(const char *set, const dn_sample *g, size_t k)
{
    const char *names[LARGEST_K];
    const dn_covariate covariates[2] = {{"age", age}, {"sex", sex}};
    dn_ancova a;
    size_t n = 0;
    size_t at = 0;
    if (reference_text(set, "ancova_f") == NULL) {
        return;
    }
    for (size_t i = 0; i < k; ++i) {
        names[i] = g[i].name;
        for (size_t j = 0; j < g[i].n; ++j, ++n) {
            all[n] = g[i].values[j];
            member[n] = i;
        }
    }
    assert_ok(dn_ancova_fit(all, member, names, k, covariates, 2, n, 0.95, &a));
    check(set, "ancova_f", a.group.statistic, STATISTIC);
    check(set, "ancova_p", a.group.p, P_VALUE);
    check(set, "ancova_age_f", a.covariate[0].statistic, 1e-7);
    check(set, "ancova_sex_p", a.covariate[1].p, P_VALUE);
    check(set, "slopes_f", a.slopes.statistic, STATISTIC);
    check(set, "slopes_p", a.slopes.p, P_VALUE);
    for (size_t i = 1; i <= k; ++i) {
        char q[64];
        double scale = a.adjusted_high[i - 1] - a.adjusted_low[i - 1];
        snprintf(q, sizeof q, "adjusted_%zu_mean", i);
        check_scaled(set, q, a.adjusted_mean[i - 1], STATISTIC, scale);
        snprintf(q, sizeof q, "adjusted_%zu_low", i);
        check_scaled(set, q, a.adjusted_low[i - 1], STATISTIC, scale);
        snprintf(q, sizeof q, "adjusted_%zu_high", i);
        check_scaled(set, q, a.adjusted_high[i - 1], STATISTIC, scale);
        for (size_t j = i + 1; j <= k; ++j, ++at) {
            snprintf(q, sizeof q, "adjusted_%zu_%zu_estimate", i, j);
            check_scaled(set, q, a.pairs[at].estimate, STATISTIC, scale);
            snprintf(q, sizeof q, "adjusted_%zu_%zu_p", i, j);
            check(set, q, a.pairs[at].p, P_VALUE);
        }
    }
    dn_ancova_release(&a);
}

static void groups(const char *set)
{
    static const char *const names[LARGEST_K] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    dn_sample g[LARGEST_K];
    size_t k = (size_t)reference_number(set, "k");
    for (size_t i = 0; i < k; ++i) {
        char sample[8];
        snprintf(sample, sizeof sample, "g%zu", i + 1);
        g[i] = (dn_sample){names[i], values[i], reference_sample(set, sample, values[i])};
        g[i].n = without_missing(values[i], g[i].n);
    }
    reference_sample(set, "age", age);
    reference_sample(set, "sex", sex);
    variance_analyses(set, g, k);
    pairs(set, g, k);
    covariance_analysis(set, g, k);
}

static void equal_r(void **state)
{
    (void)state;
    reference_load();
    size_t sets = for_each_set("many_", groups);
    reference_unload();
    print_message("%zu comparisons on %zu data sets, %zu differ\n", reference_checks, sets, reference_failures);
    assert_true(sets >= 20);
    assert_true(reference_checks > 1500);
    assert_int_equal(reference_failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_r)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
