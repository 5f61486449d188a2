/* Compares two values of the same people: the test, its tables and its paragraph. */
#include "base/text.h"
#include "stats/rank_test.h"
#include "stats/t_test.h"
#include "study/groups/group_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dn_paired_analysis_release(dn_paired_analysis *analysis)
{
    if (analysis != NULL) {
        free(analysis->omitted.text);
        dn_arena_release(&analysis->arena);
        *analysis = (dn_paired_analysis){0};
    }
}

static dn_status add_pair(dn_paired_analysis *out, const char *id, double first, double second)
{
    if (isnan(first) || isnan(second)) {
        return dn_names_add(&out->omitted, id, NULL);
    }
    out->ids[out->n] = id;
    out->values[0][out->n] = first;
    out->values[1][out->n++] = second;
    return DN_OK;
}

static dn_status read_columns(const dn_table *table, size_t id, dn_paired_analysis *out)
{
    size_t first;
    size_t second;
    DN_TRY(dn_table_column(table, out->options.first, &first));
    DN_TRY(dn_table_column(table, out->options.second, &second));
    out->names[0] = out->options.first;
    out->names[1] = out->options.second;
    if (id != DN_TABLE_NONE) {
        DN_TRY(dn_table_check_unique(table, &id, 1));
    }
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *name;
        double a;
        double b;
        DN_TRY(dn_person_name(table, r, id, &out->arena, &name));
        DN_TRY(dn_table_number(table, r, first, &a));
        DN_TRY(dn_table_number(table, r, second, &b));
        DN_TRY(add_pair(out, name, a, b));
    }
    return DN_OK;
}

/* Rows of the two groups, matched by id. */
static dn_status read_groups(const dn_table *table, size_t id, dn_paired_analysis *out)
{
    size_t group;
    size_t value;
    DN_TRY(dn_table_column(table, out->options.group, &group));
    DN_TRY(dn_table_column(table, out->options.first, &value));
    if (id == DN_TABLE_NONE) {
        DN_TRY(dn_table_column(table, out->options.id, &id));
    }
    const size_t keys[2] = {id, group};
    DN_TRY(dn_table_check_unique(table, keys, 2));
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *name = dn_table_text(table, r, group);
        if (name == NULL) {
            continue;
        }
        size_t g = out->names[0] == NULL || strcmp(out->names[0], name) == 0 ? 0 : 1;
        if (g == 1 && out->names[1] != NULL && strcmp(out->names[1], name) != 0) {
            DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_AGREEMENT, "%s, column %s has more than two groups; a paired test compares two",
                          dn_table_name(table), out->options.group);
        }
        out->names[g] = name;
    }
    if (out->names[1] == NULL) {
        DN_FAIL(DN_EDATA, "%s, column %s has only one group; a paired test compares two", dn_table_name(table), out->options.group);
    }
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        const char *name = dn_table_text(table, r, id);
        const char *of = dn_table_text(table, r, group);
        double a;
        double b = NAN;
        if (of == NULL) {
            DN_TRY(dn_names_add(&out->omitted, name, NULL));
            continue;
        }
        bool second = strcmp(of, out->names[1]) == 0;
        bool found = false;
        DN_TRY(dn_table_number(table, r, value, &a));
        for (size_t s = 0; s < dn_table_rows(table) && !found; ++s) {
            const char *other = dn_table_text(table, s, group);
            found = s != r && other != NULL && strcmp(other, of) != 0 && strcmp(dn_table_text(table, s, id), name) == 0;
            if (found) {
                DN_TRY(dn_table_number(table, s, value, &b));
            }
        }
        /* A pair is entered at its first group's row; someone of the second group alone is named as left out. */
        if (!second || !found) {
            DN_TRY(add_pair(out, name, second ? NAN : a, b));
        }
    }
    return DN_OK;
}

static dn_status one_test(const dn_paired_analysis *a, bool parametric, dn_result *out)
{
    const double *first = a->values[0], *second = a->values[1];
    return parametric ? dn_t_test_paired(second, first, a->n, a->options.level, out)
                      : dn_wilcoxon_signed_rank(second, first, a->n, a->options.level, out);
}

dn_status dn_paired_analyse(const dn_table *table, const dn_paired_options *options, dn_paired_analysis *out)
{
    *out = (dn_paired_analysis){.options = *options};
    dn_arena_init(&out->arena);
    size_t rows = dn_table_rows(table);
    size_t id = options->id != NULL ? dn_table_find(table, options->id) : DN_TABLE_NONE;
    DN_TRY(dn_arena_take(&out->arena, &out->ids, rows, sizeof *out->ids));
    DN_TRY(dn_arena_take(&out->arena, &out->values[0], rows, sizeof(double)));
    DN_TRY(dn_arena_take(&out->arena, &out->values[1], rows, sizeof(double)));
    if (options->group != NULL) {
        DN_TRY(read_groups(table, id, out));
    } else {
        DN_TRY(read_columns(table, id, out));
    }
    if (out->n < 2) {
        DN_FAIL(DN_EDATA, "%s has %zu complete pair%s of %s and %s; a paired test needs at least 2", dn_table_name(table), out->n,
                out->n == 1 ? "" : "s", out->names[0], out->names[1]);
    }
    double *difference;
    DN_TRY(dn_arena_take(&out->arena, &difference, out->n, sizeof(double)));
    for (size_t i = 0; i < out->n; ++i) {
        difference[i] = out->values[1][i] - out->values[0][i];
    }
    for (size_t s = 0; s < 2; ++s) {
        DN_TRY(dn_summarise(out->values[s], out->n, &out->summary[s]));
    }
    const dn_sample sample = {"differences", difference, out->n};
    bool normal;
    DN_TRY(dn_test_normality(&sample, 1, options->alpha, &out->normality, &normal));
    out->parametric = options->test == DN_TEST_PARAMETRIC || (options->test == DN_TEST_AUTO && normal);
    dn_result t = {0};
    dn_result rank = {0};
    dn_result *chosen = out->parametric ? &t : &rank;
    dn_result *other = out->parametric ? &rank : &t;
    bool possible;
    DN_TRY(one_test(out, out->parametric, chosen));
    DN_TRY(dn_error_excuse(one_test(out, !out->parametric, other), DN_EDATA, &possible));
    out->test = *chosen;
    out->other = possible ? *other : dn_result_empty();
    out->percent = out->summary[0].mean != 0.0 ? 100.0 * (out->summary[1].mean - out->summary[0].mean) / out->summary[0].mean : NAN;
    return DN_OK;
}

