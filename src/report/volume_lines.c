/* From rows of the table to lines for people: both sides beside each other, in a unit that is easy to read. */
#include "report/volume_lines.h"

#include "models/label_table.h"
#include "segment/head/clean.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static dn_line_kind kind_of(const dn_volume_row *row)
{
    return !row->whole                                   ? DN_LINE_PART
           : strcmp(row->structure, "hypothalamus") == 0 ? DN_LINE_HYPOTHALAMUS
           : strcmp(row->structure, "thalamus") == 0     ? DN_LINE_THALAMUS
           : strcmp(row->structure, "icv") == 0          ? DN_LINE_ICV
           : dn_clean_deep(row->structure)               ? DN_LINE_DEEP
                                                         : DN_LINE_TISSUE;
}

static bool is_first(const dn_volume_rows *rows, size_t i)
{
    for (size_t k = 0; k < i; ++k) {
        if (strcmp(rows->row[k].structure, rows->row[i].structure) == 0) {
            return false;
        }
    }
    return true;
}

static dn_volume_line line_of(const dn_volume_rows *rows, const dn_volume_row *first)
{
    dn_volume_line line = {.kind = kind_of(first),
                           .left = dn_volume_rows_find(rows, first->structure, 'L'),
                           .right = dn_volume_rows_find(rows, first->structure, 'R'),
                           .both = dn_volume_rows_find(rows, first->structure, 'B'),
                           .structure = first->structure,
                           .both_mm3 = NAN,
                           .asymmetry = NAN,
                           .unit = dn_unit_of(first->structure)};
    line.paired = line.left != NULL || line.right != NULL;
    if (line.both != NULL) {
        line.both_mm3 = line.both->volume_mm3;
    }
    if (line.left != NULL && line.right != NULL) {
        const double sum = line.left->volume_mm3 + line.right->volume_mm3;
        line.both_mm3 = line.both != NULL ? line.both_mm3 : sum;
        line.asymmetry = sum > 0.0 ? 2.0 * (line.left->volume_mm3 - line.right->volume_mm3) / sum : (double)NAN;
    }
    return line;
}

size_t dn_volume_lines(const dn_volume_rows *rows, dn_volume_line out[DN_LINE_LIMIT])
{
    size_t count = 0;
    for (dn_line_kind k = 0; k < DN_LINE_KINDS; ++k) {
        for (size_t i = 0; i < rows->count && count < DN_LINE_LIMIT; ++i) {
            if (kind_of(&rows->row[i]) == k && is_first(rows, i)) {
                out[count++] = line_of(rows, &rows->row[i]);
            }
        }
    }
    return count;
}

void dn_volume_line_name(const dn_volume_line *line, char out[64])
{
    const dn_volume_row *row = line->both != NULL ? line->both : line->left != NULL ? line->left : line->right;
    dn_volume_row_name(row, out);
    if (line->kind != DN_LINE_PART && out[0] >= 'a' && out[0] <= 'z') {
        out[0] = (char)(out[0] - 'a' + 'A');
    }
}

static bool label_in(const dn_structures *structures, const char *structure, char side, uint8_t color[3], int64_t *number)
{
    for (int64_t c = 1; c < structures->channels; ++c) {
        const dn_model_label *label = structures->label_of[c];
        if (label != NULL && label->index > 0 && label->hemi == side && strcmp(label->structure, structure) == 0) {
            dn_label_color(label, color);
            *number = label->index;
            return true;
        }
    }
    return false;
}

bool dn_volume_line_label(const dn_segment_result *result, const char *structure, char side, uint8_t color[3], int64_t *number)
{
    dn_label_entry entry;
    if (label_in(&result->structures, structure, side, color, number) ||
        (result->head != NULL && label_in(&result->head->found.structures, structure, side, color, number))) {
        return true;
    }
    if (strcmp(structure, "icv") == 0 && dn_label_table_structure(structure, side, &entry)) {
        memcpy(color, entry.color, 3);
        *number = 0;
        return true;
    }
    return false;
}

dn_unit dn_unit_of(const char *structure)
{
    static const char *const small[] = {"hypothalamus", "accumbens", "optic_chiasm"};
    for (size_t i = 0; i < sizeof small / sizeof *small; ++i) {
        if (strncmp(structure, small[i], strlen(small[i])) == 0) { /* its parts, too */
            return DN_UNIT_MM3;
        }
    }
    return DN_UNIT_ML;
}

const char *dn_unit_name(dn_unit unit)
{
    return unit == DN_UNIT_ML ? "mL" : "mm\xc2\xb3";
}

const char *dn_unit_number(double mm3, dn_unit unit, char out[40])
{
    static const char space[] = "\xe2\x80\xaf";
    const double value = unit == DN_UNIT_ML ? 1e-3 * mm3 : mm3;
    char plain[40];
    if (!(fabs(value) < 1e12)) {
        snprintf(out, 40, "n/a");
        return out;
    }
    const int decimals = unit == DN_UNIT_MM3 ? 0 : fabs(value) < 99.995 ? 2 : fabs(value) < 999.95 ? 1 : 0;
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    const size_t whole = strcspn(plain, ".");
    size_t n = 0;
    for (size_t i = 0; plain[i] != 0 && n + 5 < 40; ++i) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0 && plain[i - 1] != '-') {
            memcpy(out + n, space, sizeof space - 1);
            n += sizeof space - 1;
        }
        out[n++] = plain[i];
    }
    out[n] = 0;
    return out;
}
