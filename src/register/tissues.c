/* Reads and checks the table of tissues. */
#include "register/tissues.h"

#include "base/memory.h"
#include "base/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const region_names[] = {
    [DN_REGION_AIR] = "air", [DN_REGION_HEAD] = "head", [DN_REGION_CSF] = "csf", [DN_REGION_BRAIN] = "brain"};

enum { LABEL, NAME, SWAP, REGION, TISSUE, MEAN, MEAN_SD, SD, SD_SD, NEEDED, BORDER = NEEDED, COLUMNS };
static const char *const column_names[COLUMNS] = {"label", "name", "swap", "region", "tissue", "mean", "mean_sd", "sd", "sd_sd", "border"};

static dn_status read_label(const dn_table *table, size_t row, size_t column, uint16_t *out)
{
    double value;
    DN_TRY(dn_table_number(table, row, column, &value));
    if (!(value >= 0.0 && value <= 65535.0) || value != floor(value)) {
        DN_FAIL(DN_EFORMAT, "%s, line %zu, column %s: a label is a whole number from 0 to 65535", dn_table_name(table),
                dn_table_line(table, row), dn_table_column_name(table, column));
    }
    *out = (uint16_t)value;
    return DN_OK;
}

static dn_status find_tissue(dn_tissues *tissues, const dn_table *table, size_t row, const size_t *column, int16_t *out)
{
    const char *name = dn_table_text(table, row, column[TISSUE]);
    double number[4];
    for (int i = 0; i < 4; ++i) {
        DN_TRY(dn_table_number(table, row, column[MEAN + i], &number[i]));
        if (!(number[i] >= 0.0)) {
            DN_FAIL(DN_EFORMAT, "%s, line %zu, column %s: a number >= 0 is needed", dn_table_name(table), dn_table_line(table, row),
                    column_names[MEAN + i]);
        }
    }
    if (name == NULL) {
        DN_FAIL(DN_EFORMAT, "%s, line %zu: the tissue is missing", dn_table_name(table), dn_table_line(table, row));
    }
    for (size_t t = 0; t < tissues->count; ++t) {
        dn_tissue *tissue = &tissues->tissues[t];
        if (strcmp(tissue->name, name) == 0) {
            if (tissue->mean != number[0] || tissue->mean_sd != number[1] || tissue->sd != number[2] || tissue->sd_sd != number[3]) {
                DN_FAIL(DN_EFORMAT, "%s, line %zu: the tissue %s has other numbers here than on an earlier line", dn_table_name(table),
                        dn_table_line(table, row), name);
            }
            *out = (int16_t)t;
            return DN_OK;
        }
    }
    dn_tissue *tissue = &tissues->tissues[tissues->count];
    DN_TRY(dn_strdup(name, &tissue->name));
    tissue->mean = number[0];
    tissue->mean_sd = number[1];
    tissue->sd = number[2];
    tissue->sd_sd = number[3];
    *out = (int16_t)tissues->count++;
    return DN_OK;
}

static dn_status read_border(const dn_table *table, size_t row, size_t column, float *out)
{
    double value = 1.0;
    if (column != SIZE_MAX) {
        DN_TRY(dn_table_number(table, row, column, &value));
        value = isnan(value) ? 1.0 : value; /* rows that were added to a table without knowing of the column */
        if (!(value >= 0.1 && value <= 10.0)) {
            DN_FAIL(DN_EFORMAT, "%s, line %zu, column border: a number from 0.1 to 10 is needed", dn_table_name(table),
                    dn_table_line(table, row));
        }
    }
    *out = (float)value;
    return DN_OK;
}

