/* The work of `dien stats correlate`: which test, tables and paragraph; also the ALSFRS-R slope (Vernikouskaya et al. 2023). */
#include "study/correlate/correlate.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "stats/correlation.h"
#include "stats/normality.h"
#include "stats/regression.h"
#include "study/correlate/correlate_job.h"
#include "study/output/say.h"
#include "study/tables/icv_column.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOPE_COLUMN "alsfrs_slope"

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
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_SCORE_AND_TIME, SLOPE_COLUMN " needs both the column of the score and that of the duration");
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
    const dn_icv_by by = {.icv = job->options->icv,
                          .group = job->options->group,
                          .control = job->options->control,
                          .method = job->options->normalise};
    const size_t volume = dn_table_find(job->table, job->y_name);
    dn_icv_column made;
    char *name = NULL;
    if (by.icv == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&name, "%s, ICV-normalised", job->y_name));
    dn_status status =
        dn_icv_column_add(job->table, job->y_name, &by, name, volume != DN_TABLE_NONE ? dn_table_unit(job->table, volume) : NULL, &made);
    free(job->y_name);
    job->y_name = name;
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
            normal = normal && job->cases.n > DN_SHAPIRO_MOST;
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
        const char *x_unit = dn_correlate_x_unit(job);
        fprintf(stream, " Line: slope %s%s%s per %s of %s.", dn_say_interval(slope.estimate, slope.low, slope.high, slope.level),
                unit != NULL ? " " : "", unit != NULL ? unit : "", x_unit != NULL ? x_unit : "unit", job->x_name);
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
        dn_study_drawn(&figures, dn_correlate_figure(job));
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
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_X_AND_Y, "name the two columns that are correlated");
    }
    if (strcmp(options->x, options->y) == 0) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_X_AND_Y, "the column %s cannot be correlated with itself; name two columns", job.x_name);
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
