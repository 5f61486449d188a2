/* dien stability: repeated scans of the same person, on one scanner and on several. */
#include "cli/study_options.h"
#include "study/agreement/stability.h"

static const dn_option options[] = {
    {.name = "value",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMNS",
     .help = "columns of volumes, one per method, separated by commas",
     .required = true},
    {.name = "scanner", .kind = DN_OPTION_TEXT, .value = "COLUMN", .preset = "scanner", .help = "column that names the scanner"},
    DN_OPTION_ID("column that names the person; without it, all scans are of one person"),
    {.name = "between-sd",
     .kind = DN_OPTION_TEXT,
     .value = "SD,...",
     .help = "between-subject SD of each method, in the order of --value, for the ratio"},
    {.name = "norm",
     .kind = DN_OPTION_TEXT,
     .value = "FILE,...",
     .help = "norms of 'dien normative fit', one per method, that give the between-subject SD"},
    DN_OPTION_ADJUST("bonferroni", "bonferroni|holm|bh|none", "adjustment of p for the pairs of methods"),
    DN_OPTION_LEVEL("level of the confidence intervals"),
    DN_OPTION_UNIT("unit of the volumes, for texts and figures; volumes of 'dien segment' are converted to it"),
    DN_OPTIONS_TABLES,
    DN_OPTION_OUTPUT_FOLDER("write tables, the figure and the paragraph into this folder"),
    DN_OPTION_NOTE("a line under the figure (for example: simulated data)"),
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_stability_options how = {.output = dn_study_output_of(arguments),
                                .id_given = dn_arguments_given(arguments, "id"),
                                .values = dn_arguments_text(arguments, "value"),
                                .scanner = dn_arguments_text(arguments, "scanner"),
                                .between_sd = dn_arguments_text(arguments, "between-sd"),
                                .norms = dn_arguments_text(arguments, "norm"),
                                .level = dn_arguments_real(arguments, "level")};
    DN_TRY(dn_study_tables_of(arguments, 0, &how.tables));
    DN_TRY(dn_adjustment_of(dn_arguments_text(arguments, "adjust"), &how.adjustment));
    return dn_study_print(dn_study_stability(&how, &result), &result);
}

const dn_command dn_command_stability = {
    .name = "stability",
    .summary = "test-retest stability within and between scanners",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description = "Takes a table with one row per scan: the person, the scanner, and the volume by one or several methods. Residuals "
                   "within scanners are each volume minus the mean of that person on that scanner. Residuals between scanners are each "
                   "scanner's mean minus the mean of the scanners' means. For both dien gives the standard deviation, the 50th and 95th "
                   "percentile of the absolute residuals, and an unbiased SD component.\n\nMethods are compared in pairs by the tests of "
                   "Levene, of Brown and Forsythe, and of Pitman and Morgan (which takes into account that the same scans were measured); "
                   "p is adjusted for the number of pairs.\n\nWith --between-sd or --norm it also gives the ratio of the inter-scanner SD "
                   "to the between-subject SD. It says which share of the differences between people a change of scanner can imitate.",
    .examples = "dien stability phantom.tsv --value net3d,fastsurfer,fsl --unit mL --between-sd 0.88,1.09,1.15 -o results\n"
                "dien stability repeats.tsv --value thalamus --norm norm.json",
    .run = run,
};
