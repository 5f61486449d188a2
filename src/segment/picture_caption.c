/* The text of the quality picture. */
#include "base/file.h"
#include "segment/head_clean.h"
#include "segment/picture_view.h"

#include <stdio.h>
#include <string.h>

static void number(dn_mosaic *m, double x, double y, const dn_volume_row *row, bool bold, bool sided)
{
    char text[32];
    snprintf(text, sizeof text, "%s", sided ? "n/a" : "");
    if (row != NULL) {
        snprintf(text, sizeof text, "%.0f", row->volume_mm3);
    }
    dn_mosaic_text(m, x, y, 14, bold, DN_INK_WHITE, DN_TEXT_RIGHT, text);
}

/* The colour that the pictures outline a row's structure with; NULL: they do not. */
static const uint8_t *color_of(const view *v, const dn_volume_row *row)
{
    const dn_structures *parts = &v->r->structures;
    const dn_structures *head = &v->r->head.structures;
    for (int64_t c = 1; !row->whole && c < parts->channels; ++c) {
        if (parts->label_of[c] != NULL && strcmp(parts->label_of[c]->structure, row->structure) == 0) {
            return v->palette[c];
        }
    }
    for (int64_t c = 1; row->whole && v->r->has_head && c < head->channels; ++c) {
        if (head->label_of[c] != NULL && dn_clean_deep(row->structure) && strcmp(head->label_of[c]->structure, row->structure) == 0) {
            return v->head_palette[c];
        }
    }
    return row->whole && v->r->icv != NULL && strcmp(row->structure, "icv") == 0 ? v->head_palette[DN_CHANNEL_LIMIT - 1] : NULL;
}

/* Name, colour and volumes of each structure and part, as far as they fit. */
static void draw_table(const view *v, dn_mosaic *m, double x, double y, double bottom)
{
    enum { STEP = 21, LIMIT = 32 };
    const dn_volume_rows *rows = &v->r->volumes;
    const dn_volume_row *shown[LIMIT];
    const double right = x + 300;
    const double left = x + 375;
    const double both = x + 450;
    dn_mosaic_text(m, x, y, 13, false, DN_INK_GREY, DN_TEXT_LEFT, "volume, mm\xc2\xb3");
    dn_mosaic_text(m, right, y, 13, false, DN_INK_GREY, DN_TEXT_RIGHT, "right");
    dn_mosaic_text(m, left, y, 13, false, DN_INK_GREY, DN_TEXT_RIGHT, "left");
    dn_mosaic_text(m, both, y, 13, false, DN_INK_GREY, DN_TEXT_RIGHT, "both");
    dn_mosaic_rule(m, x, y + 6, both);
    y += 24;
    const size_t room = (size_t)((bottom - y) / STEP) + 1;
    const size_t count = dn_view_rows(rows, room < LIMIT ? room : LIMIT, shown);
    for (size_t i = 0; i < count; ++i, y += STEP) {
        const dn_volume_row *row = shown[i];
        const uint8_t *color = color_of(v, row);
        char name[64];
        dn_volume_row_name(row, name);
        if (row->whole) {
            name[0] = (char)(name[0] >= 'a' && name[0] <= 'z' ? name[0] - 'a' + 'A' : name[0]);
        }
        if (color != NULL) {
            dn_mosaic_swatch(m, row->whole ? x - 17 : x, y - 11, 12, color);
        }
        const dn_volume_row *r_row = dn_volume_rows_find(rows, row->structure, 'R');
        const dn_volume_row *l_row = dn_volume_rows_find(rows, row->structure, 'L');
        const bool sided = r_row != NULL || l_row != NULL; /* neither: a structure of the middle */
        dn_mosaic_text(m, row->whole ? x : x + 20, y, 14, row->whole, DN_INK_WHITE, DN_TEXT_LEFT, name);
        number(m, right, y, r_row, row->whole, sided);
        number(m, left, y, l_row, row->whole, sided);
        if (row->whole) {
            number(m, both, y, dn_volume_rows_find(rows, row->structure, 'B'), true, true);
        } else if (r_row != NULL && l_row != NULL) {
            dn_volume_row sum = {.volume_mm3 = r_row->volume_mm3 + l_row->volume_mm3};
            number(m, both, y, &sum, false, true);
        }
    }
}

void dn_view_caption(const view *v, dn_mosaic *m, double y)
{
    const dn_segment_result *r = v->r;
    const double x = MARGIN + 3 * (OVERVIEW + GAP) + 24;
    const double x2 = x + 490;
    const double width = WIDTH - MARGIN - x2;
    double spacing[3];
    char text[256];
    dn_grid_spacing(&r->conformed.scan_grid, spacing);
    draw_table(v, m, x, y + 14, y + OVERVIEW - 44);
    double line = y + 14;
    dn_ink ink = r->quality.failed ? DN_INK_RED : DN_INK_GREEN;
    size_t warnings = 0;
    for (size_t i = 0; i < r->quality.count; ++i) {
        warnings += r->quality.flag[i].level == DN_FLAG_WARNING;
    }
    if (!r->quality.failed && warnings > 0) {
        ink = DN_INK_AMBER;
    }
    dn_mosaic_text(m, x2, line, 15, true, ink, DN_TEXT_LEFT,
                   r->quality.failed ? "Failed quality control"
                   : warnings > 0    ? "Please check the outlines"
                                     : "No quality flags");
    line += 22;
    int shown = 0;
    for (int level = DN_FLAG_FAILED; level >= DN_FLAG_WARNING; --level) {
        for (size_t i = 0; i < r->quality.count && line < y + OVERVIEW - 86; ++i) {
            if ((int)r->quality.flag[i].level == level) {
                line = dn_mosaic_paragraph(m, x2, line, width, 4, 13, level == DN_FLAG_FAILED ? DN_INK_RED : DN_INK_AMBER,
                                           r->quality.flag[i].text) +
                       5;
                ++shown;
            }
        }
    }
    if (shown == 0) {
        line = dn_mosaic_paragraph(m, x2, line, width, 4, 13, DN_INK_GREY,
                                   "The automatic checks found nothing unusual. They do not replace a look at the outlines.");
    }
    int n = snprintf(text, sizeof text, "Voxels %.2f x %.2f x %.2f mm; ", spacing[0], spacing[1], spacing[2]);
    for (size_t i = 0; i < r->model_count && n < (int)sizeof text; ++i) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", i == 0 ? "networks " : ", ", r->models[i]->name);
    }
    if (n < (int)sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n, "; dien %s.", DIEN_VERSION);
    }
    dn_mosaic_paragraph(m, x2, y + OVERVIEW - 56, width, 3, 12, DN_INK_GREY, text);
    dn_mosaic_paragraph(m, x, y + OVERVIEW - 22, 460, 2, 12, DN_INK_GREY,
                        "Radiological view: the patient's left is on the right of the picture. Volumes are sums of probabilities. For "
                        "research; not for diagnosis.");
}
