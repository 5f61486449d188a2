/* Finds the orientation of a grid, and permutes and flips axes of scans and label maps. */
#include "image/orientation.h"

#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int permutations[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
static const char letters[3][2] = {{'R', 'L'}, {'A', 'P'}, {'S', 'I'}};

dn_orientation dn_orientation_of(const dn_affine *affine)
{
    double cosine[3][3];
    double best = -1.0;
    int chosen = 0;
    for (int c = 0; c < 3; ++c) {
        double length = sqrt(affine->m[0][c] * affine->m[0][c] + affine->m[1][c] * affine->m[1][c] + affine->m[2][c] * affine->m[2][c]);
        for (int r = 0; r < 3; ++r) {
            cosine[r][c] = affine->m[r][c] / length;
        }
    }
    for (int p = 0; p < 6; ++p) {
        double sum = 0.0;
        for (int c = 0; c < 3; ++c) {
            sum += fabs(cosine[permutations[p][c]][c]);
        }
        if (sum > best + 1e-9) { /* ties (45 degrees) go to the first permutation, whatever the rounding */
            best = sum;
            chosen = p;
        }
    }
    dn_orientation result;
    for (int c = 0; c < 3; ++c) {
        result.axis[c] = permutations[chosen][c];
        result.sign[c] = cosine[permutations[chosen][c]][c] < 0.0 ? -1 : 1;
    }
    return result;
}

dn_orientation dn_orientation_at(int index)
{
    dn_orientation result;
    int p = index / 8 % 6;
    for (int c = 0; c < 3; ++c) {
        result.axis[c] = permutations[p][c];
        result.sign[c] = index >> c & 1 ? -1 : 1;
    }
    return result;
}

dn_status dn_orientation_parse(const char *code, dn_orientation *out)
{
    dn_orientation result;
    int seen = 0;
    bool good = strlen(code) == 3;
    for (int c = 0; good && c < 3; ++c) {
        int letter = toupper((unsigned char)code[c]);
        good = false;
        for (int a = 0; a < 3; ++a) {
            if ((letter == letters[a][0] || letter == letters[a][1]) && !(seen & 1 << a)) {
                result.axis[c] = a;
                result.sign[c] = letter == letters[a][0] ? 1 : -1;
                seen |= 1 << a;
                good = true;
                break;
            }
        }
    }
    if (!good) {
        DN_FAIL(DN_EUSAGE, "'%s' is not an orientation: three letters are needed, one of R or L, one of A or P, one of S or I, as in RAS",
                code);
    }
    *out = result;
    return DN_OK;
}

bool dn_orientation_equal(const dn_orientation *a, const dn_orientation *b)
{
    return memcmp(a->axis, b->axis, sizeof a->axis) == 0 && memcmp(a->sign, b->sign, sizeof a->sign) == 0;
}

/* New axis c is old axis from[c], backwards where flip[c]. */
typedef struct plan {
    int from[3];
    bool flip[3];
} plan;

static plan plan_reorientation(const dn_grid *grid, const dn_orientation *wanted)
{
    dn_orientation present = dn_orientation_of(&grid->affine);
    plan result = {{0, 1, 2}, {false, false, false}};
    for (int c = 0; c < 3; ++c) {
        for (int o = 0; o < 3; ++o) {
            if (present.axis[o] == wanted->axis[c]) {
                result.from[c] = o;
                result.flip[c] = present.sign[o] != wanted->sign[c];
            }
        }
    }
    return result;
}

static void reorient_grid(const dn_grid *grid, const plan *p, dn_grid *out)
{
    dn_grid result;
    for (int r = 0; r < 3; ++r) {
        double origin = grid->affine.m[r][3];
        for (int c = 0; c < 3; ++c) {
            double step = grid->affine.m[r][p->from[c]];
            if (p->flip[c]) {
                origin += step * (double)(grid->dim[p->from[c]] - 1);
                step = -step;
            }
            result.affine.m[r][c] = step;
        }
        result.affine.m[r][3] = origin;
    }
    for (int c = 0; c < 3; ++c) {
        result.dim[c] = grid->dim[p->from[c]];
    }
    *out = result;
}

