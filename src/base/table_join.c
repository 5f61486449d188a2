/* Tables out of tables: join, filter, and volumes gathered from scans. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/memory.h"
#include "base/table_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status copy_row(const dn_table *from, size_t row, dn_table *to, size_t to_row)
{
    for (size_t c = 0; c < from->columns; ++c) {
        size_t target = dn_table_find(to, from->column[c].name);
        if (target == DN_TABLE_NONE) {
            DN_TRY(dn_table_add_column(to, from->column[c].name, &target));
        }
        DN_TRY(dn_table_set_text(to, to_row, target, from->column[c].cells[row]));
    }
    return DN_OK;
}

dn_status dn_table_filter(const dn_table *table, bool (*keep)(void *user, const dn_table *table, size_t row), void *user, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *result = NULL;
    size_t ignored;
    DN_TRY(dn_table_create(table->name, &result));
    result->mixed_commas = table->mixed_commas;
    for (size_t c = 0; c < table->columns; ++c) {
        DN_TRY_GOTO(status, dn_table_add_column(result, table->column[c].name, &ignored), done);
    }
    for (size_t r = 0; r < table->rows; ++r) {
        if (keep(user, table, r)) {
            size_t row;
            DN_TRY_GOTO(status, dn_table_add_row(result, &row), done);
            result->lines[row] = table->lines[r];
            DN_TRY_GOTO(status, copy_row(table, r, result, row), done);
        }
    }
    *out = result;
    result = NULL;
done:
    dn_table_destroy(result);
    return status;
}

static const char *bare_subject(const char *text)
{
    return strncmp(text, "sub-", 4) == 0 ? text + 4 : text;
}

typedef struct keyed {
    const char *key;
    size_t row;
} keyed;

static int compare_keyed(const void *pa, const void *pb)
{
    const keyed *a = pa;
    const keyed *b = pb;
    return strcmp(a->key, b->key);
}

/* Rows of table by key, sorted; a key twice is told with both lines. */
static dn_status index_rows(const dn_table *table, size_t column, keyed **out)
{
    keyed *index = NULL;
    DN_TRY(dn_table_check_unique(table, &column, 1));
    DN_TRY(dn_alloc(&index, table->rows, sizeof *index, "a table's keys"));
    for (size_t r = 0; r < table->rows; ++r) {
        index[r] = (keyed){bare_subject(table->column[column].cells[r]), r};
    }
    qsort(index, table->rows, sizeof *index, compare_keyed);
    for (size_t r = 1; r < table->rows; ++r) {
        if (strcmp(index[r].key, index[r - 1].key) == 0) {
            size_t a = table->lines[index[r - 1].row];
            size_t b = table->lines[index[r].row];
            dn_status status = dn_error_set(DN_EDATA, "%s: %s %s is there twice, on lines %zu and %zu, once with and once without \"sub-\"",
                                            table->name, table->column[column].name, index[r].key, a < b ? a : b, a < b ? b : a);
            free(index);
            return status;
        }
    }
    *out = index;
    return DN_OK;
}

/* The first names of a list in words; the rest are counted. */
typedef struct name_list {
    char *text;
    size_t count;
} name_list;

enum { NAMES_SAID = 25 };

static dn_status append_name(name_list *list, const char *name)
{
    char *longer = NULL;
    if (list->count++ >= NAMES_SAID) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&longer, "%s%s%s", list->text ? list->text : "", list->text ? ", " : "", name));
    free(list->text);
    list->text = longer;
    return DN_OK;
}

/* The whole list as one text, NULL for an empty one; the list is empty then. */
static dn_status take_names(name_list *list, char **out)
{
    dn_status status = DN_OK;
    *out = list->text;
    list->text = NULL;
    if (list->count > NAMES_SAID) {
        char *first = *out;
        *out = NULL;
        status = dn_asprintf(out, "%s and %zu more", first, list->count - NAMES_SAID);
        free(first);
    }
    return status;
}

/* Numbers may be written differently ("1" and "1.0"). */
static bool cells_agree(const char *a, const char *b)
{
    double x;
    double y;
    return strcmp(a, b) == 0 || (dn_number_form_of(a, &x) == DN_FORM_NUMBER && dn_number_form_of(b, &y) == DN_FORM_NUMBER && x == y);
}

