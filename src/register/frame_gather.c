/* Prepares the structures of two heads for the fit: distance maps of one head, points near the surfaces of the other. */
#include "base/memory.h"
#include "image/distance.h"
#include "image/filter.h"
#include "image/resample.h"
#include "register/frame_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN_MM 14.0 /* of a box around its structure */
#define SMOOTH_MM 0.7  /* sigma on the distance maps: surfaces of voxels have steps */
#define BAND_MM 1.6    /* reference points are the voxels this near to the surface */
#define SMALLEST_MM3 100.0
enum { POINTS = 700 }; /* a structure, about */

/* What the fit looks at. Weights: near the commissures and of a shape that varies little, or not. */
static const struct {
    const char *name;
    uint16_t label;
    double weight;
} wanted[] = {
    {"left thalamus", 10, 1.0},
    {"right thalamus", 49, 1.0},
    {"left caudate", 11, 0.6},
    {"right caudate", 50, 0.6},
    {"left putamen", 12, 0.8},
    {"right putamen", 51, 0.8},
    {"left pallidum", 13, 0.8},
    {"right pallidum", 52, 0.8},
    {"left ventral diencephalon", 28, 0.8},
    {"right ventral diencephalon", 60, 0.8},
    {"left hippocampus", 17, 0.5},
    {"right hippocampus", 53, 0.5},
    {"left amygdala", 18, 0.4},
    {"right amygdala", 54, 0.4},
    {"left accumbens", 26, 0.4},
    {"right accumbens", 58, 0.4},
    {"left lateral ventricle", 4, 0.3},
    {"right lateral ventricle", 43, 0.3},
    {"third ventricle", 14, 0.8},
    {"fourth ventricle", 15, 0.4},
    {"brain stem", 16, 0.6},
};
enum { WANTED = sizeof wanted / sizeof *wanted };
_Static_assert((int)WANTED <= (int)DN_FIT_LIMIT, "DN_FIT_LIMIT is too small");

/* First and last voxel, count and sum of indices of each wanted label. */
typedef struct extent {
    int64_t low[3], high[3], count;
    double sum[3];
} extent;

static void find_extents(const dn_labels *labels, extent *found)
{
    /* Labels of whole heads are below 65536; a direct table is the quickest way. */
    static const int8_t none = -1;
    int8_t place[128];
    memset(place, none, sizeof place);
    for (int w = 0; w < WANTED; ++w) {
        place[wanted[w].label] = (int8_t)w;
        found[w] = (extent){.low = {INT64_MAX, INT64_MAX, INT64_MAX}, .high = {-1, -1, -1}};
    }
    const int64_t *dim = labels->grid.dim;
    const uint16_t *at = labels->data;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++at) {
                if (*at == 0 || *at >= sizeof place || place[*at] < 0) {
                    continue;
                }
                extent *e = &found[place[*at]];
                const int64_t ijk[3] = {i, j, k};
                ++e->count;
                for (int c = 0; c < 3; ++c) {
                    e->low[c] = ijk[c] < e->low[c] ? ijk[c] : e->low[c];
                    e->high[c] = ijk[c] > e->high[c] ? ijk[c] : e->high[c];
                    e->sum[c] += (double)ijk[c];
                }
            }
        }
    }
}

/* Signed distances (mm, smoothed) on a box around the structure that reaches margin beyond it, also beyond the map. */
static dn_status distances(const dn_labels *labels, uint16_t label, const extent *e, double margin, int64_t start[3], int64_t dim[3],
                           float **out)
{
    dn_status status = DN_OK;
    uint8_t *mask = NULL;
    dn_volume box = {.data = NULL};
    double spacing[3];
    double middle = 0.0;
    *out = NULL;
    dn_grid_spacing(&labels->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        int64_t rim = (int64_t)ceil(margin / spacing[c]);
        start[c] = e->low[c] - rim;
        dim[c] = e->high[c] - e->low[c] + 1 + 2 * rim;
        middle += spacing[c] / 3.0;
    }
    DN_TRY(dn_grid_crop(&labels->grid, start, dim, &box.grid));
    int64_t count = dn_grid_count(&box.grid);
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)count, 1, "a structure's mask"), fail);
    DN_TRY_GOTO(status, dn_alloc(&box.data, (size_t)count, sizeof *box.data, "a structure's distance map"), fail);
    for (int64_t k = e->low[2]; k <= e->high[2]; ++k) {
        for (int64_t j = e->low[1]; j <= e->high[1]; ++j) {
            for (int64_t i = e->low[0]; i <= e->high[0]; ++i) {
                mask[dn_grid_offset(&box.grid, i - start[0], j - start[1], k - start[2])] =
                    labels->data[dn_grid_offset(&labels->grid, i, j, k)] == label;
            }
        }
    }
    DN_TRY_GOTO(status, dn_distance_signed(mask, dim, spacing, box.data), fail);
    /* The distance is to the other kind's voxel centre; the surface lies half a voxel before it. */
    for (int64_t v = 0; v < count; ++v) {
        box.data[v] += box.data[v] < 0.0f ? (float)(0.5 * middle) : (float)(-0.5 * middle);
    }
    DN_TRY_GOTO(status, dn_filter_gaussian(&box, (const double[3]){SMOOTH_MM, SMOOTH_MM, SMOOTH_MM}), fail);
    *out = box.data;
    free(mask);
    return DN_OK;
