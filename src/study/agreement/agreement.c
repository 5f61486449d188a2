/* The work of `dien stats agreement`: limits of agreement (Bland and Altman 1999) and intraclass correlation; tables, paragraph and
 * figure. */
#define _GNU_SOURCE
#include "study/agreement/agreement.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "study/agreement/agreement_job.h"
#include "study/output/labels.h"
#include "study/output/say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *dn_agreement_unit(const agreement_job *job)
{
    return job->unit != NULL ? job->unit : "";
}

void dn_agreement_column(const agreement_job *job, size_t column, double *out)
{
    for (size_t i = 0; i < job->cases.n; ++i) {
        out[i] = job->cases.values[i * job->k + column];
    }
}

/* One row of the table: an estimate and its interval. */
static dn_status put_estimate(agreement_job *job, const char *analysis, const char *method, const char *name, double value, double low,
                              double high)
{
    dn_result row = dn_result_empty();
    row.method = method;
    row.n = job->cases.n;
    row.estimate_name = name;
    row.estimate = value;
    row.low = low;
    row.high = high;
    row.level = job->level;
    return dn_result_append(job->results, analysis, &row);
}

static void say_limits(agreement_job *job, const char *name, const char *reference, const dn_bland_altman *fit, const char *unit,
                       const char *how)
{
    fprintf(job->text,
            "%s minus %s (n = %zu): mean difference %s%s (%.4g %% CI %s to %s; paired t test %s), %.4g %% limits of agreement %s to %s%s "
            "(%s confidence "
            "intervals of the limits %s to %s and %s to %s).",
            name, reference, fit->n, dn_say_like(fit->bias.value, fit->sd), unit, 100.0 * job->level, dn_say_like(fit->bias.low, fit->sd),
            dn_say_like(fit->bias.high, fit->sd), dn_say_p(fit->p), 100.0 * job->level, dn_say_like(fit->lower.value, fit->sd),
            dn_say_like(fit->upper.value, fit->sd), unit, how, dn_say_like(fit->lower.low, fit->sd), dn_say_like(fit->lower.high, fit->sd),
            dn_say_like(fit->upper.low, fit->sd), dn_say_like(fit->upper.high, fit->sd));
    if (!isnan(fit->slope.value)) {
        fprintf(job->text, " Proportional bias: the difference changes by %s per unit of the mean (r = %s, %s). ",
                dn_say_interval(fit->slope.value, fit->slope.low, fit->slope.high, job->level), dn_say(fit->r), dn_say_p(fit->slope_p));
    } else {
        fputc(' ', job->text);
    }
}

static dn_status put_limits(agreement_job *job, const char *analysis, const dn_bland_altman *fit, const char *note)
{
    dn_result bias = dn_result_empty(), slope = dn_result_empty();
    bias.method = "Bland-Altman, mean difference";
    bias.statistic_name = "t";
    bias.statistic = fit->bias.value / (fit->sd / sqrt((double)fit->n));
    bias.df1 = (double)fit->n - 1.0;
    bias.p = fit->p;
    bias.n = fit->n;
    bias.estimate_name = "mean difference";
    bias.estimate = fit->bias.value;
    bias.low = fit->bias.low;
    bias.high = fit->bias.high;
    bias.effect_name = "SD of the differences";
    bias.effect = fit->sd;
    bias.level = job->level;
    DN_TRY(dn_result_append(job->results, analysis, &bias));
    DN_TRY(put_estimate(job, analysis, "Bland-Altman, lower limit", "lower limit of agreement", fit->lower.value, fit->lower.low,
                        fit->lower.high));
    DN_TRY(dn_table_put_text(job->results, "note", note));
    DN_TRY(put_estimate(job, analysis, "Bland-Altman, upper limit", "upper limit of agreement", fit->upper.value, fit->upper.low,
                        fit->upper.high));
    DN_TRY(dn_table_put_text(job->results, "note", note));
    if (!isnan(fit->slope.value)) {
        slope.method = "proportional bias, regression of difference on mean";
        slope.statistic_name = "t";
        slope.df1 = (double)fit->n - 2.0;
        slope.statistic = fit->r * sqrt(slope.df1 / fmax(1.0 - fit->r * fit->r, 1e-300));
        slope.p = fit->slope_p;
        slope.n = fit->n;
        slope.estimate_name = "slope";
        slope.estimate = fit->slope.value;
        slope.low = fit->slope.low;
        slope.high = fit->slope.high;
        slope.effect_name = "Pearson's r";
        slope.effect = fit->r;
        slope.level = job->level;
        DN_TRY(dn_result_append(job->results, analysis, &slope));
    }
    return DN_OK;
}

