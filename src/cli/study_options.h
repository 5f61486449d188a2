/* What the commands on tables have in common: `dien stats`, `stability`, `normative`, `evaluate`. Options with their own words where those
 * differ, what they say as the structures of study/, and the end of a run. */
#ifndef DN_CLI_STUDY_OPTIONS_H
#define DN_CLI_STUDY_OPTIONS_H

#include "cli/command.h"
#include "study/output/output.h"
#include "study/tables/load.h"

/* Options that commands on tables have in common, with their own words where those differ. */
#define DN_OPTION_OUTPUT_FOLDER(what)                                                                                                      \
    {                                                                                                                                      \
        .name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = what                                            \
    }
#define DN_OPTION_ID(what)                                                                                                                 \
    {                                                                                                                                      \
        .name = "id", .kind = DN_OPTION_TEXT, .value = "COLUMN", .preset = "participant_id", .help = what                                  \
    }
#define DN_OPTION_WHERE                                                                                                                    \
    {                                                                                                                                      \
        .name = "where", .kind = DN_OPTION_TEXT, .value = "COLUMN=VALUE", .help = "keep only the rows that have this value"                \
    }
/* What every command that reads tables takes: see study/tables/load.h. */
#define DN_OPTIONS_TABLES                                                                                                                  \
    DN_OPTION_WHERE,                                                                                                                       \
        {.name = "session", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "keep only the rows of this session (1 or ses-1)"},           \
        {.name = "count-rejected",                                                                                                         \
         .kind = DN_OPTION_FLAG,                                                                                                           \
         .help = "count scans that quality control rejected (column accepted is no); else they are left out and named"},                   \
        {.name = "join",                                                                                                                   \
         .kind = DN_OPTION_CHOICE,                                                                                                         \
         .value = "HOW",                                                                                                                   \
         .preset = "ask",                                                                                                                  \
         .choices = "ask|exact|alike",                                                                                                     \
         .help = "ids that find no partner and differ only in sub-, case, zeros in front or blanks: refuse, leave out, or join"},          \
    {                                                                                                                                      \
        .name = "strict", .kind = DN_OPTION_FLAG, .help = "refuse tables about which there is a doubt, instead of saying so"               \
    }
#define DN_OPTION_LEVEL(what)                                                                                                              \
    {                                                                                                                                      \
        .name = "level", .kind = DN_OPTION_REAL, .value = "P", .preset = "0.95", .help = what, .low = 0.5, .high = 0.9999                  \
    }
#define DN_OPTION_UNIT(what)                                                                                                               \
    {                                                                                                                                      \
        .name = "unit", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = what                                                              \
    }
#define DN_OPTION_NOTE(what)                                                                                                               \
    {                                                                                                                                      \
        .name = "note", .kind = DN_OPTION_TEXT, .value = "TEXT", .help = what                                                              \
    }
#define DN_OPTION_ADJUST(first, all, what)                                                                                                 \
    {                                                                                                                                      \
        .name = "adjust", .kind = DN_OPTION_CHOICE, .value = "HOW", .preset = first, .choices = all, .help = what                          \
    }

/* Of what normalises by head size. */
#define DN_OPTION_ICV(what)                                                                                                                \
    {                                                                                                                                      \
        .name = "icv", .kind = DN_OPTION_TEXT, .value = "COLUMN", .help = what                                                             \
    }
#define DN_OPTION_NORMALISE                                                                                                                \
    {                                                                                                                                      \
        .name = "normalise", .kind = DN_OPTION_CHOICE, .value = "HOW", .preset = "ratio", .choices = "ratio|residual|power",               \
        .help = "how --icv is used (ratio: V / ICV x mean ICV of the controls)"                                                            \
    }
#define DN_OPTION_CATEGORIES                                                                                                               \
    {                                                                                                                                      \
        .name = "categories", .kind = DN_OPTION_TEXT, .value = "COLUMNS",                                                                  \
        .help = "columns whose numbers are names (site 1, 2, 3) and no amounts"                                                            \
    }
#define DN_OPTION_TEST(what)                                                                                                               \
    {                                                                                                                                      \
        .name = "test", .kind = DN_OPTION_CHOICE, .value = "TEST", .preset = "auto", .choices = "auto|parametric|rank", .help = what       \
    }
#define DN_OPTION_ALPHA                                                                                                                    \
    {                                                                                                                                      \
        .name = "alpha", .kind = DN_OPTION_REAL, .value = "P", .preset = "0.05", .help = "level of significance", .low = 1e-9, .high = 0.5 \
    }

/* What help says of tables. */
#define DN_TABLES_TEXT                                                                                                                     \
    "Tables are TSV or CSV with a line of names; empty cells, n/a and NA are missing. Several tables are joined on --id: a BIDS "          \
    "participants.tsv, "                                                                                                                   \
    "and volumes as *_volumes.tsv files of 'dien segment' or as a folder that holds them (in mm3). Numbers are written with a "            \
    "point.\n\n"                                                                                                                           \
    "Scans that quality control rejected (accepted is no) are left out and named with the reason, unless --count-rejected is given. "      \
    "Behind "                                                                                                                              \
    "the paragraph stands what else is to be known about the tables: ids that find no partner, scans measured by different networks, "     \
    "versions "                                                                                                                            \
    "or options or with warnings, ages that cannot be, codes such as 999, groups that differ only in case, and so on; --strict refuses "   \
    "such "                                                                                                                                \
    "tables."

/* The tables named by the positional arguments from.., and how they are read. Borrowed from arguments. */
DN_CHECKED dn_status dn_study_tables_of(const dn_arguments *arguments, size_t from, dn_study_tables *out);
/* --output and --note. */
dn_study_output dn_study_output_of(const dn_arguments *arguments);
/* NaN when absent. */
double dn_arguments_real_or_nan(const dn_arguments *arguments, const char *name);

/* Prints the text of a run, which may be there although the run failed, and releases it. Gives status back. */
DN_CHECKED dn_status dn_study_print(dn_status status, dn_study_result *result);

#endif
