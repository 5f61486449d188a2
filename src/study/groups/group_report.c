/* Writes an analysis of groups as rows of tables and as a paragraph. */
#include "base/text.h"
#include "stats/anova.h"
#include "study/groups/group_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tables ---- */

/* Rows of one test: what was compared, which role it has, and what only pairs have. */
static dn_status add_test(dn_table *tests, const dn_group_analysis *a, const char *first, const char *second, const char *role,
                          const dn_result *result, double percent, const dn_effect *hedges)
{
    char analysis[512];
    if (second != NULL) {
        snprintf(analysis, sizeof analysis, "%s: %s vs %s", a->options.value, first, second);
    } else {
        snprintf(analysis, sizeof analysis, "%s: %s", a->options.value, first);
    }
    DN_TRY(dn_result_append(tests, analysis, result));
    DN_TRY(dn_table_put_text(tests, "value", a->options.value));
    DN_TRY(dn_table_put_text(tests, "role", role));
    DN_TRY(dn_table_put_number(tests, "percent_difference", percent));
    DN_TRY(dn_table_put_number(tests, "hedges_g", hedges != NULL ? hedges->value : NAN));
    DN_TRY(dn_table_put_number(tests, "hedges_g_low", hedges != NULL ? hedges->low : NAN));
    return dn_table_put_number(tests, "hedges_g_high", hedges != NULL ? hedges->high : NAN);
}

static dn_status add_comparison(dn_table *tests, const dn_group_analysis *a, const dn_comparison *c, const char *role,
                                const char *other_role)
{
    size_t at = 0;
    for (size_t g = 0; g < a->k; ++g) {
        DN_TRY(add_test(tests, a, a->names[g], NULL, role, &c->normality[g], NAN, NULL));
    }
    if (!isnan(c->variances.statistic)) {
        DN_TRY(add_test(tests, a, "equal variances", NULL, role, &c->variances, NAN, NULL));
    }
    if (a->k > 2) {
        DN_TRY(add_test(tests, a, "all groups", NULL, role, &c->overall, NAN, NULL));
    }
    for (size_t i = 0; i < a->k; ++i) {
        for (size_t j = i + 1; j < a->k; ++j, ++at) {
            /* With two groups the pair is the overall test, and may be adjusted over several values. */
            const dn_result *pair = a->k == 2 ? &c->overall : &c->pairs[at];
            DN_TRY(add_test(tests, a, a->names[j], a->names[i], role, pair, c->percent[at], &c->hedges[at]));
        }
    }
    for (size_t i = 0; i < c->others; ++i) {
        DN_TRY(
            add_test(tests, a, a->k > 2 ? "all groups" : a->names[1], a->k > 2 ? NULL : a->names[0], other_role, &c->other[i], NAN, NULL));
    }
    return DN_OK;
}

/* Groups, adjusted means and pairs of a model. */
static dn_status add_adjusted(dn_table *tests, const dn_group_analysis *a, const dn_ancova *ancova, const char *role)
{
    size_t at = 0;
    DN_TRY(add_test(tests, a, "all groups", NULL, role, &ancova->group, NAN, NULL));
    for (size_t g = 0; g < a->k; ++g) {
        dn_result mean = dn_result_empty();
        mean.method = "adjusted mean, at the means of the covariates";
        mean.estimate_name = "adjusted mean";
        mean.estimate = ancova->adjusted_mean[g];
        mean.low = ancova->adjusted_low[g];
        mean.high = ancova->adjusted_high[g];
        mean.level = a->options.level;
        mean.n = ancova->n;
        DN_TRY(add_test(tests, a, a->names[g], NULL, role, &mean, NAN, NULL));
    }
    for (size_t i = 0; i < a->k; ++i) {
        for (size_t j = i + 1; j < a->k; ++j, ++at) {
            /* The model's pairs are i - j; here j - i. */
            dn_result pair = ancova->pairs[at];
            double low = pair.low;
            double effect_low = pair.effect_low;
            pair.estimate = -pair.estimate;
            pair.low = -pair.high;
            pair.high = -low;
            pair.statistic = -pair.statistic;
            pair.effect = -pair.effect;
            pair.effect_low = -pair.effect_high;
            pair.effect_high = -effect_low;
            DN_TRY(add_test(tests, a, a->names[j], a->names[i], role, &pair, 100.0 * pair.estimate / ancova->adjusted_mean[i], NULL));
        }
    }
    return DN_OK;
}

