/* Where things of a figure go, in mm: widths of texts, ticks, margins. For figure_script.c; not for other folders. */
#ifndef DN_CHART_FIGURE_LAYOUT_H
#define DN_CHART_FIGURE_LAYOUT_H

#include "chart/figure_internal.h"

#include <stdbool.h>

#define FONT "Arial"
#define FONT_POINTS 7.0
#define MM_PER_POINT (25.4 / 72.0)
/* mm for a name under the abscissa, at most */
#define NAME_ROOM 34.0
/* A text that would run out of its room is set smaller, down to this. */
#define LEAST_SIZE 0.7
/* Room for a tick of each axis, in mm. */
#define X_TICK 11.0
#define Y_TICK 7.0
#define RIGHT_TEXTS 48

/* Where a panel is, in mm from the figure's bottom left. */
typedef struct place {
    double left, bottom, width, height;
} place;

/* What is around a panel's axes, in mm. */
typedef struct margins {
    double left, right, top, bottom;
    bool slanting; /* names under the abscissa */
} margins;

/* Of a line of text, as a multiple of its size. */
double dn_layout_line_height(void);
/* The multiple of its size at which a text fits into room, LEAST_SIZE at least. */
double dn_layout_size_for(const char *text, double room);
/* What does not fit even then ends in three points; each line on its own. *out is owned by the caller. */
DN_CHECKED dn_status dn_layout_cut_text(const char *text, double room, char **out);
/* Blanks of the text become line breaks where a line would be wider than room. Returns the number of lines. */
int dn_layout_wrap(char *text, double room);

/* 1, 2 or 5 times a power of ten, so that at most `most` steps fit into span; and its decimals. */
double dn_layout_step(double span, double most);
int dn_layout_decimals(double step);

/* The widest of all panels: those of a figure are equally large, since they are there to be compared. */
margins dn_layout_margins(const dn_figure *figure, const figure_panel *panel, const place *cell);
/* For the title, the abscissa's and the ordinate's label. */
void dn_layout_label_room(const margins *m, const place *cell, double room[3]);
/* Heights of the texts in the right margin, in mm from the figure's bottom, pushed apart where they would overlap. Those beyond RIGHT_TEXTS
 * stay where the data put them; none is reordered. */
void dn_layout_right_texts(const figure_panel *panel, const range *box, double bottom, double height, double gap, double *y);

#endif
