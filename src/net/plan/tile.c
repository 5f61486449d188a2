/* Computes how far a network reaches, chooses tiles that fit into the memory, and runs a network in them. */
#include "net/plan/tile.h"

#include "base/job.h"
#include "base/memory.h"
#include "net/ops/op.h"

#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)
#define MOST_CUTS 16 /* along an axis */

/* ---- what the network looks like from outside -------------------------------------------------------------------- */

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* How many voxels of the input one voxel of a node spans along an axis, as a fraction. */
typedef struct scale {
    int64_t over, under;
} scale;

static scale node_scale(const dn_node *node, scale s, int axis)
{
    const dn_op *op = dn_op_of(node->kind);
    if (op->grid != NULL) {
        op->grid(node, axis, &s.over, &s.under);
    }
    int64_t common = gcd(s.over, s.under);
    return (scale){s.over / common, s.under / common};
}

/* The least common multiple of the reductions of all nodes: where tiles may begin. */
static dn_status find_multiple(const dn_graph *graph, int axis, int64_t *multiple)
{
    scale *scales;
    DN_TRY(dn_alloc(&scales, (size_t)graph->count, sizeof *scales, "tiles"));
    *multiple = 1;
    for (int i = 0; i < graph->count; ++i) {
        const dn_node *node = &graph->nodes[i];
        scales[i] = (scale){1, 1};
        if (node->input_count > 0) {
            scales[i] = node_scale(node, scales[node->inputs[0]], axis);
        }
        *multiple = *multiple / gcd(*multiple, scales[i].over) * scales[i].over;
    }
    dn_status status = DN_OK;
    for (int i = 0; i < graph->output_count; ++i) {
        const scale *s = &scales[graph->outputs[i]];
        if (s->over != s->under) {
            status = dn_error_set(DN_ESHAPE, "the network cannot run in tiles: layer %s, an output, is on another grid than the input",
                                  graph->nodes[graph->outputs[i]].name);
        }
    }
    free(scales);
    return status;
}

/* Widens windows[k] so that it holds part. */
static void join(dn_window *window, bool *set, const dn_window *part)
{
    for (int a = 0; a < 3; ++a) {
        window->begin[a] = !*set || part->begin[a] < window->begin[a] ? part->begin[a] : window->begin[a];
        window->end[a] = !*set || part->end[a] > window->end[a] ? part->end[a] : window->end[a];
    }
    *set = true;
}

/* The part of the input that `out` of every output needs, as if the volume had no end. */
static dn_status needed_input(const dn_graph *graph, const dn_window *out, dn_window *in)
{
    dn_window *windows = NULL;
    bool *set = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&windows, (size_t)graph->count, sizeof *windows, "tiles"), done);
    DN_TRY_GOTO(status, dn_alloc(&set, (size_t)graph->count, sizeof *set, "tiles"), done);
    for (int i = 0; i < graph->output_count; ++i) {
        join(&windows[graph->outputs[i]], &set[graph->outputs[i]], out);
    }
    for (int i = graph->count - 1; i >= 0; --i) {
        const dn_node *node = &graph->nodes[i];
        const dn_op *op = dn_op_of(node->kind);
        for (int k = 0; set[i] && k < node->input_count; ++k) {
            dn_window part = windows[i];
            if (op->needs != NULL) {
                op->needs(node, &windows[i], &part);
            }
            join(&windows[node->inputs[k]], &set[node->inputs[k]], &part);
        }
    }
    *in = windows[graph->inputs[0]];
    if (!set[graph->inputs[0]]) {
        *in = *out;
    }
done:
    free(windows);
    free(set);
    return status;
}

/* How far one voxel of the output looks, at the worst position within a period of the reductions. A position far from
 * zero keeps divisions of negative numbers out of it. */
static dn_status find_reach(const dn_graph *graph, dn_tiling *t)
{
    int64_t period = 1;
    for (int a = 0; a < 3; ++a) {
        t->before[a] = t->after[a] = 0;
        period = t->multiple[a] > period ? t->multiple[a] : period;
    }
    for (int64_t phase = 0; phase < period; ++phase) {
        dn_window out;
        dn_window in;
        for (int a = 0; a < 3; ++a) {
            out.begin[a] = t->multiple[a] * 4096 + phase % t->multiple[a];
            out.end[a] = out.begin[a] + 1;
        }
        DN_TRY(needed_input(graph, &out, &in));
        for (int a = 0; a < 3; ++a) {
            int64_t before = out.begin[a] - in.begin[a];
            int64_t after = in.end[a] - out.end[a];
            t->before[a] = before > t->before[a] ? before : t->before[a];
            t->after[a] = after > t->after[a] ? after : t->after[a];
        }
    }
    return DN_OK;
}

