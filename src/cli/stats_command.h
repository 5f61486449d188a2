/* What the subcommands of `dien stats` share: tables in, results out. One file a subcommand (stats_groups.c, ...); command_stats.c holds
 * the option table and calls them. A new subcommand: its run function here, its row in command_stats.c, its options in the table there.
 *
 * Results go to standard output as the paragraph, and with -o DIR into DIR/NAME.tsv (numbers), DIR/NAME.txt (the paragraph) and figures. */
#ifndef DN_CLI_STATS_COMMAND_H
#define DN_CLI_STATS_COMMAND_H

#include "base/table.h"
#include "chart/figure.h"
#include "cli/command.h"

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

/* Reads and joins the tables of positional arguments from..end: a folder gives all *_volumes.tsv below it, *_volumes.tsv files are
 * gathered, other files are joined on --id; --where COLUMN=VALUE keeps rows. Participants without a partner are named in a warning
 * (dn_log). *out is owned by the caller. DN_EUSAGE when no table is given. */
DN_CHECKED dn_status dn_stats_load(const dn_arguments *arguments, size_t from, dn_table **out);
/* The same without --where. */
DN_CHECKED dn_status dn_stats_load_all(const dn_arguments *arguments, size_t from, dn_table **out);
/* Keeps the rows that "COLUMN=VALUE" asks for; NULL keeps all. DN_EUSAGE, DN_EDATA: no such column, no such row. */
DN_CHECKED dn_status dn_table_keep_where(dn_table **table, const char *where);
/* The same for a list of paths; key, where: may be NULL. For dien stability and dien normative. */
DN_CHECKED dn_status dn_tables_load(const char *const *paths, size_t count, const char *key, const char *where, dn_table **out);

/* "a,b,c" into texts without blanks around them. *items has *count entries; release with one free. NULL text: 0 entries. */
DN_CHECKED dn_status dn_split_list(const char *text, char ***items, size_t *count);

/* Prints the paragraph, wrapped at 100 columns, to standard output, and writes it to DIR/NAME.txt when folder is not NULL (made at need).
 */
DN_CHECKED dn_status dn_stats_emit(const char *folder, const char *name, const char *paragraph);
/* DIR/NAME.tsv; nothing when folder is NULL. */
DN_CHECKED dn_status dn_stats_write_table(const char *folder, const char *name, const dn_table *table);
/* DIR/NAME.svg, .pdf, .png, .gp and .tsv. Without gnuplot a warning: the numbers are written all the same. */
DN_CHECKED dn_status dn_stats_write_figure(const char *folder, const char *name, const char *note, dn_figure *figure);

#endif
