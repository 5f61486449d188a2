/* The smooth displacement of each label map: demons (Thirion 1998) on the shares of all tissues. */
#include "base/job.h"
#include "base/memory.h"
#include "image/filter.h"
#include "image/resample.h"
#include "register/labels_align_space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 64, MOST_MAPS = 1000 };
static const double MARGIN_MM = 20.0; /* of bone and skin around the inside of the skull */
static const double LARGEST_STEP_MM = 1.0;
static const double UPDATE_SIGMA_MM = 3.0; /* smooths each step: like a fluid */
static const double FIELD_SIGMA_MM = 2.0;  /* smooths the whole displacement: like an elastic body */

void dn_alignment_release(dn_alignment *alignment)
{
    free(alignment->shift);
    alignment->shift = NULL;
}

/* Linear between the grid's points, the edge's value beyond it. */
static void shift_at(const dn_alignment *alignment, const double mean[3], double shift[3])
{
    const dn_grid *grid = &alignment->grid;
    double t[3];
    int64_t at[3];
    int64_t step[3] = {1, grid->dim[0], grid->dim[0] * grid->dim[1]};
    int64_t base = 0;
    for (int c = 0; c < 3; ++c) {
        double u = (mean[c] - grid->affine.m[c][3]) / grid->affine.m[c][c];
        u = fmin(fmax(u, 0.0), (double)(grid->dim[c] - 1));
        at[c] = (int64_t)u;
        at[c] -= at[c] == grid->dim[c] - 1;
        t[c] = u - (double)at[c];
        base += at[c] * step[c];
    }
    for (int c = 0; c < 3; ++c) {
        shift[c] = 0.0;
    }
    for (int corner = 0; corner < 8; ++corner) {
        double w = 1.0;
        int64_t v = base;
        for (int c = 0; c < 3; ++c) {
            bool far = (corner >> c) & 1;
            w *= far ? t[c] : 1.0 - t[c];
            v += far ? step[c] : 0;
        }
        for (int c = 0; c < 3; ++c) {
            shift[c] += w * (double)alignment->shift[3 * v + c];
        }
    }
}

void dn_alignment_point(const dn_alignment *alignment, const double mean[3], double map[3])
{
    double moved[3] = {mean[0], mean[1], mean[2]};
    if (alignment->shift != NULL) {
        double shift[3];
        shift_at(alignment, mean, shift);
        for (int c = 0; c < 3; ++c) {
            moved[c] += shift[c];
        }
    }
    dn_affine_apply(&alignment->affine, moved, map);
}

typedef struct groupwise {
    const dn_labels *const *maps;
    const dn_tissues *tissues;
    dn_alignment *alignments;
    dn_affine to_voxel[MOST_MAPS]; /* mean space (after the shift) -> voxel of the map */
    size_t count;
    dn_grid grid; /* mean space, symmetric in x */
    double spacing;
    int64_t voxels;
    size_t channels; /* tissues */
    float *target;   /* owned; [voxel][channels]: mean share over maps and their mirror images */
    dn_volume *part; /* owned; one component of a displacement while it is smoothed */
    float *update;   /* owned; [voxel][3] */
} groupwise;

static void voxel_point(const dn_grid *grid, int64_t i, int64_t j, int64_t k, double mean[3])
{
    const int64_t ijk[3] = {i, j, k};
    for (int c = 0; c < 3; ++c) {
        mean[c] = grid->affine.m[c][3] + grid->affine.m[c][c] * (double)ijk[c];
    }
}

/* Adds the tissue shares of map m at voxel v of the common grid: its 8 nearest voxels, linear weights. */
static void sample_tissues(const groupwise *it, size_t m, const double mean[3], int64_t v, float *out)
{
    const float *shift = it->alignments[m].shift + 3 * v;
    double moved[3] = {mean[0] + (double)shift[0], mean[1] + (double)shift[1], mean[2] + (double)shift[2]};
    double u[3];
    double weight[8];
    uint16_t label[8];
    dn_affine_apply(&it->to_voxel[m], moved, u);
    dn_labels_corners(it->maps[m], u, label, weight);
    for (int corner = 0; corner < 8; ++corner) {
        int16_t tissue = it->tissues->tissue[label[corner]];
        out[tissue < 0 ? 0 : tissue] += (float)weight[corner];
    }
}

