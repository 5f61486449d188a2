/* Distributions of the main volumes, and the comparison of groups, in the cohort's report. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "cohort/group/report_private.h"
#include "report/volume_lines.h"
#include "stats/descriptive.h"
#include "study/output/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 260, HIGH = 44, BINS = 52, GROUND = 36, MARKS_MOST = 200 };

/* ---- distributions ------------------------------------------------------------------------------------------------ */

/* Sorted values of a column; *n of them. values: room for all scans. */
static void take(const dn_roster_page *it, const char *name, double *values, size_t *n)
{
    const size_t column = dn_table_find(it->cohort->columns, name);
    *n = 0;
    for (size_t i = 0; column != DN_TABLE_NONE && i < it->cohort->count; ++i) {
        const dn_roster_scan *scan = &it->cohort->scan[i];
        const double value = dn_roster_value(scan, column);
        if (dn_roster_counts(scan, it->options->count_rejected) && !isnan(value)) {
            values[(*n)++] = value;
        }
    }
    if (*n > 0) {
        dn_sort(values, *n);
    }
}

/* What the figure spans: all values, but no more than six interquartile ranges around the median, so that one wild value does not press
 * all others into one bar. */
static void span_of(const double *sorted, size_t n, double *low, double *high)
{
    const double middle = dn_quantile_sorted(sorted, n, 0.5);
    const double iqr = dn_quantile_sorted(sorted, n, 0.75) - dn_quantile_sorted(sorted, n, 0.25);
    const double reach = iqr > 0.0 ? 6.0 * iqr : fmax(1.0, 0.1 * fabs(middle));
    *low = fmax(sorted[0], middle - reach);
    *high = fmin(sorted[n - 1], middle + reach);
    const double margin = *high > *low ? 0.02 * (*high - *low) : reach;
    *low -= margin;
    *high += margin;
}

static double place(double value, double low, double high)
{
    return (double)WIDE * fmin(1.0, fmax(0.0, (value - low) / (high - low)));
}

/* Values of scans that are outliers of the whole structure, as red strokes under the bars. */
static dn_status put_marks(const dn_roster_page *it, const char *name, double low, double high)
{
    size_t n = 0;
    for (size_t i = 0; i < it->outliers->count && n < (size_t)MARKS_MOST; ++i) {
        const dn_roster_outlier *one = &it->outliers->found[i];
        const dn_roster_measure *m = &it->outliers->measure[one->measure];
        if (!m->asymmetry && m->side == 'B' && strcmp(m->structure, name) == 0) {
            const double x = place(one->value, low, high);
            DN_TRY(dn_file_printf(it->w, "<path class=\"mark\" d=\"M%.1f %dv6\"/>", x, (int)GROUND + 1));
            ++n;
        }
    }
    return DN_OK;
}

static dn_status put_histogram(const dn_roster_page *it, const char *name, const char *label, const double *sorted, size_t n)
{
    double low, high;
    size_t count[BINS] = {0}, most = 1;
    span_of(sorted, n, &low, &high);
    const int bins = n < 40 ? 13 : n < 1000 ? 26 : (int)BINS;
    for (size_t i = 0; i < n; ++i) {
        int bin = (int)(place(sorted[i], low, high) / (double)WIDE * bins);
        bin = bin < bins ? bin : bins - 1;
        ++count[bin];
        most = count[bin] > most ? count[bin] : most;
    }
    DN_TRY(dn_report_put_escaped(it->w, "<svg width=\"260\" height=\"44\" viewBox=\"0 0 260 44\" role=\"img\" aria-label=\"distribution: ",
                                 label, "\"><g class=\"bars\">"));
    const double step = (double)WIDE / bins;
    for (int b = 0; b < bins; ++b) {
        if (count[b] > 0) {
            const double h = fmax(1.0, (double)(GROUND - 2) * (double)count[b] / (double)most);
            DN_TRY(dn_file_printf(it->w, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", b * step, (double)GROUND - h,
                                  step - 0.6, h));
        }
    }
    const double middle = place(dn_quantile_sorted(sorted, n, 0.5), low, high);
    DN_TRY(dn_file_printf(it->w, "</g><path class=\"axis\" d=\"M0 %dh260\"/><path class=\"middle\" d=\"M%.1f %dv5\"/>", (int)GROUND, middle,
                          (int)GROUND - 2));
    DN_TRY(put_marks(it, name, low, high));
    return dn_file_printf(it->w, "</svg>");
}