static dn_status check_tileable(const dn_graph *graph)
{
    if (graph->input_count != 1) {
        DN_FAIL(DN_ESHAPE, "the network cannot run in tiles: it has %d inputs", graph->input_count);
    }
    for (int i = 0; i < graph->count; ++i) {
        const dn_node *node = &graph->nodes[i];
        const dn_op *op = dn_op_of(node->kind);
        if (op->whole != NULL && op->whole(node)) {
            DN_FAIL(DN_ESHAPE, "the network cannot run in tiles: layer %s (%s) needs the whole volume; give it more memory", node->name,
                    op->name);
        }
    }
    return DN_OK;
}

/* ---- choosing ----------------------------------------------------------------------------------------------------- */

static int64_t round_up(int64_t x, int64_t multiple)
{
    return (x + multiple - 1) / multiple * multiple;
}

/* Core and tile size along an axis that is cut into `cuts`; false when that makes no sense. */
static bool cut(dn_tiling *t, int axis, int64_t size, int64_t cuts)
{
    int64_t m = t->multiple[axis];
    t->core[axis] = round_up((size + cuts - 1) / cuts, m);
    t->count[axis] = (size + t->core[axis] - 1) / t->core[axis];
    int64_t tile = t->core[axis] + round_up(t->before[axis], m) + round_up(t->after[axis], m);
    tile = cuts == 1 || tile > size ? size : tile;
    dn_shape_set_axis(&t->tile, axis, tile);
    return t->count[axis] == cuts && (cuts == 1 || (tile < size && size % m == 0));
}

/* Bytes of a graph's first input and its outputs. */
static int64_t buffers_of(const dn_graph *graph)
{
    dn_shape in = dn_graph_input_shape(graph, 0);
    int64_t floats = dn_shape_size(&in);
    for (int i = 0; i < graph->output_count; ++i) {
        floats += dn_shape_size(&graph->nodes[graph->outputs[i]].shape);
    }
    return floats * (int64_t)sizeof(float);
}

static dn_status peak_of(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, dn_tiling *t)
{
    dn_graph *part;
    DN_TRY(dn_graph_reshape(graph, &t->tile, &part));
    dn_status status = dn_plan_measure(part, weights, options, &t->peak_bytes);
    t->peak_bytes += buffers_of(part);
    dn_graph_destroy(part);
    return status;
}

static double work_of(const dn_tiling *t)
{
    return (double)dn_shape_size(&t->tile) * (double)(t->count[0] * t->count[1] * t->count[2]);
}

/* Every way to cut, least work first; those that a proportional guess puts far over the limit are not measured. */
static dn_status search(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, const dn_tiling *whole,
                        dn_tiling *out)
{
    const dn_shape *size = &whole->tile;
    double tried = 0.0;
    int64_t smallest = whole->peak_bytes;
    for (;;) {
        dn_tiling best = {0};
        for (int64_t d = 1; d <= MOST_CUTS; ++d) {
            for (int64_t h = 1; h <= MOST_CUTS; ++h) {
                for (int64_t w = 1; w <= MOST_CUTS; ++w) {
                    dn_tiling t = *whole;
                    if (!cut(&t, 0, size->d, d) || !cut(&t, 1, size->h, h) || !cut(&t, 2, size->w, w)) {
                        continue;
                    }
                    double guess = (double)whole->peak_bytes * (double)dn_shape_size(&t.tile) / (double)dn_shape_size(size);
                    bool better = best.tile.n == 0 || work_of(&t) < work_of(&best);
                    if (work_of(&t) > tried && guess < 1.2 * (double)options->memory_limit && better) {
                        best = t;
                    }
                }
            }
        }
        if (best.tile.n == 0) {
            DN_FAIL_OFFER(DN_ENOMEM, DN_REMEDY_MORE_MEMORY,
                          "the network needs %.0f MiB of memory even in small tiles, more than the limit of %.0f MiB",
                          (double)smallest / MIB, (double)options->memory_limit / MIB);
        }
        tried = work_of(&best);
        DN_TRY(peak_of(graph, weights, options, &best));
        smallest = best.peak_bytes < smallest ? best.peak_bytes : smallest;
        if (best.peak_bytes <= options->memory_limit) {
            *out = best;
            return DN_OK;
        }
    }
}

/* How far the network looks from a voxel of its output to either side along D, H and W, and its reduction (out->before, after, multiple).
 */
