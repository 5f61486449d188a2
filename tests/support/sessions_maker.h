/* Scans of one made-up head as several scanners would show it: the average head with a fine pattern (so that it has borders everywhere),
 * turned, moved, with another contrast, bias field and noise. */
#ifndef DN_SESSIONS_MAKER_H
#define DN_SESSIONS_MAKER_H

#include "template_sample.h"
#include "test.h"

#include "base/random.h"
#include "image/volume.h"
#include "register/rigid.h"

#include <math.h>

/* Frame mm -> intensity, 0..1. */
static inline double session_value(const dn_head_template *h, const double mm[3])
{
    int64_t voxel[8];
    double weight[8];
    double sum = 0;
    if (template_corners(h, mm, voxel, weight)) {
        double brain = 0;
        for (int n = 0; n < 8; ++n) {
            sum += weight[n] * (double)h->t1w[voxel[n]] / 255.0;
            brain += weight[n] * (double)h->brain[voxel[n]] / 255.0;
        }
        sum *= 1.0 + 0.25 * brain * sin(0.4 * mm[0] + 0.3 * sin(0.2 * mm[2])) * sin(0.35 * mm[1] + 1.0) * sin(0.38 * mm[2]);
    }
    return sum;
}

typedef struct session_look {
    dn_twist twist; /* the frame's world -> the scan's */
    double power, bias, noise, gain;
    uint64_t seed;
} session_look;

enum { SESSION_X = 76, SESSION_Y = 88, SESSION_Z = 80 };

/* Voxels of 2.5 mm. */
static inline dn_volume *session_make(const session_look *look)
{
    const dn_grid grid = {{SESSION_X, SESSION_Y, SESSION_Z},
                          {{{2.5, 0, 0, -1.25 * SESSION_X}, {0, 2.5, 0, -1.25 * SESSION_Y - 15}, {0, 0, 2.5, -1.25 * SESSION_Z + 5}}}};
    dn_head_template head;
    dn_affine motion;
    dn_affine back;
    dn_volume *v = NULL;
    dn_random random;
    dn_random_seed(&random, look->seed);
    assert_ok(dn_head_template_get(&head));
    assert_ok(dn_volume_create(&grid, &v));
    dn_rigid_exp(&look->twist, &motion);
    dn_rigid_invert(&motion, &back);
    for (int64_t n = 0; n < dn_grid_count(&grid); ++n) {
        double world[3];
        double mm[3];
        dn_affine_apply(&grid.affine,
                        (const double[3]){(double)(n % SESSION_X), (double)(n / SESSION_X % SESSION_Y),
                                          (double)(n / SESSION_X / SESSION_Y)},
                        world);
        dn_affine_apply(&back, world, mm);
        const double field = exp(look->bias * (0.8 * world[0] + world[1] - 0.5 * world[2]) / 100.0);
        const double value = pow(session_value(&head, mm), look->power) * field + look->noise * dn_random_normal(&random, 0, 1);
        v->data[n] = (float)(look->gain * (value > 0 ? value : 0));
    }
    return v;
}

#endif
