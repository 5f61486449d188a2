/* The plane beside which a hemisphere is mirrored: the cost of Rodrigues et al. 2024 minimised over two turns and a shift. */
#include "register/mirror_plane.h"

#include "base/job.h"
#include "base/memory.h"
#include "stats/distribution.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RADIAN_MM 60.0 /* a turn by a radian moves the ends of a hemisphere by about this much: makes the steps comparable */
#define LARGEST_TURN (40.0 * M_PI / 180.0)
#define FIRST_SAMPLES 200000

enum { STARTS = 5, MOST_STEPS = 400 };

/* The voxels, relative to their centre, mm. */
typedef struct cloud {
    float (*at)[3]; /* owned */
    size_t count;
    double centre[3];
    size_t every; /* of them that are looked at */
    double alpha;
    int evaluations;
} cloud;

/* The x row of the turn about y, then z. */
static void row_of(const double turn[2], double row[3])
{
    row[0] = cos(turn[1]) * cos(turn[0]);
    row[1] = -sin(turn[1]);
    row[2] = cos(turn[1]) * sin(turn[0]);
}

static dn_status collect(const uint8_t *mask, const dn_grid *grid, cloud *out)
{
    const int64_t voxels = dn_grid_count(grid);
    double sum[3] = {0.0};
    size_t n = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        n += mask[v] != 0;
    }
    if (n == 0) {
        DN_FAIL(DN_EDATA, "the hemisphere is empty, so that it cannot be placed");
    }
    DN_TRY(dn_alloc(&out->at, n, sizeof *out->at, "the voxels of a hemisphere"));
    out->count = n;
    n = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        if (mask[v] != 0) {
            const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                                   (double)(v / grid->dim[0] / grid->dim[1])};
            double p[3];
            dn_affine_apply(&grid->affine, ijk, p);
            for (int c = 0; c < 3; ++c) {
                out->at[n][c] = (float)p[c];
                sum[c] += p[c];
            }
            ++n;
        }
    }
    for (int c = 0; c < 3; ++c) {
        out->centre[c] = sum[c] / (double)n;
    }
    for (size_t i = 0; i < n; ++i) {
        for (int c = 0; c < 3; ++c) {
            out->at[i][c] -= (float)out->centre[c];
        }
    }
    return DN_OK;
}

/* Mean over voxels; sums of blocks, so that it is the same for any number of threads. */
static double mean_cost(const cloud *it, const double row[3], double shift)
{
    enum { BLOCKS = 256 };
    double part[BLOCKS] = {0.0};
    const size_t looked = (it->count + it->every - 1) / it->every;
#pragma omp parallel for schedule(static) num_threads(dn_threads_get())
    for (int b = 0; b < BLOCKS; ++b) {
        const size_t from = looked * (size_t)b / BLOCKS, to = looked * (size_t)(b + 1) / BLOCKS;
        double sum = 0.0;
        for (size_t i = from; i < to; ++i) {
            const float *p = it->at[i * it->every];
            const double x = row[0] * (double)p[0] + row[1] * (double)p[1] + row[2] * (double)p[2] + shift;
            sum += (x > 0.0 ? x : 0.0) - it->alpha * x;
        }
        part[b] = sum;
    }
    double total = 0.0;
    for (int b = 0; b < BLOCKS; ++b) {
        total += part[b];
    }
    return total / (double)looked;
}

static double cost(const gsl_vector *x, void *user)
{
    cloud *it = user;
    double row[3];
    const double turn[2] = {gsl_vector_get(x, 0) / RADIAN_MM, gsl_vector_get(x, 1) / RADIAN_MM};
    ++it->evaluations;
    if (fabs(turn[0]) > LARGEST_TURN || fabs(turn[1]) > LARGEST_TURN) {
        return 1e6;
    }
    row_of(turn, row);
    return mean_cost(it, row, gsl_vector_get(x, 2));
}

/* From p (turns as mm at RADIAN_MM, shift) downhill; *found: the cost there. */
static dn_status descend(cloud *it, double step_mm, double p[3], double *found)
{
    gsl_multimin_function function = {cost, 3, it};
    dn_status status = DN_OK;
    gsl_vector *x = gsl_vector_alloc(3), *step = gsl_vector_alloc(3);
    gsl_multimin_fminimizer *search = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, 3);
    if (x == NULL || step == NULL || search == NULL) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory to place a hemisphere");
    }
    for (size_t i = 0; i < 3; ++i) {
        gsl_vector_set(x, i, p[i]);
    }
    gsl_vector_set_all(step, step_mm);
    if (gsl_multimin_fminimizer_set(search, &function, x, step) == GSL_SUCCESS) {
        for (int i = 0; i < MOST_STEPS; ++i) {
            DN_TRY_GOTO(status, dn_cancel_check(), done);
            if (gsl_multimin_fminimizer_iterate(search) != GSL_SUCCESS || gsl_multimin_fminimizer_size(search) < 0.002) {
                break;
            }
        }
    }
    for (size_t i = 0; i < 3; ++i) {
        p[i] = gsl_vector_get(gsl_multimin_fminimizer_x(search), i);
    }
    *found = gsl_multimin_fminimizer_minimum(search);
done:
    if (search != NULL) {
        gsl_multimin_fminimizer_free(search);
    }
    gsl_vector_free(step);
    gsl_vector_free(x);
    return status;
}

