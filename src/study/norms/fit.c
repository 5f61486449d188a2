/* The work of `dien normative fit`: the fit, its tables, its paragraph and its figure. */
#define _GNU_SOURCE
#include "study/norms/fit.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "stats/distribution.h"
#include "study/norms/norm_chart.h"
#include "study/output/say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dn_status put(dn_table *table, const char *quantity, double value)
{
    size_t row = 0;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(dn_table_put_text(table, "quantity", quantity));
    return dn_table_put_number(table, "value", value);
}

static dn_status put_model(const dn_norm_model *model, dn_table *table)
{
    static const char *const terms[] = {"a (ICV^2)", "b (age^2)", "c (ICV age)", "d (ICV)", "e (age)", "f (constant)", "g (male)"};
    double paper[DN_NORM_TERMS];
    dn_norm_coefficients(model, paper);
    for (size_t i = 0; i < model->terms; ++i) {
        DN_TRY(put(table, terms[i], paper[i]));
    }
    const struct {
        const char *name;
        double value;
    } rows[] = {{"n given", (double)model->n_given},
                {"n in the fit", (double)model->n},
                {"outliers left out", (double)model->n_outliers},
                {"SD of the residuals", model->sd},
                {"residual standard error", model->sigma},
                {"degrees of freedom", model->df},
                {"R squared", model->r_squared},
                {"inter-scanner SD", model->scanner_sd},
                {"level", model->level},
                {"youngest", model->age_low},
                {"oldest", model->age_high},
                {"smallest ICV", model->icv_low},
                {"largest ICV", model->icv_high},
                {"women", (double)model->females},
                {"men", (double)model->males},
                {"sex unknown", (double)model->unknown},
                {"scanners", (double)model->n_scanners},
                {"simulated", model->simulated}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        DN_TRY(put(table, rows[i].name, rows[i].value));
    }
    return DN_OK;
}

static dn_status put_people(const dn_cohort *cohort, const dn_norm_model *model, const unsigned char *outlier, dn_table *table)
{
    for (size_t i = 0; i < cohort->cases.n; ++i) {
        const dn_norm_person *person = &cohort->persons[i];
        dn_norm_verdict found;
        size_t row = 0;
        DN_TRY(dn_norm_apply(model, person, NAN, &found));
        DN_TRY(dn_table_add_row(table, &row));
        DN_TRY(dn_table_put_text(table, "participant_id", person->name));
        const struct {
            const char *column;
            double value;
        } cells[] = {{"value", person->value},         {"icv", person->icv},         {"age", person->age},
                     {"expected", found.expected},     {"residual", found.residual}, {"z", found.z},
                     {"percentile", found.percentile}, {"outlier", outlier[i]}};
        for (size_t c = 0; c < sizeof cells / sizeof *cells; ++c) {
            DN_TRY(dn_table_put_number(table, cells[c].column, cells[c].value));
        }
    }
    return DN_OK;
}

static void say(FILE *text, const dn_norm_model *model, const dn_cohort *cohort)
{
    const char *space = *model->unit ? " " : "";
    double paper[DN_NORM_TERMS];
    dn_norm_coefficients(model, paper);
    fprintf(text, "%sNorm of the %s by %s, from %zu people (%zu women, %zu men%s) aged %s to %s years",
            model->simulated ? "SIMULATED, not for patients. " : "", model->structure, dn_norm_method_text(model), model->n, model->females,
            model->males, model->unknown > 0 ? ", others of unknown sex" : "", dn_say(model->age_low), dn_say(model->age_high));
    if (model->n_scanners > 0) {
        fprintf(text, " on %zu scanner%s", model->n_scanners, model->n_scanners == 1 ? "" : "s");
    }
    if (*model->source) {
        fprintf(text, " (%s)", model->source);
    }
    if (model->two_step) {
        fprintf(text, "; %zu of %zu were outliers of the first fit", model->n_outliers, model->n_given);
    }
    if (model->method == DN_NORM_QUANTILE) {
        fprintf(text, ". Centiles: %zu surfaces from %s to %s %%.", model->n_quantiles, dn_say(100.0 * model->quantile[0]),
                dn_say(100.0 * model->quantile[model->n_quantiles - 1]));
    } else {
        fprintf(text, ". V = %s ICV² %+.4g age² %+.4g ICV age %+.4g ICV %+.4g age %+.4g", dn_say(paper[0]), paper[1], paper[2], paper[3],
                paper[4], paper[5]);
        if (model->with_sex) {
            fprintf(text, " %+.4g male", paper[6]);
        }
        fprintf(text, "; %s %s%s%s, R² = %s",
                model->method == DN_NORM_LEAST_SQUARES ? "SD of the residuals" : "robust scale of the residuals", dn_say(model->sd), space,
                model->unit, dn_say(model->r_squared));
        fprintf(text, ", %.4g %% interval of the residuals ±%s%s%s", 100.0 * model->level,
                dn_say(dn_normal_quantile(0.5 + 0.5 * model->level) * model->sd), space, model->unit);
        fputc('.', text);
    }
    if (model->n < 100) {
        fprintf(text, " With fewer than 100 people the ends of the normal interval are themselves uncertain.");
    }
    dn_cases_say_omitted(text, &cohort->cases);
    fputc('\n', text);
}