/* Limits of one column against the reference, into table, text and figure. */
static dn_status limits_of(agreement_job *job, size_t column, dn_figure *figure, double *scratch)
{
    char *analysis = NULL, *x_label = NULL, *y_label = NULL, *own_unit = NULL;
    dn_status status = DN_OK;
    size_t n = job->cases.n;
    double *a = scratch, *b = scratch + n, *mean = scratch + 2 * n, *difference = scratch + 3 * n;
    bool percent = job->options->percent;
    bool exact = job->options->limits == DN_LIMITS_EXACT;
    const char *name = job->columns[column], *reference = job->columns[job->reference], *how = exact ? "exact" : "approximate";
    char *shown = NULL, *shown_reference = NULL; /* in the figure */
    dn_bland_altman fit;
    dn_agreement_column(job, column, a);
    dn_agreement_column(job, job->reference, b);
    DN_TRY_GOTO(status, dn_bland_altman_fit(a, b, n, percent, job->level, job->options->limits, mean, difference, &fit), done);
    DN_TRY_GOTO(status, dn_asprintf(&analysis, "%s - %s", name, reference), done);
    DN_TRY_GOTO(status, put_limits(job, analysis, &fit, how), done);
    const char *unit = percent ? "%" : dn_agreement_unit(job);
    DN_TRY_GOTO(status, dn_asprintf(&own_unit, "%s%s", *unit != 0 ? " " : "", unit), done);
    say_limits(job, name, reference, &fit, own_unit, how);
    if (figure != NULL) {
        dn_figure_limits limits = {fit.bias.value,  fit.bias.low,  fit.bias.high,  fit.lower.value, fit.lower.low, fit.lower.high,
                                   fit.upper.value, fit.upper.low, fit.upper.high, fit.slope.value, fit.intercept, fit.slope_p < 0.05};
        const char *in = dn_agreement_unit(job);
        DN_TRY_GOTO(status, dn_label_of(name, &shown), done);
        DN_TRY_GOTO(status, dn_label_of(reference, &shown_reference), done);
        DN_TRY_GOTO(status, dn_asprintf(&x_label, "Mean of %s and %s%s%s%s", shown, shown_reference, *in ? " (" : "", in, *in ? ")" : ""),
                    done);
        DN_TRY_GOTO(status,
                    dn_asprintf(&y_label, "%s \xE2\x88\x92 %s%s%s%s", shown, shown_reference, *unit ? " (" : "", unit, *unit ? ")" : ""),
                    done);
        dn_panel panel = {.title = job->k > 2 ? shown : job->label,
                          .x_label = x_label,
                          .y_label = y_label,
                          .x_low = job->x_low,
                          .x_high = job->x_high,
                          .y_low = job->y_low,
                          .y_high = job->y_high};
        status = dn_figure_bland_altman(figure, &panel, n, mean, difference, &limits);
    }
done:
    free(shown);
    free(shown_reference);
    free(analysis);
    free(x_label);
    free(y_label);
    free(own_unit);
    return status;
}

static dn_status put_icc(agreement_job *job, const dn_icc *icc, const char *analysis)
{
    const struct {
        const char *method, *name;
        dn_estimate estimate;
    } rows[] = {
        {"two-way random, absolute agreement, single measure", "ICC(2,1)", icc->agreement},
        {"two-way mixed, consistency, single measure", "ICC(3,1)", icc->consistency},
        {"two-way random, absolute agreement, mean of all", "ICC(2,k)", icc->agreement_average},
        {"two-way mixed, consistency, mean of all", "ICC(3,k)", icc->consistency_average},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        dn_result row = dn_result_empty();
        row.method = rows[i].method;
        row.statistic_name = "F";
        row.statistic = icc->f;
        row.df1 = icc->df1;
        row.df2 = icc->df2;
        row.p = icc->p;
        row.n = icc->n;
        row.groups = icc->k;
        row.estimate_name = rows[i].name;
        row.estimate = rows[i].estimate.value;
        row.low = rows[i].estimate.low;
        row.high = rows[i].estimate.high;
        row.level = job->level;
        row.note = isnan(icc->f) ? "no error, so there is no interval" : NULL;
        DN_TRY(dn_result_append(job->results, analysis, &row));
    }
    return DN_OK;
}

