/* Widths of texts, steps of ticks and margins of panels, in mm. */
#define _GNU_SOURCE
#include "chart/figure_layout.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double character_width(char c)
{
    return c == '\n' || ((unsigned char)c & 0xC0) == 0x80 ? 0.0 : strchr("il.,:;|'1()[] ", c) != NULL ? 0.33 : 0.56;
}

/* Characters as seen, for the width of margins. */
/* Of the widest line, in mm at the usual size; an estimate, since the font is the drawing program's. */
static double text_width(const char *text)
{
    double width = 0.0, widest = 0.0;
    for (const char *p = text; *p != 0; ++p) {
        width = *p == '\n' ? 0.0 : width + character_width(*p);
        widest = fmax(widest, width);
    }
    return widest * FONT_POINTS * MM_PER_POINT;
}

double dn_layout_size_for(const char *text, double room)
{
    double width = text_width(text);
    return width > room ? fmax(LEAST_SIZE, room / width) : 1.0;
}

/* What does not fit even then ends in three points; each line on its own. Owned by the caller. */
dn_status dn_layout_cut_text(const char *text, double room, char **out)
{
    double most = room / LEAST_SIZE / (FONT_POINTS * MM_PER_POINT) - 1.0, width = 0.0;
    size_t used = 0;
    bool cut = false;
    DN_TRY(dn_alloc(out, 3 * strlen(text) + 1, 1, "a figure's text")); /* a point takes three bytes */
    for (const char *p = text; *p != 0; ++p) {
        width = *p == '\n' ? 0.0 : width + character_width(*p);
        if (*p != '\n' && width > most) {
            if (!cut && ((unsigned char)*p & 0xC0) != 0x80) {
                memcpy(*out + used, "\xE2\x80\xA6", 3);
                used += 3;
                cut = true;
            }
            if (cut) {
                continue;
            }
        }
        cut = cut && *p != '\n';
        (*out)[used++] = *p;
    }
    return DN_OK;
}

/* 1, 2 or 5 times a power of ten, so that at most `most` steps fit. */
double dn_layout_step(double span, double most)
{
    double raw = span / fmax(most, 1.0);
    double power = pow(10.0, floor(log10(raw)));
    double part = raw / power;
    return power * (part <= 1.0 ? 1.0 : part <= 2.0 ? 2.0 : part <= 5.0 ? 5.0 : 10.0);
}

int dn_layout_decimals(double step)
{
    int decimals = (int)ceil(-log10(step) - 1e-9);
    return decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
}

/* The widest tick of the ordinate, in mm. */
static double tick_width(const range *box, bool log_scale, double height)
{
    double step = dn_layout_step(box->y_high - box->y_low, floor(height / Y_TICK));
    int decimals = dn_layout_decimals(step);
    char low[64], high[64];
    snprintf(low, sizeof low, "%.*f", decimals, ceil(box->y_low / step - 1e-9) * step);
    snprintf(high, sizeof high, "%.*f", decimals, floor(box->y_high / step + 1e-9) * step);
    return log_scale ? 7.0 : fmax(text_width(low), text_width(high));
}

/* Heights of the texts in the right margin, in mm from the figure's bottom, pushed apart where they would overlap. Those beyond
 * RIGHT_TEXTS stay where the data put them; none is reordered. */
void dn_layout_right_texts(const figure_panel *panel, const range *box, double bottom, double height, double gap, double *y)
{
    size_t order[RIGHT_TEXTS], n = 0;
    for (size_t i = 0; i < panel->n_layers && n < RIGHT_TEXTS; ++i) {
        if (panel->layers[i].kind == LAYER_TEXT_RIGHT) {
            double value = panel->layers[i].value[0][0];
            double part = panel->options.y_log ? log(value / box->y_low) / log(box->y_high / box->y_low)
                                               : (value - box->y_low) / (box->y_high - box->y_low);
            size_t at = n;
            y[n] = bottom + part * height;
            for (; at > 0 && y[order[at - 1]] > y[n]; --at) {
                order[at] = order[at - 1];
            }
            order[at] = n++;
        }
    }
    for (int pass = 0; pass < 200; ++pass) {
        for (size_t i = 1; i < n; ++i) {
            double missing = gap - (y[order[i]] - y[order[i - 1]]);
            if (missing > 0.0) {
                y[order[i]] += 0.5 * missing;
                y[order[i - 1]] -= 0.5 * missing;
            }
        }
    }
}

