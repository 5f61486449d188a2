/* Parses the names of structures, and says which networks they need. */
#include "segment/select.h"

#include <string.h>

static const struct {
    const char *name;
    dn_select_from from;
    const char *structures[3]; /* of the models */
} table[] = {
    {"hypothalamus", DN_FROM_SUBUNITS, {"hypothalamus"}},
    {"thalamus", DN_FROM_FINE, {"thalamus"}},
    {"icv", DN_FROM_COARSE, {"icv"}},
    {"caudate", DN_FROM_FINE, {"caudate"}},
    {"putamen", DN_FROM_FINE, {"putamen"}},
    {"pallidum", DN_FROM_FINE, {"pallidum"}},
    {"hippocampus", DN_FROM_FINE, {"hippocampus"}},
    {"amygdala", DN_FROM_FINE, {"amygdala"}},
    {"accumbens", DN_FROM_FINE, {"accumbens"}},
    {"ventral_diencephalon", DN_FROM_FINE, {"ventral_diencephalon"}},
    {"ventricles", DN_FROM_FINE, {"lateral_ventricle", "third_ventricle", "fourth_ventricle"}},
    {"brain_stem", DN_FROM_FINE, {"brain_stem"}},
    {"optic_chiasm", DN_FROM_FINE, {"optic_chiasm"}},
    {"cerebrum", DN_FROM_COARSE, {"cerebral_white_matter", "cerebral_cortex"}},
    {"cerebellum", DN_FROM_COARSE, {"cerebellum_white_matter", "cerebellum_cortex"}},
    {"csf", DN_FROM_COARSE, {"csf"}},
};
enum { ROWS = sizeof table / sizeof *table };

dn_status dn_select_parse(const char *list, dn_selection *out)
{
    out->chosen = ((uint32_t)1 << ROWS) - 1;
    out->named = false;
    if (list == NULL || strcmp(list, "all") == 0) {
        return DN_OK;
    }
    out->chosen = 0;
    out->named = true;
    for (const char *at = list; at != NULL;) {
        size_t length = strcspn(at, ",");
        bool known = false;
        for (int r = 0; r < ROWS; ++r) {
            bool this_one =
                (strlen(table[r].name) == length && strncmp(table[r].name, at, length) == 0) || (length == 3 && strncmp(at, "all", 3) == 0);
            out->chosen |= this_one ? (uint32_t)1 << r : 0;
            known = known || this_one;
        }
        if (!known) {
            DN_FAIL(DN_EUSAGE, "'%.*s' is not a structure that dien measures; choose from: " DN_SELECT_NAMES,
                    (int)(length < 60 ? length : 60), at);
        }
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return DN_OK;
}

static int row_of(const char *structure)
{
    for (int r = 0; r < ROWS; ++r) {
        for (int i = 0; i < 3 && table[r].structures[i] != NULL; ++i) {
            if (strcmp(table[r].structures[i], structure) == 0) {
                return r;
            }
        }
    }
    return -1;
}

bool dn_select_has(const dn_selection *selection, const char *structure)
{
    int row = row_of(structure);
    return row >= 0 && (selection->chosen >> row & 1u) != 0;
}

bool dn_select_needs(const dn_selection *selection, dn_select_from from)
{
    for (int r = 0; r < ROWS; ++r) {
        if (table[r].from == from && (selection->chosen >> r & 1u) != 0) {
            return true;
        }
    }
    return false;
}

void dn_select_drop(dn_selection *selection, dn_select_from from)
{
    for (int r = 0; r < ROWS; ++r) {
        selection->chosen &= table[r].from == from ? ~((uint32_t)1 << r) : ~(uint32_t)0;
    }
}

void dn_select_drop_one(dn_selection *selection, const char *structure)
{
    int row = row_of(structure);
    selection->chosen &= row >= 0 ? ~((uint32_t)1 << row) : ~(uint32_t)0;
}
