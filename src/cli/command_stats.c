/* dien stats: from volumes to results. */
#include "cli/stats_command.h"

#include <string.h>

/* Options of every subcommand; each row says whose it is. */
static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write tables, figures and the paragraph into this folder"),
    DN_OPTION_ID("column by which tables are joined and people are named"),
    DN_OPTIONS_TABLES,
    {.name = "value",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "groups, agreement, normalise: columns to analyse, separated by commas"},
    {.name = "group", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "groups, normalise: column that names the group"},
    {.name = "control",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "groups, normalise: the reference group: differences are relative to it, and the mean ICV is its"},
    {.name = "paired",
     .kind = DN_OPTION_FLAG,
     .help = "groups: the two --value columns (or the two groups, by --id) are of the same people"},
    {.name = "icv", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "groups, correlate, normalise: intracranial volume to normalise by"},
    {.name = "normalise",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "ratio",
     .choices = "ratio|residual|power",
     .help = "groups, correlate, normalise: how --icv is used (ratio: V / ICV x mean ICV of the controls)"},
    {.name = "covariates",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "groups: analysis of covariance with these; correlate: partial correlation; texts (sex, site) are categories"},
    {.name = "categories",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "groups, correlate: columns whose numbers are names (site 1, 2, 3) and no amounts"},
    {.name = "order",
     .kind = DN_OPTION_TEXT,
     .value = "NAMES",
     .help = "groups: order of the groups in texts and figures (CON,ALS,PLS); the control is always the first"},
    {.name = "test",
     .kind = DN_OPTION_CHOICE,
     .value = "TEST",
     .preset = "auto",
     .choices = "auto|parametric|rank",
     .help = "groups, correlate: kind of test; auto takes the parametric one when Shapiro-Wilk finds every group normal"},
    {.name = "equal-variances", .kind = DN_OPTION_FLAG, .help = "groups: Student's t test and classical ANOVA instead of Welch's"},
    {.name = "outliers",
     .kind = DN_OPTION_CHOICE,
     .value = "RULE",
     .preset = "none",
     .choices = "none|iqr|vernikouskaya2023|kassubek2025",
     .help = "groups: leave out values beyond 1.5 IQR of their group (iqr, or the paper whose protocol has this rule); results with them "
             "stand beside those without"},
    DN_OPTION_ADJUST("holm", "holm|bonferroni|bh|none",
                     "groups, agreement: adjustment of p for several comparisons (bh: Benjamini-Hochberg)"),
    DN_OPTION_LEVEL("level of the confidence intervals"),
    {.name = "alpha", .kind = DN_OPTION_REAL, .value = "P", .preset = "0.05", .help = "level of significance", .low = 1e-9, .high = 0.5},
    {.name = "label", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "what texts and figures call the value (one --value only)"},
    DN_OPTION_UNIT(
        "unit of the value (correlate: of --y), for texts and figures; gathered volumes are converted to it (mm3, mL, cm3, L; else mm3)"),
    {.name = "x-unit", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = "correlate: unit of --x, for the text and the figure"},
    {.name = "x", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "correlate: the variable on the abscissa"},
    {.name = "y", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "correlate: the variable on the ordinate, which --icv normalises"},
    {.name = "alsfrs",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "correlate: ALS-FRS-R score; with --duration it makes the column alsfrs_slope = (48 - score) / duration"},
    {.name = "duration", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "correlate: disease duration for alsfrs_slope"},
    {.name = "kind",
     .kind = DN_OPTION_CHOICE,
     .value = "KIND",
     .preset = "two-sample",
     .choices = "two-sample|one-sample|paired|anova",
     .help = "power: design of the study"},
    {.name = "difference", .kind = DN_OPTION_REAL, .value = "X", .help = "power: difference of means"},
    {.name = "sd", .kind = DN_OPTION_REAL, .value = "X", .help = "power: standard deviation (paired: of the differences)"},
    {.name = "n", .kind = DN_OPTION_REAL, .value = "N", .help = "power: people a group (pairs)"},
    {.name = "ratio",
     .kind = DN_OPTION_REAL,
     .value = "R",
     .preset = "1",
     .help = "power: people in the second group for one in the first",
     .low = 1e-3,
     .high = 1e3},
    {.name = "power", .kind = DN_OPTION_REAL, .value = "P", .help = "power: chance to find the difference", .low = 1e-6, .high = 0.999999},
    {.name = "one-sided", .kind = DN_OPTION_FLAG, .help = "power: one-sided test"},
    {.name = "means", .kind = DN_OPTION_TEXT, .value = "A,B,...", .help = "power: means of the groups, for --kind anova"},
    DN_OPTION_NOTE("a line under the figures, for example that data are simulated"),
    {.name = "reference",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "agreement: the method that the others are compared with (default: the first of --value)"},
    {.name = "limits",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "exact",
     .choices = "exact|approximate",
     .help = "agreement: confidence intervals of the limits (approximate: Bland and Altman 1999)"},
    {.name = "percent", .kind = DN_OPTION_FLAG, .help = "agreement: differences in per cent of each person's mean"},
    {.name = "scores",
     .kind = DN_OPTION_FLAG,
     .help = "agreement: --value are scores (Dice, distances) of methods on the same cases: repeated measures ANOVA and pairs"},
    {0},
};

