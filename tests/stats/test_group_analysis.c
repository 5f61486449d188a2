/* The way from a table to a comparison: normalisation, outliers, choice of test, omissions, covariates, and every bad table with its
 * sentence. */
#include "test.h"

#include "base/random.h"
#include "stats/anova.h"
#include "stats/rank_test.h"
#include "stats/t_test.h"
#include "study/groups/group_analysis.h"

#include <math.h>
#include <string.h>

static dn_table *parse(const char *text)
{
    dn_table *table = NULL;
    assert_ok(dn_table_parse(text, strlen(text), "study.tsv", &table));
    return table;
}

static const dn_group_options plain = {.value = "v",
                                       .group = "group",
                                       .id = "participant_id",
                                       .outlier_factor = 1.5,
                                       .adjustment = DN_ADJUST_HOLM,
                                       .level = 0.95,
                                       .alpha = 0.05};

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("expected \"%s\" in: %s", part, text);
    }
}

/* The analysis fails with DN_EDATA (or `expected`) and a sentence that holds all parts, separated by |. */
static void refused(const char *text, const dn_group_options *options, dn_status expected, const char *parts)
{
    char copy[512];
    dn_group_analysis a;
    dn_table *table = parse(text);
    dn_status status = dn_group_analyse(table, options, &a);
    if (status != expected) {
        fail_msg("expected %s (%s), found %s: %s", dn_status_name(expected), parts, dn_status_name(status), dn_error_message());
    }
    snprintf(copy, sizeof copy, "%s", parts);
    for (char *part = strtok(copy, "|"); part != NULL; part = strtok(NULL, "|")) {
        assert_has(dn_error_message(), part);
    }
    dn_group_analysis_release(&a);
    dn_table_destroy(table);
}

/* No table may hold a NaN, an infinity or an empty cell. */
static void check_cells(const dn_table *table)
{
    for (size_t c = 0; c < dn_table_columns(table); ++c) {
        for (size_t r = 0; r < dn_table_rows(table); ++r) {
            const char *text = dn_table_text(table, r, c);
            if (text != NULL && (strcmp(text, "nan") == 0 || strcmp(text, "-nan") == 0 || strstr(text, "inf") == text || *text == '\0')) {
                fail_msg("column %s, row %zu: found \"%s\"", dn_table_column_name(table, c), r, text);
            }
        }
    }
}

static void check_tables(const dn_group_analysis *a, size_t least_tests)
{
    dn_table *tests = NULL;
    dn_table *summary = NULL;
    dn_table *people = NULL;
    char *paragraph = NULL;
    assert_ok(dn_table_create("tests", &tests));
    assert_ok(dn_table_create("summary", &summary));
    assert_ok(dn_table_create("people", &people));
    assert_ok(dn_group_tabulate(a, tests, summary, people));
    assert_ok(dn_group_paragraph(a, &paragraph));
    assert_true(dn_table_rows(tests) >= least_tests);
    assert_int_equal(dn_table_rows(people), a->people_count);
    check_cells(tests);
    check_cells(summary);
    check_cells(people);
    assert_null(strstr(paragraph, "nan"));
    assert_null(strstr(paragraph, "inf "));
    free(paragraph);
    dn_table_destroy(tests);
    dn_table_destroy(summary);
    dn_table_destroy(people);
}

/* Two normal groups with an ICV; planted: one low and one high outlier, one without volume, one without group. */
static dn_table *study(void)
{
    dn_table *table = NULL;
    dn_random random;
    size_t row;
    dn_random_seed(&random, 3);
    assert_ok(dn_table_create("study.tsv", &table));
    for (int i = 0; i < 64; ++i) {
        char id[16];
        double icv = dn_random_normal(&random, 1.5e6, 1e5);
        double v = dn_random_normal(&random, i % 2 ? 800.0 : 860.0, 40.0) * icv / 1.5e6;
        snprintf(id, sizeof id, "sub-%02d", i);
        assert_ok(dn_table_add_row(table, &row));
        assert_ok(dn_table_put_text(table, "participant_id", id));
        assert_ok(dn_table_put_text(table, "group", i == 62 ? NULL : i % 2 ? "ALS" : "CON"));
        assert_ok(dn_table_put_number(table, "v", i == 63 ? NAN : i == 7 ? 0.2 * v : i == 8 ? 2.0 * v : v));
        assert_ok(dn_table_put_number(table, "icv", icv));
        assert_ok(dn_table_put_number(table, "age", i == 5 ? NAN : dn_random_normal(&random, 60.0, 8.0)));
        assert_ok(dn_table_put_text(table, "sex", dn_random_unit(&random) < 0.5 ? "F" : "M"));
    }
    return table;
}

