#include "study/correlate.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "chart/figure_kinds.h"
#include "stats/correlation.h"
#include "stats/descriptive.h"
#include "stats/normality.h"
#include "stats/regression.h"
#include "study/output/labels.h"
#include "study/output/say.h"
#include "study/tables/cases.h"
#include "study/tables/design.h"
#include "study/tables/load.h"
#include "study/tables/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOPE_COLUMN "alsfrs_slope"

typedef struct correlate_job {
    const dn_correlate_options *options;
    const char *folder, *x_name;
    char *y_name; /* owned */
    dn_table *table;
    char **covariates; /* as asked for */
    size_t asked;
    dn_design design; /* k columns: the covariates, categories coded */
    size_t k;
    dn_remarks remarks;
    dn_cases cases; /* columns: x, y, covariates */
    double *x, *y;
    const double **z;
    double *columns;
    dn_result normality[2], chosen, other;
    bool parametric;
} correlate_job;

static void job_release(correlate_job *job)
{
    dn_design_release(&job->design);
    free(job->covariates);
    free(job->y_name);
    free(job->columns);
    free(job->z);
    dn_cases_release(&job->cases);
    dn_table_destroy(job->table);
}

/* Adds alsfrs_slope where score and duration are there. */
static dn_status add_slope(correlate_job *job)
{
    const char *score_name = job->options->alsfrs;
    const char *duration_name = job->options->duration;
    size_t score;
    size_t duration;
    size_t column;
    if (score_name == NULL && duration_name == NULL) {
        return DN_OK;
    }
    if (score_name == NULL || duration_name == NULL) {
        DN_FAIL(DN_EUSAGE, SLOPE_COLUMN " needs both --alsfrs COLUMN and --duration COLUMN");
    }
    DN_TRY(dn_table_column(job->table, score_name, &score));
    DN_TRY(dn_table_column(job->table, duration_name, &duration));
    DN_TRY(dn_table_add_column(job->table, SLOPE_COLUMN, &column));
    for (size_t r = 0; r < dn_table_rows(job->table); ++r) {
        double s;
        double d;
        double slope;
        DN_TRY(dn_table_number(job->table, r, score, &s));
        DN_TRY(dn_table_number(job->table, r, duration, &d));
        dn_status status = dn_alsfrs_slope(s, d, &slope);
        if (status != DN_OK) {
            return dn_error_context(status, "%s, line %zu", dn_table_name(job->table), dn_table_line(job->table, r));
        }
        DN_TRY(dn_table_set_number(job->table, r, column, slope));
    }
    return DN_OK;
}

/* Adds y by head size as a column, and names it. The reference is the control group, or everyone when none is named. */
static dn_status normalise(correlate_job *job)
{
    dn_status status = DN_OK;
    const char *icv_name = job->options->icv;
    const char *group_name = job->options->group;
    const char *control_name = job->options->control;
    size_t rows = dn_table_rows(job->table);
    size_t volume_column;
    size_t icv_column;
    size_t group_column = DN_TABLE_NONE;
    size_t column;
    size_t n = 0;
    double mean;
    double slope;
    double *work = NULL; /* volumes, icvs, results */
    unsigned char *control = NULL;
    if (icv_name == NULL) {
        return DN_OK;
    }
    if ((group_name == NULL) != (control_name == NULL)) {
        DN_FAIL(DN_EUSAGE, "to normalise by a control group, give both --group COLUMN and --control NAME");
    }
    DN_TRY(dn_table_column(job->table, job->y_name, &volume_column));
    DN_TRY(dn_table_column(job->table, icv_name, &icv_column));
    if (group_name != NULL) {
        DN_TRY(dn_table_column(job->table, group_name, &group_column));
    }
    DN_TRY_GOTO(status, dn_alloc(&work, 3 * rows, sizeof *work, "volumes"), done);
    DN_TRY_GOTO(status, dn_alloc(&control, rows, 1, "volumes"), done);
    for (size_t r = 0; r < rows; ++r) {
        double v;
        double i;
        DN_TRY_GOTO(status, dn_table_number(job->table, r, volume_column, &v), done);
        DN_TRY_GOTO(status, dn_table_number(job->table, r, icv_column, &i), done);
        if (isnan(v) || isnan(i)) {
            continue;
        }
        if (!(v > 0.0) || !(i > 0.0)) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: %s is %g and %s is %g; both must be above 0", dn_table_name(job->table),
                         dn_table_line(job->table, r), job->y_name, v, icv_name, i);
        }
        const char *group = group_column != DN_TABLE_NONE ? dn_table_text(job->table, r, group_column) : NULL;
        work[n] = v;
        work[rows + n] = i;
        control[n++] = control_name == NULL || (group != NULL && strcmp(group, control_name) == 0);
    }
    DN_TRY_GOTO(status, dn_icv_normalise(job->options->normalise, work, work + rows, control, n, work + 2 * rows, &mean, &slope), done);
    char *name = NULL;
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s, ICV-normalised", job->y_name), done);
    free(job->y_name);
    job->y_name = name;
    DN_TRY_GOTO(status, dn_table_add_column(job->table, name, &column), done);
    DN_TRY_GOTO(status, dn_table_set_unit(job->table, column, dn_table_unit(job->table, volume_column)), done);
    n = 0;
    for (size_t r = 0; r < rows; ++r) {
        if (dn_table_text(job->table, r, volume_column) != NULL && dn_table_text(job->table, r, icv_column) != NULL) {
            DN_TRY_GOTO(status, dn_table_set_number(job->table, r, column, work[2 * rows + n++]), done);
        }
    }
