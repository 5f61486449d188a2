/* Collects the results of the folds into tables and a box plot. */
#define _GNU_SOURCE
#include "train/crossval_report.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/table.h"
#include "chart/figure_kinds.h"
#include "stats/agreement.h"
#include "stats/descriptive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const measures[] = {"dice",    "iou",     "precision",  "recall",           "hausdorff_mm",
                                       "hd95_mm", "assd_mm", "volume_mm3", "truth_volume_mm3", "seconds_a_slice"};
enum { MEASURES = sizeof measures / sizeof *measures };

/* All rows of the folds' evaluation.tsv in one table. */
static dn_status gather(int64_t folds, const char *output, dn_table *all)
{
    for (int64_t fold = 1; fold <= folds; ++fold) {
        dn_table *one = NULL;
        char *path = NULL;
        DN_TRY(dn_asprintf(&path, "%s/fold-%d/evaluation.tsv", output, (int)fold));
        dn_status status = dn_table_read(path, &one);
        free(path);
        DN_TRY(status);
        for (size_t row = 0; status == DN_OK && row < dn_table_rows(one); ++row) {
            size_t new;
            status = dn_table_add_row(all, &new);
            for (size_t c = 0; status == DN_OK && c < dn_table_columns(one); ++c) {
                status = dn_table_put_text(all, dn_table_column_name(one, c), dn_table_text(one, row, c));
            }
        }
        dn_table_destroy(one);
        DN_TRY(status);
    }
    return DN_OK;
}

/* Values of a structure and measure; fold 0: of all folds. out: room for every row. */
static dn_status values_of(const dn_table *all, const char *structure, int64_t fold, const char *measure, double *out, size_t *n)
{
    size_t names, folds, column;
    *n = 0;
    DN_TRY(dn_table_column(all, "structure", &names));
    DN_TRY(dn_table_column(all, "fold", &folds));
    DN_TRY(dn_table_column(all, measure, &column));
    for (size_t row = 0; row < dn_table_rows(all); ++row) {
        double number, value;
        DN_TRY(dn_table_number(all, row, folds, &number));
        DN_TRY(dn_table_number(all, row, column, &value));
        if (strcmp(dn_table_text(all, row, names), structure) == 0 && (fold == 0 || number == (double)fold) && isfinite(value)) {
            out[(*n)++] = value;
        }
    }
    return DN_OK;
}

static dn_status summary_row(const dn_table *all, const char *structure, int64_t fold, double *room, dn_table *out)
{
    size_t row;
    char text[32];
    DN_TRY(dn_table_add_row(out, &row));
    snprintf(text, sizeof text, fold > 0 ? "%d" : "all", (int)fold);
    DN_TRY(dn_table_put_text(out, "fold", text));
    DN_TRY(dn_table_put_text(out, "structure", structure));
    for (size_t m = 0; m < MEASURES; ++m) {
        size_t n;
        char name[64];
        const char *format = m < 4 ? "%.4f" : m < 7 ? "%.3f" : m < 9 ? "%.2f" : "%.4f";
        DN_TRY(values_of(all, structure, fold, measures[m], room, &n));
        if (m == 0) {
            DN_TRY(dn_table_put_number(out, "scans", (double)n));
        }
        for (int which = 0; which < 2; ++which) {
            snprintf(name, sizeof name, "%s_%s", measures[m], which == 0 ? "mean" : "sd");
            if (n > (size_t)which) {
                snprintf(text, sizeof text, format, which == 0 ? dn_mean(room, n) : dn_sd(room, n));
            }
            DN_TRY(dn_table_put_text(out, name, n > (size_t)which ? text : NULL));
        }
    }
    return DN_OK;
}

static dn_status draw_dice(const dn_table *all, const char *structure, int64_t folds, double *room, dn_figure *figure)
{
    enum { MOST = 64 };
    dn_figure_group groups[MOST];
    char names[MOST][16];
    size_t used = 0;
    size_t n_groups = (size_t)(folds < MOST ? folds : MOST);
    for (size_t f = 0; f < n_groups; ++f) {
        size_t n;
        DN_TRY(values_of(all, structure, (int64_t)f + 1, "dice", room + used, &n));
        snprintf(names[f], sizeof names[f], "fold %zu", f + 1);
        groups[f] = (dn_figure_group){.name = names[f], .n = n, .values = room + used};
        used += n;
    }
    const dn_panel panel = {.title = structure, .y_label = "Dice"};
    return dn_figure_box_plot(figure, &panel, groups, n_groups, NULL, 0);
}

/* Left out where there are too few scans, or all differ alike. */
static dn_status draw_volumes(const dn_table *all, const char *structure, double *room, size_t rows, dn_figure *figure)
{
    size_t n[2];
    dn_bland_altman fit;
    dn_panel panel = {.title = structure, .x_label = "Mean of prediction and truth (mm³)", .y_label = "Prediction − truth (mm³)"};
    DN_TRY(values_of(all, structure, 0, "volume_mm3", room, &n[0]));
    DN_TRY(values_of(all, structure, 0, "truth_volume_mm3", room + rows, &n[1]));
    if (n[0] < 3 || n[0] != n[1]) {
        DN_FAIL(DN_EDATA, "fewer than three scans");
    }
    DN_TRY(dn_bland_altman_fit(room, room + rows, n[0], false, 0.95, DN_LIMITS_EXACT, room + 2 * rows, room + 3 * rows, &fit));
    dn_figure_limits limits = {fit.bias.value,  fit.bias.low,  fit.bias.high,  fit.lower.value, fit.lower.low, fit.lower.high,
                               fit.upper.value, fit.upper.low, fit.upper.high, fit.slope.value, fit.intercept, fit.slope_p < 0.05};
    return dn_figure_bland_altman(figure, &panel, n[0], room + 2 * rows, room + 3 * rows, &limits);
}

