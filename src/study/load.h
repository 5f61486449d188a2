/* From files to the one table that a statistic reads, with what happened on the way. */
#ifndef DN_STUDY_LOAD_H
#define DN_STUDY_LOAD_H

#include "study/join.h"
#include "study/remarks.h"

typedef struct dn_study_options {
    const char *key;     /* column by which tables are joined ("participant_id") */
    const char *where;   /* "COLUMN=VALUE": rows to keep; NULL: all */
    const char *session; /* "1" or "ses-1": rows of this session; NULL: all */
    const char *unit;    /* of the volumes; NULL: as they come (gathered ones in mm3) */
    bool count_rejected; /* rows of scans that quality control rejected are kept */
    bool repeats;        /* a person may be there in several sessions though tables are joined */
    dn_join_how join;
} dn_study_options;

bool dn_is_volumes_file(const char *path);

/* Reads and joins count paths: a folder gives all *_volumes.tsv below it (those of markings, desc-, only where there are no others),
 * *_volumes.tsv files are gathered, other files are joined on the key. Rows whose column accepted is "no" are left out, unless they are
 * asked for (count_rejected, or where names that column). What was left out, lost, or measured in different ways is in *remarks (zero, or
 * filled before; released by the caller also after a failure). *out: owned by the caller. DN_EUSAGE: no table; a where that is none;
 * DN_EDATA: see join.h; no row is left; a person in two sessions. */
DN_CHECKED dn_status dn_study_load(const char *const *paths, size_t count, const dn_study_options *options, dn_table **out,
                                   dn_remarks *remarks);

/* Keeps the rows that "COLUMN=VALUE" asks for; NULL keeps all. DN_EUSAGE, DN_EDATA: no such column, no such row. */
DN_CHECKED dn_status dn_study_keep_where(dn_table **table, const char *where);
/* The numbers of these columns become texts ("site" 1: "site 1"), so that they are categories. DN_EDATA: no such column. */
DN_CHECKED dn_status dn_study_make_categories(dn_table *table, const char *const *columns, size_t count);
/* Rows in the order in which order names the texts of a column, others behind. DN_EDATA: no row has such a text. */
DN_CHECKED dn_status dn_study_put_in_order(dn_table *table, const char *column, const char *const *order, size_t count);

#endif
