/* Converts the volumes and head sizes of a table into the units of a norm. */
#include "study/norms/norm_units.h"

#include "study/tables/units.h"

#include <math.h>
#include <stdlib.h>

/* The unit that most heads of a column must be in; NULL: none. */
static dn_status unit_of_heads(const dn_table *table, size_t column, const char **out)
{
    double *numbers = NULL;
    size_t n = 0;
    size_t fit = 0;
    *out = NULL;
    DN_TRY(dn_table_numbers(table, column, &numbers));
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *own = isnan(numbers[r]) ? NULL : dn_unit_of_head(numbers[r]);
        n += isnan(numbers[r]) ? 0 : 1;
        *out = *out == NULL ? own : *out;
        fit += own != NULL && own == *out;
    }
    *out = 2 * fit > n ? *out : NULL;
    free(numbers);
    return DN_OK;
}

static dn_status convert_heads(const dn_norm_model *norm, const char *unit, size_t icv, dn_table *table)
{
    const char *here;
    const char *there = dn_unit_of_head(norm->centre_icv);
    if (dn_table_unit(table, icv) == NULL && unit == NULL) {
        return DN_OK;
    }
    DN_TRY(unit_of_heads(table, icv, &here));
    double factor = here != NULL && there != NULL ? dn_unit_mm3(here) / dn_unit_mm3(there) : 1.0;
    return factor > 1.0 || factor < 1.0 ? dn_table_scale(table, icv, factor) : DN_OK;
}

dn_status dn_norm_convert(const dn_norm_model *norm, const char *unit, const char *value, const char *icv, dn_table *table)
{
    const size_t value_column = dn_table_find(table, value);
    const size_t icv_column = dn_table_find(table, icv);
    const double from = dn_unit_mm3(unit);
    const double to = dn_unit_mm3(norm->unit);
    if (unit != NULL && !(from > 0.0 && to > 0.0)) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_UNIT,
                      "the unit of the volumes is \"%s\" and that of the norm \"%s\"; both must be mm3, mL, cm3 or L to be converted", unit,
                      norm->unit);
    }
    if (unit != NULL && value_column != DN_TABLE_NONE && dn_table_unit(table, value_column) == NULL && (from > to || from < to)) {
        DN_TRY(dn_table_scale(table, value_column, from / to));
    }
    return icv_column != DN_TABLE_NONE ? convert_heads(norm, unit, icv_column, table) : DN_OK;
}

const char *dn_norm_ratio_hint(double ratio)
{
    static const struct {
        double ratio;
        const char *text;
    } known[] = {{1e3, " (about 1000 times the norm's: in mm3, where the norm is in mL?)"},
                 {1e6, " (about a million times the norm's: in mm3, where the norm is in L?)"},
                 {1e-3, " (about a thousandth of the norm's: in mL, where the norm is in mm3?)"},
                 {1e-6, " (about a millionth of the norm's: in L, where the norm is in mm3?)"}};
    const double near = 2.5; /* one volume of the structure may be this many times another */
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        if (ratio > known[i].ratio / near && ratio < known[i].ratio * near) {
            return known[i].text;
        }
    }
    return "";
}
