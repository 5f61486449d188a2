/* Checks the columns of a table before a statistic uses them: everything unusual gives a remark. Nothing is changed or refused. */
#ifndef DN_STUDY_TABLES_TABLE_CHECK_H
#define DN_STUDY_TABLES_TABLE_CHECK_H

#include "study/tables/remarks.h"

/* The columns that a statistic uses, by name; NULL and 0: none. Names that the table does not have are passed over. */
typedef struct dn_table_roles {
    const char *id; /* names people in the remarks */
    const char *group, *icv, *scanner;
    const char *age;           /* besides columns that are named age */
    const char *sex;           /* used though not among the others (normative) */
    const char *const *values; /* numbers or categories */
    size_t value_count;
    const char *const *covariates;
    size_t covariate_count;
} dn_table_roles;

/* Ages outside 0 to 110 (columns named age, used or not); in columns that are used: codes such as 999 or -9 among the numbers, numbers of
 * two magnitudes, structures larger than the head, few whole numbers that a covariate would put on a slope, categories that differ only in
 * case or blanks, sex written in two ways or in numbers. */
DN_CHECKED dn_status dn_table_check(const dn_table *table, const dn_table_roles *roles, dn_remarks *remarks);

/* What the reader passed over: empty rows with data behind them, commas that could separate thousands. */
DN_CHECKED dn_status dn_table_check_facts(const dn_table *table, dn_remarks *remarks);

#endif