/* The box around what is inside the skull of all maps, and a margin, as far to the left as to the right. */
static dn_status plan_grid(groupwise *it)
{
    double low[3];
    double high[3];
    DN_TRY(dn_align_extent(it->maps, it->alignments, it->count, it->tissues, 4, low, high));
    if (!(low[0] < high[0])) {
        DN_FAIL(DN_EDATA, "no label map has anything inside the skull");
    }
    high[0] = fmax(high[0], -low[0]);
    low[0] = -high[0];
    it->grid = (dn_grid){0};
    for (int c = 0; c < 3; ++c) {
        double extent = high[c] - low[c] + 2.0 * MARGIN_MM;
        it->grid.dim[c] = (int64_t)(extent / it->spacing) + 2;
        it->grid.affine.m[c][c] = it->spacing;
        it->grid.affine.m[c][3] = 0.5 * (low[c] + high[c]) - 0.5 * it->spacing * (double)(it->grid.dim[c] - 1);
    }
    it->voxels = dn_grid_count(&it->grid);
    return DN_OK;
}

/* The displacement found on another grid, or none, on this one. */
static dn_status start_shift(const groupwise *it, dn_alignment *alignment)
{
    float *shift = NULL;
    DN_TRY(dn_alloc_dims(&shift, DN_DIMS(it->voxels, 3), sizeof *shift, "a displacement"));
    if (alignment->shift != NULL) {
        for (int64_t k = 0, v = 0; k < it->grid.dim[2]; ++k) {
            for (int64_t j = 0; j < it->grid.dim[1]; ++j) {
                for (int64_t i = 0; i < it->grid.dim[0]; ++i, ++v) {
                    double p[3];
                    double u[3];
                    voxel_point(&it->grid, i, j, k, p);
                    shift_at(alignment, p, u);
                    for (int c = 0; c < 3; ++c) {
                        shift[3 * v + c] = (float)u[c];
                    }
                }
            }
        }
    }
    free(alignment->shift);
    alignment->shift = shift;
    alignment->grid = it->grid;
    return DN_OK;
}

/* The mean of all maps as they lie now, made symmetric. */
static void make_target(groupwise *it)
{
    const int64_t *dim = it->grid.dim;
    size_t channels = it->channels;
    memset(it->target, 0, (size_t)it->voxels * channels * sizeof *it->target);
#pragma omp parallel for schedule(dynamic, 2)
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            float *row = it->target + (size_t)dn_grid_offset(&it->grid, 0, j, k) * channels;
            for (int64_t i = 0; i < dim[0]; ++i) {
                double p[3];
                voxel_point(&it->grid, i, j, k, p);
                for (size_t m = 0; m < it->count; ++m) {
                    sample_tissues(it, m, p, dn_grid_offset(&it->grid, i, j, k), row + (size_t)i * channels);
                }
            }
            for (int64_t i = 0; 2 * i < dim[0]; ++i) {
                float *a = row + (size_t)i * channels;
                float *b = row + (size_t)(dim[0] - 1 - i) * channels;
                for (size_t c = 0; c < channels; ++c) {
                    a[c] = b[c] = (a[c] + b[c]) / (float)(2 * it->count);
                }
            }
        }
    }
}

/* The demons' pull on map m: towards where its tissues are wanted, along the target's gradients. */
static void find_update(groupwise *it, size_t m)
{
    const int64_t *dim = it->grid.dim;
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    size_t channels = it->channels;
    double most = LARGEST_STEP_MM * LARGEST_STEP_MM;
#pragma omp parallel for schedule(dynamic, 2)
    for (int64_t k = 0; k < dim[2]; ++k) {
        float share[CHANNELS];
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t ijk[3] = {i, j, k};
                int64_t v = dn_grid_offset(&it->grid, i, j, k);
                float *update = it->update + 3 * v;
                memset(share, 0, channels * sizeof *share);
                double p[3];
                voxel_point(&it->grid, i, j, k, p);
                sample_tissues(it, m, p, v, share);
                const float *target = it->target + (size_t)v * channels;
                double pull[3] = {0.0, 0.0, 0.0};
                double slope = 0.0;
                double apart = 0.0;
                for (size_t c = 0; c < channels; ++c) {
                    share[c] -= target[c];
                    apart += (double)(share[c] * share[c]);
                }
                for (int d = 0; d < 3; ++d) {
                    int64_t before = ijk[d] > 0 ? step[d] : 0;
                    int64_t after = ijk[d] + 1 < dim[d] ? step[d] : 0;
                    const float *a = it->target + (size_t)(v - before) * channels;
                    const float *b = it->target + (size_t)(v + after) * channels;
                    float sum = 0.0f;
                    float squares = 0.0f;
                    for (size_t c = 0; c < channels; ++c) {
                        float g = b[c] - a[c];
                        sum += share[c] * g;
                        squares += g * g;
                    }
                    double scale = 1.0 / (2.0 * it->spacing);
                    pull[d] = -(double)sum * scale;
                    slope += (double)squares * scale * scale;
                }
                /* |pull| <= sqrt(slope apart), so with apart / (4 most) in the sum no step is longer than the largest. */
                double below = slope + apart / (4.0 * most);
                for (int d = 0; d < 3; ++d) {
                    update[d] = below > 1e-9 ? (float)(pull[d] / below) : 0.0f;
                }
            }
        }
    }
}

