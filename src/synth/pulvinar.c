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

/* Of the two thalami: middle in the world's x and y, mm. */
typedef struct thalami {
    double middle[SIDES][2];
    double voxels[SIDES];
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

static void place_of(const dn_grid *grid, int64_t v, double xyz[3])
{
    const int64_t row = v / grid->dim[0];
    dn_affine_apply(&grid->affine,
                    (const double[3]){(double)(v % grid->dim[0]), (double)(row % grid->dim[1]), (double)(row / grid->dim[1])}, xyz);
}

static void find_thalami(const dn_labels *labels, const dn_tissues *tissues, int thalamus, thalami *found)
{
    *found = (thalami){.voxels = {0.0}};
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        const int side = side_of(tissues, labels->data[v], thalamus);
        if (side >= 0) {
            double xyz[3];
            place_of(&labels->grid, v, xyz);
            found->middle[side][0] += xyz[0];
            found->middle[side][1] += xyz[1];
            found->voxels[side] += 1.0;
        }
    }
    for (int s = 0; s < SIDES; ++s) {
        for (int d = 0; d < 2 && found->voxels[s] > 0.0; ++d) {
            found->middle[s][d] /= found->voxels[s];
        }
    }
}

/* Mean of a tissue's voxels; NaN: there are none. */
static double mean_of(const dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, int tissue)
{
    double sum = 0.0, voxels = 0.0;
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        if (tissues->tissue[labels->data[v]] == tissue) {
            sum += (double)volume->data[v];
            voxels += 1.0;
        }
    }
    return sum / voxels;
}

void dn_pulvinar_paint(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, double share, dn_random *random)
{
    const int thalamus = dn_tissues_find(tissues, "thalamus"), white = dn_tissues_find(tissues, "white_matter");
    if (!(share > 0.0) || thalamus < 0 || white < 0) {
        return;
    }
    const double at_side = share * dn_random_uniform(random, SIDE_LEAST, SIDE_MOST);
    const double at_back = share * dn_random_uniform(random, BACK_LEAST, BACK_MOST);
    const double bright = mean_of(volume, labels, tissues, white);
    thalami found;
    find_thalami(labels, tissues, thalamus, &found);
    for (int64_t v = 0; v < dn_grid_count(&volume->grid) && !isnan(bright); ++v) {
        const int side = side_of(tissues, labels->data[v], thalamus);
        if (side >= 0) {
            double xyz[3];
            place_of(&volume->grid, v, xyz);
            const double outwards = (side == RIGHT ? 1.0 : -1.0) * (xyz[0] - found.middle[side][0]);
            const double backwards = found.middle[side][1] - xyz[1];
            const double towards =
                at_side * ramp(outwards, SIDE_FROM_MM, SIDE_OVER_MM) + at_back * ramp(backwards, BACK_FROM_MM, BACK_OVER_MM);
            const double part = fmax(FARTHEST_AWAY, fmin(FARTHEST_TO, towards));
            volume->data[v] = (float)fmax(0.0, (double)volume->data[v] + part * (bright - (double)volume->data[v]));
        }
    }
}
