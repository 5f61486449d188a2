/* What the subcommands of `dien stats` share: tables in, results out. One file a subcommand (stats_groups.c, ...); command_stats.c holds
 * the option table and calls them. A new subcommand: its run function here, its row in command_stats.c, its options in the table there.
 *
 * Results go to standard output as the paragraph, and with -o DIR into DIR/NAME.tsv (numbers), DIR/NAME.txt (the paragraph) and figures. */
#ifndef DN_CLI_STATS_COMMAND_H
#define DN_CLI_STATS_COMMAND_H

#include "base/table.h"
#include "chart/figure.h"
#include "cli/command.h"
#include "study/table_check.h"

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
/* What every command that reads tables takes: see study/load.h. */
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

dn_status dn_stats_groups_run(const dn_arguments *arguments);
dn_status dn_stats_correlate_run(const dn_arguments *arguments);
dn_status dn_stats_power_run(const dn_arguments *arguments);
dn_status dn_stats_agreement_run(const dn_arguments *arguments);
dn_status dn_stats_normalise_run(const dn_arguments *arguments);

/* Reads and joins the tables of positional arguments from..end by --id, and selects by --where, --session and --count-rejected: see
 * study/load.h. What was lost or is odd goes into *remarks (dn_stats_end releases them). *out is owned by the caller. */
DN_CHECKED dn_status dn_stats_load(const dn_arguments *arguments, size_t from, dn_table **out, dn_remarks *remarks);
/* The same without --where. */
DN_CHECKED dn_status dn_stats_load_all(const dn_arguments *arguments, size_t from, dn_table **out, dn_remarks *remarks);
/* For dien stability (repeats: a person may be there several times) and dien normative. unit: gathered volumes are converted to it; may be
 * NULL, as may where. */
DN_CHECKED dn_status dn_tables_load(const dn_arguments *arguments, size_t from, const char *where, const char *unit, bool repeats,
                                    dn_table **out, dn_remarks *remarks);
/* Looks at the columns before they are used (study/table_check.h). With --strict DN_EDATA when there is a doubt about anything so far. */
DN_CHECKED dn_status dn_stats_check(const dn_arguments *arguments, const dn_table *table, const dn_table_roles *roles, dn_remarks *remarks);
/* --unit, else the unit that the column knows it has ("mm³" for gathered volumes), else NULL. */
const char *dn_stats_unit(const dn_arguments *arguments, const dn_table *table, const char *column);
/* The end of a command that loaded tables: a failure says what was lost before. Releases remarks; gives status back. */
DN_CHECKED dn_status dn_stats_end(dn_status status, dn_remarks *remarks);

/* "a,b,c" into texts without blanks around them. *items has *count entries; release with one free. NULL text: 0 entries. */
DN_CHECKED dn_status dn_split_list(const char *text, char ***items, size_t *count);

/* Prints the paragraph and behind it the remarks, wrapped at 100 columns, to standard output, and writes both to DIR/NAME.txt when folder
 * is not NULL (made at need), the remarks to DIR/NAME_remarks.tsv, too. Warnings say again what was left out. remarks: may be NULL. */
DN_CHECKED dn_status dn_stats_emit(const char *folder, const char *name, const char *paragraph, const dn_remarks *remarks);
/* DIR/NAME.tsv; nothing when folder is NULL. */
DN_CHECKED dn_status dn_stats_write_table(const char *folder, const char *name, const dn_table *table);
/* DIR/NAME.svg, .pdf, .png, .gp and .tsv. Without gnuplot a warning: the numbers are written all the same. */
DN_CHECKED dn_status dn_stats_write_figure(const char *folder, const char *name, const char *note, dn_figure *figure);

/* The figures of a run, drawn when tables and text are written: {.folder = folder}, then for each one dn_stats_draw_next and
 * dn_stats_drawn, then dn_stats_figures_end. A figure that fails does not keep the others; the end says what the first one said. */
typedef struct dn_stats_figures {
    const char *folder; /* NULL: none are drawn */
    dn_status status;   /* of the first that failed */
    char message[1024];
} dn_stats_figures;
bool dn_stats_draw_next(const dn_stats_figures *figures);
void dn_stats_drawn(dn_stats_figures *figures, dn_status status);
DN_CHECKED dn_status dn_stats_figures_end(const dn_stats_figures *figures);

#endif
