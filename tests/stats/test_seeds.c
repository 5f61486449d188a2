/* The tables of the two hypothalamus papers made again: groups are simulated (seeded) with the published n, mean and SD, exactly, and go
 * through the whole analysis. The published conclusion must hold, and p must be of the published order (within a factor, as the papers
 * round means and SDs, and do not say which t test). Prints the table that docs/manual/statistics.md shows. [1] Vernikouskaya et al. 2023,
 * Sci. Rep. 13, 21505   [2] Kassubek et al. 2025, Sci. Rep. 15 (PLS) */
#include "test.h"

#include "base/random.h"
#include "stats/contingency.h"
#include "stats/correlation.h"
#include "stats/icv.h"
#include "study/groups/group_analysis.h"

#include <math.h>
#include <string.h>

enum { MOST = 1024 };

typedef struct published_group {
    const char *name;
    size_t n;
    double mean, sd;
} published_group;

/* n values with exactly this mean and SD; skewed: of a gamma's shape (durations, slopes). */
static void simulate(dn_random *random, const published_group *g, int skewed, double *values)
{
    double shape = g->mean / g->sd * (g->mean / g->sd);
    for (size_t i = 0; i < g->n; ++i) {
        double z = dn_random_normal(random, 0.0, 1.0);
        /* Wilson and Hilferty's cube root, enough for a shape. */
        double cube = fmax(0.05, 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * sqrt(shape)));
        values[i] = skewed ? shape * cube * cube * cube : z;
    }
    double mean = dn_mean(values, g->n);
    double sd = dn_sd(values, g->n);
    double least = INFINITY;
    for (size_t i = 0; i < g->n; ++i) {
        values[i] = g->mean + (values[i] - mean) / sd * g->sd;
        least = fmin(least, values[i]);
    }
}

static dn_table *simulated_table(const published_group *groups, size_t k, int skewed, uint64_t seed)
{
    static double values[MOST];
    dn_table *table = NULL;
    dn_random random;
    size_t row;
    size_t person = 0;
    dn_random_seed(&random, seed);
    assert_ok(dn_table_create("simulated", &table));
    for (size_t g = 0; g < k; ++g) {
        assert_true(groups[g].n <= MOST);
        simulate(&random, &groups[g], skewed, values);
        for (size_t i = 0; i < groups[g].n; ++i) {
            char id[32];
            snprintf(id, sizeof id, "sub-%04zu", ++person);
            assert_ok(dn_table_add_row(table, &row));
            assert_ok(dn_table_put_text(table, "participant_id", id));
            assert_ok(dn_table_put_text(table, "group", groups[g].name));
            assert_ok(dn_table_put_number(table, "value", values[i]));
        }
    }
    return table;
}

/* Analyses groups; the first is the control. */
static void analyse(const published_group *groups, size_t k, int skewed, dn_test_choice test, dn_group_analysis *out, dn_table **table)
{
    *table = simulated_table(groups, k, skewed, 20231206);
    const dn_group_options options = {.value = "value",
                                      .group = "group",
                                      .control = groups[0].name,
                                      .id = "participant_id",
                                      .test = test,
                                      .equal_variances = true, /* "unpaired t-test" */
                                      .adjustment = DN_ADJUST_NONE,
                                      .level = 0.95,
                                      .alpha = 0.05};
    assert_ok(dn_group_analyse(*table, &options, out));
}

typedef struct claim {
    const char *what;
    published_group control, patients;
    double percent; /* as published, rounded; NaN: not given */
    double p;       /* as published; 1: "not significant" */
    double factor;  /* by which p may differ */
    int welch;      /* p is of Welch's test: with a group of three, only that is near */
} claim;

