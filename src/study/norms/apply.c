/* The work of `dien normative apply`: people compared with a norm; tables, paragraph and charts. */
#define _GNU_SOURCE
#include "study/norms/apply.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "stats/distribution.h"
#include "study/norms/apart.h"
#include "study/norms/norm_chart.h"
#include "study/output/labels.h"
#include "study/output/say.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHARTS = 6, SAID = 4, NAMED = 20 };

typedef struct application {
    const dn_norm_apply_options *options;
    const char *folder;
    dn_norm_model model;
    dn_cohort cohort;
    dn_apart apart;
    dn_norm_verdict *verdicts;
    double scanner_sd;                              /* NaN: the norm's */
    size_t reduced, enlarged, outside, own_scanner; /* own_scanner: people with an SD of their own */
    FILE *text;
} application;

/* "older or younger than the norm; ..." */
static dn_status outside_text(unsigned outside, char **out)
{
    static const struct {
        unsigned flag;
        const char *text;
    } reasons[] = {{DN_NORM_OUTSIDE_AGE, "age outside the norm"},
                   {DN_NORM_OUTSIDE_ICV, "head size outside the norm"},
                   {DN_NORM_OUTSIDE_COMBINATION, "age and head size together outside the norm"},
                   {DN_NORM_OUTSIDE_SEX, "sex not in the norm"},
                   {DN_NORM_OUTSIDE_SCANNER, "scanner not in the norm"}};
    DN_TRY(dn_strdup("", out));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; ++i) {
        if (outside & reasons[i].flag) {
            char *longer = NULL;
            DN_TRY(dn_asprintf(&longer, "%s%s%s", *out, **out ? "; " : "", reasons[i].text));
            free(*out);
            *out = longer;
        }
    }
    return DN_OK;
}

static dn_status put_person(const application *it, size_t i, dn_table *table)
{
    const dn_norm_person *person = &it->cohort.persons[i];
    const dn_norm_verdict *found = &it->verdicts[i];
    char *outside = NULL;
    size_t row = 0;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(dn_table_put_text(table, "participant_id", person->name));
    const struct {
        const char *column;
        double value;
    } cells[] = {{"age", person->age},
                 {"icv", person->icv},
                 {"value", person->value},
                 {"expected", found->expected},
                 {"residual", found->residual},
                 {"z", found->z},
                 {"percentile", found->percentile},
                 {"t", found->t},
                 {"p", found->p},
                 {"normal_low", found->low},
                 {"normal_high", found->high},
                 {"measured_low", found->measured_low},
                 {"measured_high", found->measured_high},
                 {"reduced", found->reduced},
                 {"enlarged", found->enlarged},
                 {"reduced_one_sample", found->reduced_one_sample},
                 {"enlarged_one_sample", found->enlarged_one_sample}};
    for (size_t c = 0; c < sizeof cells / sizeof *cells; ++c) {
        DN_TRY(dn_table_put_number(table, cells[c].column, cells[c].value));
    }
    DN_TRY(outside_text(found->outside, &outside));
    dn_status status = dn_table_put_text(table, "outside", *outside ? outside : NULL);
    free(outside);
    return status;
}

/* "2.3" and "0.04", but not "0": a percentile is never nothing. */
static const char *say_percentile(double percentile, char text[32])
{
    if (percentile < 0.1) {
        snprintf(text, 32, "below 0.1");
    } else if (percentile > 99.9) {
        snprintf(text, 32, "above 99.9");
    } else {
        snprintf(text, 32, "%.1f", percentile);
    }
    return text;
}

