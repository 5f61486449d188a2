/* Computes from where each voxel beside a cleft is taken when the cleft is widened or closed. */
#define _GNU_SOURCE /* M_PI */
#include "synth/cleft.h"

#include <math.h>

#define ROOM 0.8

double dn_cleft_room(const dn_cleft *cleft)
{
    return ROOM * cleft->half;
}

/* 1 up to 0, 0 from DN_CLEFT_FADE_MM on, smooth between. */
static double fade(double mm)
{
    double share = mm / DN_CLEFT_FADE_MM;
    return share <= 0.0 ? 1.0 : share >= 1.0 ? 0.0 : 0.5 * (1.0 + cos(M_PI * share));
}

/* mm from the middle plane (returned, with a sign) and from the centre along it, squared. */
static double place(const dn_cleft *cleft, const double xyz[3], double *along_squared)
{
    double u = 0.0;
    double square = 0.0;
    for (int c = 0; c < 3; ++c) {
        const double from = xyz[c] - cleft->centre[c];
        u += from * cleft->across[c];
        square += from * from;
    }
    *along_squared = fmax(0.0, square - u * u);
    return u;
}

void dn_cleft_source(const dn_cleft *cleft, double opening, double xyz[3])
{
    double along_squared;
    if (opening == 0.0 || !(cleft->half > 0.0)) {
        return;
    }
    const double u = place(cleft, xyz, &along_squared);
    double along = sqrt(along_squared);
    double a = opening * fade(along - cleft->radius);
    double far = fabs(u);
    double wall = cleft->half + a;
    double moved = far < wall ? far * (1.0 - cleft->half / wall) : a * fade(far - cleft->reach - fmax(0.0, a));
    for (int c = 0; c < 3; ++c) {
        xyz[c] -= copysign(1.0, u) * moved * cleft->across[c];
    }
}

#define PRESSED_MM 0.8
#define PRESSED_SHARE 1.3
#define ACROSS_MM 14.0
#define ALONG_MM 22.0

void dn_cleft_pressed_source(const dn_cleft *cleft, double opening, double xyz[3])
{
    double along_squared;
    if (opening == 0.0 || !(cleft->half > 0.0)) {
        return;
    }
    const double u = place(cleft, xyz, &along_squared);
    const double along = along_squared / (ALONG_MM * ALONG_MM);
    const double across = u * u / (ACROSS_MM * ACROSS_MM);
    const double moved = opening * tanh(u / (PRESSED_MM + PRESSED_SHARE * fabs(opening))) * exp(-across * across) * exp(-along * along);
    for (int c = 0; c < 3; ++c) {
        xyz[c] -= moved * cleft->across[c];
    }
}

/* mm over which one side's factor becomes the other's, at the midline; and beyond the structures' ends until the movement is small. */
#define CROSSING_MM 0.7
#define BEYOND_MM 4.0

void dn_cleft_sides_source(const dn_cleft *cleft, const double change[2], double xyz[3])
{
    double own[3];
    double u = 0.0;
    double square = 0.0;
    if ((change[0] == 0.0 && change[1] == 0.0) || !(cleft->half > 0.0)) {
        return;
    }
    for (int c = 0; c < 3; ++c) {
        own[c] = xyz[c] - cleft->centre[c];
        u += own[c] * cleft->across[c];
    }
    const double middle = 0.5 * (cleft->half + cleft->reach) * tanh(2.0 * u / (cleft->half + cleft->reach)); /* smooth across the midline */
    for (int c = 0; c < 3; ++c) {
        own[c] -= middle * cleft->across[c];
        square += own[c] * own[c];
    }
    const double far = sqrt(square) / (cleft->radius + BEYOND_MM);
    const double right = 1.0 / (1.0 + exp(-u / CROSSING_MM));
    const double stretch = (cbrt(1.0 / (1.0 + change[0])) - 1.0) * (1.0 - right) + (cbrt(1.0 / (1.0 + change[1])) - 1.0) * right;
    for (int c = 0; c < 3; ++c) {
        xyz[c] += own[c] * stretch * exp(-far * far * far * far);
    }
}
