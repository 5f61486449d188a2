#include "segment/network.h"

#include "base/log.h"
#include "base/memory.h"
#include "net/tile.h"
#include "prepare/bridge.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct dn_network {
    const dn_model *model;
    dn_network_options options;
    dn_plan *plan;
    int64_t dim[3]; /* of the plan's box */
    int64_t channels;
    float *input, *output;
    dn_network_work work;
};

void dn_posteriors_release(dn_posteriors *posteriors)
{
    free(posteriors->data);
    memset(posteriors, 0, sizeof *posteriors);
}

dn_status dn_network_create(const dn_model *model, const dn_network_options *options, dn_network **out)
{
    if (model->input.channels > 1) {
        DN_FAIL(DN_EUSAGE, "model %s takes %lld images at once; segment has one scan to give", model->name,
                (long long)model->input.channels);
    }
    DN_TRY(dn_alloc(out, 1, sizeof **out, "the network"));
    (*out)->model = model;
    (*out)->options = *options;
    return DN_OK;
}

static void forget_plan(dn_network *network)
{
    dn_plan_destroy(network->plan);
    free(network->input);
    free(network->output);
    network->plan = NULL;
    network->input = NULL;
    network->output = NULL;
}

void dn_network_destroy(dn_network *network)
{
    if (network != NULL) {
        forget_plan(network);
        free(network);
    }
}

const dn_network_work *dn_network_work_done(const dn_network *network)
{
    return &network->work;
}

static int64_t multiple(const dn_network *network)
{
    return network->model->input.multiple > 1 ? network->model->input.multiple : 1;
}

void dn_network_padded(const dn_network *network, const dn_volume *volume, int64_t dim[3])
{
    int64_t m = multiple(network);
    for (int c = 0; c < 3; ++c) {
        dim[c] = (volume->grid.dim[c] + m - 1) / m * m;
    }
}

/* Makes the plan for this box size the present one. */
static dn_status prepare(dn_network *network, const int64_t dim[3])
{
    if (network->plan != NULL && memcmp(network->dim, dim, sizeof network->dim) == 0) {
        return DN_OK;
    }
    forget_plan(network);
    double begin = omp_get_wtime();
    dn_graph *graph = NULL;
    DN_TRY(dn_model_graph(network->model, (dn_shape){1, dim[0], dim[1], dim[2], 1}, &graph));
    dn_shape shape = dn_graph_output_shape(graph, 0);
    size_t voxels = (size_t)(dim[0] * dim[1] * dim[2]);
    int64_t buffers = (int64_t)(voxels * (size_t)(shape.c + 1) * sizeof(float));
    int64_t limit = network->options.memory_limit;
    dn_plan_options options = {.precision = network->options.precision, .memory_limit = limit > buffers ? limit - buffers : 0};
    dn_status status =
        limit == 0 || limit > buffers
            ? dn_plan_compile(graph, network->model->weights, &options, &network->plan)
            : dn_error_set(DN_ENOMEM, "input and output of the network alone need %.0f MB, more than the limit of %.0f MB; raise --memory",
                           1e-6 * (double)buffers, 1e-6 * (double)limit);
    dn_graph_destroy(graph);
    DN_TRY(status);
    network->channels = shape.c;
    if (shape.d != dim[0] || shape.h != dim[1] || shape.w != dim[2]) {
        forget_plan(network);
        DN_FAIL(DN_ESHAPE, "model %s gives an output of another size than its input; segment needs one value a voxel",
                network->model->name);
    }
    status = dn_alloc_aligned(&network->input, voxels, sizeof(float), "the network's input");
    if (status == DN_OK) {
        status = dn_alloc_aligned(&network->output, voxels * (size_t)shape.c, sizeof(float), "the network's output");
    }
    if (status != DN_OK) {
        forget_plan(network);
        return status;
    }
    memcpy(network->dim, dim, sizeof network->dim);
    int64_t peak = dn_plan_peak_bytes(network->plan) + buffers;
    network->work.peak_bytes = peak > network->work.peak_bytes ? peak : network->work.peak_bytes;
    dn_log(DN_LOG_NOTE, "the network takes %.0f MB for %lld x %lld x %lld voxels at a time", 1e-6 * (double)peak, (long long)dim[0],
           (long long)dim[1], (long long)dim[2]);
    network->work.compile_seconds += omp_get_wtime() - begin;
    return DN_OK;
}

static dn_status run(dn_network *network, const dn_volume *volume, const int64_t start[3])
{
    DN_TRY(dn_cancel_check());
    double begin = omp_get_wtime();
    dn_bridge_to_tensor(volume, start, network->dim, 0.0f, network->input);
    const float *inputs[] = {network->input};
    float *outputs[] = {network->output};
    DN_TRY(dn_plan_run(network->plan, inputs, outputs));
    network->work.run_seconds += omp_get_wtime() - begin;
    network->work.flops += dn_plan_flops(network->plan);
    network->work.voxels += network->dim[0] * network->dim[1] * network->dim[2];
    return DN_OK;
}

dn_status dn_network_run(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3], dn_posteriors *out)
{
    memset(out, 0, sizeof *out);
    DN_TRY(prepare(network, dim));
    DN_TRY(run(network, volume, start));
    int64_t voxels = dim[0] * dim[1] * dim[2];
    DN_TRY(dn_alloc(&out->data, (size_t)(voxels * network->channels), sizeof(float), "the posteriors"));
    memcpy(out->start, start, sizeof out->start);
    memcpy(out->dim, dim, sizeof out->dim);
    out->channels = network->channels;
    int64_t zero[3] = {0, 0, 0};
    dn_bridge_from_tensor(network->output, dim, network->channels, zero, dim, out->data, dim, zero);
    return DN_OK;
}

