/* dien stats normalise: volumes normalised by head size, as a table for further analyses. */
#include "cli/study_options.h"
#include "study/normalise.h"

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write the tables and the paragraph into this folder",
     .required = true},
    DN_OPTION_ID("column by which tables are joined and people are named"),
    DN_OPTIONS_TABLES,
    {.name = "value", .kind = DN_OPTION_TEXT, .value = "COLUMNS", .help = "columns of volumes, separated by commas", .required = true},
    {.name = "icv", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column of the intracranial volume", .required = true},
    DN_OPTION_NORMALISE,
    {.name = "group", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = "column that names the group"},
    {.name = "control",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "group from which the mean ICV and the line are taken (default: everyone)"},
    DN_OPTION_UNIT("unit of the volumes; those of 'dien segment' are converted to it (mm3, mL, cm3 or L; default: mm3)"),
    {0},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_study_result result = {0};
    dn_normalise_options how = {.output = dn_study_output_of(arguments),
                                .values = dn_arguments_text(arguments, "value"),
                                .icv = dn_arguments_text(arguments, "icv"),
                                .group = dn_arguments_text(arguments, "group"),
                                .control = dn_arguments_text(arguments, "control")};
    DN_TRY(dn_study_tables_of(arguments, 0, &how.tables));
    DN_TRY(dn_icv_method_of(dn_arguments_text(arguments, "normalise"), &how.normalise));
    return dn_study_print(dn_study_normalise(&how, &result), &result);
}

const dn_command dn_command_stats_normalise = {
    .name = "stats normalise",
    .summary = "normalise volumes by head size",
    .positional = "TABLE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description = "Normalises the columns --value by the intracranial volume --icv. Writes normalised.tsv: all columns of the table, and "
                   "a column NAME_normalised for each value. There are three ways: ratio, V / ICV x mean ICV of the controls; residual, V "
                   "- b (ICV - mean ICV), with b from a line through the controls; power, V (mean ICV / ICV)^b, with b from the logarithms "
                   "of the controls. The controls are the group --control of the column --group (default: everyone).\n\n" DN_TABLES_TEXT,
    .examples = "dien stats normalise participants.tsv volumes/ --value hypothalamus,thalamus --icv icv --group group --control CON -o out",
    .run = run,
};