static const struct {
    const char *name;
    dn_status (*run)(const dn_arguments *arguments);
} subcommands[] = {
    {"groups", dn_stats_groups_run},       {"correlate", dn_stats_correlate_run}, {"power", dn_stats_power_run},
    {"agreement", dn_stats_agreement_run}, {"normalise", dn_stats_normalise_run},
};

static dn_status run(const dn_arguments *arguments)
{
    const char *name = dn_arguments_at(arguments, 0);
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; ++i) {
        if (strcmp(name, subcommands[i].name) == 0) {
            return subcommands[i].run(arguments);
        }
    }
    DN_FAIL(DN_EUSAGE, "there is no 'dien stats %s'; type groups, correlate, agreement, normalise or power", name);
}

const dn_command dn_command_stats = {
    .name = "stats",
    .summary = "compare groups, correlate, measure agreement, plan studies",
    .positional = "groups|correlate|agreement|normalise|power [TABLE...]",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Tables are TSV or CSV with a line of names; empty cells, n/a and NA are missing. Several tables are joined on --id: a BIDS "
        "participants.tsv, "
        "and volumes as *_volumes.tsv files of 'dien segment' or as a folder that holds them (in mm3). Numbers are written with a "
        "point.\n\n"
        "Scans that quality control rejected (accepted is no) are left out and named with the reason, unless --count-rejected is given. "
        "Behind "
        "the paragraph stands what else is to be known about the tables: ids that find no partner, scans measured by different networks, "
        "versions "
        "or options or with warnings, ages that cannot be, codes such as 999, groups that differ only in case, and so on; --strict refuses "
        "such "
        "tables.\n\n"
        "groups compares --value between the groups of --group: description, Shapiro-Wilk, Welch's t test or Mann-Whitney for two groups, "
        "analysis of "
        "variance or Kruskal-Wallis with all pairs for more, effect sizes with confidence intervals, and with --covariates an analysis of "
        "covariance. "
        "With --outliers iqr values beyond 1.5 interquartile ranges of their group are left out, listed, and marked in the figure; the "
        "results with them stand beside those without.\n\n"
        "correlate relates --y to --x (Pearson or Spearman), with --covariates by partial correlation.\n\n"
        "agreement compares methods or raters that measured the same people: Bland-Altman limits against --reference, intraclass "
        "correlation, coefficient of variation. With --scores it compares what methods scored on the same cases (Dice, distances) by "
        "repeated measures analysis of variance with Greenhouse-Geisser correction, and all pairs.\n\n"
        "normalise takes head size out of --value by --icv and writes normalised.tsv, all columns and NAME_normalised beside them, for "
        "--control of --group (everyone where none is named): ratio, V / ICV x mean ICV of the controls; residual, V - b (ICV - mean ICV), "
        "b from a line through the controls; power, V (mean ICV / ICV)^b, b from their logarithms.\n\n"
        "power finds what is not given of --n, --difference, --sd, --power; with --kind anova the n for --means.\n\n"
        "Standard output is a paragraph to paste; -o writes the numbers, the figure (SVG, PDF, PNG, with its gnuplot script and data) and "
        "the paragraph.",
    .examples =
        "dien stats groups participants.tsv volumes/ --value hypothalamus --icv icv --group group --control CON -o results\n"
        "dien stats groups cases.tsv --paired --value manual,network\n"
        "dien stats correlate participants.tsv volumes/ --where group=ALS --alsfrs alsfrs_r --duration months --x alsfrs_slope --y "
        "hypothalamus\n"
        "dien stats agreement cases.tsv --value manual,network --unit cm³ -o results\n"
        "dien stats agreement dice.tsv --scores --value net3d,fastsurfer,fsl --label Dice -o results\n"
        "dien stats normalise participants.tsv volumes/ --value hypothalamus,thalamus --icv icv --group group --control CON -o out\n"
        "dien stats power --difference 34 --sd 75 --power 0.8",
    .run = run,
};
