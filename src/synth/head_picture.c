/* Draws samples and their labels, one row per sample. */
#include "synth/head_picture.h"

#include "base/memory.h"
#include "chart/mosaic.h"

#include <math.h>
#include <stdlib.h>

enum {
    TILE = 230,
    GAP = 4,
    MARGIN = 16,
    TOP = 48,
    CAPTION = 20,
    VIEWS = 3,
    FINE = 2 * TILE,
    PIXELS = TILE * TILE,
    FINE_PIXELS = FINE * FINE,
    FLUID = 255
};

struct dn_head_picture {
    const dn_tissues *tissues;
    dn_mosaic *mosaic;
    int rows, drawn;
    float *grey;    /* [TILE][TILE] */
    uint8_t *label; /* [FINE][FINE] */
    uint8_t palette[256][3];
};

static void fill_palette(uint8_t palette[256][3])
{
    dn_mosaic_hues(palette);
    palette[FLUID][0] = 50;
    palette[FLUID][1] = 80;
    palette[FLUID][2] = 130;
}

dn_status dn_head_picture_create(int rows, const char *title, const dn_tissues *tissues, dn_head_picture **out)
{
    dn_status status = DN_OK;
    dn_head_picture *picture = NULL;
    if (rows < 1 || rows > DN_HEAD_PICTURE_ROWS) {
        DN_FAIL(DN_EINTERNAL, "a picture has 1 to %d rows, not %d", DN_HEAD_PICTURE_ROWS, rows);
    }
    DN_TRY(dn_alloc(&picture, 1, sizeof *picture, "a picture"));
    picture->tissues = tissues;
    picture->rows = rows;
    fill_palette(picture->palette);
    DN_TRY_GOTO(status, dn_alloc(&picture->grey, PIXELS, sizeof *picture->grey, "a picture"), fail);
    DN_TRY_GOTO(status, dn_alloc(&picture->label, FINE_PIXELS, sizeof *picture->label, "a picture"), fail);
    int width = 2 * MARGIN + 2 * VIEWS * TILE + (2 * VIEWS - 1) * GAP;
    int height = TOP + rows * (TILE + CAPTION) + MARGIN;
    DN_TRY_GOTO(status, dn_mosaic_create(width, height, &picture->mosaic), fail);
    (void)dn_mosaic_text(picture->mosaic, MARGIN, 31, 19, true, DN_INK_WHITE, DN_TEXT_LEFT, title);
    *out = picture;
    return DN_OK;
fail:
    dn_head_picture_destroy(picture);
    return status;
}

void dn_head_picture_destroy(dn_head_picture *picture)
{
    if (picture != NULL) {
        dn_mosaic_destroy(picture->mosaic);
        free(picture->grey);
        free(picture->label);
        free(picture);
    }
}

/* Where the slices go: voxel of the middle of the thalami (FreeSurfer 10 and 49), else of the brain, else of the grid. */
static void find_middle(const dn_labels *truth, const dn_tissues *tissues, double middle[3])
{
    const dn_grid *grid = &truth->grid;
    double sum[2][4] = {{0.0}};
    for (int64_t k = 0, v = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i, ++v) {
                uint16_t label = truth->data[v];
                if (tissues->region[label] == DN_REGION_BRAIN) {
                    double *to = sum[label == 10 || label == 49 ? 0 : 1];
                    to[0] += (double)i;
                    to[1] += (double)j;
                    to[2] += (double)k;
                    to[3] += 1.0;
                }
            }
        }
    }
    const double *from = sum[0][3] > 0.0 ? sum[0] : sum[1];
    for (int c = 0; c < 3; ++c) {
        middle[c] = round(from[3] > 0.0 ? from[c] / from[3] : 0.5 * (double)(grid->dim[c] - 1));
    }
}

/* Colour of a label: its own or its partner's number, folded into the palette; a quiet one for fluid around the brain, whose outline is
 * long; 0 for what is not inside the skull. */
static uint8_t color_of(const dn_tissues *tissues, uint16_t label)
{
    if (tissues->region[label] < DN_REGION_CSF) {
        return 0;
    }
    if (tissues->region[label] == DN_REGION_CSF) {
        return FLUID;
    }
    uint16_t other = tissues->swap[label];
    return (uint8_t)(1 + (label < other ? label : other) % (FLUID - 1));
}

