#include "segment/head/fine.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/resample.h"
#include "infer/posteriors.h"
#include "net/simd.h"
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
    for (int64_t i = 0; i < dim[0]; ++i) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t k = 0; k < dim[2]; ++k) {
                const float *p = look->posterior + ((i * dim[1] + j) * dim[2] + k) * look->channels;
                if (p[0] > 0.5f) {
                    continue;
                }
                const int64_t best = dn_most_probable(p, look->channels, 1);
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

static float rise(int64_t at, int64_t size)
{
    int64_t near = at < size - 1 - at ? at : size - 1 - at;
    return near >= RISE ? 1.0f : (float)(near + 1) / (float)(RISE + 1);
}

/* A row of a tile along its last axis; w: of the row, times rise along it. */
DN_SIMD static void add_row(const float *restrict from, int64_t count, int64_t channels, const int64_t *mirror, float w,
                            float *restrict sum, float *restrict weights)
{
    for (int64_t k = 0; k < count; ++k, from += channels, sum += channels) {
        const float v = w * rise(k, count);
        if (weights[k] == 0.0f) { /* the first tile there: nothing is in sum yet */
            for (int64_t c = 0; c < channels; ++c) {
                sum[c] = v * from[mirror == NULL ? c : mirror[c]];
            }
        } else if (mirror == NULL) {
            for (int64_t c = 0; c < channels; ++c) {
                sum[c] += v * from[c];
            }
        } else {
            for (int64_t c = 0; c < channels; ++c) {
                sum[c] += v * from[mirror[c]];
            }
        }
        weights[k] += v;
    }
}

/* Adds a tile's answer, weighted, at `at` of the box. mirror: NULL, or the channels' partners of a tile that was seen in a mirror. */
static void add_tile(const float *values, int64_t channels, const int64_t *mirror, const int64_t at[3], const int64_t dim[3], float *sum,
                     float *weights)
{
    static const int64_t *const t = tile_dim;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < t[0]; ++i) {
        int64_t x = mirror != NULL ? t[0] - 1 - i : i;
        for (int64_t j = 0; j < t[1]; ++j) {
            const int64_t v = ((at[0] + i) * dim[1] + at[1] + j) * dim[2] + at[2];
            add_row(values + (x * t[1] + j) * t[2] * channels, t[2], channels, mirror, rise(i, t[0]) * rise(j, t[1]), sum + v * channels,
                    weights + v);
        }
    }
}

/* volume: the scan; with mirror the mirror image of the box alone. */
static dn_status run_tiles(dn_network *network, const dn_volume *volume, const int64_t *mirror, const int64_t start[3],
                           const int64_t dim[3], int64_t channels, float *sum, float *weights)
{
    int64_t tiles[3];
    for (int c = 0; c < 3; ++c) {
        tiles[c] = tiles_for(dim[c], tile_dim[c]);
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
        DN_TRY(dn_network_run_raw(network, volume, from, tile_dim, &values, &found));
        if (found != channels) {
            DN_FAIL(DN_EFORMAT,
                    "the fine network of the whole head has %lld outputs, but the coarse one has %lld; they must have the same labels",
                    (long long)found, (long long)channels);
        }
        add_tile(values, channels, mirror, at, dim, sum, weights);
    }
    return DN_OK;
}

/* The same seen in a mirror: what the network knows of one side helps the other, and none is favoured. */
static dn_status run_mirrored(dn_network *network, const dn_structures *s, const dn_volume *volume, const int64_t start[3],
                              const int64_t dim[3], float *sum, float *weights)
{
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
    dn_status status = run_tiles(network, image, mirror, start, dim, s->channels, sum, weights);
    dn_volume_destroy(image);
    return status;
}

dn_status dn_head_look_fine(dn_network *network, const dn_conformed *scan, bool mirror, dn_head *head)
{
    dn_head_look *look = &head->fine;
    int64_t channels = head->structures.channels;
    int64_t start[3];
    int64_t dim[3];
    float *weights = NULL;
    memset(look, 0, sizeof *look);
    if (!choose_box(head, scan, start, dim)) {
        return DN_OK;
    }
    int64_t voxels = dim[0] * dim[1] * dim[2];
    dn_status status = dn_grid_crop(&scan->volume->grid, start, dim, &look->grid);
    DN_TRY(status);
    DN_TRY_GOTO(status,
                dn_alloc_aligned_dims(&look->posterior, DN_DIMS(dim[0], dim[1], dim[2], channels), sizeof *look->posterior,
                                      "the posteriors of the deep structures"),
                done);
    DN_TRY_GOTO(status, dn_alloc_dims(&weights, dim, 3, sizeof *weights, "the posteriors of the deep structures"), done);
    DN_TRY_GOTO(status, run_tiles(network, scan->volume, NULL, start, dim, channels, look->posterior, weights), done);
    if (mirror) {
        DN_TRY_GOTO(status, run_mirrored(network, &head->structures, scan->volume, start, dim, look->posterior, weights), done);
    }
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < voxels; ++v) {
        float factor = 1.0f / weights[v];
        for (int64_t c = 0; c < channels; ++c) {
            look->posterior[v * channels + c] *= factor;
        }
    }
    look->channels = channels;
    for (int c = 0; c < 3; ++c) {
        look->map.scale[c] = scan->map.scale[c];
        look->map.offset[c] = dn_axis_map_to(&scan->map, c, (double)start[c]);
    }
    dn_log(DN_LOG_DEBUG, "whole head: the fine network runs on a box of %lld x %lld x %lld voxels", (long long)dim[0], (long long)dim[1],
           (long long)dim[2]);
done:
    free(weights);
    if (status != DN_OK) {
        free(look->posterior);
        look->posterior = NULL;
    }
    return status;
}
