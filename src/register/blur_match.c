/* Measures how blurred pictures of one head are, and blurs the sharper ones. */
#include "register/blur_match.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/filter.h"
#include "image/resample.h"
#include "stats/distribution.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where it is measured, mm from the hypothalamus: thalamus, basal ganglia, ventricles. */
static const double deep[3][2] = {{-42, 42}, {-62, 32}, {-26, 46}};
/* mm: of the smoothing before derivatives are taken. */
#define SCALE_MM 1.0
enum { ROUNDS = 3, TERMS = 6, FITTED = 3, UNKNOWNS = FITTED + 2, SUMS = UNKNOWNS * UNKNOWNS + UNKNOWNS };
/* The outer weights of a filter of three voxels, at most. */
#define MOST_WEIGHT 0.2
/* Voxels around what is compared: a filter goes on past the cut's faces with the outermost voxels, which is wrong there. */
enum { RIM = 10 };
/* mm2 of variance along an axis: slices of 2 mm have a third more than voxels of 1 mm, 0.33 against 0.08; half a millimetre of SD. */
#define CROSSES 0.25
/* mm2: less than this is not worth a filter. */
#define NOTHING 1e-6

static const dn_blur_axes lattice_axes = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

/* ---- covariances -------------------------------------------------------------------------------------------------- */

static const int row_of[TERMS] = {0, 1, 2, 0, 0, 1};
static const int column_of[TERMS] = {0, 1, 2, 1, 2, 2};

static void to_matrix(const dn_blur *blur, double m[3][3])
{
    for (int t = 0; t < TERMS; ++t) {
        m[row_of[t]][column_of[t]] = m[column_of[t]][row_of[t]] = blur->v[t];
    }
}

/* Eigenvalues, and unit eigenvectors as rows. */
static dn_status eigenvectors(const dn_blur *blur, double value[3], double vector[3][3])
{
    double m[3][3], columns[3][3];
    to_matrix(blur, m);
    gsl_matrix_view a = gsl_matrix_view_array(&m[0][0], 3, 3), v = gsl_matrix_view_array(&columns[0][0], 3, 3);
    gsl_vector_view e = gsl_vector_view_array(value, 3);
    gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(3);
    if (space == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for the resolution of the scans");
    }
    gsl_eigen_symmv(&a.matrix, &e.vector, &v.matrix, space);
    gsl_eigen_symmv_free(space);
    for (int k = 0; k < 3; ++k) {
        for (int c = 0; c < 3; ++c) {
            vector[k][c] = columns[c][k];
        }
    }
    return DN_OK;
}

/* The part of a symmetric matrix without its negative eigenvalues. */
static dn_status positive_part(const dn_blur *blur, dn_blur *out)
{
    double value[3], vector[3][3];
    memset(out, 0, sizeof *out);
    DN_TRY(eigenvectors(blur, value, vector));
    for (int k = 0; k < 3; ++k) {
        for (int t = 0; t < TERMS && value[k] > 0; ++t) {
            out->v[t] += value[k] * vector[k][row_of[t]] * vector[k][column_of[t]];
        }
    }
    return DN_OK;
}

dn_status dn_blur_largest(const dn_blur *blur, double *sd)
{
    double value[3], vector[3][3];
    DN_TRY(eigenvectors(blur, value, vector));
    *sd = sqrt(fmax(0.0, fmax(value[0], fmax(value[1], value[2]))));
    return DN_OK;
}

bool dn_blur_crosses(const dn_blur *added, size_t count, size_t pair[2])
{
    double most = CROSSES;
    for (size_t a = 0; a < count; ++a) {
        for (size_t b = 0; b < a; ++b) {
            double more = 0.0, less = 0.0;
            for (int c = 0; c < 3; ++c) {
                more = fmax(more, added[a].v[c] - added[b].v[c]);
                less = fmax(less, added[b].v[c] - added[a].v[c]);
            }
            if (fmin(more, less) > most) {
                most = fmin(more, less);
                pair[0] = b;
                pair[1] = a;
            }
        }
    }
    return most > CROSSES;
}

static dn_blur minus(const dn_blur *a, const dn_blur *b)
{
    dn_blur out;
    for (int t = 0; t < TERMS; ++t) {
        out.v[t] = a->v[t] - b->v[t];
    }
    return out;
}

/* A covariance that is not below any of them. */
static dn_status bound_of(const dn_blur *own, size_t count, dn_blur *out)
{
    *out = own[0];
    for (size_t n = 1; n < count; ++n) {
        const dn_blur more = minus(&own[n], out);
        dn_blur lacking;
        DN_TRY(positive_part(&more, &lacking));
        for (int t = 0; t < TERMS; ++t) {
            out->v[t] += lacking.v[t];
        }
    }
    return DN_OK;
}