static void seeds_way(void **state)
{
    (void)state;
    static const char *const covariates[] = {"age", "sex"};
    dn_group_options options = plain;
    dn_group_analysis a;
    dn_table *table = study();
    char *paragraph = NULL;
    options.control = "CON";
    options.icv = "icv";
    options.normalise = DN_ICV_RATIO;
    options.covariates = covariates;
    options.covariate_count = 2;
    assert_ok(dn_group_analyse(table, &options, &a));
    assert_int_equal(a.k, 2);
    assert_string_equal(a.names[0], "CON");
    assert_int_equal(a.omitted, 2);
    assert_string_equal(a.people[62].omitted, "no group");
    assert_string_equal(a.people[63].omitted, "no v");
    assert_int_equal(a.outliers, 2);
    assert_true(a.people[7].outlier && a.people[8].outlier);
    /* Equation 1 of the seeds: the mean is over all controls that have both volumes. */
    double sum = 0.0;
    size_t controls = 0;
    for (size_t i = 0; i < 64; i += 2) {
        if (i != 62) {
            sum += a.people[i].icv;
            ++controls;
        }
    }
    assert_close(a.mean_icv, sum / (double)controls, 1e-6);
    assert_close(a.people[0].value, a.people[0].raw / a.people[0].icv * a.mean_icv, 1e-9);
    assert_int_equal(a.used.samples[0].n, 30);
    assert_int_equal(a.used.samples[1].n, 30);
    assert_int_equal(a.all.samples[0].n, 31);
    assert_true(a.used.parametric);
    dn_result welch;
    assert_ok(dn_t_test(&a.used.samples[1], &a.used.samples[0], false, 0.95, &welch));
    assert_true(a.used.overall.p == welch.p && a.used.overall.estimate == welch.estimate);
    assert_true(a.used.overall.estimate < 0.0 && a.used.percent[0] < 0.0);
    assert_true(a.has_ancova && a.ancova.n == 59 && a.ancova_omitted == 1);
    assert_true(a.ancova.group.p < 0.01);
    check_tables(&a, 14);
    assert_ok(dn_group_paragraph(&a, &paragraph));
    static const char *const said[] = {"CON: sub-08; ALS: sub-07",
                                       "With them:",
                                       "Welch's t test was used",
                                       "sub-62 (no group)",
                                       "sub-63 (no v)",
                                       "sex (",
                                       "Cohen's d",
                                       "95 % CI",
                                       "the mean icv of CON",
                                       "sub-05",
                                       "n = 60",
                                       "type II"};
    for (size_t i = 0; i < sizeof said / sizeof *said; ++i) {
        assert_has(paragraph, said[i]);
    }
    free(paragraph);
    dn_group_analysis_release(&a);
    dn_table_destroy(table);
}

static void icv_by_residual_and_power(void **state)
{
    (void)state;
    dn_group_options options = plain;
    dn_table *table = study();
    options.control = "CON";
    options.icv = "icv";
    options.outlier_factor = 0.0;
    for (int how = 0; how < 2; ++how) {
        dn_group_analysis a;
        options.normalise = how ? DN_ICV_POWER : DN_ICV_RESIDUAL;
        assert_ok(dn_group_analyse(table, &options, &a));
        const dn_person *p = &a.people[10];
        double expected = how ? p->raw * pow(a.mean_icv / p->icv, a.slope) : p->raw - a.slope * (p->icv - a.mean_icv);
        assert_close(p->value, expected, 1e-9);
        /* The line goes through the controls: what is left of them does not depend on ICV. */
        double shared = 0.0;
        double mean = dn_mean(a.used.samples[0].values, a.used.samples[0].n);
        size_t at = 0;
        for (size_t i = 0; i < a.people_count; ++i) {
            if (a.people[i].omitted == NULL && a.people[i].group == 0) {
                double left = how ? log(a.used.samples[0].values[at]) : a.used.samples[0].values[at] - mean;
                shared += left * (how ? log(a.people[i].icv / a.mean_icv) : a.people[i].icv / a.mean_icv - 1.0);
                ++at;
            }
        }
        if (!how) {
            assert_close(shared, 0.0, 1e-6);
        }
        check_tables(&a, 4);
        dn_group_analysis_release(&a);
    }
    dn_table_destroy(table);
}