double dn_layout_line_height(void)
{
    return FONT_POINTS * MM_PER_POINT * 1.25;
}

/* All but the left one, which depends on the height that these leave. */
static margins own_margins(const dn_figure *figure, const figure_panel *panel, const place *cell)
{
    const dn_panel *options = &panel->options;
    margins m = {0};
    double line = dn_layout_line_height(), name_lines = 1.0, name_width = 0.0, right_text = 0.0;
    for (size_t i = 0; i < options->n_x_names; ++i) {
        double lines = 1.0;
        for (const char *p = panel->names[i]; *p != 0; ++p) {
            lines += *p == '\n';
        }
        name_lines = fmax(name_lines, lines);
        name_width = fmax(name_width, fmin(text_width(panel->names[i]), NAME_ROOM));
    }
    for (size_t i = 0; i < panel->n_layers; ++i) {
        if (panel->layers[i].kind == LAYER_TEXT_RIGHT) {
            right_text = fmax(right_text, text_width(panel->layers[i].text) * 0.95 + 1.0);
        }
    }
    m.top = options->title != NULL || figure->n_panels > 1 ? line + 2.2 : 2.0;
    if (options->legend == DN_LEGEND_ABOVE) {
        m.top += line + 0.8;
    }
    /* Names that would run into each other are set slanting. */
    m.slanting = options->n_x_names > 1 && name_width > (cell->width - right_text - 14.0) / ((double)options->n_x_names + 0.2) - 1.0;
    double names_height = m.slanting ? 0.52 * name_width + 0.8 * name_lines * line : name_lines * line;
    m.bottom = 2.0 + names_height + (options->x_label != NULL ? line + 1.0 : 0.5);
    m.right = 2.5 + right_text;
    return m;
}

margins dn_layout_margins(const dn_figure *figure, const figure_panel *panel, const place *cell)
{
    margins m = {.slanting = own_margins(figure, panel, cell).slanting};
    for (size_t p = 0; p < figure->n_panels; ++p) {
        margins own = own_margins(figure, &figure->panels[p], cell);
        m.top = fmax(m.top, own.top);
        m.bottom = fmax(m.bottom, own.bottom);
        m.right = fmax(m.right, own.right);
    }
    for (size_t p = 0; p < figure->n_panels; ++p) {
        const dn_panel *options = &figure->panels[p].options;
        range box = dn_panel_range(&figure->panels[p]);
        double widest = tick_width(&box, options->y_log, cell->height - m.top - m.bottom);
        m.left = fmax(m.left, 2.0 + (options->y_label != NULL ? dn_layout_line_height() + 1.2 : 0.0) + widest + 1.6);
    }
    return m;
}

/* Blanks of the text become line breaks where a line would be wider than `room` mm. Returns the number of lines. */
int dn_layout_wrap(char *text, double room)
{
    int lines = 1;
    char *line = text, *blank = NULL;
    for (char *p = text;; ++p) {
        if (*p == '\n') {
            *p = ' ';
        }
        if (*p == ' ' || *p == 0) {
            char kept = *p;
            *p = 0;
            bool too_wide = text_width(line) * (FONT_POINTS - 1.0) / FONT_POINTS > room;
            *p = kept;
            if (too_wide && blank != NULL) {
                *blank = '\n';
                line = blank + 1;
                ++lines;
            }
            blank = p;
            if (kept == 0) {
                return lines;
            }
        }
    }
}

void dn_layout_label_room(const margins *m, const place *cell, double room[3])
{
    double width = cell->width - m->left - m->right, height = cell->height - m->top - m->bottom;
    room[0] = width + m->right - 1.0;                      /* begins where the axis does */
    room[1] = width + 2.0 * fmin(m->left, m->right) - 1.0; /* these two stand at the middle */
    room[2] = height + 2.0 * fmin(m->top, m->bottom) - 1.0;
}
