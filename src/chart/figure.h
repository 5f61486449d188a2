/* Figures for papers and reports, drawn by gnuplot.
 *
 * A figure is a grid of panels; a panel is a stack of layers (points, lines, bands, boxes, rules, texts), drawn in the
 * order in which they are added. dn_figure_write leaves five files: PATH.svg, PATH.pdf, PATH.png (300 dpi), PATH.gp
 * (the gnuplot script: `gnuplot PATH.gp` in that folder draws the figure again) and PATH.tsv (every number that is
 * drawn, one row per point). Ready-made kinds (box plot, Bland-Altman, ...) are in chart/figure_kinds.h.
 *
 * Texts are UTF-8 and are drawn as they stand: no markup, and nothing in them can reach gnuplot as a command. Numbers
 * that are not finite are refused with DN_EDATA, because a point that silently disappears is a wrong figure.
 *
 * Belongs here: what a figure looks like. Does not: any statistic; callers pass numbers that are already computed. */
#ifndef DN_CHART_FIGURE_H
#define DN_CHART_FIGURE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_figure dn_figure;

/* Okabe and Ito's palette: told apart by colour-blind readers, and in print. */
typedef enum {
    DN_COLOUR_BLACK,
    DN_COLOUR_BLUE,
    DN_COLOUR_VERMILION,
    DN_COLOUR_GREEN,
    DN_COLOUR_ORANGE,
    DN_COLOUR_SKY,
    DN_COLOUR_PURPLE,
    DN_COLOUR_GREY,
    DN_COLOUR_COUNT
} dn_colour;
/* The i-th colour for groups and series: blue, vermilion, green, orange, purple, sky, black, grey, then again. */
dn_colour dn_colour_series(size_t i);

typedef enum { DN_DASH_SOLID, DN_DASH_LONG, DN_DASH_DOT } dn_dash;
typedef enum {
    DN_SHAPE_DISC,
    DN_SHAPE_RING,
    DN_SHAPE_DIAMOND, /* filled, with a white rim: the mean of a box plot */
    DN_SHAPE_TRIANGLE,
    DN_SHAPE_SQUARE,
    DN_SHAPE_CROSS
} dn_point_shape;

/* Zeros mean the default of the layer. */
typedef struct dn_style {
    dn_colour colour;
    const char *label;    /* name in the legend; NULL: not in it. Copied. */
    dn_dash dash;         /* lines, rules */
    double width;         /* lines, rules: points (default 1) */
    dn_point_shape shape; /* points */
    double size;          /* points: multiple of the default */
    double opacity;       /* 0..1, 0: the default of the layer (points 0.75, bands 0.18, else 1) */
} dn_style;

typedef enum {
    DN_LEGEND_NONE,
    DN_LEGEND_TOP_LEFT,
    DN_LEGEND_TOP_RIGHT,
    DN_LEGEND_BOTTOM_LEFT,
    DN_LEGEND_BOTTOM_RIGHT,
    DN_LEGEND_ABOVE
} dn_legend;

typedef struct dn_panel {
    const char *title;             /* NULL: none. All texts are copied. */
    const char *x_label, *y_label; /* with the unit, "Hypothalamus (mm³)" */
    double x_low, x_high;          /* low == high: from the data, with a margin */
    double y_low, y_high;
    bool x_log, y_log;          /* base 10; every value must be > 0 */
    const char *const *x_names; /* names under x = 1, 2, ..., n_x_names instead of numbers */
    size_t n_x_names;
    dn_legend legend;
    bool grid; /* thin horizontal lines */
} dn_panel;

/* Which side of (x, y) a text is on. */
typedef enum { DN_ALIGN_LEFT, DN_ALIGN_CENTRE, DN_ALIGN_RIGHT } dn_align;

/* width_mm: 85 is one column, 174 two. rows, columns: the grid of panels, each >= 1. *out is owned by the caller. */
DN_CHECKED dn_status dn_figure_create(double width_mm, double height_mm, int rows, int columns, dn_figure **out);
void dn_figure_destroy(dn_figure *figure);

/* Starts the next panel (row by row); later layers go into it. Panels are lettered a, b, c, ... when there are several.
 * DN_EINTERNAL when the grid is full. */
DN_CHECKED dn_status dn_figure_panel(dn_figure *figure, const dn_panel *panel);
/* One grey text under the figure, wrapped to its width: "Simulated data, seed 1", the source, the software. Copied. */
DN_CHECKED dn_status dn_figure_note(dn_figure *figure, const char *text);

/* The arrays are copied. DN_EDATA: a number that is not finite. */
DN_CHECKED dn_status dn_figure_points(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *y);
DN_CHECKED dn_status dn_figure_line(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *y);
/* The area between low and high; x ascending. */
DN_CHECKED dn_status dn_figure_band(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *low,
                                    const double *high);
/* Bars from low to high at x, with short caps: confidence intervals. */
DN_CHECKED dn_status dn_figure_errors(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *low,
                                      const double *high);
/* Straight pieces from (x0, y0) to (x1, y1). */
DN_CHECKED dn_status dn_figure_segments(dn_figure *figure, const dn_style *style, size_t n, const double *x0, const double *y0,
                                        const double *x1, const double *y1);
/* A rectangle, filled with the colour at the band's opacity and outlined in it. */
DN_CHECKED dn_status dn_figure_rectangle(dn_figure *figure, const dn_style *style, double x0, double y0, double x1, double y1);
/* A line, or an area, over the whole width of the panel. */
DN_CHECKED dn_status dn_figure_rule(dn_figure *figure, const dn_style *style, double y);
DN_CHECKED dn_status dn_figure_rule_band(dn_figure *figure, const dn_style *style, double low, double high);
/* A line over the whole height. */
DN_CHECKED dn_status dn_figure_rule_vertical(dn_figure *figure, const dn_style *style, double x);
/* At data coordinates. colour from style; size: multiple of the usual size. */
DN_CHECKED dn_status dn_figure_text(dn_figure *figure, const dn_style *style, dn_align align, double x, double y, const char *text);
/* At the panel's own coordinates, (0, 0) bottom left to (1, 1) top right. */
DN_CHECKED dn_status dn_figure_text_inside(dn_figure *figure, const dn_style *style, dn_align align, double x, double y, const char *text);
/* In the margin right of the panel, at height y of the data: names of limits and centiles. */
DN_CHECKED dn_status dn_figure_text_right(dn_figure *figure, const dn_style *style, double y, const char *text);

/* Writes the five files; path has no extension ("out/groups" gives out/groups.svg, ...) and its folder exists.
 * Script and data are written even when gnuplot is absent. DN_EIO: gnuplot is not installed (the sentence says so),
 * failed, left a file that is not whole, or one cannot be written; figures of an earlier run then stay as they were.
 * Equal figures give equal bytes; of the PDF only up to cairo 1.16, since later ones write the date where it cannot be taken out. */
DN_CHECKED dn_status dn_figure_write(const dn_figure *figure, const char *path);
/* *can: whether gnuplot can be started (DIEN_GNUPLOT names another program than "gnuplot"). DN_ENOMEM: it was not found out. */
DN_CHECKED dn_status dn_figure_can_draw(bool *can);

#endif
