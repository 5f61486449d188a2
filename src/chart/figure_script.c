/* The gnuplot script that draws a figure from its data (figure_data.c).
 *
 * Every text that came from outside becomes a single-quoted gnuplot string, in which nothing is substituted, assigned to a variable
 * before anything is drawn; the rest of the script holds only numbers and words of ours. */
#include "chart/figure_internal.h"

#include "base/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FONT "Arial"
#define FONT_POINTS 7.0
#define MM_PER_POINT (25.4 / 72.0)

static const char *const colour_hex[DN_COLOUR_COUNT] = {
    [DN_COLOUR_BLACK] = "1A1A1A",  [DN_COLOUR_BLUE] = "0072B2", [DN_COLOUR_VERMILION] = "D55E00", [DN_COLOUR_GREEN] = "009E73",
    [DN_COLOUR_ORANGE] = "E69F00", [DN_COLOUR_SKY] = "56B4E9",  [DN_COLOUR_PURPLE] = "CC79A7",    [DN_COLOUR_GREY] = "8C8C8C",
};
static const int shape_number[] = {[DN_SHAPE_DISC] = 7,     [DN_SHAPE_RING] = 6,   [DN_SHAPE_DIAMOND] = 13,
                                   [DN_SHAPE_TRIANGLE] = 9, [DN_SHAPE_SQUARE] = 5, [DN_SHAPE_CROSS] = 2};

/* 'it'."'".'s', with line breaks as 'a'."\n".'b'. */
static void print_string(FILE *stream, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    fputc('\'', stream);
    while (*p != 0) {
        bool good = true;
        size_t length = dn_figure_character(p, &good);
        if (!good) {
            fputc('?', stream);
        } else if (*p == '\n') {
            fputs("'.\"\\n\".'", stream);
        } else if (*p < 0x20 || *p == 0x7F) {
            fputc(' ', stream);
        } else if (*p == '\'') {
            fputs("'.\"'\".'", stream); /* gnuplot reads ''' at the start of a string as an empty one */
        } else {
            fwrite(p, 1, length, stream);
        }
        p += length;
    }
    fputc('\'', stream);
}

/* Characters as seen, for the width of margins. */
static double text_width(const char *text)
{
    double width = 0.0, widest = 0.0;
    for (const char *p = text; *p != 0; ++p) {
        if (*p == '\n') {
            width = 0.0;
        } else if (((unsigned char)*p & 0xC0) != 0x80) {
            width += strchr("il.,:;|'1()[] ", *p) != NULL ? 0.33 : 0.56;
        }
        widest = fmax(widest, width);
    }
    return widest * FONT_POINTS * MM_PER_POINT;
}

/* 1, 2 or 5 times a power of ten, so that at most `most` steps fit. */
static double nice_step(double span, double most)
{
    double raw = span / fmax(most, 1.0);
    double power = pow(10.0, floor(log10(raw)));
    double part = raw / power;
    return power * (part <= 1.0 ? 1.0 : part <= 2.0 ? 2.0 : part <= 5.0 ? 5.0 : 10.0);
}

static int decimals_of(double step)
{
    int decimals = (int)ceil(-log10(step) - 1e-9);
    return decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
}

static const char *colour_of(const dn_style *style, double opacity, char text[16])
{
    if (style->opacity > 0.0) {
        opacity = fmin(style->opacity, 1.0);
    }
    snprintf(text, 16, "#%02X%s", (unsigned)lround((1.0 - opacity) * 255.0), colour_hex[style->colour % DN_COLOUR_COUNT]);
    return text;
}

static double width_of(const dn_style *style, double preset)
{
    return style->width > 0.0 ? style->width : preset;
}

static const char *dash_of(const dn_style *style)
{
    return style->dash == DN_DASH_LONG ? "(7,4)" : style->dash == DN_DASH_DOT ? "(1.5,3)" : "solid";
}

/* One axis. log: gnuplot's own ticks; else ours, as many as fit into `room` of mm each. Returns the widest tick in mm. */
static double print_axis(FILE *stream, char axis, double low, double high, bool log_scale, double length, double room)
{
    double widest = 0.0;
    if (log_scale) {
        fprintf(stream, "  set logscale %c\n  set format %c '%%g'\n", axis, axis);
        widest = 7.0;
    } else {
        double step = nice_step(high - low, floor(length / room));
        int decimals = decimals_of(step);
        char text[64];
        fprintf(stream, "  set %ctics %.12g, %.12g\n  set format %c '%%.%df'\n", axis, ceil(low / step - 1e-9) * step, step, axis,
                decimals);
        snprintf(text, sizeof text, "%.*f", decimals, ceil(low / step - 1e-9) * step);
        widest = text_width(text);
        snprintf(text, sizeof text, "%.*f", decimals, floor(high / step + 1e-9) * step);
        widest = fmax(widest, text_width(text));
    }
    fprintf(stream, "  set %crange [%.12g:%.12g] noextend\n", axis, low, high);
    return widest;
}

