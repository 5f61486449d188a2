/* Reads tables of volumes, one row per scan, with the entities of BIDS as columns. */
#define _GNU_SOURCE
#include "study/tables/gather.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_gather_participant(const char *path, char **out)
{
    const char *name = dn_path_name(path);
    if (dn_bids_has_key(DN_BIDS_SUB, name)) {
        return dn_bids_entity_of(name, DN_BIDS_SUB, out);
    }
    /* A name of one's own: up to what is not the person. */
    static const char *const ends[] = {"_ses-", "_desc-", "_volumes."};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        const char *end = strstr(name, ends[i]);
        length = end != NULL && end > name && (size_t)(end - name) < length ? (size_t)(end - name) : length;
    }
    return dn_asprintf(out, "%.*s", (int)length, name);
}

static dn_status put_volume(dn_table *wide, size_t row, const char *name, double value)
{
    size_t column = dn_table_find(wide, name);
    if (column == DN_TABLE_NONE) {
        DN_TRY(dn_table_add_column(wide, name, &column));
        DN_TRY(dn_table_set_unit(wide, column, "mm3"));
    }
    return dn_table_set_number(wide, row, column, value);
}

/* A structure with a left and a right volume and none of both gets their sum. */
static dn_status add_both_sides(dn_table *wide, size_t row)
{
    size_t columns = dn_table_columns(wide);
    for (size_t left = 0; left < columns; ++left) {
        char name[256];
        double a;
        double b;
        const char *left_name = dn_table_column_name(wide, left);
        const char *side = strrchr(left_name, '_');
        if (side == NULL || strcmp(side, "_L") != 0) {
            continue;
        }
        snprintf(name, sizeof name, "%.*s_R", (int)(side - left_name), left_name);
        size_t right = dn_table_find(wide, name);
        name[strlen(name) - 2] = '\0';
        size_t both = dn_table_find(wide, name);
        if (right == DN_TABLE_NONE || (both != DN_TABLE_NONE && dn_table_text(wide, row, both) != NULL)) {
            continue;
        }
        DN_TRY(dn_table_number(wide, row, left, &a));
        DN_TRY(dn_table_number(wide, row, right, &b));
        DN_TRY(put_volume(wide, row, name, a + b));
    }
    return DN_OK;
}

static dn_status read_verdict(const dn_table *one, dn_scan_verdict *out)
{
    static const char *const words[] = {"yes", "no", "by_hand"};
    size_t column = dn_table_find(one, "accepted");
    *out = DN_SCAN_UNJUDGED;
    for (size_t r = 0; column != DN_TABLE_NONE && r < dn_table_rows(one); ++r) {
        const char *text = dn_table_text(one, r, column);
        size_t w = 0;
        if (text == NULL) {
            continue;
        }
        while (w < 3 && strcmp(text, words[w]) != 0) {
            ++w;
        }
        if (w == 3) {
            DN_FAIL(DN_EDATA, "%s, line %zu: accepted is \"%s\"; it should be yes, no or by_hand", dn_table_name(one),
                    dn_table_line(one, r), text);
        }
        dn_scan_verdict verdict = (dn_scan_verdict)(DN_SCAN_ACCEPTED + w);
        *out = *out == DN_SCAN_REJECTED || verdict == DN_SCAN_REJECTED ? DN_SCAN_REJECTED : verdict; /* one structure is enough */
    }
    return DN_OK;
}

/* The volumes of one file into a row of wide. */
static dn_status put_volumes(const dn_table *one, dn_table *wide, size_t row)
{
    size_t structure;
    size_t volume;
    DN_TRY(dn_table_column(one, "structure", &structure));
    DN_TRY(dn_table_column(one, "volume_mm3", &volume));
    size_t hemi = dn_table_find(one, "hemi");
    for (size_t r = 0; r < dn_table_rows(one); ++r) {
        char name[256];
        double value;
        const char *side = hemi != DN_TABLE_NONE ? dn_table_text(one, r, hemi) : NULL;
        bool whole = side == NULL || strcmp(side, "B") == 0;
        if (dn_table_text(one, r, structure) == NULL) {
            DN_FAIL(DN_EDATA, "%s, line %zu: there is no structure", dn_table_name(one), dn_table_line(one, r));
        }
        snprintf(name, sizeof name, "%s%s%s", dn_table_text(one, r, structure), whole ? "" : "_", whole ? "" : side);
        size_t column = dn_table_find(wide, name);
        if (column != DN_TABLE_NONE && dn_table_text(wide, row, column) != NULL) {
            DN_FAIL(DN_EDATA, "%s, line %zu: %s occurs twice", dn_table_name(one), dn_table_line(one, r), name);
        }
        DN_TRY(dn_table_number(one, r, volume, &value));
        DN_TRY(put_volume(wide, row, name, value));
    }
    return add_both_sides(wide, row);
}

/* run, acq, ce and the like, each in a column of its own: two scans of a person in one session are told apart by them. */
static dn_status put_entities(dn_table *wide, const char *path)
{
    dn_bids_name name;
    dn_status status = DN_OK;
    DN_TRY(dn_bids_parse(path, &name));
    for (int e = 0; status == DN_OK && name.valid && e < (int)DN_BIDS_COUNT; ++e) {
        const bool told = e == (int)DN_BIDS_SUB || e == (int)DN_BIDS_SES;
        if (name.value[e] != NULL && !told && dn_bids_of_acquisition((dn_bids_entity)e)) {
            status = dn_table_put_text(wide, dn_bids_key((dn_bids_entity)e), name.value[e]);
        }
    }
    dn_bids_name_release(&name);
    return status;
}

