/* Joins two tables by ids that are equal, or alike where this is asked for. */
#include "study/tables/join.h"

#include "base/bids_name.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

dn_status dn_join_how_of(const char *text, dn_join_how *out)
{
    static const char *const words[] = {"ask", "exact", "alike", NULL};
    int which = 0;
    DN_TRY(dn_choice_of("the way to join", text, words, &which));
    *out = (dn_join_how)which;
    return DN_OK;
}

static const char *bare(const char *id)
{
    return dn_bids_bare(DN_BIDS_SUB, id);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

dn_status dn_id_likeness(const char *id, char **out)
{
    size_t n = 0;
    DN_TRY(dn_alloc(out, strlen(id) + 1, 1, "an id"));
    char *text = *out;
    for (const char *p = id; *p != '\0'; ++p) {
        if ((unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0) { /* a no-break space */
            ++p;
        } else if (!isspace((unsigned char)*p)) {
            text[n++] = (char)tolower((unsigned char)*p);
        }
    }
    text[n] = '\0';
    if (n > 4 && strncmp(text, "sub", 3) == 0 && (text[3] == '-' || text[3] == '_')) {
        n -= 4;
        memmove(text, text + 4, n + 1);
    }
    if (n > 2 && strcmp(text + n - 2, ".0") == 0 && strspn(text, "0123456789") == n - 2) { /* a whole number through a spreadsheet */
        n -= 2;
        text[n] = '\0';
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; ++i) {
        bool leading = text[i] == '0' && is_digit(text[i + 1]) && (kept == 0 || !is_digit(text[kept - 1]));
        if (!leading) {
            text[kept++] = text[i];
        }
    }
    text[kept] = '\0';
    return DN_OK;
}

/* A row by its id, as written or by its likeness. */
typedef struct keyed {
    const char *key, *id;
    size_t row;
} keyed;

static int compare_keyed(const void *pa, const void *pb)
{
    const keyed *a = pa;
    const keyed *b = pb;
    int order = strcmp(a->key, b->key);
    order = order != 0 ? order : strcmp(a->id, b->id);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

/* The first entry that is not before key (not behind it, with `behind`). */
static size_t bound(const keyed *index, size_t count, const char *key, bool behind)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(index[middle].key, key);
        if (order < 0 || (behind && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const keyed *find(const keyed *index, size_t count, const char *key)
{
    size_t at = bound(index, count, key, false);
    return at < count && strcmp(index[at].key, key) == 0 ? &index[at] : NULL;
}

typedef struct joining {
    const dn_table *left, *right;
    size_t left_key, right_key;
    size_t *partner;      /* of each left row: a row of right, or DN_TABLE_NONE */
    unsigned char *taken; /* rows of right that have a partner */
    char **likeness;      /* of the rows of left, then of right, that are without a partner; NULL: has one */
} joining;

static void release(joining *j)
{
    for (size_t i = 0; j->likeness != NULL && i < dn_table_rows(j->left) + dn_table_rows(j->right); ++i) {
        free(j->likeness[i]);
    }
    free(j->likeness);
    free(j->partner);
    free(j->taken);
}

/* Rows of right by id, sorted; an id twice is told with both lines. */
static dn_status index_right(const joining *j, keyed **out)
{
    const dn_table *right = j->right;
    const size_t rows = dn_table_rows(right);
    keyed *index = NULL;
    DN_TRY(dn_table_check_unique(right, &j->right_key, 1));
    DN_TRY(dn_alloc(&index, rows, sizeof *index, "a table's keys"));
    for (size_t r = 0; r < rows; ++r) {
        const char *id = dn_table_text(right, r, j->right_key);
        index[r] = (keyed){bare(id), id, r};
    }
    qsort(index, rows, sizeof *index, compare_keyed);
    for (size_t r = 1; r < rows; ++r) {
        if (strcmp(index[r].key, index[r - 1].key) == 0) {
            size_t a = dn_table_line(right, index[r - 1].row);
            size_t b = dn_table_line(right, index[r].row);
            dn_status status =
                dn_error_set(DN_EDATA, "%s: %s %s occurs twice, on lines %zu and %zu, once with and once without \"sub-\"",
                             dn_table_name(right), dn_table_column_name(right, j->right_key), index[r].key, a < b ? a : b, a < b ? b : a);
            free(index);
            return status;
        }
    }
    *out = index;
    return DN_OK;
}

static dn_status match_exactly(joining *j)
{
    dn_status status = DN_OK;
    keyed *index = NULL;
    DN_TRY(index_right(j, &index));
    for (size_t r = 0; r < dn_table_rows(j->left); ++r) {
        const char *id = dn_table_text(j->left, r, j->left_key);
        if (id == NULL) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "%s, line %zu: there is no %s", dn_table_name(j->left), dn_table_line(j->left, r),
                         dn_table_column_name(j->left, j->left_key));
        }
        const keyed *found = find(index, dn_table_rows(j->right), bare(id));
        j->partner[r] = found != NULL ? found->row : DN_TABLE_NONE;
        if (found != NULL) {
            j->taken[found->row] = 1;
        }
    }
done:
    free(index);
    return status;
}

/* Rows without a partner by likeness, sorted; *count of them. */
static dn_status index_likeness(joining *j, bool of_right, keyed *index, size_t *count)
{
    const dn_table *table = of_right ? j->right : j->left;
    char **likeness = j->likeness + (of_right ? dn_table_rows(j->left) : 0);
    *count = 0;
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        if (of_right ? j->taken[r] : j->partner[r] != DN_TABLE_NONE) {
            continue;
        }
        const char *id = dn_table_text(table, r, of_right ? j->right_key : j->left_key);
        DN_TRY(dn_id_likeness(id, &likeness[r]));
        index[(*count)++] = (keyed){likeness[r], id, r};
    }
    qsort(index, *count, sizeof *index, compare_keyed);
    return DN_OK;
}

/* Whether only one id has this likeness; it may stand on several lines. */
static bool is_one_id(const keyed *index, size_t count, const char *key)
{
    size_t first = bound(index, count, key, false);
    size_t last = bound(index, count, key, true);
    return first < last && strcmp(index[first].id, index[last - 1].id) == 0;
}

/* Ids without a partner that are alike, each to one of the other side only. */
static dn_status match_alike(joining *j, bool join, dn_join_loss *loss)
{
    dn_status status = DN_OK;
    keyed *left = NULL;
    keyed *right = NULL;
    size_t left_count = 0;
    size_t right_count = 0;
    DN_TRY_GOTO(status, dn_alloc(&j->likeness, dn_table_rows(j->left) + dn_table_rows(j->right), sizeof *j->likeness, "ids"), done);
    DN_TRY_GOTO(status, dn_alloc(&left, dn_table_rows(j->left), sizeof *left, "ids"), done);
    DN_TRY_GOTO(status, dn_alloc(&right, dn_table_rows(j->right), sizeof *right, "ids"), done);
    DN_TRY_GOTO(status, index_likeness(j, false, left, &left_count), done);
    DN_TRY_GOTO(status, index_likeness(j, true, right, &right_count), done);
    for (size_t r = 0; r < dn_table_rows(j->left); ++r) {
        const char *key = j->likeness[r];
        const keyed *other = key != NULL ? find(right, right_count, key) : NULL;
        if (other == NULL || !is_one_id(right, right_count, key) || !is_one_id(left, left_count, key)) {
            continue;
        }
        if (loss->alike++ == 0) {
            DN_TRY_GOTO(status, dn_strdup(dn_table_text(j->left, r, j->left_key), &loss->alike_left), done);
            DN_TRY_GOTO(status, dn_strdup(dn_table_text(j->right, other->row, j->right_key), &loss->alike_right), done);
        }
        if (join) {
            j->partner[r] = other->row;
            j->taken[other->row] = 1;
        }
    }
done:
    free(left);
    free(right);
    return status;
}

/* Numbers may be written differently ("1" and "1.0"). */
static bool cells_agree(const dn_table *a, size_t row_a, size_t column_a, const dn_table *b, size_t row_b, size_t column_b)
{
    const char *x = dn_table_text(a, row_a, column_a);
    const char *y = dn_table_text(b, row_b, column_b);
    char *end_x;
    char *end_y;
    if (strcmp(x, y) == 0) {
        return true;
    }
    if (x[strspn(x, "0123456789+-.eE")] != '\0' || y[strspn(y, "0123456789+-.eE")] != '\0') {
        return false;
    }
    double value_x = dn_number_parse(x, &end_x);
    double value_y = dn_number_parse(y, &end_y);
    return *end_x == '\0' && *end_y == '\0' && value_x >= value_y && value_x <= value_y;
}

/* target: column of the result for each column of right. */
static dn_status merge_row(const joining *j, size_t left_row, dn_table *to, size_t to_row, const size_t *target)
{
    const dn_table *right = j->right;
    const size_t row = j->partner[left_row];
    for (size_t c = 0; c < dn_table_columns(right); ++c) {
        const char *text = dn_table_text(right, row, c);
        if (c == j->right_key) {
            continue;
        }
        const char *present = dn_table_text(to, to_row, target[c]);
        if (present == NULL) {
            DN_TRY(dn_table_set_text(to, to_row, target[c], text));
        } else if (text != NULL && !cells_agree(to, to_row, target[c], right, row, c)) {
            DN_FAIL(DN_EDATA, "%s of %s is %s in %s but %s in %s (line %zu); correct one of them", dn_table_column_name(right, c),
                    dn_table_text(j->left, left_row, j->left_key), present, dn_table_name(to), text, dn_table_name(right),
                    dn_table_line(right, row));
        }
    }
    if (dn_table_source(to, to_row) == NULL && dn_table_source(right, row) != NULL) {
        DN_TRY(dn_table_set_source(to, to_row, dn_table_source(right, row)));
    }
    return DN_OK;
}

static dn_status build(const joining *j, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *result = NULL;
    size_t *target = NULL;
    DN_TRY(dn_table_create_like(j->left, NULL, &result));
    DN_TRY_GOTO(status, dn_alloc(&target, dn_table_columns(j->right), sizeof *target, "columns"), done);
    for (size_t c = 0; c < dn_table_columns(j->right); ++c) {
        target[c] = c == j->right_key ? DN_TABLE_NONE : dn_table_find(result, dn_table_column_name(j->right, c));
        if (c != j->right_key && target[c] == DN_TABLE_NONE) {
            DN_TRY_GOTO(status, dn_table_add_column_like(result, j->right, c, &target[c]), done);
        }
    }
    for (size_t r = 0; r < dn_table_rows(j->left); ++r) {
        size_t row;
        if (r % 4096 == 0) {
            DN_TRY_GOTO(status, dn_cancel_check(), done);
        }
        if (j->partner[r] == DN_TABLE_NONE) {
            continue;
        }
        DN_TRY_GOTO(status, dn_table_add_row_of(result, j->left, r, &row), done);
        DN_TRY_GOTO(status, merge_row(j, r, result, row, target), done);
    }
    *out = result;
    result = NULL;
done:
    free(target);
    dn_table_destroy(result);
    return status;
}

static dn_status tell_losses(const joining *j, dn_join_loss *loss)
{
    loss->left_rows = dn_table_rows(j->left);
    loss->right_rows = dn_table_rows(j->right);
    DN_TRY(dn_alloc(&loss->left, loss->left_rows, sizeof *loss->left, "ids"));
    DN_TRY(dn_alloc(&loss->right, loss->right_rows, sizeof *loss->right, "ids"));
    for (size_t r = 0; r < loss->left_rows; ++r) {
        if (j->partner[r] == DN_TABLE_NONE) {
            DN_TRY(dn_strdup(dn_table_text(j->left, r, j->left_key), &loss->left[loss->left_count]));
            loss->left_count++;
        }
    }
    for (size_t r = 0; r < loss->right_rows; ++r) {
        if (!j->taken[r]) {
            DN_TRY(dn_strdup(dn_table_text(j->right, r, j->right_key), &loss->right[loss->right_count]));
            loss->right_count++;
        }
    }
    return DN_OK;
}

static dn_status refuse(const joining *j, const char *key, dn_join_how how, const dn_join_loss *loss)
{
    const char *left = dn_table_name(j->left);
    const char *right = dn_table_name(j->right);
    if (how == DN_JOIN_ASK && loss->alike > 0) {
        DN_FAIL_OFFER(
            DN_EDATA, DN_REMEDY_JOIN_HOW,
            "%s and %s: %zu of the ids that find no partner are probably the same people, written differently (%s, %s): \"%s\" and "
            "\"%s\". Join them, or leave them out",
            left, right, loss->alike, "\"sub-\", case, zeros in front", "blanks", loss->alike_left, loss->alike_right);
    }
    if (loss->left_count == loss->left_rows) {
        DN_FAIL(DN_EDATA, "%s and %s have no %s in common (there \"%s\", here \"%s\"); are both tables of the same study?", left, right,
                key, loss->left_count > 0 ? loss->left[0] : "", loss->right_count > 0 ? loss->right[0] : "");
    }
    return DN_OK;
}

dn_status dn_join(const dn_table *left, const dn_table *right, const char *key, dn_join_how how, dn_table **out, dn_join_loss *loss)
{
    dn_status status = DN_OK;
    joining j = {.left = left, .right = right};
    *loss = (dn_join_loss){0};
    DN_TRY(dn_table_column(left, key, &j.left_key));
    DN_TRY(dn_table_column(right, key, &j.right_key));
    DN_TRY_GOTO(status, dn_alloc(&j.partner, dn_table_rows(left), sizeof *j.partner, "a table's keys"), done);
    DN_TRY_GOTO(status, dn_alloc(&j.taken, dn_table_rows(right), 1, "a table's keys"), done);
    DN_TRY_GOTO(status, match_exactly(&j), done);
    DN_TRY_GOTO(status, match_alike(&j, how == DN_JOIN_ALIKE, loss), done);
    DN_TRY_GOTO(status, tell_losses(&j, loss), done);
    DN_TRY_GOTO(status, refuse(&j, key, how, loss), done);
    status = build(&j, out);
done:
    release(&j);
    if (status != DN_OK) {
        dn_join_loss_release(loss);
    }
    return status;
}

void dn_join_loss_release(dn_join_loss *loss)
{
    for (size_t i = 0; i < loss->left_count; ++i) {
        free(loss->left[i]);
    }
    for (size_t i = 0; i < loss->right_count; ++i) {
        free(loss->right[i]);
    }
    free(loss->left);
    free(loss->right);
    free(loss->alike_left);
    free(loss->alike_right);
    *loss = (dn_join_loss){0};
}