static dn_status say_person(const application *it, size_t i)
{
    const dn_norm_person *person = &it->cohort.persons[i];
    const dn_norm_verdict *found = &it->verdicts[i];
    const char *space = *it->model.unit ? " " : "", *unit = it->model.unit;
    char percentile[32], *outside = NULL;
    fprintf(it->text,
            " %s (%s years): %s%s%s, expected %s%s%s at this age and head size (z = %s, percentile %s); normal interval %s to %s%s%s",
            person->name, dn_say(person->age), dn_say(person->value), space, unit, dn_say(found->expected), space, unit, dn_say(found->z),
            say_percentile(found->percentile, percentile), dn_say(found->low), dn_say(found->high), space, unit);
    if (found->measured_low < found->measured_high) {
        fprintf(it->text, ", interval of the measurement %s to %s%s%s", dn_say(found->measured_low), dn_say(found->measured_high), space,
                unit);
    }
    fprintf(it->text, ": %s.",
            found->reduced               ? "reduced"
            : found->enlarged            ? "enlarged"
            : found->reduced_one_sample  ? "below the normal interval, but a change of scanner can explain this: not counted as reduced"
            : found->enlarged_one_sample ? "above the normal interval, but a change of scanner can explain this: not counted as enlarged"
                                         : "within normal limits");
    DN_TRY(outside_text(found->outside, &outside));
    if (*outside) {
        fprintf(it->text, " Caution: %s.", outside);
    }
    free(outside);
    return DN_OK;
}

/* "; reduced: sub-03, sub-07" */
static void say_names(const application *it, const char *what, bool enlarged)
{
    size_t said = 0, all = enlarged ? it->enlarged : it->reduced;
    for (size_t i = 0; i < it->cohort.cases.n && said < NAMED; ++i) {
        if (enlarged ? it->verdicts[i].enlarged : it->verdicts[i].reduced) {
            fprintf(it->text, "%s%s", said++ == 0 ? what : ", ", it->cohort.persons[i].name);
        }
    }
    if (all > said) {
        fprintf(it->text, " and %zu more", all - said);
    }
    if (said > 0) {
        fputc('.', it->text);
    }
}

static dn_status put_summary(const application *it, dn_table *table)
{
    const struct {
        const char *what;
        size_t count;
    } rows[] = {{"reduced", it->reduced}, {"enlarged", it->enlarged}, {"outside of the norm", it->outside}};
    for (size_t i = 0; i < 3; ++i) {
        dn_estimate share;
        size_t row = 0;
        DN_TRY(dn_share(rows[i].count, it->cohort.cases.n, 0.95, &share));
        DN_TRY(dn_table_add_row(table, &row));
        DN_TRY(dn_table_put_text(table, "what", rows[i].what));
        DN_TRY(dn_table_put_number(table, "count", (double)rows[i].count));
        DN_TRY(dn_table_put_number(table, "n", (double)it->cohort.cases.n));
        DN_TRY(dn_table_put_number(table, "share", share.value));
        DN_TRY(dn_table_put_number(table, "share_low", share.low));
        DN_TRY(dn_table_put_number(table, "share_high", share.high));
        if (i == 0 && it->cohort.cases.n > 1) {
            fprintf(it->text, " Reduced: %zu of %zu (%.1f %%, 95 %% CI %.1f to %.1f %%).", rows[i].count, it->cohort.cases.n,
                    100.0 * share.value, 100.0 * share.low, 100.0 * share.high);
        }
    }
    return DN_OK;
}

static dn_status say(application *it, dn_table *summary)
{
    const dn_norm_model *model = &it->model;
    double sd = isnan(it->scanner_sd) ? model->scanner_sd : it->scanner_sd;
    const char *structure = *model->structure ? model->structure : "volume";
    DN_TRY(dn_apart_say(model, &it->apart, it->text));
    fprintf(it->text, "%s%c%s of %zu %s against a norm of %zu people aged %s to %s (%s%s%s; %.4g %% interval; ",
            model->simulated ? "SIMULATED norm, not for patients. " : "", toupper((unsigned char)*structure), structure + 1,
            it->cohort.cases.n, it->cohort.cases.n == 1 ? "person" : "people", model->n, dn_say(model->age_low), dn_say(model->age_high),
            dn_norm_method_text(model), *model->source ? "; " : "", model->source, 100.0 * model->level);
    if (it->own_scanner == it->cohort.cases.n) {
        fprintf(it->text, "inter-scanner SD of each person's own scanner).");
    } else if (isnan(sd)) {
        fprintf(it->text, "no inter-scanner SD was given, so the measurement error is not taken into account).");
    } else {
        fprintf(it->text, "inter-scanner SD %s%s%s).", dn_say(sd), *model->unit ? " " : "", model->unit);
    }
    DN_TRY(put_summary(it, summary));
    if (it->cohort.cases.n <= SAID) {
        for (size_t i = 0; i < it->cohort.cases.n; ++i) {
            DN_TRY(say_person(it, i));
        }
    } else {
        say_names(it, " These are reduced: ", false);
        say_names(it, " Enlarged: ", true);
        if (it->outside > 0) {
            fprintf(it->text, " Outside the range of the norm, see the table: %zu.", it->outside);
        }
    }
    dn_cases_say_omitted(it->text, &it->cohort.cases);
    fputc('\n', it->text);
    return DN_OK;
}

