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
/* mm2: less than this is not worth a filter. */
#define NOTHING 1e-6

/* ---- covariances -------------------------------------------------------------------------------------------------- */

static const int row_of[TERMS] = {0, 1, 2, 0, 0, 1};
static const int column_of[TERMS] = {0, 1, 2, 1, 2, 2};

static void to_matrix(const dn_blur *blur, double m[3][3])
{
    for (int t = 0; t < TERMS; ++t) {
        m[row_of[t]][column_of[t]] = m[column_of[t]][row_of[t]] = blur->v[t];
    }
}

/* The part of a symmetric matrix without its negative eigenvalues. */
static void positive_part(const dn_blur *blur, dn_blur *out)
{
    double m[3][3];
    double value[3];
    double vector[9];
    to_matrix(blur, m);
    memset(out, 0, sizeof *out);
    gsl_matrix_view a = gsl_matrix_view_array(&m[0][0], 3, 3);
    gsl_vector_view e = gsl_vector_view_array(value, 3);
    gsl_matrix_view v = gsl_matrix_view_array(vector, 3, 3);
    gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(3);
    if (space == NULL) {
        return;
    }
    gsl_eigen_symmv(&a.matrix, &e.vector, &v.matrix, space);
    gsl_eigen_symmv_free(space);
    for (int k = 0; k < 3; ++k) {
        for (int t = 0; t < TERMS && value[k] > 0; ++t) {
            out->v[t] += value[k] * vector[3 * row_of[t] + k] * vector[3 * column_of[t] + k];
        }
    }
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
static dn_blur bound_of(const dn_blur *own, size_t count)
{
    dn_blur out = own[0];
    for (size_t n = 1; n < count; ++n) {
        const dn_blur more = minus(&own[n], &out);
        dn_blur lacking;
        positive_part(&more, &lacking);
        for (int t = 0; t < TERMS; ++t) {
            out.v[t] += lacking.v[t];
        }
    }
    return out;
}

/* ---- adding ------------------------------------------------------------------------------------------------------- */

/* A filter (a, 1 - 2 a, a) along an offset, from data to out. */
static void filter_along(const float *data, float *out, const int64_t dim[3], const int64_t o[3], float a)
{
    const int64_t step = o[0] + dim[0] * (o[1] + dim[1] * o[2]);
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t at = i + dim[0] * (j + dim[1] * k);
                const bool up =
                    i + o[0] >= 0 && i + o[0] < dim[0] && j + o[1] >= 0 && j + o[1] < dim[1] && k + o[2] >= 0 && k + o[2] < dim[2];
                const bool down =
                    i - o[0] >= 0 && i - o[0] < dim[0] && j - o[1] >= 0 && j - o[1] < dim[1] && k - o[2] >= 0 && k - o[2] < dim[2];
                const float own = data[at];
                out[at] = own + a * ((up ? data[at + step] : own) + (down ? data[at - step] : own) - 2.0f * own);
            }
        }
    }
}

static double product(const double m[3][3], const int64_t a[3], const int64_t b[3])
{
    double sum = 0;
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            sum += m[i][j] * (double)(a[i] * b[j]);
        }
    }
    return sum;
}

/* An obtuse superbase of m: the products of any two of its four vectors are not above 0. */
static void reduce(const double m[3][3], int64_t base[4][3])
{
    enum { MOST = 100 };
    static const int64_t first[4][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {-1, -1, -1}};
    memcpy(base, first, sizeof first);
    bool changed = true;
    for (int round = 0; round < MOST && changed; ++round) {
        changed = false;
        for (int i = 0; i < 4 && !changed; ++i) {
            for (int j = i + 1; j < 4 && !changed; ++j) {
                if (product(m, base[i], base[j]) <= 1e-12) {
                    continue;
                }
                for (int k = 0; k < 4; ++k) {
                    for (int c = 0; c < 3 && k != i && k != j; ++c) {
                        base[k][c] += base[i][c];
                    }
                }
                for (int c = 0; c < 3; ++c) {
                    base[i][c] = -base[i][c];
                }
                changed = true;
            }
        }
    }
}

static dn_status add_along(dn_volume *picture, const int64_t offset[3], double variance)
{
    const double total = 0.5 * variance;
    const int passes = (int)ceil(total / MOST_WEIGHT);
    const int64_t voxels = dn_grid_count(&picture->grid);
    float *other = NULL;
    DN_TRY(dn_alloc(&other, (size_t)voxels, sizeof *other, "a filter"));
    for (int p = 0; p < passes; ++p) {
        float *before = picture->data;
        filter_along(before, other, picture->grid.dim, offset, (float)(total / passes));
        picture->data = other;
        other = before;
    }
    free(other);
    return DN_OK;
}