done:
    free(control);
    free(work);
    return status;
}

/* Complete rows into columns. */
static dn_status take_cases(correlate_job *job)
{
    const char **names = NULL;
    size_t width = job->k + 2;
    DN_TRY(dn_alloc(&names, width, sizeof *names, "columns"));
    names[0] = job->x_name;
    names[1] = job->y_name;
    for (size_t j = 0; j < job->k; ++j) {
        names[j + 2] = job->design.names[j];
    }
    dn_status status = dn_cases_take(job->table, names, width, job->options->tables.id, 0, &job->cases);
    free(names);
    DN_TRY(status);
    size_t n = job->cases.n;
    DN_TRY(dn_alloc(&job->columns, width * n, sizeof(double), "columns"));
    DN_TRY(dn_alloc(&job->z, job->k, sizeof *job->z, "columns"));
    for (size_t j = 0; j < width; ++j) {
        for (size_t i = 0; i < n; ++i) {
            job->columns[j * n + i] = job->cases.values[i * width + j];
        }
    }
    job->x = job->columns;
    job->y = job->columns + n;
    for (size_t j = 0; j < job->k; ++j) {
        job->z[j] = job->columns + (j + 2) * n;
    }
    return DN_OK;
}

static dn_status one_correlation(const correlate_job *job, bool parametric, dn_result *out)
{
    double level = job->options->level;
    size_t n = job->cases.n;
    if (job->k > 0) {
        return dn_partial_correlation(job->x, job->y, job->z, job->k, n, !parametric, level, out);
    }
    return parametric ? dn_pearson(job->x, job->y, n, level, out) : dn_spearman(job->x, job->y, n, level, out);
}

static dn_status compute(correlate_job *job)
{
    bool normal = true;
    for (int side = 0; side < 2; ++side) {
        bool possible;
        DN_TRY(dn_error_excuse(dn_shapiro_wilk(side ? job->y : job->x, job->cases.n, &job->normality[side]), DN_EDATA, &possible));
        if (possible) {
            normal = normal && job->normality[side].p >= job->options->alpha;
        } else {
            job->normality[side] = dn_result_empty();
            normal = normal && job->cases.n > 5000;
        }
    }
    job->parametric = job->options->test == DN_TEST_PARAMETRIC || (job->options->test == DN_TEST_AUTO && normal);
    dn_status status = one_correlation(job, job->parametric, &job->chosen);
    if (status != DN_OK) {
        return dn_error_context(status, "%s and %s", job->x_name, job->y_name);
    }
    bool possible;
    DN_TRY(dn_error_excuse(one_correlation(job, !job->parametric, &job->other), DN_EDATA, &possible));
    if (!possible) {
        job->other = dn_result_empty();
    }
    return DN_OK;
}

/* ---- results ---- */