/* Median of (left - right) / mean, in percent; "" where it has no sides. values: room. */
static void asymmetry_text(const dn_roster_page *it, const dn_roster_structure *s, double *values, char out[32])
{
    char left[128], right[128];
    size_t n = 0;
    snprintf(left, sizeof left, "%s_L", s->name);
    snprintf(right, sizeof right, "%s_R", s->name);
    const size_t l = dn_table_find(it->cohort->columns, left), r = dn_table_find(it->cohort->columns, right);
    out[0] = '\0';
    for (size_t i = 0; s->paired && l != DN_TABLE_NONE && r != DN_TABLE_NONE && i < it->cohort->count; ++i) {
        const dn_roster_scan *scan = &it->cohort->scan[i];
        const double a = dn_roster_value(scan, l), b = dn_roster_value(scan, r);
        if (dn_roster_counts(scan, it->options->count_rejected) && a + b > 0.0) {
            values[n++] = 200.0 * (a - b) / (a + b);
        }
    }
    if (n > 0) {
        dn_sort(values, n);
        const double median = dn_quantile_sorted(values, n, 0.5);
        snprintf(out, 32, "%s%.1f %%", median < -0.05 ? "\xe2\x88\x92" : median > 0.05 ? "+" : "", fabs(median));
    }
}

static dn_status put_row(const dn_roster_page *it, const dn_roster_structure *s, double *values)
{
    size_t n;
    char *label = NULL, number[40], median[40], low[40], high[40], asymmetry[32];
    const dn_unit unit = dn_unit_of(s->name);
    take(it, s->name, values, &n);
    if (n == 0) {
        return DN_OK;
    }
    DN_TRY(dn_label_of(s->name, &label));
    dn_status status = dn_report_put_escaped(it->w, "<tr><td>", label, "</td><td>");
    if (status == DN_OK) {
        status = dn_file_printf(it->w, "%s</td><td>%s <small>%s</small></td><td>%s \xe2\x80\x93 %s</td><td class=\"name\">",
                                dn_roster_number(n, number), dn_unit_number(dn_quantile_sorted(values, n, 0.5), unit, median),
                                dn_unit_name(unit), dn_unit_number(dn_quantile_sorted(values, n, 0.05), unit, low),
                                dn_unit_number(dn_quantile_sorted(values, n, 0.95), unit, high));
    }
    status = status == DN_OK ? put_histogram(it, s->name, label, values, n) : status;
    free(label);
    DN_TRY(status);
    asymmetry_text(it, s, values, asymmetry);
    return dn_file_printf(it->w, "</td><td class=\"less\">%s</td></tr>\n", asymmetry);
}

dn_status dn_roster_put_volumes(const dn_roster_page *it)
{
    double *values = NULL;
    dn_status status = DN_OK;
    if (it->outliers->n == 0) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&values, it->cohort->count, sizeof *values, "the volumes of the report"));
    DN_TRY_GOTO(status,
                dn_file_printf(it->w, "<h2>Volumes</h2>\n<div class=\"wide\"><table>\n<tr><th>Structure</th><th>Scans</th><th>Median</th>"
                                      "<th>5th to 95th centile</th><th class=\"name\">Distribution</th><th class=\"less\">Left "
                                      "\xe2\x88\x92"
                                      " right</th></tr>\n"),
                done);
    for (const dn_roster_structure *s = dn_roster_structures; s->name != NULL; ++s) {
        DN_TRY_GOTO(status, put_row(it, s, values), done);
    }
    status =
        dn_file_printf(it->w,
                       "</table></div>\n<p class=\"soft\">Both sides together. The stroke under the bars is the median, red strokes are "
                       "outliers for their head size; those beyond the figure stand at its edge. Left "
                       "\xe2\x88\x92"
                       " right is the median difference in percent of the mean of both sides.</p>\n");
done:
    free(values);
    return status;
}

/* ---- groups ------------------------------------------------------------------------------------------------------- */

