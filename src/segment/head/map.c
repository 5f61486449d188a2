/* Paints the labels of a head's posteriors into a map on any grid. */
#include "segment/head/map.h"
#include "base/memory.h"
#include "image/orientation.h"
#include "infer/placement.h"
#include "infer/posteriors.h"
#include "segment/head/coarse.h"
#include "segment/head/icv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where the voxels of a grid lie in the oriented scan: exactly, axis by axis, for the scan's own grid; by affine for others. */
typedef struct path {
    bool own;
    dn_grid walk;        /* the grid whose voxels are visited in order */
    dn_placement place;  /* of its voxels in the map that is made */
    dn_head_rows rows;   /* own: the looks' voxels at those of the oriented scan */
    dn_affine to_source; /* of its voxels in the oriented scan, unless own */
} path;

/* *out: path_release, on failure too. */
static dn_status path_to(const dn_head *head, const dn_grid *grid, bool labels, path *out)
{
    memset(out, 0, sizeof *out);
    out->own = dn_grid_equal(grid, &head->scan, 0.0);
    if (out->own) {
        out->walk = head->oriented;
        out->place = dn_placement_of(&head->oriented, &head->scan);
        return dn_head_rows_make(head, out->walk.dim, labels, &out->rows);
    }
    dn_affine inverse;
    DN_TRY(dn_affine_invert(&head->oriented.affine, &inverse));
    out->walk = *grid;
    out->place = dn_placement_of(grid, grid);
    dn_affine_compose(&inverse, &grid->affine, &out->to_source);
    return DN_OK;
}

static void path_release(path *p)
{
    dn_head_rows_release(&p->rows);
}

static void place_of(const path *p, int64_t i, int64_t j, int64_t k, double at[3])
{
    const double ijk[3] = {(double)i, (double)j, (double)k};
    if (p->own) {
        memcpy(at, ijk, sizeof ijk);
    } else {
        dn_affine_apply(&p->to_source, ijk, at);
    }
}

/* The most probable channel. false: none, or certainly outside the head. */
static bool label_at(const dn_head *head, const path *p, int64_t i, int64_t j, int64_t k, int64_t *best, float *value)
{
    float values[DN_CHANNEL_LIMIT];
    double at[3];
    bool outside;
    if (p->own) {
        return dn_head_rows_label(head, &p->rows, i, j, k, best, value);
    }
    place_of(p, i, j, k, at);
    if (!dn_head_at(head, at, values, &outside) || outside) {
        return false;
    }
    *best = dn_most_probable(values, head->structures.channels);
    *value = values[*best];
    return true;
}

static bool background_at(const dn_head *head, const path *p, int64_t i, int64_t j, int64_t k, float *value)
{
    double at[3];
    if (p->own) {
        return dn_head_rows_background_at(head, &p->rows, i, j, k, value);
    }
    place_of(p, i, j, k, at);
    return dn_head_background_at(head, at, value);
}

static int64_t target(const path *p, int64_t i, int64_t j, int64_t k)
{
    return dn_placement_at(&p->place, i, j, k);
}

/* ---- labels ------------------------------------------------------------------------------------------------------- */

dn_status dn_head_paint(const dn_head *head, const bool wanted[DN_CHANNEL_LIMIT], dn_labels *labels, dn_head_tally *tally)
{
    path p;
    const dn_structures *s = &head->structures;
    size_t channels = (size_t)s->channels;
    int64_t *counts = NULL;
    double *sums = NULL;
    dn_status status;
    DN_TRY_GOTO(status, path_to(head, &labels->grid, true, &p), done);
    size_t slices = (size_t)p.walk.dim[2];
    DN_TRY_GOTO(status, dn_alloc_dims(&counts, DN_DIMS(p.walk.dim[2], s->channels), sizeof *counts, "the counts of labels"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&sums, DN_DIMS(p.walk.dim[2], s->channels), sizeof *sums, "the counts of labels"), done);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = 0; k < p.walk.dim[2]; ++k) {
        for (int64_t j = 0; j < p.walk.dim[1]; ++j) {
            for (int64_t i = 0; i < p.walk.dim[0]; ++i) {
                uint16_t *label = &labels->data[target(&p, i, j, k)];
                int64_t best;
                float value;
                if (*label != 0 || !label_at(head, &p, i, j, k, &best, &value)) {
                    continue;
                }
                if (s->group_of[best] == DN_NO_GROUP || (wanted != NULL && !wanted[best])) {
                    continue;
                }
                *label = (uint16_t)s->label_of[best]->index;
                counts[(size_t)k * channels + (size_t)best] += 1;
                sums[(size_t)k * channels + (size_t)best] += (double)value;
            }
        }
    }
    for (size_t n = 0; tally != NULL && n < slices * channels; ++n) {
        tally->count[n % channels] += counts[n];
        tally->posterior_sum[n % channels] += sums[n];
    }
done:
    path_release(&p);
    free(counts);
    free(sums);
    return status;
}

dn_status dn_head_labels(const dn_head *head, const dn_grid *grid, dn_labels **out)
{
    DN_TRY(dn_labels_create(grid, out));
    dn_status status = dn_head_paint(head, NULL, *out, NULL);
    if (status != DN_OK) {
        dn_labels_destroy(*out);
        *out = NULL;
    }
    return status;
}

dn_status dn_head_inside(const dn_head *head, const dn_grid *grid, dn_volume **out)
{
    path p;
    dn_status status = path_to(head, grid, false, &p);
    if (status == DN_OK) {
        status = dn_volume_create(grid, out);
    }
    if (status != DN_OK) {
        path_release(&p);
        return status;
    }
    float *data = (*out)->data;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = 0; k < p.walk.dim[2]; ++k) {
        float background;
        for (int64_t j = 0; j < p.walk.dim[1]; ++j) {
            for (int64_t i = 0; i < p.walk.dim[0]; ++i) {
                double at[3];
                if (background_at(head, &p, i, j, k, &background)) {
                    place_of(&p, i, j, k, at);
                    data[target(&p, i, j, k)] = background < 1.0f ? (1.0f - background) * dn_head_above_neck(head, at) : 0.0f;
                }
            }
        }
    }
    path_release(&p);
    return DN_OK;
}
