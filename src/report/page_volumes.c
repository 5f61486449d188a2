/* The report's table of volumes, and the table of measured beside true volumes. */
#include "report/page_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *dn_report_number_tag(const dn_report *it)
{
    return it->judgement->score.verdict == DN_REJECTED ? "s" : "span";
}

const char *dn_report_signed(double value, int decimals, char out[32])
{
    snprintf(out, 32, "%.*f", decimals, fabs(value));
    const bool zero = strspn(out, "0.") == strlen(out);
    snprintf(out, 32, "%s%.*f", zero ? "" : value < 0 ? DN_MINUS : "+", decimals, fabs(value));
    return out;
}

dn_status dn_report_put_volume(const dn_report *it, double mm3, dn_unit unit)
{
    char text[40];
    if (isnan(mm3)) {
        return dn_file_printf(it->w, "<td>n/a</td>");
    }
    const char *tag = dn_report_number_tag(it);
    return dn_file_printf(it->w, "<td><%s>%s</%s> <small>%s</small></td>", tag, dn_unit_number(mm3, unit, text), tag, dn_unit_name(unit));
}

dn_status dn_report_put_chip(const dn_report *it, const char *structure, char side)
{
    uint8_t color[3];
    int64_t number;
    if (!dn_volume_line_label(it->r, structure, side, color, &number)) {
        return DN_OK;
    }
    return dn_file_printf(it->w, "<span class=\"chip\" style=\"background:#%02x%02x%02x\"></span>", color[0], color[1], color[2]);
}

/* Swatches: one, or the left and the right one where they differ. */
static dn_status put_name(const dn_report *it, const dn_volume_line *line)
{
    uint8_t left[3], right[3];
    int64_t number;
    char name[64];
    dn_volume_line_name(line, name);
    DN_TRY(dn_file_printf(it->w, "<tr class=\"%s\"><td>", line->kind == DN_LINE_PART ? "part" : "whole"));
    DN_TRY(dn_report_put_chip(it, line->structure, line->paired ? 'L' : 'B'));
    if (line->paired && dn_volume_line_label(it->r, line->structure, 'R', right, &number) &&
        !(dn_volume_line_label(it->r, line->structure, 'L', left, &number) && memcmp(left, right, 3) == 0)) {
        DN_TRY(dn_report_put_chip(it, line->structure, 'R'));
    }
    return dn_report_put_escaped(it->w, "", name, "</td>");
}

/* "10, 49": the numbers in the label map, left first. */
static dn_status put_labels(const dn_report *it, const dn_volume_line *line)
{
    static const char sides[] = {'L', 'R'};
    int64_t number = 0;
    uint8_t color[3];
    int said = 0;
    DN_TRY(dn_file_printf(it->w, "<td class=\"less\">"));
    for (int s = 0; s < (line->paired ? 2 : 1); ++s) {
        if (dn_volume_line_label(it->r, line->structure, line->paired ? sides[s] : 'B', color, &number) && number > 0) {
            DN_TRY(dn_file_printf(it->w, "%s%lld", said++ > 0 ? ", " : "", (long long)number));
        }
    }
    return dn_file_printf(it->w, "</td>");
}

static dn_status put_certainty(const dn_report *it, const dn_volume_line *line)
{
    const dn_volume_row *const rows[2] = {line->paired ? line->left : line->both, line->right};
    DN_TRY(dn_file_printf(it->w, "<td class=\"less\">"));
    for (int s = 0; s < (line->paired ? 2 : 1); ++s) {
        DN_TRY(dn_file_printf(it->w, "%s", s > 0 ? ", " : ""));
        if (rows[s] == NULL || isnan(rows[s]->mean_posterior)) {
            DN_TRY(dn_file_printf(it->w, "n/a"));
        } else {
            DN_TRY(dn_file_printf(it->w, "%.2f", rows[s]->mean_posterior));
        }
    }
    return dn_file_printf(it->w, "</td></tr>\n");
}

