/* Brings posteriors back to the scan's own grid, voxel by voxel, and decides the label there. */
#include "infer/native.h"

#include "base/memory.h"
#include "infer/label_tidy.h"
#include "infer/placement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In voxels up to this size two sides that touch are kept apart by a voxel of background; in larger ones that would cost more than it
 * shows: the mammillary bodies are 1 to 2 mm apart. */
#define SEPARABLE_MM 1.3

/* Where an axis of the oriented scan falls in the box: for each scan voxel the first of two box voxels and the share of the
 * second; first -1 outside. Positions within half a voxel of the outermost centres take the edge's value. */
typedef struct axis_map {
    int64_t low, high; /* scan voxels that lie in the box: low..high-1 */
    int32_t *first;
    float *share;
} axis_map;

static dn_status axis_map_make(const dn_conformed *conformed, const dn_posteriors *box, int c, axis_map *out)
{
    int64_t n = conformed->oriented->grid.dim[c];
    DN_TRY(dn_alloc(&out->first, (size_t)n, sizeof *out->first, "a table of positions"));
    DN_TRY(dn_alloc(&out->share, (size_t)n, sizeof *out->share, "a table of positions"));
    out->low = n;
    out->high = 0;
    for (int64_t i = 0; i < n; ++i) {
        double at = dn_axis_map_from(&conformed->map, c, (double)i) - (double)box->start[c];
        double last = (double)(box->dim[c] - 1);
        if (at < -0.5 || at >= last + 0.5) {
            continue;
        }
        at = at < 0 ? 0 : at > last ? last : at;
        int64_t first = (int64_t)at;
        first = first > box->dim[c] - 2 ? box->dim[c] - 2 : first;
        first = first < 0 ? 0 : first;
        out->first[i] = (int32_t)first;
        out->share[i] = (float)(at - (double)first);
        out->low = i < out->low ? i : out->low;
        out->high = i + 1;
    }
    if (out->low > out->high) {
        out->low = out->high;
    }
    return DN_OK;
}

static void axis_maps_release(axis_map maps[3])
{
    for (int c = 0; c < 3; ++c) {
        free(maps[c].first);
        free(maps[c].share);
    }
}

static dn_status axis_maps_make(const dn_conformed *conformed, const dn_posteriors *box, axis_map maps[3])
{
    memset(maps, 0, 3 * sizeof *maps);
    for (int c = 0; c < 3; ++c) {
        dn_status status = axis_map_make(conformed, box, c, &maps[c]);
        if (status != DN_OK) {
            axis_maps_release(maps);
            return status;
        }
    }
    return DN_OK;
}

static float value_at(const dn_posteriors *box, int64_t channel, const axis_map maps[3], int64_t i, int64_t j, int64_t k)
{
    const int64_t *dim = box->dim;
    int64_t a = maps[0].first[i];
    int64_t b = maps[1].first[j];
    int64_t c = maps[2].first[k];
    float u = maps[0].share[i];
    float v = maps[1].share[j];
    float w = maps[2].share[k];
    /* A share of 0 does not read the neighbour, which may not exist in a box one voxel wide. */
    int64_t dx = u > 0 ? box->channels : 0;
    int64_t dy = v > 0 ? box->channels * dim[0] : 0;
    int64_t dz = w > 0 ? box->channels * dim[0] * dim[1] : 0;
    const float *p = dn_posteriors_at(box, a, b, c) + channel;
    float p00 = p[0] + u * (p[dx] - p[0]);
    float p10 = p[dy] + u * (p[dy + dx] - p[dy]);
    float p01 = p[dz] + u * (p[dz + dx] - p[dz]);
    float p11 = p[dz + dy] + u * (p[dz + dy + dx] - p[dz + dy]);
    float p0 = p00 + v * (p10 - p00);
    float p1 = p01 + v * (p11 - p01);
    return p0 + w * (p1 - p0);
}

/* Voxels of the scan in which the box lies: [k][j][i], i fastest. */
typedef struct region {
    int64_t dim[3];
    uint8_t *channel;   /* the most probable one; 0: background */
    float *probability; /* of its whole group */
} region;

