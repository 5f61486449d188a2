/* Bright sides and backs of the thalami. */
#include "synth/pulvinar.h"

#include <math.h>

/* Of scans of people, by eye and by the shares that tools/whole_head_gpu_train.py was made with. */
#define SIDE_LEAST -0.1
#define SIDE_MOST 0.8
#define BACK_LEAST -0.25
#define BACK_MOST 0.55
#define SIDE_FROM_MM -4.0 /* from the thalamus's middle, outwards */
#define SIDE_OVER_MM 11.0
#define BACK_FROM_MM 2.0 /* from its middle, backwards */
#define BACK_OVER_MM 10.0
#define FARTHEST_AWAY -0.3
#define FARTHEST_TO 0.9

enum { LEFT, RIGHT, SIDES };

typedef struct thalami {
    double middle[SIDES][2]; /* world x and y, mm */
    double voxels[SIDES];
    double white; /* mean of white matter */
    double white_voxels;
} thalami;

/* 0 or 1 for a voxel of a thalamus, else -1. The left one's label is the smaller one. */
static int side_of(const dn_tissues *tissues, uint16_t label, int thalamus)
{
    return tissues->tissue[label] != thalamus ? -1 : tissues->swap[label] < label ? RIGHT : LEFT;
}

static double ramp(double at, double from, double over)
{
    return fmax(0.0, fmin(1.0, (at - from) / over));
}

typedef void visit(const dn_volume *volume, int64_t v, const double xyz[3], int side, void *data);

/* Calls one for each voxel of a thalamus. */
static void each(const dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, int thalamus, visit *one, void *data)
{
    const dn_grid *grid = &volume->grid;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                const int64_t v = dn_grid_offset(grid, i, j, k);
                const int side = side_of(tissues, labels->data[v], thalamus);
                if (side >= 0) {
                    double xyz[3];
                    dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, xyz);
                    one(volume, v, xyz, side, data);
                }
            }
        }
    }
}

static void add_place(const dn_volume *volume, int64_t v, const double xyz[3], int side, void *data)
{
    thalami *found = data;
    (void)volume;
    (void)v;
    found->middle[side][0] += xyz[0];
    found->middle[side][1] += xyz[1];
    found->voxels[side] += 1.0;
}

typedef struct painter {
    thalami found;
    double side, back;
} painter;

static void paint(const dn_volume *volume, int64_t v, const double xyz[3], int side, void *data)
{
    const painter *how = data;
    const double outwards = (side == RIGHT ? 1.0 : -1.0) * (xyz[0] - how->found.middle[side][0]);
    const double backwards = how->found.middle[side][1] - xyz[1];
    const double towards = how->side * ramp(outwards, SIDE_FROM_MM, SIDE_OVER_MM) + how->back * ramp(backwards, BACK_FROM_MM, BACK_OVER_MM);
    const double share = fmax(FARTHEST_AWAY, fmin(FARTHEST_TO, towards));
    volume->data[v] = (float)fmax(0.0, (double)volume->data[v] + share * (how->found.white - (double)volume->data[v]));
}

dn_status dn_pulvinar_paint(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, double share, dn_random *random)
{
    const int thalamus = dn_tissues_find(tissues, "thalamus"), white = dn_tissues_find(tissues, "white_matter");
    painter how = {.side = 0.0};
    if (!(share > 0.0) || thalamus < 0 || white < 0) {
        return DN_OK;
    }
    how.side = share * dn_random_uniform(random, SIDE_LEAST, SIDE_MOST);
    how.back = share * dn_random_uniform(random, BACK_LEAST, BACK_MOST);
    each(volume, labels, tissues, thalamus, add_place, &how.found);
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        if (tissues->tissue[labels->data[v]] == white) {
            how.found.white += (double)volume->data[v];
            how.found.white_voxels += 1.0;
        }
    }
    if (how.found.white_voxels < 1.0) {
        return DN_OK;
    }
    how.found.white /= how.found.white_voxels;
    for (int s = 0; s < SIDES; ++s) {
        for (int d = 0; d < 2 && how.found.voxels[s] > 0.0; ++d) {
            how.found.middle[s][d] /= how.found.voxels[s];
        }
    }
    each(volume, labels, tissues, thalamus, paint, &how);
    return DN_OK;
}