static dn_status read_row(dn_tissues *tissues, const dn_table *table, size_t row, const size_t *column)
{
    uint16_t label;
    uint16_t swap;
    DN_TRY(read_label(table, row, column[LABEL], &label));
    DN_TRY(read_label(table, row, column[SWAP], &swap));
    if (tissues->tissue[label] >= 0) {
        DN_FAIL(DN_EFORMAT, "%s, line %zu: label %u occurs twice in the table", dn_table_name(table), dn_table_line(table, row),
                (unsigned)label);
    }
    const char *region = dn_table_text(table, row, column[REGION]);
    int found = -1;
    for (int r = 0; r < (int)(sizeof region_names / sizeof *region_names); ++r) {
        if (region != NULL && strcmp(region, region_names[r]) == 0) {
            found = r;
        }
    }
    if (found < 0) {
        DN_FAIL(DN_EFORMAT, "%s, line %zu, column region: \"%s\" should be air, head, csf or brain", dn_table_name(table),
                dn_table_line(table, row), region == NULL ? "" : region);
    }
    int16_t tissue = -1;
    DN_TRY(find_tissue(tissues, table, row, column, &tissue));
    DN_TRY(read_border(table, row, column[BORDER], &tissues->border[label]));
    tissues->tissue[label] = tissue;
    tissues->swap[label] = swap;
    tissues->region[label] = (uint8_t)found;
    return DN_OK;
}

/* left -> right -> left must come back, or a mirrored map would lose a structure. */
static dn_status check_swaps(const dn_tissues *tissues, const char *path)
{
    for (int label = 0; label <= UINT16_MAX; ++label) {
        if (tissues->tissue[label] >= 0) {
            uint16_t other = tissues->swap[label];
            if (tissues->tissue[other] < 0 || tissues->swap[other] != label) {
                DN_FAIL(DN_EFORMAT, "%s: label %d has %u as its partner on the other side, but %u does not have it as a partner", path,
                        label, (unsigned)other, (unsigned)other);
            }
        }
    }
    return DN_OK;
}

dn_status dn_tissues_read(const char *path, dn_tissues **out)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    dn_tissues *tissues = NULL;
    size_t column[COLUMNS];
    DN_TRY_GOTO(status, dn_table_read(path, &table), done);
    for (int c = 0; c < NEEDED; ++c) {
        DN_TRY_GOTO(status, dn_table_column(table, column_names[c], &column[c]), done);
    }
    column[BORDER] = dn_table_find(table, column_names[BORDER]);
    DN_TRY_GOTO(status, dn_alloc(&tissues, 1, sizeof *tissues, "a tissue table"), done);
    DN_TRY_GOTO(status, dn_alloc(&tissues->swap, 65536, sizeof *tissues->swap, "a tissue table"), done);
    DN_TRY_GOTO(status, dn_alloc(&tissues->tissue, 65536, sizeof *tissues->tissue, "a tissue table"), done);
    DN_TRY_GOTO(status, dn_alloc(&tissues->region, 65536, sizeof *tissues->region, "a tissue table"), done);
    DN_TRY_GOTO(status, dn_alloc(&tissues->border, 65536, sizeof *tissues->border, "a tissue table"), done);
    DN_TRY_GOTO(status, dn_alloc(&tissues->tissues, dn_table_rows(table), sizeof *tissues->tissues, "a tissue table"), done);
    memset(tissues->tissue, 0xff, 65536 * sizeof *tissues->tissue); /* -1 */
    for (int label = 0; label <= UINT16_MAX; ++label) {
        tissues->swap[label] = (uint16_t)label;
        tissues->border[label] = 1.0f;
    }
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        DN_TRY_GOTO(status, read_row(tissues, table, row, column), done);
    }
    DN_TRY_GOTO(status, check_swaps(tissues, path), done);
    *out = tissues;
    tissues = NULL;
done:
    dn_tissues_destroy(tissues);
    dn_table_destroy(table);
    return status;
}

int dn_tissues_find(const dn_tissues *tissues, const char *name)
{
    for (size_t t = 0; t < tissues->count; ++t) {
        if (strcmp(tissues->tissues[t].name, name) == 0) {
            return (int)t;
        }
    }
    return -1;
}

void dn_tissues_destroy(dn_tissues *tissues)
{
    if (tissues == NULL) {
        return;
    }
    for (size_t t = 0; t < tissues->count; ++t) {
        free(tissues->tissues[t].name);
    }
    free(tissues->tissues);
    free(tissues->border);
    free(tissues->region);
    free(tissues->tissue);
    free(tissues->swap);
    free(tissues);
}