static void two_group_claims(void **state)
{
    (void)state;
    static const claim claims[] = {
        {"[1] test set, normalised", {"CON", 15, 863, 66}, {"ALS", 15, 775, 62}, -10, 0.0011, 2, 0},
        {"[1] whole set, no outliers", {"CON", 107, 852, 77}, {"ALS", 411, 823, 84}, -3, 0.002, 2, 0},
        /* From these rounded numbers no t test gives the published 0.0009: Student has 0.008, Welch 0.002. */
        {"[1] whole set, with outliers", {"CON", 112, 847, 99}, {"ALS", 432, 812, 127}, -4, 0.0009, 10, 0},
        {"[1] test set, manual", {"CON", 15, 870, 96}, {"ALS", 15, 750, 66}, -14, NAN, 1, 0},
        {"[1] age", {"CON", 112, 61.2, 10.5}, {"ALS", 432, 62.6, 11.7}, NAN, 0.2, 2, 0},
        {"[1] ICV of 3 high outliers, ALS", {"average", 411, 1481, 165}, {"outliers", 3, 781, 191}, NAN, 0.035, 2, 1},
        {"[1] hypothalamus of 18 low outliers, ALS", {"average", 411, 0.78, 0.11}, {"outliers", 18, 0.48, 0.16}, NAN, 0.0005, INFINITY, 1},
        {"[1] hypothalamus of 3 low outliers, CON", {"average", 107, 0.84, 0.09}, {"outliers", 3, 0.58, 0.09}, NAN, 0.033, 2, 1},
        {"[1] ICV of 2 high outliers, CON", {"average", 107, 1532, 139}, {"outliers", 2, 1258, 33}, NAN, 0.036, 3, 1},
        {"[2] PLS", {"CON", 107, 852, 77}, {"PLS", 46, 818, 73}, -3, 0.013, 2, 0},
        {"[2] ALS", {"CON", 107, 852, 77}, {"ALS", 411, 823, 84}, -3, 0.002, 2, 0},
        {"[2] ALS and PLS", {"PLS", 46, 818, 73}, {"ALS", 411, 823, 84}, NAN, 1, 1, 0},
        {"[2] probable and definite PLS", {"probable", 28, 818, 63}, {"definite", 18, 818, 89}, NAN, 1, 1, 0},
    };
    print_message("what | published p | p | Welch p | percent | d\n");
    for (size_t i = 0; i < sizeof claims / sizeof *claims; ++i) {
        const claim *c = &claims[i];
        const published_group groups[2] = {c->control, c->patients};
        dn_group_analysis a;
        dn_table *table;
        analyse(groups, 2, 0, DN_TEST_PARAMETRIC, &a, &table);
        double p = c->welch ? a.used.other[0].p : a.used.overall.p;
        print_message("%s | %.4g | %.4f | %.4f | %.1f | %.2f\n", c->what, c->p, a.used.overall.p, a.used.other[0].p, a.used.percent[0],
                      a.used.overall.effect);
        assert_close(a.used.summary[0].mean, c->control.mean, 1e-9 * c->control.mean);
        assert_close(a.used.summary[1].sd, c->patients.sd, 1e-9 * c->patients.sd);
        if (!isnan(c->percent)) {
            /* Their percentages are cut, not rounded: 29 of 852 is 3.4, 34 of 852 is 4.0. */
            assert_true(a.used.percent[0] < 0.0 && fabs(a.used.percent[0] - c->percent) <= 1.0);
        }
        if (c->p == 1.0) {
            assert_true(p > 0.05);
        } else if (!isnan(c->p)) {
            assert_true((p < 0.05) == (c->p < 0.05));
            assert_true(p < c->p * c->factor && p > c->p / c->factor);
        } else {
            assert_true(p < 0.05);
        }
        dn_group_analysis_release(&a);
        dn_table_destroy(table);
    }
}

/* Networks against the manual volumes, from the mean and the limits of agreement of figure 2 of [1]: n = 30 pairs. */
static void paired_claims(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        double difference, low, high, p;
        double factor;
    } claims[] = {{"EfficientNetB0", -0.0124, -0.14, 0.11, 0.336, 2}, {"Inceptionv3", 0.14, 0.0, 0.28, 1.189e-11, 10}};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; ++i) {
        static double manual[30];
        static double difference[30];
        dn_random random;
        dn_table *table = NULL;
        dn_paired_analysis a;
        size_t row;
        const published_group volume = {"manual", 30, 0.82, 0.10};
        const published_group gap = {"difference", 30, claims[i].difference, (claims[i].high - claims[i].low) / (2.0 * 1.96)};
        dn_random_seed(&random, 7);
        simulate(&random, &volume, 0, manual);
        simulate(&random, &gap, 0, difference);
        assert_ok(dn_table_create("simulated", &table));
        for (size_t j = 0; j < 30; ++j) {
            assert_ok(dn_table_add_row(table, &row));
            assert_ok(dn_table_put_number(table, "manual", manual[j]));
            assert_ok(dn_table_put_number(table, "network", manual[j] + difference[j]));
        }
        const dn_paired_options options = {.first = "manual", .second = "network", .level = 0.95, .alpha = 0.05};
        assert_ok(dn_paired_analyse(table, &options, &a));
        print_message("%s: published p %.4g, found %.4g (%s)\n", claims[i].network, claims[i].p, a.test.p, a.test.method);
        assert_true((a.test.p < 0.05) == (claims[i].p < 0.05));
        assert_true(a.test.p < claims[i].p * claims[i].factor && a.test.p > claims[i].p / claims[i].factor);
        dn_paired_analysis_release(&a);
        dn_table_destroy(table);
    }
}