static dn_status put_line(const dn_report *it, const dn_volume_line *line)
{
    char text[32];
    DN_TRY(put_name(it, line));
    DN_TRY(put_labels(it, line));
    if (line->paired) {
        DN_TRY(dn_report_put_volume(it, line->left != NULL ? line->left->volume_mm3 : (double)NAN, line->unit));
        DN_TRY(dn_report_put_volume(it, line->right != NULL ? line->right->volume_mm3 : (double)NAN, line->unit));
    } else {
        DN_TRY(dn_file_printf(it->w, "<td></td><td></td>"));
    }
    DN_TRY(dn_report_put_volume(it, line->both_mm3, line->unit));
    if (isnan(line->asymmetry)) {
        DN_TRY(dn_file_printf(it->w, "<td></td>"));
    } else {
        const char *tag = dn_report_number_tag(it);
        DN_TRY(
            dn_file_printf(it->w, "<td><%s>%s</%s> <small>%%</small></td>", tag, dn_report_signed(100.0 * line->asymmetry, 1, text), tag));
    }
    return put_certainty(it, line);
}

dn_status dn_report_put_volumes(const dn_report *it)
{
    const dn_volume_row *both = dn_volume_rows_find(&it->r->volumes, "hypothalamus", 'B');
    const dn_volume_row *icv = dn_volume_rows_find(&it->r->volumes, "icv", 'B');
    DN_TRY(dn_file_printf(it->w, "<section class=\"late\">\n<h2>Volumes</h2>\n<div class=\"wide\"><table><thead><tr><th>Structure</th>"
                                 "<th class=\"less\">Label</th><th>Left</th><th>Right</th><th>Both</th><th>Left " DN_MINUS
                                 " right, percent of mean</th><th class=\"less\">Probability</th></tr></thead><tbody>\n"));
    for (size_t i = 0; i < it->lines; ++i) {
        DN_TRY(put_line(it, &it->line[i]));
    }
    DN_TRY(dn_file_printf(it->w, "</tbody></table></div>\n"));
    if (both != NULL && icv != NULL && icv->volume_mm3 > 0.0) {
        const char *tag = dn_report_number_tag(it);
        DN_TRY(dn_file_printf(it->w, "<p>The hypothalamus is <%s>%.3f \xe2\x80\xb0</%s> of the intracranial volume.</p>\n", tag,
                              1000 * both->volume_mm3 / icv->volume_mm3, tag));
    }
    return dn_file_printf(it->w, "</section>\n");
}

dn_status dn_report_put_truth(const dn_report *it)
{
    const dn_segment_result *r = it->r;
    if (r->true_mm3 == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_file_printf(it->w, "<section class=\"late\">\n<h2>Measured and true</h2>\n<p>The true volumes of this head are known: they "
                                 "were counted in the label map that was given as the truth.</p>\n<div class=\"wide\"><table><thead><tr>"
                                 "<th>Structure</th><th>Side</th><th>Measured</th><th>True</th><th>Difference</th></tr></thead><tbody>\n"));
    for (size_t i = 0; i < r->volumes.count; ++i) {
        const dn_volume_row *row = &r->volumes.row[i];
        const dn_unit unit = dn_unit_of(row->structure);
        char name[64], text[32], number[40];
        if (isnan(r->true_mm3[i])) {
            continue;
        }
        dn_volume_row_name(row, name);
        DN_TRY(dn_report_put_escaped(it->w, row->hemi == 'B' ? "<tr class=\"whole\"><td>" : "<tr><td>", name, "</td>"));
        DN_TRY(dn_file_printf(it->w, "<td>%s</td>", row->hemi == 'L' ? "left" : row->hemi == 'R' ? "right" : "both"));
        DN_TRY(dn_report_put_volume(it, row->volume_mm3, unit));
        DN_TRY(dn_file_printf(it->w, "<td>%s <small>%s</small></td><td>%s <small>%%</small></td></tr>\n",
                              dn_unit_number(r->true_mm3[i], unit, number), dn_unit_name(unit),
                              dn_report_signed(100.0 * (row->volume_mm3 / r->true_mm3[i] - 1.0), 1, text)));
    }
    return dn_file_printf(it->w, "</tbody></table></div>\n</section>\n");
}
