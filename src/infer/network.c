/* Compiles a model for a size of box, keeps the plan, and runs it whole or in tiles. */
#include "infer/network.h"

#include "base/job.h"
#include "base/memory.h"
#include "infer/bridge.h"
#include "net/plan/tile.h"

#include <stdlib.h>
#include <string.h>

struct dn_network {
    const dn_model *model;
    dn_network_options options;
    dn_tiles *tiles; /* of the last box size */
    int64_t dim[3];  /* of that box */
    int64_t limit;   /* that its tiles were chosen for */
    int64_t channels;
    float *whole; /* the box's output, where it was run in several tiles and the caller wants it in one piece */
    dn_network_work work;
};

/* The search of a whole head runs in tiles of about this size even where there is more memory: nothing is gained beyond it. */
#define SEARCH_MEMORY ((int64_t)1200000000)

dn_status dn_network_create(const dn_model *model, const dn_network_options *options, dn_network **out)
{
    if (model->input.channels > 1) {
        DN_FAIL(DN_EUSAGE, "model %s expects %lld images at once, but 'segment' gives it one scan", model->name,
                (long long)model->input.channels);
    }
    DN_TRY(dn_alloc(out, 1, sizeof **out, "the network"));
    (*out)->model = model;
    (*out)->options = *options;
    return DN_OK;
}

static void forget_plan(dn_network *network)
{
    dn_tiles_destroy(network->tiles);
    free(network->whole);
    network->tiles = NULL;
    network->whole = NULL;
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

static bool in_one_piece(const dn_network *network)
{
    const int64_t *count = dn_tiles_tiling(network->tiles)->count;
    return count[0] * count[1] * count[2] == 1;
}

static dn_status compile(dn_network *network, const int64_t dim[3], int64_t limit)
{
    dn_graph *graph = NULL;
    dn_tiling tiling;
    DN_TRY(dn_model_graph(network->model, (dn_shape){1, dim[0], dim[1], dim[2], 1}, &graph));
    dn_shape shape = dn_graph_output_shape(graph, 0);
    dn_plan_options options = {.precision = network->options.precision, .memory_limit = limit};
    network->channels = shape.c;
    dn_status status = dn_tiling_choose(graph, network->model->weights, &options, &tiling);
    if (status == DN_ESHAPE) {
        /* Not in tiles, and over the limit in one piece. */
        status = dn_error_context(DN_ENOMEM, "model %s needs more than the limit of %.0f MB for %lld x %lld x %lld voxels",
                                  network->model->name, 1e-6 * (double)limit, (long long)dim[0], (long long)dim[1], (long long)dim[2]);
        status = dn_error_offer(status, DN_REMEDY_MORE_MEMORY);
    }
    if (status == DN_OK && (shape.d != dim[0] || shape.h != dim[1] || shape.w != dim[2])) {
        status = dn_error_set(DN_ESHAPE, "model %s gives an output of another size than its input; 'segment' needs one value per voxel",
                              network->model->name);
    }
    if (status == DN_OK) {
        status = dn_tiles_create(graph, network->model->weights, &options, &tiling, &network->tiles);
    }
    dn_graph_destroy(graph);
    return status;
}

/* Makes the plan for this box size and limit (0: none) the present one. */
static dn_status prepare(dn_network *network, const int64_t dim[3], int64_t limit)
{
    if (network->tiles != NULL && memcmp(network->dim, dim, sizeof network->dim) == 0 && network->limit == limit) {
        return DN_OK;
    }
    forget_plan(network);
    DN_TRY(compile(network, dim, limit));
    memcpy(network->dim, dim, sizeof network->dim);
    network->limit = limit;
    const dn_tiling *tiling = dn_tiles_tiling(network->tiles);
    int64_t peak = tiling->peak_bytes;
    network->work.peak_bytes = peak > network->work.peak_bytes ? peak : network->work.peak_bytes;
    dn_log(DN_LOG_DEBUG, "the network needs %.0f MB of memory (%lld x %lld x %lld voxels at a time)", 1e-6 * (double)peak,
           (long long)tiling->tile.d, (long long)tiling->tile.h, (long long)tiling->tile.w);
    return DN_OK;
}

/* A run on a box of a volume: the user of the tiles' callbacks. */
typedef struct task {
    dn_network *network;
    const dn_volume *volume;
    const int64_t *start; /* of the box */
    dn_posteriors *box;   /* where posteriors go; or NULL */
    float *whole;         /* or as a tensor; or NULL */
    uint8_t *labels;      /* or labels, of the volume; or NULL */
} task;

static dn_status fill_tile(void *user, const int64_t start[3], const dn_shape *tile, float *input)
{
    task *t = user;
    const int64_t dim[3] = {tile->d, tile->h, tile->w};
    const int64_t from[3] = {t->start[0] + start[0], t->start[1] + start[1], t->start[2] + start[2]};
    DN_TRY(dn_cancel_check());
    dn_bridge_to_tensor(t->volume, from, dim, 0.0f, input);
    return DN_OK;
}

static dn_status take_tile(void *user, const int64_t at[3], const int64_t inside[3], const int64_t size[3], const dn_shape *shapes,
                           float *const *outputs)
{
    task *t = user;
    dn_network *n = t->network;
    const int64_t dim[3] = {shapes[0].d, shapes[0].h, shapes[0].w};
    n->work.voxels += dim[0] * dim[1] * dim[2];
    if (t->box != NULL) {
        dn_bridge_from_tensor(outputs[0], dim, inside, size, t->box, at);
    }
    if (t->whole != NULL) {
        dn_bridge_copy(outputs[0], dim, n->channels, inside, size, t->whole, n->dim, at);
    }
    if (t->labels != NULL) {
        const int64_t to[3] = {t->start[0] + at[0], t->start[1] + at[1], t->start[2] + at[2]};
        dn_bridge_labels(outputs[0], dim, n->channels, inside, size, &t->volume->grid, to, t->labels);
    }
    return DN_OK;
}

static dn_status run(task *t, const char *what)
{
    const dn_tile_io io = {t, fill_tile, take_tile};
    return dn_tiles_run(t->network->tiles, &io, what);
}

dn_status dn_network_run(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3], dn_posteriors *out)
{
    memset(out, 0, sizeof *out);
    DN_TRY(prepare(network, dim, network->options.memory_limit));
    DN_TRY(dn_posteriors_alloc(out, dim, network->channels));
    memcpy(out->start, start, sizeof out->start);
    task t = {.network = network, .volume = volume, .start = start, .box = out};
    dn_status status = run(&t, NULL);
    if (status != DN_OK) {
        dn_posteriors_release(out);
    }
    return status;
}