static dn_status add_ancova(dn_table *tests, const dn_group_analysis *a)
{
    const char *role = "adjusted for covariates";
    DN_TRY(add_adjusted(tests, a, &a->ancova, role));
    for (size_t j = 0; j < a->covariate_columns; ++j) {
        DN_TRY(add_test(tests, a, a->covariate_names[j], NULL, role, &a->ancova.covariate[j], NAN, NULL));
    }
    if (!isnan(a->ancova.slopes.statistic)) {
        DN_TRY(add_test(tests, a, "equal slopes", NULL, role, &a->ancova.slopes, NAN, NULL));
    }
    return a->has_ancova_all ? add_adjusted(tests, a, &a->ancova_all, "adjusted for covariates, with outliers") : DN_OK;
}

static dn_status add_summary(dn_table *summary, const char *value, const char *group, const char *who, const dn_summary *s)
{
    size_t row;
    const struct {
        const char *name;
        double number;
    } cells[] = {{"n", (double)s->n},     {"mean", s->mean},        {"sd", s->sd},
                 {"se", s->se},           {"median", s->median},    {"q1", s->q1},
                 {"q3", s->q3},           {"iqr", s->iqr},          {"minimum", s->minimum},
                 {"maximum", s->maximum}, {"skewness", s->skewness}};
    DN_TRY(dn_table_add_row(summary, &row));
    DN_TRY(dn_table_put_text(summary, "value", value));
    DN_TRY(dn_table_put_text(summary, "group", group));
    DN_TRY(dn_table_put_text(summary, "who", who));
    for (size_t i = 0; i < sizeof cells / sizeof *cells; ++i) {
        DN_TRY(dn_table_put_number(summary, cells[i].name, cells[i].number));
    }
    return DN_OK;
}

static dn_status add_person(dn_table *people, const dn_group_analysis *a, const dn_person *p)
{
    size_t row;
    DN_TRY(dn_table_add_row(people, &row));
    DN_TRY(dn_table_put_text(people, a->options.id != NULL ? a->options.id : "participant_id", p->id));
    DN_TRY(dn_table_put_text(people, "value", a->options.value));
    DN_TRY(dn_table_put_text(people, "group", p->group != DN_TABLE_NONE ? a->names[p->group] : NULL));
    DN_TRY(dn_table_put_number(people, "raw", p->raw));
    if (!isnan(a->mean_icv)) {
        DN_TRY(dn_table_put_number(people, "icv", p->icv));
        DN_TRY(dn_table_put_number(people, "normalised", p->value));
    }
    DN_TRY(dn_table_put_text(people, "used", p->omitted == NULL && !p->outlier ? "yes" : "no"));
    return dn_table_put_text(people, "reason",
                             p->omitted != NULL                          ? p->omitted
                             : p->outlier && p->value < a->low[p->group] ? "outlier, low"
                             : p->outlier                                ? "outlier, high"
                                                                         : NULL);
}

dn_status dn_group_tabulate(const dn_group_analysis *a, dn_table *tests, dn_table *summary, dn_table *people)
{
    if (tests != NULL) {
        DN_TRY(add_comparison(tests, a, &a->used, "chosen", "also computed"));
        if (a->all.samples != NULL) {
            DN_TRY(add_comparison(tests, a, &a->all, "chosen, with outliers", "also computed, with outliers"));
        }
        if (a->has_ancova) {
            DN_TRY(add_ancova(tests, a));
        }
    }
    for (size_t g = 0; g < a->k && summary != NULL; ++g) {
        DN_TRY(add_summary(summary, a->options.value, a->names[g], "used", &a->used.summary[g]));
        if (a->all.samples != NULL) {
            DN_TRY(add_summary(summary, a->options.value, a->names[g], "with outliers", &a->all.summary[g]));
        }
    }
    for (size_t i = 0; i < a->people_count && people != NULL; ++i) {
        DN_TRY(add_person(people, a, &a->people[i]));
    }
    return DN_OK;
}

/* ---- paragraph ---- */

void dn_say_percent(FILE *out, double percent)
{
    if (!isnan(percent)) {
        fprintf(out, "%s%.1f %%, ", percent < -0.05 ? "\xE2\x88\x92" : percent >= 0.05 ? "+" : "", fabs(percent));
    }
}

const char *dn_article(const char *method)
{
    return strstr(method, "'s ") != NULL && method[0] >= 'A' && method[0] <= 'Z' ? "" : "the ";
}

