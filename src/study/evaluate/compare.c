/* Overlap, surface distances and volumes of two masks. */
#include "study/evaluate/compare.h"

#include "base/memory.h"
#include "image/distance.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "stats/descriptive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A box around both masks, one byte per voxel: bit 0 predicted, bit 1 truth. */
typedef struct {
    int64_t dim[3];
    uint8_t *both;
} box;

static void bounds(const dn_labels *labels, const uint8_t *wanted, int64_t low[3], int64_t high[3])
{
    const int64_t *dim = labels->grid.dim;
    const uint16_t *data = labels->data;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                if (!wanted[*data++]) {
                    continue;
                }
                const int64_t at[3] = {i, j, k};
                for (int d = 0; d < 3; ++d) {
                    low[d] = at[d] < low[d] ? at[d] : low[d];
                    high[d] = at[d] > high[d] ? at[d] : high[d];
                }
            }
        }
    }
}

static dn_status cut(const dn_labels *predicted, const dn_labels *truth, const uint8_t *wanted, box *out)
{
    const dn_grid *grid = &truth->grid;
    int64_t low[3] = {grid->dim[0], grid->dim[1], grid->dim[2]};
    int64_t high[3] = {-1, -1, -1};
    bounds(predicted, wanted, low, high);
    bounds(truth, wanted, low, high);
    *out = (box){.both = NULL};
    if (high[0] < 0) {
        return DN_OK;
    }
    for (int d = 0; d < 3; ++d) {
        out->dim[d] = high[d] - low[d] + 1;
    }
    DN_TRY(dn_alloc_dims(&out->both, out->dim, 3, 1, "two masks"));
    uint8_t *to = out->both;
    for (int64_t k = low[2]; k <= high[2]; ++k) {
        for (int64_t j = low[1]; j <= high[1]; ++j) {
            for (int64_t i = low[0]; i <= high[0]; ++i) {
                int64_t v = dn_grid_offset(grid, i, j, k);
                *to++ = (uint8_t)(wanted[predicted->data[v]] | wanted[truth->data[v]] << 1);
            }
        }
    }
    return DN_OK;
}

