/* The vote of aligned label maps at each voxel, and the removal of crumbs. */
#include "register/labels_average.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/components.h"
#include "register/labels_align_space.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 65536, MOST = 512 };

/* Which labels occur, numbered. */
typedef struct names {
    uint16_t label[MOST];
    uint16_t index[LABELS];
    uint16_t mirror[MOST]; /* index of the other side's label */
    size_t count;
} names;

static dn_status find_names(const dn_labels *const *maps, size_t count, const dn_tissues *tissues, names *out)
{
    static const char too_many[] = "the label maps together have more than %d labels; merge some labels";
    out->count = 0;
    uint8_t seen[LABELS] = {0};
    for (size_t m = 0; m < count; ++m) {
        int64_t voxels = dn_grid_count(&maps[m]->grid);
        for (int64_t v = 0; v < voxels; ++v) {
            seen[maps[m]->data[v]] = 1;
        }
    }
    seen[0] = 1;
    for (int label = 0; label < LABELS; ++label) {
        seen[tissues->swap[label]] |= (uint8_t)(seen[label] != 0);
    }
    for (int label = 0; label < LABELS; ++label) {
        if (seen[label]) {
            if (out->count == MOST) {
                DN_FAIL(DN_EDATA, too_many, MOST);
            }
            out->index[label] = (uint16_t)out->count;
            out->label[out->count++] = (uint16_t)label;
        }
    }
    for (size_t i = 0; i < out->count; ++i) {
        out->mirror[i] = out->index[tissues->swap[out->label[i]]];
    }
    return DN_OK;
}

/* Adds the linear shares of a map's labels around a point of mean space; mirror: NULL, or the other side's indices. */
static void add_votes(const dn_labels *map, const dn_affine *to_voxel, const dn_alignment *alignment, const double mean[3],
                      const names *which, const uint16_t *mirror, float *votes)
{
    double world[3];
    double u[3];
    double weight[8];
    uint16_t label[8];
    dn_alignment_point(alignment, mean, world);
    dn_affine_apply(to_voxel, world, u);
    dn_labels_corners(map, u, label, weight);
    for (int corner = 0; corner < 8; ++corner) {
        uint16_t name = which->index[label[corner]];
        votes[mirror == NULL ? name : mirror[name]] += (float)weight[corner];
    }
}

dn_status dn_labels_average(const dn_labels *const *maps, const dn_alignment *alignments, size_t count, const dn_tissues *tissues,
                            const dn_grid *grid, dn_labels **out)
{
    dn_status status = DN_OK;
    dn_affine *to_voxel = NULL;
    names *which = NULL;
    dn_labels *average = NULL;
    DN_TRY_GOTO(status, dn_alloc(&to_voxel, count, sizeof *to_voxel, "transforms"), done);
    DN_TRY_GOTO(status, dn_alloc(&which, 1, sizeof *which, "labels"), done);
    DN_TRY_GOTO(status, find_names(maps, count, tissues, which), done);
    for (size_t m = 0; m < count; ++m) {
        DN_TRY_GOTO(status, dn_affine_invert(&maps[m]->grid.affine, &to_voxel[m]), done);
    }
    DN_TRY_GOTO(status, dn_labels_create(grid, &average), done);
    int64_t done_slices = 0;
    const dn_job *job = dn_job_current();
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        float votes[MOST];
        for (int64_t j = 0; j < grid->dim[1] && !dn_job_cancelled(job); ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double p[3];
                dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, p);
                memset(votes, 0, which->count * sizeof *votes);
                for (size_t m = 0; m < count; ++m) {
                    add_votes(maps[m], &to_voxel[m], &alignments[m], p, which, NULL, votes);
                    add_votes(maps[m], &to_voxel[m], &alignments[m], (const double[3]){-p[0], p[1], p[2]}, which, which->mirror, votes);
                }
                size_t best = 0;
                for (size_t c = 1; c < which->count; ++c) {
                    best = votes[c] > votes[best] ? c : best;
                }
                average->data[dn_grid_offset(grid, i, j, k)] = which->label[best];
            }
        }
        int64_t slices_now;
#pragma omp atomic capture
        slices_now = ++done_slices;
        if (omp_get_thread_num() == 0 && slices_now < grid->dim[2]) { /* the thread that works for the job */
            dn_progress("vote", slices_now, grid->dim[2]);
        }
    }
    DN_TRY_GOTO(status, dn_cancel_check(), done);
    dn_progress("vote", grid->dim[2], grid->dim[2]);
    *out = average;
    average = NULL;
done:
    dn_labels_destroy(average);
    free(which);
    free(to_voxel);
    return status;
}

