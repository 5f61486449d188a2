/* From the table to samples: who is in which group, with which value, and who is left out and why. */
#define _GNU_SOURCE
#include "study/groups/group_data.h"

#include "stats/anova.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GROUPS = 64, MOST_LEVELS = 12 };

dn_status dn_arena_take(dn_arena *arena, void *out, size_t count, size_t size)
{
    void *p = dn_arena_alloc(arena, count > 0 ? count : 1, size);
    if (p == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for an analysis");
    }
    memcpy(out, &p, sizeof p);
    return DN_OK;
}

dn_status dn_arena_format(dn_arena *arena, const char **out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *out = dn_arena_strdup(arena, text);
    return *out != NULL ? DN_OK : dn_error_set(DN_ENOMEM, "not enough memory for an analysis");
}

dn_status dn_person_name(const dn_table *table, size_t row, size_t id, dn_arena *arena, const char **out)
{
    if (id != DN_TABLE_NONE && dn_table_text(table, row, id) != NULL) {
        *out = dn_table_text(table, row, id);
        return DN_OK;
    }
    return dn_arena_format(arena, out, "line %zu", dn_table_line(table, row));
}

dn_status dn_names_add(dn_names *names, const char *name, const char *reason)
{
    char *longer = NULL;
    if (names->count++ >= DN_NAMES_SAID) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&longer, "%s%s%s%s%s%s", names->text ? names->text : "", names->text ? ", " : "", name, reason ? " (" : "",
                       reason ? reason : "", reason ? ")" : ""));
    free(names->text);
    names->text = longer;
    return DN_OK;
}

void dn_names_say(FILE *out, const dn_names *names)
{
    if (names->count > 0) {
        fprintf(out, "%s", names->text);
    }
    if (names->count > DN_NAMES_SAID) {
        fprintf(out, " and %zu more", names->count - DN_NAMES_SAID);
    }
}

/* Names in the order of the table, the control first; people get their group. */
static dn_status find_groups(const dn_table *table, size_t column, dn_group_analysis *out)
{
    const char *found[MOST_GROUPS];
    char list[512] = "";
    for (size_t i = 0; i < out->people_count; ++i) {
        const char *name = dn_table_text(table, i, column);
        size_t g = 0;
        if (name == NULL) {
            out->people[i].group = DN_TABLE_NONE;
            if (out->people[i].omitted == NULL) {
                DN_TRY(dn_arena_format(&out->arena, &out->people[i].omitted, "no %s", out->options.group));
            }
            continue;
        }
        while (g < out->k && strcmp(found[g], name) != 0) {
            ++g;
        }
        if (g == MOST_GROUPS) {
            DN_FAIL(DN_EDATA, "%s, column %s has more than %d groups; is it the right column?", dn_table_name(table), out->options.group,
                    MOST_GROUPS);
        }
        if (g == out->k) {
            size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s", g > 0 ? ", " : "", name);
            found[out->k++] = name;
        }
        out->people[i].group = g;
    }
    size_t control = 0;
    if (out->options.control != NULL) {
        while (control < out->k && strcmp(found[control], out->options.control) != 0) {
            ++control;
        }
        if (control == out->k) {
            DN_FAIL(DN_EDATA, "%s, column %s has no group \"%s\"; its groups are: %s", dn_table_name(table), out->options.group,
                    out->options.control, list);
        }
    }
    if (out->k < 2) {
        DN_FAIL(DN_EDATA, "%s, column %s has %s; a comparison needs two groups", dn_table_name(table), out->options.group,
                out->k == 0 ? "no group" : "only one group");
    }
    DN_TRY(dn_arena_take(&out->arena, &out->names, out->k, sizeof *out->names));
    out->names[0] = found[control];
    for (size_t g = 0, at = 1; g < out->k; ++g) {
        if (g != control) {
            out->names[at++] = found[g];
        }
    }
    for (size_t i = 0; i < out->people_count; ++i) {
        dn_person *p = &out->people[i];
        if (p->group != DN_TABLE_NONE) {
            p->group = p->group == control ? 0 : p->group < control ? p->group + 1 : p->group;
        }
    }
    return DN_OK;
}