static const char *label_of(const dn_group_analysis *a)
{
    return a->options.label != NULL ? a->options.label : a->options.value;
}

static void say_means(FILE *out, const dn_group_analysis *a, const dn_comparison *c)
{
    char mean[32];
    char sd[32];
    for (size_t g = 0; g < a->k; ++g) {
        fprintf(out, "%s%s %s ± %s%s%s (n = %zu)", g > 0 ? ", " : "", a->names[g],
                dn_result_format_spread(c->summary[g].mean, c->summary[g].sd, mean, sizeof mean),
                dn_result_format_spread(c->summary[g].sd, c->summary[g].sd, sd, sizeof sd), a->options.unit != NULL ? " " : "",
                a->options.unit != NULL ? a->options.unit : "", c->samples[g].n);
    }
}

static void say_pairs(FILE *out, const dn_group_analysis *a, const dn_comparison *c, const char *separator)
{
    char text[512];
    size_t at = 0;
    for (size_t i = 0; i < a->k; ++i) {
        for (size_t j = i + 1; j < a->k; ++j, ++at) {
            const dn_result *pair = a->k == 2 ? &c->overall : &c->pairs[at];
            fprintf(out, "%s%s vs. %s: ", at > 0 ? separator : "", a->names[j], a->names[i]);
            dn_say_percent(out, c->percent[at]);
            fprintf(out, "%s", dn_result_sentence(pair, text, sizeof text));
        }
    }
}

static void say_normality(FILE *out, const dn_group_analysis *a)
{
    const dn_comparison *c = &a->used;
    char p[32];
    fprintf(out, " Shapiro-Wilk: ");
    for (size_t g = 0; g < a->k; ++g) {
        if (isnan(c->normality[g].p)) {
            fprintf(out, "%s%s %s", g > 0 ? ", " : "", a->names[g], c->normality[g].note);
        } else {
            fprintf(out, "%s%s W = %.3f, %s", g > 0 ? ", " : "", a->names[g], c->normality[g].statistic,
                    dn_result_format_p(c->normality[g].p, p, sizeof p));
        }
    }
    const char *test = a->k > 2 ? c->overall.method : c->pairs[0].method;
    if (a->options.test == DN_TEST_AUTO) {
        fprintf(out, "; %s, so %s%s was used", c->parametric ? "no group departs from normality" : "normality cannot be assumed",
                dn_article(test), test);
    } else {
        fprintf(out, "; %s%s was requested", dn_article(test), test);
    }
    const char *note = a->k > 2 ? c->overall.note : c->pairs[0].note;
    if (note != NULL) {
        fprintf(out, " (%s)", note);
    }
    fprintf(out, ".");
}

/* Names into a sentence, "sub-03 (no age), sub-07 and 12 more"; starts with *count at 0, and ends with say_more. */
static void say_name(FILE *out, size_t *count, const char *name, const char *reason)
{
    if ((*count)++ < DN_NAMES_SAID) {
        fprintf(out, "%s%s%s%s%s", *count > 1 ? ", " : "", name, reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
    }
}

static void say_more(FILE *out, size_t count)
{
    if (count > DN_NAMES_SAID) {
        fprintf(out, " and %zu more", count - DN_NAMES_SAID);
    }
}

static void say_outliers(FILE *out, const dn_group_analysis *a)
{
    if (!(a->options.outlier_factor > 0.0)) {
        return;
    }
    if (a->outliers == 0) {
        fprintf(out, " No value lay beyond %g interquartile ranges of its group.", a->options.outlier_factor);
        return;
    }
    size_t total = a->people_count - a->omitted;
    fprintf(out, " %zu of %zu values lay beyond %g interquartile ranges of their group", a->outliers, total, a->options.outlier_factor);
    if (a->options.outlier_source != NULL) {
        fprintf(out, " (the rule of %s)", a->options.outlier_source);
    }
    fprintf(out, " and %s left out (%.1f %% accepted; ", a->outliers == 1 ? "was" : "were",
            100.0 * (double)(total - a->outliers) / (double)total);
    bool any = false;
    for (size_t g = 0; g < a->k; ++g) {
        size_t count = 0;
        for (size_t i = 0; i < a->people_count; ++i) {
            if (a->people[i].outlier && a->people[i].group == g) {
                if (count == 0) {
                    fprintf(out, "%s%s: ", any ? "; " : "", a->names[g]);
                    any = true;
                }
                say_name(out, &count, a->people[i].id, NULL);
            }
        }
        say_more(out, count);
    }
    fprintf(out, ").");
}

static void say_omitted(FILE *out, const dn_group_analysis *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->people_count; ++i) {
        if (a->people[i].omitted != NULL) {
            fprintf(out, "%s", count == 0 ? " Not counted: " : "");
            say_name(out, &count, a->people[i].id, a->people[i].omitted);
        }
    }
    say_more(out, count);
    fprintf(out, "%s", count > 0 ? "." : "");
}