static dn_status merge_row(const dn_table *right, size_t row, size_t key, dn_table *to, size_t to_row, const char *subject)
{
    for (size_t c = 0; c < right->columns; ++c) {
        const char *text = right->column[c].cells[row];
        if (c == key) {
            continue;
        }
        size_t target = dn_table_find(to, right->column[c].name);
        if (target == DN_TABLE_NONE) {
            DN_TRY(dn_table_add_column(to, right->column[c].name, &target));
        }
        const char *present = to->column[target].cells[to_row];
        if (present == NULL) {
            DN_TRY(dn_table_set_text(to, to_row, target, text));
        } else if (text != NULL && !cells_agree(present, text)) {
            DN_FAIL(DN_EDATA, "%s of %s is %s in %s but %s in %s (line %zu); correct one of them", right->column[c].name, subject, present,
                    to->name, text, right->name, right->lines[row]);
        }
    }
    return DN_OK;
}

dn_status dn_table_join(const dn_table *left, const dn_table *right, const char *key, dn_table **out, char **unmatched)
{
    dn_status status = DN_OK;
    dn_table *result = NULL;
    keyed *index = NULL;
    unsigned char *used = NULL;
    name_list missing = {0};
    size_t left_key;
    size_t right_key;
    size_t ignored;
    DN_TRY(dn_table_column(left, key, &left_key));
    DN_TRY(dn_table_column(right, key, &right_key));
    DN_TRY_GOTO(status, index_rows(right, right_key, &index), done);
    DN_TRY_GOTO(status, dn_alloc(&used, right->rows, 1, "a table's keys"), done);
    DN_TRY_GOTO(status, dn_table_create(left->name, &result), done);
    result->mixed_commas = left->mixed_commas || right->mixed_commas;
    for (size_t c = 0; c < left->columns; ++c) {
        DN_TRY_GOTO(status, dn_table_add_column(result, left->column[c].name, &ignored), done);
    }
    for (size_t r = 0; r < left->rows; ++r) {
        const char *subject = left->column[left_key].cells[r];
        if (subject == NULL) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: there is no %s", left->name, left->lines[r], key);
        }
        keyed wanted = {bare_subject(subject), 0};
        keyed *found = bsearch(&wanted, index, right->rows, sizeof *index, compare_keyed);
        if (found == NULL) {
            DN_TRY_GOTO(status, append_name(&missing, subject), done);
            continue;
        }
        size_t row;
        used[found->row] = 1;
        DN_TRY_GOTO(status, dn_table_add_row(result, &row), done);
        result->lines[row] = left->lines[r];
        DN_TRY_GOTO(status, copy_row(left, r, result, row), done);
        DN_TRY_GOTO(status, merge_row(right, found->row, right_key, result, row, subject), done);
    }
    for (size_t r = 0; r < right->rows; ++r) {
        if (!used[r]) {
            DN_TRY_GOTO(status, append_name(&missing, right->column[right_key].cells[r]), done);
        }
    }
    if (result->rows == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "%s and %s have no %s in common; are both of the same study?", left->name, right->name, key);
    }
    if (unmatched != NULL) {
        DN_TRY_GOTO(status, take_names(&missing, unmatched), done);
    }
    *out = result;
    result = NULL;
done:
    free(missing.text);
    free(used);
    free(index);
    dn_table_destroy(result);
    return status;
}

/* "sub-01_ses-2_run-1_volumes.tsv": the value of an entity with its prefix ("ses-2"), owned by the caller; NULL when there is none. */
static dn_status entity(const char *name, const char *prefix, char **out)
{
    *out = NULL;
    for (const char *p = name; p != NULL && *p != '\0'; p = strchr(p, '_'), p = p != NULL ? p + 1 : NULL) {
        if (strncmp(p, prefix, strlen(prefix)) == 0) {
            return dn_asprintf(out, "%.*s", (int)strcspn(p, "_."), p);
        }
    }
    return DN_OK;
}

static dn_status participant_of(const char *path, char **out)
{
    const char *name = dn_path_name(path);
    if (strncmp(name, "sub-", 4) == 0) {
        return entity(name, "sub-", out);
    }
    size_t length = strlen(name);
    const char *end = strstr(name, "_volumes.");
    return dn_asprintf(out, "%.*s", (int)(end != NULL ? (size_t)(end - name) : length), name);
}

