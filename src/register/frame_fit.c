/* Fits the surfaces of structures of two heads: a pose with three scales, then a local correction, by Gauss-Newton steps on distance
 * maps. */
#include "register/frame_fit.h"

#include "base/memory.h"

#include <gsl/gsl_errno.h> /* GSL_SUCCESS */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Residuals beyond this count less and less (Geman and McClure), mm. */
#define ROBUST_MM 2.5
/* What a structure's surface tells, as that many independent measurements with an SD of 1 mm, against the priors below. */
#define EVIDENCE 12.0
/* Priors (SD): log scales of a head against the reference; bend (strain and angle) and shift of the commissures' neighbourhood beyond
 * what the global fit says. Measured in docs/evidence/frame.md. */
#define SCALE_SD 0.15
#define BEND_SD 0.10
#define SHIFT_SD 1.5

enum { PARAMETERS = 12 };

/* turn (I + bend) diag(scale). */
void dn_fit_matrix(const dn_fit_pose *pose, dn_affine *out)
{
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            double sum = pose->turn[r][c];
            for (int k = 0; k < 3; ++k) {
                sum += pose->turn[r][k] * pose->bend[k][c];
            }
            out->m[r][c] = sum * pose->scale[c];
        }
        out->m[r][3] = pose->shift[r];
    }
}

/* Value and gradient (per mm of scan world) of a distance map at a world point. Outside the box: the value at its edge, no gradient
 * across it. */
static double distance_at(const dn_fit_structure *it, const double xyz[3], double gradient[3])
{
    double at[3];
    double per_voxel[3];
    int64_t first[3];
    double u[3];
    bool inside[3];
    dn_affine_apply(&it->to_voxel, xyz, at);
    for (int c = 0; c < 3; ++c) {
        double limit = (double)(it->dim[c] - 1);
        inside[c] = at[c] >= 0.0 && at[c] <= limit;
        double p = at[c] < 0.0 ? 0.0 : at[c] > limit ? limit : at[c];
        first[c] = (int64_t)p;
        first[c] = first[c] > it->dim[c] - 2 ? it->dim[c] - 2 : first[c];
        u[c] = p - (double)first[c];
    }
    const int64_t nx = it->dim[0];
    const int64_t nxy = nx * it->dim[1];
    const float *q = it->distance + first[0] + nx * first[1] + nxy * first[2];
    double v[8];
    for (int n = 0; n < 8; ++n) {
        v[n] = (double)q[(n & 1) + nx * (n >> 1 & 1) + nxy * (n >> 2)];
    }
    double x0 = v[0] + u[0] * (v[1] - v[0]), x1 = v[2] + u[0] * (v[3] - v[2]);
    double x2 = v[4] + u[0] * (v[5] - v[4]), x3 = v[6] + u[0] * (v[7] - v[6]);
    double y0 = x0 + u[1] * (x1 - x0), y1 = x2 + u[1] * (x3 - x2);
    double dx0 = (v[1] - v[0]) + u[1] * ((v[3] - v[2]) - (v[1] - v[0]));
    double dx1 = (v[5] - v[4]) + u[1] * ((v[7] - v[6]) - (v[5] - v[4]));
    per_voxel[0] = inside[0] ? dx0 + u[2] * (dx1 - dx0) : 0.0;
    per_voxel[1] = inside[1] ? (x1 - x0) + u[2] * ((x3 - x2) - (x1 - x0)) : 0.0;
    per_voxel[2] = inside[2] ? y1 - y0 : 0.0;
    for (int c = 0; c < 3; ++c) {
        gradient[c] = 0.0;
        for (int k = 0; k < 3; ++k) {
            gradient[c] += per_voxel[k] * it->to_voxel.m[k][c];
        }
    }
    return y0 + u[2] * (y1 - y0);
}

/* What is being estimated in a step. */
typedef struct problem {
    const dn_fit *fit;
    int without;
    bool local;
    double centre[3]; /* local: frame mm, unscaled */
    double reach;
    double start[3]; /* local: where the global fit put the centre, scan world */
} problem;

/* Derivative of the residual along each parameter. Global: rotation about the pose's shift (scan axes), shift, log scales.
 * Local: bend (row by row), shift, both along the frame's axes about the centre. */
static void jacobian(const problem *p, const dn_fit_pose *pose, const double turned[3], const double point[3], const double gradient[3],
                     double row[PARAMETERS])
{
    double along[3]; /* gradient in the frame's axes */
    for (int c = 0; c < 3; ++c) {
        along[c] = gradient[0] * pose->turn[0][c] + gradient[1] * pose->turn[1][c] + gradient[2] * pose->turn[2][c];
    }
    if (p->local) {
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) {
                row[3 * r + c] = along[r] * pose->scale[c] * (point[c] - p->centre[c]);
            }
            row[9 + r] = along[r];
        }
        return;
    }
    row[0] = turned[1] * gradient[2] - turned[2] * gradient[1];
    row[1] = turned[2] * gradient[0] - turned[0] * gradient[2];
    row[2] = turned[0] * gradient[1] - turned[1] * gradient[0];
    for (int c = 0; c < 3; ++c) {
        row[3 + c] = gradient[c];
        row[6 + c] = along[c] * pose->scale[c] * point[c];
    }
}