/* Table 1 of [2], by Kruskal-Wallis: age alike, duration and slope not. */
static void kruskal_claims(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        published_group groups[4];
        size_t k;
        int skewed;
        int significant; /* p < 0.001 */
    } claims[] = {
        {"age", {{"CON", 107, 61.4, 10.4}, {"ALS", 411, 62.4, 11.6}, {"probable", 28, 59.9, 11.2}, {"definite", 18, 59.7, 10.1}}, 4, 0, 0},
        {"slope", {{"ALS", 411, 5.0, 5.3}, {"probable", 28, 2.9, 0.9}, {"definite", 18, 1.9, 1.6}}, 3, 1, -1},
        {"ALS-FRS-R, ALS and PLS", {{"ALS", 411, 39, 8}, {"PLS", 46, 39, 7}}, 2, 0, 0},
        {"duration", {{"ALS", 411, 1.5, 1.4}, {"probable", 28, 1.6, 1.0}, {"definite", 18, 7.9, 5.9}}, 3, 1, 1},
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; ++i) {
        dn_group_analysis a;
        dn_table *table;
        analyse(claims[i].groups, claims[i].k, claims[i].skewed, DN_TEST_RANK, &a, &table);
        print_message("%s: %s p = %.3g\n", claims[i].what, a.used.overall.method, a.used.overall.p);
        if (claims[i].significant == 1) {
            assert_true(a.used.overall.p < 0.001);
        } else if (claims[i].significant == 0) {
            assert_true(a.used.overall.p > 0.05);
        } else {
            /* The shape of the slopes is not published; only that the groups differ. */
            assert_true(a.used.overall.p < 0.05);
        }
        dn_group_analysis_release(&a);
        dn_table_destroy(table);
    }
}

/* Table 3 of [1]: sex, p = 0.1. */
static void sex_claim(void **state)
{
    (void)state;
    static const double counts[4] = {56, 56, 257, 175}; /* CON and ALS, men and women */
    dn_result r;
    assert_ok(dn_chi_squared_test(counts, 2, 2, &r));
    print_message("sex: published p 0.1, found %.4f (%s)\n", r.p, r.method);
    assert_close(r.p, 0.1, 0.05);
    assert_true(r.p > 0.05);
}

/* [2]: volume of 46 people with PLS against duration (C = 0.03) and slope (C = -0.14): not significant. */
static void correlation_claims(void **state)
{
    (void)state;
    static const double published[2] = {0.03, -0.14};
    for (size_t c = 0; c < 2; ++c) {
        static double x[46];
        static double noise[46];
        static double y[46];
        dn_random random;
        dn_result r;
        const published_group unit = {"unit", 46, 0.0, 1.0};
        dn_random_seed(&random, 46);
        simulate(&random, &unit, 0, x);
        simulate(&random, &unit, 0, noise);
        double shared = 0.0;
        for (size_t i = 0; i < 46; ++i) {
            shared += x[i] * noise[i] / 45.0;
        }
        for (size_t i = 0; i < 46; ++i) {
            y[i] = 818.0 + 73.0 * (published[c] * x[i] +
                                   sqrt(1.0 - published[c] * published[c]) * (noise[i] - shared * x[i]) / sqrt(1.0 - shared * shared));
        }
        assert_ok(dn_pearson(x, y, 46, 0.95, &r));
        print_message("C = %.2f: p = %.3f, 95 %% CI %.2f to %.2f\n", r.effect, r.p, r.effect_low, r.effect_high);
        assert_close(r.effect, published[c], 1e-12);
        assert_true(r.p > 0.05);
    }
    double slope;
    assert_ok(dn_alsfrs_slope(39.0, 4.2, &slope));
    assert_close(slope, 9.0 / 4.2, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_group_claims), cmocka_unit_test(paired_claims),
                                       cmocka_unit_test(kruskal_claims), cmocka_unit_test(sex_claim), cmocka_unit_test(correlation_claims)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
