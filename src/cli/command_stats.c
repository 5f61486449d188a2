/* dien stats: from volumes to results. A subcommand is a file, command_stats_<name>.c, and a line here. */
#include "cli/study_options.h"

extern const dn_command dn_command_stats_groups, dn_command_stats_correlate, dn_command_stats_agreement, dn_command_stats_normalise,
    dn_command_stats_power;

static const dn_command *const subcommands[] = {&dn_command_stats_groups,    &dn_command_stats_correlate, &dn_command_stats_agreement,
                                                &dn_command_stats_normalise, &dn_command_stats_power,     NULL};

const dn_command dn_command_stats = {
    .name = "stats",
    .summary = "compare groups, correlate, measure agreement, plan studies",
    .description = DN_TABLES_TEXT "\n\nPrints a paragraph for a manuscript. -o also writes the numbers, the figure (SVG, PDF, PNG, with "
                                  "its gnuplot script and data) and the paragraph.",
    .subcommands = subcommands,
};
