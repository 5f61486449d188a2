/* The affine transform of each label map onto the mean of the centroids of the structures (polar decomposition: Higham 1986). */
#include "base/job.h"
#include "base/memory.h"
#include "register/labels_align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 128, LEAST_VOXELS = 100, LEAST_SHARED = 8, ROUNDS = 20, LABELS = 65536 };

typedef struct shape {
    double at[MOST][3];
} shape;

typedef struct landmarks {
    size_t count;
    uint16_t label[MOST];
    size_t mirror[MOST]; /* index of the label's partner */
} landmarks;

/* sum: [LABELS][4], zeroed; world centroid and number of voxels. */
static void find_centroids(const dn_labels *map, double (*sum)[4])
{
    const dn_grid *grid = &map->grid;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            const uint16_t *row = map->data + dn_grid_offset(grid, 0, j, k);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double *to = sum[row[i]];
                to[0] += (double)i;
                to[1] += (double)j;
                to[2] += (double)k;
                to[3] += 1.0;
            }
        }
    }
    for (int label = 0; label < LABELS; ++label) {
        double n = sum[label][3];
        if (n > 0.0) {
            double ijk[3] = {sum[label][0] / n, sum[label][1] / n, sum[label][2] / n};
            dn_affine_apply(&grid->affine, ijk, sum[label]);
        }
    }
}

/* Brain structures that are large enough in every map, with their partners. sums: [count][LABELS][4]. */
static dn_status find_shared(const dn_tissues *tissues, double (*sums)[LABELS][4], size_t count, landmarks *out)
{
    out->count = 0;
    for (int label = 1; label < LABELS && out->count < MOST; ++label) {
        bool shared = tissues->tissue[label] >= 0 && tissues->region[label] == DN_REGION_BRAIN;
        for (size_t m = 0; shared && m < count; ++m) {
            shared = sums[m][label][3] >= LEAST_VOXELS && sums[m][tissues->swap[label]][3] >= LEAST_VOXELS;
        }
        if (shared) {
            out->label[out->count++] = (uint16_t)label;
        }
    }
    if (out->count < LEAST_SHARED) {
        DN_FAIL(DN_EDATA,
                "the label maps have only %zu structures of at least %d voxels in common; an alignment needs %d. The maps must have "
                "FreeSurfer numbers, and the tissue table must name them",
                out->count, LEAST_VOXELS, LEAST_SHARED);
    }
    for (size_t i = 0; i < out->count; ++i) {
        for (size_t j = 0; j < out->count; ++j) {
            if (out->label[j] == tissues->swap[out->label[i]]) {
                out->mirror[i] = j;
            }
        }
    }
    return DN_OK;
}

/* Takes the mean out and returns the root of the summed squares. */
static double centre_and_size(shape *it, size_t n)
{
    double size = 0.0;
    for (int c = 0; c < 3; ++c) {
        double mean = 0.0;
        for (size_t i = 0; i < n; ++i) {
            mean += it->at[i][c] / (double)n;
        }
        for (size_t i = 0; i < n; ++i) {
            it->at[i][c] -= mean;
            size += it->at[i][c] * it->at[i][c];
        }
    }
    return sqrt(size);
}

/* Solves the n x n system a x = b for m right-hand sides by elimination with pivots; false when singular. */
static bool solve4(double a[4][4], double b[4][3])
{
    for (int c = 0; c < 4; ++c) {
        int pivot = c;
        for (int r = c + 1; r < 4; ++r) {
            pivot = fabs(a[r][c]) > fabs(a[pivot][c]) ? r : pivot;
        }
        if (!(fabs(a[pivot][c]) > 1e-9)) {
            return false;
        }
        for (int k = 0; k < 4; ++k) {
            double keep = a[c][k];
            a[c][k] = a[pivot][k];
            a[pivot][k] = keep;
        }
        for (int k = 0; k < 3; ++k) {
            double keep = b[c][k];
            b[c][k] = b[pivot][k];
            b[pivot][k] = keep;
        }
        for (int r = 0; r < 4; ++r) {
            if (r != c) {
                double f = a[r][c] / a[c][c];
                for (int k = 0; k < 4; ++k) {
                    a[r][k] -= f * a[c][k];
                }
                for (int k = 0; k < 3; ++k) {
                    b[r][k] -= f * b[c][k];
                }
            }
        }
    }
    for (int r = 0; r < 4; ++r) {
        for (int k = 0; k < 3; ++k) {
            b[r][k] /= a[r][r];
        }
    }
    return true;
}

