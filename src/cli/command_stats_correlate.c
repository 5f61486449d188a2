/* dien stats correlate: two variables, perhaps given others. */
#include "cli/study_options.h"
#include "study/correlate/correlate.h"

static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write tables, figures and the paragraph into this folder"),
    DN_OPTION_ID("column by which tables are joined and people are named"),
    DN_OPTIONS_TABLES,
    {.name = "x", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "the variable on the abscissa", .required = true},
    {.name = "y",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "the variable on the ordinate, which --icv normalises",
     .required = true},
    {.name = "covariates",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "partial correlation given these; texts (sex, site) are categories"},
    DN_OPTION_CATEGORIES,
    DN_OPTION_ICV("intracranial volume to normalise --y by"),
    DN_OPTION_NORMALISE,
    {.name = "group", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column of the group whose mean ICV --y is normalised to"},
    {.name = "control", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "that group; without --group and --control everyone"},
    {.name = "alsfrs",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "ALS-FRS-R score; with --duration it makes the column alsfrs_slope = (48 - score) / duration"},
    {.name = "duration", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "disease duration for alsfrs_slope"},
    DN_OPTION_TEST("kind of test; auto takes the parametric one when Shapiro-Wilk finds both variables normal"),
    DN_OPTION_LEVEL("level of the confidence intervals"),
    DN_OPTION_ALPHA,
    {.name = "label", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "what the figure calls --y"},
    DN_OPTION_UNIT("unit of --y, for texts and figures; gathered volumes are converted to it (mm3, mL, cm3, L; else mm3)"),
    {.name = "x-unit", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "unit of --x, for the text and the figure"},
    DN_OPTION_NOTE("a line under the figure, for example that data are simulated"),
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
    .summary = "relate two variables, perhaps given others",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Relates --y to --x (Pearson or Spearman), with --covariates by partial correlation.\n\n" DN_TABLES_TEXT "\n\n"
        "Standard output is a paragraph to paste; -o writes the numbers, the figure (SVG, PDF, PNG, with its gnuplot script and data) and "
        "the paragraph.",
    .examples = "dien stats correlate participants.tsv volumes/ --where group=ALS --alsfrs alsfrs_r --duration months --x alsfrs_slope --y "
                "hypothalamus",
    .run = run,
};
