/* Replaces label numbers as a table with the columns label and to says. */
#include "image/translate.h"

#include "base/memory.h"
#include "base/table.h"

#include <math.h>
#include <stdlib.h>

dn_status dn_labels_translate(dn_labels *labels, const char *path)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    uint16_t *to = NULL;
    size_t column[2];
    DN_TRY(dn_table_read(path, &table));
    DN_TRY_GOTO(status, dn_table_column(table, "label", &column[0]), done);
    DN_TRY_GOTO(status, dn_table_column(table, "to", &column[1]), done);
    DN_TRY_GOTO(status, dn_alloc(&to, 65536, sizeof *to, "a translation of labels"), done);
    for (int label = 0; label < 65536; ++label) {
        to[label] = (uint16_t)label;
    }
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        double value[2];
        for (int c = 0; c < 2; ++c) {
            DN_TRY_GOTO(status, dn_table_number(table, row, column[c], &value[c]), done);
            if (!(value[c] >= 0 && value[c] <= 65535) || value[c] != floor(value[c])) {
                DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: label and to take whole numbers from 0 to 65535", path,
                             dn_table_line(table, row));
            }
        }
        to[(int)value[0]] = (uint16_t)value[1];
    }
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        labels->data[v] = to[labels->data[v]];
    }
done:
    free(to);
    dn_table_destroy(table);
    return status;
}
