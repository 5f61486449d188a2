/* Chooses and runs the tests of one column of volumes between groups, as Vernikouskaya et al. 2023 and Kassubek et al. 2025 do. */
#include "study/groups/group_analysis.h"

#include "base/words.h"
#include "stats/anova.h"
#include "stats/normality.h"
#include "stats/rank_test.h"
#include "study/groups/group_data.h"

#include <math.h>
#include <stdlib.h>

dn_status dn_test_choice_of(const char *text, dn_test_choice *out)
{
    static const char *const words[] = {"auto", "parametric", "rank", NULL};
    int which = 0;
    DN_TRY(dn_choice_of("the kind of test", text, words, &which));
    *out = (dn_test_choice)which;
    return DN_OK;
}

dn_status dn_test_normality(const dn_sample *samples, size_t k, double alpha, dn_result *results, bool *normal)
{
    *normal = true;
    for (size_t g = 0; g < k; ++g) {
        bool possible;
        DN_TRY(dn_error_excuse(dn_shapiro_wilk(samples[g].values, samples[g].n, &results[g]), DN_EDATA, &possible));
        if (possible) {
            *normal = *normal && results[g].p >= alpha;
            continue;
        }
        results[g] = dn_result_empty();
        results[g].method = "Shapiro-Wilk normality test";
        results[g].n = samples[g].n;
        if (samples[g].n > DN_SHAPIRO_MOST) {
            results[g].note = "more than 5000 values, not tested";
        } else {
            results[g].note = samples[g].n < DN_SHAPIRO_LEAST ? "fewer than 3 values, not tested" : "all values equal, not tested";
            *normal = false;
        }
    }
    return DN_OK;
}

/* i - j into j - i. */
static void turn_around(dn_result *r)
{
    double low = r->low;
    r->estimate = -r->estimate;
    r->low = -r->high;
    r->high = -low;
}

static dn_status parametric_pairs(dn_comparison *c, size_t k, const dn_group_options *o)
{
    size_t at = 0;
    bool tukey = k > 2 && o->equal_variances;
    if (tukey) {
        DN_TRY(dn_tukey(c->samples, k, o->level, c->pairs));
    }
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = i + 1; j < k; ++j, ++at) {
            dn_effect d;
            if (!tukey) {
                DN_TRY(dn_t_test(&c->samples[j], &c->samples[i], o->equal_variances, o->level, &c->pairs[at]));
                continue;
            }
            turn_around(&c->pairs[at]);
            DN_TRY(dn_cohens_d(&c->samples[j], &c->samples[i], o->level, &d));
            c->pairs[at].effect_name = "Cohen's d";
            c->pairs[at].effect = d.value;
            c->pairs[at].effect_low = d.low;
            c->pairs[at].effect_high = d.high;
        }
    }
    /* Tukey's p are adjusted already. */
    return k > 2 && !tukey ? dn_adjust_results(c->pairs, at, o->adjustment) : DN_OK;
}

static dn_status rank_pairs(dn_comparison *c, size_t k, const dn_group_options *o)
{
    size_t at = 0;
    if (k > 2) {
        DN_TRY(dn_dunn(c->samples, k, c->pairs));
    }
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = i + 1; j < k; ++j, ++at) {
            dn_result pair;
            DN_TRY(dn_mann_whitney(&c->samples[j], &c->samples[i], o->level, &pair));
            if (k > 2) {
                /* Dunn's z and p, with the size of the difference from the pair alone. */
                pair.method = c->pairs[at].method;
                pair.statistic_name = c->pairs[at].statistic_name;
                pair.statistic = -c->pairs[at].statistic;
                pair.p = c->pairs[at].p;
                pair.note = NULL;
            }
            c->pairs[at] = pair;
        }
    }
    return k > 2 ? dn_adjust_results(c->pairs, at, o->adjustment) : DN_OK;
}

/* Tests that were not chosen go into the table too; one that is not possible is left out of it. */
static dn_status add_other(dn_comparison *c, dn_status status, const dn_result *result)
{
    bool possible;
    DN_TRY(dn_error_excuse(status, DN_EDATA, &possible));
    if (possible && c->others < sizeof c->other / sizeof *c->other) {
        c->other[c->others++] = *result;
    }
    return DN_OK;
}

static dn_status other_tests(dn_comparison *c, size_t k, const dn_group_options *o)
{
    dn_result r = dn_result_empty();
    const dn_sample *s = c->samples;
    bool classical = c->parametric && o->equal_variances;
    bool welch = c->parametric && !o->equal_variances;
    if (k == 2) {
        if (!classical) {
            DN_TRY(add_other(c, dn_t_test(&s[1], &s[0], true, o->level, &r), &r));
        }
        if (!welch) {
            DN_TRY(add_other(c, dn_t_test(&s[1], &s[0], false, o->level, &r), &r));
        }
        if (c->parametric) {
            DN_TRY(add_other(c, dn_mann_whitney(&s[1], &s[0], o->level, &r), &r));
        }
        return DN_OK;
    }
    if (!classical) {
        DN_TRY(add_other(c, dn_anova(s, k, o->level, &r), &r));
    }
    if (!welch) {
        DN_TRY(add_other(c, dn_anova_welch(s, k, o->level, &r), &r));
    }
    if (c->parametric) {
        DN_TRY(add_other(c, dn_kruskal_wallis(s, k, o->level, &r), &r));
    }
    return DN_OK;
}

