/* Box plots of the groups, with brackets for the pairs. */
#define _GNU_SOURCE
#include "study/groups/groups_figure.h"

#include "base/file.h"
#include "base/text.h"
#include "chart/figure_kinds.h"
#include "study/output/labels.h"
#include "study/output/output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BRACKETS = 16, BRACKET_TEXT = 160 };

typedef struct brackets {
    dn_figure_bracket at[MOST_BRACKETS];
    char text[MOST_BRACKETS][BRACKET_TEXT];
    size_t count;
} brackets;

static dn_status box_plot(const char *folder, const char *name, const char *note, const char *label, const dn_figure_group *groups,
                          size_t k, const brackets *over)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    char *file = NULL;
    double lines = 0.0;
    for (size_t i = 0; i < over->count; ++i) {
        lines += strchr(over->text[i], '\n') != NULL ? 2.0 : 1.0;
    }
    DN_TRY_GOTO(status, dn_figure_create(k > 4 ? 174 : 85, 85.0 + fmin(40.0, 4.0 * fmax(0.0, lines - 2.0)), 1, 1, &figure), done);
    const dn_panel panel = {.y_label = label};
    DN_TRY_GOTO(status, dn_figure_box_plot(figure, &panel, groups, k, over->at, over->count), done);
    DN_TRY_GOTO(status, dn_file_name_of(name, &file), done);
    status = dn_study_write_figure(folder, file, note, figure);
done:
    free(file);
    dn_figure_destroy(figure);
    return status;
}

static double shown_p(const dn_group_analysis *a, const dn_result *pair)
{
    return a->k > 2 && !isnan(pair->p_adjusted) ? pair->p_adjusted : pair->p;
}

/* The p of a pair without outliers (with them: all), adjusted where there are covariates. */
static double pair_p(const dn_group_analysis *a, size_t at, bool all)
{
    const dn_comparison *c = all ? &a->all : &a->used;
    const dn_result *plain = a->k == 2 ? &c->overall : &c->pairs[at];
    if (!a->has_ancova) {
        return shown_p(a, plain);
    }
    return all && !a->has_ancova_all ? NAN : shown_p(a, all ? &a->ancova_all.pairs[at] : &a->ancova.pairs[at]);
}

/* Brackets of all pairs while they are few, of the significant ones when there are many groups. */
static void fill_brackets(const dn_group_analysis *a, brackets *out)
{
    size_t at = 0;
    bool both = a->all.samples != NULL;
    for (size_t i = 0; i < a->k; ++i) {
        for (size_t j = i + 1; j < a->k; ++j, ++at) {
            double p = pair_p(a, at, false), p_all = both ? pair_p(a, at, true) : NAN;
            if (out->count == MOST_BRACKETS || (a->k > 3 && !(p < a->options.alpha) && !(p_all < a->options.alpha))) {
                continue;
            }
            char first[32], second[32], *text = out->text[out->count];
            const char *adjusted = a->has_ancova ? "adjusted " : "";
            dn_result_format_p(p, first, sizeof first);
            dn_result_format_p(p_all, second, sizeof second);
            if (both) {
                snprintf(text, BRACKET_TEXT, "%s%s, all\n%s%s, without %zu", adjusted, second, adjusted, first, a->outliers);
            } else {
                snprintf(text, BRACKET_TEXT, "%s%s", adjusted, first);
            }
            out->at[out->count++] = (dn_figure_bracket){i, j, text};
        }
    }
}

