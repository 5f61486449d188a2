/* The gnuplot script that draws a figure from its data (figure_data.c).
 *
 * Every text that came from outside becomes a single-quoted gnuplot string, in which nothing is substituted, assigned to a variable
 * before anything is drawn; the rest of the script holds only numbers and words of ours. */
#include "chart/figure_layout.h"

#include "base/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const colour_hex[DN_COLOUR_COUNT] = {
    [DN_COLOUR_BLACK] = "1A1A1A",  [DN_COLOUR_BLUE] = "0072B2", [DN_COLOUR_VERMILION] = "D55E00", [DN_COLOUR_GREEN] = "009E73",
    [DN_COLOUR_ORANGE] = "E69F00", [DN_COLOUR_SKY] = "56B4E9",  [DN_COLOUR_PURPLE] = "CC79A7",    [DN_COLOUR_GREY] = "8C8C8C",
};
static const int shape_number[] = {[DN_SHAPE_DISC] = 7,     [DN_SHAPE_RING] = 6,   [DN_SHAPE_DIAMOND] = 13,
                                   [DN_SHAPE_TRIANGLE] = 9, [DN_SHAPE_SQUARE] = 5, [DN_SHAPE_CROSS] = 2};

/* 'it'."'".'s', with line breaks as 'a'."\n".'b'. format: gnuplot takes the text for a format, so that % is written twice. */
static void print_string(FILE *stream, const char *text, bool format)
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
            fputs(format && *p == '%' ? "%" : "", stream);
            fwrite(p, 1, length, stream);
        }
        p += length;
    }
    fputc('\'', stream);
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

/* One axis. log: gnuplot's own ticks; else ours, as many as fit into `room` of mm each. */
static void print_axis(FILE *stream, char axis, double low, double high, bool log_scale, double length, double room)
{
    if (log_scale) {
        fprintf(stream, "  set logscale %c\n  set format %c '%%g'\n", axis, axis);
    } else {
        double step = dn_layout_step(high - low, floor(length / room));
        fprintf(stream, "  set %ctics %.12g, %.12g\n  set format %c '%%.%df'\n", axis, ceil(low / step - 1e-9) * step, step, axis,
                dn_layout_decimals(step));
    }
    fprintf(stream, "  set %crange [%.12g:%.12g] noextend\n", axis, low, high);
}

