/* Scans whose volumes are far from those of the others. */
#define _GNU_SOURCE
#include "cohort/group/outliers.h"

#include "base/memory.h"
#include "report/volume_lines.h"
#include "stats/descriptive.h"
#include "stats/robust.h"
#include "study/output/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double mad_to_sd = 1.4826;
/* A line through more points is not better by what could be seen, and takes as many times longer. */
enum { FIT_MOST = 1500 };

const dn_roster_structure dn_roster_structures[] = {
    {"hypothalamus", true}, {"thalamus", true}, {"caudate", true},   {"putamen", true},           {"pallidum", true},
    {"hippocampus", true},  {"amygdala", true}, {"accumbens", true}, {"lateral_ventricle", true}, {"third_ventricle", false},
    {"brain_stem", false},  {"icv", false},     {NULL, false},
};

/* ---- one measure -------------------------------------------------------------------------------------------------- */

/* The scans' numbers. x: log volume or asymmetry; h: log ICV; NaN where there is none. All count long. */
typedef struct numbers {
    double *x, *h, *value, *scratch;
    double slope, intercept; /* of the line through x and h - middle */
    double middle;           /* median of h */
} numbers;

static size_t column_of(const dn_roster *cohort, const char *structure, char side)
{
    char name[128];
    if (side == 'B') {
        return dn_table_find(cohort->columns, structure);
    }
    snprintf(name, sizeof name, "%s_%c", structure, side);
    return dn_table_find(cohort->columns, name);
}

static double value_at(const dn_roster_scan *scan, size_t column)
{
    return column == DN_TABLE_NONE ? (double)NAN : dn_roster_value(scan, column);
}

static void take_numbers(const dn_roster *cohort, bool count_rejected, const dn_roster_measure *m, numbers *out)
{
    const size_t both = column_of(cohort, m->structure, m->side), left = column_of(cohort, m->structure, 'L');
    const size_t right = column_of(cohort, m->structure, 'R'), icv = column_of(cohort, "icv", 'B');
    for (size_t i = 0; i < cohort->count; ++i) {
        const dn_roster_scan *scan = &cohort->scan[i];
        const bool counts = dn_roster_counts(scan, count_rejected);
        const double l = value_at(scan, left), r = value_at(scan, right), head = value_at(scan, icv);
        out->value[i] = !counts ? (double)NAN : m->asymmetry ? (l + r > 0.0 ? 2.0 * (l - r) / (l + r) : (double)NAN) : value_at(scan, both);
        out->x[i] = m->asymmetry ? out->value[i] : out->value[i] > 0.0 ? log(out->value[i]) : (double)NAN;
        out->h[i] = !m->asymmetry && strcmp(m->structure, "icv") != 0 && head > 0.0 && !isnan(out->x[i]) ? log(head) : (double)NAN;
    }
}

/* Median of those of from that are numbers and belong: all, or those with (without) an h. *n: how many. */
static double median_of(const double *from, size_t count, double *scratch, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < count; ++i) {
        if (!isnan(from[i])) {
            scratch[(*n)++] = from[i];
        }
    }
    if (*n == 0) {
        return NAN;
    }
    dn_sort(scratch, *n);
    return dn_quantile_sorted(scratch, *n, 0.5);
}

/* Median and 1.4826 MAD of n numbers in scratch, which is sorted by now. */
static double spread_of(double *scratch, size_t n, double median)
{
    for (size_t i = 0; i < n; ++i) {
        scratch[i] = fabs(scratch[i] - median);
    }
    dn_sort(scratch, n);
    return mad_to_sd * dn_quantile_sorted(scratch, n, 0.5);
}

/* The line through x and h. *fitted: false when the data do not allow one. */
static dn_status fit_line(numbers *it, size_t count, bool *fitted)
{
    size_t n = 0, taken = 0;
    double *rows = NULL, *y = NULL, beta[2], scale;
    *fitted = false;
    it->middle = median_of(it->h, count, it->scratch, &n);
    if (n < (size_t)DN_OUTLIERS_LEAST) {
        return DN_OK;
    }
    const size_t step = n / (size_t)FIT_MOST + 1;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&rows, 2 * n, sizeof *rows, "a line through volumes"), done);
    DN_TRY_GOTO(status, dn_alloc(&y, n, sizeof *y, "a line through volumes"), done);
    for (size_t i = 0, seen = 0; i < count; ++i) {
        if (!isnan(it->h[i]) && seen++ % step == 0) {
            rows[2 * taken] = 1.0;
            rows[2 * taken + 1] = it->h[i] - it->middle;
            y[taken++] = it->x[i];
        }
    }
    status = dn_error_excuse(dn_robust_fit(rows, y, taken, 2, DN_PSI_HUBER, 0.0, beta, &scale, NULL), DN_EDATA, fitted);
    if (status == DN_OK && *fitted) {
        it->intercept = beta[0];
        it->slope = beta[1];
    }
