/* Chooses the box of the deep structures, runs the fine network in tiles, and blends them. */
#include "segment/head/fine.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/resample.h"
#include "infer/bridge.h"
#include "segment/head/clean.h"
#include "segment/head/coarse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room around what the coarse pass found, mm; the second one where that saves a row of tiles. */
#define MARGIN_MM 8.0
#define MARGIN_LEAST_MM 3.0
/* Two tiles share at least so many voxels. */
#define OVERLAP 16
/* At most so many tiles along an axis: larger ventricles are left to the coarse pass at their ends. */
#define MOST_TILES 2
/* A tile's weight rises over so many voxels from its faces, where the network sees only one side of things. */
#define RISE 24

static const int64_t tile_dim[3] = {DN_FINE_TILE_X, DN_FINE_TILE_Y, DN_FINE_TILE_Z};

/* Bounds of the deep structures in the coarse pass, in voxels of the oriented scan. false: there are none. */
static bool bounds_of(const dn_head *head, bool ventricles, double low[3], double high[3])
{
    const dn_head_look *look = &head->coarse;
    const dn_structures *s = &head->structures;
    const int64_t *dim = look->grid.dim;
    bool deep[DN_CHANNEL_LIMIT] = {false};
    int64_t first[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t last[3] = {-1, -1, -1};
    for (int64_t c = 1; c < s->channels; ++c) {
        int g = s->group_of[c];
        deep[c] = g != DN_NO_GROUP && dn_clean_deep(s->group[g].structure) &&
                  (ventricles || strcmp(s->group[g].structure, "lateral_ventricle") != 0);
    }
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const float *p = dn_posteriors_at(&look->posteriors, i, j, k);
                if (p[0] > 0.5f) {
                    continue;
                }
                const int64_t best = dn_most_probable(p, look->posteriors.channels);
                const int64_t at[3] = {i, j, k};
                for (int c = 0; c < 3 && deep[best]; ++c) {
                    first[c] = at[c] < first[c] ? at[c] : first[c];
                    last[c] = at[c] > last[c] ? at[c] : last[c];
                }
            }
        }
    }
    for (int c = 0; c < 3; ++c) {
        low[c] = dn_axis_map_to(&look->map, c, (double)first[c] - 0.5);
        high[c] = dn_axis_map_to(&look->map, c, (double)last[c] + 0.5);
    }
    return last[0] >= 0;
}

static int64_t tiles_for(int64_t size, int64_t tile)
{
    return size <= tile ? 1 : 1 + (size - tile + tile - OVERLAP - 1) / (tile - OVERLAP);
}

/* The box in voxels of the conformed scan; may reach past its ends. */
static bool choose_box(const dn_head *head, const dn_conformed *scan, int64_t start[3], int64_t dim[3])
{
    double all_low[3];
    double all_high[3];
    double low[3];
    double high[3];
    if (!bounds_of(head, true, all_low, all_high)) {
        return false;
    }
    if (!bounds_of(head, false, low, high)) {
        memcpy(low, all_low, sizeof low);
        memcpy(high, all_high, sizeof high);
    }
    for (int c = 0; c < 3; ++c) {
        double margin = MARGIN_MM / head->mm[c];
        /* In voxels of the conformed scan. */
        double from = dn_axis_map_from(&scan->map, c, all_low[c] - margin);
        double to = dn_axis_map_from(&scan->map, c, all_high[c] + margin);
        double core_from = dn_axis_map_from(&scan->map, c, low[c] - margin);
        double core_to = dn_axis_map_from(&scan->map, c, high[c] + margin);
        double most = (double)(MOST_TILES * tile_dim[c] - (MOST_TILES - 1) * OVERLAP);
        if (to - from > most) {
            /* The deep structures first, then as much of the ventricles on either side as there is room for. */
            double slack = fmax(0.0, most - (core_to - core_from));
            double before = core_from - from;
            double after = to - core_to;
            double sum = before + after > 0 ? before + after : 1;
            double middle = 0.5 * (core_from + core_to);
            from = core_to - core_from > most ? middle - 0.5 * most : core_from - slack * before / sum;
            to = from + most;
        }
        double spare = 2.0 * (MARGIN_MM - MARGIN_LEAST_MM) / (head->mm[c] * scan->map.scale[c]);
        int64_t tiles = tiles_for((int64_t)ceil(to - from - spare), tile_dim[c]);
        double fits = (double)(tiles * tile_dim[c] - (tiles - 1) * OVERLAP);
        if (to - from > fits) {
            from = 0.5 * (from + to - fits);
            to = from + fits;
        }
        int64_t first = (int64_t)floor(from);
        int64_t size = (int64_t)ceil(to) - first;
        size = size > (int64_t)fits ? (int64_t)fits : size;
        size = size > (int64_t)most ? (int64_t)most : size;
        if (size < tile_dim[c]) {
            first -= (tile_dim[c] - size) / 2;
            size = tile_dim[c];
        }
        start[c] = first;
        dim[c] = size;
    }
    return true;
}

/* A weight of a tile: of a place along an axis. */
static float rise(int64_t at, int64_t size)
{
    int64_t near = at < size - 1 - at ? at : size - 1 - at;
    return near >= RISE ? 1.0f : (float)(near + 1) / (float)(RISE + 1);
}

