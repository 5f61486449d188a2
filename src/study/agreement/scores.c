/* Compares scores of several methods on the same cases (Dice, distances) by repeated measures and by all pairs. */
#define _GNU_SOURCE
#include "study/agreement/agreement_job.h"

#include "base/memory.h"
#include "stats/anova.h"
#include "stats/repeated.h"
#include "study/output/labels.h"
#include "study/output/say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dn_status put_summary(dn_table *summary, const char *name, const double *values, size_t n, double level, FILE *text, bool last)
{
    dn_summary found;
    size_t row = 0;
    DN_TRY(dn_summarise(values, n, &found));
    DN_TRY(dn_table_add_row(summary, &row));
    DN_TRY(dn_table_put_text(summary, "method", name));
    const struct {
        const char *column;
        double value;
    } cells[] = {{"n", (double)n}, {"mean", found.mean},       {"sd", found.sd},           {"median", found.median}, {"q1", found.q1},
                 {"q3", found.q3}, {"minimum", found.minimum}, {"maximum", found.maximum}, {"level", level}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; ++i) {
        DN_TRY(dn_table_put_number(summary, cells[i].column, cells[i].value));
    }
    fprintf(text, "%s %s ± %s%s", name, dn_say(found.mean), dn_say(found.sd), last ? "" : ", ");
    return DN_OK;
}

static dn_status say_anova(agreement_job *job, const dn_repeated *anova)
{
    const struct {
        const char *method, *note;
        double df1, df2, p;
    } rows[] = {
        {"repeated measures ANOVA, sphericity assumed", NULL, anova->df1, anova->df2, anova->p},
        {"repeated measures ANOVA, Greenhouse-Geisser", NULL, anova->df1 * anova->epsilon_gg, anova->df2 * anova->epsilon_gg, anova->p_gg},
        {"repeated measures ANOVA, Huynh-Feldt", NULL, anova->df1 * fmin(1.0, anova->epsilon_hf), anova->df2 * fmin(1.0, anova->epsilon_hf),
         anova->p_hf},
    };
    for (size_t i = 0; i < 3; ++i) {
        dn_result row = dn_result_empty();
        row.method = rows[i].method;
        row.statistic_name = "F";
        row.statistic = anova->f;
        row.df1 = rows[i].df1;
        row.df2 = rows[i].df2;
        row.p = rows[i].p;
        row.n = anova->n;
        row.groups = anova->k;
        row.effect_name = "partial eta squared";
        row.effect = anova->partial_eta_squared;
        row.estimate_name = i == 0 ? NULL : "epsilon";
        row.estimate = i == 0 ? NAN : i == 1 ? anova->epsilon_gg : anova->epsilon_hf;
        if (i == 2 && isnan(anova->epsilon_hf)) {
            row.note = "too few cases for this correction";
        }
        DN_TRY(dn_result_append(job->results, "all methods", &row));
    }
    dn_result mauchly = dn_result_empty();
    mauchly.method = "Mauchly's test of sphericity";
    mauchly.statistic_name = "W";
    mauchly.statistic = anova->mauchly_w;
    mauchly.p = anova->mauchly_p;
    mauchly.n = anova->n;
    mauchly.groups = anova->k;
    mauchly.note = isnan(anova->mauchly_w) ? "not defined for two methods or so few cases" : NULL;
    DN_TRY(dn_result_append(job->results, "all methods", &mauchly));
    fprintf(job->text,
            "Repeated measures analysis of variance with Greenhouse-Geisser correction (epsilon = %s): F(%s, %s) = %s, %s, partial eta "
            "squared = %s.",
            dn_say(anova->epsilon_gg), dn_say(anova->df1 * anova->epsilon_gg), dn_say(anova->df2 * anova->epsilon_gg), dn_say(anova->f),
            dn_say_p(anova->p_gg), dn_say(anova->partial_eta_squared));
    return DN_OK;
}

/* Pairs into table and text; brackets for the figure: texts owned by the caller. */
static dn_status pairs(agreement_job *job, dn_result *results, double *d_z, dn_figure_bracket *brackets, char **texts)
{
    size_t pair = 0;
    DN_TRY(dn_repeated_pairs(job->cases.values, job->cases.n, job->k, job->level, job->options->adjustment, results, d_z));
    fprintf(job->text, " Pairs (paired t tests%s%s): ", job->options->adjustment != DN_ADJUST_NONE ? ", p after " : "",
            job->options->adjustment != DN_ADJUST_NONE ? dn_adjustment_name(job->options->adjustment) : "");
    for (size_t a = 0; a < job->k; ++a) {
        for (size_t b = a + 1; b < job->k; ++b, ++pair) {
            char *analysis = NULL;
            double p = isnan(results[pair].p_adjusted) ? results[pair].p : results[pair].p_adjusted;
            DN_TRY(dn_asprintf(&analysis, "%s - %s", job->columns[a], job->columns[b]));
            dn_status status = dn_result_append(job->results, analysis, &results[pair]);
            if (status == DN_OK) {
                status = dn_table_put_number(job->results, "d_z", d_z[pair]);
            }
            fprintf(job->text, "%s%s %s, %s, Cohen's d = %s", pair > 0 ? "; " : "", analysis,
                    dn_say_like(results[pair].estimate, 0.25 * fabs(results[pair].high - results[pair].low)), dn_say_p(p),
                    dn_say_effect(results[pair].effect));
            free(analysis);
            DN_TRY(status);
            DN_TRY(dn_strdup(isnan(p) ? "no test" : dn_say_p(p), &texts[pair]));
            brackets[pair] = (dn_figure_bracket){a, b, texts[pair]};
        }
    }
    fprintf(job->text, ".");
    return DN_OK;
}

