/* The work of `dien labelmap frame`: a map resampled once into the frame of its two commissures. */
#include "labelmap/turn.h"

#include "image/resample.h"
#include "labelmap/commissures.h"
#include "labelmap/heads.h"

#include <math.h>

/* From the AC-PC frame to the map's own world. */
static dn_status frame_of(const dn_turn_options *options, dn_affine *out)
{
    const double *ac = options->ac, *pc = options->pc;
    const double length = hypot(ac[0] - pc[0], ac[1] - pc[1]);
    if (!dn_commissures_possible(length)) {
        DN_FAIL(DN_EUSAGE, "AC and PC are %.3g mm apart; in people the distance is 20 to 35 mm", length);
    }
    const double y[2] = {(ac[0] - pc[0]) / length, (ac[1] - pc[1]) / length}; /* the new y axis in the old frame */
    *out = (dn_affine){.m[0][0] = 1.0};
    out->m[1][1] = y[0];
    out->m[1][2] = -y[1];
    out->m[1][3] = ac[0];
    out->m[2][1] = y[1];
    out->m[2][2] = y[0];
    out->m[2][3] = ac[1];
    return DN_OK;
}

/* Around the map's corners in the frame; voxels lie half a spacing to either side of x = 0. */
static void plan_grid(const dn_grid *from, const dn_affine *to_frame, double spacing, dn_grid *out)
{
    *out = (dn_grid){0};
    const double first[3] = {0.0, 0.0, 0.0}, last[3] = {(double)(from->dim[0] - 1), (double)(from->dim[1] - 1), (double)(from->dim[2] - 1)};
    double low[3], high[3];
    dn_affine_bounds(to_frame, first, last, low, high);
    for (int c = 0; c < 3; ++c) {
        int64_t before = (int64_t)ceil(fmax(-low[c], c == 0 ? high[c] : -INFINITY) / spacing + 0.5);
        int64_t after = c == 0 ? before : (int64_t)ceil(high[c] / spacing + 0.5);
        out->dim[c] = before + after;
        out->affine.m[c][c] = spacing;
        out->affine.m[c][3] = spacing * (0.5 - (double)before);
    }
}

dn_status dn_labelmap_turn(const char *path, const dn_turn_options *options, const char *output)
{
    dn_status status = DN_OK;
    dn_heads it = {0};
    dn_labels *labels = NULL;
    dn_affine move, back, to_frame;
    dn_grid grid;
    DN_TRY(frame_of(options, &move));
    DN_TRY(dn_affine_invert(&move, &back));
    DN_TRY_GOTO(status, dn_heads_read(&path, 1, options->tissues, &it), done);
    dn_affine_compose(&back, &it.maps[0]->grid.affine, &to_frame);
    plan_grid(&it.maps[0]->grid, &to_frame, options->spacing, &grid);
    DN_TRY_GOTO(status, dn_resample_labels(it.maps[0], &grid, &move, &labels), done);
    status = dn_heads_finish(&labels, it.tissues, output);
done:
    dn_labels_destroy(labels);
    dn_heads_release(&it);
    return status;
}