static void tests_are_chosen_by_normality(void **state)
{
    (void)state;
    static const char *const skewed =
        "group\tv\nA\t1\nA\t1.1\nA\t1.2\nA\t1.3\nA\t1.5\nA\t90\nA\t300\nB\t2\nB\t2.1\nB\t2.2\nB\t2.5\nB\t3\nB\t50\nB\t700\n";
    static const char *const tiny = "group\tv\nA\t1\nA\t2\nB\t3\nB\t4.5\n";
    dn_group_options options = plain;
    dn_group_analysis a;
    options.outlier_factor = 0.0;
    dn_table *table = parse(skewed);
    assert_ok(dn_group_analyse(table, &options, &a));
    assert_false(a.used.parametric);
    assert_string_equal(a.used.overall.note, "exact");
    dn_result mw;
    assert_ok(dn_mann_whitney(&a.used.samples[1], &a.used.samples[0], 0.95, &mw));
    assert_true(a.used.overall.p == mw.p);
    assert_string_equal(a.people[0].id, "line 2");
    check_tables(&a, 5);
    dn_group_analysis_release(&a);
    options.test = DN_TEST_PARAMETRIC;
    options.equal_variances = true;
    assert_ok(dn_group_analyse(table, &options, &a));
    assert_string_equal(a.used.overall.method, "Student's t test");
    dn_group_analysis_release(&a);
    dn_table_destroy(table);
    table = parse(tiny);
    options = plain;
    assert_ok(dn_group_analyse(table, &options, &a));
    assert_false(a.used.parametric);
    assert_has(a.used.normality[0].note, "fewer than 3");
    /* Two against two cannot give a 95 % interval. */
    assert_true(isnan(a.used.overall.low));
    check_tables(&a, 3);
    dn_group_analysis_release(&a);
    dn_table_destroy(table);
}

static void several_groups_and_several_values(void **state)
{
    (void)state;
    dn_table *table = NULL;
    dn_random random;
    size_t row;
    dn_group_analysis a[2];
    static const char *const groups[] = {"CON", "ALS", "PLS"};
    dn_random_seed(&random, 6);
    assert_ok(dn_table_create("study.tsv", &table));
    for (int i = 0; i < 90; ++i) {
        assert_ok(dn_table_add_row(table, &row));
        assert_ok(dn_table_put_text(table, "group", groups[i % 3]));
        assert_ok(dn_table_put_number(table, "normal", dn_random_normal(&random, 800.0 - 20.0 * (i % 3), 40.0)));
        assert_ok(dn_table_put_number(table, "skewed", exp(dn_random_normal(&random, 0.4 * (i % 3), 1.0))));
    }
    dn_group_options options = plain;
    options.control = "CON";
    options.outlier_factor = 0.0;
    options.value = "normal";
    assert_ok(dn_group_analyse(table, &options, &a[0]));
    options.value = "skewed";
    assert_ok(dn_group_analyse(table, &options, &a[1]));
    assert_string_equal(a[0].used.overall.method, "Welch's analysis of variance");
    assert_string_equal(a[1].used.overall.method, "Kruskal-Wallis test");
    /* Pairs: Welch with Holm; Dunn with Holm. Signs: later minus earlier. */
    dn_result direct;
    assert_ok(dn_t_test(&a[0].used.samples[2], &a[0].used.samples[0], false, 0.95, &direct));
    assert_true(a[0].used.pairs[1].p == direct.p && a[0].used.pairs[1].p_adjusted >= direct.p);
    dn_result dunn[3];
    assert_ok(dn_dunn(a[1].used.samples, 3, dunn));
    assert_true(a[1].used.overall.effect_low < a[1].used.overall.effect && a[1].used.overall.effect < a[1].used.overall.effect_high);
    assert_true(a[1].used.pairs[2].p == dunn[2].p && a[1].used.pairs[2].statistic == -dunn[2].statistic);
    double p0 = a[0].used.overall.p;
    double p1 = a[1].used.overall.p;
    assert_ok(dn_group_adjust_family(a, 2));
    assert_close(fmin(a[0].used.overall.p_adjusted, a[1].used.overall.p_adjusted), fmin(1.0, 2.0 * fmin(p0, p1)), 1e-15);
    check_tables(&a[0], 8);
    check_tables(&a[1], 8);
    dn_group_analysis_release(&a[0]);
    dn_group_analysis_release(&a[1]);
    options.value = "normal";
    options.equal_variances = true;
    assert_ok(dn_group_analyse(table, &options, &a[0]));
    assert_string_equal(a[0].used.pairs[0].method, "Tukey's honest significant difference");
    assert_true(a[0].used.pairs[0].low < a[0].used.pairs[0].estimate && a[0].used.pairs[0].estimate < a[0].used.pairs[0].high);
    assert_true(a[0].used.pairs[1].estimate < 0.0);
    check_tables(&a[0], 8);
    dn_group_analysis_release(&a[0]);
    dn_table_destroy(table);
}

