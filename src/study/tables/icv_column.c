/* Adds a column of volumes that are normalised by head size. */
#include "study/tables/icv_column.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One volume column: people without a volume or without an ICV stay missing. */
typedef struct column_work {
    double *volume, *icv, *result; /* of the people who have both, in order */
    unsigned char *control;
    size_t *row; /* of the table */
    size_t n, controls;
} column_work;

static void release(column_work *work)
{
    free(work->volume);
    free(work->icv);
    free(work->result);
    free(work->control);
    free(work->row);
}

static dn_status collect(const dn_table *table, const char *value, const dn_icv_by *by, column_work *work)
{
    const char *group = by->group, *control = by->control, *icv = by->icv;
    const size_t rows = dn_table_rows(table);
    size_t value_column, icv_column, group_column = DN_TABLE_NONE;
    if ((group == NULL) != (control == NULL)) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_GROUP_AND_CONTROL,
                      "to normalise by a control group, give both the column of the groups and the name of the control group");
    }
    DN_TRY(dn_table_column(table, value, &value_column));
    DN_TRY(dn_table_column(table, icv, &icv_column));
    if (group != NULL) {
        DN_TRY(dn_table_column(table, group, &group_column));
    }
    DN_TRY(dn_alloc(&work->volume, rows, sizeof *work->volume, "volumes"));
    DN_TRY(dn_alloc(&work->icv, rows, sizeof *work->icv, "volumes"));
    DN_TRY(dn_alloc(&work->result, rows, sizeof *work->result, "volumes"));
    DN_TRY(dn_alloc(&work->control, rows, 1, "volumes"));
    DN_TRY(dn_alloc(&work->row, rows, sizeof *work->row, "volumes"));
    for (size_t r = 0; r < rows; ++r) {
        double v, i;
        DN_TRY(dn_table_number(table, r, value_column, &v));
        DN_TRY(dn_table_number(table, r, icv_column, &i));
        if (isnan(v) || isnan(i)) {
            continue;
        }
        if (!(v > 0.0) || !(i > 0.0)) {
            DN_FAIL(DN_EDATA, "%s, line %zu: %s is %g and %s is %g; both must be above 0", dn_table_name(table), dn_table_line(table, r),
                    value, v, icv, i);
        }
        const char *own = group_column != DN_TABLE_NONE ? dn_table_text(table, r, group_column) : NULL;
        work->volume[work->n] = v;
        work->icv[work->n] = i;
        work->row[work->n] = r;
        work->control[work->n] = group == NULL || (own != NULL && strcmp(own, control) == 0);
        work->controls += work->control[work->n];
        ++work->n;
    }
    if (work->controls == 0 && group != NULL) {
        DN_FAIL(DN_EDATA, "%s: nobody with %s = %s has both %s and %s", dn_table_name(table), group, control, value, icv);
    }
    return DN_OK;
}

dn_status dn_icv_column_add(dn_table *table, const char *value, const dn_icv_by *by, const char *name, const char *unit, dn_icv_column *out)
{
    dn_status status = DN_OK;
    column_work work = {.n = 0};
    size_t column;
    DN_TRY_GOTO(status, collect(table, value, by, &work), done);
    DN_TRY_GOTO(status, dn_icv_normalise(by->method, work.volume, work.icv, work.control, work.n, work.result, &out->mean, &out->slope),
                done);
    DN_TRY_GOTO(status, dn_table_add_column(table, name, &column), done);
    DN_TRY_GOTO(status, dn_table_set_unit(table, column, unit), done);
    for (size_t i = 0; i < work.n; ++i) {
        DN_TRY_GOTO(status, dn_table_set_number(table, work.row[i], column, work.result[i]), done);
    }
    out->people = work.n;
    out->controls = work.controls;
done:
    release(&work);
    return status;
}
