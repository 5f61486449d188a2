/* What figure.c collects and figure_script.c and figure_write.c read. Not for other folders. */
#ifndef DN_CHART_FIGURE_INTERNAL_H
#define DN_CHART_FIGURE_INTERNAL_H

#include "chart/figure.h"

#include <stdio.h>

typedef enum {
    LAYER_POINTS,        /* 0: x, 1: y */
    LAYER_LINE,          /* 0: x, 1: y */
    LAYER_BAND,          /* 0: x, 1: low, 2: high */
    LAYER_ERRORS,        /* 0: x, 1: low, 2: high */
    LAYER_SEGMENTS,      /* 0: x0, 1: y0, 2: x1, 3: y1 */
    LAYER_RECTANGLE,     /* like a segment, n = 1 */
    LAYER_RULE,          /* 0: y */
    LAYER_RULE_BAND,     /* 0: low, 1: high */
    LAYER_RULE_VERTICAL, /* 0: x */
    LAYER_TEXT,          /* 0: x, 1: y */
    LAYER_TEXT_INSIDE,   /* 0: x, 1: y of the panel */
    LAYER_TEXT_RIGHT     /* 0: y */
} layer_kind;

typedef struct figure_layer {
    layer_kind kind;
    dn_style style; /* label owned */
    size_t n;
    double *value[4]; /* owned */
    dn_align align;
    char *text; /* owned, NULL but for texts */
} figure_layer;

typedef struct figure_panel {
    dn_panel options; /* texts owned */
    char **names;     /* owned: options.x_names */
    figure_layer *layers;
    size_t n_layers, capacity;
} figure_panel;

struct dn_figure {
    double width, height; /* mm */
    int rows, columns;
    figure_panel *panels;
    size_t n_panels;
    char *note;
};

/* Control characters and broken UTF-8 become blanks or question marks; a newline stays for the caller. Returns the bytes to take from
 * text (at least 1) and whether they can be taken as they stand. */
size_t dn_figure_character(const unsigned char *text, bool *good);
/* Writes the data and the script that draws it. name: of the files, without folder and extension; checked by the caller to have no
 * control characters. */
DN_CHECKED dn_status dn_figure_data(const dn_figure *figure, FILE *stream);
DN_CHECKED dn_status dn_figure_script(const dn_figure *figure, const char *name, FILE *stream);

/* Where a panel's data lie, margins included; scale and names as asked for by its options. */
typedef struct range {
    double x_low, x_high, y_low, y_high;
} range;
/* Of the points, curves and bands of a panel; infinite where there are none. */
range dn_panel_range(const figure_panel *panel);

#endif
