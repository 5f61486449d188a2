/* Compares the counts of a category, such as sex, between groups. */
#include "base/text.h"
#include "stats/contingency.h"
#include "study/groups/group_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

void dn_category_analysis_release(dn_category_analysis *analysis)
{
    if (analysis != NULL) {
        free(analysis->omitted.text);
        dn_arena_release(&analysis->arena);
        *analysis = (dn_category_analysis){0};
    }
}

/* Place of text among the names met so far; adds it. MOST: too many. */
static size_t place_of(const char **names, size_t *count, const char *text)
{
    size_t i = 0;
    while (i < *count && strcmp(names[i], text) != 0) {
        ++i;
    }
    if (i == *count && i < MOST) {
        names[(*count)++] = text;
    }
    return i;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of groups (control first) and of categories (by the alphabet). */
static dn_status find_names(const dn_table *table, size_t group, size_t value, const dn_group_options *o, dn_category_analysis *out)
{
    DN_TRY(dn_arena_take(&out->arena, &out->names, MOST, sizeof *out->names));
    DN_TRY(dn_arena_take(&out->arena, &out->categories_names, MOST, sizeof *out->categories_names));
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *g = dn_table_text(table, r, group);
        const char *v = dn_table_text(table, r, value);
        if (g == NULL || v == NULL) {
            continue;
        }
        if (place_of(out->names, &out->k, g) == MOST || place_of(out->categories_names, &out->categories, v) == MOST) {
            DN_FAIL(DN_EDATA, "%s, column %s or %s has more than %d different texts; is it the right column?", dn_table_name(table),
                    o->group, o->value, MOST);
        }
    }
    if (out->k == 0) {
        DN_FAIL(DN_EDATA, "%s: nobody has both a %s and a %s", dn_table_name(table), o->group, o->value);
    }
    qsort(out->categories_names, out->categories, sizeof *out->categories_names, compare_names);
    size_t control = 0;
    while (o->control != NULL && control < out->k && strcmp(out->names[control], o->control) != 0) {
        ++control;
    }
    if (control == out->k) {
        DN_FAIL(DN_EDATA, "%s, column %s has no group \"%s\" with a %s", dn_table_name(table), o->group, o->control ? o->control : "",
                o->value);
    }
    const char *first = out->names[control];
    memmove(out->names + 1, out->names, control * sizeof *out->names);
    out->names[0] = first;
    return DN_OK;
}

dn_status dn_category_analyse(const dn_table *table, const dn_group_options *options, dn_category_analysis *out)
{
    size_t group;
    size_t value;
    *out = (dn_category_analysis){.value = options->value};
    dn_arena_init(&out->arena);
    size_t id = options->id != NULL ? dn_table_find(table, options->id) : DN_TABLE_NONE;
    DN_TRY(dn_table_column(table, options->value, &value));
    DN_TRY(dn_table_column(table, options->group, &group));
    if (id != DN_TABLE_NONE) {
        DN_TRY(dn_table_check_unique(table, &id, 1));
    }
    DN_TRY(find_names(table, group, value, options, out));
    DN_TRY(dn_arena_take(&out->arena, &out->counts, out->k * out->categories, sizeof(double)));
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *g = dn_table_text(table, r, group);
        const char *v = dn_table_text(table, r, value);
        if (g == NULL || v == NULL) {
            const char *name;
            const char *reason;
            DN_TRY(dn_person_name(table, r, id, &out->arena, &name));
            DN_TRY(dn_arena_format(&out->arena, &reason, "no %s", g == NULL ? options->group : options->value));
            DN_TRY(dn_names_add(&out->omitted, name, reason));
            continue;
        }
        out->counts[place_of(out->names, &out->k, g) * out->categories + place_of(out->categories_names, &out->categories, v)] += 1.0;
        out->n++;
    }
    if (out->n > 2 && out->categories == out->n) {
        DN_FAIL(DN_EDATA,
                "%s, column %s: each of the %zu people has a different text (\"%s\"); give numbers, without units, or a few categories",
                dn_table_name(table), options->value, out->categories, out->categories_names[0]);
    }
    dn_result chi;
    out->other = dn_result_empty();
    dn_status status = dn_chi_squared_test(out->counts, out->k, out->categories, &chi);
    if (status != DN_OK) {
        return dn_error_context(status, "%s by %s", options->value, options->group);
    }
    out->chosen = chi;
    if (out->k == 2 && out->categories == 2) {
        dn_result fisher;
        DN_TRY(dn_fisher_test(out->counts, options->level, &fisher));
        /* Each test has what the other knows of the size of the difference. */
        fisher.effect_name = chi.effect_name;
        fisher.effect = chi.effect;
        chi.estimate_name = fisher.estimate_name;
        chi.estimate = fisher.estimate;
        chi.low = fisher.low;
        chi.high = fisher.high;
        chi.level = fisher.level;
        out->chosen = chi.note != NULL ? fisher : chi;
        out->other = chi.note != NULL ? chi : fisher;
    }
    return DN_OK;
}

