/* What differs between two measurements of the same scans. Limits of agreement: Bland and Altman 1999. */
#define _GNU_SOURCE
#include "study/agreement/difference.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "chart/figure_kinds.h"
#include "stats/agreement.h"
#include "study/output/labels.h"
#include "study/output/say.h"
#include "study/tables/gather.h"
#include "study/tables/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Differences below this, in percent, are rounding of the tables' last digit. */
static const double rounding_percent = 1e-6;
/* Of which there is a panel. */
static const char *const drawn[] = {"hypothalamus", "thalamus", "icv"};
enum { DRAWN = sizeof drawn / sizeof *drawn };

typedef struct side {
    dn_gathered gathered;
    char **keys;   /* [gathered.count], owned */
    size_t *order; /* rows sorted by key */
} side;

typedef struct pair {
    size_t before, after; /* rows */
    double largest;       /* percent, signed; 0: equal */
    size_t structure;     /* column of before that it is of; DN_TABLE_NONE */
    bool in_one;          /* a structure has a volume in one of them only */
} pair;

typedef struct comparison {
    const dn_difference_options *options;
    side before, after;
    pair *pairs;
    size_t count, only_before, only_after, unchanged, in_one, other_verdict;
    double *a, *b, *mean, *difference; /* scratch: [count] each */
    dn_table *structures, *scans;
    dn_text text;
} comparison;

/* ---- which scans --------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b, void *keys)
{
    return strcmp(((char **)keys)[*(const size_t *)a], ((char **)keys)[*(const size_t *)b]);
}

static dn_status load(const char *folder, side *out)
{
    char **paths = NULL;
    size_t count = 0;
    DN_TRY(dn_study_find_volumes(folder, &paths, &count));
    dn_status status = dn_gather_volumes((const char *const *)paths, count, &out->gathered);
    dn_study_volumes_release(paths, count);
    DN_TRY(status);
    DN_TRY(dn_alloc(&out->keys, count, sizeof *out->keys, "the names of scans"));
    DN_TRY(dn_alloc(&out->order, count, sizeof *out->order, "the order of scans"));
    for (size_t i = 0; i < out->gathered.count; ++i) {
        DN_TRY(dn_bids_scan_key(out->gathered.scan[i].path, &out->keys[i]));
        out->order[i] = i;
    }
    qsort_r(out->order, out->gathered.count, sizeof *out->order, by_key, out->keys);
    for (size_t i = 1; i < out->gathered.count; ++i) {
        const size_t one = out->order[i - 1], other = out->order[i];
        if (strcmp(out->keys[one], out->keys[other]) == 0) {
            DN_FAIL(DN_EDATA, "%s holds two tables of one scan: %s and %s", folder, out->gathered.scan[one].path,
                    out->gathered.scan[other].path);
        }
    }
    return DN_OK;
}

static void side_release(side *it)
{
    for (size_t i = 0; it->keys != NULL && i < it->gathered.count; ++i) {
        free(it->keys[i]);
    }
    free(it->keys);
    free(it->order);
    dn_gathered_release(&it->gathered);
}

static dn_status match(comparison *it)
{
    const side *a = &it->before, *b = &it->after;
    size_t i = 0, k = 0;
    DN_TRY(dn_alloc(&it->pairs, a->gathered.count, sizeof *it->pairs, "the scans that are in both"));
    while (i < a->gathered.count && k < b->gathered.count) {
        const int order = strcmp(a->keys[a->order[i]], b->keys[b->order[k]]);
        if (order == 0) {
            it->pairs[it->count++] = (pair){.before = a->order[i], .after = b->order[k], .structure = DN_TABLE_NONE};
        }
        i += order <= 0;
        k += order >= 0;
    }
    it->only_before = a->gathered.count - it->count;
    it->only_after = b->gathered.count - it->count;
    if (it->count == 0) {
        DN_FAIL(DN_EDATA, "no scan of %s is in %s: the first one is '%s' here and '%s' there", it->options->before, it->options->after,
                a->keys[a->order[0]], b->keys[b->order[0]]);
    }
    DN_TRY(dn_alloc(&it->a, it->count, sizeof *it->a, "the volumes"));
    DN_TRY(dn_alloc(&it->b, it->count, sizeof *it->b, "the volumes"));
    DN_TRY(dn_alloc(&it->mean, it->count, sizeof *it->mean, "the volumes"));
    return dn_alloc(&it->difference, it->count, sizeof *it->difference, "the volumes");
}

/* ---- one structure -------------------------------------------------------------------------------------------------- */

