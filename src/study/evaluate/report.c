/* The table, the paragraph and the figures of an evaluation. */
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "chart/figure_kinds.h"
#include "stats/agreement.h"
#include "stats/descriptive.h"
#include "study/evaluate/job.h"
#include "study/output/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dn_measure_name(size_t measure)
{
    static const char *const names[MEASURES] = {"dice",     "iou",     "precision",  "recall",           "hausdorff_mm",
                                                "hd95_mm",  "assd_mm", "volume_mm3", "truth_volume_mm3", "volume_error_percent",
                                                "mean_iou", "seconds"};
    return names[measure];
}

const char *dn_measure_format(size_t measure)
{
    return measure < 4 || measure == 10 ? "%.4f" : measure < 7 ? "%.3f" : "%.2f";
}

/* The numbers of one structure and measure over subjects; rows without a value are left out. */
static dn_status column_of(const evaluation_job *job, const char *name, size_t measure, double *out, size_t *n)
{
    size_t column;
    *n = 0;
    DN_TRY(dn_table_column(job->table, dn_measure_name(measure), &column));
    for (size_t row = 0; row < dn_table_rows(job->table); ++row) {
        double value;
        if (strcmp(dn_table_text(job->table, row, 1), name) == 0) {
            DN_TRY(dn_table_number(job->table, row, column, &value));
            if (isfinite(value)) {
                out[(*n)++] = value;
            }
        }
    }
    return DN_OK;
}

static dn_status summarise(const evaluation_job *job, dn_table *summary)
{
    dn_status status = DN_OK;
    double *values = NULL;
    DN_TRY(dn_alloc(&values, job->subject_count, sizeof *values, "a summary"));
    for (size_t s = 0; s < job->structure_count; ++s) {
        size_t row;
        DN_TRY_GOTO(status, dn_table_add_row(summary, &row), done);
        DN_TRY_GOTO(status, dn_table_put_text(summary, "structure", job->structures[s].name), done);
        for (size_t m = 0; m < MEASURES; ++m) {
            size_t n;
            char name[64], text[32];
            DN_TRY_GOTO(status, column_of(job, job->structures[s].name, m, values, &n), done);
            if (m == 0) {
                DN_TRY_GOTO(status, dn_table_put_number(summary, "n", (double)n), done);
            }
            for (int which = 0; which < 2; ++which) {
                snprintf(name, sizeof name, "%s_%s", dn_measure_name(m), which == 0 ? "mean" : "sd");
                if (n > (size_t)which) {
                    snprintf(text, sizeof text, dn_measure_format(m), which == 0 ? dn_mean(values, n) : dn_sd(values, n));
                }
                DN_TRY_GOTO(status, dn_table_put_text(summary, name, n > (size_t)which ? text : NULL), done);
            }
        }
    }
done:
    free(values);
    return status;
}

/* Volumes of one structure: prediction against truth. Left out where there are too few, or all alike. */
static dn_status draw_volumes(const evaluation_job *job, const structure *what, const char *folder)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    char *name = NULL, *file = NULL, *title = NULL;
    double *a = NULL;
    size_t n[2];
    size_t count = job->subject_count;
    dn_bland_altman fit;
    bool possible;
    DN_TRY(dn_alloc(&a, 4 * count, sizeof *a, "volumes"));
    DN_TRY_GOTO(status, column_of(job, what->name, 7, a, &n[0]), done);
    DN_TRY_GOTO(status, column_of(job, what->name, 8, a + count, &n[1]), done);
    if (n[0] < 3 || n[0] != n[1]) {
        goto done;
    }
    status = dn_bland_altman_fit(a, a + count, n[0], false, 0.95, DN_LIMITS_EXACT, a + 2 * count, a + 3 * count, &fit);
    DN_TRY_GOTO(status, dn_error_excuse(status, DN_EDATA, &possible), done);
    if (!possible) {
        goto done;
    }
    dn_figure_limits limits = {fit.bias.value,  fit.bias.low,  fit.bias.high,  fit.lower.value, fit.lower.low, fit.lower.high,
                               fit.upper.value, fit.upper.low, fit.upper.high, fit.slope.value, fit.intercept, fit.slope_p < 0.05};
    DN_TRY_GOTO(status, dn_label_of(what->name, &title), done);
    dn_panel panel = {.title = title, .x_label = "Mean of prediction and truth (mm³)", .y_label = "Prediction − truth (mm³)"};
    DN_TRY_GOTO(status, dn_figure_create(85, 75, 1, 1, &figure), done);
    DN_TRY_GOTO(status, dn_figure_bland_altman(figure, &panel, n[0], a + 2 * count, a + 3 * count, &limits), done);
    DN_TRY_GOTO(status, dn_file_name_of(what->name, &name), done);
    DN_TRY_GOTO(status, dn_asprintf(&file, "bland_altman_%s", name), done);
    DN_TRY_GOTO(status, dn_study_write_figure(folder, file, NULL, figure), done);
