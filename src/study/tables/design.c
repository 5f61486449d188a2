/* Makes columns of numbers from covariates: categories become 0 and 1 per level. */
#define _GNU_SOURCE
#include "study/tables/design.h"

#include "base/memory.h"
#include "study/groups/group_analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* name: consumed. */
static dn_status add_name(dn_design *design, char *name)
{
    dn_status status = dn_realloc(&design->names, design->count + 1, sizeof *design->names, "covariates");
    if (status != DN_OK) {
        free(name);
        return status;
    }
    design->names[design->count++] = name;
    return DN_OK;
}

/* Different texts of a column in order of appearance; at most `most`. */
static dn_status levels_of(const dn_table *table, size_t column, size_t most, const char **levels, size_t *count)
{
    *count = 0;
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *text = dn_table_text(table, r, column);
        size_t l = 0;
        while (text != NULL && l < *count && strcmp(levels[l], text) != 0) {
            ++l;
        }
        if (text != NULL && l == most) {
            DN_FAIL(DN_EDATA, "%s, column %s has more than %zu different texts; as a covariate it needs numbers or a few categories",
                    dn_table_name(table), dn_table_column_name(table, column), most);
        }
        if (text != NULL && l == *count) {
            levels[(*count)++] = text;
        }
    }
    if (*count < 2) {
        DN_FAIL(DN_EDATA, "%s, column %s has only one value; leave it out of the covariates", dn_table_name(table),
                dn_table_column_name(table, column));
    }
    return DN_OK;
}

static dn_status code_category(dn_table *table, const char *covariate, size_t column, dn_design *out)
{
    enum { MOST_LEVELS = 12 };
    const char *levels[MOST_LEVELS];
    size_t count;
    DN_TRY(levels_of(table, column, MOST_LEVELS, levels, &count));
    for (size_t l = 1; l < count; ++l) {
        char *name = NULL;
        size_t coded;
        DN_TRY(dn_asprintf(&name, "%s (%s)", covariate, levels[l]));
        DN_TRY(add_name(out, name));
        DN_TRY(dn_table_add_column(table, name, &coded));
        for (size_t r = 0; r < dn_table_rows(table); ++r) {
            const char *text = dn_table_text(table, r, column);
            DN_TRY(dn_table_set_number(table, r, coded, text == NULL ? NAN : strcmp(text, levels[l]) == 0 ? 1.0 : 0.0));
        }
    }
    return DN_OK;
}

dn_status dn_design_make(dn_table *table, const char *const *covariates, size_t count, dn_design *out)
{
    for (size_t j = 0; j < count; ++j) {
        size_t column;
        char *name = NULL;
        DN_TRY(dn_table_column(table, covariates[j], &column));
        if (dn_column_is_category(table, column)) {
            DN_TRY(code_category(table, covariates[j], column, out));
        } else {
            DN_TRY(dn_strdup(covariates[j], &name));
            DN_TRY(add_name(out, name));
        }
    }
    return DN_OK;
}

void dn_design_release(dn_design *design)
{
    for (size_t i = 0; i < design->count; ++i) {
        free(design->names[i]);
    }
    free(design->names);
    *design = (dn_design){0};
}