/* The box is tight, so a voxel at its border has nothing of either mask beyond. */
static void surface(const box *masks, uint8_t bit, uint8_t *out)
{
    const int64_t stride[3] = {1, masks->dim[0], masks->dim[0] * masks->dim[1]};
    int64_t v = 0;
    for (int64_t k = 0; k < masks->dim[2]; ++k) {
        for (int64_t j = 0; j < masks->dim[1]; ++j) {
            for (int64_t i = 0; i < masks->dim[0]; ++i, ++v) {
                const int64_t at[3] = {i, j, k};
                bool edge = false;
                for (int d = 0; d < 3; ++d) {
                    edge = edge || at[d] == 0 || at[d] == masks->dim[d] - 1 || !(masks->both[v - stride[d]] & bit) ||
                           !(masks->both[v + stride[d]] & bit);
                }
                out[v] = (masks->both[v] & bit) != 0 && edge;
            }
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distances of from's voxels to to's, appended; their mean. */
static double collect(const uint8_t *from, const float *distance, int64_t count, double *list, size_t *used)
{
    size_t first = *used;
    double sum = 0.0;
    for (int64_t v = 0; v < count; ++v) {
        if (from[v]) {
            sum += (double)distance[v];
            list[(*used)++] = (double)distance[v];
        }
    }
    return sum / (double)(*used - first);
}

static dn_status distances(const box *masks, const double spacing[3], dn_evaluation *out)
{
    dn_status status = DN_OK;
    int64_t count = masks->dim[0] * masks->dim[1] * masks->dim[2];
    uint8_t *edge[2] = {NULL, NULL};
    float *distance = NULL;
    double *list = NULL;
    size_t used = 0;
    double mean[2];
    for (int side = 0; side < 2; ++side) {
        DN_TRY_GOTO(status, dn_alloc(&edge[side], (size_t)count, 1, "a surface"), done);
        surface(masks, (uint8_t)(1 << side), edge[side]);
    }
    DN_TRY_GOTO(status, dn_alloc(&distance, (size_t)count, sizeof *distance, "a distance map"), done);
    DN_TRY_GOTO(status, dn_alloc(&list, (size_t)(out->predicted + out->truth), sizeof *list, "surface distances"), done);
    for (int side = 0; side < 2; ++side) {
        DN_TRY_GOTO(status, dn_distance_to(edge[1 - side], masks->dim, spacing, distance), done);
        mean[side] = collect(edge[side], distance, count, list, &used);
    }
    qsort(list, used, sizeof *list, compare);
    out->hausdorff = list[used - 1];
    out->hausdorff95 = dn_quantile_sorted(list, used, 0.95);
    out->mean = 0.5 * (mean[0] + mean[1]);
done:
    free(edge[0]);
    free(edge[1]);
    free(distance);
    free(list);
    return status;
}

static double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

dn_status dn_evaluate_labels(const dn_labels *predicted, const dn_labels *truth, const uint16_t *labels, size_t count, dn_evaluation *out)
{
    dn_status status = DN_OK;
    uint8_t *wanted = NULL;
    box masks = {.both = NULL};
    double spacing[3];
    if (!dn_grid_equal(&predicted->grid, &truth->grid, 0.01)) {
        DN_FAIL(DN_ESHAPE, "prediction and truth are not on the same grid");
    }
    DN_TRY(dn_alloc(&wanted, 65536, 1, "labels"));
    for (size_t i = 0; i < count; ++i) {
        wanted[labels[i]] = 1;
    }
    *out = (dn_evaluation){.hausdorff = NAN, .hausdorff95 = NAN, .mean = NAN};
    DN_TRY_GOTO(status, cut(predicted, truth, wanted, &masks), done);
    int64_t voxels = masks.dim[0] * masks.dim[1] * masks.dim[2];
    for (int64_t v = 0; v < voxels; ++v) {
        out->predicted += masks.both[v] & 1;
        out->truth += masks.both[v] >> 1;
        out->both += masks.both[v] == 3;
    }
    double each = dn_grid_voxel_volume(&truth->grid);
    out->volume = each * (double)out->predicted;
    out->truth_volume = each * (double)out->truth;
    out->dice = ratio(2 * out->both, out->predicted + out->truth);
    out->iou = ratio(out->both, out->predicted + out->truth - out->both);
    int64_t any = out->predicted + out->truth - out->both;
    int64_t all = dn_grid_count(&truth->grid);
    /* Beside the structure: what neither has, of what at least one does not have. */
    out->mean_iou = 0.5 * (out->iou + ratio(all - any, all - out->both));
    out->precision = ratio(out->both, out->predicted);
    out->recall = ratio(out->both, out->truth);
    if (out->predicted > 0 && out->truth > 0) {
        dn_grid_spacing(&truth->grid, spacing);
        DN_TRY_GOTO(status, distances(&masks, spacing, out), done);
    }
done:
    free(wanted);
    free(masks.both);
    return status;
}

static dn_status to_ras(dn_labels **labels)
{
    dn_labels *turned;
    DN_TRY(dn_labels_reorient(*labels, &DN_ORIENTATION_RAS, &turned));
    dn_labels_destroy(*labels);
    *labels = turned;
    return DN_OK;
}

dn_status dn_evaluate_match(dn_labels **predicted, dn_labels **truth, bool resample)
{
    DN_TRY(to_ras(predicted));
    DN_TRY(to_ras(truth));
    if (dn_grid_equal(&(*predicted)->grid, &(*truth)->grid, 0.01)) {
        return DN_OK;
    }
    if (!resample) {
        const int64_t *a = (*predicted)->grid.dim;
        const int64_t *b = (*truth)->grid.dim;
        DN_FAIL_OFFER(DN_EGEOMETRY, DN_REMEDY_RESAMPLE,
                      "the prediction (%lld x %lld x %lld, axes as RAS) and the truth (%lld x %lld x %lld) are not on the same grid",
                      (long long)a[0], (long long)a[1], (long long)a[2], (long long)b[0], (long long)b[1], (long long)b[2]);
    }
    dn_labels *moved;
    DN_TRY(dn_resample_labels(*predicted, &(*truth)->grid, NULL, &moved));
    dn_labels_destroy(*predicted);
    *predicted = moved;
    return DN_OK;
}
