/* Finds texts that differ only in case or blanks, and words that name no sex. */
#define _GNU_SOURCE
#include "study/tables/check_texts.h"

#include "base/memory.h"
#include "study/tables/sex.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A text and what is left of it without case and blanks at its ends; blanks inside count as one. */
typedef struct level {
    const char *text;
    char *folded; /* owned */
    size_t count;
} level;

typedef struct levels {
    level *level; /* distinct texts, by fold and text */
    size_t count;
} levels;

static dn_status fold(const char *text, char **out)
{
    size_t n = 0;
    DN_TRY(dn_alloc(out, strlen(text) + 1, 1, "a text"));
    char *folded = *out;
    for (const char *p = text; *p != '\0'; ++p) {
        bool no_break = (unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0;
        p += no_break;
        if (no_break || isspace((unsigned char)*p)) {
            if (n > 0 && folded[n - 1] != ' ') {
                folded[n++] = ' ';
            }
        } else {
            folded[n++] = (char)tolower((unsigned char)*p);
        }
    }
    n -= n > 0 && folded[n - 1] == ' ';
    folded[n] = '\0';
    return DN_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_levels(const void *pa, const void *pb)
{
    const level *a = pa;
    const level *b = pb;
    int order = strcmp(a->folded, b->folded);
    return order != 0 ? order : strcmp(a->text, b->text);
}

static void release(levels *l)
{
    for (size_t i = 0; i < l->count; ++i) {
        free(l->level[i].folded);
    }
    free(l->level);
}

static dn_status levels_of(const dn_table *table, size_t column, levels *out)
{
    dn_status status = DN_OK;
    const char **texts = NULL;
    size_t n = 0;
    *out = (levels){0};
    DN_TRY(dn_alloc(&texts, dn_table_rows(table), sizeof *texts, "texts"));
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        if (dn_table_text(table, r, column) != NULL) {
            texts[n++] = dn_table_text(table, r, column);
        }
    }
    qsort(texts, n, sizeof *texts, compare_texts);
    DN_TRY_GOTO(status, dn_alloc(&out->level, n, sizeof *out->level, "texts"), done);
    for (size_t i = 0; i < n; ++i) {
        if (i > 0 && strcmp(texts[i], texts[i - 1]) == 0) {
            out->level[out->count - 1].count++;
            continue;
        }
        out->level[out->count] = (level){.text = texts[i], .count = 1};
        DN_TRY_GOTO(status, fold(texts[i], &out->level[out->count].folded), done);
        out->count++;
    }
    qsort(out->level, out->count, sizeof *out->level, compare_levels);
done:
    free(texts);
    return status;
}

/* "CON" (12 rows), "con" (3 rows); a blank of another kind is shown by its name. */
static dn_status add_level(dn_list *list, const level *one)
{
    char text[96];
    char detail[64];
    const char *no_break = strstr(one->text, "\xC2\xA0");
    snprintf(text, sizeof text, "\"%.80s\"", one->text);
    snprintf(detail, sizeof detail, "%zu row%s%s", one->count, one->count == 1 ? "" : "s",
             no_break != NULL ? ", with a no-break space" : "");
    return dn_list_add(list, text, detail);
}

dn_status dn_check_categories(const dn_table *table, size_t column, dn_remarks *remarks)
{
    levels all;
    dn_list list = {0};
    const char *text;
    dn_status status = levels_of(table, column, &all);
    for (size_t i = 1; status == DN_OK && i < all.count; ++i) {
        bool same = strcmp(all.level[i].folded, all.level[i - 1].folded) == 0;
        if (same && (i == 1 || strcmp(all.level[i - 2].folded, all.level[i].folded) != 0)) {
            DN_TRY_GOTO(status, add_level(&list, &all.level[i - 1]), done);
        }
        if (same) {
            DN_TRY_GOTO(status, add_level(&list, &all.level[i]), done);
        }
    }
    if (status == DN_OK && list.count > 0) {
        DN_TRY_GOTO(status, dn_list_close(&list, &text), done);
        status =
            dn_remarks_add(remarks, DN_REMARK_DOUBT, "case", "In %s these differ only in case or blanks, and are treated as different: %s.",
                           dn_table_column_name(table, column), text);
    }
done:
    dn_list_release(&list);
    release(&all);
    return status;
}

/* "F" and "female" are one sex in two categories, where the column is used by its texts. */
static dn_status one_sex_twice(const levels *all, dn_sex sex, const char *column, dn_remarks *remarks)
{
    dn_list list = {0};
    const char *text;
    dn_status status = DN_OK;
    for (size_t i = 0; i < all->count && status == DN_OK; ++i) {
        dn_sex own;
        if (dn_sex_of(all->level[i].folded, &own) && own == sex &&
            (i == 0 || strcmp(all->level[i].folded, all->level[i - 1].folded) != 0)) {
            status = add_level(&list, &all->level[i]);
        }
    }
    if (status == DN_OK && list.count > 1) {
        status = dn_list_close(&list, &text);
        if (status == DN_OK) {
            status = dn_remarks_add(remarks, DN_REMARK_DOUBT, "sex", "In %s %s are written in %s ways: %s.", column,
                                    sex == DN_SEX_FEMALE ? "women" : "men", list.count > 2 ? "several" : "two", text);
        }
    }
    dn_list_release(&list);
    return status;
}

static dn_status unknown_words(const dn_table *table, const levels *all, const char *column, dn_remarks *remarks)
{
    dn_list words = {0};
    const char *text;
    size_t numbers = 0;
    dn_status status = DN_OK;
    for (size_t i = 0; i < all->count && status == DN_OK; ++i) {
        dn_sex own;
        if (!dn_sex_of(all->level[i].folded, &own)) {
            numbers += strspn(all->level[i].text, "0123456789.-+") == strlen(all->level[i].text);
            status = add_level(&words, &all->level[i]);
        }
    }
    const size_t found = words.count;
    if (status == DN_OK && found > 0) {
        status = dn_list_close(&words, &text);
    }
    if (status == DN_OK && found > 0) {
        status = dn_remarks_add(remarks, DN_REMARK_DOUBT, "sex",
                                numbers == found ? "%s of %s is given in numbers, which do not say who is female: %s. Write F and M."
                                                 : "%s of %s has texts that do not name a sex: %s. Write F and M.",
                                column, dn_table_name(table), text);
    }
    dn_list_release(&words);
    return status;
}

dn_status dn_check_sex(const dn_table *table, size_t column, dn_remarks *remarks)
{
    const char *name = dn_table_column_name(table, column);
    levels all;
    if (strcasecmp(name, "sex") != 0 && strcasecmp(name, "gender") != 0 && strcasecmp(name, "geschlecht") != 0) {
        return DN_OK;
    }
    dn_status status = levels_of(table, column, &all);
    if (status == DN_OK) {
        status = one_sex_twice(&all, DN_SEX_FEMALE, name, remarks);
    }
    if (status == DN_OK) {
        status = one_sex_twice(&all, DN_SEX_MALE, name, remarks);
    }
    if (status == DN_OK) {
        status = unknown_words(table, &all, name, remarks);
    }
    release(&all);
    return status;
}
