/* Makes the one table that a statistic reads from files, and notes what was left out or changed. */
#ifndef DN_STUDY_TABLES_LOAD_H
#define DN_STUDY_TABLES_LOAD_H

#include "study/tables/join.h"
#include "study/tables/remarks.h"
#include "study/tables/table_check.h"

/* The tables, and the rows that are used. Texts are borrowed. Zero is the usual value of all fields but id. */
typedef struct dn_study_tables {
    const char *const *paths; /* files and folders */
    size_t count;
    const char *id;      /* column that names people; tables are joined by it ("participant_id") */
    const char *where;   /* "COLUMN=VALUE": rows to keep; NULL: all */
    const char *session; /* "1" or "ses-1": rows of this session; NULL: all */
    const char *unit;    /* unit of the volumes; NULL: unchanged (gathered volumes are in mm3) */
    bool count_rejected; /* rows of scans that quality control rejected are kept */
    bool strict;         /* a doubt about the tables is an error (dn_study_check) */
    dn_join_how join;
} dn_study_tables;

/* Reads and joins the tables: a folder gives all *_volumes.tsv below it (those of markings, desc-, only where there are no others),
 * *_volumes.tsv files are gathered, other files are joined on the id. Rows whose column accepted is "no" are left out, unless they are
 * asked for (count_rejected, or where names that column). What was left out, lost, or measured in different ways is in *remarks (zero, or
 * filled before; released by the caller also after a failure). repeats: a person may be there several times. *out: owned by the caller.
 * DN_EUSAGE: no table; a where that is none; DN_EDATA: see join.h; no row is left; a person in two sessions. */
DN_CHECKED dn_status dn_study_load(const dn_study_tables *tables, bool repeats, dn_table **out, dn_remarks *remarks);
/* Checks the columns before they are used (dn_table_check). DN_EDATA when tables are strict and there is a doubt about anything so far.
 */
DN_CHECKED dn_status dn_study_check(const dn_study_tables *tables, const dn_table *table, const dn_table_roles *roles, dn_remarks *remarks);
/* The unit that was given, else the one that the column knows it has ("mm³" for gathered volumes), else NULL. Borrowed. */
const char *dn_study_unit(const dn_study_tables *tables, const dn_table *table, const char *column);

/* All *_volumes.tsv below a folder, sorted, without courses of persons (*_longitudinal_volumes.tsv), and without markings (desc-) where
 * there are others. DN_EINPUT: the folder cannot be read, or there are none. Release with dn_study_volumes_release. */
DN_CHECKED dn_status dn_study_find_volumes(const char *folder, char ***paths, size_t *count);
void dn_study_volumes_release(char **paths, size_t count);

/* Keeps the rows that "COLUMN=VALUE" asks for; NULL keeps all. DN_EUSAGE, DN_EDATA: no such column, no such row. */
DN_CHECKED dn_status dn_study_keep_where(dn_table **table, const char *where);
/* The numbers of these columns become texts ("site" 1: "site 1"), so that they are categories. DN_EDATA: no such column. */
DN_CHECKED dn_status dn_study_make_categories(dn_table *table, const char *const *columns, size_t count);
/* Sorts the rows in the order in which `order` names the texts of a column; other rows follow. DN_EDATA: no row has such a text. */
DN_CHECKED dn_status dn_study_put_in_order(dn_table *table, const char *column, const char *const *order, size_t count);

#endif