static dn_status add_row(dn_table *tests, const dn_paired_analysis *a, const dn_result *result, const char *role, double percent)
{
    char analysis[512];
    snprintf(analysis, sizeof analysis, "%s vs %s", a->names[1], a->names[0]);
    DN_TRY(dn_result_append(tests, analysis, result));
    DN_TRY(dn_table_put_text(tests, "role", role));
    return dn_table_put_number(tests, "percent_difference", percent);
}

dn_status dn_paired_tabulate(const dn_paired_analysis *a, dn_table *tests, dn_table *summary, dn_table *people)
{
    size_t row;
    DN_TRY(add_row(tests, a, &a->normality, "chosen", NAN));
    DN_TRY(add_row(tests, a, &a->test, "chosen", a->percent));
    if (a->other.method != NULL) {
        DN_TRY(add_row(tests, a, &a->other, "also computed", NAN));
    }
    for (size_t s = 0; s < 2; ++s) {
        const dn_summary *m = &a->summary[s];
        DN_TRY(dn_table_add_row(summary, &row));
        DN_TRY(dn_table_put_text(summary, "value", a->names[s]));
        DN_TRY(dn_table_put_number(summary, "n", (double)m->n));
        DN_TRY(dn_table_put_number(summary, "mean", m->mean));
        DN_TRY(dn_table_put_number(summary, "sd", m->sd));
        DN_TRY(dn_table_put_number(summary, "median", m->median));
        DN_TRY(dn_table_put_number(summary, "q1", m->q1));
        DN_TRY(dn_table_put_number(summary, "q3", m->q3));
    }
    for (size_t i = 0; i < a->n; ++i) {
        DN_TRY(dn_table_add_row(people, &row));
        DN_TRY(dn_table_put_text(people, a->options.id != NULL ? a->options.id : "participant_id", a->ids[i]));
        DN_TRY(dn_table_put_number(people, a->names[0], a->values[0][i]));
        DN_TRY(dn_table_put_number(people, a->names[1], a->values[1][i]));
        DN_TRY(dn_table_put_number(people, "difference", a->values[1][i] - a->values[0][i]));
    }
    return DN_OK;
}

dn_status dn_paired_paragraph(const dn_paired_analysis *a, char **out)
{
    char text[512];
    char number[4][32];
    dn_text paragraph;
    DN_TRY(dn_text_open(&paragraph));
    FILE *stream = paragraph.stream;
    const char *unit = a->options.unit != NULL ? a->options.unit : "";
    if (a->options.label != NULL) {
        fprintf(stream, "%s: ", a->options.label);
    }
    for (size_t s = 0; s < 2; ++s) {
        dn_result_format_spread(a->summary[s].mean, a->summary[s].sd, number[2 * s], sizeof number[0]);
        dn_result_format_spread(a->summary[s].sd, a->summary[s].sd, number[2 * s + 1], sizeof number[0]);
    }
    fprintf(stream, "%s %s ± %s%s%s, %s %s ± %s%s%s (mean ± SD, %zu pairs).", a->names[0], number[0], number[1], *unit ? " " : "", unit,
            a->names[1], number[2], number[3], *unit ? " " : "", unit, a->n);
    if (isnan(a->normality.p)) {
        fprintf(stream, " Shapiro-Wilk of the differences: %s;", a->normality.note);
    } else {
        fprintf(stream, " Shapiro-Wilk of the differences: W = %.3f, %s;", a->normality.statistic,
                dn_result_format_p(a->normality.p, number[0], sizeof number[0]));
    }
    fprintf(stream, " %s%s was %s", dn_article(a->test.method), a->test.method, a->options.test == DN_TEST_AUTO ? "used" : "asked for");
    if (a->test.note != NULL) {
        fprintf(stream, " (%s)", a->test.note);
    }
    fprintf(stream, ". %s vs. %s: ", a->names[1], a->names[0]);
    dn_say_percent(stream, a->percent);
    fprintf(stream, "%s.", dn_result_sentence(&a->test, text, sizeof text));
    if (a->omitted.count > 0) {
        fprintf(stream, " Not counted, because a value is missing: ");
        dn_names_say(stream, &a->omitted);
        fprintf(stream, ".");
    }
    fprintf(stream, "\n");
    return dn_text_take(&paragraph, out);
}
