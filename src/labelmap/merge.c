/* Drawn labels over classes, and what lies between them tidied by closings with a ball. */
#include "labelmap/merge.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/components.h"
#include "image/io.h"
#include "image/morphology.h"
#include "image/resample.h"
#include "labelmap/numbers.h"
#include "labelmap/on_grid.h"
#include "labelmap/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Volume of a ball with radius 1. */
#define BALL 4.18879
/* How far from the drawn labels false tissue in the ventricle is looked for. */
#define REACH_MM 4.0
/* False tissue hangs on the rest by at most this share of its faces; the edge of a real structure, which a closing rounds, by half. */
#define ATTACHED 0.25

dn_status dn_merge_check(const dn_labels *manual, const char *name)
{
    const int64_t *dim = manual->grid.dim;
    bool any = false;
    for (int64_t k = 0, v = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                if (manual->data[v] == 0) {
                    continue;
                }
                any = true;
                if (i == 0 || j == 0 || k == 0 || i == dim[0] - 1 || j == dim[1] - 1 || k == dim[2] - 1) {
                    DN_FAIL(DN_EDATA,
                            "'%s': label %u touches the edge of the scan (voxel %lld, %lld, %lld), where its structure may be cut; use a "
                            "scan that holds it whole",
                            name, (unsigned)manual->data[v], (long long)i, (long long)j, (long long)k);
                }
            }
        }
    }
    if (!any) {
        DN_FAIL(DN_EDATA, "'%s' has no labels: every voxel is 0; draw the structures first", name);
    }
    return DN_OK;
}

/* A part of the maps around the drawn labels. */
typedef struct part {
    dn_labels *classes, *manual; /* owned */
    int64_t start[3];
    int64_t count;
    double spacing[3];
    double least; /* voxels of the ball */
} part;

static void part_release(part *it)
{
    dn_labels_destroy(it->classes);
    dn_labels_destroy(it->manual);
}

static dn_status part_cut(const dn_labels *classes, const dn_labels *manual, double radius, part *it)
{
    const int64_t *dim = manual->grid.dim;
    int64_t size[3];
    uint8_t *mask = NULL;
    dn_grid_spacing(&manual->grid, it->spacing);
    DN_TRY(dn_alloc(&mask, (size_t)dn_grid_count(&manual->grid), 1, "a mask"));
    for (int64_t v = 0; v < dn_grid_count(&manual->grid); ++v) {
        mask[v] = manual->data[v] != 0;
    }
    (void)dn_mask_bounds(mask, dim, it->start, size);
    free(mask);
    for (int c = 0; c < 3; ++c) {
        const int64_t margin = (int64_t)ceil((REACH_MM + 2.0 * radius) / it->spacing[c]) + 1;
        const int64_t end = it->start[c] + size[c] + margin < dim[c] ? it->start[c] + size[c] + margin : dim[c];
        it->start[c] = it->start[c] > margin ? it->start[c] - margin : 0;
        size[c] = end - it->start[c];
    }
    DN_TRY(dn_labels_crop(classes, it->start, size, &it->classes));
    DN_TRY(dn_labels_crop(manual, it->start, size, &it->manual));
    it->count = dn_grid_count(&it->manual->grid);
    it->least = BALL * radius * radius * radius / dn_grid_voxel_volume(&manual->grid);
    return DN_OK;
}

/* The label of the nearest drawn voxel, within radius. */
static uint16_t nearest_label(const part *it, int64_t v, double radius)
{
    const int64_t *dim = it->manual->grid.dim;
    const int64_t at[3] = {v % dim[0], v / dim[0] % dim[1], v / dim[0] / dim[1]};
    int64_t low[3], high[3];
    double best = INFINITY;
    uint16_t label = 0;
    for (int c = 0; c < 3; ++c) {
        const int64_t reach = (int64_t)ceil(radius / it->spacing[c]);
        low[c] = at[c] > reach ? at[c] - reach : 0;
        high[c] = at[c] + reach < dim[c] ? at[c] + reach : dim[c] - 1;
    }
    for (int64_t k = low[2]; k <= high[2]; ++k) {
        for (int64_t j = low[1]; j <= high[1]; ++j) {
            for (int64_t i = low[0]; i <= high[0]; ++i) {
                const uint16_t here = it->manual->data[dn_grid_offset(&it->manual->grid, i, j, k)];
                const double d[3] = {(double)(i - at[0]) * it->spacing[0], (double)(j - at[1]) * it->spacing[1],
                                     (double)(k - at[2]) * it->spacing[2]};
                const double far = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                if (here != 0 && (far < best || (far == best && here < label))) {
                    best = far;
                    label = here;
                }
            }
        }
    }
    return label;
}