static dn_status draw(const dn_table *all, const char *structure, int64_t folds, double *room, const char *output, bool volumes)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    char *name = NULL;
    char *path = NULL;
    DN_TRY(dn_figure_create(volumes ? 85 : 110, 75, 1, 1, &figure));
    DN_TRY_GOTO(status,
                volumes ? draw_volumes(all, structure, room, dn_table_rows(all), figure) : draw_dice(all, structure, folds, room, figure),
                done);
    DN_TRY_GOTO(status, dn_file_name_of(structure, &name), done);
    DN_TRY_GOTO(status, dn_asprintf(&path, "%s/%s_%s", output, volumes ? "bland_altman" : "dice_by_fold", name), done);
    DN_TRY_GOTO(status, dn_figure_write(figure, path), done);
done:
    dn_figure_destroy(figure);
    free(name);
    free(path);
    return status;
}

/* Networks that see volumes: the row of validation.tsv with the lowest loss, of each fold. */
static dn_status report_validation(int64_t folds, const char *output, dn_table *out)
{
    static const char *const columns[] = {"step", "loss", "dice", "iou"};
    for (int64_t fold = 1; fold <= folds; ++fold) {
        dn_status status = DN_OK;
        dn_table *table = NULL;
        char *path = NULL;
        double *loss = NULL;
        size_t at[4], row;
        DN_TRY(dn_asprintf(&path, "%s/fold-%d/validation.tsv", output, (int)fold));
        status = dn_table_read(path, &table);
        free(path);
        DN_TRY(status);
        for (int c = 0; c < 4; ++c) {
            DN_TRY_GOTO(status, dn_table_column(table, columns[c], &at[c]), next);
        }
        DN_TRY_GOTO(status, dn_table_numbers(table, at[1], &loss), next);
        size_t best = 0;
        for (size_t r = 1; r < dn_table_rows(table); ++r) {
            best = loss[r] < loss[best] ? r : best;
        }
        DN_TRY_GOTO(status, dn_table_add_row(out, &row), next);
        DN_TRY_GOTO(status, dn_table_put_number(out, "fold", (double)fold), next);
        for (int c = 0; c < 4 && dn_table_rows(table) > 0; ++c) {
            DN_TRY_GOTO(status, dn_table_put_text(out, columns[c], dn_table_text(table, best, at[c])), next);
        }
    next:
        free(loss);
        dn_table_destroy(table);
        DN_TRY(status);
    }
    return DN_OK;
}

static dn_status write(const dn_table *table, const char *output, const char *name)
{
    char *path;
    DN_TRY(dn_path_join(output, name, &path));
    dn_status status = dn_table_write(table, path);
    free(path);
    return status;
}

static dn_status summarise_structure(const dn_table *all, int64_t folds, const char *structure, double *room, dn_table *summary)
{
    for (int64_t fold = 1; fold <= folds; ++fold) {
        DN_TRY(summary_row(all, structure, fold, room, summary));
    }
    return summary_row(all, structure, 0, room, summary);
}

/* Want of gnuplot, or values that cannot be drawn, are told and no more. */
static dn_status draw_structure(const dn_table *all, int64_t folds, const char *structure, double *room, const char *output)
{
    for (int volumes = 0; volumes < 2; ++volumes) {
        dn_status status = draw(all, structure, folds, room, output, volumes);
        if (status == DN_EIO || status == DN_EDATA) {
            dn_log(DN_LOG_WARNING, "%s of %s was not drawn: %s", volumes ? "the Bland-Altman plot" : "the box plot", structure,
                   dn_error_message());
            dn_error_clear();
        } else if (status != DN_OK) {
            return status;
        }
    }
    return DN_OK;
}

dn_status dn_crossval_report(bool sees_slices, int64_t folds, const char *output, bool figure)
{
    dn_status status = DN_OK;
    dn_table *all = NULL;
    dn_table *summary = NULL;
    double *room = NULL;
    DN_TRY_GOTO(status, dn_table_create("crossval", &summary), done);
    if (!sees_slices) {
        DN_TRY_GOTO(status, report_validation(folds, output, summary), done);
        status = write(summary, output, "crossval.tsv");
        goto done;
    }
    DN_TRY_GOTO(status, dn_table_create("evaluation", &all), done);
    DN_TRY_GOTO(status, gather(folds, output, all), done);
    DN_TRY_GOTO(status, dn_alloc(&room, 4 * dn_table_rows(all) + 4, sizeof *room, "a summary"), done);
    size_t names;
    DN_TRY_GOTO(status, dn_table_column(all, "structure", &names), done);
    for (int drawing = 0; drawing < (figure ? 2 : 1); ++drawing) { /* tables do not wait for figures */
        for (size_t row = 0; row < dn_table_rows(all); ++row) {
            const char *structure = dn_table_text(all, row, names);
            bool seen = false;
            for (size_t before = 0; before < row && !seen; ++before) {
                seen = strcmp(dn_table_text(all, before, names), structure) == 0;
            }
            if (!seen) {
                DN_TRY_GOTO(status,
                            drawing ? draw_structure(all, folds, structure, room, output)
                                    : summarise_structure(all, folds, structure, room, summary),
                            done);
            }
        }
        if (!drawing) {
            DN_TRY_GOTO(status, write(all, output, "evaluation.tsv"), done);
            DN_TRY_GOTO(status, write(summary, output, "crossval.tsv"), done);
        }
    }
done:
    free(room);
    dn_table_destroy(all);
    dn_table_destroy(summary);
    return status;
}