dn_status dn_network_run_tensor(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3],
                                const float **values, int64_t *channels)
{
    DN_TRY(prepare(network, dim, network->options.memory_limit));
    task t = {.network = network, .volume = volume, .start = start};
    if (!in_one_piece(network)) {
        if (network->whole == NULL) {
            DN_TRY(dn_alloc_dims(&network->whole, DN_DIMS(dim[0], dim[1], dim[2], network->channels), sizeof *network->whole,
                                 "the posteriors"));
        }
        t.whole = network->whole;
    }
    DN_TRY(run(&t, NULL));
    *values = t.whole != NULL ? t.whole : dn_tiles_output(network->tiles, 0);
    *channels = network->channels;
    return DN_OK;
}

dn_status dn_network_run_take(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3],
                              dn_posteriors *out)
{
    const float *lent;
    float *taken;
    int64_t channels;
    memset(out, 0, sizeof *out);
    DN_TRY(dn_network_run_tensor(network, volume, start, dim, &lent, &channels));
    if (lent == network->whole) {
        taken = network->whole;
        network->whole = NULL;
    } else {
        taken = dn_tiles_take(network->tiles, 0);
    }
    dn_network_rest(network);
    memcpy(out->start, start, sizeof out->start);
    return dn_bridge_take(taken, dim, channels, out);
}

void dn_network_rest(dn_network *network)
{
    if (network->tiles != NULL) {
        dn_tiles_rest(network->tiles, true);
    }
    free(network->whole);
    network->whole = NULL;
}

dn_status dn_network_run_whole(dn_network *network, const dn_volume *volume, uint8_t **labels)
{
    static const int64_t zero[3] = {0, 0, 0};
    int64_t padded[3];
    int64_t limit = network->options.memory_limit;
    dn_network_padded(network, volume, padded);
    dn_status status = prepare(network, padded, limit > 0 && limit < SEARCH_MEMORY ? limit : SEARCH_MEMORY);
    if (status == DN_ENOMEM && (limit == 0 || limit > SEARCH_MEMORY)) {
        dn_error_clear();
        status = prepare(network, padded, limit); /* one that cannot run in tiles */
    }
    DN_TRY(status);
    if (network->channels > 256) {
        DN_FAIL(DN_EUSAGE, "model %s has %lld labels, too many for a search of the whole head", network->model->name,
                (long long)network->channels);
    }
    DN_TRY(dn_alloc(labels, (size_t)dn_grid_count(&volume->grid), 1, "the labels of the whole head"));
    task t = {.network = network, .volume = volume, .start = zero, .labels = *labels};
    status = run(&t, "searching the whole head");
    if (status != DN_OK) {
        free(*labels);
        *labels = NULL;
    }
    return status;
}
