/* A head of ellipsoids with FreeSurfer's numbers whose AC-PC frame is known: about where a head's deep structures lie, in mm from the
 * anterior commissure. */
#ifndef DN_EGG_HEAD_H
#define DN_EGG_HEAD_H

#include "image/volume.h"
#include "test.h"

#include <math.h>
#include <string.h>

#define EGG_AC_PC 26.0

typedef struct egg {
    uint16_t left, right; /* equal: one in the middle */
    double at[3], radius[3];
} egg;

/* Earlier ones lie in front. */
static const egg eggs[] = {
    {14, 14, {0, -13, 0}, {2.5, 13, 9}},  {15, 15, {0, -38, -28}, {5, 6, 11}},  {10, 49, {11, -18, 8}, {8, 13, 9}},
    {11, 50, {14, 10, 10}, {5, 13, 9}},   {12, 51, {27, 2, 0}, {6, 15, 10}},    {13, 52, {19, -3, -1}, {4, 9, 6}},
    {28, 60, {10, -13, -8}, {6, 8, 6}},   {17, 53, {27, -23, -13}, {6, 17, 6}}, {18, 54, {24, -3, -19}, {7, 7, 7}},
    {26, 58, {9, 10, -7}, {4, 5, 4}},     {4, 43, {9, -8, 22}, {5, 30, 6}},     {16, 16, {0, -27, -30}, {12, 11, 24}},
    {2, 41, {32, -15, 10}, {34, 70, 50}},
};

/* Label at a point of the frame, mm. */
static inline uint16_t egg_label(const double p[3])
{
    for (size_t e = 0; e < sizeof eggs / sizeof *eggs; ++e) {
        const double side = eggs[e].left == eggs[e].right ? p[0] : fabs(p[0]);
        const double d[3] = {(side - eggs[e].at[0]) / eggs[e].radius[0], (p[1] - eggs[e].at[1]) / eggs[e].radius[1],
                             (p[2] - eggs[e].at[2]) / eggs[e].radius[2]};
        if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= 1.0) {
            return p[0] < 0.0 ? eggs[e].left : eggs[e].right;
        }
    }
    return 0;
}

/* The head on a grid: to_frame maps the grid's world to the frame of the head, stretch is the head's size along x, y, z. */
static inline dn_labels *egg_head(const dn_grid *grid, const dn_affine *to_frame, const double stretch[3])
{
    dn_labels *labels = NULL;
    dn_affine all;
    assert_ok(dn_labels_create(grid, &labels));
    dn_affine_compose(to_frame, &grid->affine, &all);
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                               (double)(v / grid->dim[0] / grid->dim[1])};
        double p[3];
        dn_affine_apply(&all, ijk, p);
        for (int c = 0; c < 3; ++c) {
            p[c] /= stretch[c];
        }
        labels->data[v] = egg_label(p);
    }
    return labels;
}

/* dims and spacing around the world's origin, shifted by where. */
static inline dn_grid egg_grid(const double spacing[3], const double where[3])
{
    dn_grid grid;
    memset(&grid, 0, sizeof grid);
    const double size[3] = {190, 220, 190};
    for (int c = 0; c < 3; ++c) {
        grid.dim[c] = (int64_t)(size[c] / spacing[c]);
        grid.affine.m[c][c] = spacing[c];
        grid.affine.m[c][3] = where[c] - 0.5 * spacing[c] * (double)(grid.dim[c] - 1);
    }
    return grid;
}

#endif