static void print_legend(FILE *stream, dn_legend legend)
{
    static const char *const corner[] = {
        [DN_LEGEND_TOP_LEFT] = "at graph 0.02, 0.98 left top",
        [DN_LEGEND_TOP_RIGHT] = "at graph 0.98, 0.98 right top",
        [DN_LEGEND_BOTTOM_LEFT] = "at graph 0.02, 0.03 left bottom",
        [DN_LEGEND_BOTTOM_RIGHT] = "at graph 0.98, 0.03 right bottom",
        [DN_LEGEND_ABOVE] = "at graph 0.5, 1.015 center bottom horizontal maxrows 1",
    };
    if (legend == DN_LEGEND_NONE) {
        fprintf(stream, "  set key off\n");
    } else {
        fprintf(stream, "  set key %s Left reverse samplen 1.4 spacing 1.05 noautotitle\n", corner[legend]);
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
static void print_points(FILE *stream, const figure_layer *layer, bool *any, size_t first, size_t label)
{
    const dn_style *style = &layer->style;
    const double size = style->size > 0.0 ? style->size : 1.0;
    char colour[16];
    if (style->shape == DN_SHAPE_DIAMOND) { /* with a white rim */
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using 4:5 with points pt 13 ps %.3g*dot lc rgb '#FFFFFF' notitle", 0.95 * size);
    }
    print_source(stream, any, first, layer->n);
    fprintf(stream, "using 4:5 with points pt %d ps %.3g*dot lw 0.7 lc rgb '%s'", shape_number[style->shape],
            (style->shape == DN_SHAPE_DIAMOND ? 0.7 : 0.42) * size, colour_of(style, 0.75, colour));
    print_title(stream, label);
}

/* Filled; one of the layer's own has an outline, too. */
static void print_rectangles(FILE *stream, const figure_layer *layer, bool *any, size_t first, size_t label)
{
    const dn_style *style = &layer->style;
    char colour[16];
    print_source(stream, any, first, layer->n);
    fprintf(stream, "using (($4+$6)/2):(($5+$7)/2):4:6:5:7 with boxxyerror fc rgb '%s' fs solid noborder", colour_of(style, 0.18, colour));
    print_title(stream, label);
    if (layer->kind == LAYER_RECTANGLE) {
        print_source(stream, any, first, layer->n);
        fprintf(stream, "using (($4+$6)/2):(($5+$7)/2):4:6:5:7 with boxxyerror fs empty border lw %.3g lc rgb '#%s' notitle",
                width_of(style, 1.0), colour_hex[style->colour % DN_COLOUR_COUNT]);
    }
}

static void print_layer(FILE *stream, const figure_layer *layer, bool *any, size_t first, size_t label)
{
    const dn_style *style = &layer->style;
    char colour[16];
    if (layer->n == 0) {
        return;
    }
    switch (layer->kind) {
    case LAYER_POINTS:
        print_points(stream, layer, any, first, label);
        break;
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
        print_rectangles(stream, layer, any, first, label);
        break;
    case LAYER_TEXT:
    case LAYER_TEXT_INSIDE:
    case LAYER_TEXT_RIGHT:
        break;
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

/* What a panel is printed with. Its strings are in the order in which print_strings numbered them from `string` on: title, x label, y
 * label, names, then one for each layer that has a label or a text. */
typedef struct printed_panel {
    const dn_figure *figure;
    const figure_panel *panel;
    size_t index, string, first_row; /* first_row: of the data file */
    place cell;
    margins m;
} printed_panel;

static void print_axes(FILE *stream, const printed_panel *it, const range *box)
{
    const dn_figure *figure = it->figure;
    const dn_panel *options = &it->panel->options;
    const place cell = it->cell;
    const margins m = it->m;
    double height = cell.height - m.top - m.bottom, width = cell.width - m.left - m.right;
    fprintf(stream, "\n  # panel %zu\n  reset\n  set datafile separator tab\n  set datafile missing 'n/a'\n", it->index + 1);
    fprintf(stream, "  set border 3 lw 0.6 lc rgb '#333333'\n  set tics nomirror out scale 0.55 tc rgb '#1A1A1A'\n  set minussign\n");
    print_axis(stream, 'y', box->y_low, box->y_high, options->y_log, height, Y_TICK);
    if (options->n_x_names > 0) {
        fprintf(stream, "  set xrange [%.12g:%.12g] noextend\n  set xtics scale 0 %s(", box->x_low, box->x_high,
                m.slanting ? "rotate by 35 right " : "");
        for (size_t i = 0; i < options->n_x_names; ++i) {
            fprintf(stream, "%ss%zu %zu", i > 0 ? ", " : "", it->string + 3 + i, i + 1);
        }
        fprintf(stream, ")\n");
    } else {
        print_axis(stream, 'x', box->x_low, box->x_high, options->x_log, width, X_TICK);
    }
    fprintf(stream,
            "  set lmargin at screen %.6f\n  set rmargin at screen %.6f\n  set bmargin at screen %.6f\n  set tmargin at screen %.6f\n",
            (cell.left + m.left) / figure->width, (cell.left + cell.width - m.right) / figure->width,
            (cell.bottom + m.bottom) / figure->height, (cell.bottom + cell.height - m.top) / figure->height);
}

static void print_labels(FILE *stream, const printed_panel *it)
{
    const dn_figure *figure = it->figure;
    const dn_panel *options = &it->panel->options;
    const place cell = it->cell;
    const size_t string = it->string;
    const double line = dn_layout_line_height();
    double room[3];
    dn_layout_label_room(&it->m, &cell, room);
    if (options->title != NULL) {
        fprintf(stream, "  set label s%zu at graph 0, screen %.6f left noenhanced font '%s,%.3g'\n", string,
                (cell.bottom + cell.height - 0.75 * line - 0.4) / figure->height, FONT,
                (FONT_POINTS + 0.5) * dn_layout_size_for(options->title, room[0]));
    }
    if (figure->n_panels > 1) {
        fprintf(stream, "  set label '%c' at screen %.6f, screen %.6f left font '%s:Bold,%g'\n", (char)('a' + (int)(it->index % 26)),
                (cell.left + 1.2) / figure->width, (cell.bottom + cell.height - 0.75 * line - 0.4) / figure->height, FONT,
                FONT_POINTS + 2.0);
    }
    if (options->x_label != NULL) {
        fprintf(stream, "  set label s%zu at graph 0.5, screen %.6f center noenhanced font '%s,%.3g'\n", string + 1,
                (cell.bottom + 0.5 * line + 1.0) / figure->height, FONT, FONT_POINTS * dn_layout_size_for(options->x_label, room[1]));
    }
    if (options->y_label != NULL) {
        fprintf(stream, "  set label s%zu at screen %.6f, graph 0.5 center rotate by 90 noenhanced font '%s,%.3g'\n", string + 2,
                (cell.left + 0.5 * line + 1.2) / figure->width, FONT, FONT_POINTS * dn_layout_size_for(options->y_label, room[2]));
    }
    if (options->grid) {
        fprintf(stream, "  set grid ytics back lt 1 lw 0.4 lc rgb '#E0E0E0'\n");
    }
    print_legend(stream, options->legend);
}

static void print_panel(FILE *stream, const printed_panel *it)
{
    const figure_panel *panel = it->panel;
    const range box = dn_panel_range(panel);
    const double bottom = it->cell.bottom + it->m.bottom, height = it->cell.height - it->m.top - it->m.bottom;
    print_axes(stream, it, &box);
    print_labels(stream, it);
    size_t string = it->string + 3 + panel->options.n_x_names, first_row = it->first_row;
    size_t text = string, right_texts = 0;
    double right_y[RIGHT_TEXTS] = {0.0};
    dn_layout_right_texts(panel, &box, bottom, height, dn_layout_line_height(), right_y);
    for (size_t i = 0; i < panel->n_layers; ++i) {
        const figure_layer *layer = &panel->layers[i];
        if (is_text(layer)) {
            bool in_margin = layer->kind == LAYER_TEXT_RIGHT && right_texts < RIGHT_TEXTS;
            print_text(stream, layer, text, in_margin ? right_y[right_texts++] : it->cell.bottom + it->cell.height, it->figure);
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

/* s<number> = '...', cut to its room of mm. */
static dn_status print_cut(FILE *stream, size_t number, const char *text, double room, bool format)
{
    char *fitting = NULL;
    DN_TRY(dn_layout_cut_text(text != NULL ? text : "", room, &fitting));
    fprintf(stream, "s%zu = ", number);
    print_string(stream, fitting, format);
    fputc('\n', stream);
    free(fitting);
    return DN_OK;
}

/* s<number> = '...' for a panel; *count becomes how many. */
static dn_status print_strings(FILE *stream, const dn_figure *figure, const figure_panel *panel, const place *cell, size_t number,
                               size_t *count)
{
    size_t start = number;
    const char *const fixed[] = {panel->options.title, panel->options.x_label, panel->options.y_label};
    const margins m = dn_layout_margins(figure, panel, cell);
    double room[3];
    dn_layout_label_room(&m, cell, room);
    for (int i = 0; i < 3; ++i) {
        DN_TRY(print_cut(stream, number++, fixed[i], room[i], false));
    }
    for (size_t i = 0; i < panel->options.n_x_names; ++i) {
        /* The texts of ticks are formats. They are not set smaller. */
        DN_TRY(print_cut(stream, number++, panel->names[i], LEAST_SIZE * NAME_ROOM, true));
    }
    for (size_t i = 0; i < panel->n_layers; ++i) {
        const figure_layer *layer = &panel->layers[i];
        const char *text = layer->text != NULL ? layer->text : layer->style.label;
        if (text != NULL) {
            fprintf(stream, "s%zu = ", number++);
            print_string(stream, text, false);
            fputc('\n', stream);
        }
    }
    *count = number - start;
    return DN_OK;
}

/* The name of the table beside it, the note (NULL: none) and the strings of all panels. */
static dn_status print_texts(FILE *stream, const dn_figure *figure, const char *name, const char *note, double cell_height)
{
    const place cell = {.width = figure->width / figure->columns, .height = cell_height};
    size_t string = 1;
    fprintf(
        stream,
        "# Made by dien. `gnuplot` with this script, in its folder, draws the figure again as SVG, PDF and PNG from the table beside it.\n"
        "# For a PNG of another resolution: gnuplot -e 'dpi = 600' with this script.\n"
        "if (!exists('dpi')) { dpi = 300. }\n"
        "set encoding utf8\n"
        "name = ");
    print_string(stream, name, false);
    fprintf(stream, "\ndata = './'.name.'.tsv'\n");
    if (note != NULL) {
        fprintf(stream, "note = ");
        print_string(stream, note, false);
        fputc('\n', stream);
    }
    for (size_t p = 0; p < figure->n_panels; ++p) {
        size_t count;
        DN_TRY(print_strings(stream, figure, &figure->panels[p], &cell, string, &count));
        string += count;
    }
    return DN_OK;
}

/* Begins the loop over the formats. */
static void print_terminals(FILE *stream, const dn_figure *figure)
{
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
}

/* height: of the note, mm. */
static void print_note(FILE *stream, const dn_figure *figure, double height)
{
    fprintf(stream,
            "\n  reset\n  set lmargin at screen 0\n  set rmargin at screen 1\n  set bmargin at screen 0\n  set tmargin at screen 1\n"
            "  unset border\n  unset tics\n  set key off\n  set xrange [0:1]\n  set yrange [0:1]\n"
            "  set label note at screen %.6f, screen %.6f left noenhanced font '%s,%g' tc rgb '#6E6E6E'\n  plot NaN notitle\n",
            1.5 / figure->width, (height - 1.8) / figure->height, FONT, FONT_POINTS - 1.0);
}

dn_status dn_figure_script(const dn_figure *figure, const char *name, FILE *stream)
{
    char *note_text = NULL;
    int note_lines = 0;
    if (figure->note != NULL) {
        DN_TRY(dn_strdup(figure->note, &note_text));
        note_lines = dn_layout_wrap(note_text, figure->width - 4.0);
    }
    double note = note_lines > 0 ? 1.2 + 2.6 * note_lines : 0.0, cell_height = (figure->height - note) / figure->rows;
    dn_status status = print_texts(stream, figure, name, note_text, cell_height);
    free(note_text);
    DN_TRY(status);
    print_terminals(stream, figure);
    size_t string = 1, row = 0;
    for (size_t p = 0; p < figure->n_panels; ++p) {
        const figure_panel *panel = &figure->panels[p];
        size_t r = p / (size_t)figure->columns, c = p % (size_t)figure->columns;
        place cell = {.width = figure->width / figure->columns, .height = cell_height};
        cell.left = cell.width * (double)c;
        cell.bottom = note + cell.height * (double)((size_t)figure->rows - 1 - r);
        print_panel(stream, &(printed_panel){figure, panel, p, string, row, cell, dn_layout_margins(figure, panel, &cell)});
        string += 3 + panel->options.n_x_names;
        for (size_t i = 0; i < panel->n_layers; ++i) {
            string += panel->layers[i].text != NULL || panel->layers[i].style.label != NULL;
            row += panel->layers[i].n;
        }
    }
    if (figure->note != NULL) {
        print_note(stream, figure, note);
    }
    fprintf(stream, "  unset multiplot\n  unset output\n}\n");
    if (ferror(stream)) {
        DN_FAIL(DN_EIO, "cannot write the script of a figure; is the disk full?");
    }
    return DN_OK;
}