void dn_grid_reorient(const dn_grid *grid, const dn_orientation *wanted, dn_grid *out)
{
    plan p = plan_reorientation(grid, wanted);
    reorient_grid(grid, &p, out);
}

/* Source offset of new voxel (0,0,0) and steps along the new axes. */
static int64_t strides(const dn_grid *grid, const plan *p, int64_t step[3])
{
    int64_t stride[3] = {1, grid->dim[0], grid->dim[0] * grid->dim[1]};
    int64_t start = 0;
    for (int c = 0; c < 3; ++c) {
        step[c] = stride[p->from[c]];
        if (p->flip[c]) {
            start += step[c] * (grid->dim[p->from[c]] - 1);
            step[c] = -step[c];
        }
    }
    return start;
}

/* Tiles of TILE x TILE over the new first axis and the new axis that is the source's first, so that neither side strides
 * through memory a cache line per voxel. */
enum { TILE = 32 };

#define REORIENT(function, type)                                                                                                           \
    static void function(const type *from, const dn_grid *old, const plan *p, type *to, const dn_grid *new)                                \
    {                                                                                                                                      \
        int64_t step[3];                                                                                                                   \
        int64_t start = strides(old, p, step);                                                                                             \
        int fast = p->from[1] == 0 ? 1 : p->from[2] == 0 ? 2 : 1; /* tiled with axis 0 */                                                  \
        int slow = 3 - fast;                                                                                                               \
        int64_t stride[3] = {1, new->dim[0], new->dim[0] * new->dim[1]};                                                                   \
        int64_t rows = (new->dim[fast] + TILE - 1) / TILE;                                                                                 \
        _Pragma("omp parallel for collapse(2)") for (int64_t s = 0; s < new->dim[slow]; ++s)                                               \
        {                                                                                                                                  \
            for (int64_t row = 0; row < rows; ++row) {                                                                                     \
                int64_t end = (row + 1) * TILE < new->dim[fast] ? (row + 1) * TILE : new->dim[fast];                                       \
                for (int64_t i0 = 0; i0 < new->dim[0]; i0 += TILE) {                                                                       \
                    int64_t i1 = i0 + TILE < new->dim[0] ? i0 + TILE : new->dim[0];                                                        \
                    for (int64_t f = row * TILE; f < end; ++f) {                                                                           \
                        const type *in = from + start + s * step[slow] + f * step[fast];                                                   \
                        type *out = to + s * stride[slow] + f * stride[fast];                                                              \
                        for (int64_t i = i0; i < i1; ++i) {                                                                                \
                            out[i] = in[i * step[0]];                                                                                      \
                        }                                                                                                                  \
                    }                                                                                                                      \
                }                                                                                                                          \
            }                                                                                                                              \
        }                                                                                                                                  \
    }

REORIENT(reorient_float, float)
REORIENT(reorient_label, uint16_t)

dn_status dn_volume_reorient(const dn_volume *volume, const dn_orientation *wanted, dn_volume **out)
{
    plan p = plan_reorientation(&volume->grid, wanted);
    dn_grid grid;
    dn_volume *result = NULL;
    reorient_grid(&volume->grid, &p, &grid);
    DN_TRY(dn_volume_create(&grid, &result));
    reorient_float(volume->data, &volume->grid, &p, result->data, &grid);
    *out = result;
    return DN_OK;
}

dn_status dn_labels_reorient(const dn_labels *labels, const dn_orientation *wanted, dn_labels **out)
{
    plan p = plan_reorientation(&labels->grid, wanted);
    dn_grid grid;
    dn_labels *result = NULL;
    reorient_grid(&labels->grid, &p, &grid);
    DN_TRY(dn_labels_create(&grid, &result));
    reorient_label(labels->data, &labels->grid, &p, result->data, &grid);
    *out = result;
    return DN_OK;
}
