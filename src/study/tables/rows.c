/* Keeps rows by a condition, a session or the verdict of quality control, and finds people who occur twice. */
#define _GNU_SOURCE
#include "study/tables/rows.h"

#include "base/bids_name.h"
#include "base/memory.h"
#include "base/words.h"
#include "study/tables/load.h"
#include "study/tables/remarks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status keep(dn_table **table, bool (*rule)(void *user, const dn_table *table, size_t row), void *user)
{
    dn_table *kept = NULL;
    DN_TRY(dn_table_filter(*table, rule, user, &kept));
    dn_table_destroy(*table);
    *table = kept;
    return DN_OK;
}

/* Distinct texts of a column, the first `most` of them; owned array of borrowed texts, NULL-terminated. */
static dn_status texts_of(const dn_table *table, size_t column, size_t most, const char ***out)
{
    size_t count = 0;
    DN_TRY(dn_alloc(out, most + 1, sizeof **out, "texts"));
    for (size_t r = 0; r < dn_table_rows(table) && count < most; ++r) {
        const char *text = dn_table_text(table, r, column);
        size_t i = 0;
        while (text != NULL && i < count && strcmp((*out)[i], text) != 0) {
            ++i;
        }
        if (text != NULL && i == count) {
            (*out)[count++] = text;
        }
    }
    return DN_OK;
}

/* ---- conditions ---- */

dn_status dn_condition_parse(const char *where, const dn_table *table, dn_condition *out)
{
    *out = (dn_condition){.column = DN_TABLE_NONE};
    if (where == NULL) {
        return DN_OK;
    }
    const char *equals = strchr(where, '=');
    if (equals == NULL || equals == where || (size_t)(equals - where) >= sizeof out->name) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_WHERE, "the condition \"%s\" is not like group=ALS", where);
    }
    snprintf(out->name, sizeof out->name, "%.*s", (int)(equals - where), where);
    out->value = equals + 1;
    out->column = dn_table_find(table, out->name);
    return DN_OK;
}

bool dn_condition_holds(const dn_condition *condition, const dn_table *table, size_t row)
{
    const char *text = dn_table_text(table, row, condition->column);
    return text != NULL && strcmp(text, condition->value) == 0;
}

static bool meets(void *user, const dn_table *table, size_t row)
{
    return dn_condition_holds(user, table, row);
}

dn_status dn_keep_condition(dn_table **table, const dn_condition *condition, const char *where)
{
    enum { MOST = 200 };
    dn_condition own = *condition;
    const char **texts = NULL;
    for (size_t r = 0; r < dn_table_rows(*table); ++r) {
        if (dn_condition_holds(condition, *table, r)) {
            return keep(table, meets, &own);
        }
    }
    dn_list list = {0};
    const char *names = NULL;
    DN_TRY(texts_of(*table, condition->column, MOST, &texts));
    dn_status status = DN_OK;
    const char *nearest = dn_nearest_name(condition->value, texts);
    if (nearest != NULL) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "no row of %s has %s; did you mean \"%s\"?", dn_table_name(*table), where, nearest);
    }
    for (size_t i = 0; texts[i] != NULL; ++i) {
        DN_TRY_GOTO(status, dn_list_add(&list, texts[i], NULL), done);
    }
    DN_TRY_GOTO(status, dn_list_close(&list, &names), done);
    status = dn_error_set(DN_EDATA, "no row of %s has %s; there are: %s", dn_table_name(*table), where, names);
done:
    dn_list_release(&list);
    free(texts);
    return status;
}

dn_status dn_study_keep_where(dn_table **table, const char *where)
{
    dn_condition wanted;
    size_t ignored;
    DN_TRY(dn_condition_parse(where, *table, &wanted));
    if (where == NULL) {
        return DN_OK;
    }
    return wanted.column != DN_TABLE_NONE ? dn_keep_condition(table, &wanted, where) : dn_table_column(*table, wanted.name, &ignored);
}

/* ---- sessions ---- */

size_t dn_session_column(const dn_table *table)
{
    size_t column = dn_table_find(table, "session");
    return column != DN_TABLE_NONE ? column : dn_table_find(table, "session_id");
}

typedef struct session_rule {
    size_t column;
    const char *session;
} session_rule;

static bool is_of_session(void *user, const dn_table *table, size_t row)
{
    const session_rule *rule = user;
    const char *text = dn_table_text(table, row, rule->column);
    return text != NULL && dn_bids_same(DN_BIDS_SES, text, rule->session);
}

dn_status dn_keep_session(dn_table **table, size_t column, const char *session)
{
    session_rule rule = {column, session};
    const char **texts = NULL;
    dn_list list = {0};
    const char *names;
    for (size_t r = 0; r < dn_table_rows(*table); ++r) {
        if (is_of_session(&rule, *table, r)) {
            return keep(table, is_of_session, &rule);
        }
    }
    DN_TRY(texts_of(*table, column, 50, &texts));
    dn_status status = DN_OK;
    for (size_t i = 0; texts[i] != NULL && status == DN_OK; ++i) {
        status = dn_list_add(&list, texts[i], NULL);
    }
    if (status == DN_OK) {
        status = dn_list_close(&list, &names);
    }
    if (status == DN_OK) {
        status = dn_error_set(DN_EDATA, "no row of %s is of the session %s; there are: %s", dn_table_name(*table), session, names);
    }
    dn_list_release(&list);
    free(texts);
    return status;
}

