/* A picture of image slices with outlines of labels and text, drawn by cairo into a PNG.
 *
 * It is a canvas: the caller places tiles and texts (pixels from the top left corner) and knows what they mean. This file
 * knows nothing of volumes. Equal calls give equal bytes. */
#ifndef DN_CHART_MOSAIC_H
#define DN_CHART_MOSAIC_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct dn_mosaic dn_mosaic;

typedef struct dn_mosaic_tile {
    double x, y, width, height; /* place on the canvas */
    int64_t grey_width, grey_height;
    const float *grey; /* [row][column] from the top left, 0 black .. 1 white; smoothed to the tile's size */
    int64_t label_width, label_height;
    const uint8_t *label; /* [row][column], 0: none, else an entry of palette; NULL: no outlines. Best at twice the tile's pixels */
    const uint8_t (*palette)[3];
    const char *left, *right, *top, *bottom; /* letters at the edges ("L", "A"), or NULL */
    const char *caption;                     /* small, in the lower left corner, or NULL */
    double letter_size;                      /* height of the letters in pixels; 0: 13 */
    const double *mark;                      /* rectangle x, y, width, height as shares of the tile, or NULL */
} dn_mosaic_tile;

typedef enum { DN_INK_WHITE, DN_INK_GREY, DN_INK_GREEN, DN_INK_AMBER, DN_INK_RED } dn_ink;
typedef enum { DN_TEXT_LEFT, DN_TEXT_RIGHT } dn_text_side;

/* A dark canvas. *out is owned by the caller (dn_mosaic_destroy). */
DN_CHECKED dn_status dn_mosaic_create(int width, int height, dn_mosaic **out);
void dn_mosaic_destroy(dn_mosaic *mosaic);

/* A picture with its outlines, letters and caption, at its place. DN_ENOMEM. */
DN_CHECKED dn_status dn_mosaic_draw(dn_mosaic *mosaic, const dn_mosaic_tile *tile);
/* One line; y is the baseline, size the height of the letters in pixels. Returns the width. Bytes that are not UTF-8 and
 * control characters are drawn as '?'. */
double dn_mosaic_text(dn_mosaic *mosaic, double x, double y, double size, bool bold, dn_ink ink, dn_text_side side, const char *text);
/* The same, from the left, for a text that may be too long: it is cut, and ends in an ellipsis, where it would pass width. */
double dn_mosaic_text_within(dn_mosaic *mosaic, double x, double y, double width, double size, bool bold, dn_ink ink, const char *text);
/* Broken into lines of at most width pixels; at most lines of them (the last ends in an ellipsis). Returns the baseline of the
 * line after the last. */
double dn_mosaic_paragraph(dn_mosaic *mosaic, double x, double y, double width, int lines, double size, dn_ink ink, const char *text);
/* How many lines such a paragraph has without a limit. */
int dn_mosaic_paragraph_lines(dn_mosaic *mosaic, double width, double size, const char *text);
/* A filled square, for legends. */
void dn_mosaic_swatch(dn_mosaic *mosaic, double x, double y, double size, const uint8_t color[3]);
void dn_mosaic_rule(dn_mosaic *mosaic, double x0, double y, double x1);
/* A bright line through the middle of letters of that size with this baseline: what is written there does not count. */
void dn_mosaic_strike(dn_mosaic *mosaic, double x0, double y, double x1, double size);
/* A straight line from (x0, y0) to (x1, y1) and a disc, drawn only inside clip (x, y, width, height; NULL: everywhere). */
void dn_mosaic_line(dn_mosaic *mosaic, const double clip[4], double x0, double y0, double x1, double y1, double width,
                    const uint8_t color[3]);
void dn_mosaic_dot(dn_mosaic *mosaic, const double clip[4], double x, double y, double radius, const uint8_t color[3]);

/* Atomic. DN_EIO. */
DN_CHECKED dn_status dn_mosaic_write(const dn_mosaic *mosaic, const char *path);

/* Colours for outlines: hues far apart for numbers that follow each other (steps of the golden angle); bright, so that they stand out of
 * grey. Entry 0 is left as it is. */
void dn_mosaic_hues(uint8_t palette[256][3]);

#endif