/* ---- figures ------------------------------------------------------------------------------------------------------------------- */

static dn_status draw_person(const application *it, size_t i)
{
    dn_status status = DN_OK;
    const dn_norm_person *who = &it->cohort.persons[i];
    const dn_norm_verdict *found = &it->verdicts[i];
    dn_figure *figure = NULL;
    char *name = NULL, *file = NULL, *title = NULL, *note = NULL, percentile[32];
    dn_figure_person person = {who->name, who->age, who->value, found->measured_low, found->measured_high};
    DN_TRY_GOTO(status, dn_file_name_of(who->name, &name), done);
    DN_TRY_GOTO(status, dn_asprintf(&file, "chart_%s", name), done);
    DN_TRY_GOTO(status,
                dn_asprintf(&title, "%s: percentile %s (z = %s), %s", who->name, say_percentile(found->percentile, percentile),
                            dn_say(found->z),
                            found->reduced               ? "reduced"
                            : found->enlarged            ? "enlarged"
                            : found->reduced_one_sample  ? "below the interval, but not surely reduced"
                            : found->enlarged_one_sample ? "above the interval, but not surely enlarged"
                                                         : "within normal limits"),
                done);
    DN_TRY_GOTO(status, dn_asprintf(&note, "%sCentiles at this head size. ", found->outside ? "OUTSIDE OF WHAT THE NORM HAS SEEN. " : ""),
                done);
    DN_TRY_GOTO(status, dn_figure_create(120, 85, 1, 1, &figure), done);
    DN_TRY_GOTO(status, dn_norm_chart(figure, &it->model, title, who->icv, who->sex, 0, NULL, NULL, &person, 1), done);
    DN_TRY_GOTO(status, dn_norm_figure_note(figure, &it->model, note), done);
    status = dn_study_write_figure(it->folder, file, NULL, figure);
done:
    dn_figure_destroy(figure);
    free(name);
    free(file);
    free(title);
    free(note);
    return status;
}

/* Whom --chart names, or everyone when they are few: list (n places) and *count. */
static dn_status choose_charts(const application *it, size_t *list, size_t *count)
{
    char **wanted = NULL;
    size_t names = 0, n = it->cohort.cases.n;
    dn_status status = DN_OK;
    *count = 0;
    DN_TRY(dn_split_list(it->options->charts, &wanted, &names));
    for (size_t w = 0; w < names && w < n; ++w) {
        size_t i = 0;
        while (i < n && strcmp(it->cohort.persons[i].name, wanted[w]) != 0) {
            ++i;
        }
        if (i == n) {
            DN_FAIL_OFFER_GOTO(status, done, DN_EUSAGE, DN_REMEDY_CHART,
                               "there is no person %s with all the numbers that are needed for a chart", wanted[w]);
        }
        list[(*count)++] = i;
    }
    for (size_t i = 0; names == 0 && i < n && n <= CHARTS; ++i) {
        list[(*count)++] = i;
    }
done:
    free(wanted);
    return status;
}

