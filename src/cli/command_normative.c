/* dien normative: makes a norm from a table of healthy people, and compares people with a norm. */
#include "cli/study_options.h"
#include "study/norms/apply.h"
#include "study/norms/fit.h"

static dn_norm_columns columns_of(const dn_arguments *arguments)
{
    static const char *const options[DN_NORM_COLUMNS] = {"value", "icv", "age", "sex", "scanner"};
    dn_norm_columns columns = {0};
    for (int c = 0; c < DN_NORM_COLUMNS; ++c) {
        columns.name[c] = dn_arguments_given(arguments, options[c]) ? dn_arguments_text(arguments, options[c]) : NULL;
    }
    return columns;
}

/* ---- fit ---- */

static const dn_option fit_options[] = {
    {.name = "value", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "the volume", .required = true},
    {.name = "icv", .kind = DN_OPTION_TEXT, .value = "COLUMN", .preset = "icv", .help = "intracranial volume"},
    {.name = "age", .kind = DN_OPTION_TEXT, .value = "COLUMN", .preset = "age", .help = "age in years"},
    {.name = "sex",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "sex: M or F, male or female (default: the column sex, if the table has it)"},
    {.name = "scanner", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "scanner (default: the column scanner, if the table has it)"},
    DN_OPTION_ID("column that names the person"),
    DN_OPTIONS_TABLES,
    {.name = "method",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "squares",
     .choices = "squares|huber|bisquare|quantile",
     .help = "method of the fit (least squares, two robust fits, or one surface per centile)"},
    {.name = "one-step",
     .kind = DN_OPTION_FLAG,
     .help = "one fit of least squares only (default: outliers are left out and the fit is repeated)"},
    {.name = "with-sex", .kind = DN_OPTION_FLAG, .help = "add a term for sex to those for age and head size"},
    DN_OPTION_LEVEL("level of the normal interval"),
    {.name = "structure", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "name of the structure (default: the name of the column)"},
    DN_OPTION_UNIT("unit of the volume (volumes of 'dien segment' are converted to it)"),
    {.name = "source", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "where the people come from; stored in the norm and shown with it"},
    {.name = "simulated", .kind = DN_OPTION_FLAG, .help = "the people are simulated; every result of this norm will say so"},
    {.name = "scanner-sd",
     .kind = DN_OPTION_REAL,
     .value = "SD",
     .help = "inter-scanner SD of one person's volume ('dien stability'), stored in the norm",
     .low = 0.0,
     .high = 1e12},
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write norm, tables, figures and the paragraph into this folder",
     .required = true},
    {0},
};

static dn_status run_fit(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_norm_fit_options how = {.columns = columns_of(arguments),
                               .output = dn_study_output_of(arguments),
                               .one_step = dn_arguments_flag(arguments, "one-step"),
                               .with_sex = dn_arguments_flag(arguments, "with-sex"),
                               .level = dn_arguments_real(arguments, "level"),
                               .structure = dn_arguments_text(arguments, "structure"),
                               .source = dn_arguments_text(arguments, "source"),
                               .simulated = dn_arguments_flag(arguments, "simulated"),
                               .scanner_sd = dn_arguments_real_or_nan(arguments, "scanner-sd")};
    DN_TRY(dn_study_tables_of(arguments, 0, &how.tables));
    DN_TRY(dn_norm_method_of(dn_arguments_text(arguments, "method"), &how.method));
    return dn_study_print(dn_study_norm_fit(&how, &result), &result);
}

static const dn_command fit = {
    .name = "normative fit",
    .summary = "make a norm from a table of healthy people",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = fit_options,
    .description = "Makes a norm from a table of healthy people: the volume as a quadratic surface in intracranial volume and age, "
                   "V = a ICV^2 + b age^2 + c ICV age + d ICV + e age + f, by least squares in two steps (residuals beyond 1.5 "
                   "interquartile ranges are left out of the second step), by a robust fit, or by quantiles. The norm file says how many "
                   "people it was made from, their ages, sexes and scanners. No norm comes with this program.\n\n"
                   "These are research results, not a diagnosis.",
    .examples = "dien normative fit controls.tsv volumes/ --value thalamus --icv icv --unit mL --scanner-sd 0.28 -o norm\n"
                "dien normative fit controls.tsv --value hypothalamus --method quantile -o norm",
    .run = run_fit,
};