/* Volumes of a column in both, of the pairs that have them, in it->a and it->b. *gone, *come: that only one has. */
static dn_status take(comparison *it, size_t column_a, size_t column_b, size_t *n, size_t *gone, size_t *come, size_t *worst)
{
    double largest = 0.0;
    *n = *gone = *come = 0;
    *worst = DN_TABLE_NONE;
    for (size_t i = 0; i < it->count; ++i) {
        double a = NAN, b = NAN;
        pair *of = &it->pairs[i];
        DN_TRY(dn_table_number(it->before.gathered.table, of->before, column_a, &a));
        DN_TRY(dn_table_number(it->after.gathered.table, of->after, column_b, &b));
        *gone += !isnan(a) && isnan(b);
        *come += isnan(a) && !isnan(b);
        of->in_one |= isnan(a) != isnan(b);
        if (isnan(a) || isnan(b) || a + b <= 0.0) {
            continue;
        }
        const double percent = 200.0 * (b - a) / (a + b);
        it->a[*n] = a;
        it->b[*n] = b;
        ++*n;
        if (fabs(percent) > fabs(largest)) {
            largest = percent;
            *worst = i;
        }
        if (fabs(percent) > fmax(fabs(of->largest), rounding_percent)) {
            of->largest = percent;
            of->structure = column_a;
        }
    }
    return DN_OK;
}

static dn_status put_structure(comparison *it, const char *name, size_t n, size_t gone, size_t come, size_t worst)
{
    double sum_a = 0.0, sum_b = 0.0, sum = 0.0, squares = 0.0, largest = 0.0;
    size_t row = 0;
    for (size_t i = 0; i < n; ++i) {
        const double percent = 200.0 * (it->b[i] - it->a[i]) / (it->a[i] + it->b[i]);
        sum_a += it->a[i];
        sum_b += it->b[i];
        sum += percent;
        squares += percent * percent;
        largest = fabs(percent) > fabs(largest) ? percent : largest;
    }
    const double mean = sum / (double)n, variance = n > 1 ? (squares - (double)n * mean * mean) / ((double)n - 1.0) : NAN;
    const double sd = sqrt(fmax(variance, 0.0));
    DN_TRY(dn_table_add_row(it->structures, &row));
    DN_TRY(dn_table_put_text(it->structures, "structure", name));
    const struct {
        const char *column;
        double value;
    } cells[] = {{"n", (double)n},
                 {"only_before", (double)gone},
                 {"only_after", (double)come},
                 {"mean_before_mm3", sum_a / (double)n},
                 {"mean_after_mm3", sum_b / (double)n},
                 {"difference_percent", mean},
                 {"sd_percent", n > 1 ? sd : NAN},
                 {"limit_low_percent", n > 2 ? mean - 1.959963984540054 * sd : NAN},
                 {"limit_high_percent", n > 2 ? mean + 1.959963984540054 * sd : NAN},
                 {"largest_percent", n > 0 ? largest : NAN}};
    for (size_t c = 0; c < sizeof cells / sizeof *cells; ++c) {
        DN_TRY(dn_table_put_number(it->structures, cells[c].column, cells[c].value));
    }
    return dn_table_put_text(it->structures, "largest_in", worst != DN_TABLE_NONE ? it->before.keys[it->pairs[worst].before] : NULL);
}

static dn_status compare_structures(comparison *it)
{
    const dn_table *a = it->before.gathered.table, *b = it->after.gathered.table;
    DN_TRY(dn_table_create("difference.tsv", &it->structures));
    for (size_t c = 0; c < dn_table_columns(a); ++c) {
        const char *name = dn_table_column_name(a, c);
        const size_t other = dn_table_find(b, name);
        size_t n, gone, come, worst;
        if (dn_table_unit(a, c) == NULL || other == DN_TABLE_NONE) {
            continue; /* an id, or measured in one of them only: named below */
        }
        DN_TRY(take(it, c, other, &n, &gone, &come, &worst));
        DN_TRY(put_structure(it, name, n, gone, come, worst));
    }
    return DN_OK;
}

/* ---- the scans ------------------------------------------------------------------------------------------------------ */

static const char *verdict_name(dn_scan_verdict verdict)
{
    return verdict == DN_SCAN_ACCEPTED ? "yes" : verdict == DN_SCAN_REJECTED ? "no" : verdict == DN_SCAN_BY_HAND ? "by_hand" : NULL;
}

