/* dien stats power: how many people a study needs, or what it can find with the people it has. */
#include "cli/study_options.h"
#include "study/power.h"

static const dn_option options[] = {
    DN_OPTION_OUTPUT_FOLDER("write the numbers, the figure and the paragraph into this folder"),
    {.name = "kind",
     .kind = DN_OPTION_CHOICE,
     .value = "KIND",
     .preset = "two-sample",
     .choices = "two-sample|one-sample|paired|anova",
     .help = "design of the study"},
    {.name = "difference", .kind = DN_OPTION_REAL, .value = "X", .help = "difference of means"},
    {.name = "sd", .kind = DN_OPTION_REAL, .value = "X", .help = "standard deviation (paired: of the differences)"},
    {.name = "n", .kind = DN_OPTION_REAL, .value = "N", .help = "people per group (or pairs)"},
    {.name = "ratio",
     .kind = DN_OPTION_REAL,
     .value = "R",
     .preset = "1",
     .help = "people in the second group per person in the first",
     .low = 1e-3,
     .high = 1e3},
    {.name = "power",
     .kind = DN_OPTION_REAL,
     .value = "P",
     .help = "probability of finding the difference (power)",
     .low = 1e-6,
     .high = 0.999999},
    DN_OPTION_ALPHA,
    {.name = "one-sided", .kind = DN_OPTION_FLAG, .help = "one-sided test"},
    {.name = "means", .kind = DN_OPTION_TEXT, .value = "A,B,...", .help = "means of the groups, for --kind anova"},
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_power_options how = {.output = dn_study_output_of(arguments),
                            .difference = dn_arguments_real_or_nan(arguments, "difference"),
                            .sd = dn_arguments_real_or_nan(arguments, "sd"),
                            .n = dn_arguments_real_or_nan(arguments, "n"),
                            .power = dn_arguments_real_or_nan(arguments, "power"),
                            .ratio = dn_arguments_real(arguments, "ratio"),
                            .alpha = dn_arguments_real(arguments, "alpha"),
                            .one_sided = dn_arguments_flag(arguments, "one-sided"),
                            .means = dn_arguments_text(arguments, "means")};
    DN_TRY(dn_study_power_kind_of(dn_arguments_text(arguments, "kind"), &how.kind));
    return dn_study_print(dn_study_power(&how, &result), &result);
}

const dn_command dn_command_stats_power = {
    .name = "stats power",
    .summary = "compute how many people a study needs",
    .positional_min = 0,
    .positional_max = 0,
    .options = options,
    .description = "Give three of --n, --difference, --sd and --power; the fourth is computed. With --kind anova, give --means, --sd and "
                   "one of --n and --power.\n\nPrints a paragraph for a manuscript. -o also writes the numbers, the figure (SVG, PDF, PNG, "
                   "with its gnuplot script and data) and the paragraph.",
    .examples = "dien stats power --difference 34 --sd 75 --power 0.8\n"
                "dien stats power --kind anova --means 852,818,823 --sd 80 --power 0.8",
    .run = run,
};