done:
    dn_figure_destroy(figure);
    free(a);
    free(title);
    free(name);
    free(file);
    return status;
}

/* Dice of each structure over subjects, boxes side by side; of many the last, where both sides together are. */
static dn_status draw_dice(const evaluation_job *job, const char *folder)
{
    enum { MOST = 16 };
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    double *values = NULL;
    char *names[MOST] = {NULL};
    dn_figure_group groups[MOST];
    size_t used = 0;
    size_t first = job->structure_count > MOST ? job->structure_count - MOST : 0;
    size_t count = job->structure_count - first;
    DN_TRY(dn_alloc(&values, job->subject_count * count, sizeof *values, "Dice"));
    for (size_t s = 0; s < count; ++s) {
        size_t n;
        DN_TRY_GOTO(status, column_of(job, job->structures[first + s].name, 0, values + used, &n), done);
        DN_TRY_GOTO(status, dn_label_of(job->structures[first + s].name, &names[s]), done);
        groups[s] = (dn_figure_group){.name = names[s], .n = n, .values = values + used};
        used += n;
    }
    const dn_panel panel = {.y_label = "Dice"};
    DN_TRY_GOTO(status, dn_figure_create(count < 4 ? 85.0 : fmin(250.0, 22.0 * (double)count), 80, 1, 1, &figure), done);
    DN_TRY_GOTO(status, dn_figure_box_plot(figure, &panel, groups, count, NULL, 0), done);
    DN_TRY_GOTO(status, dn_study_write_figure(folder, "dice", NULL, figure), done);
done:
    dn_figure_destroy(figure);
    for (size_t s = 0; s < MOST; ++s) {
        free(names[s]);
    }
    free(values);
    return status;
}

/* The table as it stands in a file. */
static dn_status show_table(const dn_table *table, char **out)
{
    dn_text text = {0};
    size_t columns = dn_table_columns(table);
    DN_TRY(dn_text_open(&text));
    for (size_t c = 0; c < columns; ++c) {
        fprintf(text.stream, "%s%c", dn_table_column_name(table, c), c + 1 < columns ? '\t' : '\n');
    }
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        for (size_t c = 0; c < columns; ++c) {
            const char *cell = dn_table_text(table, row, c);
            fprintf(text.stream, "%s%c", cell != NULL ? cell : "n/a", c + 1 < columns ? '\t' : '\n');
        }
    }
    return dn_text_take(&text, out);
}

dn_status dn_evaluation_report(const evaluation_job *job, const char *folder, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_table *summary = NULL;
    bool several = job->subject_count > 1;
    if (several) {
        DN_TRY(dn_table_create("summary", &summary));
        DN_TRY_GOTO(status, summarise(job, summary), done);
    }
    DN_TRY_GOTO(status, show_table(several ? summary : job->table, &result->text), done);
    DN_TRY_GOTO(status, dn_study_write_table(folder, "evaluation", job->table), done);
    if (several && folder != NULL) {
        DN_TRY_GOTO(status, dn_study_write_table(folder, "evaluation_summary", summary), done);
        dn_study_figures figures = {.folder = folder};
        for (size_t s = 0; s < job->structure_count && dn_study_draw_next(&figures); ++s) {
            dn_study_drawn(&figures, draw_volumes(job, &job->structures[s], folder));
        }
        if (dn_study_draw_next(&figures)) {
            dn_study_drawn(&figures, draw_dice(job, folder));
        }
        status = dn_study_figures_end(&figures);
    }
done:
    dn_table_destroy(summary);
    return status;
}
