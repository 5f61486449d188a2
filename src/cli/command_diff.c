/* dien diff: two measurements of the same scans. */
#include "cli/study_options.h"
#include "study/agreement/difference.h"

static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write the tables, the paragraph and Bland-Altman panels into this folder"),
    DN_OPTION_NOTE("a line under the figure"),
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    bool changed = false;
    const dn_difference_options how = {.before = dn_arguments_at(arguments, 0),
                                       .after = dn_arguments_at(arguments, 1),
                                       .output = dn_study_output_of(arguments)};
    return dn_study_print(dn_study_difference(&how, &changed, &result), &result);
}

const dn_command dn_command_diff = {
    .name = "diff",
    .summary = "compare two measurements of the same scans",
    .positional = "BEFORE AFTER",
    .positional_min = 2,
    .positional_max = 2,
    .options = options,
    .description =
        "Compares the volumes in two folders of 'dien run' or 'dien segment', for people who upgrade dien, or change a network or an "
        "option, "
        "in the middle of a study: which volumes changed, by how much, in which scans most, and whether quality control judges a scan "
        "differently. Scans are matched by their names. Rejected scans are compared, too.\n\n"
        "Prints a paragraph. -o also writes difference.tsv (one row per structure and side), difference_scans.tsv (one row per scan) and a "
        "figure.",
    .examples = "dien diff results-0.1 results-0.2 -o upgrade",
    .run = run,
};
