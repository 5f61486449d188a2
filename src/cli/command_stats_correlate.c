/* dien stats correlate: correlation of two variables, also with covariates. */
#include "cli/study_options.h"
#include "study/correlate/correlate.h"

static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write tables, figures and the paragraph into this folder"),
    DN_OPTION_ID("column by which tables are joined and people are named"),
    DN_OPTIONS_TABLES,
    {.name = "x", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "variable on the x axis", .required = true},
    {.name = "y", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "variable on the y axis; --icv normalises it", .required = true},
    {.name = "covariates",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "covariates of a partial correlation; columns of text (sex, site) are categories"},
    DN_OPTION_CATEGORIES,
    DN_OPTION_ICV("column of the intracranial volume, by which --y is normalised"),
    DN_OPTION_NORMALISE,
    {.name = "group", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column that names the group, for --control"},
    {.name = "control",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "group whose mean ICV is used to normalise --y (default: everyone)"},
    {.name = "alsfrs",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "column of the ALS-FRS-R score; with --duration it gives the column alsfrs_slope = (48 - score) / duration"},
    {.name = "duration", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column of the disease duration, for alsfrs_slope"},
    DN_OPTION_TEST("kind of test; auto uses the parametric test if Shapiro-Wilk does not reject normality of either variable"),
    DN_OPTION_LEVEL("level of the confidence intervals"),
    DN_OPTION_ALPHA,
    {.name = "label", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "name of --y in the figure"},
    DN_OPTION_UNIT("unit of --y, for texts and figures; volumes of 'dien segment' are converted to it (mm3, mL, cm3 or L; default: mm3)"),
    {.name = "x-unit", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "unit of --x, for the text and the figure"},
    DN_OPTION_NOTE("a line under the figure (for example: simulated data)"),
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_correlate_options how = {.output = dn_study_output_of(arguments),
                                .x = dn_arguments_text(arguments, "x"),
                                .y = dn_arguments_text(arguments, "y"),
                                .covariates = dn_arguments_text(arguments, "covariates"),
                                .categories = dn_arguments_text(arguments, "categories"),
                                .icv = dn_arguments_text(arguments, "icv"),
                                .group = dn_arguments_text(arguments, "group"),
                                .control = dn_arguments_text(arguments, "control"),
                                .alsfrs = dn_arguments_text(arguments, "alsfrs"),
                                .duration = dn_arguments_text(arguments, "duration"),
                                .label = dn_arguments_text(arguments, "label"),
                                .x_unit = dn_arguments_text(arguments, "x-unit"),
                                .level = dn_arguments_real(arguments, "level"),
                                .alpha = dn_arguments_real(arguments, "alpha")};
    DN_TRY(dn_study_tables_of(arguments, 0, &how.tables));
    DN_TRY(dn_icv_method_of(dn_arguments_text(arguments, "normalise"), &how.normalise));
    DN_TRY(dn_test_choice_of(dn_arguments_text(arguments, "test"), &how.test));
    return dn_study_print(dn_study_correlate(&how, &result), &result);
}

const dn_command dn_command_stats_correlate = {
    .name = "stats correlate",
    .summary = "correlate two variables, also with covariates",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Correlates --y with --x (Pearson or Spearman). With --covariates it computes the partial correlation.\n\n" DN_TABLES_TEXT
        "\n\nPrints a paragraph for a manuscript. -o also writes the numbers, the figure (SVG, PDF, PNG, with its gnuplot script and data) "
        "and the paragraph.",
    .examples = "dien stats correlate participants.tsv volumes/ --where group=ALS --alsfrs alsfrs_r --duration months --x alsfrs_slope --y "
                "hypothalamus",
    .run = run,
};