dn_status dn_network_run_raw(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3],
                             const float **values, int64_t *channels)
{
    DN_TRY(prepare(network, dim));
    DN_TRY(run(network, volume, start));
    *values = network->output;
    *channels = network->channels;
    return DN_OK;
}

/* The most probable channel of each voxel of a part of the output box into the volume's label map. */
static void label_part(const dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t low[3],
                       const int64_t high[3], uint8_t *labels)
{
    const int64_t *dim = network->dim;
    int64_t channels = network->channels;
#pragma omp parallel for schedule(static)
    for (int64_t x = low[0]; x < high[0]; ++x) {
        for (int64_t y = low[1]; y < high[1]; ++y) {
            for (int64_t z = low[2]; z < high[2]; ++z) {
                const float *p = network->output + (((x - start[0]) * dim[1] + y - start[1]) * dim[2] + z - start[2]) * channels;
                int64_t best = 0;
                for (int64_t c = 1; c < channels; ++c) {
                    best = p[c] > p[best] ? c : best;
                }
                labels[dn_grid_offset(&volume->grid, x, y, z)] = (uint8_t)best;
            }
        }
    }
}

/* How tiles overlap. A tile's valid part is what lies deeper than the halo, or reaches to the volume's own edge. */
typedef struct overlap {
    int64_t step[3]; /* tiles and halos are multiples of it, so that pools fall on the same voxels in every tile */
    int64_t halo[3];
    bool possible;
} overlap;

static int64_t round_up(int64_t x, int64_t step)
{
    return (x + step - 1) / step * step;
}

static dn_status find_overlap(const dn_network *network, const int64_t padded[3], overlap *out)
{
    dn_graph *graph = NULL;
    dn_tiling tiling = {0};
    DN_TRY(dn_model_graph(network->model, (dn_shape){1, padded[0], padded[1], padded[2], 1}, &graph));
    dn_status status = dn_tiling_reach(graph, &tiling);
    dn_graph_destroy(graph);
    *out = (overlap){.possible = status == DN_OK};
    if (status == DN_ESHAPE) {
        dn_error_clear(); /* it looks at the whole volume */
        return DN_OK;
    }
    DN_TRY(status);
    for (int c = 0; c < 3; ++c) {
        int64_t reach = tiling.before[c] > tiling.after[c] ? tiling.before[c] : tiling.after[c];
        int64_t step = multiple(network);
        while (step % tiling.multiple[c] != 0) {
            step += multiple(network);
        }
        out->step[c] = step;
        out->halo[c] = round_up(reach, step);
    }
    return DN_OK;
}

static int64_t tile_count(int64_t padded, int64_t tile, int64_t halo)
{
    int64_t advance = tile - 2 * halo;
    return tile >= padded ? 1 : 1 + (padded - tile + advance - 1) / advance;
}

/* The largest tiles whose plan fits into the memory limit become the present plan. */
static dn_status prepare_tiles(dn_network *network, const int64_t padded[3], const overlap *o)
{
    enum { LARGEST = 192, SMALLEST = 72 };
    dn_status status = DN_ENOMEM;
    if (!o->possible) {
        return prepare(network, padded);
    }
    for (int64_t size = LARGEST; size >= SMALLEST && status == DN_ENOMEM; size -= 24) {
        int64_t tile[3];
        for (int c = 0; c < 3; ++c) {
            int64_t least = 2 * o->halo[c] + round_up(24, o->step[c]);
            tile[c] = round_up(size, o->step[c]);
            tile[c] = tile[c] < least ? least : tile[c];
            tile[c] = tile[c] < padded[c] ? tile[c] : padded[c];
        }
        status = prepare(network, tile);
    }
    return status;
}

dn_status dn_network_run_whole(dn_network *network, const dn_volume *volume, uint8_t **labels)
{
    int64_t padded[3];
    overlap o;
    dn_status status;
    dn_network_padded(network, volume, padded);
    DN_TRY(find_overlap(network, padded, &o));
    DN_TRY(prepare_tiles(network, padded, &o));
    if (network->channels > 256) {
        DN_FAIL(DN_EUSAGE, "model %s has %lld labels, too many for a search of the whole head", network->model->name,
                (long long)network->channels);
    }
    DN_TRY(dn_alloc(labels, (size_t)dn_grid_count(&volume->grid), 1, "the labels of the whole head"));
    const int64_t *tile = network->dim;
    int64_t tiles[3];
    for (int c = 0; c < 3; ++c) {
        tiles[c] = tile_count(padded[c], tile[c], o.halo[c]);
    }
    int64_t total = tiles[0] * tiles[1] * tiles[2];
    for (int64_t t = 0; t < total; ++t) {
        int64_t index[3] = {t % tiles[0], t / tiles[0] % tiles[1], t / tiles[0] / tiles[1]};
        int64_t start[3];
        int64_t low[3];
        int64_t high[3];
        for (int c = 0; c < 3; ++c) {
            int64_t last = padded[c] - tile[c];
            start[c] = index[c] * (tile[c] - 2 * o.halo[c]);
            start[c] = start[c] > last ? last : start[c];
            low[c] = start[c] == 0 ? 0 : start[c] + o.halo[c];
            high[c] = start[c] == last ? volume->grid.dim[c] : start[c] + tile[c] - o.halo[c];
        }
        status = run(network, volume, start);
        if (status != DN_OK) {
            free(*labels);
            *labels = NULL;
            return status;
        }
        label_part(network, volume, start, low, high, *labels);
        dn_progress("searching the whole head", t + 1, total);
    }
    return DN_OK;
}