/* Numbers of a column into the field at `offset` of every person. */
static dn_status read_numbers(const dn_table *table, const char *name, size_t offset, dn_group_analysis *out)
{
    double *numbers = NULL;
    size_t column;
    DN_TRY(dn_table_column(table, name, &column));
    DN_TRY(dn_table_numbers(table, column, &numbers));
    dn_status status = DN_OK;
    for (size_t i = 0; i < out->people_count && status == DN_OK; ++i) {
        dn_person *p = &out->people[i];
        memcpy((char *)p + offset, &numbers[i], sizeof numbers[i]);
        if (isnan(numbers[i]) && p->omitted == NULL) {
            status = dn_arena_format(&out->arena, &p->omitted, "no %s", name);
        }
    }
    free(numbers);
    return status;
}

static dn_status normalise(const dn_table *table, dn_group_analysis *out)
{
    const dn_group_options *o = &out->options;
    double *volume;
    double *icv;
    double *result;
    unsigned char *control;
    size_t n = 0;
    out->mean_icv = out->slope = NAN;
    for (size_t i = 0; i < out->people_count; ++i) {
        out->people[i].value = out->people[i].raw;
    }
    if (o->icv == NULL || o->normalise == DN_ICV_NONE) {
        return DN_OK;
    }
    if (o->control == NULL) {
        DN_FAIL(DN_EUSAGE, "normalisation by %s needs the name of the control group, whose mean is used", o->icv);
    }
    DN_TRY(read_numbers(table, o->icv, offsetof(dn_person, icv), out));
    DN_TRY(dn_arena_take(&out->arena, &volume, out->people_count, sizeof *volume));
    DN_TRY(dn_arena_take(&out->arena, &icv, out->people_count, sizeof *icv));
    DN_TRY(dn_arena_take(&out->arena, &result, out->people_count, sizeof *result));
    DN_TRY(dn_arena_take(&out->arena, &control, out->people_count, 1));
    for (size_t i = 0; i < out->people_count; ++i) {
        const dn_person *p = &out->people[i];
        if (p->omitted == NULL) {
            if (!(p->raw > 0.0) || !(p->icv > 0.0)) {
                DN_FAIL(DN_EDATA, "%s, line %zu: %s has %s %g and %s %g; both must be above 0", dn_table_name(table),
                        dn_table_line(table, i), p->id, o->value, p->raw, o->icv, p->icv);
            }
            volume[n] = p->raw;
            icv[n] = p->icv;
            control[n++] = p->group == 0;
        }
    }
    DN_TRY(dn_icv_normalise(o->normalise, volume, icv, control, n, result, &out->mean_icv, &out->slope));
    for (size_t i = 0, at = 0; i < out->people_count; ++i) {
        dn_person *p = &out->people[i];
        p->value = p->omitted == NULL ? result[at++] : NAN;
    }
    return DN_OK;
}

dn_status dn_group_samples(dn_group_analysis *out, bool with_outliers, dn_sample *samples)
{
    double *values;
    DN_TRY(dn_arena_take(&out->arena, &values, out->people_count, sizeof *values));
    for (size_t g = 0; g < out->k; ++g) {
        samples[g] = (dn_sample){out->names[g], values, 0};
        for (size_t i = 0; i < out->people_count; ++i) {
            const dn_person *p = &out->people[i];
            if (p->omitted == NULL && p->group == g && (with_outliers || !p->outlier)) {
                values[samples[g].n++] = p->value;
            }
        }
        values += samples[g].n;
    }
    return DN_OK;
}

static dn_status mark_outliers(dn_group_analysis *out)
{
    dn_sample *samples;
    unsigned char *removed;
    DN_TRY(dn_arena_take(&out->arena, &out->low, out->k, sizeof(double)));
    DN_TRY(dn_arena_take(&out->arena, &out->high, out->k, sizeof(double)));
    DN_TRY(dn_arena_take(&out->arena, &samples, out->k, sizeof *samples));
    DN_TRY(dn_arena_take(&out->arena, &removed, out->people_count, 1));
    DN_TRY(dn_group_samples(out, true, samples));
    for (size_t g = 0; g < out->k; ++g) {
        size_t count = 0;
        size_t at = 0;
        out->low[g] = out->high[g] = NAN;
        if (samples[g].n < 2) {
            DN_FAIL(DN_EDATA, "the group %s has %zu usable value%s of %s; a comparison needs at least 2 per group", out->names[g],
                    samples[g].n, samples[g].n == 1 ? "" : "s", out->options.value);
        }
        if (!(out->options.outlier_factor > 0.0)) {
            continue;
        }
        DN_TRY(dn_iqr_outliers(samples[g].values, samples[g].n, out->options.outlier_factor, removed, &count, &out->low[g], &out->high[g]));
        out->outliers += count;
        for (size_t i = 0; i < out->people_count; ++i) {
            dn_person *p = &out->people[i];
            if (p->omitted == NULL && p->group == g) {
                p->outlier = removed[at++] != 0;
            }
        }
    }
    return DN_OK;
}