static dn_status reach_of(const dn_graph *graph, dn_tiling *out)
{
    DN_TRY(check_tileable(graph));
    for (int a = 0; a < 3; ++a) {
        DN_TRY(find_multiple(graph, a, &out->multiple[a]));
    }
    return find_reach(graph, out);
}

dn_status dn_tiling_choose(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, dn_tiling *out)
{
    dn_tiling whole = {.tile = dn_graph_input_shape(graph, 0), .count = {1, 1, 1}, .multiple = {1, 1, 1}};
    for (int a = 0; a < 3; ++a) {
        whole.core[a] = dn_shape_axis(&whole.tile, a);
    }
    DN_TRY(dn_plan_measure(graph, weights, options, &whole.peak_bytes));
    whole.peak_bytes += buffers_of(graph);
    if (options->memory_limit <= 0 || whole.peak_bytes <= options->memory_limit) {
        *out = whole;
        return DN_OK;
    }
    DN_TRY(reach_of(graph, &whole));
    return search(graph, weights, options, &whole, out);
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

struct dn_tiles {
    dn_tiling tiling;
    dn_shape whole; /* of the input */
    dn_graph *graph;
    dn_plan *plan;
    dn_tensor *input;
    float **output_data; /* owned; made before a run, where they are not there */
    dn_shape *shapes;
    int output_count;
};

void dn_tiles_destroy(dn_tiles *t)
{
    if (t == NULL) {
        return;
    }
    dn_plan_destroy(t->plan);
    dn_tensor_destroy(t->input);
    for (int i = 0; t->output_data != NULL && i < t->output_count; ++i) {
        free(t->output_data[i]);
    }
    free(t->output_data);
    free(t->shapes);
    dn_graph_destroy(t->graph);
    free(t);
}

static dn_status prepare(dn_tiles *t, const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options)
{
    dn_plan_options unlimited = *options;
    unlimited.memory_limit = 0; /* the tiling has seen to it */
    DN_TRY(dn_graph_reshape(graph, &t->tiling.tile, &t->graph));
    DN_TRY(dn_plan_compile(t->graph, weights, &unlimited, &t->plan));
    DN_TRY(dn_tensor_create(&t->tiling.tile, &t->input));
    t->output_count = graph->output_count;
    DN_TRY(dn_alloc(&t->output_data, (size_t)t->output_count, sizeof *t->output_data, "tiles"));
    DN_TRY(dn_alloc(&t->shapes, (size_t)t->output_count, sizeof *t->shapes, "tiles"));
    for (int i = 0; i < t->output_count; ++i) {
        t->shapes[i] = dn_graph_output_shape(t->graph, i);
    }
    return DN_OK;
}

dn_status dn_tiles_create(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, const dn_tiling *tiling,
                          dn_tiles **out)
{
    dn_tiles *t = NULL;
    DN_TRY(dn_alloc(&t, 1, sizeof *t, "tiles"));
    t->tiling = *tiling;
    t->whole = dn_graph_input_shape(graph, 0);
    dn_status status = prepare(t, graph, weights, options);
    if (status != DN_OK) {
        dn_tiles_destroy(t);
        return status;
    }
    *out = t;
    return DN_OK;
}

void dn_tiles_rest(dn_tiles *tiles, bool outputs)
{
    dn_plan_rest(tiles->plan);
    for (int i = 0; outputs && i < tiles->output_count; ++i) {
        free(tiles->output_data[i]);
        tiles->output_data[i] = NULL;
    }
}

const dn_tiling *dn_tiles_tiling(const dn_tiles *tiles)
{
    return &tiles->tiling;
}

const float *dn_tiles_output(const dn_tiles *tiles, int i)
{
    return tiles->output_data[i];
}

float *dn_tiles_take(dn_tiles *tiles, int i)
{
    float *data = tiles->output_data[i];
    tiles->output_data[i] = NULL;
    return data;
}

static dn_status make_outputs(dn_tiles *t)
{
    for (int i = 0; i < t->output_count; ++i) {
        if (t->output_data[i] == NULL) {
            DN_TRY(dn_alloc_aligned(&t->output_data[i], (size_t)dn_shape_size(&t->shapes[i]), sizeof(float), "the network's result"));
        }
    }
    return DN_OK;
}

static dn_status run_tile(dn_tiles *t, const int64_t index[3], const dn_tile_io *io)
{
    const dn_tiling *g = &t->tiling;
    int64_t core[3]; /* where the core begins, in the volume */
    int64_t tile[3]; /* where the tile begins */
    int64_t inside[3];
    int64_t size[3];
    for (int a = 0; a < 3; ++a) {
        int64_t length = dn_shape_axis(&t->whole, a);
        int64_t whole_tile = dn_shape_axis(&g->tile, a);
        core[a] = index[a] * g->core[a];
        tile[a] = core[a] - round_up(g->before[a], g->multiple[a]);
        tile[a] = tile[a] > length - whole_tile ? length - whole_tile : tile[a];
        tile[a] = tile[a] < 0 ? 0 : tile[a];
        inside[a] = core[a] - tile[a];
        size[a] = core[a] + g->core[a] > length ? length - core[a] : g->core[a];
    }
    DN_TRY(io->fill(io->user, tile, &g->tile, t->input->data));
    const float *in = t->input->data;
    DN_TRY(dn_plan_run(t->plan, &in, t->output_data));
    return io->take(io->user, core, inside, size, t->shapes, t->output_data);
}

dn_status dn_tiles_run(dn_tiles *tiles, const dn_tile_io *io, const char *what)
{
    const int64_t *n = tiles->tiling.count;
    int64_t count = n[0] * n[1] * n[2];
    DN_TRY(make_outputs(tiles));
    for (int64_t i = 0; i < count; ++i) {
        const int64_t index[3] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        DN_TRY(run_tile(tiles, index, io));
        if (what != NULL) {
            dn_progress(what, i + 1, count);
        }
    }
    return DN_OK;
}

/* ---- from and to whole arrays ------------------------------------------------------------------------------------- */

/* Copies a box of voxels from one [N,D,H,W,C] array to another. */
static void copy_box(const float *from, const dn_shape *from_shape, const int64_t from_at[3], float *to, const dn_shape *to_shape,
                     const int64_t to_at[3], const int64_t size[3])
{
    size_t row = (size_t)(size[2] * from_shape->c) * sizeof(float);
    for (int64_t n = 0; n < from_shape->n; ++n) {
        for (int64_t d = 0; d < size[0]; ++d) {
            for (int64_t h = 0; h < size[1]; ++h) {
                int64_t a = ((n * from_shape->d + from_at[0] + d) * from_shape->h + from_at[1] + h) * from_shape->w + from_at[2];
                int64_t b = ((n * to_shape->d + to_at[0] + d) * to_shape->h + to_at[1] + h) * to_shape->w + to_at[2];
                memcpy(to + b * to_shape->c, from + a * from_shape->c, row);
            }
        }
    }
}

typedef struct arrays {
    dn_shape whole; /* of the input */
    const float *input;
    float *const *outputs;
    int output_count;
} arrays;

static dn_status fill_from_array(void *user, const int64_t start[3], const dn_shape *tile, float *input)
{
    static const int64_t zero[3] = {0, 0, 0};
    const arrays *a = user;
    const int64_t size[3] = {tile->d, tile->h, tile->w};
    copy_box(a->input, &a->whole, start, input, tile, zero, size);
    return DN_OK;
}

static dn_status take_into_arrays(void *user, const int64_t at[3], const int64_t inside[3], const int64_t size[3], const dn_shape *shapes,
                                  float *const *outputs)
{
    const arrays *a = user;
    for (int i = 0; i < a->output_count; ++i) {
        dn_shape whole = a->whole;
        whole.c = shapes[i].c;
        copy_box(outputs[i], &shapes[i], inside, a->outputs[i], &whole, at, size);
    }
    return DN_OK;
}

static dn_status run_whole(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, const float *const *inputs,
                           float *const *outputs)
{
    dn_plan *plan;
    DN_TRY(dn_plan_compile(graph, weights, options, &plan));
    dn_status status = dn_plan_run(plan, inputs, outputs);
    dn_plan_destroy(plan);
    return status;
}

dn_status dn_tiled_run(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, const dn_tiling *tiling,
                       const char *what, const float *const *inputs, float *const *outputs)
{
    if (tiling->count[0] * tiling->count[1] * tiling->count[2] == 1) {
        return run_whole(graph, weights, options, inputs, outputs);
    }
    dn_tiles *tiles = NULL;
    DN_TRY(dn_tiles_create(graph, weights, options, tiling, &tiles));
    arrays a = {dn_graph_input_shape(graph, 0), inputs[0], outputs, graph->output_count};
    dn_tile_io io = {&a, fill_from_array, take_into_arrays};
    dn_status status = dn_tiles_run(tiles, &io, what);
    dn_tiles_destroy(tiles);
    return status;
}