static void print_legend(FILE *stream, dn_legend legend)
{
    static const char *const place[] = {
        [DN_LEGEND_TOP_LEFT] = "at graph 0.02, 0.98 left top",
        [DN_LEGEND_TOP_RIGHT] = "at graph 0.98, 0.98 right top",
        [DN_LEGEND_BOTTOM_LEFT] = "at graph 0.02, 0.03 left bottom",
        [DN_LEGEND_BOTTOM_RIGHT] = "at graph 0.98, 0.03 right bottom",
        [DN_LEGEND_ABOVE] = "at graph 0.5, 1.015 center bottom horizontal maxrows 1",
    };
    if (legend == DN_LEGEND_NONE) {
        fprintf(stream, "  set key off\n");
    } else {
        fprintf(stream, "  set key %s Left reverse samplen 1.4 spacing 1.05 noautotitle\n", place[legend]);
    }
}

/* A plot element starts with its rows; `first` counts rows of the data file. */
static void print_source(FILE *stream, bool *any, size_t first, size_t n)
{
    fprintf(stream, "%s data skip 1 every ::%zu::%zu ", *any ? ", \\\n      " : "  plot", first, first + n - 1);
    *any = true;
}

static void print_title(FILE *stream, size_t string)
{
    if (string > 0) {
        fprintf(stream, " title s%zu", string);
    } else {
        fprintf(stream, " notitle");
    }
}

/* label: number of the string in the legend, 0: none. */
static void print_layer(FILE *stream, const figure_layer *layer, bool *any, size_t first, size_t label)
{
    const dn_style *style = &layer->style;
    char colour[16];
    if (layer->n == 0) {
        return;
    }
    switch (layer->kind) {
    case LAYER_POINTS: {
        double size = style->size > 0.0 ? style->size : 1.0;
        if (style->shape == DN_SHAPE_DIAMOND) {
            print_source(stream, any, first, layer->n);
            fprintf(stream, "using 4:5 with points pt 13 ps %.3g*dot lc rgb '#FFFFFF' notitle", 0.95 * size);
        }
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using 4:5 with points pt %d ps %.3g*dot lw 0.7 lc rgb '%s'", shape_number[style->shape],
                (style->shape == DN_SHAPE_DIAMOND ? 0.7 : 0.42) * size, colour_of(style, 0.75, colour));
        print_title(stream, label);
        break;
    }
    case LAYER_LINE:
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using 4:5 with lines lw %.3g dt %s lc rgb '%s'", width_of(style, 1.2), dash_of(style),
                colour_of(style, 1.0, colour));
        print_title(stream, label);
        break;
    case LAYER_BAND:
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using 4:5:7 with filledcurves fc rgb '%s' fs solid noborder", colour_of(style, 0.18, colour));
        print_title(stream, label);
        break;
    case LAYER_ERRORS:
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using 4:5:(0):($7-$5) with vectors heads size screen 0.008, 90 nofilled lw %.3g lc rgb '%s'", width_of(style, 1.0),
                colour_of(style, 1.0, colour));
        print_title(stream, label);
        break;
    case LAYER_SEGMENTS:
    case LAYER_RULE:
    case LAYER_RULE_VERTICAL:
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using 4:5:($6-$4):($7-$5) with vectors nohead lw %.3g dt %s lc rgb '%s'", width_of(style, 1.0), dash_of(style),
                colour_of(style, 1.0, colour));
        print_title(stream, label);
        break;
    case LAYER_RECTANGLE:
    case LAYER_RULE_BAND:
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using (($4+$6)/2):(($5+$7)/2):4:6:5:7 with boxxyerror fc rgb '%s' fs solid noborder",
                colour_of(style, 0.18, colour));
        print_title(stream, label);
        if (layer->kind == LAYER_RECTANGLE) {
            print_source(stream, any, first, layer->n);
            fprintf(stream, "using (($4+$6)/2):(($5+$7)/2):4:6:5:7 with boxxyerror fs empty border lw %.3g lc rgb '#%s' notitle",
                    width_of(style, 1.0), colour_hex[style->colour % DN_COLOUR_COUNT]);
        }
        break;
    case LAYER_TEXT:
    case LAYER_TEXT_INSIDE:
    case LAYER_TEXT_RIGHT:
        break;
    }
}