static dn_status compare_scans(comparison *it)
{
    DN_TRY(dn_table_create("difference_scans.tsv", &it->scans));
    for (size_t i = 0; i < it->count; ++i) {
        const pair *of = &it->pairs[i];
        const dn_scan_verdict before = it->before.gathered.scan[of->before].verdict, after = it->after.gathered.scan[of->after].verdict;
        size_t row = 0;
        DN_TRY(dn_table_add_row(it->scans, &row));
        DN_TRY(dn_table_put_text(it->scans, "scan", it->before.keys[of->before]));
        DN_TRY(dn_table_put_number(it->scans, "largest_percent", of->largest));
        DN_TRY(dn_table_put_text(it->scans, "structure",
                                 of->structure != DN_TABLE_NONE ? dn_table_column_name(it->before.gathered.table, of->structure) : NULL));
        DN_TRY(dn_table_put_text(it->scans, "accepted_before", verdict_name(before)));
        DN_TRY(dn_table_put_text(it->scans, "accepted_after", verdict_name(after)));
        it->unchanged += of->structure == DN_TABLE_NONE && !of->in_one;
        it->in_one += of->in_one;
        it->other_verdict += before != after;
    }
    return DN_OK;
}

/* ---- words ---------------------------------------------------------------------------------------------------------- */

static void say_if_other(FILE *to, const char *what, const char *before, const char *after, bool *said)
{
    if (before != NULL && after != NULL && strcmp(before, after) != 0) {
        fprintf(to, "%s%s: %s, then %s", *said ? "; " : " Measured with other ", what, before, after);
        *said = true;
    }
}

static void say_provenance(comparison *it)
{
    const dn_scan_record *a = &it->before.gathered.scan[it->pairs[0].before], *b = &it->after.gathered.scan[it->pairs[0].after];
    bool said = false;
    say_if_other(it->text.stream, "versions", a->version, b->version, &said);
    say_if_other(it->text.stream, "networks", a->networks, b->networks, &said);
    say_if_other(it->text.stream, "options", a->options, b->options, &said);
    if (said) {
        fputc('.', it->text.stream);
    }
}

static dn_status say_structure(comparison *it, const char *name)
{
    const dn_table *t = it->structures;
    double n, mean, sd, largest;
    for (size_t row = 0; row < dn_table_rows(t); ++row) {
        if (strcmp(dn_table_text(t, row, dn_table_find(t, "structure")), name) != 0) {
            continue;
        }
        DN_TRY(dn_table_number(t, row, dn_table_find(t, "n"), &n));
        DN_TRY(dn_table_number(t, row, dn_table_find(t, "difference_percent"), &mean));
        DN_TRY(dn_table_number(t, row, dn_table_find(t, "sd_percent"), &sd));
        DN_TRY(dn_table_number(t, row, dn_table_find(t, "largest_percent"), &largest));
        if (n > 0) {
            char *label = NULL;
            const char *worst = dn_table_text(t, row, dn_table_find(t, "largest_in"));
            DN_TRY(dn_label_of(name, &label));
            fprintf(it->text.stream, " %s: %s %% (SD %s %%, largest %s %%%s%s).", label, dn_say(mean), dn_say(sd), dn_say(largest),
                    worst != NULL ? " in " : "", worst != NULL ? worst : "");
            free(label);
        }
    }
    return DN_OK;
}

/* Columns that only one of them has. */
static dn_status say_columns(comparison *it, const dn_table *has, const dn_table *lacks, const char *where)
{
    dn_list names = {0};
    const char *text = NULL;
    dn_status status = DN_OK;
    for (size_t c = 0; c < dn_table_columns(has) && status == DN_OK; ++c) {
        if (dn_table_unit(has, c) != NULL && dn_table_find(lacks, dn_table_column_name(has, c)) == DN_TABLE_NONE) {
            status = dn_list_add(&names, dn_table_column_name(has, c), NULL);
        }
    }
    if (status == DN_OK) {
        status = dn_list_close(&names, &text);
    }
    if (status == DN_OK && names.count > 0) {
        fprintf(it->text.stream, " Measured only %s: %s.", where, text);
    }
    dn_list_release(&names);
    return status;
}

static dn_status say(comparison *it)
{
    FILE *to = it->text.stream;
    fprintf(to, "%zu scans are in both %s and %s", it->count, it->options->before, it->options->after);
    if (it->only_before + it->only_after > 0) {
        fprintf(to, " (%zu only in the first, %zu only in the second)", it->only_before, it->only_after);
    }
    fprintf(to, "; the volumes of %zu are the same.", it->unchanged);
    if (it->in_one > 0) {
        fprintf(to, " Of %zu of them a structure is measured in one of both only (only_before and only_after in the table).", it->in_one);
    }
    if (it->other_verdict > 0) {
        fprintf(to, " Quality control judges %zu of them differently.", it->other_verdict);
    }
    say_provenance(it);
    DN_TRY(say_columns(it, it->before.gathered.table, it->after.gathered.table, "in the first"));
    DN_TRY(say_columns(it, it->after.gathered.table, it->before.gathered.table, "in the second"));
    if (it->unchanged < it->count) {
        fputs(" Change of volumes, second minus first, in percent of their mean:", to);
        for (size_t i = 0; i < DRAWN; ++i) {
            DN_TRY(say_structure(it, drawn[i]));
        }
    }
    return DN_OK;
}

