/* Units of volumes. */
#ifndef DN_STUDY_TABLES_UNITS_H
#define DN_STUDY_TABLES_UNITS_H

#include "base/table.h"

/* mm3 in one of a unit that is written in any usual way (mm3, mm³, µL, mL, ml, cm3, cm³, cc, L); 0: none of these. */
double dn_unit_mm3(const char *unit);
/* How a unit is written in texts and figures: "mm³", "mL", "cm³"; the unit itself when it is none of volume. */
const char *dn_unit_text(const char *unit);

/* Columns that know their unit (dn_table_unit) are converted to unit. DN_EUSAGE when there is such a column and unit is none of volume. */
DN_CHECKED dn_status dn_table_convert_units(dn_table *table, const char *unit);
/* Multiplies the numbers of a column. DN_EDATA: it has texts. */
DN_CHECKED dn_status dn_table_scale(dn_table *table, size_t column, double factor);

/* The unit that heads' volumes of this size must be in: "mm3" (6e5 to 2.5e6), "mL" (600 to 2500), "L"; NULL: none fits. */
const char *dn_unit_of_head(double icv);

#endif