/* Residuals over age: the figure of Opfer et al. 2022. By quantiles, which have no one SD: z. */
static dn_status draw_cohort(const application *it)
{
    enum { SERIES = 2 };
    static const char *const names[SERIES] = {"not reduced", "reduced"};
    static const dn_colour colours[SERIES] = {DN_COLOUR_BLACK, DN_COLOUR_VERMILION};
    dn_status status = DN_OK;
    const dn_norm_model *model = &it->model;
    const char *structure = *model->structure ? model->structure : "volume";
    bool by_z = model->method == DN_NORM_QUANTILE;
    size_t n = it->cohort.cases.n;
    double *block = NULL, limit = by_z ? dn_normal_quantile(0.5 + 0.5 * model->level) : 0.5 * (it->verdicts[0].high - it->verdicts[0].low);
    char *label = NULL, *title = NULL;
    dn_figure *figure = NULL;
    DN_TRY(dn_alloc(&block, 2 * n, sizeof *block, "a figure"));
    DN_TRY_GOTO(status, dn_asprintf(&label, by_z ? "z" : "Residual%s%s%s", *model->unit ? " (" : "", model->unit, *model->unit ? ")" : ""),
                done);
    DN_TRY_GOTO(status, dn_label_axis(structure, NULL, false, NULL, &title), done);
    DN_TRY_GOTO(status, dn_figure_create(120, 80, 1, 1, &figure), done);
    dn_panel panel = {.title = title, .x_label = "Age (years)", .y_label = label, .legend = DN_LEGEND_ABOVE};
    DN_TRY_GOTO(status, dn_figure_panel(figure, &panel), done);
    DN_TRY_GOTO(status,
                dn_figure_rule_band(figure, &(dn_style){.colour = DN_COLOUR_BLUE, .opacity = 0.14, .label = "normal interval"}, -limit,
                                    limit),
                done);
    DN_TRY_GOTO(status, dn_figure_rule(figure, &(dn_style){.colour = DN_COLOUR_BLUE, .width = 1.2}, 0.0), done);
    double sd = isnan(it->scanner_sd) ? model->scanner_sd : it->scanner_sd;
    if (!by_z && sd > 0.0 && it->own_scanner == 0) {
        double rule = -limit - dn_normal_quantile(0.5 + 0.5 * model->level) * sd;
        DN_TRY_GOTO(status, dn_figure_rule(figure, &(dn_style){.colour = DN_COLOUR_VERMILION, .dash = DN_DASH_LONG, .width = 0.9}, rule),
                    done);
        DN_TRY_GOTO(status, dn_figure_text_right(figure, &(dn_style){.colour = DN_COLOUR_VERMILION}, rule, "reduced below"), done);
    }
    for (size_t s = 0; s < SERIES; ++s) {
        size_t count = 0;
        for (size_t i = 0; i < n; ++i) {
            if (it->verdicts[i].reduced == (s == 1)) {
                block[count] = it->cohort.persons[i].age;
                block[n + count++] = by_z ? it->verdicts[i].z : it->verdicts[i].residual;
            }
        }
        DN_TRY_GOTO(status,
                    dn_figure_points(figure, &(dn_style){.colour = colours[s], .label = count > 0 ? names[s] : NULL}, count, block,
                                     block + n),
                    done);
    }
    DN_TRY_GOTO(status, dn_norm_figure_note(figure, model, NULL), done);
    status = dn_study_write_figure(it->folder, "normative_figure", NULL, figure);
done:
    dn_figure_destroy(figure);
    free(block);
    free(label);
    free(title);
    return status;
}

static dn_status judge(application *it)
{
    const char *column_name = it->options->scanner_sd_column;
    size_t column = DN_TABLE_NONE;
    double nearest = INFINITY;
    if (column_name != NULL) {
        DN_TRY(dn_table_column(it->cohort.table, column_name, &column));
    }
    DN_TRY(dn_alloc(&it->verdicts, it->cohort.cases.n, sizeof *it->verdicts, "the verdicts"));
    for (size_t i = 0; i < it->cohort.cases.n; ++i) {
        dn_norm_verdict *found = &it->verdicts[i];
        double sd = NAN;
        if (column != DN_TABLE_NONE) {
            DN_TRY(dn_table_number(it->cohort.table, it->cohort.cases.row[i], column, &sd));
            if (sd < 0.0) {
                DN_FAIL(DN_EDATA, "the inter-scanner SD of %s is negative (%g)", it->cohort.persons[i].name, sd);
            }
        }
        it->own_scanner += isnan(sd) ? 0 : 1;
        DN_TRY(dn_norm_apply(&it->model, &it->cohort.persons[i], isnan(sd) ? it->scanner_sd : sd, found));
        it->reduced += found->reduced;
        it->enlarged += found->enlarged;
        it->outside += found->outside != 0;
        nearest = fmin(nearest, fabs(found->z));
    }
    if (nearest > 20.0 && it->model.method != DN_NORM_QUANTILE) { /* a wrong unit shows as everyone far away */
        DN_FAIL(DN_EDATA, "all people are more than 20 standard deviations from the norm (%g for %s, expected %g): is the volume in %s?",
                it->cohort.persons[0].value, it->cohort.persons[0].name, it->verdicts[0].expected,
                *it->model.unit ? it->model.unit : "the norm's unit");
    }
    if (it->outside > 0) {
        dn_log(DN_LOG_WARNING,
               "%zu of %zu people are outside the range of the norm (age, head size, sex or scanner): see the column outside", it->outside,
               it->cohort.cases.n);
    }
    return DN_OK;
}