static void pairs_in_columns_and_in_rows(void **state)
{
    (void)state;
    static const char *const wide =
        "participant_id\tmanual\tnetwork\ns1\t10\t11\ns2\t12\t12.5\ns3\t9\t11\ns4\t14\tn/a\ns5\t11\t11.7\ns6\t13\t15\n";
    static const char *const rows = "participant_id\tmethod\tv\ns1\tmanual\t10\ns1\tnetwork\t11\ns2\tnetwork\t12."
                                    "5\ns2\tmanual\t12\ns3\tmanual\t9\ns3\tnetwork\t11\ns4\tmanual\t"
                                    "14\ns5\tmanual\t11\ns5\tnetwork\t11.7\ns6\tmanual\t13\ns6\tnetwork\t15\n";
    dn_paired_options options = {.first = "manual", .second = "network", .id = "participant_id", .level = 0.95, .alpha = 0.05};
    dn_paired_analysis a;
    dn_paired_analysis b;
    dn_table *one = parse(wide);
    dn_table *two = parse(rows);
    assert_ok(dn_paired_analyse(one, &options, &a));
    options.first = "v";
    options.second = NULL;
    options.group = "method";
    assert_ok(dn_paired_analyse(two, &options, &b));
    assert_int_equal(a.n, 5);
    assert_int_equal(b.n, 5);
    assert_string_equal(a.omitted.text, "s4");
    assert_string_equal(b.omitted.text, "s4");
    assert_true(a.test.p == b.test.p);
    assert_close(a.test.estimate, 1.24, 1e-12);
    char *paragraph = NULL;
    assert_ok(dn_paired_paragraph(&a, &paragraph));
    assert_has(paragraph, "paired t test");
    assert_has(paragraph, "value is missing: s4");
    free(paragraph);
    dn_paired_analysis_release(&a);
    dn_paired_analysis_release(&b);
    dn_table_destroy(one);
    dn_table_destroy(two);
}

static void categories_by_group(void **state)
{
    (void)state;
    dn_group_options options = plain;
    dn_category_analysis a;
    char *paragraph = NULL;
    options.value = "sex";
    options.control = "CON";
    dn_table *table =
        parse("participant_id\tgroup\tsex\ns1\tALS\tM\ns2\tCON\tF\ns3\tALS\tn/a\ns4\tCON\tM\ns5\tALS\tF\ns6\tn/a\tF\ns7\tCON\tF\n");
    assert_true(dn_column_is_category(table, 2));
    assert_ok(dn_category_analyse(table, &options, &a));
    assert_string_equal(a.names[0], "CON");
    assert_int_equal(a.n, 5);
    assert_true(a.counts[0] == 2.0 && a.counts[1] == 1.0 && a.counts[2] == 1.0 && a.counts[3] == 1.0);
    assert_string_equal(a.chosen.method, "Fisher's exact test"); /* counts are small */
    assert_ok(dn_category_paragraph(&a, &paragraph));
    assert_has(paragraph, "CON F 2 (66.7 %), M 1 (33.3 %); ALS F 1 (50.0 %), M 1 (50.0 %)");
    assert_has(paragraph, "s3 (no sex), s6 (no group)");
    free(paragraph);
    dn_category_analysis_release(&a);
    dn_table_destroy(table);
    table = parse("group\tsex\nA\tM\nB\tM\n");
    options.control = NULL;
    assert_int_equal(dn_category_analyse(table, &options, &a), DN_EDATA);
    assert_has(dn_error_message(), "at least two groups and two categories");
    dn_category_analysis_release(&a);
    dn_table_destroy(table);
}