fail:
    free(mask);
    free(box.data);
    return status;
}

static void centroid(const dn_labels *labels, const extent *e, double xyz[3])
{
    double ijk[3];
    for (int c = 0; c < 3; ++c) {
        ijk[c] = e->sum[c] / (double)e->count;
    }
    dn_affine_apply(&labels->grid.affine, ijk, xyz);
}

static dn_status reference_points(const dn_labels *labels, const extent *e, const dn_affine *to_frame, dn_fit_structure *it)
{
    float *map = NULL;
    int64_t start[3];
    int64_t dim[3];
    int64_t near = 0;
    DN_TRY(distances(labels, it->label, e, BAND_MM + 1.0, start, dim, &map));
    int64_t count = dim[0] * dim[1] * dim[2];
    for (int64_t v = 0; v < count; ++v) {
        near += fabsf(map[v]) <= (float)BAND_MM;
    }
    /* Every n-th; n is odd so that it does not walk along one plane of voxels. */
    int64_t step = (near / POINTS) | 1;
    dn_status status = dn_alloc(&it->point, (size_t)(near / step + 1), sizeof *it->point, "points of the reference");
    if (status != DN_OK) {
        free(map);
        return status;
    }
    near = 0;
    for (int64_t v = 0; v < count; ++v) {
        if (fabsf(map[v]) > (float)BAND_MM || near++ % step != 0) {
            continue;
        }
        double ijk[3] = {(double)(start[0] + v % dim[0]), (double)(start[1] + v / dim[0] % dim[1]),
                         (double)(start[2] + v / dim[0] / dim[1])};
        double xyz[3];
        dn_affine_apply(&labels->grid.affine, ijk, xyz);
        dn_affine_apply(to_frame, xyz, xyz);
        float *point = it->point[it->points++];
        for (int c = 0; c < 3; ++c) {
            point[c] = (float)xyz[c];
        }
        point[3] = map[v];
    }
    free(map);
    centroid(labels, e, it->reference_centroid);
    dn_affine_apply(to_frame, it->reference_centroid, it->reference_centroid);
    return DN_OK;
}

static dn_status scan_map(const dn_labels *labels, const extent *e, dn_fit_structure *it)
{
    int64_t start[3];
    dn_grid box;
    DN_TRY(distances(labels, it->label, e, MARGIN_MM, start, it->dim, &it->distance));
    DN_TRY(dn_grid_crop(&labels->grid, start, it->dim, &box));
    DN_TRY(dn_affine_invert(&box.affine, &it->to_voxel));
    centroid(labels, e, it->centroid);
    return DN_OK;
}

dn_status dn_fit_gather(const dn_labels *scan, const dn_labels *reference, const dn_affine *to_frame, dn_fit *out)
{
    extent mine[WANTED];
    extent theirs[WANTED];
    dn_status result = DN_OK;
    memset(out, 0, sizeof *out);
    find_extents(scan, mine);
    find_extents(reference, theirs);
    double voxel = dn_grid_voxel_volume(&scan->grid);
    double reference_voxel = dn_grid_voxel_volume(&reference->grid);
    for (int w = 0; w < WANTED; ++w) {
        if ((double)mine[w].count * voxel < SMALLEST_MM3 || (double)theirs[w].count * reference_voxel < SMALLEST_MM3) {
            continue;
        }
        dn_fit_structure *it = &out->at[out->count++];
        it->name = wanted[w].name;
        it->label = wanted[w].label;
        it->weight = wanted[w].weight;
        result = reference_points(reference, &theirs[w], to_frame, it);
        if (result == DN_OK) {
            result = scan_map(scan, &mine[w], it);
        }
        if (result != DN_OK) {
            dn_fit_release(out);
            return result;
        }
    }
    return DN_OK;
}

void dn_fit_release(dn_fit *fit)
{
    for (size_t s = 0; s < fit->count; ++s) {
        free(fit->at[s].distance);
        free(fit->at[s].point);
    }
    memset(fit, 0, sizeof *fit);
}