/* The most frequent class of each piece in `most` [count + 1]. */
static dn_status majorities(const part *it, const dn_components *pieces, uint16_t *most)
{
    enum { ROW = DN_CLASS_MOST + 1 };
    int64_t *votes = NULL;
    DN_TRY(dn_alloc_dims(&votes, DN_DIMS((int64_t)pieces->count + 1, ROW), sizeof *votes, "pieces of tissue"));
    for (int64_t v = 0; v < it->count; ++v) {
        const int class = it->classes->data[v] - DN_CLASS_LEFT;
        if (pieces->label[v] > 0 && class > 0 && class <= DN_CLASS_MOST) {
            ++votes[pieces->label[v] * ROW + class];
        }
    }
    for (int32_t p = 1; p <= pieces->count; ++p) {
        int best = 1;
        for (int class = 2; class < ROW; ++class) {
            best = votes[p * ROW + class] > votes[p * ROW + best] ? class : best;
        }
        most[p] = votes[p * ROW + best] > 0 ? (uint16_t)(DN_CLASS_LEFT + best) : 0;
    }
    free(votes);
    return DN_OK;
}

/* Closes the drawn labels. */
static dn_status close_labels(part *it, double radius, dn_merge_facts *facts)
{
    uint8_t *mask = NULL;
    uint16_t *most = NULL;
    dn_components pieces = {0};
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)it->count, 1, "a mask"), done);
    for (int64_t v = 0; v < it->count; ++v) {
        mask[v] = it->manual->data[v] != 0;
    }
    DN_TRY_GOTO(status, dn_mask_close_ball(mask, it->manual->grid.dim, it->spacing, radius), done);
    for (int64_t v = 0; v < it->count; ++v) {
        mask[v] = mask[v] && it->manual->data[v] == 0 && it->classes->data[v] != 0;
    }
    DN_TRY_GOTO(status, dn_components_find(mask, it->manual->grid.dim, 6, &pieces), done);
    DN_TRY_GOTO(status, dn_alloc(&most, (size_t)pieces.count + 1, sizeof *most, "pieces of tissue"), done);
    DN_TRY_GOTO(status, majorities(it, &pieces, most), done);
    for (int64_t v = 0; v < it->count; ++v) {
        const int32_t p = pieces.label[v];
        if (p == 0) {
            continue;
        }
        if ((double)pieces.size[p] < it->least) {
            const uint16_t label = nearest_label(it, v, radius + 1.0);
            it->classes->data[v] = label != 0 ? label : it->classes->data[v];
            facts->joined += label != 0;
        } else if (most[p] != 0 && it->classes->data[v] != most[p]) {
            it->classes->data[v] = most[p];
            ++facts->unified;
        }
    }
done:
    dn_components_release(&pieces);
    free(mask);
    free(most);
    return status;
}

/* Faces of each piece: faces[p][0]: all that lead out of it, [1]: those to tissue or drawn labels. */
static void count_faces(const part *it, const dn_components *pieces, int64_t (*faces)[2])
{
    const int64_t *dim = it->manual->grid.dim, step[3] = {1, dim[0], dim[0] * dim[1]};
    for (int64_t v = 0; v < it->count; ++v) {
        const int64_t at[3] = {v % dim[0], v / dim[0] % dim[1], v / dim[0] / dim[1]};
        const int32_t p = pieces->label[v];
        for (int n = 0; n < 6 && p > 0; ++n) {
            const int c = n / 2, by = n % 2 == 0 ? -1 : 1;
            if (at[c] + by < 0 || at[c] + by >= dim[c]) {
                continue;
            }
            const int64_t other = v + by * step[c];
            if (pieces->label[other] != p) {
                ++faces[p][0];
                faces[p][1] += it->classes->data[other] != 0 || it->manual->data[other] != 0;
            }
        }
    }
}

