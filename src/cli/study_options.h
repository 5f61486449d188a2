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
         .help = "also use scans that quality control rejected (column accepted is no); by default they are left out and named"},          \
        {.name = "join",                                                                                                                   \
         .kind = DN_OPTION_CHOICE,                                                                                                         \
         .value = "HOW",                                                                                                                   \
         .preset = "ask",                                                                                                                  \
         .choices = "ask|exact|alike",                                                                                                     \
         .help = "ids of two tables that differ only in sub-, case, leading zeros or blanks: refuse, leave out, or join them"},            \
    {                                                                                                                                      \
        .name = "strict", .kind = DN_OPTION_FLAG,                                                                                          \
        .help = "end with an error if there is a doubt about the tables, instead of naming the doubt"                                      \
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
        .help = "columns whose numbers are names (site 1, 2, 3), not amounts"                                                              \
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
    "Tables are TSV or CSV files; the first line names the columns. Empty cells, n/a and NA are missing values. Numbers are written "      \
    "with a decimal point. Several tables are joined by --id: for example a BIDS participants.tsv, and the *_volumes.tsv files of "        \
    "'dien segment' (in mm3) or the folder that holds them.\n\n"                                                                           \
    "Scans that quality control rejected (accepted is no) are left out and named with the reason, unless --count-rejected is given. "      \
    "After the paragraph come remarks about the tables: ids without a partner, scans measured by different networks, versions or "         \
    "options, scans with warnings, impossible ages, codes such as 999, groups that differ only in case, and so on. With --strict, "        \
    "such a remark is an error."

/* The tables named by the positional arguments from.., and how they are read. Borrowed from arguments. */
DN_CHECKED dn_status dn_study_tables_of(const dn_arguments *arguments, size_t from, dn_study_tables *out);
/* --output and --note. */
dn_study_output dn_study_output_of(const dn_arguments *arguments);
/* NaN when absent. */
double dn_arguments_real_or_nan(const dn_arguments *arguments, const char *name);

/* Prints the text of a run, which may be there although the run failed, and releases it. Gives status back. */
DN_CHECKED dn_status dn_study_print(dn_status status, dn_study_result *result);

#endif
