/* Volumes and files of a corrected label map. */
#include "report/correct.h"

#include "base/memory.h"
#include "base/table.h"
#include "models/label_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 65536 };

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* A part is named after its whole: "hypothalamus_posterior". */
static void tell_wholes(dn_volume_rows *rows)
{
    for (size_t i = 0; i < rows->count; ++i) {
        rows->row[i].whole = true;
        for (size_t k = 0; k < rows->count; ++k) {
            const size_t n = strlen(rows->row[k].structure);
            if (strncmp(rows->row[i].structure, rows->row[k].structure, n) == 0 && rows->row[i].structure[n] == '_') {
                rows->row[i].whole = false;
            }
        }
    }
}

static dn_status read_row(const dn_table *table, size_t r, const size_t column[5], dn_volume_row *out)
{
    const char *structure = dn_table_text(table, r, column[0]), *hemi = dn_table_text(table, r, column[1]);
    dn_label_entry entry;
    if (structure == NULL || strlen(structure) >= sizeof out->structure) {
        DN_FAIL(DN_EFORMAT, "%s, line %zu: no structure, or one with a name that is too long", dn_table_name(table),
                dn_table_line(table, r));
    }
    *out = (dn_volume_row){.hemi = hemi != NULL ? *hemi : 'B'};
    snprintf(out->structure, sizeof out->structure, "%s", structure);
    out->index = out->hemi != 'B' && dn_label_table_structure(structure, out->hemi, &entry) ? entry.number : 0;
    DN_TRY(dn_table_number(table, r, column[2], &out->volume_mm3));
    DN_TRY(dn_table_number(table, r, column[3], &out->hard_volume_mm3));
    return dn_table_number(table, r, column[4], &out->mean_posterior);
}

static void read_verdict(const dn_table *table, dn_verdict *out)
{
    const size_t column = dn_table_find(table, "accepted");
    const char *text = column != DN_TABLE_NONE && dn_table_rows(table) > 0 ? dn_table_text(table, 0, column) : NULL;
    *out = DN_ACCEPTED;
    for (int v = 0; text != NULL && v <= (int)DN_ACCEPTED_BY_HAND; ++v) {
        *out = strcmp(text, dn_verdict_name((dn_verdict)v)) == 0 ? (dn_verdict)v : *out;
    }
}

dn_status dn_volume_rows_read(const char *path, dn_volume_rows *out, dn_verdict *verdict)
{
    static const char *const names[5] = {"structure", "hemi", "volume_mm3", "hard_volume_mm3", "mean_posterior"};
    size_t column[5];
    dn_table *table = NULL;
    dn_status status;
    *out = (dn_volume_rows){.row = NULL};
    DN_TRY(dn_table_read(path, &table));
    for (size_t c = 0; c < 5; ++c) {
        DN_TRY_GOTO(status, dn_table_column(table, names[c], &column[c]), done);
    }
    DN_TRY_GOTO(status, dn_alloc(&out->row, dn_table_rows(table), sizeof *out->row, "the table of volumes"), done);
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        DN_TRY_GOTO(status, read_row(table, r, column, &out->row[r]), done);
        out->count = r + 1;
    }
    tell_wholes(out);
    if (verdict != NULL) {
        read_verdict(table, verdict);
    }
done:
    dn_table_destroy(table);
    if (status != DN_OK) {
        dn_volume_rows_release(out);
    }
    return status;
}

/* ---- volumes ------------------------------------------------------------------------------------------------------ */

/* Voxels of each number, before and after. */
typedef struct tally {
    int64_t *before, *after; /* [NUMBERS] */
    bool *changed;           /* [NUMBERS] */
    double voxel_mm3;
} tally;

static void tally_release(tally *t)
{
    free(t->before);
    free(t->after);
    free(t->changed);
}

static dn_status take_tally(const dn_labels *base, const dn_labels *labels, tally *out)
{
    const int64_t count = dn_grid_count(&base->grid);
    DN_TRY(dn_alloc(&out->before, NUMBERS, sizeof *out->before, "the volumes"));
    DN_TRY(dn_alloc(&out->after, NUMBERS, sizeof *out->after, "the volumes"));
    DN_TRY(dn_alloc(&out->changed, NUMBERS, sizeof *out->changed, "the volumes"));
    for (int64_t v = 0; v < count; ++v) {
        const uint16_t a = base->data[v], b = labels->data[v];
        ++out->before[a];
        ++out->after[b];
        if (a != b) {
            out->changed[a] = out->changed[b] = true;
        }
    }
    out->voxel_mm3 = dn_grid_voxel_volume(&base->grid);
    return DN_OK;
}

/* Whether a label's voxels belong to a row: its own structure, the parts of a whole, and what a structure includes by its protocol
 * (FreeSurfer's VentralDC has the hypothalamus in it). */
static bool belongs(const dn_volume_row *row, const dn_label_entry *entry)
{
    const size_t n = strlen(row->structure);
    const bool side = row->hemi == 'B' || entry->side == row->hemi;
    const bool part =
        strncmp(entry->structure, row->structure, n) == 0 && (entry->structure[n] == '\0' || (row->whole && entry->structure[n] == '_'));
    const bool hypothalamus =
        strncmp(entry->structure, "hypothalamus", 12) == 0 && (entry->structure[12] == '\0' || entry->structure[12] == '_');
    const bool included = hypothalamus && strcmp(row->structure, "ventral_diencephalon") == 0;
    return side && (part || included);
}