/* A structure with a left and a right volume and none of both gets their sum. */
static dn_status add_both_sides(dn_table *wide, size_t row)
{
    size_t columns = wide->columns;
    for (size_t left = 0; left < columns; ++left) {
        char name[256];
        double a;
        double b;
        const char *side = strrchr(wide->column[left].name, '_');
        if (side == NULL || strcmp(side, "_L") != 0) {
            continue;
        }
        snprintf(name, sizeof name, "%.*s_R", (int)(side - wide->column[left].name), wide->column[left].name);
        size_t right = dn_table_find(wide, name);
        name[strlen(name) - 2] = '\0';
        size_t both = dn_table_find(wide, name);
        if (right == DN_TABLE_NONE || (both != DN_TABLE_NONE && wide->column[both].cells[row] != NULL)) {
            continue;
        }
        DN_TRY(dn_table_number(wide, row, left, &a));
        DN_TRY(dn_table_number(wide, row, right, &b));
        DN_TRY(dn_table_put_number(wide, name, a + b));
    }
    return DN_OK;
}

static dn_status gather_file(dn_table *wide, const char *path)
{
    dn_status status = DN_OK;
    dn_table *one = NULL;
    char *participant = NULL;
    char *session = NULL;
    size_t structure;
    size_t volume;
    size_t row;
    DN_TRY(dn_table_read(path, &one));
    DN_TRY_GOTO(status, dn_table_column(one, "structure", &structure), done);
    DN_TRY_GOTO(status, dn_table_column(one, "volume_mm3", &volume), done);
    size_t hemi = dn_table_find(one, "hemi");
    DN_TRY_GOTO(status, participant_of(path, &participant), done);
    DN_TRY_GOTO(status, entity(dn_path_name(path), "ses-", &session), done);
    DN_TRY_GOTO(status, dn_table_add_row(wide, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(wide, "participant_id", participant), done);
    if (session != NULL) {
        DN_TRY_GOTO(status, dn_table_put_text(wide, "session", session), done);
    }
    for (size_t r = 0; r < one->rows; ++r) {
        char name[256];
        double value;
        const char *side = hemi != DN_TABLE_NONE ? one->column[hemi].cells[r] : NULL;
        if (one->column[structure].cells[r] == NULL) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: there is no structure", path, one->lines[r]);
        }
        snprintf(name, sizeof name, "%s%s%s", one->column[structure].cells[r], side != NULL && strcmp(side, "B") != 0 ? "_" : "",
                 side != NULL && strcmp(side, "B") != 0 ? side : "");
        size_t column = dn_table_find(wide, name);
        if (column != DN_TABLE_NONE && wide->column[column].cells[row] != NULL) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: %s is there twice", path, one->lines[r], name);
        }
        DN_TRY_GOTO(status, dn_table_number(one, r, volume, &value), done);
        DN_TRY_GOTO(status, dn_table_put_number(wide, name, value), done);
    }
    status = add_both_sides(wide, row);
done:
    free(session);
    free(participant);
    dn_table_destroy(one);
    return status;
}

dn_status dn_table_gather_volumes(const char *const *paths, size_t count, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *wide = NULL;
    DN_TRY(dn_table_create("the gathered volumes", &wide));
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, gather_file(wide, paths[i]), done);
    }
    if (count > 0) {
        size_t keys[2] = {dn_table_find(wide, "participant_id"), dn_table_find(wide, "session")};
        dn_status unique = dn_table_check_unique(wide, keys, keys[1] != DN_TABLE_NONE ? 2 : 1);
        if (unique != DN_OK) {
            /* The lines of the wide table mean nothing to the user: name the files. */
            for (size_t i = 0; i < count && status == DN_OK; ++i) {
                for (size_t j = 0; j < i && status == DN_OK; ++j) {
                    const char *a = wide->column[keys[0]].cells[i];
                    const char *b = wide->column[keys[0]].cells[j];
                    const char *s = keys[1] != DN_TABLE_NONE ? wide->column[keys[1]].cells[i] : NULL;
                    const char *t = keys[1] != DN_TABLE_NONE ? wide->column[keys[1]].cells[j] : NULL;
                    if (strcmp(a, b) == 0 && (s == t || (s != NULL && t != NULL && strcmp(s, t) == 0))) {
                        status = dn_error_set(DN_EDATA, "%s and %s are both of %s%s%s; keep one of them", paths[j], paths[i], a,
                                              s ? ", " : "", s ? s : "");
                    }
                }
            }
            goto done;
        }
    }
    *out = wide;
    wide = NULL;
done:
    dn_table_destroy(wide);
    return status;
}