#define RIGHT_TEXTS 48

/* Heights of the texts in the right margin, in mm from the figure's bottom, pushed apart where they would overlap. Those beyond
 * RIGHT_TEXTS stay where the data put them; none is reordered. */
static void place_right_texts(const figure_panel *panel, const range *box, double bottom, double height, double gap, double *y)
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

/* right_y: where a text in the right margin goes, in mm over the bottom of the panel's axes. */
static void print_text(FILE *stream, const figure_layer *layer, size_t string, double right_y, const dn_figure *figure)
{
    static const char *const side[] = {"left", "center", "right"};
    double points = FONT_POINTS * (layer->style.size > 0.0 ? layer->style.size : 0.93);
    fprintf(stream, "  set label s%zu ", string);
    if (layer->kind == LAYER_TEXT) {
        fprintf(stream, "at first %.12g, first %.12g", layer->value[0][0], layer->value[1][0]);
    } else if (layer->kind == LAYER_TEXT_INSIDE) {
        fprintf(stream, "at graph %.12g, graph %.12g", layer->value[0][0], layer->value[1][0]);
    } else {
        fprintf(stream, "at graph 1, screen %.6f offset screen %.6f, 0", right_y / figure->height, 1.0 / figure->width);
    }
    fprintf(stream, " %s front noenhanced font '%s,%.3g' tc rgb '#%s'\n", side[layer->align], FONT, points,
            colour_hex[layer->style.colour % DN_COLOUR_COUNT]);
}

static bool is_text(const figure_layer *layer)
{
    return layer->kind >= LAYER_TEXT;
}

/* Where a panel is, in mm from the figure's bottom left. */
typedef struct place {
    double left, bottom, width, height;
} place;

/* Strings of a panel, in the order in which print_strings numbered them from `string` on: title, x label, y label, names, then one a
 * layer that has a label or a text. first_row: of the data file. */