static void bad_tables(void **state)
{
    (void)state;
    dn_group_options o = plain;
    static const char *const fine =
        "participant_id\tgroup\tv\ticv\tage\ns1\tA\t1\t2\t50\ns2\tA\t2\t2\t60\ns3\tB\t3\t2\t70\ns4\tB\t4\t2\t40\n";
    refused("participant_id\tgroup\tv\ns1\tA\t1\ns2\tA\t2\ns3\tB\t3\n", &o, DN_EDATA, "group B has 1 usable value of v|at least 2");
    refused("participant_id\tgroup\tv\ns1\tA\t5\ns2\tA\t5\ns3\tB\t5\ns4\tB\t5\n", &o, DN_EDATA, "equal|not possible");
    refused("participant_id\tgroup\tv\ns1\tA\t5\ns2\tA\t5\ns3\tA\t6\n", &o, DN_EDATA, "only one group");
    refused("participant_id\tgroup\tv\ns1\tn/a\t5\ns2\tn/a\t6\n", &o, DN_EDATA, "no group");
    refused("participant_id\tgroup\tv\ns1\tA\t5\ns2\tA\tsix\ns3\tB\t6\ns4\tB\t7\n", &o, DN_EDATA,
            "study.tsv, line 3, column v|\"six\" is not a number");
    refused("participant_id\tgroup\tv\ns1\tA\t5\ns2\tA\t6,5\ns3\tB\t6.1\ns4\tB\t7\n", &o, DN_EDATA, "line 3, column v|comma");
    refused("participant_id\tgroup\tv\ns1\tA\t5\ns1\tA\t6\ns3\tB\t6\ns4\tB\t7\n", &o, DN_EDATA, "s1 occurs twice, on lines 2 and 3");
    refused("participant_id\tgroup\tvol\ns1\tA\t5\n", &o, DN_EDATA, "no column \"v\"");
    refused("participant_id\tgroups\tv\ns1\tA\t5\n", &o, DN_EDATA, "no column \"group\"|did you mean \"groups\"");
    refused("participant_id\tgroup\tv\ns1\tA\tinf\ns2\tA\t6\ns3\tB\t6\ns4\tB\t7\n", &o, DN_EDATA, "infinite");
    refused("participant_id\tgroup\tv\ns1\tA\tn/a\ns2\tA\tNaN\ns3\tB\t6\ns4\tB\t7\n", &o, DN_EDATA, "group A has 0 usable values");
    refused("participant_id\tgroup\tv\ns1\tA\t0\ns2\tA\t5\ns3\tB\t3\ns4\tB\t1e297\n", &o, DN_EDATA, "too large to compute with");
    o.control = "CON";
    refused(fine, &o, DN_EDATA, "no group \"CON\"|its groups are: A, B");
    o = plain;
    o.icv = "icv";
    o.normalise = DN_ICV_RATIO;
    refused(fine, &o, DN_EUSAGE, "control group");
    o.control = "A";
    refused("participant_id\tgroup\tv\ticv\ns1\tA\t1\t0\ns2\tA\t2\t2\ns3\tB\t3\t2\ns4\tB\t4\t2\n", &o, DN_EDATA,
            "line 2: s1 has v 1 and icv 0|above 0");
    o.normalise = DN_ICV_RESIDUAL;
    refused(fine, &o, DN_EDATA, "2 controls|at least 3");
    o = plain;
    static const char *const covariates[] = {"age", "icv", "missing"};
    o.covariates = covariates;
    o.covariate_count = 1;
    refused("participant_id\tgroup\tv\tage\ns1\tA\t1\t50\ns2\tA\t2\told\ns3\tB\t3\t40\ns4\tB\t4.5\t60\n", &o, DN_EDATA,
            "line 3, column age|\"old\"");
    o.covariate_count = 2;
    refused("participant_id\tgroup\tv\tage\ticv\ns1\tA\t1\t50\t2\ns2\tA\t2\t55\t2\ns3\tA\t4\t51\t2\ns4\tB\t3\t40\t2\ns5\tB\t4."
            "5\t60\t2\ns6\tB\t6\t33\t2\n",
            &o, DN_EDATA, "all values of icv are equal|leave it out");
    o.covariates = covariates + 2;
    o.covariate_count = 1;
    refused(fine, &o, DN_EDATA, "no column \"missing\"");
    o = plain;
    dn_paired_options p = {.first = "v", .second = "w", .level = 0.95, .alpha = 0.05, .test = DN_TEST_PARAMETRIC};
    dn_paired_analysis a;
    dn_table *table = parse("v\tw\n1\t2\n2\t3\n3\t4\n");
    assert_int_equal(dn_paired_analyse(table, &p, &a), DN_EDATA);
    assert_has(dn_error_message(), "differences of all 3 pairs are equal");
    dn_paired_analysis_release(&a);
    dn_table_destroy(table);
    table = parse("v\tw\n1\t2\nn/a\t3\n");
    assert_int_equal(dn_paired_analyse(table, &p, &a), DN_EDATA);
    assert_has(dn_error_message(), "1 complete pair");
    dn_paired_analysis_release(&a);
    dn_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_way),
        cmocka_unit_test(icv_by_residual_and_power),
        cmocka_unit_test(tests_are_chosen_by_normality),
        cmocka_unit_test(several_groups_and_several_values),
        cmocka_unit_test(pairs_in_columns_and_in_rows),
        cmocka_unit_test(categories_by_group),
        cmocka_unit_test(bad_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
