/* dien stats agreement: methods or raters that measured the same people. */
#include "cli/study_options.h"
#include "study/agreement/agreement.h"

static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write tables, figures and the paragraph into this folder"),
    DN_OPTION_ID("column by which tables are joined and people are named"),
    DN_OPTIONS_TABLES,
    {.name = "value",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "two columns or more, one per method, separated by commas",
     .required = true},
    {.name = "reference",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "the method that the others are compared with (default: the first of --value)"},
    {.name = "scores",
     .kind = DN_OPTION_FLAG,
     .help = "the columns are scores (Dice, distances) of methods on the same cases: repeated measures ANOVA and pairs"},
    {.name = "limits",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "exact",
     .choices = "exact|approximate",
     .help = "confidence intervals of the limits (approximate: Bland and Altman 1999)"},
    {.name = "percent", .kind = DN_OPTION_FLAG, .help = "differences in percent of each person's mean"},
    DN_OPTION_ADJUST("holm", "holm|bonferroni|bh|none", "adjustment of p for the pairs of --scores (bh: Benjamini-Hochberg)"),
    DN_OPTION_LEVEL("level of the limits and of the confidence intervals"),
    {.name = "label", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "what is measured, for texts and figures"},
    DN_OPTION_UNIT(
        "unit of the values, for texts and figures; volumes of 'dien segment' are converted to it (mm3, mL, cm3 or L; default: mm3)"),
    DN_OPTION_NOTE("a line under the figures (for example: simulated data)"),
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_agreement_options how = {.output = dn_study_output_of(arguments),
                                .values = dn_arguments_text(arguments, "value"),
                                .reference = dn_arguments_text(arguments, "reference"),
                                .label = dn_arguments_text(arguments, "label"),
                                .scores = dn_arguments_flag(arguments, "scores"),
                                .percent = dn_arguments_flag(arguments, "percent"),
                                .level = dn_arguments_real(arguments, "level")};
    DN_TRY(dn_study_tables_of(arguments, 0, &how.tables));
    DN_TRY(dn_limits_method_of(dn_arguments_text(arguments, "limits"), &how.limits));
    DN_TRY(dn_adjustment_of(dn_arguments_text(arguments, "adjust"), &how.adjustment));
    return dn_study_print(dn_study_agreement(&how, &result), &result);
}

const dn_command dn_command_stats_agreement = {
    .name = "stats agreement",
    .summary = "measure the agreement of methods or raters",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Compares methods or raters that measured the same people: Bland-Altman limits of agreement with --reference, intraclass "
        "correlation, coefficient of variation. With --scores it compares scores of methods on the same cases (Dice, distances), by "
        "repeated measures analysis of variance with Greenhouse-Geisser correction and by paired tests of all pairs.\n\n" DN_TABLES_TEXT
        "\n\nPrints a paragraph for a manuscript. -o also writes the numbers, the figure (SVG, PDF, PNG, with its gnuplot script and data) "
        "and the paragraph.",
    .examples = "dien stats agreement cases.tsv --value manual,network --unit cm³ -o results\n"
                "dien stats agreement dice.tsv --scores --value net3d,fastsurfer,fsl --label Dice -o results",
    .run = run,
};