/* Marks in crumb the voxels of `label` outside its largest piece. */
static dn_status mark_crumbs(const dn_labels *labels, uint16_t label, uint8_t *mask, uint8_t *crumb)
{
    int64_t voxels = dn_grid_count(&labels->grid);
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = labels->data[v] == label;
    }
    DN_TRY(dn_mask_keep_largest(mask, labels->grid.dim, 6, NULL, NULL));
    for (int64_t v = 0; v < voxels; ++v) {
        crumb[v] |= (uint8_t)(labels->data[v] == label && !mask[v]);
    }
    return DN_OK;
}

static uint16_t label_around(const dn_labels *labels, const uint8_t *crumb, int64_t i, int64_t j, int64_t k)
{
    const int64_t *dim = labels->grid.dim;
    uint16_t label[27];
    int votes[27] = {0};
    int n = 0;
    for (int at = 0; at < 27; ++at) {
        int64_t x = i + at % 3 - 1;
        int64_t y = j + at / 3 % 3 - 1;
        int64_t z = k + at / 9 - 1;
        if (x < 0 || y < 0 || z < 0 || x >= dim[0] || y >= dim[1] || z >= dim[2]) {
            continue;
        }
        int64_t v = dn_grid_offset(&labels->grid, x, y, z);
        if (crumb[v]) {
            continue;
        }
        int found = 0;
        while (found < n && label[found] != labels->data[v]) {
            ++found;
        }
        n += found == n;
        label[found] = labels->data[v];
        ++votes[found];
    }
    int best = -1;
    for (int f = 0; f < n; ++f) {
        if (best < 0 || votes[f] > votes[best] || (votes[f] == votes[best] && label[f] < label[best])) {
            best = f;
        }
    }
    return best < 0 ? UINT16_MAX : label[best];
}

dn_status dn_labels_drop_crumbs(dn_labels *labels, const dn_tissues *tissues)
{
    dn_status status = DN_OK;
    int64_t voxels = dn_grid_count(&labels->grid);
    uint8_t *mask = NULL;
    uint8_t *crumb = NULL;
    uint16_t *next = NULL;
    uint8_t seen[LABELS] = {0};
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)voxels, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&crumb, (size_t)voxels, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&next, (size_t)voxels, sizeof *next, "a label map"), done);
    for (int64_t v = 0; v < voxels; ++v) {
        seen[labels->data[v]] = 1;
    }
    for (int label = 1; label < LABELS; ++label) {
        if (seen[label] && tissues->region[label] == DN_REGION_BRAIN) {
            DN_TRY_GOTO(status, mark_crumbs(labels, (uint16_t)label, mask, crumb), done);
        }
    }
    /* From the rim inwards: a pass gives labels to crumbs that touch something else; none left when none changes. */
    for (bool changed = true; changed;) {
        changed = false;
        memcpy(mask, crumb, (size_t)voxels);
        for (int64_t k = 0, v = 0; k < labels->grid.dim[2]; ++k) {
            for (int64_t j = 0; j < labels->grid.dim[1]; ++j) {
                for (int64_t i = 0; i < labels->grid.dim[0]; ++i, ++v) {
                    uint16_t found = crumb[v] ? label_around(labels, crumb, i, j, k) : UINT16_MAX;
                    next[v] = found == UINT16_MAX ? labels->data[v] : found;
                    mask[v] = crumb[v] && found == UINT16_MAX;
                    changed = changed || (crumb[v] && !mask[v]);
                }
            }
        }
        memcpy(labels->data, next, (size_t)voxels * sizeof *next);
        memcpy(crumb, mask, (size_t)voxels);
    }
done:
    free(next);
    free(crumb);
    free(mask);
    return status;
}

dn_status dn_labels_mirror(dn_labels *labels, const dn_tissues *tissues)
{
    const dn_grid *grid = &labels->grid;
    const double(*m)[4] = grid->affine.m;
    double last = m[0][3] + m[0][0] * (double)(grid->dim[0] - 1);
    if (!(m[0][0] > 0.0) || m[0][1] != 0.0 || m[0][2] != 0.0 || m[1][0] != 0.0 || m[2][0] != 0.0 || fabs(last + m[0][3]) > 1e-3 * m[0][0]) {
        DN_FAIL(DN_EGEOMETRY, "a label map can be mirrored only on a grid with axes RAS whose middle is x = 0");
    }
    int64_t rows = grid->dim[1] * grid->dim[2];
    for (int64_t r = 0; r < rows; ++r) {
        uint16_t *row = labels->data + r * grid->dim[0];
        for (int64_t i = 0; 2 * i < grid->dim[0]; ++i) {
            row[grid->dim[0] - 1 - i] = tissues->swap[row[i]];
        }
    }
    return DN_OK;
}