static void print_panel(FILE *stream, const dn_figure *figure, size_t index, size_t string, size_t first_row, place cell)
{
    const figure_panel *panel = &figure->panels[index];
    const dn_panel *options = &panel->options;
    range box = dn_panel_range(panel);
    bool lettered = figure->n_panels > 1;
    double line = FONT_POINTS * MM_PER_POINT * 1.25;
    double name_lines = 1.0, right_text = 0.0, name_width = 0.0;
    for (size_t i = 0; i < options->n_x_names; ++i) {
        double lines = 1.0;
        for (const char *p = panel->names[i]; *p != 0; ++p) {
            lines += *p == '\n';
        }
        name_lines = fmax(name_lines, lines);
        name_width = fmax(name_width, text_width(panel->names[i]));
    }
    for (size_t i = 0; i < panel->n_layers; ++i) {
        if (panel->layers[i].kind == LAYER_TEXT_RIGHT) {
            right_text = fmax(right_text, text_width(panel->layers[i].text) * 0.95 + 1.0);
        }
    }
    double top = options->title != NULL || lettered ? line + 2.2 : 2.0;
    if (options->legend == DN_LEGEND_ABOVE) {
        top += line + 0.8;
    }
    /* Names that would run into each other are set slanting. */
    bool slanting = options->n_x_names > 1 && name_width > (cell.width - right_text - 14.0) / ((double)options->n_x_names + 0.2) - 1.0;
    double names_height = slanting ? 0.48 * name_width + 0.8 * name_lines * line : name_lines * line;
    double bottom = 2.0 + names_height + (options->x_label != NULL ? line + 1.0 : 0.5);
    double right = 2.5 + right_text;
    double height = cell.height - top - bottom;

    fprintf(stream, "\n  # panel %zu\n  reset\n  set datafile separator tab\n  set datafile missing 'n/a'\n", index + 1);
    fprintf(stream, "  set border 3 lw 0.6 lc rgb '#333333'\n  set tics nomirror out scale 0.55 tc rgb '#1A1A1A'\n  set minussign\n");
    double y_widest = print_axis(stream, 'y', box.y_low, box.y_high, options->y_log, height, 7.0);
    double left = 2.0 + (options->y_label != NULL ? line + 1.2 : 0.0) + y_widest + 1.6;
    double width = cell.width - left - right;
    if (options->n_x_names > 0) {
        fprintf(stream, "  set xrange [%.12g:%.12g] noextend\n  set xtics scale 0 %s(", box.x_low, box.x_high,
                slanting ? "rotate by 35 right " : "");
        for (size_t i = 0; i < options->n_x_names; ++i) {
            fprintf(stream, "%ss%zu %zu", i > 0 ? ", " : "", string + 3 + i, i + 1);
        }
        fprintf(stream, ")\n");
    } else {
        print_axis(stream, 'x', box.x_low, box.x_high, options->x_log, width, 11.0);
    }
    fprintf(stream,
            "  set lmargin at screen %.6f\n  set rmargin at screen %.6f\n  set bmargin at screen %.6f\n  set tmargin at screen %.6f\n",
            (cell.left + left) / figure->width, (cell.left + cell.width - right) / figure->width, (cell.bottom + bottom) / figure->height,
            (cell.bottom + cell.height - top) / figure->height);
    if (options->title != NULL) {
        fprintf(stream, "  set label s%zu at graph 0, screen %.6f left noenhanced font '%s,%g'\n", string,
                (cell.bottom + cell.height - 0.75 * line - 0.4) / figure->height, FONT, FONT_POINTS + 0.5);
    }
    if (lettered) {
        fprintf(stream, "  set label '%c' at screen %.6f, screen %.6f left font '%s:Bold,%g'\n", (char)('a' + (int)(index % 26)),
                (cell.left + 1.2) / figure->width, (cell.bottom + cell.height - 0.75 * line - 0.4) / figure->height, FONT,
                FONT_POINTS + 2.0);
    }
    if (options->x_label != NULL) {
        fprintf(stream, "  set label s%zu at graph 0.5, screen %.6f center noenhanced\n", string + 1,
                (cell.bottom + 0.5 * line + 1.0) / figure->height);
    }
    if (options->y_label != NULL) {
        fprintf(stream, "  set label s%zu at screen %.6f, graph 0.5 center rotate by 90 noenhanced\n", string + 2,
                (cell.left + 0.5 * line + 1.2) / figure->width);
    }
    if (options->grid) {
        fprintf(stream, "  set grid ytics back lt 1 lw 0.4 lc rgb '#E0E0E0'\n");
    }
    print_legend(stream, options->legend);
    string += 3 + options->n_x_names;
    size_t text = string, right_texts = 0;
    double right_y[RIGHT_TEXTS] = {0.0};
    place_right_texts(panel, &box, cell.bottom + bottom, height, line, right_y);
    for (size_t i = 0; i < panel->n_layers; ++i) {
        const figure_layer *layer = &panel->layers[i];
        if (is_text(layer)) {
            bool in_margin = layer->kind == LAYER_TEXT_RIGHT && right_texts < RIGHT_TEXTS;
            print_text(stream, layer, text, in_margin ? right_y[right_texts++] : cell.bottom + cell.height, figure);
        }
        text += layer->text != NULL || layer->style.label != NULL;
    }
    bool any = false;
    for (size_t i = 0; i < panel->n_layers; ++i) {
        const figure_layer *layer = &panel->layers[i];
        bool labelled = layer->style.label != NULL && !is_text(layer);
        print_layer(stream, layer, &any, first_row, labelled ? string : 0);
        string += layer->text != NULL || layer->style.label != NULL;
        first_row += layer->n;
    }
    fprintf(stream, any ? "\n" : "  plot NaN notitle\n");
}

/* s<number> = '...' for a panel; returns how many. */
static size_t print_strings(FILE *stream, const figure_panel *panel, size_t number)
{
    size_t start = number;
    const char *const fixed[] = {panel->options.title, panel->options.x_label, panel->options.y_label};
    for (int i = 0; i < 3; ++i) {
        fprintf(stream, "s%zu = ", number++);
        print_string(stream, fixed[i] != NULL ? fixed[i] : "");
        fputc('\n', stream);
    }
    for (size_t i = 0; i < panel->options.n_x_names; ++i) {
        fprintf(stream, "s%zu = ", number++);
        print_string(stream, panel->names[i]);
        fputc('\n', stream);
    }
    for (size_t i = 0; i < panel->n_layers; ++i) {
        const figure_layer *layer = &panel->layers[i];
        const char *text = layer->text != NULL ? layer->text : layer->style.label;
        if (text != NULL) {
            fprintf(stream, "s%zu = ", number++);
            print_string(stream, text);
            fputc('\n', stream);
        }
    }
    return number - start;
}