typedef struct keyed {
    const char *id;
    size_t row;
} keyed;

static int compare_keyed(const void *pa, const void *pb)
{
    const keyed *a = pa;
    const keyed *b = pb;
    int order = strcmp(a->id, b->id);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

/* Two rows of one id, when *found. */
static dn_status find_repeat(const dn_table *table, size_t key, bool *found, size_t *first, size_t *second)
{
    keyed *list = NULL;
    size_t n = 0;
    *found = false;
    DN_TRY(dn_alloc(&list, dn_table_rows(table), sizeof *list, "ids"));
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        if (dn_table_text(table, r, key) != NULL) {
            list[n++] = (keyed){dn_table_text(table, r, key), r};
        }
    }
    qsort(list, n, sizeof *list, compare_keyed);
    for (size_t i = 1; i < n && !*found; ++i) {
        *found = strcmp(list[i - 1].id, list[i].id) == 0;
        *first = list[i - 1].row;
        *second = list[i].row;
    }
    free(list);
    return DN_OK;
}

dn_status dn_has_repeats(const dn_table *table, const char *key, bool *out)
{
    size_t first, second, column = dn_table_find(table, key);
    *out = false;
    return column != DN_TABLE_NONE ? find_repeat(table, column, out, &first, &second) : DN_OK;
}

dn_status dn_check_sessions(const dn_table *gathered)
{
    size_t a = 0, b = 0, participant = dn_table_find(gathered, "participant_id"), session = dn_session_column(gathered);
    bool found = false;
    if (session != DN_TABLE_NONE) {
        DN_TRY(find_repeat(gathered, participant, &found, &a, &b));
    }
    if (!found) {
        return DN_OK;
    }
    const char *one = dn_table_text(gathered, a, session);
    const char *two = dn_table_text(gathered, b, session);
    const dn_status status =
        dn_error_set(DN_EDATA, "%s occurs twice, in %s and in %s; choose a session", dn_table_text(gathered, a, participant),
                     dn_table_source(gathered, a), dn_table_source(gathered, b));
    return dn_error_offer_of(status, DN_REMEDY_SESSION, one != NULL ? one : two != NULL ? two : "");
}

/* ---- verdicts ---- */

size_t dn_verdict_column(const dn_table *table)
{
    size_t column = dn_table_find(table, "accepted");
    for (size_t r = 0; column != DN_TABLE_NONE && r < dn_table_rows(table); ++r) {
        const char *text = dn_table_text(table, r, column);
        if (text != NULL && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0 && strcmp(text, "by_hand") != 0) {
            return DN_TABLE_NONE;
        }
    }
    return column;
}

static bool is_not_rejected(void *user, const dn_table *table, size_t row)
{
    const size_t *column = user;
    const char *text = dn_table_text(table, row, *column);
    return text == NULL || strcmp(text, "no") != 0;
}

dn_status dn_drop_rejected(dn_table **table, size_t column)
{
    return keep(table, is_not_rejected, &column);
}

/* ---- categories and their order ---- */

dn_status dn_study_make_categories(dn_table *table, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        size_t column;
        DN_TRY(dn_table_column(table, columns[i], &column));
        for (size_t r = 0; r < dn_table_rows(table); ++r) {
            char *named = NULL;
            const char *text = dn_table_text(table, r, column);
            if (text == NULL || dn_table_is_text(table, r, column)) {
                continue;
            }
            DN_TRY(dn_asprintf(&named, "%s %s", columns[i], text));
            dn_status status = dn_table_set_text(table, r, column, named);
            free(named);
            DN_TRY(status);
        }
    }
    return DN_OK;
}

dn_status dn_study_put_in_order(dn_table *table, const char *column_name, const char *const *order, size_t count)
{
    size_t column;
    size_t n = 0;
    size_t *rows = NULL;
    unsigned char *taken = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_table_column(table, column_name, &column));
    DN_TRY_GOTO(status, dn_alloc(&rows, dn_table_rows(table), sizeof *rows, "an order"), done);
    DN_TRY_GOTO(status, dn_alloc(&taken, dn_table_rows(table), 1, "an order"), done);
    for (size_t i = 0; i < count; ++i) {
        const size_t before = n;
        for (size_t r = 0; r < dn_table_rows(table); ++r) {
            const char *text = dn_table_text(table, r, column);
            if (!taken[r] && text != NULL && strcmp(text, order[i]) == 0) {
                taken[r] = 1;
                rows[n++] = r;
            }
        }
        if (n == before) {
            DN_FAIL_OFFER_GOTO(status, done, DN_EDATA, DN_REMEDY_ORDER, "no row of %s has %s = %s, which the order of the groups names",
                               dn_table_name(table), column_name, order[i]);
        }
    }
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        if (!taken[r]) {
            rows[n++] = r;
        }
    }
    status = dn_table_reorder(table, rows);
done:
    free(taken);
    free(rows);
    return status;
}
