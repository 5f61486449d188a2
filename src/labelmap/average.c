#include "labelmap/average.h"

#include "labelmap/heads.h"
#include "register/labels_align_space.h"
#include "register/labels_average.h"

#include <math.h>

/* The grid around everything inside the skulls and margin of the rest; voxels lie half a spacing to either side of x = 0. */
static dn_status plan_grid(const dn_heads *it, double spacing, dn_grid *out)
{
    const double margin = 45.0;
    double low[3];
    double high[3];
    DN_TRY(dn_align_extent((const dn_labels *const *)it->maps, it->alignments, it->count, it->tissues, 3, low, high));
    high[0] = fmax(high[0], -low[0]);
    low[0] = -high[0];
    *out = (dn_grid){0};
    for (int c = 0; c < 3; ++c) {
        int64_t before = (int64_t)ceil((margin - low[c]) / spacing);
        int64_t after = c == 0 ? before : (int64_t)ceil((margin + high[c]) / spacing);
        out->dim[c] = before + after;
        out->affine.m[c][c] = spacing;
        out->affine.m[c][3] = spacing * (0.5 - (double)before);
    }
    return DN_OK;
}

/* The smooth alignment, first on a coarse grid, where large differences go fast, then on one that is as fine as the structures need. */
static dn_status align_smoothly(dn_heads *it, int rounds)
{
    const double coarse_mm = 4.0, fine_mm = 2.5;
    enum { COARSE_STEPS = 5, FINE_STEPS = 4 };
    const dn_labels *const *maps = (const dn_labels *const *)it->maps;
    const int coarse = rounds > 1 ? rounds / 2 : rounds;
    if (rounds == 0) {
        return DN_OK;
    }
    DN_TRY(dn_align_demons(maps, it->count, it->tissues, coarse_mm, coarse, COARSE_STEPS, it->alignments));
    return dn_align_demons(maps, it->count, it->tissues, fine_mm, rounds - coarse, FINE_STEPS, it->alignments);
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