/* ---- adding ------------------------------------------------------------------------------------------------------- */

/* The weights of four voxels around a place `part` (0 to 1) after the second (Keys 1981, a = -1/2). A parabola is met exactly, so that they
 * add no variance of their own. */
static void weights_at(double part, float out[4])
{
    const double t = part, t2 = t * t, t3 = t2 * t;
    out[0] = (float)(0.5 * (-t + 2.0 * t2 - t3));
    out[1] = (float)(1.0 + 0.5 * (-5.0 * t2 + 3.0 * t3));
    out[2] = (float)(0.5 * (t + 4.0 * t2 - 3.0 * t3));
    out[3] = (float)(0.5 * (-t2 + t3));
}

/* A step from one plane of voxels to the next, to a place between voxels of that plane: offset[pivot] is 1 or -1, the others at most 1. */
typedef struct step {
    int pivot, side[2];
    int64_t whole[3];
    float weight[2][4]; /* along the two sides */
    bool between;       /* it does not lead to a voxel */
} step;

static step make_step(const double offset[3], int pivot, int sign)
{
    step out = {.pivot = pivot, .side = {(pivot + 1) % 3, (pivot + 2) % 3}};
    out.whole[pivot] = (int64_t)lround(sign * offset[pivot]);
    for (int n = 0; n < 2; ++n) {
        const double at = sign * offset[out.side[n]], base = floor(at);
        out.whole[out.side[n]] = (int64_t)base;
        weights_at(at - base, out.weight[n]);
        out.between = out.between || at != base;
    }
    return out;
}

static int64_t inside(int64_t at, int64_t size)
{
    return at < 0 ? 0 : at >= size ? size - 1 : at;
}

/* The value at the place where a step from voxel `at` leads; past the faces the outermost voxels go on. */
static float value_at(const float *data, const int64_t dim[3], const int64_t at[3], const step *s)
{
    const int64_t stride[3] = {1, dim[0], dim[0] * dim[1]};
    const int64_t plane = inside(at[s->pivot] + s->whole[s->pivot], dim[s->pivot]) * stride[s->pivot];
    const int a = s->side[0], b = s->side[1];
    float sum = 0.0f;
    if (!s->between) {
        return data[plane + inside(at[a] + s->whole[a], dim[a]) * stride[a] + inside(at[b] + s->whole[b], dim[b]) * stride[b]];
    }
    for (int n = 0; n < 4; ++n) {
        const int64_t row = plane + inside(at[b] + s->whole[b] + n - 1, dim[b]) * stride[b];
        float along = 0.0f;
        for (int m = 0; m < 4; ++m) {
            along += s->weight[0][m] * data[row + inside(at[a] + s->whole[a] + m - 1, dim[a]) * stride[a]];
        }
        sum += s->weight[1][n] * along;
    }
    return sum;
}

/* A filter (w, 1 - 2 w, w) along a step and its opposite, from data to out. */
static void filter_along(const float *data, float *out, const int64_t dim[3], const step ways[2], float w)
{
#pragma omp parallel for schedule(static) num_threads(dn_threads_get())
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t at[3] = {i, j, k};
                const float own = data[i + dim[0] * (j + dim[1] * k)];
                out[i + dim[0] * (j + dim[1] * k)] =
                    own + w * (value_at(data, dim, at, &ways[0]) + value_at(data, dim, at, &ways[1]) - 2.0f * own);
            }
        }
    }
}

/* variance: in voxels, along the unit vector. */
static dn_status add_along(dn_volume *picture, const double unit[3], double variance)
{
    int pivot = 0;
    for (int c = 1; c < 3; ++c) {
        pivot = fabs(unit[c]) > fabs(unit[pivot]) + 1e-9 ? c : pivot;
    }
    double offset[3];
    for (int c = 0; c < 3; ++c) {
        offset[c] = unit[c] / unit[pivot];
    }
    const step ways[2] = {make_step(offset, pivot, 1), make_step(offset, pivot, -1)};
    const double total = 0.5 * variance * unit[pivot] * unit[pivot];
    const int passes = (int)ceil(total / MOST_WEIGHT);
    const int64_t voxels = dn_grid_count(&picture->grid);
    float *other = NULL;
    DN_TRY(dn_alloc(&other, (size_t)voxels, sizeof *other, "a filter"));
    for (int p = 0; p < passes; ++p) {
        float *before = picture->data;
        filter_along(before, other, picture->grid.dim, ways, (float)(total / passes));
        picture->data = other;
        other = before;
    }
    free(other);
    return DN_OK;
}