/* Blanks of the text become line breaks where a line would be wider than `room` mm. Returns the number of lines. */
static int wrap(char *text, double room)
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

dn_status dn_figure_script(const dn_figure *figure, const char *name, FILE *stream)
{
    char *note_text = NULL;
    int note_lines = 0;
    if (figure->note != NULL) {
        DN_TRY(dn_strdup(figure->note, &note_text));
        note_lines = wrap(note_text, figure->width - 4.0);
    }
    double note = note_lines > 0 ? 1.2 + 2.6 * note_lines : 0.0;
    fprintf(
        stream,
        "# Made by dien. `gnuplot` with this script, in its folder, draws the figure again as SVG, PDF and PNG from the table beside it.\n"
        "# For a PNG of another resolution: gnuplot -e 'dpi = 600' with this script.\n"
        "if (!exists('dpi')) { dpi = 300. }\n"
        "set encoding utf8\n"
        "name = ");
    print_string(stream, name);
    fprintf(stream, "\ndata = './'.name.'.tsv'\n");
    if (figure->note != NULL) {
        fprintf(stream, "note = ");
        print_string(stream, note_text);
        fputc('\n', stream);
    }
    free(note_text);
    size_t string = 1;
    for (size_t p = 0; p < figure->n_panels; ++p) {
        string += print_strings(stream, &figure->panels[p], string);
    }
    fprintf(stream,
            "do for [format in 'svg pdf png'] {\n"
            "  if (format eq 'svg') { set terminal svg noenhanced size %.0f, %.0f font '%s,%g' fontscale 1.3333 lw 1.33 background "
            "'#FFFFFF' }\n"
            "  if (format eq 'pdf') { set terminal pdfcairo noenhanced color size %.4fcm, %.4fcm font '%s,%g' fontscale 0.75 lw 2 ps 0.75 "
            "background "
            "'#FFFFFF' }\n"
            "  if (format eq 'png') { set terminal pngcairo noenhanced size %.4f*dpi, %.4f*dpi font '%s,%g' fontscale dpi/96. lw dpi/72. "
            "ps dpi/72. "
            "background '#FFFFFF' }\n"
            "  set output './'.name.'.'.format\n"
            "  dot = format eq 'svg' ? 1.5 : 1.0\n"
            "  set multiplot\n",
            figure->width / 25.4 * 96.0, figure->height / 25.4 * 96.0, FONT, FONT_POINTS, figure->width / 10.0, figure->height / 10.0, FONT,
            FONT_POINTS, figure->width / 25.4, figure->height / 25.4, FONT, FONT_POINTS);
    string = 1;
    size_t row = 0;
    for (size_t p = 0; p < figure->n_panels; ++p) {
        const figure_panel *panel = &figure->panels[p];
        size_t r = p / (size_t)figure->columns, c = p % (size_t)figure->columns;
        place cell = {.width = figure->width / figure->columns, .height = (figure->height - note) / figure->rows};
        cell.left = cell.width * (double)c;
        cell.bottom = note + cell.height * (double)((size_t)figure->rows - 1 - r);
        print_panel(stream, figure, p, string, row, cell);
        string += 3 + panel->options.n_x_names;
        for (size_t i = 0; i < panel->n_layers; ++i) {
            string += panel->layers[i].text != NULL || panel->layers[i].style.label != NULL;
            row += panel->layers[i].n;
        }
    }
    if (figure->note != NULL) {
        fprintf(stream,
                "\n  reset\n  set lmargin at screen 0\n  set rmargin at screen 1\n  set bmargin at screen 0\n  set tmargin at screen 1\n"
                "  unset border\n  unset tics\n  set key off\n  set xrange [0:1]\n  set yrange [0:1]\n"
                "  set label note at screen %.6f, screen %.6f left noenhanced font '%s,%g' tc rgb '#6E6E6E'\n  plot NaN notitle\n",
                1.5 / figure->width, (note - 1.8) / figure->height, FONT, FONT_POINTS - 1.0);
    }
    fprintf(stream, "  unset multiplot\n  unset output\n}\n");
    if (ferror(stream)) {
        DN_FAIL(DN_EIO, "cannot write the script of a figure; is the disk full?");
    }
    return DN_OK;
}