/* *voxels: of the row now; *changed: others than before. */
static void count_row(const tally *t, const dn_volume_row *row, int64_t *voxels, bool *changed)
{
    dn_label_entry entry;
    *voxels = 0;
    *changed = false;
    for (size_t i = 0; dn_label_table_row(i, &entry); ++i) {
        if (entry.number > 0 && belongs(row, &entry)) {
            *voxels += t->after[entry.number];
            *changed = *changed || t->changed[entry.number];
        }
    }
}

static bool has_row(const dn_volume_rows *rows, const char *structure, char hemi)
{
    return dn_volume_rows_find(rows, structure, hemi) != NULL;
}

/* A side that was there is gone: then there is nothing to say of both. The sides come before. */
static bool lost_side(const dn_volume_row *row, const dn_volume_rows *base, const dn_volume_rows *out)
{
    return row->hemi == 'B' && ((has_row(base, row->structure, 'L') && !has_row(out, row->structure, 'L')) ||
                                (has_row(base, row->structure, 'R') && !has_row(out, row->structure, 'R')));
}

/* The row as it is now; not added when nothing is left of it. */
static void add_row(const tally *t, const dn_volume_row *row, const dn_volume_rows *base, dn_volume_rows *out)
{
    int64_t voxels;
    bool changed;
    dn_volume_row now = *row;
    count_row(t, row, &voxels, &changed);
    if (changed && strcmp(row->structure, "icv") != 0) {
        now.volume_mm3 = now.hard_volume_mm3 = (double)voxels * t->voxel_mm3;
        now.mean_posterior = NAN;
    }
    if ((!changed || voxels > 0) && !lost_side(row, base, out)) {
        out->row[out->count++] = now;
    }
}

/* Labels that are there now and have no row: a person added them. */
static void add_new(const tally *t, const dn_volume_rows *base, dn_volume_rows *out)
{
    dn_label_entry entry;
    for (size_t i = 0; dn_label_table_row(i, &entry); ++i) {
        if (entry.number > 0 && entry.number < NUMBERS && t->after[entry.number] > 0 && !has_row(base, entry.structure, entry.side) &&
            !has_row(out, entry.structure, entry.side)) {
            dn_volume_row row = {.hemi = entry.side, .whole = true, .index = entry.number};
            snprintf(row.structure, sizeof row.structure, "%s", entry.structure);
            add_row(t, &row, base, out);
        }
    }
}

/* What a changed whole is made of, as the rows of its parts now say, or of its sides: so that the numbers of the table add up. */
static void sum_parts(dn_volume_rows *rows)
{
    for (size_t i = rows->count; i-- > 0;) { /* from the end: parts come behind their whole */
        dn_volume_row *row = &rows->row[i];
        const size_t n = strlen(row->structure);
        double sum = 0.0;
        size_t parts = 0;
        if (!isnan(row->mean_posterior) || row->hemi == 'B') {
            continue;
        }
        for (size_t k = 0; k < rows->count; ++k) {
            const dn_volume_row *part = &rows->row[k];
            if (!part->whole && part->hemi == row->hemi && strncmp(part->structure, row->structure, n) == 0 && part->structure[n] == '_') {
                sum += part->volume_mm3;
                ++parts;
            }
        }
        row->volume_mm3 = parts > 0 ? sum : row->volume_mm3;
    }
    for (size_t i = 0; i < rows->count; ++i) {
        dn_volume_row *row = &rows->row[i];
        const dn_volume_row *left = dn_volume_rows_find(rows, row->structure, 'L'), *right = dn_volume_rows_find(rows, row->structure, 'R');
        if (isnan(row->mean_posterior) && row->hemi == 'B' && left != NULL && right != NULL) {
            row->volume_mm3 = left->volume_mm3 + right->volume_mm3;
        }
    }
}

static dn_status make_rows(const tally *t, const dn_volume_rows *base, dn_volume_rows *out)
{
    enum { ADDED_MOST = 256 };
    *out = (dn_volume_rows){.row = NULL};
    DN_TRY(dn_alloc(&out->row, base->count + ADDED_MOST, sizeof *out->row, "the table of volumes"));
    for (size_t i = 0; i < base->count; ++i) {
        add_row(t, &base->row[i], base, out);
    }
    add_new(t, base, out);
    tell_wholes(out);
    sum_parts(out);
    return DN_OK;
}

dn_status dn_corrected_volumes(const dn_labels *base, const dn_volume_rows *base_rows, const dn_labels *labels, bool *changed,
                               dn_volume_rows *out)
{
    tally t = {.before = NULL};
    dn_status status = take_tally(base, labels, &t);
    if (status == DN_OK) {
        status = make_rows(&t, base_rows, out);
    }
    if (status == DN_OK && changed != NULL) {
        memcpy(changed, t.changed, NUMBERS * sizeof *changed);
    }
    tally_release(&t);
    return status;
}
