/* The work of `dien stats power`: t tests and analysis of variance; table, paragraph and curve. */
#define _GNU_SOURCE
#include "study/power.h"

#include "base/memory.h"
#include "base/words.h"
#include "chart/figure_kinds.h"
#include "stats/power.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_words[] = {"two-sample", "one-sample", "paired", "anova", NULL};

/* Whole people: the smallest number that is not below n, but for rounding. */
static double whole(double n)
{
    double up = ceil(n - 1e-9);
    return up < 2.0 ? 2.0 : up;
}

/* Power against n around the solution, with n marked. */
static dn_status draw(const char *folder, double n, double (*power_at)(const void *design, double n), const void *design)
{
    enum { STEPS = 80 };
    double x[STEPS];
    double y[STEPS];
    double most = fmax(10.0, 2.0 * n);
    char mark[32];
    dn_figure *figure = NULL;
    if (folder == NULL) {
        return DN_OK;
    }
    for (int i = 0; i < STEPS; ++i) {
        x[i] = 2.0 + (most - 2.0) * i / (STEPS - 1);
        y[i] = power_at(design, x[i]);
        if (isnan(y[i])) {
            return DN_OK;
        }
    }
    snprintf(mark, sizeof mark, "n = %.0f", whole(n));
    const dn_panel panel = {
        .x_label = "People per group", .y_label = "Power", .y_low = 0.0, .y_high = 1.0, .legend = DN_LEGEND_BOTTOM_RIGHT};
    const dn_figure_series series = {.n = STEPS, .x = x, .y = y};
    DN_TRY(dn_figure_create(85, 70, 1, 1, &figure));
    dn_status status = dn_figure_curves(figure, &panel, &series, 1, whole(n), mark);
    if (status == DN_OK) {
        status = dn_study_write_figure(folder, "power_figure", NULL, figure);
    }
    dn_figure_destroy(figure);
    return status;
}

typedef struct quantity {
    const char *name;
    double value;
} quantity;

/* Table, figure and paragraph. found: what was not given; n: people per group. */
static dn_status conclude(const dn_power_options *options, const char *found, const quantity *quantities, size_t count, double n,
                          double (*power_at)(const void *design, double n), const void *design, const char *paragraph,
                          dn_study_result *result)
{
    const char *folder = options->output.folder;
    dn_status status = DN_OK;
    dn_table *numbers = NULL;
    size_t row;
    DN_TRY(dn_table_create("the table of the power", &numbers));
    DN_TRY_GOTO(status, dn_table_add_row(numbers, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "kind", kind_words[options->kind]), done);
    DN_TRY_GOTO(status, dn_table_put_text(numbers, "found", found), done);
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, dn_table_put_number(numbers, quantities[i].name, quantities[i].value), done);
    }
    DN_TRY_GOTO(status, dn_study_write_table(folder, "power", numbers), done);
    DN_TRY_GOTO(status, dn_study_emit(folder, "power", paragraph, NULL, result), done);
    dn_study_figures figures = {.folder = folder};
    if (dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, draw(folder, n, power_at, design));
    }
    status = dn_study_figures_end(&figures);
done:
    dn_table_destroy(numbers);
    return status;
}

/* ---- t tests ---- */

static double t_power_at(const void *design, double n)
{
    dn_power_t t = *(const dn_power_t *)design;
    t.n = n;
    t.power = NAN;
    dn_status status = dn_power_t_solve(&t);
    return status == DN_OK ? t.power : NAN;
}

static dn_status t_paragraph(const dn_power_t *t, const char *unknown, char **out)
{
    static const char *const tests[] = {"two-sample t test", "one-sample t test", "paired t test"};
    char people[160];
    bool found_n = strcmp(unknown, "n") == 0;
    double n = found_n ? whole(t->n) : t->n;
    if (t->kind != DN_POWER_TWO_SAMPLE) {
        snprintf(people, sizeof people, "%.6g %s", n, t->kind == DN_POWER_PAIRED ? "pairs" : "people");
    } else if (t->ratio == 1.0) {
        snprintf(people, sizeof people, "%.6g people in each of the two groups", n);
    } else {
        snprintf(people, sizeof people, "%.6g people in the first group and %.6g in the second", n, whole(n * t->ratio));
    }
    return dn_asprintf(
        out,
        "A %s (%s, alpha = %.4g) with %s has a power of %.1f %% to find a difference of %.6g at a standard deviation of %.6g (d = "
        "%.3g); %s%s was computed from the others%s.\n",
        tests[t->kind], t->one_sided ? "one-sided" : "two-sided", t->alpha, people, 100.0 * t->power, t->delta, t->sd,
        fabs(t->delta) / t->sd, found_n ? "the number of people" : "the ", found_n ? "" : unknown, found_n ? " and rounded up" : "");
}

