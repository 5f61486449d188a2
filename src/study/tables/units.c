/* The names of units of volume, conversion, and the guess of a unit from the size of a head. */
#define _GNU_SOURCE
#include "study/tables/units.h"

#include "study/tables/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    double mm3;
    const char *text;
} units[] = {{"mm3", 1.0, "mm³"}, {"mm³", 1.0, "mm³"},       {"mm^3", 1.0, "mm³"}, {"µL", 1.0, "µL"},    {"uL", 1.0, "µL"},
             {"mL", 1e3, "mL"},   {"cm3", 1e3, "cm³"},       {"cm³", 1e3, "cm³"},  {"cm^3", 1e3, "cm³"}, {"cc", 1e3, "mL"},
             {"ccm", 1e3, "cm³"}, {"millilitre", 1e3, "mL"}, {"litre", 1e6, "L"},  {"L", 1e6, "L"},      {"dm3", 1e6, "L"}};

double dn_unit_mm3(const char *unit)
{
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof *units; ++i) {
        if (strcasecmp(units[i].name, unit) == 0) {
            return units[i].mm3;
        }
    }
    return 0.0;
}

const char *dn_unit_text(const char *unit)
{
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof *units; ++i) {
        if (strcasecmp(units[i].name, unit) == 0) {
            return units[i].text;
        }
    }
    return unit;
}

dn_status dn_table_scale(dn_table *table, size_t column, double factor)
{
    double *numbers = NULL;
    DN_TRY(dn_table_numbers(table, column, &numbers));
    dn_status status = DN_OK;
    for (size_t r = 0; r < dn_table_rows(table) && status == DN_OK; ++r) {
        status = dn_table_set_number(table, r, column, factor >= 1.0 ? numbers[r] * factor : numbers[r] / round(1.0 / factor));
    }
    free(numbers);
    return status;
}

dn_status dn_table_convert_units(dn_table *table, const char *unit)
{
    for (size_t c = 0; c < dn_table_columns(table); ++c) {
        const char *own = dn_table_unit(table, c);
        if (own == NULL) {
            continue;
        }
        double from = dn_unit_mm3(own);
        double to = dn_unit_mm3(unit);
        if (!(to > 0.0)) {
            DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_UNIT,
                          "\"%s\" is not a unit for volumes: the volumes are in %s; the unit must be mm3, mL, cm3 or L", unit, own);
        }
        if (from > to || from < to) {
            DN_TRY(dn_table_scale(table, c, from / to));
        }
        DN_TRY(dn_table_set_unit(table, c, unit));
    }
    return DN_OK;
}

const char *dn_unit_of_head(double icv)
{
    static const struct {
        const char *name;
        double per_litre;
    } known[] = {{"mm3", 1e6}, {"mL", 1e3}, {"L", 1.0}};
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        if (icv >= DN_HEAD_LITRES_LOW * known[i].per_litre && icv <= DN_HEAD_LITRES_HIGH * known[i].per_litre) {
            return known[i].name;
        }
    }
    return NULL;
}