/* What the figure of a norm shows. */
typedef struct shown_people {
    size_t kept, left;              /* outliers of the first fit are left out */
    double *age, *moved, *residual; /* kept of each; moved: the volume at the mean head size */
    double *out_age, *out_residual; /* left of each */
    double *block;                  /* of all; owned */
} shown_people;

static dn_status collect(const dn_norm_model *model, const dn_cohort *cohort, const unsigned char *outlier, dn_sex sex, shown_people *out)
{
    const size_t n = cohort->cases.n;
    DN_TRY(dn_alloc(&out->block, 5 * n, sizeof *out->block, "a figure"));
    out->age = out->block;
    out->moved = out->block + n;
    out->residual = out->block + 2 * n;
    out->out_age = out->block + 3 * n;
    out->out_residual = out->block + 4 * n;
    for (size_t i = 0; i < n; ++i) {
        dn_norm_verdict own, there;
        dn_norm_person person = cohort->persons[i];
        DN_TRY(dn_norm_apply(model, &person, NAN, &own));
        if (outlier[i]) {
            out->out_age[out->left] = person.age;
            out->out_residual[out->left++] = own.residual;
            continue;
        }
        person.icv = model->centre_icv;
        person.sex = sex;
        DN_TRY(dn_norm_apply(model, &person, NAN, &there));
        out->age[out->kept] = person.age;
        out->residual[out->kept] = own.residual;
        out->moved[out->kept++] = there.expected + own.residual;
    }
    return DN_OK;
}

/* The panel of the residuals over age. */
static dn_status draw_residuals(dn_figure *figure, const dn_norm_model *model, const shown_people *shown)
{
    const bool many = shown->kept > 400;
    if (model->method != DN_NORM_QUANTILE) {
        double z = dn_normal_quantile(0.5 + 0.5 * model->level), limit = z * model->sd;
        char upper[32], lower[32];
        snprintf(upper, sizeof upper, "+%.2f SD", z);
        snprintf(lower, sizeof lower, "\xE2\x88\x92%.2f SD", z);
        DN_TRY(dn_figure_rule_band(figure, &(dn_style){.colour = DN_COLOUR_BLUE, .opacity = 0.12}, -limit, limit));
        DN_TRY(dn_figure_text_right(figure, &(dn_style){.colour = DN_COLOUR_BLUE}, limit, upper));
        DN_TRY(dn_figure_text_right(figure, &(dn_style){.colour = DN_COLOUR_BLUE}, -limit, lower));
    }
    DN_TRY(dn_figure_rule(figure, &(dn_style){.colour = DN_COLOUR_BLUE, .width = 1.2}, 0.0));
    DN_TRY(dn_figure_points(figure, &(dn_style){.colour = DN_COLOUR_GREY, .size = many ? 0.45 : 0.7, .opacity = many ? 0.4 : 0.6},
                            shown->kept, shown->age, shown->residual));
    return shown->left > 0 ? dn_figure_points(figure, &(dn_style){.colour = DN_COLOUR_VERMILION, .shape = DN_SHAPE_CROSS, .size = 0.9},
                                              shown->left, shown->out_age, shown->out_residual)
                           : DN_OK;
}