/* ---- apply ---- */

static const dn_option apply_options[] = {
    {.name = "value", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column of the volume (default: the norm's column)"},
    {.name = "icv",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "column of the intracranial volume (default: the norm's column, or icv)"},
    {.name = "age", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "age in years (default: the norm's column, or age)"},
    {.name = "sex",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "sex: M or F, male or female (default: the norm's column, or sex, if the table has it)"},
    {.name = "scanner",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "scanner (default: the norm's column, or scanner, if the table has it)"},
    DN_OPTION_ID("column that names the person"),
    DN_OPTIONS_TABLES,
    DN_OPTION_UNIT("unit of the table's volumes; they are converted to the norm's unit"),
    {.name = "scanner-sd",
     .kind = DN_OPTION_REAL,
     .value = "SD",
     .help = "inter-scanner SD of one person's volume ('dien stability'), instead of the SD in the norm",
     .low = 0.0,
     .high = 1e12},
    {.name = "scanner-sd-column",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help =
         "column with the inter-scanner SD of each person's own scanner; where it is empty, --scanner-sd or the SD in the norm is used"},
    {.name = "chart",
     .kind = DN_OPTION_TEXT,
     .value = "ID,...",
     .help = "people for whom a centile chart is drawn (default: everyone, if there are at most 6)"},
    DN_OPTION_OUTPUT_FOLDER("write tables, figures and the paragraph into this folder"),
    {0},
};

static dn_status run_apply(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_norm_apply_options how = {.norm = dn_arguments_at(arguments, 0),
                                 .columns = columns_of(arguments),
                                 .output = dn_study_output_of(arguments),
                                 .scanner_sd = dn_arguments_real_or_nan(arguments, "scanner-sd"),
                                 .scanner_sd_column = dn_arguments_text(arguments, "scanner-sd-column"),
                                 .charts = dn_arguments_text(arguments, "chart")};
    DN_TRY(dn_study_tables_of(arguments, 1, &how.tables));
    return dn_study_print(dn_study_norm_apply(&how, &result), &result);
}

static const dn_command apply = {
    .name = "normative apply",
    .summary = "compare people with a norm",
    .positional = "NORM TABLE...",
    .positional_min = 2,
    .positional_max = -1,
    .options = apply_options,
    .description =
        "Compares people with a norm. For each person dien gives the expected volume, the residual, z, the percentile, and whether the "
        "volume is reduced. A volume is reduced if its own interval, from the inter-scanner SD (--scanner-sd), lies completely below the "
        "normal interval.\n\nA person is flagged whose age or head size is outside the range of the norm, or whose scanner is not in the "
        "norm. A person whose age, head size or volume is so far outside that it must be a mistake or another unit gets no z and is named. "
        "For a group of people, dien gives the share whose volume is reduced.\n\n"
        "These are research results, not a diagnosis.",
    .examples = "dien normative apply norm/norm.json patients.tsv volumes/ -o patients",
    .run = run_apply,
};

static const dn_command *const subcommands[] = {&fit, &apply, NULL};

const dn_command dn_command_normative = {
    .name = "normative",
    .summary = "make a norm of healthy people, and compare people with it",
    .description =
        "'fit' makes a norm from a table of healthy people. 'apply' compares people with it. No norm comes with this program.\n\n"
        "These are research results, not a diagnosis.",
    .examples = "dien normative fit controls.tsv volumes/ --value thalamus --icv icv --unit mL --scanner-sd 0.28 -o norm\n"
                "dien normative apply norm/norm.json patients.tsv volumes/ -o patients",
    .subcommands = subcommands,
};