static dn_status run_t(const dn_power_options *options, dn_power_kind kind, dn_study_result *result)
{
    dn_power_t t = {.kind = kind,
                    .one_sided = options->one_sided,
                    .n = options->n,
                    .ratio = options->ratio,
                    .delta = options->difference,
                    .sd = options->sd,
                    .alpha = options->alpha,
                    .power = options->power};
    const char *unknown = isnan(t.n) ? "n" : isnan(t.delta) ? "difference" : isnan(t.sd) ? "standard deviation" : "power";
    int missing = isnan(t.n) + isnan(t.delta) + isnan(t.sd) + isnan(t.power);
    if (missing != 1) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_POWER_OF_T,
                      "give three of the number of people, the difference, the SD and the power; the fourth is computed (%d are missing)",
                      missing);
    }
    if (t.delta == 0.0) {
        DN_FAIL(DN_EDATA, "a difference of 0 cannot be found with any number of people; give the smallest difference that is of interest");
    }
    char *paragraph = NULL;
    DN_TRY(dn_power_t_solve(&t));
    DN_TRY(t_paragraph(&t, unknown, &paragraph));
    const quantity quantities[] = {{"n", t.n},   {"n_whole", whole(t.n)}, {"ratio", t.ratio}, {"difference", t.delta},
                                   {"sd", t.sd}, {"alpha", t.alpha},      {"power", t.power}};
    dn_status status =
        conclude(options, unknown, quantities, sizeof quantities / sizeof *quantities, t.n, t_power_at, &t, paragraph, result);
    free(paragraph);
    return status;
}

/* ---- analysis of variance ---- */

static double anova_power_at(const void *design, double n)
{
    dn_power_anova a = *(const dn_power_anova *)design;
    a.n = n;
    a.power = NAN;
    dn_status status = dn_power_anova_solve(&a);
    return status == DN_OK ? a.power : NAN;
}

/* Variance of the given means; *k of them. */
static dn_status read_means(const char *means, size_t *k, double *variance)
{
    double *items = NULL;
    double sum = 0.0;
    double squares = 0.0;
    dn_status status = dn_split_numbers("the mean", means, &items, k);
    if (status == DN_OK && *k < 2) {
        status = dn_error_set(DN_EUSAGE, "an analysis of variance needs the means of at least two groups");
    }
    for (size_t i = 0; i < *k && status == DN_OK; ++i) {
        sum += items[i];
    }
    for (size_t i = 0; i < *k && status == DN_OK; ++i) {
        const double d = items[i] - sum / (double)*k;
        squares += d * d;
    }
    *variance = *k > 1 ? squares / (double)(*k - 1) : 0.0;
    if (status == DN_OK && !(*variance > 0.0)) {
        status = dn_error_set(DN_EDATA, "all means are equal; no number of people finds a difference");
    }
    free(items);
    return status == DN_EUSAGE || status == DN_EDATA ? dn_error_offer(status, DN_REMEDY_MEANS) : status;
}

static dn_status run_anova(const dn_power_options *options, dn_study_result *result)
{
    size_t k = 0;
    dn_power_anova a = {.n = options->n, .alpha = options->alpha, .power = options->power};
    DN_TRY(read_means(options->means, &k, &a.between_variance));
    double sd = options->sd;
    if (isnan(sd) || isnan(a.n) + isnan(a.power) != 1) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_POWER_OF_ANOVA,
                      "give the means, the SD, and either the number of people or the power; the other is computed");
    }
    bool found_n = isnan(a.n);
    a.groups = (double)k;
    a.within_variance = sd * sd;
    DN_TRY(dn_power_anova_solve(&a));
    char *paragraph = NULL;
    DN_TRY(dn_asprintf(
        &paragraph,
        "A one-way analysis of variance (alpha = %.4g) of %zu groups with %.6g people each has a power of %.1f %% to find means "
        "of %s at a standard deviation of %.6g; the %s was computed from the others%s.\n",
        a.alpha, k, found_n ? whole(a.n) : a.n, 100.0 * a.power, options->means, sd, found_n ? "number of people" : "power",
        found_n ? " and rounded up" : ""));
    const quantity quantities[] = {{"groups", a.groups},
                                   {"n", a.n},
                                   {"n_whole", whole(a.n)},
                                   {"between_variance", a.between_variance},
                                   {"within_variance", a.within_variance},
                                   {"alpha", a.alpha},
                                   {"power", a.power}};
    dn_status status = conclude(options, found_n ? "n" : "power", quantities, sizeof quantities / sizeof *quantities, a.n, anova_power_at,
                                &a, paragraph, result);
    free(paragraph);
    return status;
}

dn_status dn_study_power_kind_of(const char *text, dn_study_power_kind *out)
{
    int which = 0;
    DN_TRY(dn_choice_of("the design of the study", text, kind_words, &which));
    *out = (dn_study_power_kind)which;
    return DN_OK;
}

dn_status dn_study_power(const dn_power_options *options, dn_study_result *result)
{
    switch (options->kind) {
    case DN_STUDY_ANOVA:
        return run_anova(options, result);
    case DN_STUDY_PAIRED:
        return run_t(options, DN_POWER_PAIRED, result);
    case DN_STUDY_ONE_SAMPLE:
        return run_t(options, DN_POWER_ONE_SAMPLE, result);
    case DN_STUDY_TWO_SAMPLE:
    default:
        return run_t(options, DN_POWER_TWO_SAMPLE, result);
    }
}