/* volume: the scan; with mirror the mirror image of the box alone. */
static dn_status run_tiles(dn_network *network, const dn_volume *volume, const int64_t *mirror, const int64_t start[3], dn_posteriors *sum,
                           float *weights)
{
    float rises[3][DN_FINE_TILE_X + DN_FINE_TILE_Y + DN_FINE_TILE_Z];
    const float *const weight[3] = {rises[0], rises[1], rises[2]};
    const int64_t *dim = sum->dim;
    int64_t tiles[3];
    for (int c = 0; c < 3; ++c) {
        tiles[c] = tiles_for(dim[c], tile_dim[c]);
        for (int64_t i = 0; i < tile_dim[c]; ++i) {
            rises[c][i] = rise(i, tile_dim[c]);
        }
    }
    int64_t count = tiles[0] * tiles[1] * tiles[2];
    for (int64_t n = 0; n < count; ++n) {
        const int64_t index[3] = {n % tiles[0], n / tiles[0] % tiles[1], n / tiles[0] / tiles[1]};
        int64_t at[3];
        int64_t from[3];
        for (int c = 0; c < 3; ++c) {
            at[c] = tiles[c] == 1 ? 0 : index[c] * (dim[c] - tile_dim[c]) / (tiles[c] - 1);
            from[c] = start[c] + at[c];
        }
        if (mirror != NULL) {
            const int64_t there[3] = {dim[0] - at[0] - tile_dim[0], at[1], at[2]};
            memcpy(from, there, sizeof from);
        }
        const float *values;
        int64_t found;
        DN_TRY(dn_network_run_tensor(network, volume, from, tile_dim, &values, &found));
        if (found != sum->channels) {
            DN_FAIL(DN_EFORMAT,
                    "the fine network of the whole head has %lld outputs, but the coarse one has %lld; they must have the same labels",
                    (long long)found, (long long)sum->channels);
        }
        dn_bridge_blend(values, tile_dim, weight, mirror, sum, at, weights);
    }
    return DN_OK;
}

/* The same seen in a mirror: what the network knows of one side helps the other, and none is favoured. */
static dn_status run_mirrored(dn_network *network, const dn_structures *s, const dn_volume *volume, const int64_t start[3],
                              dn_posteriors *sum, float *weights)
{
    const int64_t *dim = sum->dim;
    dn_volume *image = NULL;
    dn_grid grid;
    int64_t mirror[DN_CHANNEL_LIMIT];
    const int64_t *n = volume->grid.dim;
    dn_structures_mirror_channels(s, mirror);
    DN_TRY(dn_grid_crop(&volume->grid, start, dim, &grid));
    DN_TRY(dn_volume_create(&grid, &image)); /* 0 past the scan's ends, as the network has it */
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t x = start[0] + dim[0] - 1 - i, y = start[1] + j, z = start[2] + k;
                if (x >= 0 && y >= 0 && z >= 0 && x < n[0] && y < n[1] && z < n[2]) {
                    image->data[i + dim[0] * (j + dim[1] * k)] = volume->data[dn_grid_offset(&volume->grid, x, y, z)];
                }
            }
        }
    }
    dn_status status = run_tiles(network, image, mirror, start, sum, weights);
    dn_volume_destroy(image);
    return status;
}

dn_status dn_head_look_fine(dn_network *network, const dn_conformed *scan, bool mirror, dn_head *head)
{
    dn_head_look *look = &head->fine;
    int64_t start[3];
    int64_t dim[3];
    float *weights = NULL;
    memset(look, 0, sizeof *look);
    if (head->like != NULL && head->like->fine.posteriors.data != NULL) {
        memcpy(start, head->like->fine.posteriors.start, sizeof start);
        memcpy(dim, head->like->fine.posteriors.dim, sizeof dim);
    } else if (!choose_box(head, scan, start, dim)) {
        return DN_OK;
    }
    dn_status status = dn_grid_crop(&scan->volume->grid, start, dim, &look->grid);
    DN_TRY(status);
    DN_TRY_GOTO(status, dn_posteriors_reserve(&look->posteriors, dim, head->structures.channels), done);
    memcpy(look->posteriors.start, start, sizeof start);
    DN_TRY_GOTO(status, dn_alloc_dims(&weights, dim, 3, sizeof *weights, "the posteriors of the deep structures"), done);
    DN_TRY_GOTO(status, run_tiles(network, scan->volume, NULL, start, &look->posteriors, weights), done);
    if (mirror) {
        DN_TRY_GOTO(status, run_mirrored(network, &head->structures, scan->volume, start, &look->posteriors, weights), done);
    }
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < dn_posteriors_voxels(&look->posteriors); ++v) {
        float factor = 1.0f / weights[v];
        for (int64_t c = 0; c < look->posteriors.channels; ++c) {
            dn_posteriors_of(&look->posteriors, v)[c] *= factor;
        }
    }
    for (int c = 0; c < 3; ++c) {
        look->map.scale[c] = scan->map.scale[c];
        look->map.offset[c] = dn_axis_map_to(&scan->map, c, (double)start[c]);
    }
    dn_log(DN_LOG_DEBUG, "whole head: the fine network runs on a box of %lld x %lld x %lld voxels", (long long)dim[0], (long long)dim[1],
           (long long)dim[2]);
done:
    free(weights);
    if (status != DN_OK) {
        dn_posteriors_release(&look->posteriors);
    }
    return status;
}