dn_status dn_group_read(const dn_table *table, dn_group_analysis *out)
{
    size_t group;
    size_t ignored;
    /* Names first: a wrong name is the likeliest mistake, and later messages would hide it. */
    DN_TRY(dn_table_column(table, out->options.value, &ignored));
    if (out->options.icv != NULL) {
        DN_TRY(dn_table_column(table, out->options.icv, &ignored));
    }
    for (size_t j = 0; j < out->options.covariate_count; ++j) {
        DN_TRY(dn_table_column(table, out->options.covariates[j], &ignored));
    }
    out->people_count = dn_table_rows(table);
    size_t id = out->options.id != NULL ? dn_table_find(table, out->options.id) : DN_TABLE_NONE;
    DN_TRY(dn_table_column(table, out->options.group, &group));
    if (id != DN_TABLE_NONE) {
        DN_TRY(dn_table_check_unique(table, &id, 1));
    }
    DN_TRY(dn_arena_take(&out->arena, &out->people, out->people_count, sizeof *out->people));
    for (size_t i = 0; i < out->people_count; ++i) {
        out->people[i] = (dn_person){.row = i, .raw = NAN, .icv = NAN, .value = NAN};
        DN_TRY(dn_person_name(table, i, id, &out->arena, &out->people[i].id));
    }
    DN_TRY(read_numbers(table, out->options.value, offsetof(dn_person, raw), out));
    DN_TRY(find_groups(table, group, out));
    DN_TRY(normalise(table, out));
    for (size_t i = 0; i < out->people_count; ++i) {
        out->omitted += out->people[i].omitted != NULL;
    }
    return mark_outliers(out);
}

/* ---- covariates ---- */

bool dn_column_is_category(const dn_table *table, size_t column)
{
    size_t numbers = 0;
    size_t texts = 0;
    for (size_t r = 0; r < dn_table_rows(table); ++r) {
        if (dn_table_text(table, r, column) != NULL) {
            *(dn_table_is_text(table, r, column) ? &texts : &numbers) += 1;
        }
    }
    return texts > numbers;
}

typedef struct coded {
    const char *name;
    double *values; /* a person each; NaN: missing */
} coded;

/* Whether someone counts; outliers do where they are asked for. */
static bool counts(const dn_person *p, bool with_outliers)
{
    return p->omitted == NULL && (with_outliers || !p->outlier);
}

static dn_status code_column(const dn_table *table, const char *name, bool with_outliers, dn_group_analysis *out, coded *columns,
                             size_t *count)
{
    size_t column;
    size_t n = out->people_count;
    DN_TRY(dn_table_column(table, name, &column));
    if (!dn_column_is_category(table, column)) {
        coded *c = &columns[(*count)++];
        c->name = name;
        DN_TRY(dn_arena_take(&out->arena, &c->values, n, sizeof(double)));
        for (size_t i = 0; i < n; ++i) {
            DN_TRY(dn_table_number(table, i, column, &c->values[i]));
        }
        return DN_OK;
    }
    const char *levels[MOST_LEVELS];
    size_t level_count = 0;
    for (size_t i = 0; i < n; ++i) {
        const char *text = dn_table_text(table, i, column);
        size_t l = 0;
        if (text == NULL || !counts(&out->people[i], with_outliers)) {
            continue;
        }
        while (l < level_count && strcmp(levels[l], text) != 0) {
            ++l;
        }
        if (l == MOST_LEVELS) {
            DN_FAIL(DN_EDATA, "%s, column %s has more than %d different texts; as a covariate it needs numbers or a few categories",
                    dn_table_name(table), name, MOST_LEVELS);
        }
        if (l == level_count) {
            levels[level_count++] = text;
        }
    }
    if (level_count < 2) {
        DN_FAIL(DN_EDATA, "%s, column %s has only one value among those who count; leave it out of the covariates", dn_table_name(table),
                name);
    }
    for (size_t l = 1; l < level_count; ++l) {
        coded *c = &columns[(*count)++];
        DN_TRY(dn_arena_format(&out->arena, &c->name, "%s (%s)", name, levels[l]));
        DN_TRY(dn_arena_take(&out->arena, &c->values, n, sizeof(double)));
        for (size_t i = 0; i < n; ++i) {
            const char *text = dn_table_text(table, i, column);
            c->values[i] = text == NULL ? NAN : strcmp(text, levels[l]) == 0 ? 1.0 : 0.0;
        }
    }
    return DN_OK;
}

