/* What an analysis of groups says: rows of tables, and the paragraph. */
#include "base/text.h"
#include "stats/anova.h"
#include "stats/group_data.h"

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

static dn_status add_ancova(dn_table *tests, const dn_group_analysis *a)
{
    const char *role = "adjusted for covariates";
    size_t at = 0;
    char name[256];
    DN_TRY(add_test(tests, a, "all groups", NULL, role, &a->ancova.group, NAN, NULL));
    for (size_t j = 0; j < a->covariate_columns; ++j) {
        DN_TRY(add_test(tests, a, a->covariate_names[j], NULL, role, &a->ancova.covariate[j], NAN, NULL));
    }
    if (!isnan(a->ancova.slopes.statistic)) {
        DN_TRY(add_test(tests, a, "equal slopes", NULL, role, &a->ancova.slopes, NAN, NULL));
    }
    for (size_t g = 0; g < a->k; ++g) {
        dn_result mean = dn_result_empty();
        mean.method = "adjusted mean, at the means of the covariates";
        mean.estimate_name = "adjusted mean";
        mean.estimate = a->ancova.adjusted_mean[g];
        mean.low = a->ancova.adjusted_low[g];
        mean.high = a->ancova.adjusted_high[g];
        mean.level = a->options.level;
        mean.n = a->ancova.n;
        DN_TRY(add_test(tests, a, a->names[g], NULL, role, &mean, NAN, NULL));
    }
    for (size_t i = 0; i < a->k; ++i) {
        for (size_t j = i + 1; j < a->k; ++j, ++at) {
            /* The model's pairs are i - j; here j - i. */
            dn_result pair = a->ancova.pairs[at];
            double low = pair.low;
            double effect_low = pair.effect_low;
            pair.estimate = -pair.estimate;
            pair.low = -pair.high;
            pair.high = -low;
            pair.statistic = -pair.statistic;
            pair.effect = -pair.effect;
            pair.effect_low = -pair.effect_high;
            pair.effect_high = -effect_low;
            snprintf(name, sizeof name, "%s", a->names[j]);
            DN_TRY(add_test(tests, a, name, a->names[i], role, &pair, 100.0 * pair.estimate / a->ancova.adjusted_mean[i], NULL));
        }
    }
    return DN_OK;
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
        fprintf(out, "; %s%s was asked for", dn_article(test), test);
    }
    const char *note = a->k > 2 ? c->overall.note : c->pairs[0].note;
    if (note != NULL) {
        fprintf(out, " (%s)", note);
    }
    fprintf(out, ".");
}

/* Out of memory while listing names is not worth losing the result: the list is then shorter. */
static void add_name(dn_names *names, const char *name, const char *reason)
{
    if (dn_names_add(names, name, reason) != DN_OK) {
        dn_error_clear();
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
    fprintf(out, " %zu of %zu values lay beyond %g interquartile ranges of their group and %s left out (%.1f %% accepted; ", a->outliers,
            total, a->options.outlier_factor, a->outliers == 1 ? "was" : "were", 100.0 * (double)(total - a->outliers) / (double)total);
    bool any = false;
    for (size_t g = 0; g < a->k; ++g) {
        dn_names names = {0};
        for (size_t i = 0; i < a->people_count; ++i) {
            if (a->people[i].outlier && a->people[i].group == g) {
                add_name(&names, a->people[i].id, NULL);
            }
        }
        if (names.count > 0) {
            fprintf(out, "%s%s: ", any ? "; " : "", a->names[g]);
            dn_names_say(out, &names);
            any = true;
        }
        free(names.text);
    }
    fprintf(out, ").");
}

static void say_omitted(FILE *out, const dn_group_analysis *a)
{
    dn_names names = {0};
    for (size_t i = 0; i < a->people_count; ++i) {
        if (a->people[i].omitted != NULL) {
            add_name(&names, a->people[i].id, a->people[i].omitted);
        }
    }
    if (names.count > 0) {
        fprintf(out, " Not counted: ");
        dn_names_say(out, &names);
        fprintf(out, ".");
    }
    free(names.text);
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
    if (!isnan(a->ancova.slopes.p)) {
        fprintf(out, "; equal slopes %s", dn_result_format_p(a->ancova.slopes.p, p, sizeof p));
    }
    if (a->ancova_omitted > 0) {
        fprintf(out, "; without a covariate and not in this model: ");
        dn_names names = {0};
        for (size_t i = 0; i < a->people_count; ++i) {
            const dn_person *person = &a->people[i];
            if (person->omitted == NULL && !person->outlier && !person->in_ancova) {
                add_name(&names, person->id, NULL);
            }
        }
        dn_names_say(out, &names);
        free(names.text);
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

dn_status dn_group_paragraph(const dn_group_analysis *a, char **out)
{
    char text[512];
    dn_text paragraph;
    DN_TRY(dn_text_open(&paragraph));
    FILE *stream = paragraph.stream;
    fprintf(stream, "%s", label_of(a));
    say_normalisation(stream, a);
    fprintf(stream, ": ");
    say_means(stream, a, &a->used);
    fprintf(stream, " (mean ± SD).");
    say_normality(stream, a);
    if (a->k > 2) {
        fprintf(stream, " %s. ", dn_result_sentence(&a->used.overall, text, sizeof text));
    } else {
        fprintf(stream, " ");
    }
    say_pairs(stream, a, &a->used, "; ");
    fprintf(stream, ".");
    say_outliers(stream, a);
    if (a->all.samples != NULL) {
        fprintf(stream, " With them: ");
        say_means(stream, a, &a->all);
        if (a->k > 2) {
            fprintf(stream, "; %s", dn_result_sentence(&a->all.overall, text, sizeof text));
        }
        fprintf(stream, "; ");
        say_pairs(stream, a, &a->all, "; ");
        fprintf(stream, ".");
    }
    say_ancova(stream, a);
    say_omitted(stream, a);
    fprintf(stream, "\n");
    return dn_text_take(&paragraph, out);
}
