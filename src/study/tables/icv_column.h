/* A column of volumes by head size, beside the one that it is made of. */
#ifndef DN_STUDY_TABLES_ICV_COLUMN_H
#define DN_STUDY_TABLES_ICV_COLUMN_H

#include "base/table.h"
#include "stats/icv.h"

/* Texts are borrowed. */
typedef struct dn_icv_by {
    const char *icv;             /* column of the intracranial volume */
    const char *group, *control; /* column and name of the reference group; both NULL: everyone */
    dn_icv_method method;
} dn_icv_by;

typedef struct dn_icv_column {
    size_t people, controls; /* who have both numbers; of these, who are of the reference group */
    double mean, slope;      /* the controls' mean ICV; see dn_icv_normalise */
} dn_icv_column;

/* Adds the column name, with unit (NULL: none), to table; who lacks the volume or the ICV gets none. DN_EUSAGE: group without control, or
 * the other way round; DN_EDATA: no such column, a number that is not above 0, nobody in the reference group, see dn_icv_normalise. */
DN_CHECKED dn_status dn_icv_column_add(dn_table *table, const char *value, const dn_icv_by *by, const char *name, const char *unit,
                                       dn_icv_column *out);

#endif
