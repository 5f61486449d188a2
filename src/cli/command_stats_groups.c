/* dien stats groups: comparison of groups, and of two values of the same people. */
#include "cli/study_options.h"
#include "study/groups/groups.h"

static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write tables, figures and the paragraph into this folder"),
    DN_OPTION_ID("column by which tables are joined and people are named"),
    DN_OPTIONS_TABLES,
    {.name = "value", .kind = DN_OPTION_TEXT, .value = "COLUMNS", .help = "columns to compare, separated by commas", .required = true},
    {.name = "group", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column that names the group"},
    {.name = "control",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "reference group: differences are relative to it, and its mean ICV is used by --icv"},
    {.name = "paired",
     .kind = DN_OPTION_FLAG,
     .help = "the two --value columns (or the two groups, matched by --id) are of the same people"},
    DN_OPTION_ICV("column of the intracranial volume, by which volumes are normalised"),
    DN_OPTION_NORMALISE,
    {.name = "covariates",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "covariates of an analysis of covariance; columns of text (sex, site) are categories"},
    DN_OPTION_CATEGORIES,
    {.name = "order",
     .kind = DN_OPTION_TEXT,
     .value = "NAMES",
     .help = "order of the groups in texts and figures (CON,ALS,PLS); the control is always first"},
    DN_OPTION_TEST("kind of test; auto uses the parametric test if Shapiro-Wilk does not reject normality of any group"),
    {.name = "equal-variances", .kind = DN_OPTION_FLAG, .help = "Student's t test and classical ANOVA instead of Welch's"},
    {.name = "outliers",
     .kind = DN_OPTION_CHOICE,
     .value = "RULE",
     .preset = "none",
     .choices = "none|iqr|vernikouskaya2023|kassubek2025",
     .help = "leave out values beyond 1.5 IQR of their group (iqr, or the paper whose protocol has this rule); results with and without "
             "them are given"},
    DN_OPTION_ADJUST("holm", "holm|bonferroni|bh|none", "adjustment of p for several comparisons (bh: Benjamini-Hochberg)"),
    DN_OPTION_LEVEL("level of the confidence intervals"),
    DN_OPTION_ALPHA,
    {.name = "label", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "name of the value in texts and figures (for one --value only)"},
    DN_OPTION_UNIT(
        "unit of the value, for texts and figures; volumes of 'dien segment' are converted to it (mm3, mL, cm3 or L; default: mm3)"),
    DN_OPTION_NOTE("a line under the figures (for example: simulated data)"),
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_groups_options how = {.output = dn_study_output_of(arguments),
                             .values = dn_arguments_text(arguments, "value"),
                             .group = dn_arguments_text(arguments, "group"),
                             .control = dn_arguments_text(arguments, "control"),
                             .icv = dn_arguments_text(arguments, "icv"),
                             .covariates = dn_arguments_text(arguments, "covariates"),
                             .categories = dn_arguments_text(arguments, "categories"),
                             .order = dn_arguments_text(arguments, "order"),
                             .label = dn_arguments_text(arguments, "label"),
                             .paired = dn_arguments_flag(arguments, "paired"),
                             .equal_variances = dn_arguments_flag(arguments, "equal-variances"),
                             .level = dn_arguments_real(arguments, "level"),
                             .alpha = dn_arguments_real(arguments, "alpha")};
    DN_TRY(dn_study_tables_of(arguments, 0, &how.tables));
    DN_TRY(dn_icv_method_of(dn_arguments_text(arguments, "normalise"), &how.normalise));
    DN_TRY(dn_test_choice_of(dn_arguments_text(arguments, "test"), &how.test));
    DN_TRY(dn_outlier_rule_of(dn_arguments_text(arguments, "outliers"), &how.outliers));
    DN_TRY(dn_adjustment_of(dn_arguments_text(arguments, "adjust"), &how.adjustment));
    return dn_study_print(dn_study_groups(&how, &result), &result);
}

const dn_command dn_command_stats_groups = {
    .name = "stats groups",
    .summary = "compare groups, or two values of the same people",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Compares --value between the groups of --group. It gives a description of each group, the Shapiro-Wilk test, the comparison (two "
        "groups: Welch's t test or Mann-Whitney; more groups: analysis of variance or Kruskal-Wallis, with all pairs), effect sizes with "
        "confidence intervals, and with --covariates an analysis of covariance. With --outliers iqr, values beyond 1.5 interquartile "
        "ranges of their group are left out, listed, and marked in the figure; results with and without them are given.\n\n" DN_TABLES_TEXT
        "\n\nPrints a paragraph for a manuscript. -o also writes the numbers, the figure (SVG, PDF, PNG, with its gnuplot script and data) "
        "and the paragraph.",
    .examples = "dien stats groups participants.tsv volumes/ --value hypothalamus --icv icv --group group --control CON -o results\n"
                "dien stats groups cases.tsv --paired --value manual,network",
    .run = run,
};
