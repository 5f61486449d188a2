/* What the parts of the quality picture share. Internal to segment/picture*.c. */
#ifndef DN_SEGMENT_PICTURE_VIEW_H
#define DN_SEGMENT_PICTURE_VIEW_H

#include "chart/mosaic.h"
#include "segment/scan.h"

/* Layout, pixels. */
enum {
    WIDTH = 1640,
    MARGIN = 20,
    GAP = 6,
    COLUMNS = 7,
    TILE_W = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS,
    TILE_H = 186,
    OVERVIEW = 250, /* size of the three pictures of the whole head */
    TITLE = 26,     /* height of a row's title */
    OVERSAMPLE = 2  /* label pixels a picture pixel */
};
#define FIELD_MM 38.0      /* width of a tile of the hypothalamus */
#define DEEP_FIELD_MM 96.0 /* and of the deep structures */
#define OVERVIEW_MM 230.0

typedef enum { CORONAL, SAGITTAL, AXIAL } plane;

/* What outlines show. */
typedef enum {
    OUTLINE_NONE,
    OUTLINE_PARTS, /* the hypothalamus's subunits */
    OUTLINE_DEEP,  /* the whole head's deep structures */
    OUTLINE_HEAD   /* thalamus and what is inside the skull */
} outline;

/* The world of the picture: millimetres along the conformed axes (x right, y front, z up), from voxel 0 of the conformed scan or of what
 * the posteriors are a box of. */
typedef struct view {
    const dn_segment_result *r;
    double scale[3], offset[3]; /* such a voxel in voxels of the oriented scan */
    double mm[3];               /* of such a voxel */
    double centre[3];           /* of what is looked at, mm */
    double black, white;
    uint8_t palette[DN_CHANNEL_LIMIT][3];      /* by channel of the hypothalamus's network */
    uint8_t head_palette[DN_CHANNEL_LIMIT][3]; /* by channel of the whole head's; the last is what is inside the skull */
} view;

typedef struct frame {
    plane plane;
    double centre[3];     /* mm */
    double width, height; /* mm */
} frame;

/* The view's place in the oriented scan. */
void dn_view_place(const view *v, const double mm[3], double at[3]);
/* Sets black and white for what lies within radius mm of a point. */
void dn_view_window(view *v, const double centre[3], double radius);
/* Samples the scan, and the labels when wanted, over the frame and draws them. */
DN_CHECKED dn_status dn_view_draw(const view *v, dn_mosaic *mosaic, const frame *f, outline what, dn_mosaic_tile *tile);
/* Bounds of the thalamus, mm; false: there is none. */
bool dn_view_thalamus(const view *v, double low[3], double high[3]);
/* The structures that the table of volumes shows, best first, by the first row of each: the hypothalamus, its parts, the thalamus
 * and ICV, which come always, then deep structures, then others. out: of limit pointers into rows. Returns how many. */
size_t dn_view_rows(const dn_volume_rows *rows, size_t limit, const dn_volume_row **out);
/* Table of volumes, flags and provenance, beside the three pictures of the whole head. */
void dn_view_caption(const view *v, dn_mosaic *mosaic, double y);

#endif