static double local_weight(const problem *p, const double point[3])
{
    if (!p->local) {
        return 1.0;
    }
    double d = 0.0;
    for (int c = 0; c < 3; ++c) {
        d += (point[c] - p->centre[c]) * (point[c] - p->centre[c]);
    }
    return exp(-0.5 * d / (p->reach * p->reach));
}

/* Normal equations of the weighted squares at pose. */
static void accumulate(const problem *p, const dn_fit_pose *pose, int n, double *h, double *g)
{
    dn_affine matrix;
    dn_fit_matrix(pose, &matrix);
    double size = cbrt(pose->scale[0] * pose->scale[1] * pose->scale[2]);
    memset(h, 0, (size_t)(n * n) * sizeof *h);
    memset(g, 0, (size_t)n * sizeof *g);
    for (size_t s = 0; s < p->fit->count; ++s) {
        const dn_fit_structure *it = &p->fit->at[s];
        if ((int)s == p->without || it->points == 0) {
            continue;
        }
        double share = it->weight * EVIDENCE / (double)it->points;
        for (size_t i = 0; i < it->points; ++i) {
            const double point[3] = {(double)it->point[i][0], (double)it->point[i][1], (double)it->point[i][2]};
            double xyz[3], gradient[3], turned[3];
            double row[PARAMETERS];
            dn_affine_apply(&matrix, point, xyz);
            double r = distance_at(it, xyz, gradient) - size * (double)it->point[i][3];
            for (int c = 0; c < 3; ++c) {
                turned[c] = xyz[c] - pose->shift[c];
            }
            jacobian(p, pose, turned, point, gradient, row);
            double robust = 1.0 / (1.0 + r * r / (ROBUST_MM * ROBUST_MM));
            double w = share * robust * robust * local_weight(p, point);
            for (int a = 0; a < n; ++a) {
                g[a] -= w * row[a] * r;
                for (int b = 0; b <= a; ++b) {
                    h[a * n + b] += w * row[a] * row[b];
                }
            }
        }
    }
    for (int a = 0; a < n; ++a) {
        for (int b = 0; b < a; ++b) {
            h[b * n + a] = h[a * n + b];
        }
    }
}

static void add_priors(const problem *p, const dn_fit_pose *pose, int n, double *h, double *g)
{
    if (!p->local) {
        for (int c = 0; c < 3; ++c) {
            h[(6 + c) * n + 6 + c] += 1.0 / (SCALE_SD * SCALE_SD);
            g[6 + c] -= log(pose->scale[c]) / (SCALE_SD * SCALE_SD);
        }
        return;
    }
    dn_affine matrix;
    double now[3];
    dn_fit_matrix(pose, &matrix);
    dn_affine_apply(&matrix, p->centre, now);
    for (int r = 0; r < 3; ++r) {
        double moved = 0.0; /* along the frame's axis r */
        for (int c = 0; c < 3; ++c) {
            h[(3 * r + c) * (n + 1)] += 1.0 / (BEND_SD * BEND_SD);
            g[3 * r + c] -= pose->bend[r][c] / (BEND_SD * BEND_SD);
            moved += pose->turn[c][r] * (now[c] - p->start[c]);
        }
        h[(9 + r) * (n + 1)] += 1.0 / (SHIFT_SD * SHIFT_SD);
        g[9 + r] -= moved / (SHIFT_SD * SHIFT_SD);
    }
}

/* R <- exp([w]x) R (Rodrigues). */
static void rotate(const double w[3], double turn[3][3])
{
    double angle = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
    double a = angle < 1e-9 ? 1.0 : sin(angle) / angle;
    double b = angle < 1e-9 ? 0.5 : (1.0 - cos(angle)) / (angle * angle);
    double k[3][3] = {{0, -w[2], w[1]}, {w[2], 0, -w[0]}, {-w[1], w[0], 0}};
    double e[3][3], out[3][3];
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            double square = 0.0;
            for (int m = 0; m < 3; ++m) {
                square += k[r][m] * k[m][c];
            }
            e[r][c] = (r == c ? 1.0 : 0.0) + a * k[r][c] + b * square;
        }
    }
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            out[r][c] = e[r][0] * turn[0][c] + e[r][1] * turn[1][c] + e[r][2] * turn[2][c];
        }
    }
    memcpy(turn, out, sizeof out);
}