static void say_ancova(FILE *out, const dn_group_analysis *a)
{
    char text[512];
    char number[32];
    char p[32];
    if (!a->has_ancova) {
        return;
    }
    fprintf(out, " Adjusted for ");
    for (size_t j = 0; j < a->covariate_columns; ++j) {
        fprintf(out, "%s%s", j > 0 ? ", " : "", a->covariate_names[j]);
    }
    fprintf(out, " by analysis of covariance (type II sums of squares, which equal type III here): %s; adjusted means ",
            dn_result_sentence(&a->ancova.group, text, sizeof text));
    for (size_t g = 0; g < a->k; ++g) {
        fprintf(out, "%s%s %s", g > 0 ? ", " : "", a->names[g], dn_result_format_number(a->ancova.adjusted_mean[g], number, sizeof number));
    }
    if (a->has_ancova_all) {
        fprintf(out, " (with the outliers %s)", dn_result_sentence(&a->ancova_all.group, text, sizeof text));
    }
    if (!isnan(a->ancova.slopes.p)) {
        fprintf(out, "; equal slopes %s", dn_result_format_p(a->ancova.slopes.p, p, sizeof p));
    }
    if (a->ancova_omitted > 0) {
        fprintf(out, "; without a covariate and not in this model: ");
        size_t count = 0;
        for (size_t i = 0; i < a->people_count; ++i) {
            const dn_person *person = &a->people[i];
            if (person->omitted == NULL && !person->outlier && !person->in_ancova) {
                say_name(out, &count, person->id, NULL);
            }
        }
        say_more(out, count);
    }
    fprintf(out, ".");
}

static void say_normalisation(FILE *out, const dn_group_analysis *a)
{
    char number[32];
    if (isnan(a->mean_icv)) {
        return;
    }
    dn_result_format_number(a->mean_icv, number, sizeof number);
    switch (a->options.normalise) {
    case DN_ICV_RATIO:
        fprintf(out, ", normalised as V / %s × %s (the mean %s of %s)", a->options.icv, number, a->options.icv, a->names[0]);
        break;
    case DN_ICV_RESIDUAL:
        fprintf(out, ", normalised as V − %.4g × (%s − %s), slope and mean from %s", a->slope, a->options.icv, number, a->names[0]);
        break;
    default:
        fprintf(out, ", normalised as V × (%s / %s)^%.3f, mean and exponent from %s", number, a->options.icv, a->slope, a->names[0]);
        break;
    }
}

static void say_tests(FILE *out, const dn_group_analysis *a, const dn_comparison *c, const char *before)
{
    char text[512];
    fprintf(out, "%s", before);
    if (a->k > 2) {
        fprintf(out, "%s. ", dn_result_sentence(&c->overall, text, sizeof text));
    }
    say_pairs(out, a, c, "; ");
    fprintf(out, ".");
}

dn_status dn_group_paragraph(const dn_group_analysis *a, char **out)
{
    dn_text paragraph;
    DN_TRY(dn_text_open(&paragraph));
    FILE *stream = paragraph.stream;
    bool both = a->all.samples != NULL; /* with and without outliers, side by side */
    fprintf(stream, "%s", label_of(a));
    say_normalisation(stream, a);
    fprintf(stream, ": ");
    say_means(stream, a, &a->used);
    fprintf(stream, " (mean ± SD).");
    say_outliers(stream, a);
    if (both) {
        fprintf(stream, " With them: ");
        say_means(stream, a, &a->all);
        fprintf(stream, ".");
    }
    say_normality(stream, a);
    say_tests(stream, a, &a->used, both ? " Without the outliers: " : " ");
    if (both) {
        say_tests(stream, a, &a->all, " With them: ");
    }
    say_ancova(stream, a);
    say_omitted(stream, a);
    fprintf(stream, "\n");
    return dn_text_take(&paragraph, out);
}
