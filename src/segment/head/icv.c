/* Sums the volume inside the skull, decides whether a scan is without skull, and moves the edge by rim.c. */
#include "segment/head/icv.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/distance.h"
#include "segment/head/coarse.h"
#include "segment/head/rim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The limits of this file.
 *
 * NECK: the foramen magnum in the average head (share/template/head_4mm.nii), mm below the middle of the hypothalamus. There the
 * volume ends; the cut fades over two voxels of the coarse network (2 mm). */
#define NECK_MM (-64.0)
#define NECK_FADE_MM 4.0
/* SHELL: around the inside of the skull, mm: beyond the bone there is scalp, in a stripped scan there is nothing. It ends above the face,
 * which may have been removed (docs/evidence/quality_limits.md, "A scan counts as skull-stripped when"). */
#define SHELL_FROM 6.0f
#define SHELL_TO 16.0f
#define SHELL_FLOOR_MM 5.0
/* Mean intensity of the shell relative to the mean inside; less is a stripped scan (the same section). */
#define SKULL_SIGNAL 0.10
/* A slab that cuts the head is no stripped scan: less than this share of the shell lies in the scan, and more of the ICV lies at the edge
 * of the scan than in a stripped brain that was cropped to its bounds (the same page: icv_cut and the outermost layers). */
#define SHELL_SEEN 0.5
#define SLAB_CUT 0.03

/* A voxel is inside the skull where "outside" is the less probable of the two. */
#define MORE_OUTSIDE 0.5f
/* Voxels of the coarse grid from the scan's edge within which what is inside counts as cut: one layer of 2 mm can be partial. */
#define EDGE_VOXELS 2.0

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

/* Whether a voxel of the look lies within EDGE_VOXELS of its voxels of the scan's edge, or outside the scan. The low end of the neck does
 * not count: there the scan may end. */
static bool at_edge(const dn_head *head, const double at[3])
{
    for (int c = 0; c < 3; ++c) {
        double near = EDGE_VOXELS * head->coarse.map.scale[c];
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
    enum { SLAB = 8 };
    double *sums = NULL;
    DN_TRY(dn_alloc_dims(&sums, DN_DIMS(2, dim[0]), sizeof *sums, "the intracranial volume"));
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < dim[0]; first += SLAB) { /* as in whole_head.c: sums by planes of one i */
        const int64_t last = first + SLAB < dim[0] ? first + SLAB : dim[0];
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t k = 0; k < dim[2]; ++k) {
                for (int64_t i = first; i < last; ++i) {
                    double at[3];
                    dn_head_look_place(look, i, j, k, at);
                    double inside = 1.0 - (double)dn_posteriors_at(&look->posteriors, i, j, k)[0];
                    if (inside > 0) {
                        inside *= (double)dn_head_above_neck(head, at);
                        sums[2 * i] += inside;
                        sums[2 * i + 1] += at_edge(head, at) ? inside : 0.0;
                    }
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
    int64_t voxels = dn_posteriors_voxels(&look->posteriors);
    uint8_t *mask = NULL;
    float *distance = NULL;
    dn_status status;
    double spacing[3];
    dn_grid_spacing(&look->grid, spacing);
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)voxels, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&distance, (size_t)voxels, sizeof *distance, "a distance map"), done);
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = dn_posteriors_of(&look->posteriors, v)[0] < MORE_OUTSIDE;
    }
    DN_TRY_GOTO(status, dn_distance_to(mask, dim, spacing, distance), done);
    double sum[2] = {0, 0};
    double count[2] = {0, 0};
    double all = 0;
    int64_t v = 0;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                int64_t x = start[0] + i;
                int64_t y = start[1] + j;
                int64_t z = start[2] + k;
                bool shell = distance[v] >= SHELL_FROM && distance[v] <= SHELL_TO;
                double at[3];
                double mm[3];
                dn_head_look_place(look, i, j, k, at);
                dn_affine_apply(&head->to_template, at, mm);
                if ((mask[v] == 0 && !shell) || mm[2] < SHELL_FLOOR_MM) {
                    continue;
                }
                all += shell;
                if (x < 0 || y < 0 || z < 0 || x >= scan->grid.dim[0] || y >= scan->grid.dim[1] || z >= scan->grid.dim[2]) {
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
    head->shell_seen = all > 0 ? count[1] / all : 0;
    dn_log(DN_LOG_DEBUG, "picture: %.2f of the shell lies in the scan", head->shell_seen);
    /* Where most of the shell lies outside a scan that cuts the head, there is nothing to be seen of a skull, and none was taken off. */
    const bool slab = head->shell_seen < SHELL_SEEN && head->icv_cut_mm3 > SLAB_CUT * head->icv_mm3;
    head->stripped = head->skull_signal < SKULL_SIGNAL && !slab;
done:
    free(mask);
    free(distance);
    return status;
}