static dn_status add_test(dn_table *tests, const dn_category_analysis *a, const dn_result *result, const char *role)
{
    char analysis[256];
    snprintf(analysis, sizeof analysis, "%s: all groups", a->value);
    DN_TRY(dn_result_append(tests, analysis, result));
    DN_TRY(dn_table_put_text(tests, "value", a->value));
    return dn_table_put_text(tests, "role", role);
}

static double group_total(const dn_category_analysis *a, size_t g)
{
    double total = 0.0;
    for (size_t c = 0; c < a->categories; ++c) {
        total += a->counts[g * a->categories + c];
    }
    return total;
}

dn_status dn_category_tabulate(const dn_category_analysis *a, dn_table *tests, dn_table *summary)
{
    size_t row;
    DN_TRY(add_test(tests, a, &a->chosen, "chosen"));
    if (a->other.method != NULL) {
        DN_TRY(add_test(tests, a, &a->other, "also computed"));
    }
    for (size_t g = 0; g < a->k; ++g) {
        for (size_t c = 0; c < a->categories; ++c) {
            double n = a->counts[g * a->categories + c];
            DN_TRY(dn_table_add_row(summary, &row));
            DN_TRY(dn_table_put_text(summary, "value", a->value));
            DN_TRY(dn_table_put_text(summary, "group", a->names[g]));
            DN_TRY(dn_table_put_text(summary, "who", a->categories_names[c]));
            DN_TRY(dn_table_put_number(summary, "n", n));
            DN_TRY(dn_table_put_number(summary, "share", n / group_total(a, g)));
        }
    }
    return DN_OK;
}

dn_status dn_category_paragraph(const dn_category_analysis *a, char **out)
{
    char text[512];
    dn_text paragraph;
    DN_TRY(dn_text_open(&paragraph));
    FILE *stream = paragraph.stream;
    fprintf(stream, "%s:", a->value);
    for (size_t g = 0; g < a->k; ++g) {
        fprintf(stream, "%s %s", g > 0 ? ";" : "", a->names[g]);
        for (size_t c = 0; c < a->categories; ++c) {
            double n = a->counts[g * a->categories + c];
            fprintf(stream, "%s %s %.0f (%.1f %%)", c > 0 ? "," : "", a->categories_names[c], n, 100.0 * n / group_total(a, g));
        }
    }
    fprintf(stream, ". %c%s", (char)(a->chosen.method[0] >= 'a' ? a->chosen.method[0] - 'a' + 'A' : a->chosen.method[0]),
            a->chosen.method + 1);
    if (a->chosen.note != NULL) {
        fprintf(stream, " (%s)", a->chosen.note);
    }
    fprintf(stream, ": %s.", dn_result_sentence(&a->chosen, text, sizeof text));
    if (a->omitted.count > 0) {
        fprintf(stream, " Not counted: ");
        dn_names_say(stream, &a->omitted);
        fprintf(stream, ".");
    }
    fprintf(stream, "\n");
    return dn_text_take(&paragraph, out);
}