/* The smaller one of the drawing and the picture: a drawing has every person as a point. */
static dn_status put_figure(const dn_roster_page *it, const char *value)
{
    enum { LIMIT = 64 << 20, DRAWING_MOST = 600000 };
    static const char *const kinds[][2] = {{"svg", "svg+xml"}, {"png", "png"}};
    char *label = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0, kind = 0;
    dn_status status = DN_OK;
    for (; kind < 2; ++kind) {
        char *path = NULL;
        DN_TRY(dn_asprintf(&path, "%s/" DN_ROSTER_COMPARISON_FOLDER "/groups_figure_%s.%s", it->folder, value, kinds[kind][0]));
        const bool there = dn_path_exists(path); /* not without gnuplot */
        status = there ? dn_file_read(path, LIMIT, &bytes, &size) : DN_OK;
        free(path);
        DN_TRY(status);
        if (!there) {
            return DN_OK;
        }
        if (kind == 1 || size <= (size_t)DRAWING_MOST) {
            break;
        }
        free(bytes);
        bytes = NULL;
    }
    DN_TRY_GOTO(status, dn_label_of(value, &label), done);
    DN_TRY_GOTO(status, dn_report_put_escaped(it->w, "<img alt=\"", label, " in the groups"), done);
    DN_TRY_GOTO(status, dn_file_printf(it->w, "\" src=\"data:image/%s;base64,", kinds[kind][1]), done);
    DN_TRY_GOTO(status, dn_report_put_base64(it->w, bytes, size), done);
    status = dn_file_printf(it->w, "\">\n");
done:
    free(label);
    free(bytes);
    return status;
}

/* One paragraph; the column that it begins with becomes the name of a structure. */
static dn_status put_paragraph(const dn_roster_page *it, const char *text)
{
    const dn_roster_comparison *c = it->comparison;
    for (size_t i = 0; i < c->values; ++i) {
        const size_t length = strlen(c->value[i]);
        if (strncmp(text, c->value[i], length) == 0 && (text[length] == ',' || text[length] == ':')) {
            char *label = NULL;
            DN_TRY(dn_label_of(c->value[i], &label));
            dn_status status = dn_report_put_escaped(it->w, "<p><strong>", label, "</strong>");
            free(label);
            DN_TRY(status);
            return dn_report_put_escaped(it->w, "", text + length, "</p>\n");
        }
    }
    return dn_report_put_escaped(it->w, "<p>", text, "</p>\n");
}

/* Paragraphs are separated by empty lines. */
static dn_status put_paragraphs(const dn_roster_page *it, const char *text)
{
    char *copy = NULL;
    DN_TRY(dn_strdup(text, &copy));
    dn_status status = DN_OK;
    for (char *at = copy; at != NULL && status == DN_OK;) {
        char *end = strstr(at, "\n\n");
        if (end != NULL) {
            *end = '\0';
        }
        for (char *p = at; *p != '\0'; ++p) {
            *p = *p == '\n' ? ' ' : *p;
        }
        if (*at != '\0') {
            status = put_paragraph(it, at);
        }
        at = end != NULL ? end + 2 : NULL;
    }
    free(copy);
    return status;
}

dn_status dn_roster_put_groups(const dn_roster_page *it)
{
    const dn_roster_comparison *c = it->comparison;
    if (c->column == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_report_put_escaped(it->w, "<h2>Groups of participants.tsv, column ", c->column, "</h2>\n"));
    if (c->text == NULL) {
        return dn_report_put_escaped(it->w, "<p>Not compared: ", c->why_not != NULL ? c->why_not : "there are no volumes", ".</p>\n");
    }
    DN_TRY(dn_file_printf(it->w, "<p class=\"soft\">One scan per person, that of the first session. Outliers are included.</p>\n"
                                 "<figure class=\"plots\">\n"));
    for (size_t i = 0; i < c->values; ++i) {
        DN_TRY(put_figure(it, c->value[i]));
    }
    DN_TRY(dn_file_printf(it->w, "</figure>\n"));
    DN_TRY(put_paragraphs(it, c->text));
    DN_TRY(dn_file_printf(it->w, "<p class=\"soft\">Numbers and figures are in <a href=\"groups/groups.tsv\">group/groups</a>. "));
    return dn_report_put_escaped(it->w, "The same, to be changed: <code>", c->command, "</code></p>\n");
}
