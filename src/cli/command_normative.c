/* dien normative: a norm from a table of healthy people, and people against a norm. */
#include "cli/normative_command.h"
#include "cli/stats_labels.h"

#include "base/file.h"
#include "base/memory.h"
#include "study/norm_units.h"
#include "study/sex.h"
#include "study/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "value",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "the volume; apply: default is the column that the norm was fitted to"},
    {.name = "icv",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .preset = "icv",
     .help = "intracranial volume, in the same unit in fit and apply; apply: default is the norm's column"},
    {.name = "age",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .preset = "age",
     .help = "age in years; apply: default is the norm's column"},
    {.name = "sex",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "sex: M or F, male or female (default: the column sex, if there is one)"},
    {.name = "scanner", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "scanner (default: the column scanner, if there is one)"},
    DN_OPTION_ID("column that names the person"),
    DN_OPTIONS_TABLES,
    {.name = "method",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "squares",
     .choices = "squares|huber|bisquare|quantile",
     .help = "fit: least squares, two robust fits, or one surface a centile"},
    {.name = "one-step", .kind = DN_OPTION_FLAG, .help = "fit: least squares without leaving out outliers and fitting again"},
    {.name = "with-sex", .kind = DN_OPTION_FLAG, .help = "fit: a term for sex beside age and head size"},
    DN_OPTION_LEVEL("fit: level of the normal interval"),
    {.name = "structure", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "fit: what the volume is of (default: the name of the column)"},
    DN_OPTION_UNIT(
        "fit: unit of the volume (gathered ones are converted to it); apply: unit of the table's volumes, converted to the norm's"),
    {.name = "source",
     .kind = DN_OPTION_TEXT,
     .value = "TEXT",
     .help = "fit: where the people come from; kept in the norm and shown with it"},
    {.name = "simulated", .kind = DN_OPTION_FLAG, .help = "fit: the people are not real; every result of this norm will say so"},
    {.name = "scanner-sd",
     .kind = DN_OPTION_REAL,
     .value = "SD",
     .help = "inter-scanner SD of one person's volume ('dien stability'); apply: instead of the norm's",
     .low = 0.0,
     .high = 1e12},
    {.name = "scanner-sd-column",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "apply: column with that SD for each person's own scanner; where it is empty, --scanner-sd or the norm's"},
    {.name = "chart",
     .kind = DN_OPTION_TEXT,
     .value = "ID,...",
     .help = "apply: people to draw a centile chart of (default: everyone, if at most 6)"},
    DN_OPTION_OUTPUT_FOLDER("write norm, tables, figures and the paragraph into this folder"),
    {0},
};

/* ---- people -------------------------------------------------------------------------------------------------------------------- */

static dn_status sex_of(const char *text, const char *name, dn_sex *out)
{
    *out = DN_SEX_UNKNOWN;
    if (text != NULL && !dn_sex_of(text, out)) {
        DN_FAIL(DN_EDATA, "the sex of %s is given as '%s'%s; write M or F, or leave it empty", name, text,
                text[strspn(text, "0123456789.")] == '\0' ? ", and a number does not say which" : "");
    }
    return DN_OK;
}

static const char *const column_options[DN_NORM_COLUMNS] = {"value", "icv", "age", "sex", "scanner"};

/* The name of a column: what the option says; else the norm's, where the table has it; else the preset. NULL: none. */
static const char *column_name(const dn_arguments *arguments, int which, const dn_norm_model *norm, const dn_table *table)
{
    const char *option = column_options[which];
    const char *remembered = norm != NULL ? norm->columns[which] : NULL;
    if (!dn_arguments_given(arguments, option) && remembered != NULL && dn_table_find(table, remembered) != DN_TABLE_NONE) {
        return remembered;
    }
    const char *text = dn_arguments_text(arguments, option);
    if (text != NULL) {
        return text;
    }
    return which != DN_NORM_COLUMN_VALUE ? option : norm == NULL ? NULL : remembered != NULL ? remembered : norm->structure;
}

/* Sex and scanner need not be there unless an option names them. */
static dn_status optional_column(const dn_arguments *arguments, int which, const dn_norm_model *norm, const dn_table *table, size_t *out)
{
    const char *name = column_name(arguments, which, norm, table);
    if (dn_arguments_given(arguments, column_options[which])) {
        return dn_table_column(table, name, out);
    }
    *out = dn_table_find(table, name);
    return DN_OK;
}