/* Centiles over age at the mean head size with everyone moved to it, and residuals over age. */
static dn_status draw(const char *folder, const dn_norm_model *model, const dn_cohort *cohort, const unsigned char *outlier)
{
    dn_status status = DN_OK;
    shown_people shown = {0};
    dn_figure *figure = NULL;
    char *title = NULL, *label = NULL;
    const char *space = *model->unit ? " (" : "", *end = *model->unit ? ")" : "";
    const dn_sex sex = model->with_sex ? DN_SEX_FEMALE : DN_SEX_UNKNOWN;
    DN_TRY_GOTO(status, collect(model, cohort, outlier, sex, &shown), done);
    DN_TRY_GOTO(status, dn_figure_create(174, 72, 1, 2, &figure), done);
    DN_TRY_GOTO(status, dn_asprintf(&title, "At the mean head size%s", model->with_sex ? ", women" : ""), done);
    DN_TRY_GOTO(status, dn_norm_chart(figure, model, title, model->centre_icv, sex, shown.kept, shown.age, shown.moved, NULL, 0), done);
    DN_TRY_GOTO(status, dn_asprintf(&label, "Residual%s%s%s", space, model->unit, end), done);
    DN_TRY_GOTO(status,
                dn_figure_panel(figure, &(dn_panel){.title = "Given age and head size", .x_label = "Age (years)", .y_label = label}), done);
    DN_TRY_GOTO(status, draw_residuals(figure, model, &shown), done);
    DN_TRY_GOTO(status, dn_norm_figure_note(figure, model, shown.left > 0 ? "Crosses: outliers of the first fit. " : NULL), done);
    status = dn_study_write_figure(folder, "norm_figure", NULL, figure);
done:
    dn_figure_destroy(figure);
    free(title);
    free(label);
    free(shown.block);
    return status;
}

dn_status dn_norm_method_of(const char *text, dn_norm_method *out)
{
    static const char *const words[] = {"squares", "huber", "bisquare", "quantile", NULL};
    int which = 0;
    DN_TRY(dn_choice_of("the method of a norm", text, words, &which));
    *out = (dn_norm_method)which;
    return DN_OK;
}

static dn_status write_all(const char *folder, const dn_norm_model *model, const dn_cohort *cohort, const unsigned char *outlier)
{
    dn_status status = DN_OK;
    char *path = NULL;
    dn_table *numbers = NULL, *people = NULL;
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY_GOTO(status, dn_path_join(folder, "norm.json", &path), done);
    DN_TRY_GOTO(status, dn_norm_write(model, path), done);
    DN_TRY_GOTO(status, dn_table_create("norm", &numbers), done);
    DN_TRY_GOTO(status, put_model(model, numbers), done);
    DN_TRY_GOTO(status, dn_study_write_table(folder, "norm", numbers), done);
    DN_TRY_GOTO(status, dn_table_create("norm_people", &people), done);
    DN_TRY_GOTO(status, put_people(cohort, model, outlier, people), done);
    status = dn_study_write_table(folder, "norm_people", people);
done:
    free(path);
    dn_table_destroy(numbers);
    dn_table_destroy(people);
    return status;
}

dn_status dn_study_norm_fit(const dn_norm_fit_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_cohort cohort = {0};
    dn_norm_model model = {0};
    unsigned char *outlier = NULL;
    char *paragraph = NULL;
    dn_text text = {0};
    const char *folder = options->output.folder, *value = options->columns.name[DN_NORM_COLUMN_VALUE];
    if (value == NULL || folder == NULL) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_VALUE_AND_FOLDER, "a norm needs the column of volumes and a folder for the norm");
    }
    DN_TRY_GOTO(status, dn_cohort_load(&options->tables, &options->columns, NULL, &cohort), done);
    DN_TRY_GOTO(status, dn_alloc(&outlier, cohort.cases.n, 1, "the outliers"), done);
    dn_norm_options how = {.method = options->method,
                           .two_step = !options->one_step,
                           .with_sex = options->with_sex,
                           .level = options->level,
                           .structure = options->structure != NULL ? options->structure : value,
                           .unit = dn_study_unit(&options->tables, cohort.table, value),
                           .source = options->source,
                           .scanner_sd = options->scanner_sd,
                           .simulated = options->simulated};
    memcpy(how.columns, cohort.columns, sizeof how.columns);
    DN_TRY_GOTO(status, dn_norm_fit(cohort.persons, cohort.cases.n, &how, &model, outlier, NULL), done);
    if (cohort.remarks.networks != NULL) {
        DN_TRY_GOTO(status, dn_strdup(cohort.remarks.networks, &model.networks), done);
    }
    DN_TRY_GOTO(status, write_all(folder, &model, &cohort, outlier), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    say(text.stream, &model, &cohort);
    DN_TRY_GOTO(status, dn_text_take(&text, &paragraph), done);
    DN_TRY_GOTO(status, dn_study_emit(folder, "norm", paragraph, &cohort.remarks, result), done);
    dn_study_figures figures = {.folder = folder};
    if (dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, draw(folder, &model, &cohort, outlier));
    }
    status = dn_study_figures_end(&figures);
done:
    dn_text_discard(&text);
    free(paragraph);
    free(outlier);
    dn_norm_model_release(&model);
    status = dn_study_end(status, &cohort.remarks);
    dn_cohort_release(&cohort);
    return status;
}