/* Closes the background near the drawn labels. */
static dn_status close_background(part *it, double radius, dn_merge_facts *facts)
{
    const int64_t *dim = it->manual->grid.dim;
    uint8_t *mask = NULL, *near = NULL;
    int64_t(*faces)[2] = NULL;
    dn_components pieces = {0};
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)it->count, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&near, (size_t)it->count, 1, "a mask"), done);
    for (int64_t v = 0; v < it->count; ++v) {
        near[v] = it->manual->data[v] != 0;
        mask[v] = it->classes->data[v] == 0 && !near[v];
    }
    DN_TRY_GOTO(status, dn_mask_dilate_ball(near, dim, it->spacing, REACH_MM), done);
    DN_TRY_GOTO(status, dn_mask_close_ball(mask, dim, it->spacing, radius), done);
    for (int64_t v = 0; v < it->count; ++v) {
        mask[v] = mask[v] && near[v] && dn_number_is_class(it->classes->data[v]) && it->manual->data[v] == 0;
    }
    DN_TRY_GOTO(status, dn_components_find(mask, dim, 6, &pieces), done);
    DN_TRY_GOTO(status, dn_alloc(&faces, (size_t)pieces.count + 1, sizeof *faces, "pieces of tissue"), done);
    count_faces(it, &pieces, faces);
    for (int64_t v = 0; v < it->count; ++v) {
        const int32_t p = pieces.label[v];
        if (p > 0 && (double)pieces.size[p] < it->least && (double)faces[p][1] <= ATTACHED * (double)faces[p][0]) {
            it->classes->data[v] = 0;
            ++facts->cleared;
        }
    }
done:
    dn_components_release(&pieces);
    free(mask);
    free(near);
    free(faces);
    return status;
}

dn_status dn_merge_labels(dn_labels *classes, const dn_labels *manual, const dn_merge_options *options, dn_merge_facts *facts)
{
    part it = {0};
    dn_status status = DN_OK;
    *facts = (dn_merge_facts){0};
    DN_TRY_GOTO(status, part_cut(classes, manual, options->radius, &it), done);
    if (options->radius > 0.0) {
        DN_TRY_GOTO(status, close_background(&it, options->radius, facts), done);
        DN_TRY_GOTO(status, close_labels(&it, options->radius, facts), done);
    }
    const int64_t *dim = it.classes->grid.dim;
    for (int64_t k = 0, v = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                const int64_t to = dn_grid_offset(&classes->grid, i + it.start[0], j + it.start[1], k + it.start[2]);
                classes->data[to] = it.manual->data[v] != 0 ? it.manual->data[v] : it.classes->data[v];
            }
        }
    }
done:
    part_release(&it);
    return status;
}

dn_status dn_labelmap_merge(const char *classes, const char *manual, const dn_merge_options *options, const char *output)
{
    dn_labels *map = NULL, *drawn = NULL;
    dn_merge_facts facts;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    DN_TRY(dn_labels_read(classes, NULL, &map, NULL));
    DN_TRY_GOTO(status, dn_on_grid_read(manual, &map->grid, classes, &drawn), done);
    DN_TRY_GOTO(status, dn_merge_check(drawn, manual), done);
    DN_TRY_GOTO(status, dn_merge_labels(map, drawn, options, &facts), done);
    dn_log(DN_LOG_DEBUG, "%lld voxels joined a drawn label, %lld took the class of their piece, %lld became background",
           (long long)facts.joined, (long long)facts.unified, (long long)facts.cleared);
    DN_TRY_GOTO(status, dn_labels_write(map, output, NULL), done);
    status = dn_labelmap_picture(NULL, map, "Merged", output);
done:
    dn_labels_destroy(map);
    dn_labels_destroy(drawn);
    return status;
}