/* Who counts and has all covariates, packed in place: values of the columns, y and group, *n of them. */
static dn_status pack(dn_group_analysis *out, bool with_outliers, coded *columns, size_t count, double *y, size_t *group, size_t *n)
{
    size_t *members;
    *n = 0;
    DN_TRY(dn_arena_take(&out->arena, &members, out->k, sizeof *members));
    for (size_t i = 0; i < out->people_count; ++i) {
        dn_person *p = &out->people[i];
        if (!counts(p, with_outliers)) {
            continue;
        }
        bool complete = true;
        for (size_t j = 0; j < count; ++j) {
            complete = complete && !isnan(columns[j].values[i]);
        }
        if (!with_outliers) {
            p->in_ancova = complete;
            out->ancova_omitted += !complete;
        }
        if (!complete) {
            continue;
        }
        for (size_t j = 0; j < count; ++j) {
            columns[j].values[*n] = columns[j].values[i]; /* *n <= i */
        }
        y[*n] = p->value;
        group[(*n)++] = p->group;
        members[p->group]++;
    }
    for (size_t g = 0; g < out->k; ++g) {
        if (members[g] == 0) {
            DN_FAIL(DN_EDATA, "nobody in the group %s has all covariates; the analysis of covariance is not possible", out->names[g]);
        }
    }
    return DN_OK;
}

/* Without outliers it also names the columns. */
static dn_status fit_covariates(const dn_table *table, bool with_outliers, dn_group_analysis *out, dn_ancova *ancova)
{
    coded *columns;
    dn_covariate *covariates;
    double *y;
    size_t *group;
    size_t count = 0;
    size_t n;
    DN_TRY(dn_arena_take(&out->arena, &columns, out->options.covariate_count * MOST_LEVELS, sizeof *columns));
    for (size_t j = 0; j < out->options.covariate_count; ++j) {
        DN_TRY(code_column(table, out->options.covariates[j], with_outliers, out, columns, &count));
    }
    DN_TRY(dn_arena_take(&out->arena, &covariates, count, sizeof *covariates));
    DN_TRY(dn_arena_take(&out->arena, &y, out->people_count, sizeof *y));
    DN_TRY(dn_arena_take(&out->arena, &group, out->people_count, sizeof *group));
    DN_TRY(pack(out, with_outliers, columns, count, y, group, &n));
    for (size_t j = 0; j < count; ++j) {
        covariates[j] = (dn_covariate){columns[j].name, columns[j].values};
    }
    if (!with_outliers) {
        DN_TRY(dn_arena_take(&out->arena, &out->covariate_names, count, sizeof *out->covariate_names));
        for (size_t j = 0; j < count; ++j) {
            DN_TRY(dn_arena_take(&out->arena, &out->covariate_names[j], strlen(columns[j].name) + 1, 1));
            strcpy(out->covariate_names[j], columns[j].name);
        }
        out->covariate_columns = count;
    }
    DN_TRY(dn_ancova_fit(y, group, out->names, out->k, covariates, count, n, out->options.level, ancova));
    return out->k > 2 ? dn_adjust_results(ancova->pairs, dn_pair_count(out->k), out->options.adjustment) : DN_OK;
}

dn_status dn_group_covariates(const dn_table *table, dn_group_analysis *out)
{
    out->has_ancova = true;
    DN_TRY(fit_covariates(table, false, out, &out->ancova));
    return out->outliers > 0 ? dn_error_excuse(fit_covariates(table, true, out, &out->ancova_all), DN_EDATA, &out->has_ancova_all) : DN_OK;
}