/* Intraclass correlation and within-subject variation of all columns together. */
static dn_status reliability(agreement_job *job)
{
    dn_icc icc;
    dn_within_subject within;
    const char *analysis = "all methods";
    const char *unit = dn_agreement_unit(job);
    DN_TRY(dn_icc_fit(job->cases.values, job->cases.n, job->k, job->level, &icc));
    DN_TRY(dn_within_subject_fit(job->cases.values, job->cases.n, job->k, job->level, &within));
    DN_TRY(put_icc(job, &icc, analysis));
    DN_TRY(put_estimate(job, analysis, "within-subject SD", "SD", within.sd.value, within.sd.low, within.sd.high));
    DN_TRY(put_estimate(job, analysis, "within-subject coefficient of variation (root mean square)", "CV (%)", within.cv, NAN, NAN));
    DN_TRY(put_estimate(job, analysis, "within-subject SD over the grand mean", "CV (%)", within.cv_of_mean, NAN, NAN));
    DN_TRY(put_estimate(job, analysis, "repeatability coefficient", "repeatability coefficient", within.repeatability.value,
                        within.repeatability.low, within.repeatability.high));
    fprintf(job->text,
            "Intraclass correlation of %zu measurements of %zu people: absolute agreement ICC(2,1) = %s, consistency ICC(3,1) = %s", icc.k,
            icc.n, dn_say_interval(icc.agreement.value, icc.agreement.low, icc.agreement.high, job->level),
            dn_say_interval(icc.consistency.value, icc.consistency.low, icc.consistency.high, job->level));
    if (!isnan(icc.f)) {
        fprintf(job->text, ", F(%s, %s) = %s, %s", dn_say(icc.df1), dn_say(icc.df2), dn_say(icc.f), dn_say_p(icc.p));
    }
    fprintf(job->text, ". Within-subject SD %s%s%s", dn_say(within.sd.value), *unit ? " " : "", unit);
    if (!isnan(within.cv)) {
        fprintf(job->text, ", coefficient of variation %s %%", dn_say(within.cv));
    }
    fprintf(job->text, ", repeatability coefficient %s%s%s.", dn_say(within.repeatability.value), *unit ? " " : "", unit);
    return DN_OK;
}

/* One abscissa and one ordinate for all panels. scratch: 4 n numbers. */
static dn_status common_range(agreement_job *job, double *scratch)
{
    double low = INFINITY, high = -INFINITY, least = INFINITY, most = -INFINITY;
    size_t n = job->cases.n;
    for (size_t c = 0; c < job->k; ++c) {
        dn_bland_altman fit;
        if (c == job->reference) {
            continue;
        }
        dn_agreement_column(job, c, scratch);
        dn_agreement_column(job, job->reference, scratch + n);
        DN_TRY(dn_bland_altman_fit(scratch, scratch + n, n, job->options->percent, job->level, DN_LIMITS_EXACT, scratch + 3 * n,
                                   scratch + 2 * n, &fit));
        low = fmin(low, fit.lower.low);
        high = fmax(high, fit.upper.high);
        for (size_t i = 0; i < n; ++i) {
            low = fmin(low, scratch[2 * n + i]);
            high = fmax(high, scratch[2 * n + i]);
            least = fmin(least, scratch[3 * n + i]);
            most = fmax(most, scratch[3 * n + i]);
        }
    }
    job->x_low = least - 0.05 * (most - least); /* equal ends: the figure finds its own */
    job->x_high = most + 0.05 * (most - least);
    job->y_low = low - 0.05 * (high - low);
    job->y_high = high + 0.05 * (high - low);
    return DN_OK;
}

static dn_status agreement(agreement_job *job)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    double *scratch = NULL;
    size_t panels = job->k - 1;
    int across = panels > 1 ? 2 : 1, down = (int)((panels + 1) / 2);
    DN_TRY(dn_alloc(&scratch, 4 * job->cases.n, sizeof *scratch, "the differences"));
    if (job->folder != NULL) {
        DN_TRY_GOTO(status, common_range(job, scratch), done);
        DN_TRY_GOTO(status, dn_figure_create(across == 1 ? 110 : 174, 62.0 * down + 4.0, down, across, &figure), done);
    }
    for (size_t c = 0; c < job->k; ++c) {
        if (c != job->reference) {
            DN_TRY_GOTO(status, limits_of(job, c, figure, scratch), done);
        }
    }
    DN_TRY_GOTO(status, reliability(job), done);
    job->figure = figure;
    job->figure_name = "bland_altman";
    figure = NULL;
