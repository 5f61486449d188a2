/* A table's volumes in the unit of a norm. */
#ifndef DN_STUDY_NORMS_NORM_UNITS_H
#define DN_STUDY_NORMS_NORM_UNITS_H

#include "base/table.h"
#include "stats/normative.h"

/* Converts the columns value and icv of table, which may be missing. Of value one that does not know its unit is converted from unit (NULL:
 * it stays as it is). The head's is converted when its unit is known, or unit is given, and its size says that it is in another than the
 * norm's. DN_EUSAGE: unit given, but the norm's or that one is none of volume. */
DN_CHECKED dn_status dn_norm_convert(const dn_norm_model *norm, const char *unit, const char *value, const char *icv, dn_table *table);

/* " (about 1000 times the norm's: in mm3, where the norm is in mL?)": what a ratio says; "" when it says nothing. */
const char *dn_norm_ratio_hint(double ratio);

#endif
