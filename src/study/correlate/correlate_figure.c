/* The figure of a correlation: points with the fitted line, or residuals where there are covariates. */
#include "study/correlate/correlate_job.h"

#include "base/memory.h"
#include "chart/figure_kinds.h"
#include "stats/descriptive.h"
#include "stats/regression.h"
#include "study/output/labels.h"
#include "study/tables/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *dn_correlate_x_unit(const correlate_job *job)
{
    const char *given = job->options->x_unit;
    size_t column = dn_table_find(job->table, job->x_name);
    return given != NULL ? given : column != DN_TABLE_NONE ? dn_unit_text(dn_table_unit(job->table, column)) : NULL;
}

/* "Hypothalamus (mm³)"; of residuals and of ranks, which have no unit, it says so. */
static dn_status label_axis(const correlate_job *job, const char *name, const char *label, const char *unit, char **out)
{
    char *plain = NULL;
    bool ranks = !job->parametric && job->k > 0;
    if (job->k == 0) {
        return dn_label_axis(name, label, false, unit, out);
    }
    DN_TRY(dn_label_axis(name, label, false, ranks ? NULL : unit, &plain));
    dn_status status = dn_asprintf(out, "Residual of %s%s", ranks ? "the rank of " : "", plain);
    free(plain);
    return status;
}

/* The line of y on x and its band, at STEPS places. Ranks know no line: a Spearman correlation gets points only. */
enum { STEPS = 61 };
typedef struct fitted_line {
    double at[STEPS], value[STEPS], low[STEPS], high[STEPS];
    dn_figure_fit fit;
} fitted_line;

static dn_status fit_line(const correlate_job *job, const double *x, const double *y, fitted_line *out)
{
    size_t n = job->cases.n;
    dn_linear_model line = {0};
    double least = x[0], most = x[0];
    for (size_t i = 0; i < n; ++i) {
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    dn_status status = dn_linear_fit(y, &x, &job->x_name, 1, n, &line);
    for (int i = 0; i < STEPS && status == DN_OK; ++i) {
        out->at[i] = least + (most - least) * i / (STEPS - 1);
        dn_linear_predict(&line, &out->at[i], job->options->level, 0, &out->value[i], &out->low[i], &out->high[i]);
    }
    out->fit = (dn_figure_fit){STEPS, out->at, out->value, out->low, out->high};
    dn_linear_model_release(&line);
    return status;
}

/* Points, and line and band of y on x. With covariates both are residuals: what the partial correlation sees. */
static dn_status draw(const correlate_job *job, const double *x, const double *y)
{
    dn_status status = DN_OK;
    char text[160], r[32], p[32];
    dn_figure *figure = NULL;
    fitted_line line;
    char *x_label = NULL, *y_label = NULL;
    const dn_correlate_options *options = job->options;
    if (job->parametric) {
        DN_TRY_GOTO(status, fit_line(job, x, y, &line), done);
    }
    snprintf(text, sizeof text, "%s = %s, %s, n = %zu", job->chosen.effect_name, dn_result_format_effect(job->chosen.effect, r, sizeof r),
             dn_result_format_p(job->chosen.p, p, sizeof p), job->cases.n);
    DN_TRY_GOTO(status, label_axis(job, job->x_name, NULL, dn_correlate_x_unit(job), &x_label), done);
    DN_TRY_GOTO(status, label_axis(job, job->y_name, options->label, dn_study_unit(&options->tables, job->table, job->y_name), &y_label),
                done);
    const dn_panel panel = {.title = text, .x_label = x_label, .y_label = y_label};
    DN_TRY_GOTO(status, dn_figure_create(100, 80, 1, 1, &figure), done);
    DN_TRY_GOTO(status, dn_figure_scatter(figure, &panel, 0, NULL, job->cases.n, x, y, job->parametric ? &line.fit : NULL, NULL), done);
    status = dn_study_write_figure(job->folder, "correlate_figure", options->output.note, figure);
done:
    free(y_label);
    free(x_label);
    dn_figure_destroy(figure);
    return status;
}

/* Residuals of x and y, or of their ranks, given the covariates (or theirs): what a partial correlation correlates. */
static dn_status draw_residuals(const correlate_job *job)
{
    dn_status status = DN_OK;
    dn_linear_model of_x = {0}, of_y = {0};
    const double **z = NULL, *x = job->x, *y = job->y;
    double *ranks = NULL;
    size_t n = job->cases.n;
    DN_TRY_GOTO(status, dn_alloc(&z, job->k, sizeof *z, "columns"), done);
    for (size_t j = 0; j < job->k; ++j) {
        z[j] = job->z[j];
    }
    if (!job->parametric) {
        DN_TRY_GOTO(status, dn_alloc(&ranks, (job->k + 2) * n, sizeof *ranks, "ranks"), done);
        DN_TRY_GOTO(status, dn_ranks(job->x, n, ranks, NULL), done);
        DN_TRY_GOTO(status, dn_ranks(job->y, n, ranks + n, NULL), done);
        for (size_t j = 0; j < job->k; ++j) {
            DN_TRY_GOTO(status, dn_ranks(job->z[j], n, ranks + (j + 2) * n, NULL), done);
            z[j] = ranks + (j + 2) * n;
        }
        x = ranks;
        y = ranks + n;
    }
    DN_TRY_GOTO(status, dn_linear_fit(x, z, (const char *const *)job->design.names, job->k, n, &of_x), done);
    DN_TRY_GOTO(status, dn_linear_fit(y, z, (const char *const *)job->design.names, job->k, n, &of_y), done);
    status = draw(job, of_x.residuals, of_y.residuals);
done:
    dn_linear_model_release(&of_y);
    dn_linear_model_release(&of_x);
    free(ranks);
    free(z);
    return status;
}

dn_status dn_correlate_figure(const correlate_job *job)
{
    return job->k == 0 ? draw(job, job->x, job->y) : draw_residuals(job);
}