/* Gives a voxel another probability of lying outside: what is new inside is fluid, what leaves is taken from all alike. */
static void set_outside(float *p, int64_t channels, int64_t fluid, float outside)
{
    if (outside < p[0]) {
        p[fluid] += p[0] - outside;
    } else if (p[0] < 1.0f) {
        for (int64_t c = 1; c < channels; ++c) {
            p[c] *= (1.0f - outside) / (1.0f - p[0]);
        }
    }
    p[0] = outside;
}

/* Of each voxel of the network's box: the scan, the probability of inside, that of fluid. */
static void take_box(const dn_head_look *look, const dn_volume *scan, const int64_t start[3], int64_t fluid, float *const values[3])
{
    const int64_t *dim = look->grid.dim;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const float *p = dn_posteriors_at(&look->posteriors, i, j, k);
                const int64_t v = (i * dim[1] + j) * dim[2] + k;
                const int64_t at[3] = {start[0] + i, start[1] + j, start[2] + k};
                bool there = true;
                for (int c = 0; c < 3; ++c) {
                    there = there && at[c] >= 0 && at[c] < scan->grid.dim[c];
                }
                values[0][v] = there ? scan->data[dn_grid_offset(&scan->grid, at[0], at[1], at[2])] : 0.0f;
                values[1][v] = 1.0f - p[0];
                values[2][v] = p[fluid];
            }
        }
    }
}

/* Moves the edge of the skull's inside to where the scan shows it. Also where no ICV is asked for: the rows of fluid and tissue, and the
 * brain's share in the score, must not depend on what else is measured. */
static dn_status fit_rim(dn_head *head, const dn_volume *scan, const int64_t start[3])
{
    dn_head_look *look = &head->coarse;
    const dn_structures *s = &head->structures;
    const int64_t *dim = look->grid.dim;
    const size_t voxels = (size_t)dn_posteriors_voxels(&look->posteriors);
    float *values[4] = {NULL}; /* scan, inside, fluid, inside after moving */
    int64_t fluid = 0;
    dn_status status = DN_OK;
    dn_rim rim;
    for (int64_t c = 1; c < s->channels; ++c) {
        fluid = s->label_of[c] != NULL && strcmp(s->label_of[c]->structure, "csf") == 0 ? c : fluid;
    }
    if (fluid == 0 || !head->location.found) {
        return DN_OK;
    }
    for (int n = 0; n < 4; ++n) {
        DN_TRY_GOTO(status, dn_alloc(&values[n], voxels, sizeof(float), "the edge of the skull's inside"), done);
    }
    take_box(look, scan, start, fluid, values);
    dn_rim_input in = {.scan = values[0], .inside = values[1], .fluid = values[2]};
    memcpy(in.dim, dim, sizeof in.dim);
    dn_grid_spacing(&look->grid, in.mm);
    const double(*m)[4] = head->to_template.m;
    in.up[3] = m[2][3];
    for (int c = 0; c < 3; ++c) {
        in.up[c] = m[2][c] * look->map.scale[c];
        in.up[3] += m[2][c] * look->map.offset[c];
    }
    DN_TRY_GOTO(status, dn_rim_fit(&in, values[3], &rim), done);
    dn_log(DN_LOG_DEBUG, "whole head: fluid %.3f, bone %.3f; the edge of the skull's inside moves by %+.2f mm%s", (double)rim.fluid,
           (double)rim.bone, rim.shift_mm, rim.fitted ? "" : " (not searched)");
    dn_log(DN_LOG_DEBUG, "picture: bone beyond %.3f of the edge", rim.dark);
    for (int64_t k = 0; k < dim[2] && rim.fitted; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t v = (i * dim[1] + j) * dim[2] + k;
                if (values[3][v] != values[1][v]) {
                    set_outside(dn_posteriors_at(&look->posteriors, i, j, k), look->posteriors.channels, fluid, 1.0f - values[3][v]);
                }
            }
        }
    }
    status = rim.fitted ? sum_inside(head) : DN_OK;
done:
    for (int n = 0; n < 4; ++n) {
        free(values[n]);
    }
    return status;
}

dn_status dn_head_measure_icv(dn_head *head, const dn_volume *scan, const int64_t start[3])
{
    DN_TRY(sum_inside(head));
    DN_TRY(look_for_skull(head, scan, start));
    if (head->stripped) {
        head->icv_mm3 = (double)NAN;
        head->icv_cut_mm3 = 0;
        return DN_OK;
    }
    return fit_rim(head, scan, start);
}