static void apply_step(const problem *p, const double *step, dn_fit_pose *pose)
{
    if (!p->local) {
        rotate(step, pose->turn);
        for (int c = 0; c < 3; ++c) {
            pose->shift[c] += step[3 + c];
            pose->scale[c] *= exp(step[6 + c]);
        }
        return;
    }
    dn_affine matrix;
    double before[3], after[3];
    dn_fit_matrix(pose, &matrix);
    dn_affine_apply(&matrix, p->centre, before);
    for (int a = 0; a < 9; ++a) {
        pose->bend[a / 3][a % 3] += step[a];
    }
    dn_fit_matrix(pose, &matrix);
    dn_affine_apply(&matrix, p->centre, after);
    for (int r = 0; r < 3; ++r) {
        double wanted = before[r] - after[r]; /* the centre stays while the bend turns about it, then moves */
        for (int c = 0; c < 3; ++c) {
            wanted += pose->turn[r][c] * step[9 + c];
        }
        pose->shift[r] += wanted;
    }
}

static void minimise(const problem *p, int iterations, dn_fit_pose *pose)
{
    double h[PARAMETERS * PARAMETERS];
    double g[PARAMETERS];
    double step[PARAMETERS];
    const int n = p->local ? 12 : 9;
    for (int i = 0; i < iterations; ++i) {
        double length = 0.0;
        accumulate(p, pose, n, h, g);
        add_priors(p, pose, n, h, g);
        for (int a = 0; a < n; ++a) {
            h[a * (n + 1)] *= 1.0 + 1e-6; /* and a trace of damping for what nothing says anything about */
            h[a * (n + 1)] += 1e-9;
        }
        gsl_matrix_view matrix = gsl_matrix_view_array(h, (size_t)n, (size_t)n);
        gsl_vector_view right = gsl_vector_view_array(g, (size_t)n);
        gsl_vector_view solution = gsl_vector_view_array(step, (size_t)n);
        if (gsl_linalg_cholesky_decomp1(&matrix.matrix) != GSL_SUCCESS ||
            gsl_linalg_cholesky_solve(&matrix.matrix, &right.vector, &solution.vector) != GSL_SUCCESS) {
            break; /* the pose stays where it is; its residual says how good that is */
        }
        for (int a = 0; a < n; ++a) {
            bool angle = p->local ? a < 9 : a < 3 || a > 5;
            length = fmax(length, fabs(step[a]) * (angle ? 50.0 : 1.0));
        }
        if (!isfinite(length)) {
            break;
        }
        for (int a = 0; a < n && length > 10.0; ++a) {
            step[a] *= 10.0 / length; /* no leaps: far from the surface the linear picture is poor */
        }
        apply_step(p, step, pose);
        if (length < 1e-4) {
            break;
        }
    }
}

void dn_fit_global(const dn_fit *fit, int without, int iterations, dn_fit_pose *pose)
{
    const problem p = {.fit = fit, .without = without};
    minimise(&p, iterations, pose);
}

void dn_fit_local(const dn_fit *fit, int without, int iterations, const double centre[3], double reach, dn_fit_pose *pose)
{
    problem p = {.fit = fit, .without = without, .local = true, .reach = reach};
    dn_affine matrix;
    memcpy(p.centre, centre, sizeof p.centre);
    dn_fit_matrix(pose, &matrix);
    dn_affine_apply(&matrix, centre, p.start);
    minimise(&p, iterations, pose);
}

static int by_value(const void *a, const void *b)
{
    double p = *(const double *)a;
    double q = *(const double *)b;
    return (p > q) - (p < q);
}

dn_status dn_fit_residual(const dn_fit *fit, const dn_fit_pose *pose, double *out)
{
    dn_affine matrix;
    double sum = 0.0;
    double weights = 0.0;
    double size = cbrt(pose->scale[0] * pose->scale[1] * pose->scale[2]);
    dn_fit_matrix(pose, &matrix);
    for (size_t s = 0; s < fit->count; ++s) {
        const dn_fit_structure *it = &fit->at[s];
        double *distance = NULL;
        if (it->points == 0) {
            continue;
        }
        DN_TRY(dn_alloc(&distance, it->points, sizeof *distance, "the distances of a structure"));
        for (size_t i = 0; i < it->points; ++i) {
            const double point[3] = {(double)it->point[i][0], (double)it->point[i][1], (double)it->point[i][2]};
            double xyz[3], gradient[3];
            dn_affine_apply(&matrix, point, xyz);
            distance[i] = fabs(distance_at(it, xyz, gradient) - size * (double)it->point[i][3]);
        }
        qsort(distance, it->points, sizeof *distance, by_value);
        sum += it->weight * distance[it->points / 2];
        weights += it->weight;
        free(distance);
    }
    *out = weights > 0.0 ? sum / weights : INFINITY;
    return DN_OK;
}