/* The shift at which a share alpha of the voxels lies beyond the plane: the minimum along the shift alone. By bisection. */
static double best_shift(const cloud *it, const double row[3])
{
    const size_t looked = (it->count + it->every - 1) / it->every;
    double low = -400.0, high = 400.0;
    for (int n = 0; n < 40; ++n) {
        const double middle = 0.5 * (low + high);
        size_t beyond = 0;
        for (size_t i = 0; i < looked; ++i) {
            const float *p = it->at[i * it->every];
            beyond += row[0] * (double)p[0] + row[1] * (double)p[1] + row[2] * (double)p[2] + middle > 0.0;
        }
        *((double)beyond > it->alpha * (double)looked ? &high : &low) = middle;
    }
    return 0.5 * (low + high);
}

static dn_status search(cloud *it, double best[3], double *lowest)
{
    static const double starts[STARTS][2] = {{0, 0}, {0.25, 0}, {-0.25, 0}, {0, 0.25}, {0, -0.25}};
    const size_t every = it->every;
    *lowest = INFINITY;
    it->every = it->count > FIRST_SAMPLES ? it->count / FIRST_SAMPLES : 1;
    for (int s = 0; s < STARTS; ++s) {
        double row[3], found;
        row_of(starts[s], row);
        double p[3] = {starts[s][0] * RADIAN_MM, starts[s][1] * RADIAN_MM, best_shift(it, row)};
        DN_TRY(descend(it, 4.0, p, &found));
        DN_TRY(descend(it, 1.0, p, &found)); /* a simplex may have become flat */
        if (found < *lowest) {
            *lowest = found;
            memcpy(best, p, sizeof p);
        }
        dn_progress("placing", s + 1, STARTS + 1);
    }
    it->every = every;
    DN_TRY(descend(it, 0.3, best, lowest));
    dn_progress("placing", STARTS + 1, STARTS + 1);
    return DN_OK;
}

/* The turn about y, then about z, around the hemisphere's centre, and the shift. */
static void motion_of(const cloud *it, const double turn[2], double shift, dn_affine *out)
{
    const double cy = cos(turn[0]), sy = sin(turn[0]), cz = cos(turn[1]), sz = sin(turn[1]);
    const double m[3][3] = {{cz * cy, -sz, cz * sy}, {sz * cy, cz, sz * sy}, {-sy, 0.0, cy}};
    for (int r = 0; r < 3; ++r) {
        out->m[r][3] = r == 0 ? shift : it->centre[r];
        for (int c = 0; c < 3; ++c) {
            out->m[r][c] = m[r][c];
            out->m[r][3] -= m[r][c] * it->centre[c];
        }
    }
}

/* What came of it: how much lies beyond the plane, and where the hemisphere ends short of it. */
static void measure(const cloud *it, const dn_grid *grid, dn_mirror_plane *out)
{
    const double voxel = cbrt(dn_grid_voxel_volume(grid));
    size_t beyond = 0, near = 0;
    double farthest = -INFINITY;
    double row[3];
    row_of((const double[2]){out->turn[0] * M_PI / 180.0, out->turn[1] * M_PI / 180.0}, row);
    for (size_t i = 0; i < it->count; ++i) {
        const float *p = it->at[i];
        const double x = row[0] * (double)p[0] + row[1] * (double)p[1] + row[2] * (double)p[2] + out->shift;
        beyond += x > 0.0;
        near += x > -voxel && x <= 0.0;
        farthest = fmax(farthest, x);
    }
    out->beyond = (double)beyond / (double)it->count;
    out->beyond_mm = fmax(farthest, 0.0);
    out->gap_mm = fmax(-farthest, 0.0);
    out->contact_mm2 = (double)near * voxel * voxel;
}

dn_status dn_mirror_plane_find(const uint8_t *mask, const dn_grid *grid, const dn_mirror_options *options, dn_mirror_plane *out)
{
    cloud it = {.every = 1, .alpha = options->alpha};
    double p[3] = {0.0};
    dn_status status = DN_OK;
    *out = (dn_mirror_plane){0};
    if (!(options->alpha > 0.0 && options->alpha < 0.5)) {
        DN_FAIL(DN_EUSAGE, "an alpha of %g is not possible; it is a share of the voxels, above 0 and below 0.5", options->alpha);
    }
    dn_gsl_quiet();
    DN_TRY_GOTO(status, collect(mask, grid, &it), done);
    DN_TRY_GOTO(status, search(&it, p, &out->cost), done);
    const double turn[2] = {p[0] / RADIAN_MM, p[1] / RADIAN_MM};
    if (fabs(turn[0]) > 0.95 * LARGEST_TURN || fabs(turn[1]) > 0.95 * LARGEST_TURN) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "the hemisphere would have to be turned by more than 38 degrees to lie against the mirror; is it a left hemisphere "
                     "with its medial face to the right, in RAS orientation?");
    }
    for (int c = 0; c < 2; ++c) {
        out->turn[c] = turn[c] * 180.0 / M_PI;
    }
    out->shift = p[2];
    motion_of(&it, turn, p[2], &out->motion);
    measure(&it, grid, out);
    out->evaluations = it.evaluations;
done:
    free(it.at);
    return status;
}

double dn_mirror_cost(const uint8_t *mask, const dn_grid *grid, const dn_affine *motion, double alpha)
{
    dn_affine map;
    double sum = 0.0, count = 0.0;
    dn_affine_compose(motion, &grid->affine, &map);
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        if (mask[v] != 0) {
            const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                                   (double)(v / grid->dim[0] / grid->dim[1])};
            double p[3];
            dn_affine_apply(&map, ijk, p);
            sum += (p[0] > 0.0 ? p[0] : 0.0) - alpha * p[0];
            count += 1.0;
        }
    }
    return count > 0.0 ? sum / count : 0.0;
}