static dn_status doubt_networks(application *it)
{
    dn_remarks *remarks = &it->cohort.remarks;
    return dn_norm_other_networks(&it->model, remarks->networks)
               ? dn_remarks_add(remarks, DN_REMARK_DOUBT, "other_networks",
                                "The volumes of the norm were measured by other networks (%s) than these (%s): differences between "
                                "networks look like those between people, so do not use this comparison.",
                                it->model.networks, remarks->networks)
               : DN_OK;
}

dn_status dn_study_norm_apply(const dn_norm_apply_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    char *paragraph = NULL;
    size_t *chart = NULL, charts = 0;
    dn_text text = {0};
    dn_table *people = NULL, *summary = NULL;
    application it = {.options = options, .folder = options->output.folder, .scanner_sd = options->scanner_sd};
    if (options->norm == NULL || options->tables.count == 0) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_NORM_AND_TABLE, "a comparison with a norm needs the norm and a table");
    }
    DN_TRY_GOTO(status, dn_norm_read(options->norm, &it.model), done);
    DN_TRY_GOTO(status, dn_cohort_load(&options->tables, &options->columns, &it.model, &it.cohort), done);
    DN_TRY_GOTO(status, doubt_networks(&it), done);
    DN_TRY_GOTO(status, dn_apart_take(&it.model, &it.cohort, &it.apart), done);
    if (options->tables.strict) {
        DN_TRY_GOTO(status, dn_remarks_refuse(&it.cohort.remarks), done);
    }
    DN_TRY_GOTO(status, dn_alloc(&chart, it.cohort.cases.n, sizeof *chart, "the charts"), done);
    DN_TRY_GOTO(status, choose_charts(&it, chart, &charts), done);
    DN_TRY_GOTO(status, judge(&it), done);
    DN_TRY_GOTO(status, dn_table_create("normative", &people), done);
    DN_TRY_GOTO(status, dn_table_create("normative_summary", &summary), done);
    for (size_t i = 0; i < it.cohort.cases.n; ++i) {
        DN_TRY_GOTO(status, put_person(&it, i, people), done);
    }
    DN_TRY_GOTO(status, dn_apart_tabulate(&it.model, &it.apart, people), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    it.text = text.stream;
    DN_TRY_GOTO(status, say(&it, summary), done);
    DN_TRY_GOTO(status, dn_text_take(&text, &paragraph), done);
    DN_TRY_GOTO(status, dn_study_write_table(it.folder, "normative", people), done);
    DN_TRY_GOTO(status, dn_study_write_table(it.folder, "normative_summary", summary), done);
    DN_TRY_GOTO(status, dn_study_emit(it.folder, "normative", paragraph, &it.cohort.remarks, result), done);
    dn_study_figures figures = {.folder = it.folder};
    for (size_t c = 0; c < charts && dn_study_draw_next(&figures); ++c) {
        dn_study_drawn(&figures, draw_person(&it, chart[c]));
    }
    if (it.cohort.cases.n > 1 && dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, draw_cohort(&it));
    }
    status = dn_study_figures_end(&figures);
done:
    dn_text_discard(&text);
    free(paragraph);
    free(it.verdicts);
    free(it.apart.person);
    free(chart);
    dn_table_destroy(people);
    dn_table_destroy(summary);
    status = dn_study_end(status, &it.cohort.remarks);
    dn_norm_model_release(&it.model);
    dn_cohort_release(&it.cohort);
    return status;
}
