/* Classes' numbers, partners of labels, and the table of tissues that goes with a map. */
#include "labelmap/numbers.h"

#include "base/install.h"
#include "base/memory.h"
#include "base/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

dn_status dn_numbers_tissues(const char *path, dn_tissues **out)
{
    char *found = NULL;
    if (path == NULL) {
        DN_TRY(dn_install_path("synth/tissues.tsv", &found));
    }
    dn_status status = dn_tissues_read(path == NULL ? found : path, out);
    free(found);
    return status;
}

dn_status dn_numbers_partner(const dn_tissues *tissues, uint16_t label, uint16_t *out)
{
    if (label > DN_CLASS_LEFT && label <= DN_CLASS_LEFT + DN_CLASS_MOST) {
        *out = (uint16_t)(label - DN_CLASS_LEFT + DN_CLASS_RIGHT);
    } else if (label > DN_CLASS_RIGHT && label <= DN_CLASS_RIGHT + DN_CLASS_MOST) {
        *out = (uint16_t)(label - DN_CLASS_RIGHT + DN_CLASS_LEFT);
    } else if (label == 0) {
        *out = 0;
    } else if (tissues->tissue[label] >= 0) {
        *out = tissues->swap[label];
    } else {
        DN_FAIL_OFFER(
            DN_EDATA, DN_REMEDY_TISSUES,
            "label %u is not in the tissue table, so that its number on the other side is not known; add it there, or use another "
            "table",
            (unsigned)label);
    }
    return DN_OK;
}

dn_status dn_numbers_partners(const dn_labels *labels, const dn_tissues *tissues, uint16_t **out)
{
    uint16_t *partner = NULL;
    uint8_t *seen = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&partner, 65536, sizeof *partner, "partners of labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&seen, 65536, 1, "partners of labels"), done);
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        seen[labels->data[v]] = 1;
    }
    for (int label = 1; label < 65536; ++label) {
        if (seen[label]) {
            DN_TRY_GOTO(status, dn_numbers_partner(tissues, (uint16_t)label, &partner[label]), done);
        }
    }
    *out = partner;
    partner = NULL;
done:
    free(partner);
    free(seen);
    return status;
}

dn_status dn_numbers_swap(dn_labels *labels, const char *table)
{
    dn_tissues *tissues = NULL;
    uint16_t *partner = NULL;
    dn_status status = dn_numbers_tissues(table, &tissues);
    if (status == DN_OK) {
        status = dn_numbers_partners(labels, tissues, &partner);
    }
    for (int64_t v = 0; v < dn_grid_count(&labels->grid) && status == DN_OK; ++v) {
        labels->data[v] = partner[labels->data[v]];
    }
    free(partner);
    dn_tissues_destroy(tissues);
    return status;
}

static dn_status put_class(dn_table *table, int base, int other, int c, const dn_class_facts *facts, double scale)
{
    char name[48];
    size_t row;
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(dn_table_put_number(table, "label", base + c));
    snprintf(name, sizeof name, "%s_class_%d", base == DN_CLASS_LEFT ? "left" : "right", c);
    DN_TRY(dn_table_put_text(table, "name", name));
    DN_TRY(dn_table_put_number(table, "swap", other + c));
    DN_TRY(dn_table_put_text(table, "region", "brain"));
    snprintf(name, sizeof name, "class_%d", c);
    DN_TRY(dn_table_put_text(table, "tissue", name));
    DN_TRY(dn_table_put_number(table, "mean", round(facts->mean * scale * 10.0) / 10.0));
    DN_TRY(dn_table_put_number(table, "mean_sd", 15));
    DN_TRY(dn_table_put_number(table, "sd", fmax(round(facts->sd * scale * 10.0) / 10.0, 1.0)));
    return dn_table_put_number(table, "sd_sd", 5);
}

dn_status dn_numbers_write_tissues(const char *tissues, const dn_labels *map, const dn_class_facts *classes, int k, const char *path)
{
    dn_status status = DN_OK;
    dn_table *from = NULL, *to = NULL;
    uint8_t *seen = NULL;
    char *found = NULL;
    size_t column, row;
    if (tissues == NULL) {
        DN_TRY(dn_install_path("synth/tissues.tsv", &found));
    }
    DN_TRY_GOTO(status, dn_table_read(tissues == NULL ? found : tissues, &from), done);
    DN_TRY_GOTO(status, dn_table_create_like(from, path, &to), done);
    DN_TRY_GOTO(status, dn_table_column(from, "label", &column), done);
    DN_TRY_GOTO(status, dn_alloc(&seen, 65536, 1, "the labels of a map"), done);
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        seen[map->data[v]] = 1;
    }
    seen[0] = 1;
    for (size_t r = 0; r < dn_table_rows(from); ++r) {
        double label;
        DN_TRY_GOTO(status, dn_table_number(from, r, column, &label), done);
        if (label >= 0.0 && label < 65536.0 && seen[(int)label]) {
            DN_TRY_GOTO(status, dn_table_add_row_of(to, from, r, &row), done);
        }
    }
    const double scale = classes[k - 1].mean > 0.0 ? 160.0 / classes[k - 1].mean : 1.0;
    for (int c = 1; c <= k; ++c) {
        DN_TRY_GOTO(status, put_class(to, DN_CLASS_LEFT, DN_CLASS_RIGHT, c, &classes[c - 1], scale), done);
        DN_TRY_GOTO(status, put_class(to, DN_CLASS_RIGHT, DN_CLASS_LEFT, c, &classes[c - 1], scale), done);
    }
    status = dn_table_write(to, path);
done:
    dn_table_destroy(from);
    dn_table_destroy(to);
    free(seen);
    free(found);
    return status;
}