dn_status dn_blur_add(dn_volume *picture, const dn_blur *blur)
{
    double m[3][3];
    double spacing[3];
    int64_t base[4][3];
    to_matrix(blur, m);
    dn_grid_spacing(&picture->grid, spacing);
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            m[i][j] /= spacing[0] * spacing[0];
        }
        m[i][i] += 0.1 * NOTHING;
    }
    reduce(m, base);
    for (int i = 0; i < 4; ++i) {
        for (int j = i + 1; j < 4; ++j) {
            int rest[2];
            int found = 0;
            for (int k = 0; k < 4; ++k) {
                if (k != i && k != j) {
                    rest[found++] = k;
                }
            }
            const int64_t *a = base[rest[0]];
            const int64_t *b = base[rest[1]];
            const int64_t offset[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
            const double variance = -product(m, base[i], base[j]);
            if (variance > NOTHING) {
                DN_TRY(add_along(picture, offset, variance));
            }
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

/* The second derivatives of a at a voxel, halved: what a unit of covariance adds. */
static void derivatives(const float *a, int64_t at, const int64_t s[3], double per, double out[FITTED])
{
    for (int t = 0; t < FITTED; ++t) {
        out[t] = 0.5 * per * ((double)a[at + s[t]] + (double)a[at - s[t]] - 2.0 * (double)a[at]);
    }
}

static void add_plane(const dn_volume *own, const dn_volume *others, int64_t k, double *sums)
{
    const int64_t *dim = own->grid.dim;
    const int64_t stride[3] = {1, dim[0], dim[0] * dim[1]};
    const double spacing = own->grid.affine.m[0][0];
    for (int64_t j = RIM; j < dim[1] - RIM; ++j) {
        for (int64_t i = RIM; i < dim[0] - RIM; ++i) {
            const int64_t at = dn_grid_offset(&own->grid, i, j, k);
            double row[UNKNOWNS];
            derivatives(others->data, at, stride, 1.0 / (spacing * spacing), row);
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

/* By how much own is blurrier than others. */
static dn_status compare(const dn_volume *own, const dn_volume *others, dn_blur *out)
{
    const int64_t planes = own->grid.dim[2];
    double total[SUMS] = {0};
    double *sums = NULL;
    DN_TRY(dn_alloc_dims(&sums, DN_DIMS(planes, SUMS), sizeof *sums, "a comparison"));
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = RIM; k < planes - RIM; ++k) {
        add_plane(own, others, k, sums + k * SUMS);
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
    memset(out, 0, sizeof *out);
    memcpy(out->v, total + UNKNOWNS * UNKNOWNS, FITTED * sizeof *out->v);
    return DN_OK;
}

/* Each against the mean of the others; cuts: as they are matched so far. */
static dn_status compare_all(dn_volume *const *cuts, size_t count, dn_blur *more)
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
        status = compare(cuts[n], others, &more[n]);
        for (int t = 0; t < TERMS; ++t) { /* to the mean of all instead of the others */
            more[n].v[t] *= (double)(count - 1) / (double)count;
        }
    }
    dn_volume_destroy(others);
    return status;
}

/* One round: own and bound are improved, and added follows. */
static dn_status measure_once(dn_volume *const *pictures, size_t count, dn_blur *own, dn_blur *more, dn_blur *added)
{
    dn_volume **cuts = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&cuts, count, sizeof(dn_volume *), "the deep brain"));
    for (size_t n = 0; n < count; ++n) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, cut(pictures[n], &cuts[n]), done);
        DN_TRY_GOTO(status, dn_blur_add(cuts[n], &added[n]), done);
    }
    DN_TRY_GOTO(status, compare_all(cuts, count, more), done);
    for (size_t n = 0; n < count; ++n) {
        for (int t = 0; t < TERMS; ++t) {
            own[n].v[t] += more[n].v[t];
        }
        dn_log(DN_LOG_DEBUG, "resolution: scan %zu: %+.2f %+.2f %+.2f, %+.2f %+.2f %+.2f mm2 to the others", n + 1, own[n].v[0],
               own[n].v[1], own[n].v[2], own[n].v[3], own[n].v[4], own[n].v[5]);
    }
    const dn_blur bound = bound_of(own, count);
    for (size_t n = 0; n < count; ++n) {
        const dn_blur lacking = minus(&bound, &own[n]);
        positive_part(&lacking, &added[n]);
    }
done:
    for (size_t n = 0; n < count; ++n) {
        dn_volume_destroy(cuts[n]);
    }
    free((void *)cuts);
    return status;
}

dn_status dn_blur_match(dn_volume *const *pictures, size_t count, dn_blur *added)
{
    dn_blur *own = NULL;
    dn_status status = DN_OK;
    dn_gsl_quiet();
    memset(added, 0, count * sizeof *added);
    DN_TRY(dn_alloc(&own, 2 * count, sizeof *own, "the resolution of the scans"));
    for (int round = 0; round < ROUNDS; ++round) {
        DN_TRY_GOTO(status, measure_once(pictures, count, own, own + count, added), done);
    }
    for (size_t n = 0; n < count; ++n) {
        dn_log(DN_LOG_DEBUG, "resolution: %.2f %.2f %.2f mm2 are added to scan %zu", added[n].v[0], added[n].v[1], added[n].v[2], n + 1);
        DN_TRY_GOTO(status, dn_blur_add(pictures[n], &added[n]), done);
    }
done:
    free(own);
    return status;
}