static void decide(const dn_posteriors *posteriors, const dn_structures *structures, const axis_map maps[3], region *r)
{
    int64_t v = 0;
    for (int64_t k = maps[2].low; k < maps[2].high; ++k) {
        for (int64_t j = maps[1].low; j < maps[1].high; ++j) {
            for (int64_t i = maps[0].low; i < maps[0].high; ++i, ++v) {
                float values[DN_CHANNEL_LIMIT];
                values[0] = value_at(posteriors, 0, maps, i, j, k);
                if (values[0] > 0.9999f) {
                    continue;
                }
                for (int64_t c = 1; c < posteriors->channels; ++c) {
                    values[c] = value_at(posteriors, c, maps, i, j, k);
                }
                const int64_t best = dn_most_probable(values, posteriors->channels);
                const int group = structures->group_of[best];
                if (group == DN_NO_GROUP) {
                    continue;
                }
                r->channel[v] = (uint8_t)best;
                for (int64_t c = 1; c < posteriors->channels; ++c) {
                    r->probability[v] += structures->group_of[c] == group ? values[c] : 0.0f;
                }
            }
        }
    }
}

/* Sums are taken in one fixed order, so that they do not depend on the number of threads. */
static void paint(const dn_conformed *conformed, const dn_posteriors *posteriors, const dn_structures *structures, const axis_map maps[3],
                  const region *r, dn_native *out)
{
    const dn_placement place = dn_placement_of(&conformed->oriented->grid, &conformed->scan_grid);
    int64_t v = 0;
    for (int64_t k = maps[2].low; k < maps[2].high; ++k) {
        for (int64_t j = maps[1].low; j < maps[1].high; ++j) {
            for (int64_t i = maps[0].low; i < maps[0].high; ++i, ++v) {
                const int64_t c = r->channel[v];
                const int group = structures->group_of[c];
                if (c == 0) {
                    continue;
                }
                out->labels->data[dn_placement_at(&place, i, j, k)] = (uint16_t)structures->label_of[c]->index;
                out->count[c] += 1;
                out->posterior_sum[c] += (double)value_at(posteriors, c, maps, i, j, k);
                for (int64_t n = 1; n < posteriors->channels; ++n) {
                    if (structures->group_of[n] == group) {
                        out->group_sum[group] += (double)value_at(posteriors, n, maps, i, j, k);
                    }
                }
            }
        }
    }
}

dn_status dn_native_labels(const dn_conformed *conformed, const dn_posteriors *posteriors, const dn_structures *structures, dn_native *out)
{
    memset(out, 0, sizeof *out);
    out->voxel_volume = dn_grid_voxel_volume(&conformed->scan_grid);
    axis_map maps[3];
    region r = {.channel = NULL};
    double spacing[3];
    dn_status status = DN_OK;
    DN_TRY(axis_maps_make(conformed, posteriors, maps));
    for (int c = 0; c < 3; ++c) {
        r.dim[c] = maps[c].high - maps[c].low;
    }
    DN_TRY_GOTO(status, dn_labels_create(&conformed->scan_grid, &out->labels), done);
    if (r.dim[0] > 0 && r.dim[1] > 0 && r.dim[2] > 0) {
        DN_TRY_GOTO(status, dn_alloc_dims(&r.channel, r.dim, 3, sizeof *r.channel, "the labels"), done);
        DN_TRY_GOTO(status, dn_alloc_dims(&r.probability, r.dim, 3, sizeof *r.probability, "the labels"), done);
        decide(posteriors, structures, maps, &r);
        dn_grid_spacing(&conformed->scan_grid, spacing);
        bool separate = fmax(spacing[0], fmax(spacing[1], spacing[2])) <= SEPARABLE_MM;
        DN_TRY_GOTO(status, dn_label_tidy(r.channel, r.probability, r.dim, structures, separate), done);
        paint(conformed, posteriors, structures, maps, &r, out);
    }
done:
    free(r.channel);
    free(r.probability);
    axis_maps_release(maps);
    return status;
}

void dn_native_release(dn_native *native)
{
    dn_labels_destroy(native->labels);
    memset(native, 0, sizeof *native);
}

dn_status dn_native_posterior(const dn_conformed *conformed, const dn_posteriors *posteriors, int64_t channel, dn_volume **out)
{
    axis_map maps[3];
    DN_TRY(axis_maps_make(conformed, posteriors, maps));
    /* Only the box is written to: pages of the volume that stay 0 take no memory until someone writes there. */
    dn_status status = dn_volume_create(&conformed->scan_grid, out);
    if (status == DN_OK) {
        const dn_placement place = dn_placement_of(&conformed->oriented->grid, &conformed->scan_grid);
        for (int64_t k = maps[2].low; k < maps[2].high; ++k) {
            for (int64_t j = maps[1].low; j < maps[1].high; ++j) {
                for (int64_t i = maps[0].low; i < maps[0].high; ++i) {
                    (*out)->data[dn_placement_at(&place, i, j, k)] = value_at(posteriors, channel, maps, i, j, k);
                }
            }
        }
    }
    axis_maps_release(maps);
    return status;
}