/* The affine that takes from's points nearest to to's (least squares). */
static dn_status fit_affine(const shape *from, const shape *to, size_t n, dn_affine *out)
{
    double a[4][4] = {{0.0}};
    double b[4][3] = {{0.0}};
    for (size_t i = 0; i < n; ++i) {
        double p[4] = {from->at[i][0], from->at[i][1], from->at[i][2], 1.0};
        for (int r = 0; r < 4; ++r) {
            for (int c = 0; c < 4; ++c) {
                a[r][c] += p[r] * p[c];
            }
            for (int c = 0; c < 3; ++c) {
                b[r][c] += p[r] * to->at[i][c];
            }
        }
    }
    if (!solve4(a, b)) {
        DN_FAIL(DN_EDATA, "the centroids of the structures lie in one plane, so no affine transform can be found");
    }
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            out->m[r][c] = b[c][r];
        }
    }
    return DN_OK;
}

/* The rotation nearest to a 3x3 matrix (its polar factor), by Newton's iteration (Higham 1986). */
static void nearest_rotation(double m[3][4])
{
    for (int round = 0; round < 30; ++round) {
        double cofactor[3][3];
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) {
                int r1 = (r + 1) % 3;
                int r2 = (r + 2) % 3;
                int c1 = (c + 1) % 3;
                int c2 = (c + 2) % 3;
                cofactor[r][c] = m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
            }
        }
        double determinant = m[0][0] * cofactor[0][0] + m[0][1] * cofactor[0][1] + m[0][2] * cofactor[0][2];
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) {
                m[r][c] = 0.5 * (m[r][c] + cofactor[r][c] / determinant);
            }
        }
    }
}

/* The mean shape: every map's centroids turned and scaled (never sheared) onto it; symmetric; of mean size. */
static dn_status find_mean(shape *shapes, size_t count, const landmarks *marks, shape *mean)
{
    size_t n = marks->count;
    double size = 0.0;
    *mean = shapes[0];
    (void)centre_and_size(mean, n);
    for (int round = 0; round < ROUNDS; ++round) {
        shape sum = {{{0.0}}};
        size = 0.0;
        for (size_t m = 0; m < count; ++m) {
            shape centred = shapes[m];
            size += centre_and_size(&centred, n) / (double)count;
            dn_affine turn;
            DN_TRY(fit_affine(&centred, mean, n, &turn));
            nearest_rotation(turn.m);
            turn.m[0][3] = turn.m[1][3] = turn.m[2][3] = 0.0;
            for (size_t i = 0; i < n; ++i) {
                double at[3];
                dn_affine_apply(&turn, centred.at[i], at);
                for (int c = 0; c < 3; ++c) {
                    sum.at[i][c] += at[c] / (double)count;
                }
            }
        }
        for (size_t i = 0; i < n; ++i) {
            for (int c = 0; c < 3; ++c) {
                mean->at[i][c] = 0.5 * (sum.at[i][c] + (c == 0 ? -1.0 : 1.0) * sum.at[marks->mirror[i]][c]);
            }
        }
        double now = centre_and_size(mean, n);
        for (size_t i = 0; i < n; ++i) {
            for (int c = 0; c < 3; ++c) {
                mean->at[i][c] *= size / now;
            }
        }
    }
    return DN_OK;
}

dn_status dn_align_affine(const dn_labels *const *maps, size_t count, const dn_tissues *tissues, dn_alignment *out)
{
    dn_status status = DN_OK;
    double(*sums)[LABELS][4] = NULL;
    shape *shapes = NULL;
    landmarks marks;
    shape mean;
    memset(out, 0, count * sizeof *out);
    if (count < 2) {
        DN_FAIL(DN_EUSAGE, "an average needs at least two label maps");
    }
    DN_TRY_GOTO(status, dn_alloc(&sums, count, sizeof *sums, "centroids"), done);
    DN_TRY_GOTO(status, dn_alloc(&shapes, count, sizeof *shapes, "centroids"), done);
    for (size_t m = 0; m < count; ++m) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        find_centroids(maps[m], sums[m]);
    }
    DN_TRY_GOTO(status, find_shared(tissues, sums, count, &marks), done);
    for (size_t m = 0; m < count; ++m) {
        for (size_t i = 0; i < marks.count; ++i) {
            memcpy(shapes[m].at[i], sums[m][marks.label[i]], sizeof shapes[m].at[i]);
        }
    }
    DN_TRY_GOTO(status, find_mean(shapes, count, &marks, &mean), done);
    for (size_t m = 0; m < count; ++m) {
        DN_TRY_GOTO(status, fit_affine(&mean, &shapes[m], marks.count, &out[m].affine), done);
    }
    dn_log(DN_LOG_DEBUG, "%zu structures are in all %zu label maps", marks.count, count);
done:
    free(shapes);
    free(sums);
    return status;
}
