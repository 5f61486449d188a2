#include "segment/head_icv.h"

#include "base/memory.h"
#include "image/distance.h"
#include "segment/head_look.h"

#include <math.h>
#include <stdlib.h>

/* The foramen magnum in the average head, mm below the middle of the hypothalamus, and over how much the cut fades. */
#define NECK_MM (-64.0)
#define NECK_FADE_MM 4.0
/* A shell around what is inside the skull, mm: beyond the bone there is scalp, in a stripped scan there is nothing. It ends
 * above the face, which may have been taken off. */
#define SHELL_FROM 6.0f
#define SHELL_TO 16.0f
#define SHELL_FLOOR_MM 5.0
/* Mean brightness of the shell, of the mean brightness inside. */
#define SKULL_SIGNAL 0.10

float dn_head_above_neck(const dn_head *head, const double at[3])
{
    if (!head->location.found) {
        return 1.0f;
    }
    double mm[3];
    dn_affine_apply(&head->to_template, at, mm);
    double share = (mm[2] - NECK_MM) / NECK_FADE_MM + 0.5;
    return share <= 0 ? 0.0f : share >= 1 ? 1.0f : (float)share;
}

static double voxel_mm3(const dn_head_look *look)
{
    return dn_grid_voxel_volume(&look->grid);
}

/* Whether a voxel of the look lies within two of its voxels of the scan's edge, or outside the scan. The low end of the neck does
 * not count: there the scan may end. */
static bool at_edge(const dn_head *head, const double at[3])
{
    for (int c = 0; c < 3; ++c) {
        double near = 2.0 * head->coarse.scale[c];
        double last = (double)(head->oriented.dim[c] - 1);
        if (at[c] < near || at[c] > last - near) {
            return true;
        }
    }
    return false;
}

static dn_status sum_inside(dn_head *head)
{
    const dn_head_look *look = &head->coarse;
    const int64_t *dim = look->grid.dim;
    double *sums = NULL;
    DN_TRY(dn_alloc(&sums, 2 * (size_t)dim[0], sizeof *sums, "the intracranial volume"));
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < dim[0]; ++i) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t k = 0; k < dim[2]; ++k) {
                double at[3];
                dn_head_look_place(look, i, j, k, at);
                double inside = 1.0 - (double)look->posterior[((i * dim[1] + j) * dim[2] + k) * look->channels];
                if (inside > 0) {
                    inside *= (double)dn_head_above_neck(head, at);
                    sums[2 * i] += inside;
                    sums[2 * i + 1] += at_edge(head, at) ? inside : 0.0;
                }
            }
        }
    }
    head->icv_mm3 = 0;
    head->icv_cut_mm3 = 0;
    for (int64_t i = 0; i < dim[0]; ++i) {
        head->icv_mm3 += sums[2 * i] * voxel_mm3(look);
        head->icv_cut_mm3 += sums[2 * i + 1] * voxel_mm3(look);
    }
    free(sums);
    return DN_OK;
}

static dn_status look_for_skull(dn_head *head, const dn_volume *scan, const int64_t start[3])
{
    const dn_head_look *look = &head->coarse;
    const int64_t *dim = look->grid.dim;
    const int64_t reversed[3] = {dim[2], dim[1], dim[0]};
    int64_t voxels = dn_head_look_voxels(look);
    uint8_t *mask = NULL;
    float *distance = NULL;
    dn_status status;
    double spacing[3];
    dn_grid_spacing(&look->grid, spacing);
    const double turned[3] = {spacing[2], spacing[1], spacing[0]};
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)voxels, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&distance, (size_t)voxels, sizeof *distance, "a distance map"), done);
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = look->posterior[v * look->channels] < 0.5f;
    }
    DN_TRY_GOTO(status, dn_distance_to(mask, reversed, turned, distance), done);
    double sum[2] = {0, 0};
    double count[2] = {0, 0};
    int64_t v = 0;
    for (int64_t i = 0; i < dim[0]; ++i) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t k = 0; k < dim[2]; ++k, ++v) {
                int64_t x = start[0] + i;
                int64_t y = start[1] + j;
                int64_t z = start[2] + k;
                bool shell = distance[v] >= SHELL_FROM && distance[v] <= SHELL_TO;
                if ((mask[v] == 0 && !shell) || x < 0 || y < 0 || z < 0 || x >= scan->grid.dim[0] || y >= scan->grid.dim[1] ||
                    z >= scan->grid.dim[2]) {
                    continue;
                }
                double at[3];
                double mm[3];
                dn_head_look_place(look, i, j, k, at);
                dn_affine_apply(&head->to_template, at, mm);
                if (mm[2] < SHELL_FLOOR_MM) {
                    continue;
                }
                sum[shell] += (double)scan->data[dn_grid_offset(&scan->grid, x, y, z)];
                count[shell] += 1;
            }
        }
    }
    double inside = count[0] > 0 ? sum[0] / count[0] : 0;
    double around = count[1] > 0 ? sum[1] / count[1] : 0;
    head->skull_signal = inside > 0 ? around / inside : 0;
    head->stripped = head->skull_signal < SKULL_SIGNAL;
done:
    free(mask);
    free(distance);
    return status;
}

dn_status dn_head_measure_icv(dn_head *head, const dn_volume *scan, const int64_t start[3])
{
    DN_TRY(sum_inside(head));
    DN_TRY(look_for_skull(head, scan, start));
    if (head->stripped) {
        head->icv_mm3 = (double)NAN;
        head->icv_cut_mm3 = 0;
    }
    return DN_OK;
}