/* Voxel under a point of the tile, 0..1 from the top left corner; false outside the grid. The tile shows a square of side mm around the
 * grid's middle, the patient's left on its right. */
static bool voxel_at(const dn_grid *grid, int view, const double middle[3], double side, double across, double down, int64_t ijk[3])
{
    static const int axis[VIEWS][2] = {{0, 2}, {1, 2}, {0, 1}};
    double at[3] = {middle[0], middle[1], middle[2]};
    const double where[2] = {across, down};
    for (int n = 0; n < 2; ++n) {
        int c = axis[view][n];
        at[c] = 0.5 * (double)(grid->dim[c] - 1) + (0.5 - where[n]) * side / grid->affine.m[c][c];
    }
    bool inside = true;
    for (int c = 0; c < 3; ++c) {
        ijk[c] = (int64_t)floor(at[c] + 0.5);
        inside = inside && ijk[c] >= 0 && ijk[c] < grid->dim[c];
    }
    return inside;
}

static dn_status draw_view(dn_head_picture *picture, const dn_volume *scan, const dn_labels *truth, int view, const double middle[3],
                           double side, double y)
{
    static const char *const letters[VIEWS][4] = {{"R", "L", "S", "I"}, {"A", "P", "S", "I"}, {"R", "L", "A", "P"}};
    const dn_grid *grid = &scan->grid;
    int64_t ijk[3];
    for (int r = 0; r < TILE; ++r) {
        for (int c = 0; c < TILE; ++c) {
            bool inside = voxel_at(grid, view, middle, side, (c + 0.5) / TILE, (r + 0.5) / TILE, ijk);
            float value = inside ? scan->data[dn_grid_offset(grid, ijk[0], ijk[1], ijk[2])] : 0.0f;
            picture->grey[r * TILE + c] = fminf(fmaxf(value, 0.0f), 1.0f);
        }
    }
    for (int r = 0; r < FINE; ++r) {
        for (int c = 0; c < FINE; ++c) {
            bool inside = voxel_at(grid, view, middle, side, (c + 0.5) / FINE, (r + 0.5) / FINE, ijk);
            uint16_t label = inside ? truth->data[dn_grid_offset(grid, ijk[0], ijk[1], ijk[2])] : 0;
            picture->label[r * FINE + c] = color_of(picture->tissues, label);
        }
    }
    for (int outlined = 0; outlined < 2; ++outlined) {
        dn_mosaic_tile tile = {.x = MARGIN + (view + outlined * VIEWS) * (TILE + GAP),
                               .y = y,
                               .width = TILE,
                               .height = TILE,
                               .grey_width = TILE,
                               .grey_height = TILE,
                               .grey = picture->grey,
                               .left = letters[view][0],
                               .right = letters[view][1],
                               .top = letters[view][2],
                               .bottom = letters[view][3]};
        if (outlined) {
            tile.label = picture->label;
            tile.label_width = tile.label_height = FINE;
            tile.palette = (const uint8_t(*)[3])picture->palette;
        }
        DN_TRY(dn_mosaic_draw(picture->mosaic, &tile));
    }
    return DN_OK;
}

dn_status dn_head_picture_add(dn_head_picture *picture, const dn_volume *scan, const dn_labels *truth, const char *caption)
{
    if (picture->drawn == picture->rows) {
        DN_FAIL(DN_EINTERNAL, "a picture of %d rows has no place for another", picture->rows);
    }
    double middle[3];
    double side = 0.0;
    find_middle(truth, picture->tissues, middle);
    for (int c = 0; c < 3; ++c) {
        side = fmax(side, (double)scan->grid.dim[c] * scan->grid.affine.m[c][c]);
    }
    double y = TOP + picture->drawn * (TILE + CAPTION);
    for (int view = 0; view < VIEWS; ++view) {
        DN_TRY(draw_view(picture, scan, truth, view, middle, side, y));
    }
    (void)dn_mosaic_text(picture->mosaic, MARGIN, y + TILE + 14, 12, false, DN_INK_GREY, DN_TEXT_LEFT, caption);
    ++picture->drawn;
    return DN_OK;
}

dn_status dn_head_picture_write(const dn_head_picture *picture, const char *path)
{
    return dn_mosaic_write(picture->mosaic, path);
}
