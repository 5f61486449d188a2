/* The work of `dien labelmap average`: maps aligned by affine and smooth transforms (demons: Thirion 1998), then a vote per voxel. */
#include "labelmap/average.h"

#include "labelmap/heads.h"
#include "register/labels_align_space.h"
#include "register/labels_average.h"

#include <math.h>

/* Room around the heads for what is outside the skull and for turning the result into the AC-PC frame, mm. A choice. */
#define MARGIN_MM 45.0
/* Grids and steps of the smooth alignment (demons: Thirion 1998, register/labels_align.h): with these the average head of share/template
 * was made (its README.md has what came of it). Chosen, not tuned: 4 mm is a few voxels of a large structure, 2.5 mm one or two of a small
 * one. */
#define COARSE_MM 4.0
#define FINE_MM 2.5
enum { COARSE_STEPS = 5, FINE_STEPS = 4 };

/* The grid around everything inside the skulls and a margin of the rest; voxels lie half a spacing to either side of x = 0. */
static dn_status plan_grid(const dn_heads *it, double spacing, dn_grid *out)
{
    double low[3];
    double high[3];
    DN_TRY(dn_align_extent((const dn_labels *const *)it->maps, it->alignments, it->count, it->tissues, 3, low, high));
    high[0] = fmax(high[0], -low[0]);
    low[0] = -high[0];
    *out = (dn_grid){0};
    for (int c = 0; c < 3; ++c) {
        int64_t before = (int64_t)ceil((MARGIN_MM - low[c]) / spacing);
        int64_t after = c == 0 ? before : (int64_t)ceil((MARGIN_MM + high[c]) / spacing);
        out->dim[c] = before + after;
        out->affine.m[c][c] = spacing;
        out->affine.m[c][3] = spacing * (0.5 - (double)before);
    }
    return DN_OK;
}

/* The smooth alignment, first on a coarse grid, where large differences go fast, then on one that is as fine as the structures need. */
static dn_status align_smoothly(dn_heads *it, int rounds)
{
    const dn_labels *const *maps = (const dn_labels *const *)it->maps;
    const int coarse = rounds > 1 ? rounds / 2 : rounds;
    if (rounds == 0) {
        return DN_OK;
    }
    DN_TRY(dn_align_demons(maps, it->count, it->tissues, COARSE_MM, coarse, COARSE_STEPS, it->alignments));
    return dn_align_demons(maps, it->count, it->tissues, FINE_MM, rounds - coarse, FINE_STEPS, it->alignments);
}

dn_status dn_labelmap_average(const char *const *paths, size_t count, const dn_average_options *options, const char *output)
{
    dn_status status = DN_OK;
    dn_heads it = {0};
    dn_labels *labels = NULL;
    dn_grid grid;
    DN_TRY_GOTO(status, dn_heads_read(paths, count, options->tissues, &it), done);
    const dn_labels *const *maps = (const dn_labels *const *)it.maps;
    DN_TRY_GOTO(status, dn_align_affine(maps, it.count, it.tissues, it.alignments), done);
    DN_TRY_GOTO(status, align_smoothly(&it, options->rounds), done);
    DN_TRY_GOTO(status, plan_grid(&it, options->spacing, &grid), done);
    DN_TRY_GOTO(status, dn_labels_average(maps, it.alignments, it.count, it.tissues, &grid, &labels), done);
    status = dn_heads_finish(&labels, it.tissues, output);
done:
    dn_labels_destroy(labels);
    dn_heads_release(&it);
    return status;
}