done:
    free(scratch);
    dn_figure_destroy(figure);
    return status;
}

/* ---- the subcommand ------------------------------------------------------------------------------------------------------------ */

static dn_status find_reference(agreement_job *job)
{
    const char *name = job->options->reference;
    if (name == NULL) {
        return DN_OK;
    }
    for (size_t c = 0; c < job->k; ++c) {
        if (strcmp(job->columns[c], name) == 0) {
            job->reference = c;
            return DN_OK;
        }
    }
    DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_REFERENCE, "the reference, %s, is not among the columns that are compared", name);
}

dn_status dn_limits_method_of(const char *text, dn_limits_method *out)
{
    static const char *const words[] = {"exact", "approximate", NULL};
    int which = 0;
    DN_TRY(dn_choice_of("the kind of limits", text, words, &which));
    *out = (dn_limits_method)which;
    return DN_OK;
}

static dn_status take_columns(agreement_job *job)
{
    DN_TRY(dn_split_list(job->options->values, &job->columns, &job->k));
    if (job->k < 2) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_VALUES, "agreement needs at least two columns, one per method");
    }
    for (size_t c = 1; c < job->k; ++c) {
        for (size_t d = 0; d < c; ++d) {
            if (strcmp(job->columns[c], job->columns[d]) == 0) {
                DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_VALUES, "the column %s is named twice", job->columns[c]);
            }
        }
    }
    return find_reference(job);
}

/* The table, the text and the figure of what was computed. */
static dn_status write_all(agreement_job *job, const char *paragraph, const dn_remarks *remarks, dn_study_result *result)
{
    const char *name = job->options->scores ? "scores" : "agreement";
    dn_study_figures figures = {.folder = job->folder};
    DN_TRY(dn_study_write_table(job->folder, job->options->scores ? "scores_tests" : name, job->results));
    DN_TRY(dn_study_emit(job->folder, name, paragraph, remarks, result));
    if (dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, dn_study_write_figure(job->folder, job->figure_name, job->options->output.note, job->figure));
    }
    return dn_study_figures_end(&figures);
}

dn_status dn_study_agreement(const dn_agreement_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    dn_remarks remarks = {0};
    char *paragraph = NULL;
    dn_text text = {0};
    bool by_score = options->scores;
    agreement_job job = {.options = options,
                         .folder = options->output.folder,
                         .label = options->label,
                         .unit = options->tables.unit,
                         .level = options->level};
    DN_TRY_GOTO(status, take_columns(&job), done);
    DN_TRY_GOTO(status, dn_study_load(&options->tables, false, &table, &remarks), done);
    const dn_table_roles roles = {.id = options->tables.id, .values = (const char *const *)job.columns, .value_count = job.k};
    DN_TRY_GOTO(status, dn_study_check(&options->tables, table, &roles, &remarks), done);
    job.unit = by_score ? job.unit : dn_study_unit(&options->tables, table, job.columns[0]);
    DN_TRY_GOTO(status, dn_cases_take(table, (const char *const *)job.columns, job.k, options->tables.id, 0, &job.cases), done);
    DN_TRY_GOTO(status, dn_table_create("agreement", &job.results), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    job.text = text.stream;
    if (job.label != NULL && !by_score) {
        fprintf(job.text, "%s. ", job.label);
    }
    DN_TRY_GOTO(status, by_score ? dn_scores_compare(&job) : agreement(&job), done);
    dn_cases_say_omitted(job.text, &job.cases);
    fputc('\n', job.text);
    DN_TRY_GOTO(status, dn_text_take(&text, &paragraph), done);
    status = write_all(&job, paragraph, &remarks, result);
done:
    dn_figure_destroy(job.figure);
    dn_text_discard(&text);
    free(paragraph);
    free(job.columns);
    dn_cases_release(&job.cases);
    dn_table_destroy(job.results);
    dn_table_destroy(table);
    return dn_study_end(status, &remarks);
}