done:
    free(rows);
    free(y);
    return status;
}

static dn_status add(dn_roster_outliers *out, const dn_roster_outlier *one)
{
    if ((out->count & (out->count - 1)) == 0) {
        DN_TRY(dn_realloc(&out->found, out->count == 0 ? 1 : 2 * out->count, sizeof *out->found, "the outliers"));
    }
    out->found[out->count++] = *one;
    return DN_OK;
}

/* Where x of the scans is in r (NaN: not compared): what is beyond the limit. */
static dn_status take_beyond(dn_roster *cohort, const numbers *it, const double *r, double median, double spread, bool head_size,
                             size_t measure, dn_roster_outliers *out)
{
    const bool asymmetry = out->measure[measure].asymmetry;
    for (size_t i = 0; i < cohort->count; ++i) {
        const bool zero = !asymmetry && it->value[i] == 0.0;
        if (isnan(r[i]) && !(zero && !head_size)) {
            continue;
        }
        const double z = zero ? -(double)INFINITY : (r[i] - median) / spread;
        cohort->scan[i].tested = true;
        if (fabs(z) > DN_OUTLIERS_LIMIT) {
            const double line = head_size ? it->intercept + it->slope * (it->h[i] - it->middle) : 0.0;
            const dn_roster_outlier one = {.scan = i,
                                           .measure = measure,
                                           .value = it->value[i],
                                           .expected = asymmetry ? median : exp(median + line),
                                           .z = z,
                                           .head_size = head_size};
            DN_TRY(add(out, &one));
            ++cohort->scan[i].outliers;
            cohort->scan[i].farthest = fmax(cohort->scan[i].farthest, fabs(z));
        }
    }
    return DN_OK;
}

/* Those of a known head size against the line, the others against all. */
static dn_status look_at(dn_roster *cohort, numbers *it, size_t measure, dn_roster_outliers *out)
{
    dn_roster_measure *m = &out->measure[measure];
    const size_t count = cohort->count;
    bool fitted = false;
    m->spread = NAN;
    double median = median_of(it->x, count, it->scratch, &m->n);
    if (m->n < (size_t)DN_OUTLIERS_LEAST) {
        return DN_OK;
    }
    m->spread = spread_of(it->scratch, m->n, median);
    DN_TRY(fit_line(it, count, &fitted));
    if (fitted) {
        double *r = NULL;
        size_t n;
        DN_TRY(dn_alloc(&r, count, sizeof *r, "volumes without head size"));
        for (size_t i = 0; i < count; ++i) {
            r[i] = isnan(it->h[i]) ? (double)NAN : it->x[i] - it->intercept - it->slope * (it->h[i] - it->middle);
        }
        const double middle = median_of(r, count, it->scratch, &n);
        const double spread = spread_of(it->scratch, n, middle);
        dn_status status = spread > 0.0 ? take_beyond(cohort, it, r, middle, spread, true, measure, out) : DN_OK;
        for (size_t i = 0; i < count && spread > 0.0; ++i) {
            it->x[i] = isnan(it->h[i]) ? it->x[i] : (double)NAN; /* compared */
        }
        m->head_size = spread > 0.0;
        const double raw = m->spread;
        m->spread = spread > 0.0 ? spread : m->spread;
        free(r);
        DN_TRY(status);
        return raw > 0.0 ? take_beyond(cohort, it, it->x, median, raw, false, measure, out) : DN_OK;
    }
    return m->spread > 0.0 ? take_beyond(cohort, it, it->x, median, m->spread, false, measure, out) : DN_OK;
}

/* ---- all ---------------------------------------------------------------------------------------------------------- */