static dn_status smooth(groupwise *it, float *vectors, double sigma)
{
    for (int c = 0; c < 3; ++c) {
        for (int64_t v = 0; v < it->voxels; ++v) {
            it->part->data[v] = vectors[3 * v + c];
        }
        DN_TRY(dn_filter_gaussian(it->part, (const double[3]){sigma, sigma, sigma}));
        for (int64_t v = 0; v < it->voxels; ++v) {
            vectors[3 * v + c] = it->part->data[v];
        }
    }
    return DN_OK;
}

/* Takes the mean displacement of all maps and their mirror images out of each, so that mean space stays where it is. */
static void remove_mean(groupwise *it)
{
    const int64_t *dim = it->grid.dim;
#pragma omp parallel for
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; 2 * i < dim[0]; ++i) {
                int64_t a = 3 * dn_grid_offset(&it->grid, i, j, k);
                int64_t b = 3 * dn_grid_offset(&it->grid, dim[0] - 1 - i, j, k);
                for (int c = 0; c < 3; ++c) {
                    double side = c == 0 ? -1.0 : 1.0;
                    double mean = 0.0;
                    for (size_t m = 0; m < it->count; ++m) {
                        mean += (double)it->alignments[m].shift[a + c] + side * (double)it->alignments[m].shift[b + c];
                    }
                    mean /= 2.0 * (double)it->count;
                    for (size_t m = 0; m < it->count; ++m) {
                        it->alignments[m].shift[a + c] -= (float)mean;
                        if (a != b) {
                            it->alignments[m].shift[b + c] -= (float)(side * mean);
                        }
                    }
                }
            }
        }
    }
}

static dn_status move_map(groupwise *it, size_t m, int steps)
{
    float *shift = it->alignments[m].shift;
    for (int s = 0; s < steps; ++s) {
        DN_TRY(dn_cancel_check());
        find_update(it, m);
        DN_TRY(smooth(it, it->update, UPDATE_SIGMA_MM));
        for (int64_t v = 0; v < 3 * it->voxels; ++v) {
            shift[v] += it->update[v];
        }
        DN_TRY(smooth(it, shift, FIELD_SIGMA_MM));
    }
    return DN_OK;
}

dn_status dn_align_demons(const dn_labels *const *maps, size_t count, const dn_tissues *tissues, double spacing, int rounds, int steps,
                          dn_alignment *alignments)
{
    dn_status status = DN_OK;
    groupwise it = {
        .maps = maps, .tissues = tissues, .alignments = alignments, .count = count, .spacing = spacing, .channels = tissues->count};
    if (count > MOST_MAPS || it.channels > CHANNELS) {
        DN_FAIL(DN_EUSAGE, "an average takes at most %d label maps with %d tissues", MOST_MAPS, CHANNELS);
    }
    for (size_t m = 0; m < count; ++m) {
        dn_affine to_voxel;
        DN_TRY(dn_affine_invert(&maps[m]->grid.affine, &to_voxel));
        dn_affine_compose(&to_voxel, &alignments[m].affine, &it.to_voxel[m]);
    }
    DN_TRY(plan_grid(&it));
    for (size_t m = 0; m < count; ++m) {
        DN_TRY(start_shift(&it, &alignments[m]));
    }
    DN_TRY_GOTO(status,
                dn_alloc_dims(&it.target, DN_DIMS(it.voxels, (int64_t)it.channels), sizeof *it.target, "the mean of the label maps"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&it.update, DN_DIMS(it.voxels, 3), sizeof *it.update, "a displacement"), done);
    DN_TRY_GOTO(status, dn_volume_create(&it.grid, &it.part), done);
    for (int round = 0; round < rounds; ++round) {
        make_target(&it);
        for (size_t m = 0; m < count; ++m) {
            DN_TRY_GOTO(status, move_map(&it, m, steps), done);
            dn_progress("align", round * (int64_t)count + (int64_t)m + 1, rounds * (int64_t)count);
        }
        remove_mean(&it);
    }
done:
    dn_volume_destroy(it.part);
    free(it.update);
    free(it.target);
    return status;
}