static dn_status draw_scores(agreement_job *job, const dn_figure_bracket *brackets, size_t n_brackets, const double *columns)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    dn_figure_group *groups = NULL;
    char *label = NULL;
    const char *unit = dn_agreement_unit(job);
    char **names = NULL;
    DN_TRY_GOTO(status, dn_alloc(&groups, job->k, sizeof *groups, "a figure"), done);
    DN_TRY_GOTO(status, dn_alloc(&names, job->k, sizeof *names, "a figure"), done);
    for (size_t c = 0; c < job->k; ++c) {
        DN_TRY_GOTO(status, dn_label_of(job->columns[c], &names[c]), done);
        groups[c] = (dn_figure_group){.name = names[c], .n = job->cases.n, .values = columns + c * job->cases.n};
    }
    DN_TRY_GOTO(status,
                dn_asprintf(&label, "%s%s%s%s", job->label != NULL ? job->label : "Score", *unit ? " (" : "", unit, *unit ? ")" : ""),
                done);
    DN_TRY_GOTO(status, dn_figure_create(fmin(174.0, 40.0 + 22.0 * (double)job->k), 75, 1, 1, &figure), done);
    DN_TRY_GOTO(status, dn_figure_box_plot(figure, &(dn_panel){.y_label = label}, groups, job->k, brackets, job->k <= 4 ? n_brackets : 0),
                done);
    job->figure = figure;
    job->figure_name = "scores";
    figure = NULL;
done:
    dn_figure_destroy(figure);
    for (size_t c = 0; names != NULL && c < job->k; ++c) {
        free(names[c]);
    }
    free(names);
    free(groups);
    free(label);
    return status;
}

dn_status dn_scores_compare(agreement_job *job)
{
    dn_status status = DN_OK;
    dn_repeated anova;
    size_t count = dn_pair_count(job->k);
    dn_table *summary = NULL;
    dn_result *results = NULL;
    dn_figure_bracket *brackets = NULL;
    char **texts = NULL;
    double *columns = NULL, *d_z = NULL;
    DN_TRY_GOTO(status, dn_table_create("scores_summary", &summary), done);
    DN_TRY_GOTO(status, dn_alloc(&columns, job->cases.n * job->k, sizeof *columns, "the scores"), done);
    DN_TRY_GOTO(status, dn_alloc(&results, count, sizeof *results, "the pairs"), done);
    DN_TRY_GOTO(status, dn_alloc(&d_z, count, sizeof *d_z, "the pairs"), done);
    DN_TRY_GOTO(status, dn_alloc(&brackets, count, sizeof *brackets, "the pairs"), done);
    DN_TRY_GOTO(status, dn_alloc(&texts, count, sizeof *texts, "the pairs"), done);
    fprintf(job->text, "%s of %zu methods on %zu cases (mean ± SD): ", job->label != NULL ? job->label : "Scores", job->k, job->cases.n);
    for (size_t c = 0; c < job->k; ++c) {
        dn_agreement_column(job, c, columns + c * job->cases.n);
        DN_TRY_GOTO(status,
                    put_summary(summary, job->columns[c], columns + c * job->cases.n, job->cases.n, job->level, job->text, c + 1 == job->k),
                    done);
    }
    fprintf(job->text, ". ");
    DN_TRY_GOTO(status, dn_repeated_anova(job->cases.values, job->cases.n, job->k, &anova), done);
    DN_TRY_GOTO(status, say_anova(job, &anova), done);
    DN_TRY_GOTO(status, pairs(job, results, d_z, brackets, texts), done);
    DN_TRY_GOTO(status, dn_study_write_table(job->folder, "scores_summary", summary), done);
    if (job->folder != NULL) {
        status = draw_scores(job, brackets, count, columns);
    }
done:
    for (size_t i = 0; texts != NULL && i < count; ++i) {
        free(texts[i]);
    }
    free(texts);
    free(brackets);
    free(results);
    free(d_z);
    free(columns);
    dn_table_destroy(summary);
    return status;
}