static void list_measures(const dn_roster *cohort, dn_roster_outliers *out)
{
    for (const dn_roster_structure *s = dn_roster_structures; s->name != NULL; ++s) {
        const dn_roster_measure kinds[] = {{.structure = s->name, .side = 'B'},
                                           {.structure = s->name, .side = 'L'},
                                           {.structure = s->name, .side = 'R'},
                                           {.structure = s->name, .side = 'B', .asymmetry = true}};
        for (size_t k = 0; k < (s->paired ? 4u : 1u); ++k) {
            const bool there = kinds[k].asymmetry
                                   ? column_of(cohort, s->name, 'L') != DN_TABLE_NONE && column_of(cohort, s->name, 'R') != DN_TABLE_NONE
                                   : column_of(cohort, s->name, kinds[k].side) != DN_TABLE_NONE;
            if (there && out->measures < (size_t)DN_ROSTER_MEASURES_MOST) {
                out->measure[out->measures++] = kinds[k];
            }
        }
    }
}

static int by_scan(const void *pa, const void *pb)
{
    const dn_roster_outlier *a = pa;
    const dn_roster_outlier *b = pb;
    return a->scan != b->scan ? (a->scan < b->scan ? -1 : 1) : a->measure < b->measure ? -1 : a->measure > b->measure;
}

dn_status dn_roster_find_outliers(dn_roster *cohort, bool count_rejected, dn_roster_outliers *out)
{
    numbers it = {.x = NULL};
    dn_status status = DN_OK;
    *out = (dn_roster_outliers){.n = 0};
    for (size_t i = 0; i < cohort->count; ++i) {
        cohort->scan[i].tested = false;
        cohort->scan[i].outliers = 0;
        cohort->scan[i].farthest = 0.0;
        out->n += dn_roster_counts(&cohort->scan[i], count_rejected);
    }
    list_measures(cohort, out);
    double **const arrays[] = {&it.x, &it.h, &it.value, &it.scratch};
    for (size_t k = 0; k < 4; ++k) {
        DN_TRY_GOTO(status, dn_alloc(arrays[k], cohort->count, sizeof(double), "the volumes of the cohort"), done);
    }
    for (size_t m = 0; m < out->measures; ++m) {
        take_numbers(cohort, count_rejected, &out->measure[m], &it);
        DN_TRY_GOTO(status, look_at(cohort, &it, m, out), done);
    }
    if (out->count > 0) {
        qsort(out->found, out->count, sizeof *out->found, by_scan);
    }
done:
    for (size_t k = 0; k < 4; ++k) {
        free(*arrays[k]);
    }
    return status;
}

void dn_roster_outliers_release(dn_roster_outliers *outliers)
{
    free(outliers->found);
    *outliers = (dn_roster_outliers){.n = 0};
}

/* ---- words -------------------------------------------------------------------------------------------------------- */

dn_status dn_roster_measure_name(const dn_roster_measure *measure, char **out)
{
    char column[128], *label = NULL;
    const bool whole = measure->side == 'B';
    snprintf(column, sizeof column, "%s%s%c", measure->structure, whole ? "" : "_", whole ? '\0' : measure->side);
    DN_TRY(dn_label_of(column, &label));
    dn_status status = dn_asprintf(out, "%s%s", label, measure->asymmetry ? ", left against right" : "");
    free(label);
    return status;
}

static const char *z_text(double z, char out[32])
{
    if (isinf(z)) {
        snprintf(out, 32, "no volume");
    } else {
        snprintf(out, 32, "z %s%.1f", z < 0.0 ? "\xe2\x88\x92" : "", fabs(z));
    }
    return out;
}

dn_status dn_roster_outlier_say(const dn_roster_outliers *outliers, const dn_roster_outlier *outlier, char **out)
{
    const dn_roster_measure *m = &outliers->measure[outlier->measure];
    const dn_unit unit = dn_unit_of(m->structure);
    char *name = NULL, value[40], expected[40], z[32];
    DN_TRY(dn_roster_measure_name(m, &name));
    dn_status status;
    z_text(outlier->z, z);
    if (m->asymmetry) {
        status =
            dn_asprintf(out, "%s: %s%.0f %%, of the others %s%.0f %% (%s)", name, outlier->value < 0.0 ? "\xe2\x88\x92" : "+",
                        100.0 * fabs(outlier->value), outlier->expected < 0.0 ? "\xe2\x88\x92" : "+", 100.0 * fabs(outlier->expected), z);
    } else {
        const double percent = 100.0 * (outlier->value / outlier->expected - 1.0);
        status = dn_asprintf(out, "%s: %s %s, %.0f %% %s the %s %s that %s (%s)", name, dn_unit_number(outlier->value, unit, value),
                             dn_unit_name(unit), fabs(percent), percent < 0.0 ? "below" : "above",
                             dn_unit_number(outlier->expected, unit, expected), dn_unit_name(unit),
                             outlier->head_size ? "others have at this head size" : "the others have", z);
    }
    free(name);
    return status;
}