dn_status dn_blur_add(dn_volume *picture, const dn_blur *blur)
{
    double value[3], vector[3][3], spacing[3];
    dn_grid_spacing(&picture->grid, spacing);
    DN_TRY(eigenvectors(blur, value, vector));
    for (int k = 0; k < 3; ++k) {
        const double variance = value[k] / (spacing[0] * spacing[0]);
        if (variance > NOTHING) {
            DN_TRY(add_along(picture, vector[k], variance));
        }
    }
    return DN_OK;
}

/* ---- measuring ---------------------------------------------------------------------------------------------------- */

/* The deep brain of a picture. */
static dn_status cut(const dn_volume *picture, dn_volume **out)
{
    int64_t start[3];
    int64_t dim[3];
    for (int c = 0; c < 3; ++c) {
        const double spacing = picture->grid.affine.m[c][c];
        const double origin = picture->grid.affine.m[c][3];
        start[c] = (int64_t)ceil((deep[c][0] - origin) / spacing) - RIM;
        int64_t last = (int64_t)floor((deep[c][1] - origin) / spacing) + RIM;
        start[c] = start[c] < 0 ? 0 : start[c];
        last = last >= picture->grid.dim[c] ? picture->grid.dim[c] - 1 : last;
        dim[c] = last - start[c] + 1;
        if (dim[c] < 2 * RIM + 16) {
            DN_FAIL(DN_EDATA, "the scans do not show the deep brain together");
        }
    }
    return dn_volume_crop(picture, start, dim, 0.0f, out);
}

/* The second derivatives of a at a voxel along the axes, halved: what a unit of variance along each adds. */
static void derivatives(const float *a, int64_t at, const int64_t s[3], double per, const dn_blur_axes *axes, double out[FITTED])
{
    double second[TERMS];
    for (int t = 0; t < TERMS; ++t) {
        const int64_t p = s[row_of[t]], q = s[column_of[t]];
        second[t] = per * (p == q ? (double)a[at + p] + (double)a[at - p] - 2.0 * (double)a[at]
                                  : 0.25 * ((double)a[at + p + q] - (double)a[at + p - q] - (double)a[at - p + q] + (double)a[at - p - q]));
    }
    for (int c = 0; c < FITTED; ++c) {
        const double *u = axes->unit[c];
        out[c] = 0.0;
        for (int t = 0; t < TERMS; ++t) {
            out[c] += (t < 3 ? 0.5 : 1.0) * u[row_of[t]] * u[column_of[t]] * second[t];
        }
    }
}

static void add_plane(const dn_volume *own, const dn_volume *others, const dn_blur_axes *axes, int64_t k, double *sums)
{
    const int64_t *dim = own->grid.dim;
    const int64_t stride[3] = {1, dim[0], dim[0] * dim[1]};
    const double spacing = own->grid.affine.m[0][0];
    for (int64_t j = RIM; j < dim[1] - RIM; ++j) {
        for (int64_t i = RIM; i < dim[0] - RIM; ++i) {
            const int64_t at = dn_grid_offset(&own->grid, i, j, k);
            double row[UNKNOWNS];
            derivatives(others->data, at, stride, 1.0 / (spacing * spacing), axes, row);
            row[FITTED] = (double)others->data[at];
            row[FITTED + 1] = 1.0;
            const double r = (double)own->data[at] - (double)others->data[at];
            for (int a = 0; a < UNKNOWNS; ++a) {
                for (int b = 0; b < UNKNOWNS; ++b) {
                    sums[a * UNKNOWNS + b] += row[a] * row[b];
                }
                sums[UNKNOWNS * UNKNOWNS + a] += row[a] * r;
            }
        }
    }
}

/* Variances along axes as a covariance. */
static void to_covariance(const double *variance, const dn_blur_axes *axes, dn_blur *out)
{
    memset(out, 0, sizeof *out);
    for (int c = 0; c < FITTED; ++c) {
        for (int t = 0; t < TERMS; ++t) {
            out->v[t] += variance[c] * axes->unit[c][row_of[t]] * axes->unit[c][column_of[t]];
        }
    }
}

/* By how much own is blurrier than others. */
static dn_status compare(const dn_volume *own, const dn_volume *others, const dn_blur_axes *axes, dn_blur *out)
{
    const int64_t planes = own->grid.dim[2];
    double total[SUMS] = {0};
    double *sums = NULL;
    DN_TRY(dn_alloc_dims(&sums, DN_DIMS(planes, SUMS), sizeof *sums, "a comparison"));
#pragma omp parallel for schedule(dynamic, 1) num_threads(dn_threads_get())
    for (int64_t k = RIM; k < planes - RIM; ++k) {
        add_plane(own, others, axes, k, sums + k * SUMS);
    }
    for (int64_t k = RIM; k < planes - RIM; ++k) {
        for (int n = 0; n < SUMS; ++n) {
            total[n] += sums[k * SUMS + n];
        }
    }
    free(sums);
    gsl_matrix_view a = gsl_matrix_view_array(total, UNKNOWNS, UNKNOWNS);
    gsl_vector_view b = gsl_vector_view_array(total + UNKNOWNS * UNKNOWNS, UNKNOWNS);
    if (gsl_linalg_cholesky_decomp1(&a.matrix) != 0 || gsl_linalg_cholesky_svx(&a.matrix, &b.vector) != 0) {
        DN_FAIL(DN_EDATA, "the deep brain shows too little structure to compare the resolution of the scans");
    }
    to_covariance(total + UNKNOWNS * UNKNOWNS, axes, out);
    return DN_OK;
}

