/* What the parts of the quality picture share. Internal to report/picture*.c. */
#ifndef DN_REPORT_PICTURE_VIEW_H
#define DN_REPORT_PICTURE_VIEW_H

#include "chart/mosaic.h"
#include "quality/verdict.h"
#include "report/picture.h"
#include "report/volume_lines.h"
#include "segment/head/coarse.h"
#include "segment/result.h"

/* Layout, pixels. A page of text shows the picture at two thirds of its size (README.md: 830 pixels): letters of 16 are 10 there. */
enum {
    WIDTH = 1280,
    MARGIN = 16,
    GAP = 6,
    COLUMNS = 7,
    TILE_W = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS,
    TILE_H = 142,
    OVERVIEW = 240, /* size of the three pictures of the whole head */
    TITLE = 27,     /* height of a row's title */
    TEXT = 16,      /* of letters */
    OVERSAMPLE = 2  /* label pixels per picture pixel */
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
    OUTLINE_HEAD,  /* thalamus and what is inside the skull */
    OUTLINES
} outline;

/* The world of the picture: millimetres along the conformed axes (x right, y front, z up), from voxel 0 of the conformed scan or of what
 * the posteriors are a box of. */
typedef struct view {
    const dn_segment_result *r;
    const dn_judgement *judgement;
    const dn_picture_hand *hand;            /* NULL: posteriors */
    bool shows[OUTLINES][DN_CHANNEL_LIMIT]; /* of hand: by channel */
    dn_axis_map map;                        /* such a voxel in voxels of the oriented scan */
    double mm[3];                           /* of such a voxel */
    double centre[3];                       /* of what is looked at, mm */
    double black, white;
    const dn_head_digests *digests;            /* of the head; borrowed */
    uint8_t palette[DN_CHANNEL_LIMIT][3];      /* by channel of the hypothalamus's network */
    uint8_t head_palette[DN_CHANNEL_LIMIT][3]; /* by channel of the whole head's; the last is what is inside the skull */
} view;

typedef struct frame {
    plane plane;
    double centre[3];     /* mm */
    double width, height; /* mm */
} frame;

/* Sets black and white for what lies within radius mm of a point. */
void dn_view_window(view *v, const double centre[3], double radius);
/* Samples the scan, and the labels when wanted, over the frame and draws them. */
DN_CHECKED dn_status dn_view_draw(const view *v, dn_mosaic *mosaic, const frame *f, outline what, dn_mosaic_tile *tile);
/* Whether the hypothalamus, and whether anything else, is labelled. */
bool dn_view_has_parts(const view *v);
bool dn_view_has_head(const view *v);
/* Sets which channels of hand each kind of outline shows. */
void dn_view_set_hand(view *v, const dn_picture_hand *hand);
/* Bounds of what an outline shows of hand, mm; false: there is nothing. */
bool dn_view_hand_bounds(const view *v, outline what, double low[3], double high[3]);
/* The channel that an outline shows of hand at a point of the oriented scan, in voxels. */
uint8_t dn_view_hand_label(const view *v, outline what, const double at[3]);
/* Bounds of the thalamus, mm; false: there is none. */
bool dn_view_thalamus(const view *v, double low[3], double high[3]);
/* How many lines of letters of `size` fit from the baseline `line` on, so that none is drawn below the baseline `bottom` or, with more,
 * over the line there that says how many are left out. 0 or less: none. */
int dn_view_room(double line, double bottom, int size, bool more);
/* The verdict and the flags, as far as there is room beside the three pictures of the whole head; says how many are left out. */
void dn_view_verdict(const view *v, dn_mosaic *mosaic, double y);
/* Name, colours and volumes of the lines, in columns, from y down. Returns where it ends. */
double dn_view_legend(const view *v, dn_mosaic *mosaic, const dn_volume_line *const *lines, size_t count, double y);
/* How to read the picture, and what it was made with. Returns where it ends. */
double dn_view_foot(const view *v, dn_mosaic *mosaic, double y);
/* The height of a legend of so many lines, and of the foot. */
double dn_view_legend_height(size_t count);
enum { FOOT = 66 };

#endif