static dn_status write_tables(const correlate_job *job, const dn_linear_model *line)
{
    dn_status status = DN_OK;
    dn_table *tests = NULL;
    dn_table *people = NULL;
    char *analysis = NULL;
    double level = job->options->level;
    const char *id = job->options->tables.id;
    size_t row;
    DN_TRY_GOTO(status, dn_table_create("the table of correlations", &tests), done);
    DN_TRY_GOTO(status, dn_table_create("the table of people", &people), done);
    DN_TRY_GOTO(status, dn_asprintf(&analysis, "%s on %s", job->y_name, job->x_name), done);
    for (int side = 0; side < 2; ++side) {
        if (job->normality[side].method != NULL) {
            DN_TRY_GOTO(status, dn_result_append(tests, side ? job->y_name : job->x_name, &job->normality[side]), done);
            DN_TRY_GOTO(status, dn_table_put_text(tests, "role", "chosen"), done);
        }
    }
    DN_TRY_GOTO(status, dn_result_append(tests, analysis, &job->chosen), done);
    DN_TRY_GOTO(status, dn_table_put_text(tests, "role", "chosen"), done);
    if (job->other.method != NULL) {
        DN_TRY_GOTO(status, dn_result_append(tests, analysis, &job->other), done);
        DN_TRY_GOTO(status, dn_table_put_text(tests, "role", "also computed"), done);
    }
    for (size_t i = 0; i <= line->k; ++i) {
        const char *name = i == 0 ? "intercept" : i == 1 ? "slope" : job->design.names[i - 2];
        const dn_result coefficient = dn_linear_coefficient(line, i, name, level);
        DN_TRY_GOTO(status, dn_result_append(tests, analysis, &coefficient), done);
        DN_TRY_GOTO(status, dn_table_put_text(tests, "role", "line"), done);
    }
    for (size_t i = 0; i < job->cases.n; ++i) {
        char text[32];
        DN_TRY_GOTO(status, dn_table_add_row(people, &row), done);
        DN_TRY_GOTO(status, dn_table_put_text(people, id, dn_case_name(job->table, job->cases.row[i], id, text)), done);
        DN_TRY_GOTO(status, dn_table_put_number(people, job->x_name, job->x[i]), done);
        DN_TRY_GOTO(status, dn_table_put_number(people, job->y_name, job->y[i]), done);
        for (size_t j = 0; j < job->k; ++j) {
            DN_TRY_GOTO(status, dn_table_put_number(people, job->design.names[j], job->z[j][i]), done);
        }
    }
    DN_TRY_GOTO(status, dn_study_write_table(job->folder, "correlate", tests), done);
    status = dn_study_write_table(job->folder, "correlate_people", people);
done:
    free(analysis);
    dn_table_destroy(people);
    dn_table_destroy(tests);
    return status;
}

/* --x-unit, or what the table knows; NULL: nobody does. */
static const char *x_unit_of(const correlate_job *job)
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
    DN_TRY_GOTO(status, label_axis(job, job->x_name, NULL, x_unit_of(job), &x_label), done);
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

static dn_status draw_figure(const correlate_job *job)
{
    return job->k == 0 ? draw(job, job->x, job->y) : draw_residuals(job);
}

static dn_status write_paragraph(const correlate_job *job, const dn_linear_model *line, dn_study_result *result)
{
    char text[512];
    char *paragraph = NULL;
    dn_text writer;
    const char *unit = dn_study_unit(&job->options->tables, job->table, job->y_name);
    const dn_result slope = dn_linear_coefficient(line, 1, "slope", job->options->level);
    DN_TRY(dn_text_open(&writer));
    FILE *stream = writer.stream;
    fprintf(stream, "%s and %s", job->y_name, job->x_name);
    for (size_t j = 0; j < job->k; ++j) {
        fprintf(stream, "%s%s", j == 0 ? " given " : ", ", job->design.names[j]);
    }
    fprintf(stream, ":");
    for (int side = 0; side < 2; ++side) {
        const dn_result *w = &job->normality[side];
        if (w->method == NULL) {
            fprintf(stream, "%s %s not tested (too few, too many or equal values)", side == 0 ? " Shapiro-Wilk" : ",",
                    side ? job->y_name : job->x_name);
        } else {
            fprintf(stream, "%s %s W = %s, %s", side == 0 ? " Shapiro-Wilk" : ",", side ? job->y_name : job->x_name, dn_say(w->statistic),
                    dn_say_p(w->p));
        }
    }
    bool automatic = job->options->test == DN_TEST_AUTO;
    fprintf(stream, "; %s was %s%s%s%s: ", job->chosen.method, automatic ? "used" : "asked for", job->chosen.note != NULL ? " (" : "",
            job->chosen.note != NULL ? job->chosen.note : "", job->chosen.note != NULL ? ")" : "");
    fprintf(stream, "%s.", dn_result_sentence(&job->chosen, text, sizeof text));
    if (job->parametric) { /* ranks know no line */
        const char *x_unit = x_unit_of(job);
        fprintf(stream, " Line: slope %s%s%s for one%s%s of %s.", dn_say_interval(slope.estimate, slope.low, slope.high, slope.level),
                unit != NULL ? " " : "", unit != NULL ? unit : "", x_unit != NULL ? " " : "", x_unit != NULL ? x_unit : "", job->x_name);
    }
    dn_cases_say_omitted(stream, &job->cases);
    fprintf(stream, "\n");
    DN_TRY(dn_text_take(&writer, &paragraph));
    dn_status status = dn_study_emit(job->folder, "correlate", paragraph, &job->remarks, result);
    free(paragraph);
    return status;
}