/* What the marks mean; the user's own note before it. NULL: nothing to say. */
static dn_status make_note(const dn_group_analysis *a, const char *note, char **out)
{
    dn_text text = {0};
    bool several = a->k > 2 && a->options.adjustment != DN_ADJUST_NONE;
    *out = NULL;
    if (note == NULL && !several && !a->has_ancova && a->all.samples == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_text_open(&text));
    fprintf(text.stream, "%s", note != NULL ? note : "");
    if (a->has_ancova) {
        fprintf(text.stream, "%sp adjusted for ", note != NULL ? " " : "");
        for (size_t j = 0; j < a->options.covariate_count; ++j) {
            fprintf(text.stream, "%s%s", j == 0 ? "" : j + 1 == a->options.covariate_count ? " and " : ", ", a->options.covariates[j]);
        }
        fprintf(text.stream, " by analysis of covariance%s%s.", several ? ", and for the number of pairs by " : "",
                several ? dn_adjustment_name(a->options.adjustment) : "");
    } else if (several) {
        fprintf(text.stream, "%sp adjusted for the number of pairs%s%s.", note != NULL ? " " : "",
                a->used.pairs[0].adjustment != NULL ? " by " : "", a->used.pairs[0].adjustment != NULL ? a->used.pairs[0].adjustment : "");
    }
    if (a->all.samples != NULL) {
        fprintf(text.stream, "%s× left out: beyond %g interquartile ranges of the group.",
                note != NULL || several || a->has_ancova ? " " : "", a->options.outlier_factor);
    }
    return dn_text_take(&text, out);
}

/* Values of each group's outliers into scratch, at most one value per person. */
static void take_dropped(const dn_group_analysis *a, dn_figure_group *groups, double *scratch)
{
    for (size_t g = 0; g < a->k; ++g) {
        groups[g] = (dn_figure_group){.name = a->names[g], .n = a->used.samples[g].n, .values = a->used.samples[g].values};
        groups[g].dropped = scratch;
        for (size_t i = 0; i < a->people_count; ++i) {
            const dn_person *p = &a->people[i];
            if (p->outlier && p->omitted == NULL && p->group == g) {
                scratch[groups[g].n_dropped++] = p->value;
            }
        }
        scratch += groups[g].n_dropped;
    }
}

dn_status dn_groups_figure(const dn_group_analysis *a, const char *folder, const char *note)
{
    dn_status status = DN_OK;
    brackets over = {.count = 0};
    dn_figure_group *groups = NULL;
    double *dropped = NULL;
    char *label = NULL, *name = NULL, *full_note = NULL;
    DN_TRY_GOTO(status, dn_alloc(&groups, a->k, sizeof *groups, "a box plot"), done);
    DN_TRY_GOTO(status, dn_alloc(&dropped, a->people_count, sizeof *dropped, "a box plot"), done);
    fill_brackets(a, &over);
    take_dropped(a, groups, dropped);
    DN_TRY_GOTO(status, make_note(a, note, &full_note), done);
    DN_TRY_GOTO(status, dn_label_axis(a->options.value, a->options.label, !isnan(a->mean_icv), a->options.unit, &label), done);
    DN_TRY_GOTO(status, dn_asprintf(&name, "groups_figure_%s", a->options.value), done);
    status = box_plot(folder, name, full_note, label, groups, a->k, &over);
done:
    free(full_note);
    free(name);
    free(label);
    free(dropped);
    free(groups);
    return status;
}

dn_status dn_paired_figure(const dn_paired_analysis *a, const char *folder, const char *note)
{
    brackets over = {.count = 1};
    dn_figure_group groups[2];
    char *names[2] = {NULL, NULL}, *label = NULL;
    dn_status status = DN_OK;
    bool columns = a->options.group == NULL; /* the names are those of columns */
    for (size_t s = 0; s < 2; ++s) {
        DN_TRY_GOTO(status, columns ? dn_label_of(a->names[s], &names[s]) : dn_strdup(a->names[s], &names[s]), done);
        groups[s] = (dn_figure_group){.name = names[s], .n = a->n, .values = a->values[s]};
    }
    dn_result_format_p(a->test.p, over.text[0], BRACKET_TEXT);
    over.at[0] = (dn_figure_bracket){0, 1, over.text[0]};
    DN_TRY_GOTO(status, dn_label_axis(columns ? "Value" : a->options.first, a->options.label, false, a->options.unit, &label), done);
    status = box_plot(folder, "groups_figure_paired", note, label, groups, 2, &over);
done:
    free(names[0]);
    free(names[1]);
    free(label);
    return status;
}
