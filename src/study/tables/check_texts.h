/* Checks whether the categories of a column are written in more than one way. For table_check.c. */
#ifndef DN_STUDY_TABLES_CHECK_TEXTS_H
#define DN_STUDY_TABLES_CHECK_TEXTS_H

#include "study/tables/remarks.h"

/* Remarks on texts that differ only in case or blanks (no-break ones, too). */
DN_CHECKED dn_status dn_check_categories(const dn_table *table, size_t column, dn_remarks *remarks);
/* For a column named sex, gender or geschlecht: one sex in two words, numbers that do not say which is which, words that are no sex. */
DN_CHECKED dn_status dn_check_sex(const dn_table *table, size_t column, dn_remarks *remarks);

#endif
