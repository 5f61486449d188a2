/* Covariates as columns of numbers. */
#ifndef DN_STUDY_TABLES_DESIGN_H
#define DN_STUDY_TABLES_DESIGN_H

#include "base/table.h"

/* Names of columns of numbers: numeric covariates as they are; of a category one new column of table per text but the first ("site (site
 * 2)"), 0 and 1. Zero-initialise; release with dn_design_release, also after a failure. */
typedef struct dn_design {
    char **names; /* owned */
    size_t count;
} dn_design;

/* DN_EDATA: no such column; a category of one text, or of more than 12. */
DN_CHECKED dn_status dn_design_make(dn_table *table, const char *const *covariates, size_t count, dn_design *out);
void dn_design_release(dn_design *design);

#endif
