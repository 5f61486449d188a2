/* People from tables, as a norm needs them. */
#ifndef DN_STUDY_NORMS_PEOPLE_H
#define DN_STUDY_NORMS_PEOPLE_H

#include "stats/normative.h"
#include "study/tables/cases.h"
#include "study/tables/load.h"

/* Names of columns, by DN_NORM_COLUMN_VALUE and so on; NULL: the norm's own, where the table has it, else icv, age, sex, scanner. Borrowed.
 */
typedef struct dn_norm_columns {
    const char *name[DN_NORM_COLUMNS];
} dn_norm_columns;

typedef struct dn_cohort {
    dn_table *table;
    const char *columns[DN_NORM_COLUMNS]; /* names; NULL: there is none; borrowed from table, norm or options */
    size_t sex, scanner;                  /* of table, DN_TABLE_NONE: none */
    dn_remarks remarks;
    dn_cases cases;          /* columns: value, ICV, age */
    dn_norm_person *persons; /* persons[i] is case i; texts are borrowed from table */
    char (*names)[32];       /* for rows without an id */
} dn_cohort;

/* norm: whose columns and unit are taken (NULL: fit; the value must be named, and unit is that of tables). Release with dn_cohort_release,
 * also after a failure. DN_EDATA: see load.h; a sex that is none. */
DN_CHECKED dn_status dn_cohort_load(const dn_study_tables *tables, const dn_norm_columns *columns, const dn_norm_model *norm,
                                    dn_cohort *out);
void dn_cohort_release(dn_cohort *cohort);

#endif
