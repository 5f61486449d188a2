/* Exponential and logarithm of rigid motions (Rodrigues' formula), and their mean. */
#include "register/rigid.h"

#include <math.h>
#include <string.h>

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* sin(x) / x and its kin, by their series near 0. */
static void coefficients(double angle, double *a, double *b, double *c)
{
    const double s = angle * angle;
    if (angle < 1e-3) {
        *a = 1.0 - s / 6.0;
        *b = 0.5 - s / 24.0;
        *c = 1.0 / 6.0 - s / 120.0;
        return;
    }
    *a = sin(angle) / angle;
    *b = (1.0 - cos(angle)) / s;
    *c = (1.0 - *a) / s;
}

/* I + a [w] + b [w]^2 applied to v. */
static void rodrigues(const double w[3], double a, double b, const double v[3], double out[3])
{
    double once[3];
    double twice[3];
    cross(w, v, once);
    cross(w, once, twice);
    for (int i = 0; i < 3; ++i) {
        out[i] = v[i] + a * once[i] + b * twice[i];
    }
}

void dn_rigid_exp(const dn_twist *twist, dn_affine *out)
{
    double a;
    double b;
    double c;
    double column[3];
    const double *w = twist->turn;
    coefficients(sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]), &a, &b, &c);
    for (int j = 0; j < 4; ++j) {
        if (j < 3) {
            const double unit[3] = {j == 0, j == 1, j == 2};
            rodrigues(w, a, b, unit, column);
        } else {
            rodrigues(w, b, c, twist->shift, column);
        }
        for (int i = 0; i < 3; ++i) {
            out->m[i][j] = column[i];
        }
    }
}

void dn_rigid_log(const dn_affine *motion, dn_twist *out)
{
    const double(*m)[4] = motion->m;
    const double s[3] = {0.5 * (m[2][1] - m[1][2]), 0.5 * (m[0][2] - m[2][0]), 0.5 * (m[1][0] - m[0][1])};
    const double sine = sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2]);
    const double angle = atan2(sine, 0.5 * (m[0][0] + m[1][1] + m[2][2] - 1.0));
    const double scale = sine > 1e-12 ? angle / sine : 1.0;
    double a;
    double b;
    double c;
    for (int i = 0; i < 3; ++i) {
        out->turn[i] = scale * s[i];
    }
    coefficients(angle, &a, &b, &c);
    /* The inverse of I + b [w] + c [w]^2 is I - [w] / 2 + d [w]^2. */
    const double d = angle < 1e-3 ? 1.0 / 12.0 : (1.0 - 0.5 * a / b) / (angle * angle);
    const double t[3] = {m[0][3], m[1][3], m[2][3]};
    rodrigues(out->turn, -0.5, d, t, out->shift);
}

void dn_rigid_invert(const dn_affine *motion, dn_affine *out)
{
    dn_affine inverse;
    for (int i = 0; i < 3; ++i) {
        inverse.m[i][3] = 0;
        for (int j = 0; j < 3; ++j) {
            inverse.m[i][j] = motion->m[j][i];
            inverse.m[i][3] -= motion->m[j][i] * motion->m[j][3];
        }
    }
    *out = inverse;
}

void dn_rigid_centre(const dn_affine *motions, size_t count, dn_affine *out)
{
    enum { ROUNDS = 20 };
    static const dn_affine identity = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    *out = identity;
    for (int round = 0; round < ROUNDS && count > 0; ++round) {
        dn_twist mean = {{0}, {0}};
        double size = 0;
        for (size_t n = 0; n < count; ++n) {
            dn_affine moved;
            dn_twist twist;
            dn_affine_compose(&motions[n], out, &moved);
            dn_rigid_log(&moved, &twist);
            for (int c = 0; c < 3; ++c) {
                mean.turn[c] -= twist.turn[c] / (double)count;
                mean.shift[c] -= twist.shift[c] / (double)count;
            }
        }
        dn_affine step;
        dn_rigid_exp(&mean, &step);
        dn_affine_compose(out, &step, out);
        for (int c = 0; c < 3; ++c) {
            size += fabs(mean.turn[c]) + fabs(mean.shift[c]);
        }
        if (size < 1e-13) {
            return;
        }
    }
}

void dn_rigid_of(const dn_affine *affine, dn_affine *out)
{
    double axis[3][3];
    for (int c = 0; c < 2; ++c) {
        double length = 0;
        double along = 0;
        for (int i = 0; i < 3; ++i) {
            axis[c][i] = affine->m[i][c];
            along += c == 1 ? axis[0][i] * axis[1][i] : 0.0;
        }
        for (int i = 0; i < 3; ++i) {
            axis[c][i] -= c == 1 ? along * axis[0][i] : 0.0;
            length += axis[c][i] * axis[c][i];
        }
        for (int i = 0; i < 3; ++i) {
            axis[c][i] /= sqrt(length);
        }
    }
    cross(axis[0], axis[1], axis[2]);
    for (int i = 0; i < 3; ++i) {
        for (int c = 0; c < 3; ++c) {
            out->m[i][c] = axis[c][i];
        }
        out->m[i][3] = affine->m[i][3];
    }
}