/* Names of columns and the look at them. */
static dn_status choose_columns(const dn_arguments *arguments, const dn_norm_model *norm, dn_cohort *out)
{
    DN_TRY(optional_column(arguments, DN_NORM_COLUMN_SEX, norm, out->table, &out->sex));
    DN_TRY(optional_column(arguments, DN_NORM_COLUMN_SCANNER, norm, out->table, &out->scanner));
    for (int c = 0; c <= (int)DN_NORM_COLUMN_AGE; ++c) {
        out->columns[c] = column_name(arguments, c, norm, out->table);
    }
    out->columns[DN_NORM_COLUMN_SEX] = out->sex != DN_TABLE_NONE ? dn_table_column_name(out->table, out->sex) : NULL;
    out->columns[DN_NORM_COLUMN_SCANNER] = out->scanner != DN_TABLE_NONE ? dn_table_column_name(out->table, out->scanner) : NULL;
    const dn_table_roles roles = {.id = dn_arguments_text(arguments, "id"),
                                  .icv = out->columns[DN_NORM_COLUMN_ICV],
                                  .age = out->columns[DN_NORM_COLUMN_AGE],
                                  .sex = out->columns[DN_NORM_COLUMN_SEX],
                                  .scanner = out->columns[DN_NORM_COLUMN_SCANNER],
                                  .values = &out->columns[DN_NORM_COLUMN_VALUE],
                                  .value_count = 1};
    return dn_stats_check(arguments, out->table, &roles, &out->remarks);
}

dn_status dn_cohort_load(const dn_arguments *arguments, size_t from, const dn_norm_model *norm, dn_cohort *out)
{
    const char *id = dn_arguments_text(arguments, "id");
    const char *unit = norm == NULL ? dn_arguments_text(arguments, "unit") : dn_unit_mm3(norm->unit) > 0.0 ? norm->unit : NULL;
    *out = (dn_cohort){0};
    DN_TRY(dn_tables_load(arguments, from, dn_arguments_text(arguments, "where"), unit, norm != NULL, &out->table, &out->remarks));
    DN_TRY(choose_columns(arguments, norm, out));
    if (norm != NULL) {
        DN_TRY(dn_norm_convert(norm, dn_arguments_text(arguments, "unit"), out->columns[DN_NORM_COLUMN_VALUE],
                               out->columns[DN_NORM_COLUMN_ICV], out->table));
    }
    DN_TRY(dn_cases_take(out->table, out->columns, 3, id, norm != NULL, &out->cases)); /* one person may be compared several times */
    DN_TRY(dn_alloc(&out->persons, out->cases.n, sizeof *out->persons, "the people"));
    DN_TRY(dn_alloc(&out->names, out->cases.n, sizeof *out->names, "the people"));
    for (size_t i = 0; i < out->cases.n; ++i) {
        const double *row = out->cases.values + 3 * i;
        dn_norm_person *person = &out->persons[i];
        *person = (dn_norm_person){.name = dn_case_name(out->table, out->cases.row[i], id, out->names[i]),
                                   .value = row[0],
                                   .icv = row[1],
                                   .age = row[2]};
        if (out->scanner != DN_TABLE_NONE) {
            person->scanner = dn_table_text(out->table, out->cases.row[i], out->scanner);
        }
        if (out->sex != DN_TABLE_NONE) {
            DN_TRY(sex_of(dn_table_text(out->table, out->cases.row[i], out->sex), person->name, &person->sex));
        }
    }
    return DN_OK;
}

void dn_cohort_release(dn_cohort *cohort)
{
    free(cohort->persons);
    free(cohort->names);
    dn_cases_release(&cohort->cases);
    dn_table_destroy(cohort->table);
    dn_remarks_release(&cohort->remarks);
    *cohort = (dn_cohort){0};
}

/* ---- what both say and draw ---------------------------------------------------------------------------------------------------- */

const char *dn_norm_method_text(const dn_norm_model *model)
{
    switch (model->method) {
    case DN_NORM_LEAST_SQUARES:
        return model->two_step ? "least squares in two steps, outliers left out of the second" : "least squares";
    case DN_NORM_HUBER:
        return "Huber's robust fit";
    case DN_NORM_BISQUARE:
        return "Tukey's bisquare robust fit";
    case DN_NORM_QUANTILE:
        return "quantile regression";
    }
    return "";
}

