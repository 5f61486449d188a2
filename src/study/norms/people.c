/* Takes people with volume, age, head size, sex and scanner from a table. */
#include "study/norms/people.h"

#include "base/memory.h"
#include "study/norms/norm_units.h"
#include "study/tables/sex.h"
#include "study/tables/units.h"

#include <stdlib.h>
#include <string.h>

static dn_status sex_of(const char *text, const char *name, dn_sex *out)
{
    *out = DN_SEX_UNKNOWN;
    if (text != NULL && !dn_sex_of(text, out)) {
        DN_FAIL(DN_EDATA, "the sex of %s is given as '%s'%s; write M or F, or leave it empty", name, text,
                text[strspn(text, "0123456789.")] == '\0' ? ", and a number does not say which" : "");
    }
    return DN_OK;
}

/* The name of a column: what was given; else the norm's, where the table has it; else the usual one. NULL: none. */
static const char *column_name(const dn_norm_columns *columns, int which, const dn_norm_model *norm, const dn_table *table)
{
    static const char *const usual[DN_NORM_COLUMNS] = {NULL, "icv", "age", "sex", "scanner"};
    const char *given = columns->name[which];
    const char *remembered = norm != NULL ? norm->columns[which] : NULL;
    if (given != NULL) {
        return given;
    }
    if (remembered != NULL && dn_table_find(table, remembered) != DN_TABLE_NONE) {
        return remembered;
    }
    return which != DN_NORM_COLUMN_VALUE ? usual[which] : norm == NULL ? NULL : remembered != NULL ? remembered : norm->structure;
}

/* Sex and scanner need not be there unless they were given. */
static dn_status optional_column(const dn_norm_columns *columns, int which, const dn_norm_model *norm, const dn_table *table, size_t *out)
{
    const char *name = column_name(columns, which, norm, table);
    if (columns->name[which] != NULL) {
        return dn_table_column(table, name, out);
    }
    *out = dn_table_find(table, name);
    return DN_OK;
}

/* Names of columns and the look at them. */
static dn_status choose_columns(const dn_study_tables *tables, const dn_norm_columns *columns, const dn_norm_model *norm, dn_cohort *out)
{
    DN_TRY(optional_column(columns, DN_NORM_COLUMN_SEX, norm, out->table, &out->sex));
    DN_TRY(optional_column(columns, DN_NORM_COLUMN_SCANNER, norm, out->table, &out->scanner));
    for (int c = 0; c <= (int)DN_NORM_COLUMN_AGE; ++c) {
        out->columns[c] = column_name(columns, c, norm, out->table);
    }
    out->columns[DN_NORM_COLUMN_SEX] = out->sex != DN_TABLE_NONE ? dn_table_column_name(out->table, out->sex) : NULL;
    out->columns[DN_NORM_COLUMN_SCANNER] = out->scanner != DN_TABLE_NONE ? dn_table_column_name(out->table, out->scanner) : NULL;
    const dn_table_roles roles = {.id = tables->id,
                                  .icv = out->columns[DN_NORM_COLUMN_ICV],
                                  .age = out->columns[DN_NORM_COLUMN_AGE],
                                  .sex = out->columns[DN_NORM_COLUMN_SEX],
                                  .scanner = out->columns[DN_NORM_COLUMN_SCANNER],
                                  .values = &out->columns[DN_NORM_COLUMN_VALUE],
                                  .value_count = 1};
    return dn_study_check(tables, out->table, &roles, &out->remarks);
}

dn_status dn_cohort_load(const dn_study_tables *tables, const dn_norm_columns *columns, const dn_norm_model *norm, dn_cohort *out)
{
    const char *id = tables->id;
    dn_study_tables own = *tables;
    own.unit = norm == NULL ? tables->unit : dn_unit_mm3(norm->unit) > 0.0 ? norm->unit : NULL;
    *out = (dn_cohort){0};
    DN_TRY(dn_study_load(&own, norm != NULL, &out->table, &out->remarks));
    DN_TRY(choose_columns(tables, columns, norm, out));
    if (norm != NULL) {
        DN_TRY(dn_norm_convert(norm, tables->unit, out->columns[DN_NORM_COLUMN_VALUE], out->columns[DN_NORM_COLUMN_ICV], out->table));
    }
    DN_TRY(dn_cases_take(out->table, out->columns, 3, id, norm != NULL, &out->cases)); /* one person may be compared several times */
    DN_TRY(dn_alloc(&out->persons, out->cases.n, sizeof *out->persons, "the people"));
    DN_TRY(dn_alloc(&out->names, out->cases.n, sizeof *out->names, "the people"));
    for (size_t i = 0; i < out->cases.n; ++i) {
        const double *row = out->cases.values + 3 * i;
        dn_norm_person *person = &out->persons[i];
        *person = (dn_norm_person){.name = dn_case_name(out->table, out->cases.row[i], id, out->names[i]),
                                   .value = row[0],
                                   .icv = row[1],
                                   .age = row[2]};
        if (out->scanner != DN_TABLE_NONE) {
            person->scanner = dn_table_text(out->table, out->cases.row[i], out->scanner);
        }
        if (out->sex != DN_TABLE_NONE) {
            DN_TRY(sex_of(dn_table_text(out->table, out->cases.row[i], out->sex), person->name, &person->sex));
        }
    }
    return DN_OK;
}

void dn_cohort_release(dn_cohort *cohort)
{
    free(cohort->persons);
    free(cohort->names);
    dn_cases_release(&cohort->cases);
    dn_table_destroy(cohort->table);
    dn_remarks_release(&cohort->remarks);
    *cohort = (dn_cohort){0};
}