/* Each against the mean of the others; cuts: as they are matched so far. */
static dn_status compare_all(dn_volume *const *cuts, size_t count, const dn_blur_axes *axes, dn_blur *more)
{
    static const double sigma[3] = {SCALE_MM, SCALE_MM, SCALE_MM};
    const int64_t voxels = dn_grid_count(&cuts[0]->grid);
    dn_volume *others = NULL;
    dn_status status = DN_OK;
    for (size_t n = 0; n < count; ++n) {
        DN_TRY(dn_filter_gaussian(cuts[n], sigma));
    }
    DN_TRY(dn_volume_create(&cuts[0]->grid, &others));
    for (size_t n = 0; n < count && status == DN_OK; ++n) {
        for (int64_t v = 0; v < voxels; ++v) {
            double sum = 0;
            for (size_t k = 0; k < count; ++k) {
                sum += k != n ? (double)cuts[k]->data[v] : 0.0;
            }
            others->data[v] = (float)(sum / (double)(count - 1));
        }
        status = compare(cuts[n], others, axes != NULL ? &axes[n] : &lattice_axes, &more[n]);
        for (int t = 0; t < TERMS; ++t) { /* to the mean of all instead of the others */
            more[n].v[t] *= (double)(count - 1) / (double)count;
        }
    }
    dn_volume_destroy(others);
    return status;
}

/* One round: own and bound are improved, and added follows. */
static dn_status measure_once(dn_volume *const *pictures, size_t count, const dn_blur_axes *axes, dn_blur *own, dn_blur *more,
                              dn_blur *added)
{
    dn_volume **cuts = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&cuts, count, sizeof(dn_volume *), "the deep brain"));
    for (size_t n = 0; n < count; ++n) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, cut(pictures[n], &cuts[n]), done);
        DN_TRY_GOTO(status, dn_blur_add(cuts[n], &added[n]), done);
    }
    DN_TRY_GOTO(status, compare_all(cuts, count, axes, more), done);
    for (size_t n = 0; n < count; ++n) {
        for (int t = 0; t < TERMS; ++t) {
            own[n].v[t] += more[n].v[t];
        }
        dn_log(DN_LOG_DEBUG, "resolution: scan %zu: %+.2f %+.2f %+.2f, %+.2f %+.2f %+.2f mm2 to the others", n + 1, own[n].v[0],
               own[n].v[1], own[n].v[2], own[n].v[3], own[n].v[4], own[n].v[5]);
    }
    dn_blur bound;
    DN_TRY_GOTO(status, bound_of(own, count, &bound), done);
    for (size_t n = 0; n < count; ++n) {
        const dn_blur lacking = minus(&bound, &own[n]);
        DN_TRY_GOTO(status, positive_part(&lacking, &added[n]), done);
    }
done:
    for (size_t n = 0; n < count; ++n) {
        dn_volume_destroy(cuts[n]);
    }
    free((void *)cuts);
    return status;
}

dn_status dn_blur_match(dn_volume *const *pictures, size_t count, const dn_blur_axes *axes, dn_blur *added)
{
    dn_blur *own = NULL;
    dn_status status = DN_OK;
    dn_gsl_quiet();
    memset(added, 0, count * sizeof *added);
    DN_TRY(dn_alloc(&own, 2 * count, sizeof *own, "the resolution of the scans"));
    for (int round = 0; round < ROUNDS; ++round) {
        DN_TRY_GOTO(status, measure_once(pictures, count, axes, own, own + count, added), done);
    }
    for (size_t n = 0; n < count; ++n) {
        dn_log(DN_LOG_DEBUG, "resolution: %.2f %.2f %.2f, %+.2f %+.2f %+.2f mm2 are added to scan %zu", added[n].v[0], added[n].v[1],
               added[n].v[2], added[n].v[3], added[n].v[4], added[n].v[5], n + 1);
        DN_TRY_GOTO(status, dn_blur_add(pictures[n], &added[n]), done);
    }
done:
    free(own);
    return status;
}
