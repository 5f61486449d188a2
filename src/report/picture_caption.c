/* The texts of the quality picture: title, volumes and flags. */
#include "base/file.h"
#include "report/picture_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEP = 23, LEGEND_COLUMNS = 3, SWATCH = 13, COLUMN_GAP = 24, UNDER = 8 };
#define COLUMN ((WIDTH - 2 * MARGIN - (LEGEND_COLUMNS - 1) * COLUMN_GAP) / (double)LEGEND_COLUMNS)
/* Right edges of the numbers, from the column's left. */
#define AT_UNIT (COLUMN - 40)
#define AT_BOTH (AT_UNIT - 8)
#define AT_LEFT (AT_BOTH - 72)
#define AT_RIGHT (AT_LEFT - 72)

static size_t rows_of(size_t count)
{
    return (count + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
}

double dn_view_legend_height(size_t count)
{
    return count == 0 ? 0.0 : (double)(STEP * (rows_of(count) + 1) + UNDER);
}

/* A number whose right edge lies at x, struck through where the scan was rejected. */
static void number(const view *v, dn_mosaic *m, double x, double y, double mm3, dn_unit unit, bool bold)
{
    char text[40];
    const bool rejected = v->judgement->score.verdict == DN_REJECTED && !isnan(mm3);
    const double width =
        dn_mosaic_text(m, x, y, TEXT, bold, rejected ? DN_INK_GREY : DN_INK_WHITE, DN_TEXT_RIGHT, dn_unit_number(mm3, unit, text));
    if (rejected) {
        dn_mosaic_strike(m, x - width - 2, y, x + 2, TEXT);
    }
}

/* "ventral DC": the name in words has no room. */
static void short_name(const dn_volume_line *line, char out[64])
{
    dn_volume_line_name(line, out);
    if (strcmp(line->structure, "ventral_diencephalon") == 0) {
        snprintf(out, 64, "Ventral DC");
    }
}

static void draw_line(const view *v, dn_mosaic *m, const dn_volume_line *line, double x, double y)
{
    const bool bold = line->kind == DN_LINE_HYPOTHALAMUS;
    uint8_t left[3], right[3];
    int64_t label;
    char name[64];
    const bool has_left = dn_volume_line_label(v->r, line->structure, line->paired ? 'L' : 'B', left, &label);
    const bool has_right = dn_volume_line_label(v->r, line->structure, line->paired ? 'R' : 'B', right, &label);
    const bool alike = has_left && has_right && memcmp(left, right, 3) == 0;
    short_name(line, name);
    if (alike || has_left != has_right) {
        dn_mosaic_swatch(m, x, y - SWATCH + 1, SWATCH, has_left ? left : right);
    }
    const double end = !line->paired ? AT_BOTH : has_left && has_right && !alike ? AT_RIGHT - SWATCH - 6 : AT_RIGHT;
    dn_mosaic_text_within(m, alike || has_left != has_right ? x + SWATCH + 7 : x, y, end - 45 - SWATCH, TEXT, bold, DN_INK_WHITE, name);
    if (has_left && has_right && !alike) { /* each side has a colour of its own, before its number */
        dn_mosaic_swatch(m, x + AT_RIGHT - 36 - SWATCH, y - SWATCH + 1, SWATCH, right);
        dn_mosaic_swatch(m, x + AT_LEFT - 36 - SWATCH, y - SWATCH + 1, SWATCH, left);
    }
    if (line->paired) {
        number(v, m, x + AT_RIGHT, y, line->right != NULL ? line->right->volume_mm3 : (double)NAN, line->unit, bold);
        number(v, m, x + AT_LEFT, y, line->left != NULL ? line->left->volume_mm3 : (double)NAN, line->unit, bold);
    }
    number(v, m, x + AT_BOTH, y, line->both_mm3, line->unit, bold);
    dn_mosaic_text(m, x + AT_UNIT, y, TEXT, false, DN_INK_GREY, DN_TEXT_LEFT, dn_unit_name(line->unit));
}

double dn_view_legend(const view *v, dn_mosaic *m, const dn_volume_line *const *lines, size_t count, double y)
{
    const size_t rows = rows_of(count);
    for (size_t i = 0; i < count; ++i) {
        const double x = MARGIN + (double)(i / rows) * (COLUMN + COLUMN_GAP);
        const double base = y + STEP - 6;
        if (i % rows == 0) {
            dn_mosaic_text(m, x, base, TEXT - 1, false, DN_INK_GREY, DN_TEXT_LEFT, "Volume");
            dn_mosaic_text(m, x + AT_RIGHT, base, TEXT - 1, false, DN_INK_GREY, DN_TEXT_RIGHT, "right");
            dn_mosaic_text(m, x + AT_LEFT, base, TEXT - 1, false, DN_INK_GREY, DN_TEXT_RIGHT, "left");
            dn_mosaic_text(m, x + AT_BOTH, base, TEXT - 1, false, DN_INK_GREY, DN_TEXT_RIGHT, "both");
            dn_mosaic_rule(m, x, base + 5, x + COLUMN);
        }
        draw_line(v, m, lines[i], x, base + STEP * (double)(i % rows + 1));
    }
    return y + dn_view_legend_height(count);
}

static const char *verdict_of(const dn_judgement *j, size_t warnings, dn_ink *ink)
{
    *ink = j->score.verdict != DN_ACCEPTED ? DN_INK_RED : warnings > 0 ? DN_INK_AMBER : DN_INK_GREEN;
    return j->score.verdict == DN_REJECTED           ? "Failed quality control"
           : j->score.verdict == DN_ACCEPTED_BY_HAND ? "Failed quality control, accepted by hand"
           : warnings > 0                            ? "Please check the outlines"
                                                     : "No quality flags";
}

enum { LINE = 21 };

int dn_view_room(double line, double bottom, int size, bool more)
{
    return (int)floor((bottom - (more ? LINE : 0) - line) / (size * 1.35)) + 1; /* as dn_mosaic_paragraph steps */
}

void dn_view_verdict(const view *v, dn_mosaic *m, double y)
{
    enum { MOST = 8 };
    const dn_judgement *j = v->judgement;
    const double x = MARGIN + 3 * (OVERVIEW + GAP) + 14;
    const double width = WIDTH - MARGIN - x;
    const double bottom = y + OVERVIEW - 4;
    const int size = TEXT - 1;
    double line = y + 18;
    size_t flags = 0, shown = 0;
    char text[128];
    dn_ink ink;
    for (size_t i = 0; i < j->quality.count; ++i) {
        flags += j->quality.flag[i].level != DN_FLAG_NOTE;
    }
    const char *verdict = verdict_of(j, flags, &ink);
    dn_mosaic_text_within(m, x, line, width, 19, true, ink, verdict);
    line += LINE + 4;
    if (!isnan(j->score.score) && (j->score.verdict == DN_ACCEPTED || j->score.score <= 0.0)) { /* else another rule decided */
        snprintf(text, sizeof text, "Score %.2f of 1", j->score.score);
        dn_mosaic_text(m, x, line, TEXT, false, DN_INK_GREY, DN_TEXT_LEFT, text);
        line += LINE + 4;
    }
    if (v->hand != NULL && v->hand->note != NULL) {
        line = dn_mosaic_paragraph(m, x, line, width, 4, size, DN_INK_AMBER, v->hand->note) + 5;
    }
    for (int level = DN_FLAG_FAILED; level >= DN_FLAG_WARNING; --level) {
        for (size_t i = 0; i < j->quality.count; ++i) {
            const dn_flag *flag = &j->quality.flag[i];
            const int lines = dn_mosaic_paragraph_lines(m, width, size, flag->text);
            const int room = dn_view_room(line, bottom, size, shown + 1 < flags);
            if ((int)flag->level != level || (shown > 0 && lines > room) || room < 1) {
                continue;
            }
            line = dn_mosaic_paragraph(m, x, line, width, lines < room ? lines : room, size,
                                       level == DN_FLAG_FAILED ? DN_INK_RED : DN_INK_AMBER, flag->text) +
                   5;
            ++shown;
        }
    }
    if (flags == 0) {
        dn_mosaic_paragraph(m, x, line, width, MOST, size, DN_INK_GREY,
                            v->hand != NULL
                                ? "The automatic checks, before the correction, found nothing unusual."
                                : "The automatic checks found nothing unusual. They do not replace your own look at the outlines.");
    } else if (shown < flags) {
        snprintf(text, sizeof text, "and %zu more: see the report", flags - shown);
        dn_mosaic_text(m, x, bottom, size, false, DN_INK_GREY, DN_TEXT_LEFT, text);
    }
}

double dn_view_foot(const view *v, dn_mosaic *m, double y)
{
    const dn_segment_result *r = v->r;
    double spacing[3];
    char text[512];
    dn_grid_spacing(&r->conformed.scan_grid, spacing);
    dn_mosaic_text_within(m, MARGIN, y + 22, WIDTH - 2 * MARGIN, TEXT - 1, false, DN_INK_GREY,
                          v->hand != NULL ? "Radiological view: the patient's left is on the right of the picture. Volumes of corrected "
                                            "structures count voxels. For research; not for diagnosis."
                                          : "Radiological view: the patient's left is on the right of the picture. Volumes are sums of "
                                            "probabilities. For research; not for diagnosis.");
    int n = snprintf(text, sizeof text, "Voxels %.2f \xc3\x97 %.2f \xc3\x97 %.2f mm; ", spacing[0], spacing[1], spacing[2]);
    for (size_t i = 0; i < r->model_count && n < (int)sizeof text; ++i) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", i == 0 ? "networks " : ", ", r->models[i]->name);
    }
    if (n < (int)sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n, "; dien %s.", DIEN_VERSION);
    }
    dn_mosaic_text_within(m, MARGIN, y + 45, WIDTH - 2 * MARGIN, TEXT - 1, false, DN_INK_GREY, text);
    return y + FOOT;
}