/* ---- the figure ----------------------------------------------------------------------------------------------------- */

/* Pairs and limits of one structure; *fits: there is something to draw. */
static dn_status fit(comparison *it, const char *name, dn_bland_altman *out, size_t *n, bool *fits)
{
    const size_t a = dn_table_find(it->before.gathered.table, name), b = dn_table_find(it->after.gathered.table, name);
    size_t gone, come, worst;
    *fits = false;
    *n = 0;
    if (a == DN_TABLE_NONE || b == DN_TABLE_NONE) {
        return DN_OK;
    }
    DN_TRY(take(it, a, b, n, &gone, &come, &worst));
    if (*n < 3) {
        return DN_OK;
    }
    return dn_error_excuse(dn_bland_altman_fit(it->b, it->a, *n, true, 0.95, DN_LIMITS_EXACT, it->mean, it->difference, out), DN_EDATA,
                           fits);
}

static dn_status add_panel(comparison *it, dn_figure *figure, const char *name)
{
    dn_bland_altman fitted;
    size_t n;
    bool fits;
    char *label = NULL;
    DN_TRY(fit(it, name, &fitted, &n, &fits));
    DN_TRY(dn_label_of(name, &label));
    const dn_figure_limits limits = {fitted.bias.value, fitted.bias.low,    fitted.bias.high,   fitted.lower.value,
                                     fitted.lower.low,  fitted.lower.high,  fitted.upper.value, fitted.upper.low,
                                     fitted.upper.high, fitted.slope.value, fitted.intercept,   fitted.slope_p < 0.05};
    const dn_panel panel = {.title = label, .x_label = "Mean of both (mm\xC2\xB3)", .y_label = "Second \xE2\x88\x92 first (%)"};
    dn_status status = dn_figure_bland_altman(figure, &panel, n, it->mean, it->difference, &limits);
    free(label);
    return status;
}

static dn_status draw(comparison *it)
{
    const char *names[DRAWN];
    int count = 0;
    dn_figure *figure = NULL;
    for (size_t i = 0; i < DRAWN; ++i) {
        dn_bland_altman fitted;
        size_t n;
        bool fits;
        DN_TRY(fit(it, drawn[i], &fitted, &n, &fits));
        if (fits) {
            names[count++] = drawn[i];
        }
    }
    if (count == 0) {
        return DN_OK;
    }
    DN_TRY(dn_figure_create(85.0, 65.0 * count, count, 1, &figure));
    dn_status status = DN_OK;
    for (int i = 0; i < count && status == DN_OK; ++i) {
        status = add_panel(it, figure, names[i]);
    }
    if (status == DN_OK) {
        status = dn_study_write_figure(it->options->output.folder, "difference_figure", it->options->output.note, figure);
    }
    dn_figure_destroy(figure);
    return status;
}

/* ---- all ------------------------------------------------------------------------------------------------------------ */

static dn_status compare(comparison *it, dn_study_result *result)
{
    char *paragraph = NULL;
    DN_TRY(load(it->options->before, &it->before));
    DN_TRY(load(it->options->after, &it->after));
    DN_TRY(match(it));
    DN_TRY(compare_structures(it));
    DN_TRY(compare_scans(it));
    DN_TRY(dn_text_open(&it->text));
    DN_TRY(say(it));
    DN_TRY(dn_text_take(&it->text, &paragraph));
    dn_status status = dn_study_write_table(it->options->output.folder, "difference", it->structures);
    if (status == DN_OK) {
        status = dn_study_write_table(it->options->output.folder, "difference_scans", it->scans);
    }
    if (status == DN_OK) {
        status = dn_study_emit(it->options->output.folder, "difference", paragraph, NULL, result);
    }
    free(paragraph);
    DN_TRY(status);
    return it->options->output.folder != NULL ? draw(it) : DN_OK;
}

dn_status dn_study_difference(const dn_difference_options *options, bool *changed, dn_study_result *result)
{
    comparison it = {.options = options};
    dn_status status = compare(&it, result);
    *changed = it.unchanged < it.count || it.other_verdict > 0;
    dn_text_discard(&it.text);
    dn_table_destroy(it.structures);
    dn_table_destroy(it.scans);
    free(it.pairs);
    free(it.a);
    free(it.b);
    free(it.mean);
    free(it.difference);
    side_release(&it.before);
    side_release(&it.after);
    return status;
}