static dn_status report(const correlate_job *job, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_linear_model line = {0};
    const double **columns = NULL;
    DN_TRY(dn_alloc(&columns, job->k + 1, sizeof *columns, "columns"));
    columns[0] = job->x;
    for (size_t j = 0; j < job->k; ++j) {
        columns[j + 1] = job->z[j];
    }
    DN_TRY_GOTO(status, dn_linear_fit(job->y, columns, NULL, job->k + 1, job->cases.n, &line), done);
    if (job->folder != NULL) {
        DN_TRY_GOTO(status, write_tables(job, &line), done);
    }
    DN_TRY_GOTO(status, write_paragraph(job, &line, result), done);
    dn_study_figures figures = {.folder = job->folder};
    if (dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, draw_figure(job));
    }
    status = dn_study_figures_end(&figures);
done:
    dn_linear_model_release(&line);
    free(columns);
    return status;
}

/* --categories, then the look at the columns that are used, before anything is computed from them. */
static dn_status prepare(correlate_job *job)
{
    const dn_correlate_options *options = job->options;
    char **categories = NULL;
    size_t count = 0;
    const char *const values[2] = {job->x_name, job->y_name};
    const dn_table_roles roles = {.id = options->tables.id,
                                  .group = options->group,
                                  .icv = options->icv,
                                  .values = values,
                                  .value_count = 2,
                                  .covariates = (const char *const *)job->covariates,
                                  .covariate_count = job->asked};
    DN_TRY(dn_split_list(options->categories, &categories, &count));
    dn_status status = dn_study_make_categories(job->table, (const char *const *)categories, count);
    free(categories);
    DN_TRY(status);
    return dn_study_check(&options->tables, job->table, &roles, &job->remarks);
}

dn_status dn_study_correlate(const dn_correlate_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_study_tables tables = options->tables;
    correlate_job job = {.options = options, .folder = options->output.folder, .x_name = options->x};
    if (options->x == NULL || options->y == NULL) {
        DN_FAIL(DN_EUSAGE, "which two columns are correlated? type --x COLUMN --y COLUMN");
    }
    if (strcmp(options->x, options->y) == 0) {
        DN_FAIL(DN_EUSAGE, "--x and --y both name the column %s; name two columns", job.x_name);
    }
    DN_TRY_GOTO(status, dn_strdup(options->y, &job.y_name), done);
    DN_TRY_GOTO(status, dn_split_list(options->covariates, &job.covariates, &job.asked), done);
    /* --where comes last: the controls of the normalisation may be among those it leaves out. */
    tables.where = NULL;
    DN_TRY_GOTO(status, dn_study_load(&tables, false, &job.table, &job.remarks), done);
    DN_TRY_GOTO(status, prepare(&job), done);
    DN_TRY_GOTO(status, normalise(&job), done);
    DN_TRY_GOTO(status, dn_study_keep_where(&job.table, options->tables.where), done);
    DN_TRY_GOTO(status, add_slope(&job), done);
    DN_TRY_GOTO(status, dn_design_make(job.table, (const char *const *)job.covariates, job.asked, &job.design), done);
    job.k = job.design.count;
    DN_TRY_GOTO(status, take_cases(&job), done);
    DN_TRY_GOTO(status, compute(&job), done);
    status = report(&job, result);
done:
    status = dn_study_end(status, &job.remarks);
    job_release(&job);
    return status;
}
