/* dien normative: a norm from a table of healthy people, and people against a norm. */
#include "cli/normative_command.h"

#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const dn_option options[] = {
    {.name = "value", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "the volume; apply: default is the structure that the norm names"},
    {.name = "icv",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .preset = "icv",
     .help = "intracranial volume, in the same unit in fit and apply"},
    {.name = "age", .kind = DN_OPTION_TEXT, .value = "COLUMN", .preset = "age", .help = "age in years"},
    {.name = "sex",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "sex: M or F, male or female (default: the column sex, if there is one)"},
    {.name = "scanner", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "scanner (default: the column scanner, if there is one)"},
    DN_OPTION_ID("column that names the person"),
    DN_OPTION_WHERE,
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
    DN_OPTION_UNIT("fit: unit of the volume"),
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
    static const struct {
        const char *text;
        dn_sex sex;
    } known[] = {{"m", DN_SEX_MALE},        {"male", DN_SEX_MALE}, {"f", DN_SEX_FEMALE},     {"w", DN_SEX_FEMALE},
                 {"female", DN_SEX_FEMALE}, {"o", DN_SEX_UNKNOWN}, {"other", DN_SEX_UNKNOWN}};
    *out = DN_SEX_UNKNOWN;
    for (size_t i = 0; text != NULL && i < sizeof known / sizeof *known; ++i) {
        if (strcasecmp(text, known[i].text) == 0) {
            *out = known[i].sex;
            return DN_OK;
        }
    }
    if (text != NULL) {
        DN_FAIL(DN_EDATA, "the sex of %s is given as '%s'; write M or F, or leave it empty", name, text);
    }
    return DN_OK;
}

/* The column that an option names; without the option the one of that name, if there is one. */
static dn_status optional_column(const dn_arguments *arguments, const char *option, const dn_table *table, size_t *out)
{
    if (dn_arguments_given(arguments, option)) {
        return dn_table_column(table, dn_arguments_text(arguments, option), out);
    }
    *out = dn_table_find(table, option);
    return DN_OK;
}

static dn_status load(const dn_arguments *arguments, size_t from, dn_table **out)
{
    const char **paths = NULL;
    size_t count = dn_arguments_count(arguments) - from;
    DN_TRY(dn_alloc(&paths, count, sizeof *paths, "a list of files"));
    for (size_t i = 0; i < count; ++i) {
        paths[i] = dn_arguments_at(arguments, from + i);
    }
    dn_status status = dn_tables_load(paths, count, dn_arguments_text(arguments, "id"), dn_arguments_text(arguments, "where"), out);
    free(paths);
    return status;
}

dn_status dn_cohort_load(const dn_arguments *arguments, size_t from, const char *value, dn_cohort *out)
{
    const char *id = dn_arguments_text(arguments, "id");
    const char *const columns[] = {value, dn_arguments_text(arguments, "icv"), dn_arguments_text(arguments, "age")};
    size_t sex = 0, scanner = 0;
    *out = (dn_cohort){0};
    DN_TRY(load(arguments, from, &out->table));
    DN_TRY(dn_cases_take(out->table, columns, 3, id, 0, &out->cases));
    DN_TRY(optional_column(arguments, "sex", out->table, &sex));
    DN_TRY(optional_column(arguments, "scanner", out->table, &scanner));
    DN_TRY(dn_alloc(&out->persons, out->cases.n, sizeof *out->persons, "the people"));
    DN_TRY(dn_alloc(&out->names, out->cases.n, sizeof *out->names, "the people"));
    for (size_t i = 0; i < out->cases.n; ++i) {
        const double *row = out->cases.values + 3 * i;
        dn_norm_person *person = &out->persons[i];
        *person = (dn_norm_person){.name = dn_case_name(out->table, out->cases.row[i], id, out->names[i]),
                                   .value = row[0],
                                   .icv = row[1],
                                   .age = row[2]};
        if (scanner != DN_TABLE_NONE) {
            person->scanner = dn_table_text(out->table, out->cases.row[i], scanner);
        }
        if (sex != DN_TABLE_NONE) {
            DN_TRY(sex_of(dn_table_text(out->table, out->cases.row[i], sex), person->name, &person->sex));
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
    DN_TRY(dn_asprintf(&label, "%c%s%s%s%s", toupper((unsigned char)*name), name + 1, *model->unit ? " (" : "", model->unit,
                       *model->unit ? ")" : ""));
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
    .description = "fit makes a norm from a table of healthy people: the volume as a quadratic surface in intracranial volume and age, "
                   "V = a ICV^2 + b age^2 + c ICV age + d ICV + e age + f, by least squares in two steps (residuals beyond 1.5 "
                   "interquartile ranges are left out of "
                   "the second), by a robust fit or by quantiles. The norm file says how many people it is made of, their ages, sexes and "
                   "scanners. No norm comes "
                   "with this program.\n\n"
                   "apply compares people with a norm: expected volume, residual, z, percentile, and whether the volume is reduced: its "
                   "own interval, from the "
                   "inter-scanner SD (--scanner-sd), as a whole below the normal interval. Whoever is older, younger, smaller or larger "
                   "than the people of the norm, "
                   "or from a scanner that it has not seen, is flagged. For a cohort it gives the share that is reduced.\n\n"
                   "These are research results, not a diagnosis.",
    .examples = "dien normative fit controls.tsv volumes/ --value thalamus --icv icv --unit mL --scanner-sd 0.28 -o norm\n"
                "dien normative apply norm/norm.json patients.tsv volumes/ -o patients\n"
                "dien normative fit controls.tsv --value hypothalamus --method quantile -o norm",
    .run = run,
};