static dn_status overall_test(dn_comparison *c, size_t k, const dn_group_options *o)
{
    dn_result classical;
    if (k == 2) {
        c->overall = c->pairs[0];
        return DN_OK;
    }
    if (!c->parametric) {
        DN_TRY(dn_kruskal_wallis(c->samples, k, o->level, &c->overall));
        return dn_kruskal_interval(c->samples, k, o->level, &c->overall.effect_low, &c->overall.effect_high);
    }
    DN_TRY(dn_anova(c->samples, k, o->level, &classical));
    if (o->equal_variances) {
        c->overall = classical;
        return DN_OK;
    }
    DN_TRY(dn_anova_welch(c->samples, k, o->level, &c->overall));
    /* Welch has no effect size of its own. */
    c->overall.effect_name = classical.effect_name;
    c->overall.effect = classical.effect;
    c->overall.effect_low = classical.effect_low;
    c->overall.effect_high = classical.effect_high;
    return DN_OK;
}

/* force: the choice of test that was made before (with outliers the same test as without). */
static dn_status compare(dn_group_analysis *a, bool with_outliers, dn_test_choice choice, dn_comparison *c)
{
    size_t k = a->k;
    size_t at = 0;
    bool normal, possible;
    DN_TRY(dn_arena_take(&a->arena, &c->samples, k, sizeof *c->samples));
    DN_TRY(dn_arena_take(&a->arena, &c->summary, k, sizeof *c->summary));
    DN_TRY(dn_arena_take(&a->arena, &c->normality, k, sizeof *c->normality));
    DN_TRY(dn_arena_take(&a->arena, &c->pairs, a->pair_count, sizeof *c->pairs));
    DN_TRY(dn_arena_take(&a->arena, &c->percent, a->pair_count, sizeof *c->percent));
    DN_TRY(dn_arena_take(&a->arena, &c->hedges, a->pair_count, sizeof *c->hedges));
    DN_TRY(dn_group_samples(a, with_outliers, c->samples));
    for (size_t g = 0; g < k; ++g) {
        DN_TRY(dn_summarise(c->samples[g].values, c->samples[g].n, &c->summary[g]));
    }
    DN_TRY(dn_test_normality(c->samples, k, a->options.alpha, c->normality, &normal));
    c->parametric = choice == DN_TEST_PARAMETRIC || (choice == DN_TEST_AUTO && normal);
    DN_TRY(dn_error_excuse(dn_levene(c->samples, k, DN_LEVENE_MEDIAN, &c->variances), DN_EDATA, &possible));
    if (!possible) {
        c->variances = dn_result_empty();
    }
    if (c->parametric) {
        DN_TRY(parametric_pairs(c, k, &a->options));
    } else {
        DN_TRY(rank_pairs(c, k, &a->options));
    }
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = i + 1; j < k; ++j, ++at) {
            DN_TRY(dn_error_excuse(dn_percent_difference(&c->samples[j], &c->samples[i], &c->percent[at]), DN_EDATA, &possible));
            if (!possible) {
                c->percent[at] = NAN;
            }
            DN_TRY(dn_error_excuse(dn_hedges_g(&c->samples[j], &c->samples[i], a->options.level, &c->hedges[at]), DN_EDATA, &possible));
            if (!possible) {
                c->hedges[at] = (dn_effect){NAN, NAN, NAN};
            }
        }
    }
    DN_TRY(overall_test(c, k, &a->options));
    return other_tests(c, k, &a->options);
}

dn_status dn_group_analyse(const dn_table *table, const dn_group_options *options, dn_group_analysis *out)
{
    *out = (dn_group_analysis){.options = *options};
    dn_arena_init(&out->arena);
    DN_TRY(dn_group_read(table, out));
    out->pair_count = dn_pair_count(out->k);
    dn_status status = compare(out, false, options->test, &out->used);
    if (status != DN_OK) {
        return dn_error_context(status, "%s", options->value);
    }
    if (out->outliers > 0) {
        status = compare(out, true, out->used.parametric ? DN_TEST_PARAMETRIC : DN_TEST_RANK, &out->all);
        if (status != DN_OK) {
            return dn_error_context(status, "%s, with outliers", options->value);
        }
    }
    return options->covariate_count > 0 ? dn_group_covariates(table, out) : DN_OK;
}

void dn_group_analysis_release(dn_group_analysis *analysis)
{
    if (analysis != NULL) {
        dn_ancova_release(&analysis->ancova);
        dn_ancova_release(&analysis->ancova_all);
        dn_arena_release(&analysis->arena);
        *analysis = (dn_group_analysis){0};
    }
}

dn_status dn_group_adjust_family(dn_group_analysis *analyses, size_t count)
{
    dn_result *overall = NULL;
    if (count < 2 || analyses[0].options.adjustment == DN_ADJUST_NONE) {
        return DN_OK;
    }
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&overall, count, sizeof *overall, "p values"));
    for (int all = 0; all < 2 && status == DN_OK; ++all) { /* with the outliers they are another family */
        for (size_t i = 0; i < count; ++i) {
            overall[i] = all && analyses[i].all.samples != NULL ? analyses[i].all.overall : analyses[i].used.overall;
        }
        status = dn_adjust_results(overall, count, analyses[0].options.adjustment);
        for (size_t i = 0; i < count && status == DN_OK; ++i) {
            if (!all) {
                analyses[i].used.overall = overall[i];
            } else if (analyses[i].all.samples != NULL) {
                analyses[i].all.overall = overall[i];
            }
        }
    }
    free(overall);
    return status;
}