static dn_status gather_file(dn_table *wide, const char *path, dn_scan_record *scan)
{
    static const char *const words[] = {NULL, "yes", "no", "by_hand"};
    dn_status status = DN_OK;
    dn_table *one = NULL;
    size_t row;
    DN_TRY(dn_strdup(path, &scan->path));
    DN_TRY(dn_gather_participant(path, &scan->participant));
    DN_TRY(dn_bids_entity_of(path, DN_BIDS_SES, &scan->session));
    DN_TRY(dn_table_read(path, &one));
    DN_TRY_GOTO(status, read_verdict(one, &scan->verdict), done);
    DN_TRY_GOTO(status, dn_scan_record_describe(scan), done);
    DN_TRY_GOTO(status, dn_table_add_row(wide, &row), done);
    DN_TRY_GOTO(status, dn_table_set_source(wide, row, path), done);
    DN_TRY_GOTO(status, dn_table_put_text(wide, "participant_id", scan->participant), done);
    if (scan->session != NULL) {
        DN_TRY_GOTO(status, dn_table_put_text(wide, "session", scan->session), done);
    }
    DN_TRY_GOTO(status, put_entities(wide, path), done);
    if (scan->verdict != DN_SCAN_UNJUDGED) {
        DN_TRY_GOTO(status, dn_table_put_text(wide, "accepted", words[scan->verdict]), done);
    }
    if (scan->corrected != NULL) {
        DN_TRY_GOTO(status, dn_table_put_text(wide, "corrected", scan->corrected), done);
    }
    status = put_volumes(one, wide, row);
done:
    dn_table_destroy(one);
    return status;
}

dn_status dn_gather_volumes(const char *const *paths, size_t count, dn_gathered *out)
{
    *out = (dn_gathered){0};
    dn_status status = dn_table_create("the gathered volumes", &out->table);
    if (status == DN_OK) {
        status = dn_alloc(&out->scan, count, sizeof *out->scan, "records of scans");
    }
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        status = dn_cancel_check();
        if (status == DN_OK) {
            out->count = i + 1;
            status = gather_file(out->table, paths[i], &out->scan[i]);
        }
    }
    if (status != DN_OK) {
        dn_gathered_release(out);
    }
    return status;
}

typedef struct placed {
    const char *participant, *session, *source;
} placed;

static int compare_placed(const void *pa, const void *pb)
{
    const placed *a = pa;
    const placed *b = pb;
    int order = strcmp(a->participant, b->participant);
    if (order == 0) {
        order = strcmp(a->session != NULL ? a->session : "", b->session != NULL ? b->session : "");
    }
    return order != 0 ? order : strcmp(a->source, b->source);
}

/* Two files of one person and session: of one scan, or of two (run-1 and run-2). */
static dn_status refuse_pair(const placed *a, const placed *b)
{
    const char *session = a->session != NULL ? a->session : "", *comma = *session != '\0' ? ", " : "";
    char *key_a = NULL, *key_b = NULL;
    dn_status status = dn_bids_scan_key(a->source, &key_a);
    status = status == DN_OK ? dn_bids_scan_key(b->source, &key_b) : status;
    if (status == DN_OK && strcmp(key_a, key_b) == 0) {
        status =
            dn_error_set(DN_EDATA, "%s and %s are both of %s%s%s; keep one of them", a->source, b->source, a->participant, comma, session);
    } else if (status == DN_OK) {
        status = dn_error_set(DN_EDATA, "%s and %s are two scans of %s%s%s, %s and %s; keep one of them", a->source, b->source,
                              a->participant, comma, session, key_a, key_b);
        status = dn_error_offer(status, DN_REMEDY_KEEP_ROWS);
    }
    free(key_a);
    free(key_b);
    return status;
}

dn_status dn_gathered_check(const dn_table *table)
{
    dn_status status = DN_OK;
    const size_t participant = dn_table_find(table, "participant_id");
    const size_t session = dn_table_find(table, "session");
    const size_t rows = dn_table_rows(table);
    placed *list = NULL;
    DN_TRY(dn_alloc(&list, rows, sizeof *list, "a list"));
    for (size_t r = 0; r < rows; ++r) {
        list[r] = (placed){dn_table_text(table, r, participant), session != DN_TABLE_NONE ? dn_table_text(table, r, session) : NULL,
                           dn_table_source(table, r)};
    }
    qsort(list, rows, sizeof *list, compare_placed);
    for (size_t r = 1; r < rows; ++r) {
        const placed *a = &list[r - 1];
        const placed *b = &list[r];
        const char *x = a->session != NULL ? a->session : "";
        const char *y = b->session != NULL ? b->session : "";
        if (strcmp(a->participant, b->participant) == 0 && strcmp(x, y) == 0) {
            DN_TRY_GOTO(status, refuse_pair(a, b), done);
        }
    }
done:
    free(list);
    return status;
}

const dn_scan_record *dn_gathered_scan(const dn_gathered *gathered, const char *source)
{
    for (size_t i = 0; source != NULL && i < gathered->count; ++i) {
        if (strcmp(gathered->scan[i].path, source) == 0) {
            return &gathered->scan[i];
        }
    }
    return NULL;
}

void dn_gathered_release(dn_gathered *gathered)
{
    for (size_t i = 0; gathered->scan != NULL && i < gathered->count; ++i) {
        dn_scan_record_release(&gathered->scan[i]);
    }
    free(gathered->scan);
    dn_table_destroy(gathered->table);
    *gathered = (dn_gathered){0};
}
