/* A network in overlapping tiles, for inputs whose activations do not fit into the memory at hand.
 *
 * The volume is cut into cores; a tile is a core with a margin on every side that is not the volume's own, as wide as the receptive field
 * of the network (computed from the graph). Inside its core, a tile gives the same result as the whole network, except for rounding. Tiles
 * begin at multiples of the network's reduction, so that its pools and strides fall on the same voxels. */
#ifndef DN_NET_PLAN_TILE_H
#define DN_NET_PLAN_TILE_H

#include "net/plan/plan.h"

typedef struct dn_tiling {
    dn_shape tile;     /* input shape of one tile; equal for all */
    int64_t count[3];  /* cores along D, H, W; 1, 1, 1: the whole volume at once */
    int64_t core[3];   /* size of a core (the last may be smaller) */
    int64_t before[3]; /* receptive field of the network to each side */
    int64_t after[3];
    int64_t multiple[3]; /* its reduction along each axis */
    int64_t peak_bytes;  /* of the plan of one tile, its input and output counted */
} dn_tiling;

/* The tiling with the least work whose peak stays within options->memory_limit (0: the whole volume).
 * DN_ENOMEM: even small tiles need more. DN_ESHAPE: the network cannot be tiled (several inputs, an output on another grid
 * than the input, statistics over the whole volume such as instance norm, or a size that its reduction does not divide); the
 * message says which. */
DN_CHECKED dn_status dn_tiling_choose(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, dn_tiling *out);

/* The source of the tiles' input and the destination of their results. */
typedef struct dn_tile_io {
    void *user;
    /* Fills a tile's input; start: its first voxel in the volume, D, H, W. */
    dn_status (*fill)(void *user, const int64_t start[3], const dn_shape *tile, float *input);
    /* Takes what is right in a tile: size voxels from `inside` of each output, which belong at `at` of the volume. shapes:
     * of the tile's outputs. */
    dn_status (*take)(void *user, const int64_t at[3], const int64_t inside[3], const int64_t size[3], const dn_shape *shapes,
                      float *const *outputs);
} dn_tile_io;

/* A tiling compiled once, for any number of volumes of that size. */
typedef struct dn_tiles dn_tiles;

/* graph, weights, tiling: borrowed during the call only. *out: owned by the caller (dn_tiles_destroy). Errors of
 * dn_plan_compile; the tiling has seen to options->memory_limit. */
DN_CHECKED dn_status dn_tiles_create(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options,
                                     const dn_tiling *tiling, dn_tiles **out);
void dn_tiles_destroy(dn_tiles *tiles);
/* Tile by tile. Progress: one step per tile, named `what` (NULL: none). */
DN_CHECKED dn_status dn_tiles_run(dn_tiles *tiles, const dn_tile_io *io, const char *what);
/* Gives back the memory of a run until the next one (dn_plan_rest); outputs: that of dn_tiles_output too, which is lost. */
void dn_tiles_rest(dn_tiles *tiles, bool outputs);
const dn_tiling *dn_tiles_tiling(const dn_tiles *tiles);
/* Of the last tile that ran, by output; valid until the next run. */
const float *dn_tiles_output(const dn_tiles *tiles, int i);
/* The same, from now on the caller's (free); NULL: no run since it was taken. */
float *dn_tiles_take(dn_tiles *tiles, int i);

/* As dn_plan_compile and dn_plan_run, tile by tile, from and to whole arrays. */
DN_CHECKED dn_status dn_tiled_run(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, const dn_tiling *tiling,
                                  const char *what, const float *const *inputs, float *const *outputs);

#endif