dn_status dn_norm_chart(dn_figure *figure, const dn_norm_model *model, const char *title, double icv, dn_sex sex, size_t n_cohort,
                        const double *cohort_age, const double *cohort_value, const dn_figure_person *persons, size_t n_persons)
{
    enum { POINTS = 81, CURVES = 7 };
    static const double percents[CURVES] = {2.5, 10, 25, 50, 75, 90, 97.5};
    double ages[POINTS], values[CURVES][POINTS];
    dn_figure_centile centiles[CURVES];
    dn_status status = DN_OK;
    char *label = NULL;
    double oldest = model->age_high, youngest = model->age_low;
    for (size_t i = 0; i < n_persons; ++i) { /* a person outside stays visible; the centiles end where the norm ends */
        oldest = fmax(oldest, persons[i].age);
        youngest = fmin(youngest, persons[i].age);
    }
    for (size_t a = 0; a < POINTS; ++a) {
        ages[a] = model->age_low + (model->age_high - model->age_low) * (double)a / (POINTS - 1);
        for (size_t c = 0; c < CURVES; ++c) {
            values[c][a] = dn_norm_centile(model, icv, ages[a], sex, percents[c] / 100.0);
        }
    }
    for (size_t c = 0; c < CURVES; ++c) {
        centiles[c] = (dn_figure_centile){percents[c], values[c]};
    }
    const char *name = *model->structure ? model->structure : "volume";
    DN_TRY(dn_label_axis(name, NULL, false, *model->unit ? model->unit : NULL, &label));
    double margin = 0.01 * (oldest - youngest);
    dn_panel panel = {.title = title, .x_label = "Age (years)", .y_label = label, .x_low = youngest - margin, .x_high = oldest + margin};
    status = dn_figure_centiles(figure, &panel, POINTS, ages, centiles, CURVES, n_cohort, cohort_age, cohort_value, persons, n_persons);
    free(label);
    return status;
}

dn_status dn_norm_figure_note(dn_figure *figure, const dn_norm_model *model, const char *own)
{
    char *text = NULL;
    DN_TRY(dn_asprintf(&text, "%s%sNorm of %zu people aged %.0f to %.0f%s%s.%s%s", model->simulated ? "SIMULATED, NOT FOR PATIENTS. " : "",
                       own != NULL ? own : "", model->n, model->age_low, model->age_high, *model->source ? ", " : "", model->source,
                       own != NULL ? "" : "", ""));
    dn_status status = dn_figure_note(figure, text);
    free(text);
    return status;
}

static dn_status run(const dn_arguments *arguments)
{
    const char *name = dn_arguments_at(arguments, 0);
    if (strcmp(name, "fit") == 0) {
        return dn_normative_fit_run(arguments);
    }
    if (strcmp(name, "apply") == 0) {
        return dn_normative_apply_run(arguments);
    }
    DN_FAIL(DN_EUSAGE, "there is no 'dien normative %s'; type fit or apply", name);
}

const dn_command dn_command_normative = {
    .name = "normative",
    .summary = "fit a norm, and compare people with it",
    .positional = "fit TABLE... | apply NORM TABLE...",
    .positional_min = 2,
    .positional_max = -1,
    .options = options,
    .description =
        "fit makes a norm from a table of healthy people: the volume as a quadratic surface in intracranial volume and age, "
        "V = a ICV^2 + b age^2 + c ICV age + d ICV + e age + f, by least squares in two steps (residuals beyond 1.5 "
        "interquartile ranges are left out of "
        "the second), by a robust fit or by quantiles. The norm file says how many people it is made of, their ages, sexes and "
        "scanners. No norm comes "
        "with this program.\n\n"
        "apply compares people with a norm: expected volume, residual, z, percentile, and whether the volume is reduced: its "
        "own interval, from the "
        "inter-scanner SD (--scanner-sd), as a whole below the normal interval. Whoever is older, younger, smaller or larger "
        "than the people of the norm, "
        "or from a scanner that it has not seen, is flagged; whose age, head size or volume is so far away that it must be a mistake or "
        "another unit gets no z and is named. For a cohort it gives the share that is reduced.\n\n"
        "These are research results, not a diagnosis.",
    .examples = "dien normative fit controls.tsv volumes/ --value thalamus --icv icv --unit mL --scanner-sd 0.28 -o norm\n"
                "dien normative apply norm/norm.json patients.tsv volumes/ -o patients\n"
                "dien normative fit controls.tsv --value hypothalamus --method quantile -o norm",
    .run = run,
};
